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
  tableOf,
} from '../../base/check-json.js';
import type { Part } from '../../train/events.js';
import type { Picture } from './pictures.js';
import { SERIES_VIEW, type SeriesView } from './series-view.js';

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

/** A sample as people know it: its picture, its row or its text, and its file. */
export interface SampleSeen {
  /** Its index in the data set. */
  readonly index: number;
  readonly picture?: Picture;
  /** Names and values of a row's columns. */
  readonly cells?: readonly (readonly string[])[];
  readonly text?: string;
  readonly file?: string;
}

/** A sample whose value was predicted worst. */
export interface FarMiss extends SampleSeen {
  readonly truth: number;
  readonly value: number;
}

/** Predicted values of one number, of at most a thousand samples. */
export interface ValuesSeen {
  /** The target, with its unit. */
  readonly name: string;
  readonly truths: readonly number[];
  readonly values: readonly number[];
  readonly mae: number;
  readonly rmse: number;
  readonly r2: number | null;
  /** Intervals that are meant to hold the share `level` of the truths, and hold `covered` of them. */
  readonly interval?: {
    readonly level: number;
    readonly covered: number;
    readonly low: readonly number[];
    readonly high: readonly number[];
  };
}

/** How much worse a model is without one column: a share of wrong classes, or the target's unit. */
export interface Importance {
  readonly column: string;
  readonly rise: number;
  /** The deviation over several deals. */
  readonly deviation: number;
}

/** The figures of a prediction that a model has to beat, by the names that the run has them under. */
export interface BaselineSeen {
  readonly name: string;
  readonly figures: Readonly<Record<string, number | null>>;
}

/** One of the samples with the largest loss. */
export interface Mistake extends SampleSeen {
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
  readonly baselines?: readonly BaselineSeen[];
  readonly values?: readonly ValuesSeen[];
  readonly misses?: readonly FarMiss[];
  /** How often what was said with a probability came true, by bins of probabilities. */
  readonly calibration?: {
    /** The expected calibration error. */
    readonly error: number;
    readonly bins: readonly {
      readonly predicted: number;
      readonly observed: number;
      readonly count: number;
    }[];
  };
  readonly importance?: readonly Importance[];
  /** Of a series. */
  readonly series?: SeriesView;
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

const numbers = listed(double);
/** The fields of a sample as people know it. */
const SAMPLE = {
  index: double,
  'picture?': string,
  'cells?': listed(texts),
  'text?': string,
  'file?': string,
} as const;

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
      ...SAMPLE,
      truth: string,
      predicted: string,
      'probability?': double,
      'truthProbability?': double,
      loss: share,
    }),
  ),
  'baselines?': listed(fields({ name: string, figures: tableOf(share) })),
  'values?': listed(
    fields({
      name: string,
      truths: numbers,
      values: numbers,
      mae: double,
      rmse: double,
      r2: share,
      'interval?': fields({ level: double, covered: double, low: numbers, high: numbers }),
    }),
  ),
  'misses?': listed(fields({ ...SAMPLE, truth: double, value: double })),
  'calibration?': fields({
    error: double,
    bins: listed(fields({ predicted: double, observed: double, count: double })),
  }),
  'importance?': listed(fields({ column: string, rise: double, deviation: double })),
  'series?': SERIES_VIEW,
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
