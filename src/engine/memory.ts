/** The one linear memory of a run: its size limit, and its allocation with errors that name numbers. */
import { LanewiseError } from '../base/errors.js';

export const PAGE_BYTES = 65_536;
export const MAX_PAGES = 65_536;

/** The first page is reserved for the module's own constants. */
export const FIRST_FREE_BYTE = PAGE_BYTES;

/** Smaller parts of a memory that is too large are not shown: each would be 0.00 GiB. */
const SHOWN_BYTES = 0.005 * 2 ** 30;

const showGiB = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/**
 * Refuses sizes that 32-bit WebAssembly cannot address.
 * @throws LanewiseError kind 'memory' with the number of bytes and their breakdown.
 */
export function checkMemorySize(bytes: number, breakdown: Readonly<Record<string, number>>): void {
  if (bytes <= MAX_PAGES * PAGE_BYTES) return;
  const parts = Object.entries(breakdown)
    .filter(([, size]) => size >= SHOWN_BYTES)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, size]) => `${name} ${showGiB(size)}`);
  throw new LanewiseError(
    'memory',
    `this run needs ${showGiB(bytes)} (${parts.join(', ')}), WebAssembly addresses at most 4 GiB`,
    'use a smaller batch, more shards, fewer workers, or fewer samples',
  );
}

/** Whether a buffer is shared. Pages without cross-origin isolation do not even have the name SharedArrayBuffer. */
export const isShared = (buffer: ArrayBufferLike): buffer is SharedArrayBuffer =>
  !(buffer instanceof ArrayBuffer);

/**
 * Shared memories that runs have released. Engines do not count them when deciding to collect garbage, so short runs in
 * a row would accumulate them; weak references let the engine collect them.
 */
let released: WeakRef<WebAssembly.Memory>[] = [];

/** Releases a shared memory for reuse. */
export function releaseMemory(memory: WebAssembly.Memory): void {
  if (isShared(memory.buffer)) released.push(new WeakRef(memory));
}

/** Bytes from which a memory is reused whatever its size: a second one beside it would be worse than a part of it unused. */
const LARGE_BYTES = 2 ** 26;

/** A released memory of at least `bytes`, which it has as zeros, and for a small run at most twice that. */
function reuseMemory(bytes: number): WebAssembly.Memory | undefined {
  const alive = released.flatMap((reference) => reference.deref() ?? []);
  const found = alive.find(
    ({ buffer }) =>
      buffer.byteLength >= bytes && (bytes >= LARGE_BYTES || buffer.byteLength <= 2 * bytes),
  );
  released = alive.filter((memory) => memory !== found).map((memory) => new WeakRef(memory));
  if (found) new Uint8Array(found.buffer, 0, bytes).fill(0);
  return found;
}

/** Number of memories not yet collected: each takes some 10 GiB of addresses, regardless of its size. */
let open = 0;
/** Undefined where an edge runtime lacks FinalizationRegistry. */
const collected =
  typeof FinalizationRegistry === 'undefined' ? undefined : new FinalizationRegistry(() => open--);

/**
 * A memory of the pages that `bytes` need, all zero; a released shared one may have more.
 * @throws LanewiseError kind 'memory' if the engine refuses.
 */
export function allocateMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  checkMemorySize(bytes, { total: bytes });
  const known = shared ? reuseMemory(bytes) : undefined;
  if (known) return known;
  const pages = Math.ceil(bytes / PAGE_BYTES);
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
    collected?.register(memory, undefined);
    if (collected) open++;
    return memory;
  } catch (error) {
    throw new LanewiseError(
      'memory',
      `the engine refused a ${shared ? 'shared ' : ''}memory of ${pages} pages (${showGiB(pages * PAGE_BYTES)})`,
      `free some memory, lift the address-space limit, or train with a smaller batch or fewer workers${open > 100 ? `; ${open} memories are open, each of which takes some 10 GiB of addresses` : ''}`,
      { cause: error },
    );
  }
}
