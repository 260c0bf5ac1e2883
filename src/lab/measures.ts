/** Measures of labs beyond classification: of pictures, and of lists of candidates. */
import { log } from '../base/arithmetic.js';
import { checkLists, finite, numberAbove, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/** A list of candidates, best first, with an entry for each positive in it. */
export interface PrecisionRecall {
  /** Indices of the samples, by falling score; equal scores in the order of the samples. */
  readonly order: readonly number[];
  /** How many candidates have been looked at when a positive is found: its place in the list, from 1. */
  readonly ranks: Int32Array;
  /** The share of positives among those. Its mean is the average precision, if no scores are equal. */
  readonly precision: Float64Array;
  /** The share of all positives that is among those. */
  readonly recall: Float64Array;
}

/** @throws LanewiseError kind 'argument' unless both lists are of one length, with at least one value. */
function sameLength(owner: string, lists: Readonly<Record<string, ArrayLike<unknown>>>): void {
  checkLists(owner, lists);
  const [[first, a], [second, b]] = Object.entries(lists) as [
    [string, ArrayLike<unknown>],
    [string, ArrayLike<unknown>],
  ];
  if (a.length === b.length && a.length > 0) return;
  throw new LanewiseError(
    'argument',
    `${owner}: ${first} has ${a.length} values and ${second} ${b.length}, expected as many, and at least one`,
  );
}

/**
 * Peak signal-to-noise ratio in decibels: 10·log10(peak²/mean squared error), Infinity for equal pictures.
 * @param peak The largest value of a pixel; default 1.
 * @throws LanewiseError kind 'argument' for pictures of different lengths, and for values that are no finite numbers.
 */
export function psnr(found: ArrayLike<number>, truth: ArrayLike<number>, peak = 1): number {
  sameLength('psnr', { found, truth });
  numberAbove(0)('psnr', 'peak', peak);
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += (found[i]! - truth[i]!) ** 2;
  if (!Number.isFinite(sum))
    for (const [name, values] of Object.entries({ found, truth }))
      for (let i = 0; i < values.length; i++) finite('psnr', `${name}[${i}]`, values[i]);
  if (sum === 0) return Infinity;
  return (10 * log((peak * peak * truth.length) / sum)) / Math.LN10;
}

/**
 * Precision and recall of candidates, best first, at each positive.
 * @param isPositive 1 or 0 for each sample.
 * @throws LanewiseError kind 'argument' for lists of different lengths or with other values, and if no sample is positive.
 */
export function precisionRecall(
  isPositive: ArrayLike<number>,
  scores: ArrayLike<number>,
): PrecisionRecall {
  sameLength('precisionRecall', { isPositive, scores });
  for (let i = 0; i < scores.length; i++) {
    if (typeof scores[i] !== 'number' || Number.isNaN(scores[i]))
      refuse('precisionRecall', `scores[${i}]`, scores[i], 'a number');
    if (isPositive[i] !== 0 && isPositive[i] !== 1)
      refuse('precisionRecall', `isPositive[${i}]`, isPositive[i], '0 or 1');
  }
  const indices = Array.from(scores, (_, i) => i);
  const order = indices.toSorted((a, b) => scores[b]! - scores[a]! || a - b);
  const ranks = indices.filter((n) => isPositive[order[n]!] === 1).map((n) => n + 1);
  if (ranks.length === 0)
    throw new LanewiseError('argument', 'precisionRecall: no sample is positive, expected a 1');
  return {
    order,
    ranks: Int32Array.from(ranks),
    precision: Float64Array.from(ranks, (rank, i) => (i + 1) / rank),
    recall: Float64Array.from(ranks, (_, i) => (i + 1) / ranks.length),
  };
}
