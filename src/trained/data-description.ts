/** What a trained model knows of its data besides its weights: for predictions from a file alone. */
import type { Field } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import { originOf, type Origin } from '../data/origin.js';
import type { TableFormat } from '../data/table-format.js';
import type { NamesByTarget } from '../data/target-names.js';
import { keepsPixels, planTransforms } from '../data/transforms/kinds.js';
import type { Fit } from '../formats/resize.js';
import type { Shape } from '../graph/tensor.js';
import { targetsOf, type LossTerm } from '../losses/terms.js';

/** The samples that a model was trained on. */
export interface SampleFormat {
  /** After the transforms. */
  readonly shape: Shape;
  /** Bytes count 0–255 as 0–1; floats are as they are. */
  readonly type: 'uint8' | 'int32' | 'float32';
  /** How image files were brought to that shape, if they were. */
  readonly fit?: Fit;
}

/**
 * What is kept of the data, in the model's file and at the trained model. Each is absent where nobody said. A field
 * added here is written by `modelMetadata` and read, and checked, by `readDescription`.
 */
export interface DataDescription {
  /** Names of the classes, in the order of the scores; of the first output. */
  readonly classes?: readonly string[];
  /** Names of each target's classes, where the data had several targets with names. */
  readonly targetClasses?: NamesByTarget;
  readonly samples?: SampleFormat;
  /** What the columns were, of a table. */
  readonly table?: TableFormat;
  /** What tokens stand for, of a text. */
  readonly vocabulary?: readonly string[];
  /** Which samples of which data it was trained on, so that those held out can be found again. */
  readonly origin?: Origin;
}

/** Of samples that a model was trained on; `terms` say which target is the first output's. */
export function describeData(data: Samples, terms: readonly LossTerm[] = []): DataDescription {
  const { table, vocabulary } = data;
  const origin = originOf(data);
  return {
    ...classesOf(data, terms),
    ...formatOf(data),
    ...(vocabulary ? { vocabulary } : {}),
    ...(table ? { table } : {}),
    ...(origin ? { origin } : {}),
  };
}

/** The names that a model knows, by target; the only list is of all that its losses compare outputs with. */
export const namesKnown = (
  { classes, targetClasses }: DataDescription,
  terms: readonly LossTerm[],
): NamesByTarget =>
  targetClasses ??
  (classes
    ? Object.fromEntries(terms.flatMap((term) => targetsOf(term).map((name) => [name, classes])))
    : {});

/** A list is the names of the only target that has classes. */
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

/** One of several inputs has no one kind of samples. */
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

/** All fields. How each is read stands in read-description.ts, which pages that only write files do not load. */
const FIELDS: Readonly<Record<keyof DataDescription, true>> = {
  classes: true,
  targetClasses: true,
  samples: true,
  table: true,
  vocabulary: true,
  origin: true,
};

/** The fields that a description has, for a file's metadata. */
export const describedAsText = (description: DataDescription): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(FIELDS).flatMap((key) => {
      const value = description[key as keyof DataDescription];
      return value === undefined ? [] : [[key, JSON.stringify(value)]];
    }),
  );
