/** The file evaluation.json: a report's view of a trained model, from which it is drawn without model and data. */
import { oneOf } from '../../base/check.js';
import {
  double,
  fields,
  listed,
  orNull,
  parseJson,
  readAs,
  string,
} from '../../base/check-json.js';
import type { Part } from '../../train/events.js';
import type { Picture } from './pictures.js';

export interface ClassFigures {
  readonly name: string;
  readonly samples: number;
  /** Share of the samples predicted as this class that belong to it; null if there are none, as below. */
  readonly precision: number | null;
  /** Share of its samples that were recognised. */
  readonly recall: number | null;
  /** Harmonic mean of the two. */
  readonly f1: number | null;
}

/** One of the samples with the largest loss. */
export interface Mistake {
  /** Its index in the data set. */
  readonly index: number;
  readonly picture?: Picture;
  readonly truth: string;
  readonly predicted: string;
  /** Probabilities of the predicted and of the true class; absent where scores are not probabilities. */
  readonly probability?: number;
  readonly truthProbability?: number;
  readonly loss: number;
}

export interface Pictures {
  readonly name: string;
  /** A description in words: `6 of 6, 5×5`. */
  readonly about: string;
  readonly pictures: readonly Picture[];
}

/** A report's view of a model on a data set: figures, mistakes, filters, feature maps. */
export interface Evaluation {
  readonly version: 1;
  readonly data: string;
  /** The role of the samples in the run; absent if unknown. */
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

/** A figure that is NaN is null, and stays so. */
const share = orNull(double, null);
const texts = listed(string);
const PICTURES = fields({ name: string, about: string, pictures: texts });

const EVALUATION = fields({
  version: oneOf([1]),
  data: string,
  'part?': oneOf(['validation', 'test']),
  samples: double,
  loss: share,
  'accuracy?': double,
  'confusion?': fields({ classes: texts, counts: listed(listed(double)) }),
  'classes?': listed(
    fields({ name: string, samples: double, precision: share, recall: share, f1: share }),
  ),
  'mistakes?': listed(
    fields({
      index: double,
      'picture?': string,
      truth: string,
      predicted: string,
      'probability?': double,
      'truthProbability?': double,
      loss: share,
    }),
  ),
  'filters?': PICTURES,
  'featureMaps?': fields({ picture: string, label: string, layers: listed(PICTURES) }),
});

/** @throws LanewiseError kind 'data' naming the file and the field with a wrong value. */
export const readEvaluation = (bytes: Uint8Array, path: string): Evaluation =>
  readAs(
    'data',
    `'${path}'`,
    '',
    parseJson('data', `'${path}'`, new TextDecoder().decode(bytes)),
    EVALUATION,
    'delete the file: the report is then made without it',
  );
