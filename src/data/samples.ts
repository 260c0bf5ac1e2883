/**
 * Samples as everything inside takes them: a data set of any form (dataset.ts) becomes this one where it enters
 * (`samplesOf` in forms.ts), checked, and goes out as it came in (`datasetOf`).
 */
import type { Fit } from '../formats/resize.js';
import type { Field, SampleReader, SampleStream, TensorDataset } from './dataset.js';
import type { Origin } from './origin.js';
import type { TableFormat } from './table-format.js';

/** Arrays by name. */
export type Fields = Readonly<Record<string, Field>>;

/**
 * The name of a field that nobody named: a data set of images with labels has one input, which is the model's whatever
 * that is called, and one target, which is the output's that a loss is of.
 */
export const UNNAMED = '';

/** Samples, what they are to be compared with, and what is known of them. */
export interface Samples {
  readonly name: string;
  readonly count: number;
  /** All values in memory, or, with a `source`, an empty array of their type. */
  readonly inputs: Fields;
  readonly targets: Fields;
  /** How much each sample counts; absent if they count the same. */
  readonly weights?: Float32Array;
  /** A list is of the only target with class indices. */
  readonly classes?: NonNullable<TensorDataset['classes']>;
  /** Where the values of the unnamed input come from that are not in memory. */
  readonly source?: Source;
  readonly vocabulary?: readonly string[];
  readonly fit?: Fit;
  readonly table?: TableFormat;
  readonly origin?: Origin;
  /** What a table's features are called. */
  readonly features?: readonly string[];
  /** The files of an image folder, one a sample. */
  readonly files?: readonly unknown[];
}

/** What brings samples when they are wanted: a reader, in any order; or a stream, in its own, with their labels. */
export interface Source {
  readonly reader?: SampleReader;
  /** Of the reader's samples. */
  readonly fingerprint?: string;
  readonly open?: SampleStream['open'];
}

/** The input of that name, or the unnamed one. */
export const inputOf = ({ inputs }: Samples, name: string): Field | undefined =>
  Object.hasOwn(inputs, name) ? inputs[name] : inputs[UNNAMED];

/** The target of that name that `output` is compared with: labels are of whichever output. */
export const targetNamed = (
  { targets }: Samples,
  name: string,
  output: string,
): Field | undefined =>
  Object.hasOwn(targets, name) ? targets[name] : name === output ? targets[UNNAMED] : undefined;

/** Targets by the names by which a program reads them: the one of images is `labels`. */
export function readableTargets({ targets }: Samples): Fields {
  const { [UNNAMED]: labels, ...named } = targets;
  return labels ? { labels } : named;
}

/** The pixels of images, those in memory. */
export const pixelsOf = ({ inputs }: Samples): Field['values'] | undefined =>
  inputs[UNNAMED]?.values;

/** The class of each sample of a data set of images; undefined for a stream, which says it as they come, and for targets by name. */
export const labelsIn = ({ targets, source }: Samples): Uint8Array | Int32Array | undefined =>
  source?.open ? undefined : (targets[UNNAMED]?.values as Uint8Array | Int32Array | undefined);
