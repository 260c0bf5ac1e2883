/** A trained model's description of its data, which lets a model file predict without that data. */
import type { Field } from '../data/dataset.js';
import type { SampleFormat } from '../data/sample-format.js';
import type { Samples } from '../data/samples.js';
import { originOf, type Origin } from '../data/origin.js';
import type { SeriesFormat } from '../data/series-format.js';
import type { TableFormat } from '../data/table-format.js';
import type { TextFormat } from '../data/text-format.js';
import type { NamesByTarget } from '../data/target-names.js';
import { keepsPixels, planTransforms } from '../data/transforms/kinds.js';
import { targetsOf, type LossTerm } from '../losses/terms.js';

/**
 * The description of the data, in the model's file and in the trained model. Each field is absent where unknown. A field
 * added here is written by `modelMetadata`, and read and checked by `readDescription`.
 */
export interface DataDescription {
  /** Names of the first output's classes, in the order of the scores. */
  readonly classes?: readonly string[];
  /** Names of each target's classes, where the data had several targets with names. */
  readonly targetClasses?: NamesByTarget;
  readonly samples?: SampleFormat;
  /** The columns of a table. */
  readonly table?: TableFormat;
  /** The columns, spacing and windows of a series. */
  readonly series?: SeriesFormat;
  /** The text that each token stands for. */
  readonly vocabulary?: readonly string[];
  /** How texts became tokens. */
  readonly text?: TextFormat;
  /** Which samples of which data were trained on, so that those held out can be found again. */
  readonly origin?: Origin;
}

/** Describes the samples that a model was trained on; `terms` say which target is the first output's. */
export function describeData(data: Samples, terms: readonly LossTerm[] = []): DataDescription {
  const { table, vocabulary, text, series } = data;
  const origin = originOf(data);
  return {
    ...describeSamples(data, terms),
    ...(vocabulary ? { vocabulary } : {}),
    ...(text ? { text } : {}),
    ...(table ? { table } : {}),
    ...(series ? { series } : {}),
    ...(origin ? { origin } : {}),
  };
}

/** The part of the description that is known of each minibatch. */
export const describeSamples = (
  data: Samples,
  terms: readonly LossTerm[],
): Pick<DataDescription, 'classes' | 'targetClasses' | 'samples'> => ({
  ...classesOf(data, terms),
  ...formatOf(data),
});

/** The names that a model knows, by target; a single list names the classes of every target. */
export const namesKnown = (
  { classes, targetClasses }: DataDescription,
  terms: readonly LossTerm[],
): NamesByTarget =>
  targetClasses ??
  (classes
    ? Object.fromEntries(terms.flatMap((term) => targetsOf(term).map((name) => [name, classes])))
    : {});

/** The classes' names; a single list belongs to the only target that has classes. */
function classesOf(
  { classes }: Samples,
  terms: readonly LossTerm[],
): Pick<DataDescription, 'classes' | 'targetClasses'> {
  if (classes === undefined) return {};
  if (Array.isArray(classes)) return { classes: classes as readonly string[] };
  const lists = classes as NamesByTarget;
  const first = lists[terms.flatMap(targetsOf)[0] ?? Object.keys(lists)[0]!];
  return { ...(first ? { classes: first } : {}), targetClasses: lists };
}

/** The samples' format; a model with several inputs has no single one. */
function formatOf({ inputs, fit }: Samples): Pick<DataDescription, 'samples'> {
  const [first, ...others] = Object.values(inputs);
  if (!first || others.length > 0) return {};
  const { shape, values, transforms = [] } = first;
  return {
    samples: {
      shape: transforms.length === 0 ? shape : planTransforms(transforms, shape).shape,
      type: transforms.every(keepsPixels) ? typeOf(values) : 'float32',
      ...(fit ? { fit } : {}),
    },
  };
}

const typeOf = (values: Field['values']): SampleFormat['type'] => {
  if (values instanceof Uint8Array) return 'uint8';
  return values instanceof Int32Array ? 'int32' : 'float32';
};

/** All fields. How each is read is in read-description.ts, which pages that only write files do not load. */
const FIELDS: Readonly<Record<keyof DataDescription, true>> = {
  classes: true,
  targetClasses: true,
  samples: true,
  table: true,
  series: true,
  vocabulary: true,
  text: true,
  origin: true,
};

/** A description's fields as text, for a file's metadata. */
export const describedAsText = (description: DataDescription): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(FIELDS).flatMap((key) => {
      const value = description[key as keyof DataDescription];
      return value === undefined ? [] : [[key, JSON.stringify(value)]];
    }),
  );
