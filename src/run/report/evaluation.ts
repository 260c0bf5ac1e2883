/** evaluation.json: what a report shows of a trained model, so that it can be drawn without model and data. */
import { LanewiseError, show } from '../../errors.js';
import type { Part } from '../../training/events.js';
import type { Picture } from './pictures.js';

export interface ClassFigures {
  readonly name: string;
  readonly samples: number;
  /** Share of the samples taken for this class which are of it; null if there are none, as below. */
  readonly precision: number | null;
  /** Share of its samples which were recognised. */
  readonly recall: number | null;
  /** Harmonic mean of the two. */
  readonly f1: number | null;
}

/** One of the samples with the largest loss. */
export interface Mistake {
  /** In the data set. */
  readonly index: number;
  readonly picture?: Picture;
  readonly truth: string;
  readonly predicted: string;
  /** Of the predicted class, and of the true one; absent where scores are no probabilities. */
  readonly probability?: number;
  readonly truthProbability?: number;
  readonly loss: number;
}

export interface Pictures {
  readonly name: string;
  /** What they are, in words: `6 of 6, 5×5`. */
  readonly about: string;
  readonly pictures: readonly Picture[];
}

/** What a report shows of a model on a data set: figures, mistakes, filters, feature maps. */
export interface Evaluation {
  readonly version: 1;
  readonly data: string;
  /** What the samples were to the run; absent where nobody said. */
  readonly part?: Part;
  readonly samples: number;
  readonly loss: number;
  readonly accuracy?: number;
  readonly confusion?: {
    readonly classes: readonly string[];
    readonly counts: readonly (readonly number[])[];
  };
  readonly classes?: readonly ClassFigures[];
  readonly mistakes?: readonly Mistake[];
  readonly filters?: Pictures;
  readonly featureMaps?: {
    readonly picture: Picture;
    readonly label: string;
    readonly layers: readonly Pictures[];
  };
}

type Fields = Readonly<Record<string, unknown>>;

const isNumber = (value: unknown) => typeof value === 'number';
const isText = (value: unknown) => typeof value === 'string';
const isShare = (value: unknown) => value === null || isNumber(value);
const isListOf = (is: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every(is);
const isObjectOf = (fields: Readonly<Record<string, (value: unknown) => boolean>>) => {
  const entries = Object.entries(fields);
  return (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    entries.every(([key, is]) => {
      const name = key.replace('?', '');
      const found = (value as Fields)[name];
      return (found === undefined && name !== key) || is(found);
    });
};
const isPictures = isObjectOf({ name: isText, about: isText, pictures: isListOf(isText) });

const checks = {
  version: (value: unknown) => value === 1,
  data: isText,
  'part?': (value: unknown) => value === 'validation' || value === 'test',
  samples: isNumber,
  // JSON has no word for NaN.
  loss: isShare,
  'accuracy?': isNumber,
  'confusion?': isObjectOf({ classes: isListOf(isText), counts: isListOf(isListOf(isNumber)) }),
  'classes?': isListOf(
    isObjectOf({
      name: isText,
      samples: isNumber,
      precision: isShare,
      recall: isShare,
      f1: isShare,
    }),
  ),
  'mistakes?': isListOf(
    isObjectOf({
      index: isNumber,
      'picture?': isText,
      truth: isText,
      predicted: isText,
      'probability?': isNumber,
      'truthProbability?': isNumber,
      loss: isShare,
    }),
  ),
  'filters?': isPictures,
  'featureMaps?': isObjectOf({ picture: isText, label: isText, layers: isListOf(isPictures) }),
} satisfies Readonly<Record<string, (value: unknown) => boolean>>;

/** @throws LanewiseError kind 'data' naming the file and the field that is not what it should be. */
export function readEvaluation(bytes: Uint8Array, path: string): Evaluation {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new LanewiseError('data', `'${path}' is not JSON: ${(error as Error).message}`);
  }
  for (const [key, check] of Object.entries(checks)) {
    if (isObjectOf({ [key]: check })(value)) continue;
    const name = key.replace('?', '');
    throw new LanewiseError(
      'data',
      `'${path}': ${name} is ${show((value as Fields | null)?.[name])}, which is not what a run writes`,
      'delete the file: the report is then made without it',
    );
  }
  return value as Evaluation;
}
