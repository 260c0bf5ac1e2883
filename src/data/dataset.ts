/**
 * The forms in which a program gives samples. They are images with one class each, in memory or read on demand; a
 * stream of such images; or any arrays with any targets. Internally all of them are `Samples` (samples.ts).
 */
import type { Fit } from '../formats/resize.js';
import type { Shape } from '../graph/tensor.js';
import type { ImageShape, Transform } from './transforms/transform.js';
import type { Origin } from './origin.js';
import type { TableFormat } from './table-format.js';
import type { TextFormat } from './text-format.js';

/** Images (or samples of an image's shape) with a class index each. */
export interface Dataset {
  /** The name in messages and reports: `mnist train`. */
  readonly name: string;
  /** Shape of one sample, channels × height × width. */
  readonly shape: ImageShape;
  /** Class names; a label is an index into them. */
  readonly classes: readonly string[];
  /** All samples in sequence, length = count × product of `shape`. Bytes count 0–255. */
  readonly samples: Uint8Array | Float32Array;
  /**
   * One class index per sample; its length is the count. A label below 0 is no class: the loss's `ignoreIndex`, such as
   * -100.
   */
  readonly labels: Uint8Array | Int32Array;
  /** How much each sample counts; default 1. */
  readonly weights?: Float32Array;
  /** Transforms applied in order whenever a sample is gathered; the model sees the shape after them. */
  readonly transforms?: readonly Transform[];
  /** How image files were fitted to samples, if they were; a trained model fits other files in the same way. */
  readonly fit?: Fit;
  /** The columns of the table whose rows the samples are, if there is one. */
  readonly table?: TableFormat;
  /** What the features of texts count, and how texts became them, if the samples were made of texts. */
  readonly vocabulary?: readonly string[];
  readonly text?: TextFormat;
  /** Which samples of which data these are, if they were taken from another data set. */
  readonly origin?: Origin;
}

/** One array of values for all samples in sequence. */
export interface Field {
  /** Shape of one sample; `[]` for a single value. */
  readonly shape: Shape;
  readonly values: Uint8Array | Int32Array | Float32Array;
  /**
   * The meaning of bytes and int32 as a target: `classes` (default) are class indices, `values` are numbers, and bytes
   * then count v/255.
   */
  readonly as?: 'classes' | 'values';
  /** Transforms applied in order whenever a sample is gathered; not for class indices. */
  readonly transforms?: readonly Transform[];
  /**
   * How much each sample, or each value of a target, counts in the loss: finite numbers of at least 0, one per sample
   * or as many as `values`. A target's loss is then the weighted mean, and a value of weight 0 is not read: it may be
   * NaN.
   */
  readonly weights?: Float32Array;
}

/** Arrays by the names of a model's inputs, and of the outputs they are targets of. */
export interface TensorDataset {
  readonly name: string;
  readonly inputs: Readonly<Record<string, Field>>;
  readonly targets: Readonly<Record<string, Field>>;
  /** How much each sample counts, default 1; or, by target name, the same as `weights` beside the target's values. */
  readonly weights?: Float32Array | Readonly<Record<string, Float32Array>>;
  /** Names of the classes of a target that holds class indices; with several such targets, lists by target name. */
  readonly classes?: readonly string[] | Readonly<Record<string, readonly string[]>>;
  /** The meaning of tokens, such as the characters of a text. */
  readonly vocabulary?: readonly string[];
  /** How the samples were made of texts, if they were. */
  readonly text?: TextFormat;
  /** The columns of the table whose rows the samples are, if there is one. */
  readonly table?: TableFormat;
  /** Which samples of which data these are, if they were taken from another data set. */
  readonly origin?: Origin;
}

/** Reads samples one by one, in any order. */
export interface SampleReader {
  /** Type of the values of a sample, as many as its shape has. */
  readonly type: 'uint8' | 'float32';
  /** Writes all of sample `index` to `to`. */
  read(index: number, to: Uint8Array | Float32Array): void | Promise<void>;
  /**
   * How a decoder thread makes the same reader: `createReader(settings)`, exported by the module. Without it, the main
   * thread reads the samples.
   */
  readonly module?: { readonly url: string; readonly settings: unknown };
  /** The name of sample `index` in messages, such as its file; default `sample 12`. */
  describe?(index: number): string;
}

/** Images with a class index each that are read on demand, such as those of a folder. */
export interface StreamedDataset extends Omit<Dataset, 'samples'> {
  readonly reader: SampleReader;
  /** Changes when the samples do, for checkpoints. */
  readonly fingerprint?: string;
}

/** One sample of a stream. */
export interface StreamSample {
  readonly values: Uint8Array | Float32Array;
  readonly label: number;
}

/** Samples that arrive in an order of their own, which may differ in each epoch. */
export interface SampleStream {
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  /** Samples per epoch. */
  readonly length: number;
  readonly type: 'uint8' | 'float32';
  /** Transforms applied in order whenever a sample is gathered; the model sees the shape after them. */
  readonly transforms?: readonly Transform[];
  /** The samples of epoch 1, 2, …; epoch 0 requests them for scoring. */
  open(epoch: number): AsyncIterable<StreamSample>;
}

/** Images with a class index each, in memory or not. */
export type LabelledDataset = Dataset | StreamedDataset;

/** Any data set that a model can be trained on or evaluated with. */
export type AnyDataset = LabelledDataset | TensorDataset | SampleStream;

/** Data sets that can be taken apart: all but streams, which have no random access. */
export type IndexedDataset = Exclude<AnyDataset, SampleStream>;
