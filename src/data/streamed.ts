/** Data sets whose samples do not lie in memory: they are read when they are wanted, or come as a stream. */
import { checkObject } from '../check.js';
import { LanewiseError, show } from '../errors.js';
import type { Dataset } from './dataset.js';
import type { Transform } from './transforms/transform.js';

/** Reads samples one by one, in any order. */
export interface SampleReader {
  /** Values of one sample: as many as its shape has. */
  readonly type: 'uint8' | 'float32';
  /** Writes sample `index` to `to`, all of it. */
  read(index: number, to: Uint8Array | Float32Array): void | Promise<void>;
  /**
   * How a decoder thread makes the same reader: `createReader(settings)`, exported by the module. Without it, samples
   * are read in the main thread.
   */
  readonly module?: { readonly url: string; readonly settings: unknown };
  /** What sample `index` is called in messages, such as its file; default `sample 12`. */
  describe?(index: number): string;
}

/** Images with a class index each that are read when they are wanted, such as those of a folder. */
export interface StreamedDataset extends Omit<Dataset, 'samples'> {
  readonly reader: SampleReader;
  /** Changes when the samples do, for checkpoints. */
  readonly fingerprint?: string;
}

/** What a stream's samples are. */
export interface StreamSample {
  readonly values: Uint8Array | Float32Array;
  readonly label: number;
}

/** Samples that come in an order of their own, each epoch anew. */
export interface SampleStream {
  readonly name: string;
  readonly shape: readonly [channels: number, height: number, width: number];
  readonly classes: readonly string[];
  /** Samples of an epoch. */
  readonly length: number;
  readonly type: 'uint8' | 'float32';
  /** What a sample goes through, in order, whenever it is gathered; the model sees the shape after them. */
  readonly transforms?: readonly Transform[];
  /** The samples of epoch 1, 2, …; 0 asks for them to be scored. */
  open(epoch: number): AsyncIterable<StreamSample>;
}

/**
 * A data set of samples that come in an order of their own, such as a generator's or a server's: training takes
 * them as they come, in the main thread, and shuffles nothing.
 * @throws LanewiseError kind 'data' for a length or a type that cannot be; in training, if an epoch has more or
 * fewer samples than `length`, or a sample is not of its shape and classes.
 */
export function streamOf(stream: SampleStream): SampleStream {
  checkObject('streamOf', stream, ['name', 'shape', 'classes']);
  checkStream(stream);
  return stream;
}

/** @throws LanewiseError kind 'data' unless the reader has a type and a function `read`. */
export function checkReader({ name, reader }: StreamedDataset): void {
  checkValueType(name, reader?.type);
  if (typeof reader.read === 'function') return;
  throw new LanewiseError(
    'data',
    `data set '${name}': its reader's read is ${show(reader.read)}, expected a function`,
  );
}

function checkValueType(name: string, type: unknown): void {
  if (type === 'uint8' || type === 'float32') return;
  throw new LanewiseError(
    'data',
    `data set '${name}': type is ${show(type)}, expected uint8 or float32`,
  );
}

/** @throws LanewiseError kind 'data' unless the stream has a type, a length and a function `open`. */
export function checkStream({ name, length, type, open }: SampleStream): void {
  checkValueType(name, type);
  if (!Number.isInteger(length) || length < 0) {
    throw new LanewiseError(
      'data',
      `data set '${name}': length is ${show(length)}, expected the number of its samples`,
    );
  }
  if (typeof open === 'function') return;
  throw new LanewiseError(
    'data',
    `data set '${name}': open is ${show(open)}, expected a function that returns an async iterable`,
  );
}
