/**
 * Samples, the one internal form of data sets. A data set of any form (dataset.ts) is checked and converted where it
 * enters (`samplesOf` in forms.ts), and leaves in the form it came in (`datasetOf`).
 */
import type { Fit } from '../formats/resize.js';
import type { Field, SampleReader, SampleStream, TensorDataset } from './dataset.js';
import type { Origin } from './origin.js';
import type { SeriesFormat } from './series-format.js';
import type { SeriesWindows } from './series-windows.js';
import type { TableFormat } from './table-format.js';
import type { TextFormat } from './text-format.js';

/** Arrays by name. */
export type Fields = Readonly<Record<string, Field>>;

/**
 * The name of an unnamed field: a data set of images with labels has one input, for the model's input of any name, and
 * one target, for the output that has a loss.
 */
export const UNNAMED = '';

/** Samples, their targets, and their description. */
export interface Samples {
  readonly name: string;
  readonly count: number;
  /** All values in memory, or, with a `source`, an empty array of their type. */
  readonly inputs: Fields;
  readonly targets: Fields;
  /** How much each sample counts; absent if all count the same. */
  readonly weights?: Float32Array;
  /** Class names; a list belongs to the only target with class indices. */
  readonly classes?: NonNullable<TensorDataset['classes']>;
  /** The source of the unnamed input's values that are not in memory. */
  readonly source?: Source;
  readonly vocabulary?: readonly string[];
  readonly text?: TextFormat;
  readonly fit?: Fit;
  readonly table?: TableFormat;
  /** How a series is cut into these windows, and the rows that they are made of. */
  readonly series?: SeriesFormat;
  readonly windows?: SeriesWindows;
  readonly origin?: Origin;
  /** The names of a table's features. */
  readonly features?: readonly string[];
  /** The files of an image folder, one per sample. */
  readonly files?: readonly unknown[];
}

/** A source of samples on demand: a reader, in any order, or a stream, in its own order, with their labels. */
export interface Source {
  readonly reader?: SampleReader;
  /** Fingerprint of the reader's samples. */
  readonly fingerprint?: string;
  readonly open?: SampleStream['open'];
}

/** The input of that name, or the unnamed one. */
export const inputOf = ({ inputs }: Samples, name: string): Field | undefined =>
  Object.hasOwn(inputs, name) ? inputs[name] : inputs[UNNAMED];

/** The target that `output` is compared with: of that name, or the labels, which fit any output. */
export const targetNamed = (
  { targets }: Samples,
  name: string,
  output: string,
): Field | undefined =>
  Object.hasOwn(targets, name) ? targets[name] : name === output ? targets[UNNAMED] : undefined;

/** Targets by the names that a program reads them by: that of images is `labels`. */
export function readableTargets({ targets }: Samples): Fields {
  const { [UNNAMED]: labels, ...named } = targets;
  return labels ? { labels } : named;
}

/** The pixels of images in memory. */
export const pixelsOf = ({ inputs }: Samples): Field['values'] | undefined =>
  inputs[UNNAMED]?.values;

/**
 * The class of each sample of a data set of images; undefined for a stream, whose labels arrive with its samples, and
 * for named targets.
 */
export const labelsIn = ({ targets, source }: Samples): Uint8Array | Int32Array | undefined =>
  source?.open ? undefined : (targets[UNNAMED]?.values as Uint8Array | Int32Array | undefined);
