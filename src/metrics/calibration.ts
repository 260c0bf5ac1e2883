/**
 * Whether probabilities mean what they say: of the samples that a model is 80 % sure of, are 80 % right? Probabilities are
 * one a label, that of class 1, or a row of one per class.
 */
import {
  checkLists,
  checkOptions,
  numberAbove,
  oneOf,
  wholeFrom,
  type Checks,
} from '../base/check.js';
import { exp, log } from '../base/arithmetic.js';
import { LanewiseError } from '../base/errors.js';

/** Options of a reliability curve. */
export interface CalibrationOptions {
  /** Number of bins; default 10. */
  readonly bins?: number;
  /** Bins of equal width (`uniform`, the default), or of equally many samples (`quantile`). */
  readonly strategy?: 'uniform' | 'quantile';
}

const CHECKS: Checks<CalibrationOptions> = {
  bins: /* @__PURE__ */ wholeFrom(1, 10_000),
  strategy: /* @__PURE__ */ oneOf(['uniform', 'quantile']),
};

/** The samples whose probability is in one range. */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Their mean probability. */
  readonly predicted: number;
  /** The share of those for which it came true. */
  readonly observed: number;
}

interface Certainty {
  /** The probability of class 1, or of the most likely class. */
  readonly p: Float64Array;
  /** Whether it came true, 0 or 1. */
  readonly isTrue: Uint8Array;
}

/** @throws LanewiseError kind 'argument' if the lists do not fit, or a value is no label or no probability. */
function checkRows(
  figure: string,
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
): number {
  const refuse = (why: string) => new LanewiseError('argument', `${figure}: ${why}`);
  checkLists(figure, { labels, probabilities });
  const classes = probabilities.length / labels.length;
  if (!Number.isInteger(classes) || classes < 1)
    throw refuse(
      `${probabilities.length} probabilities for ${labels.length} labels, expected as many for each`,
    );
  for (let i = 0; i < probabilities.length; i++)
    if (!(probabilities[i]! >= 0 && probabilities[i]! <= 1))
      throw refuse(`probability ${i} is ${String(probabilities[i])}, expected 0 to 1`);
  const most = Math.max(2, classes);
  for (let i = 0; i < labels.length; i++)
    if (!Number.isInteger(labels[i]) || labels[i]! < 0 || labels[i]! >= most)
      throw refuse(`label ${i} is ${String(labels[i])}, expected a class below ${most}`);
  return classes;
}

function certaintyOf(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): Certainty {
  const p = new Float64Array(labels.length);
  const isTrue = new Uint8Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let c = 1; c < classes; c++)
      if (probabilities[i * classes + c]! > probabilities[i * classes + best]!) best = c;
    p[i] = probabilities[i * classes + best]!;
    isTrue[i] = Number(labels[i] === (classes === 1 ? 1 : best));
  }
  return { p, isTrue };
}

/**
 * The reliability curve: for each bin of probabilities that holds samples, their mean and the share that came true. Of one
 * probability a label it is class 1's, as scikit-learn's calibration_curve; of rows it is that of the most likely class.
 * @throws LanewiseError kind 'argument' if the lists do not fit.
 */
export function calibrationCurve(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions = {},
): CalibrationBin[] {
  const classes = checkRows('calibration', labels, probabilities);
  const { bins = 10, strategy = 'uniform' } = checkOptions('calibrationCurve', options, CHECKS);
  const { p, isTrue } = certaintyOf(labels, probabilities, classes);
  const edges =
    strategy === 'uniform'
      ? Float64Array.from({ length: bins + 1 }, (_, i) => i / bins)
      : quantiles(p.toSorted(), bins);
  const sums = Array.from({ length: bins }, () => ({ count: 0, predicted: 0, observed: 0 }));
  for (let i = 0; i < p.length; i++) {
    const bin = sums[binOf(edges, p[i]!)]!;
    bin.count++;
    bin.predicted += p[i]!;
    bin.observed += isTrue[i]!;
  }
  return sums.flatMap(({ count, predicted, observed }, b) =>
    count === 0
      ? []
      : [
          {
            low: edges[b]!,
            high: edges[b + 1]!,
            count,
            predicted: predicted / count,
            observed: observed / count,
          },
        ],
  );
}

/** The bin after the inner edges that are below p. */
function binOf(edges: Float64Array, p: number): number {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle + 1]! < p) low = middle + 1;
    else high = middle;
  }
  return low;
}

const quantiles = (sorted: Float64Array, bins: number): Float64Array =>
  Float64Array.from({ length: bins + 1 }, (_, i) => {
    const at = (i / bins) * (sorted.length - 1);
    const below = Math.floor(at);
    const next = sorted[Math.min(below + 1, sorted.length - 1)]!;
    return sorted[below]! + (at - below) * (next - sorted[below]!);
  });

/**
 * The expected calibration error (Naeini et al. 2015, Guo et al. 2017): the mean distance of probability and share over the
 * samples, by bins of equal width, 15 by default.
 * @throws LanewiseError kind 'argument' if the lists do not fit.
 */
export function expectedCalibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: CalibrationOptions = {},
): number {
  checkOptions('expectedCalibrationError', options, CHECKS);
  const curve = calibrationCurve(labels, probabilities, { bins: 15, ...options });
  return curve.reduce(
    (sum, { count, predicted, observed }) =>
      sum + (count / labels.length) * Math.abs(predicted - observed),
    0,
  );
}

/**
 * The Brier score (1950): of one probability a label the mean of (p − y)², as scikit-learn's brier_score_loss; of rows the
 * mean over the samples of its sum over the classes, from 0 to 2.
 * @throws LanewiseError kind 'argument' if the lists do not fit.
 */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const classes = checkRows('Brier score', labels, probabilities);
  let sum = 0;
  for (let i = 0; i < labels.length; i++)
    for (let c = 0; c < classes; c++) {
      const isTrue = labels[i] === (classes === 1 ? 1 : c);
      const difference = probabilities[i * classes + c]! - (isTrue ? 1 : 0);
      sum += difference * difference;
    }
  return sum / labels.length;
}

/** Scores of probability 0 count as this small. */
const LEAST = 2 ** -52;
/** The range in which a temperature is sought. */
const COLDEST = 0.05;
const HOTTEST = 20;

/**
 * The temperature T (Guo et al. 2017) by which the scores have to be divided so that the probabilities of these samples, p^(1/T)
 * over their sum, have the least cross-entropy, from 0.05 to 20: above 1 if the model is too sure. To be found on
 * validation samples; it changes no prediction.
 * @throws LanewiseError kind 'argument' if the lists do not fit.
 */
export function temperatureOf(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const classes = checkRows('temperature', labels, probabilities);
  const rows = rowsOf(probabilities, classes);
  const width = Math.max(2, classes);
  const scores = Float64Array.from(rows, (p) => log(Math.max(p, LEAST)));
  // The cross-entropy is convex in 1/T; its derivative is Σ (Σ p·s − the right class's s).
  const slope = (inverse: number): number => {
    let sum = 0;
    const weights = new Float64Array(width);
    for (let i = 0; i < labels.length; i++) {
      const row = scores.subarray(i * width, (i + 1) * width);
      const most = row.reduce((a, b) => Math.max(a, b));
      let [total, mean] = [0, 0];
      for (let c = 0; c < width; c++) {
        weights[c] = exp((row[c]! - most) * inverse);
        total += weights[c]!;
        mean += weights[c]! * row[c]!;
      }
      sum += mean / total - row[labels[i]!]!;
    }
    return sum;
  };
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (slope(middle) < 0) low = middle;
    else high = middle;
  }
  return 2 / (low + high);
}

/** A row of one per class; of one probability a label, both classes'. */
const rowsOf = (probabilities: ArrayLike<number>, classes: number): Float64Array =>
  classes > 1
    ? Float64Array.from(probabilities)
    : Float64Array.from({ length: 2 * probabilities.length }, (_, i) =>
        i % 2 === 1 ? probabilities[i >> 1]! : 1 - probabilities[i >> 1]!,
      );

/**
 * Probabilities in the same rows at another temperature: p^(1/T) over their sum.
 * @throws LanewiseError kind 'argument' for a temperature of 0 or less, and lists that do not fit.
 */
export function atTemperature(
  probabilities: ArrayLike<number>,
  classes: number,
  temperature: number,
): Float64Array {
  checkLists('atTemperature', { probabilities });
  wholeFrom(1)('atTemperature', 'classes', classes);
  numberAbove(0)('atTemperature', 'temperature', temperature);
  if (probabilities.length === 0 || probabilities.length % classes !== 0)
    throw new LanewiseError(
      'argument',
      `atTemperature: ${probabilities.length} probabilities of ${classes} classes, expected whole rows, one at least`,
    );
  const rows = rowsOf(probabilities, classes);
  const width = Math.max(2, classes);
  for (let at = 0; at < rows.length; at += width) {
    const row = rows.subarray(at, at + width);
    const scores = row.map((p) => log(Math.max(p, LEAST)) / temperature);
    const most = scores.reduce((a, b) => Math.max(a, b));
    const sum = scores.reduce((all, score, c) => all + (row[c] = exp(score - most)), 0);
    for (let c = 0; c < width; c++) row[c]! /= sum;
  }
  return classes > 1 ? rows : rows.filter((_, i) => i % 2 === 1);
}
