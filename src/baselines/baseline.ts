/** What baselines have in common: their form, and the features and the answers that they read in a data set. */
import { quote } from '../base/check.js';
import { firstNotFinite } from '../base/check-values.js';
import { LanewiseError, nearest } from '../base/errors.js';
import type { Field, IndexedDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { UNNAMED, type Samples } from '../data/samples.js';
import { hasClasses, namesByTarget } from '../data/target-names.js';
import { sizeOf } from '../graph/tensor.js';

/** What a baseline predicts: a probability for each class, for each of several questions of yes or no, or values. */
export type BaselineTask = 'classes' | 'sides' | 'values';

/** A prediction so simple that a model has to be better. */
export interface Baseline {
  /** How a sentence calls it: `always 'setosa'`, `the mean`, `a linear model`. */
  readonly name: string;
  readonly task: BaselineTask;
  /** Numbers per sample. */
  readonly outputs: number;
  /**
   * Rows of `outputs` numbers, one for each sample: probabilities of the classes or of yes, or values in the target's unit.
   * @throws LanewiseError kind 'data' for samples of other features than those of training, and for samples that are not
   * in memory.
   */
  predict(data: IndexedDataset): Float64Array;
}

/** Which target a baseline predicts. */
export interface BaselineOptions {
  /** The target's name, for data with several. */
  readonly target?: string;
  /** Whether the target's values are 0 or 1 each, such as several labels of a sample; default false. */
  readonly binary?: boolean;
}

/** The answers of a data set: the class of each sample, below 0 for none, or rows of values. */
export interface Answers {
  readonly task: BaselineTask;
  readonly outputs: number;
  /** For classes one a sample, else rows of `outputs` numbers. */
  readonly values: ArrayLike<number>;
  /** The classes' names, where they have some. */
  readonly names?: readonly string[];
}

/** @throws LanewiseError kind 'data' for a target that does not exist or cannot be predicted, and values that are not finite. */
export function answersOf(
  samples: Samples,
  { target, binary = false }: BaselineOptions,
  owner: string,
): Answers {
  const refuse = (what: string, hint?: string) =>
    new LanewiseError('data', `${owner} of '${samples.name}': ${what}`, hint);
  const names = Object.keys(samples.targets);
  const [only] = names;
  if (target === undefined && names.length !== 1)
    throw refuse(
      names.length === 0 ? 'there is no target' : `there are the targets ${names.join(', ')}`,
      names.length === 0 ? undefined : `target: ${quote(only)} names one`,
    );
  const name = target ?? only!;
  const field = Object.hasOwn(samples.targets, name) ? samples.targets[name] : undefined;
  if (!field)
    throw refuse(
      `there is no target ${quote(name)}, only ${names.join(', ')}`,
      nearest(name, names),
    );
  const { values } = field;
  if (hasClasses(field) && !binary) {
    if (values.length !== samples.count)
      throw refuse(
        `the target has ${values.length / samples.count} classes a sample, expected one`,
      );
    const highest = (values as Int32Array).reduce((most, label) => Math.max(most, label), 0);
    const known = namesByTarget(samples as never)[name];
    return {
      task: 'classes',
      outputs: Math.max(known?.length ?? 0, highest + 1),
      values,
      ...(known ? { names: known } : {}),
    };
  }
  const numbers = numbersOf(field, refuse, 'the target');
  const strange = binary ? numbers.findIndex((value) => value !== 0 && value !== 1) : -1;
  if (strange >= 0)
    throw refuse(`value ${strange} of the target is ${numbers[strange]}, expected 0 or 1`);
  return {
    task: binary ? 'sides' : 'values',
    outputs: numbers.length / samples.count,
    values: numbers,
  };
}

type Refuse = (what: string, hint?: string) => LanewiseError;

/** The numbers of a field; bytes count v/255 unless they are classes. @throws LanewiseError for one that is not finite. */
function numbersOf(field: Field, refuse: Refuse, what: string): ArrayLike<number> & number[] {
  const { values } = field;
  const at = values instanceof Float32Array ? firstNotFinite(values) : -1;
  if (at >= 0) throw refuse(`value ${at} of ${what} is ${values[at]}, expected a finite number`);
  const isShare = values instanceof Uint8Array && !hasClasses(field);
  return (isShare ? Float64Array.from(values, (value) => value / 255) : values) as never;
}

/** All inputs of a data set side by side: for each, its values and how many a sample has. */
export interface Features {
  readonly count: number;
  readonly width: number;
  readonly parts: readonly { readonly values: Field['values']; readonly size: number }[];
}

/** @throws LanewiseError kind 'data' for samples that are not in memory, tokens, and values that are not finite. */
export function featuresOf(samples: Samples, owner: string): Features {
  const refuse: Refuse = (what, hint) =>
    new LanewiseError('data', `${owner} of '${samples.name}': ${what}`, hint);
  if (samples.source)
    throw refuse(
      'the samples are read on demand, expected samples in memory',
      'loadIntoMemory reads all of them first',
    );
  const parts = Object.entries(samples.inputs).map(([name, field]) => {
    const { values, shape } = field;
    const what = name === UNNAMED ? 'the samples' : `input '${name}'`;
    if (values instanceof Int32Array)
      throw refuse(`${what} are tokens, expected numbers or pixels`);
    numbersOf(field, refuse, what);
    return { values, size: sizeOf(shape) };
  });
  const width = parts.reduce((sum, { size }) => sum + size, 0);
  return { count: samples.count, width, parts };
}

/** Writes the features of sample `index` to `row`, bytes as they are. */
export function readRow({ parts }: Features, index: number, row: Float64Array): void {
  let at = 0;
  for (const { values, size } of parts) {
    const first = index * size;
    for (let j = 0; j < size; j++) row[at++] = values[first + j]!;
  }
}

/** A baseline that predicts from the features, which must be as many as at training. */
export function fromFeatures(
  name: string,
  { task, outputs }: Pick<Answers, 'task' | 'outputs'>,
  width: number,
  predictRow: (row: Float64Array, to: Float64Array) => void,
): Baseline {
  return {
    name,
    task,
    outputs,
    predict(data) {
      const samples = samplesOf(data);
      const features = featuresOf(samples, name);
      if (features.width !== width)
        throw new LanewiseError(
          'data',
          `${name}: samples of '${samples.name}' have ${features.width} features, those of training ${width}`,
        );
      const result = new Float64Array(features.count * outputs);
      const row = new Float64Array(width);
      for (let i = 0; i < features.count; i++) {
        readRow(features, i, row);
        predictRow(row, result.subarray(i * outputs, (i + 1) * outputs));
      }
      return result;
    },
  };
}
