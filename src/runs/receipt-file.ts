/** A receipt in a file: read anywhere, written at its end, and cut back to a step. */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import {
  decodeEntry,
  decodeHeader,
  encodeHeader,
  firstChain,
  HEADER_BYTES,
  lastStep,
  offsetOf,
  receiptHash,
  type ReceiptEntry,
  type ReceiptHeader,
} from './receipt-format.js';

/** Somebody who has a receipt, here or at the other end of any channel. */
export interface ReceiptParty extends ReceiptHeader {
  /** The number of its steps. */
  readonly steps: number;
  /** The entry of a step, 0 … steps; 0 is the state before the first step. */
  entry(step: number): Promise<ReceiptEntry>;
}

/** The receipt in a file. */
export interface Receipt extends ReceiptParty {
  /** The hash that stands for all of it: of what the run is, and of its steps. */
  readonly sha256: string;
}

const bytesAt = (file: number, from: number, count: number): Buffer => {
  const bytes = Buffer.alloc(count);
  let done = 0;
  for (let read = 1; read > 0 && done < count; done += read)
    read = readSync(file, bytes, done, count - done, from + done);
  return bytes.subarray(0, done);
};

/** Calls `use` with the opened file. @throws LanewiseError kind 'file'. */
function withFile<Result>(path: string, use: (file: number) => Result): Result {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return use(file);
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    throw fileError(`cannot read receipt '${path}'`, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The entries of steps [from, end). */
const entriesAt = (path: string, every: number, from: number, end: number): ReceiptEntry[] =>
  withFile(path, (file) => {
    const first = offsetOf(from, every);
    const bytes = bytesAt(file, first, offsetOf(end, every) - first);
    return Array.from({ length: end - from }, (_, i) => {
      const [start, next] = [from + i, from + i + 1].map((step) => offsetOf(step, every) - first);
      return decodeEntry(bytes.subarray(start, next), from + i, every);
    });
  });

/** What a receipt's file holds; an entry that was being written is none yet. */
function headOf(path: string): ReceiptHeader & { readonly steps: number; readonly chain: string } {
  return withFile(path, (file) => {
    const header = decodeHeader(bytesAt(file, 0, HEADER_BYTES), path);
    const steps = lastStep(fstatSync(file).size, header.every);
    if (steps < 0) throw new LanewiseError('file', `receipt '${path}' ends before its first entry`);
    const chain = bytesAt(file, offsetOf(steps + 1, header.every) - 32, 32).toString('hex');
    return { ...header, steps, chain };
  });
}

/**
 * Opens the receipt at `path`. Its entries are read when they are asked for.
 * @throws LanewiseError kind 'file' if it cannot be read, or is no receipt.
 */
export function openReceipt(path: string): Receipt {
  const { run, every, steps, chain } = headOf(path);
  return {
    run,
    every,
    steps,
    sha256: receiptHash(run, chain),
    async entry(step) {
      wholeFrom(0, steps)('entry', 'step', step);
      return entriesAt(path, every, step, step + 1)[0]!;
    },
  };
}

/** Entries read at a time. */
const BLOCK = 4096;

/** All entries of the receipt at `path`, in order. */
export function* entriesOf(path: string, { every, steps }: Receipt): Generator<ReceiptEntry> {
  for (let from = 0; from <= steps; from += BLOCK)
    yield* entriesAt(path, every, from, Math.min(steps + 1, from + BLOCK));
}

/** A receipt that is being written. */
export interface ReceiptWriter {
  readonly every: number;
  /** The last step that it has, −1 before the first entry, and the chain's hash there. */
  readonly step: number;
  readonly chain: Uint8Array;
  /** The entry of a step that it has. */
  entry(step: number): ReceiptEntry;
  /**
   * Appends entries, whole or not at all: those of the steps after the last, each with its chain.
   * @throws LanewiseError kind 'file'.
   */
  append(entries: readonly Uint8Array[]): void;
  /** Removes the entries of steps after `step`. */
  cutAfter(step: number): void;
  /** Makes the entries survive a power cut. */
  sync(): void;
  /** The hash of the receipt up to `step`; what is behind is removed. */
  hashAt(step: number): string;
  close(): void;
}

/**
 * Opens the receipt at `path` to write: a new one if there is none.
 * @throws LanewiseError kind 'file'.
 */
export function openWriter(path: string, header: ReceiptHeader): ReceiptWriter {
  const { run, every } = header;
  const refuse = (error: unknown) => fileError(`cannot write receipt '${path}'`, error);
  let file: number;
  let step: number;
  try {
    file = openSync(path, 'a+');
    const { size } = fstatSync(file);
    if (size < HEADER_BYTES) {
      ftruncateSync(file, 0);
      writeSync(file, encodeHeader(header));
    }
    step = lastStep(size, every);
    ftruncateSync(file, offsetOf(step + 1, every));
  } catch (error) {
    throw refuse(error);
  }
  const chainAt = (at: number): Uint8Array =>
    at < 0 ? firstChain(every) : bytesAt(file, offsetOf(at + 1, every) - 32, 32);
  let chain = chainAt(step);
  function cutAfter(last: number): void {
    if (last >= step) return;
    ftruncateSync(file, offsetOf(last + 1, every));
    step = last;
    chain = chainAt(step);
  }
  return {
    every,
    get step() {
      return step;
    },
    get chain() {
      return chain;
    },
    entry(at) {
      const from = offsetOf(at, every);
      return decodeEntry(bytesAt(file, from, offsetOf(at + 1, every) - from), at, every);
    },
    append(entries) {
      if (entries.length === 0) return;
      try {
        const all = Buffer.concat(entries);
        for (let done = 0; done < all.length;) done += writeSync(file, all, done);
      } catch (error) {
        ftruncateSync(file, offsetOf(step + 1, every));
        throw refuse(error);
      }
      step += entries.length;
      chain = entries.at(-1)!.subarray(-32);
    },
    cutAfter,
    sync() {
      try {
        fdatasyncSync(file);
      } catch {
        // A pipe, for one, has no disk.
      }
    },
    hashAt(last) {
      cutAfter(last);
      return receiptHash(run, Buffer.from(chain).toString('hex'));
    },
    close: () => closeSync(file),
  };
}
