/**
 * The linear baseline: ridge regression for values, logistic regression for classes and for yes or no, on standardised
 * features, in double precision and a fixed order, so that every engine finds the same numbers.
 */
import { checkOptions, extent, flag, notNegative, text, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { IndexedDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { permutation } from '../data/shuffle.js';
import { randomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';
import {
  answersOf,
  featuresOf,
  fromFeatures,
  type Answers,
  type Baseline,
  type BaselineOptions,
} from './baseline.js';
import { fitLogistic, probabilities } from './logistic.js';
import { fitRidge } from './ridge.js';
import { standardized, type Standardized } from './standardized.js';

/** Options of a linear model. */
export interface LinearOptions extends BaselineOptions {
  /**
   * λ of the penalty λ/2·Σw² beside the sum of the losses, the intercepts apart. Default 1 for classes, as scikit-learn's
   * LogisticRegression; for values the one of 0.01, 0.1 … 10,000 with the least generalised cross-validation error.
   */
  readonly penalty?: number;
  /** Most iterations for classes; default 100. */
  readonly iterations?: number;
  /** The samples that are used, if there are too many, are drawn by it; default 1. */
  readonly seed?: number;
}

/** Multiplications for the products of features, or for one gradient, and numbers in the matrix. */
const MOST_PRODUCTS = 2e9;
const MOST_SCORED = 1e7;
const MOST_NUMBERS = 1e7;
/** The largest number of features: for values a matrix of their products is factored. */
const MOST_FEATURES = { values: 1024, classes: 65_536, sides: 65_536 } as const;

/**
 * A linear model of the features of `train`: all inputs, side by side, each scaled to mean 0 and deviation 1. For values it is ridge
 * regression, for classes multinomial logistic regression (for two classes the binomial one, as scikit-learn's), for
 * `binary` targets one for each value.
 *
 * The work is bounded: values use at most 2·10⁹ products of features, classes 10⁷ of samples, features and classes, and both
 * 10⁷ numbers; of more samples that many are drawn, and the name says so.
 * @throws LanewiseError kind 'data' for data without such a target, not in memory, or with more than 1024 features
 * for values, 65,536 for classes.
 */
export function linear(train: IndexedDataset, options: LinearOptions = {}): Baseline {
  checkOptions('baselines.linear', options, {
    target: text,
    binary: flag,
    penalty: notNegative,
    iterations: extent,
    seed: wholeFrom(0),
  });
  const samples = samplesOf(train);
  const owner = 'a linear model';
  const answers = answersOf(samples, options, owner);
  const features = featuresOf(samples, owner);
  const widest = MOST_FEATURES[answers.task];
  if (features.width > widest)
    throw new LanewiseError(
      'data',
      `${owner} of '${samples.name}': there are ${features.width} features, at most ${widest} are taken`,
    );
  const known = placesOf(features.count, answers);
  if (known.length === 0)
    throw new LanewiseError('data', `${owner} of '${samples.name}': no sample has a class`);
  const most = mostRows(features.width, answers);
  const places = known.length <= most ? known : drawn(known, most, options.seed ?? 1);
  const matrix = standardized(features, places);
  const name = places === known ? owner : `${owner} of ${places.length} samples`;
  const fitted = FITS[answers.task](matrix, answers, options);
  const row = new Float64Array(features.width);
  return fromFeatures(name, answers, features.width, (found, to) => {
    for (let j = 0; j < row.length; j++)
      row[j] = (found[j]! - matrix.mean[j]!) / matrix.deviation[j]!;
    fitted(row, to);
  });
}

/** How many samples may be used. */
export function mostRows(
  width: number,
  { task, outputs }: Pick<Answers, 'task' | 'outputs'>,
): number {
  const products =
    task === 'values' ? MOST_PRODUCTS / (width * width) : MOST_SCORED / (width * outputs);
  return Math.max(1, Math.floor(Math.min(products, MOST_NUMBERS / width)));
}

/** The samples that have an answer. */
function placesOf(count: number, { task, values }: Answers): Uint32Array {
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  return task === 'classes' ? all.filter((i) => values[i]! >= 0) : all;
}

const drawn = (places: Uint32Array, count: number, seed: number): Uint32Array =>
  permutation(places.length, randomStream(seed, purpose.baseline, 0))
    .subarray(0, count)
    .toSorted()
    .map((i) => places[i]!);

type Fitted = (row: Float64Array, to: Float64Array) => void;
type Fit = (matrix: Standardized, answers: Answers, options: LinearOptions) => Fitted;

const columnOf = (
  { places }: Standardized,
  { values, outputs }: Answers,
  c: number,
): Float64Array => Float64Array.from(places, (place) => values[place * outputs + c]!);

const FITS: Readonly<Record<Answers['task'], Fit>> = {
  values(matrix, answers, { penalty }) {
    const columns = Array.from({ length: answers.outputs }, (_, c) => columnOf(matrix, answers, c));
    const lines = fitRidge(matrix, columns, penalty);
    return (row, to) => {
      lines.forEach(({ weights, intercept }, c) => {
        let sum = intercept;
        for (let j = 0; j < row.length; j++) sum += weights[j]! * row[j]!;
        to[c] = sum;
      });
    };
  },
  classes(matrix, { values, outputs }, options) {
    const labels = Int32Array.from(matrix.places, (place) => values[place]!);
    const present = Array.from({ length: outputs }, (_, c) => c).filter((c) => labels.includes(c));
    const ranks = labels.map((label) => present.indexOf(label));
    const weights = fitLogistic(matrix, ranks, present.length, options);
    const found = new Float64Array(present.length);
    return (row, to) => {
      probabilities(row, weights, found);
      present.forEach((c, rank) => (to[c] = found[rank]!));
    };
  },
  sides(matrix, answers, options) {
    const all = Array.from({ length: answers.outputs }, (_, c) => {
      const column = columnOf(matrix, answers, c);
      // All yes or all no: nothing tells them apart.
      if (column.every((value) => value === column[0])) return column[0]!;
      return fitLogistic(matrix, Int32Array.from(column), 2, options);
    });
    const found = new Float64Array(2);
    return (row, to) => {
      all.forEach((weights, c) => {
        if (typeof weights === 'number') to[c] = weights;
        else {
          probabilities(row, weights, found);
          to[c] = found[1]!;
        }
      });
    };
  },
};
