/**
 * The forms in which a program gives samples: images with one class each, in memory or read when they are wanted; a
 * stream of them; or any arrays with any targets. Inside, all of them are `Samples` (samples.ts).
 */
import type { Fit } from '../formats/resize.js';
import type { Shape } from '../graph/tensor.js';
import type { ImageShape, Transform } from './transforms/transform.js';
import type { Origin } from './origin.js';
import type { TableFormat } from './table-format.js';

/** Images (or what has the shape of images) with a class index each. */
export interface Dataset {
  /** For messages and reports: `mnist train`. */
  readonly name: string;
  /** Shape of one sample, channels × height × width. */
  readonly shape: ImageShape;
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[];
  /** All samples one after another, length = count × product of `shape`. Bytes count 0–255. */
  readonly samples: Uint8Array | Float32Array;
  /** One class index a sample; its length is the count. What is below 0 is no class: the loss's `ignoreIndex`, such as -100. */
  readonly labels: Uint8Array | Int32Array;
  /** How much each sample counts; default 1. */
  readonly weights?: Float32Array;
  /** What a sample goes through, in order, whenever it is gathered; the model sees the shape after them. */
  readonly transforms?: readonly Transform[];
  /** How image files became samples, if they did, which a trained model then does with others. */
  readonly fit?: Fit;
  /** The columns that the samples are rows of, if they are. */
  readonly table?: TableFormat;
  /** Which samples of which data these are, if they were taken from some. */
  readonly origin?: Origin;
}

/** One array of values for every sample, all samples one after another. */
export interface Field {
  /** Of one sample; `[]` for a single value. */
  readonly shape: Shape;
  readonly values: Uint8Array | Int32Array | Float32Array;
  /**
   * What bytes and int32 mean as a target: `classes` (default) are class indices, `values` are numbers, bytes
   * then count v/255.
   */
  readonly as?: 'classes' | 'values';
  /** What a sample goes through, in order, whenever it is gathered; not for class indices. */
  readonly transforms?: readonly Transform[];
  /**
   * How much each sample, or each value of a target, counts in the loss: finite numbers of at least 0, one a sample or
   * as many as `values`. A target's loss is then the mean over what counts, and what weighs 0 is not read: it may be NaN.
   */
  readonly weights?: Float32Array;
}

/** Arrays by the names of a model's inputs, and of the outputs they are targets of. */
export interface TensorDataset {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Field>>;
  readonly targets: Readonly<Record<string, Field>>;
  /** How much each sample counts, default 1; or, by targets' names, the same as `weights` beside their values. */
  readonly weights?: Float32Array | Readonly<Record<string, Float32Array>>;
  /** Names of the classes, where a target holds class indices; of several targets by their names. */
  readonly classes?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** What tokens stand for, such as the characters of a text. */
  readonly vocabulary?: readonly string[];
  /** The columns that the samples are rows of, if they are. */
  readonly table?: TableFormat;
  /** Which samples of which data these are, if they were taken from some. */
  readonly origin?: Origin;
}

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
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  /** Samples of an epoch. */
  readonly length: number;
  readonly type: 'uint8' | 'float32';
  /** What a sample goes through, in order, whenever it is gathered; the model sees the shape after them. */
  readonly transforms?: readonly Transform[];
  /** The samples of epoch 1, 2, …; 0 asks for them to be scored. */
  open(epoch: number): AsyncIterable<StreamSample>;
}

/** Images with a class index each, in memory or not. */
export type LabelledDataset = Dataset | StreamedDataset;

/** What a model is trained on or evaluated with. */
export type AnyDataset = LabelledDataset | TensorDataset | SampleStream;

/** What can be taken apart: all but streams, whose samples come as they come. */
export type IndexedDataset = Exclude<AnyDataset, SampleStream>;
