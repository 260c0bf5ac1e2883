/** The work of a decoder thread, which makes readers and reads samples to their slots. */
import type { SampleReader } from '../data/dataset.js';
import { checkFinite } from '../base/check-values.js';
import { LanewiseError, type ErrorKind } from '../base/errors.js';

/** The destination of a reader's samples: slot s begins at byte base + s × bytes of a sample. */
export interface SampleSlots {
  readonly buffer: ArrayBufferLike;
  readonly base: number;
  readonly type: SampleReader['type'];
  /** Values per sample. */
  readonly size: number;
}

/** A reader as threads make it, and the name of its data set. */
export interface DecoderSource {
  readonly name: string;
  readonly module: NonNullable<SampleReader['module']>;
  /** Slots with a shared buffer; without one, samples are sent back. */
  readonly slots: Omit<SampleSlots, 'buffer'> & { readonly buffer?: SharedArrayBuffer };
}

/** The setup that a decoder thread receives when it starts. */
export interface DecoderSetup {
  readonly sources: readonly DecoderSource[];
}

/** Samples of one source and the slots they go to. */
export interface DecodeTask {
  readonly source: number;
  readonly samples: readonly number[];
  readonly slots: readonly number[];
}

/** A task's outcome. Errors lose their class between threads, so their parts are sent. */
export interface DecodeResult {
  readonly failure?: {
    readonly kind: ErrorKind;
    readonly message: string;
    readonly hint: string | undefined;
  };
  /** Milliseconds that the task took. */
  readonly ms?: number;
  /** All samples in sequence, where memory is not shared. */
  readonly values?: ArrayBuffer;
}

/** A view of `count` values at byte `at`. */
export function viewOf(
  { buffer, type }: Pick<SampleSlots, 'buffer' | 'type'>,
  at: number,
  count: number,
): Uint8Array | Float32Array {
  return type === 'uint8' ? new Uint8Array(buffer, at, count) : new Float32Array(buffer, at, count);
}

export const bytesOfSample = ({ type, size }: Pick<SampleSlots, 'type' | 'size'>): number =>
  size * (type === 'uint8' ? 1 : 4);

/** The slot of a sample. */
export const slotOf = (slots: SampleSlots, slot: number): Uint8Array | Float32Array =>
  viewOf(slots, slots.base + slot * bytesOfSample(slots), slots.size);

/**
 * One sample. It is read to an array of its own, as a reader may keep the array or not accept shared memory.
 * @throws LanewiseError as the reader throws it; kind 'data' naming the sample for any other error.
 */
export async function readSample(
  reader: SampleReader,
  name: string,
  index: number,
  { type, size }: Pick<SampleSlots, 'type' | 'size'>,
): Promise<Uint8Array | Float32Array> {
  const values = type === 'uint8' ? new Uint8Array(size) : new Float32Array(size);
  try {
    await reader.read(index, values);
    checkFinite('data', `data set '${name}', ${nameOf(reader, index)}`, values);
    return values;
  } catch (error) {
    if (isNamed(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new LanewiseError(
      'data',
      `data set '${name}': reading ${nameOf(reader, index)} failed: ${reason}`,
      undefined,
      { cause: error },
    );
  }
}

/** Whether an error is a LanewiseError, of ours or of the copy of this package that the reader's module has loaded. */
const isNamed = (error: unknown): error is LanewiseError =>
  error instanceof Error && error.name === 'LanewiseError' && 'kind' in error;

/** The name of a sample in messages. */
export const nameOf = (reader: SampleReader, index: number): string =>
  reader.describe?.(index) ?? `sample ${index}`;

/** The function of a decoder thread. */
export function createDecoder({
  sources,
}: DecoderSetup): (task: DecodeTask) => Promise<DecodeResult> {
  const readers = new Map<number, Promise<SampleReader>>();
  return async ({ source, samples, slots }) => {
    const { name, module, slots: place } = sources[source]!;
    const started = performance.now();
    try {
      const reader = readers.get(source) ?? loadReader(name, module, place.type);
      readers.set(source, reader);
      const { buffer } = place;
      const values = buffer ? undefined : new ArrayBuffer(samples.length * bytesOfSample(place));
      const to: SampleSlots = buffer
        ? { ...place, buffer }
        : { ...place, buffer: values!, base: 0 };
      for (const [i, index] of samples.entries()) {
        const sample = await readSample(await reader, name, index, place);
        slotOf(to, values ? i : slots[i]!).set(sample);
      }
      const ms = performance.now() - started;
      return values ? { values, ms } : { ms };
    } catch (error) {
      if (!isNamed(error)) throw error;
      const { kind, message, hint } = error;
      return { failure: { kind, message, hint } };
    }
  };
}

async function loadReader(
  name: string,
  { url, settings }: DecoderSource['module'],
  type: SampleReader['type'],
): Promise<SampleReader> {
  const refuse = (what: string, cause?: unknown) =>
    new LanewiseError('data', `data set '${name}': ${what}`, undefined, { cause });
  let reader: SampleReader;
  try {
    const { createReader } = (await import(url)) as {
      createReader: (settings: unknown) => SampleReader | Promise<SampleReader>;
    };
    reader = await createReader(settings);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`createReader of '${url}' failed: ${reason}`, error);
  }
  if (reader?.type === type && typeof reader.read === 'function') return reader;
  throw refuse(
    `createReader of '${url}' made a reader of ${String(reader?.type)}, expected ${type}`,
  );
}
