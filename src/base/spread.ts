/**
 * Scores that describe the distribution of a value rather than the value alone: its quantiles, or the mean and deviation
 * of a normal distribution. Plain data, with which files say what their scores mean.
 */
import { exp } from './arithmetic.js';

/**
 * The meaning of the scores of one value, which follow each other: the quantiles of these shares, in rising order; or
 * mean and deviation, of which an interval of this share is made.
 */
export type Spread = { readonly quantiles: readonly number[] } | { readonly normal: number };

/** A value with the interval that its scores describe. */
export interface Interval {
  /** The median, or the quantile nearest to it; the mean of a normal distribution. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Number of scores for each value. */
export const widthOfSpread = (spread: Spread): number =>
  'quantiles' in spread ? spread.quantiles.length : 2;

/** The share of values that intervals are meant to hold: between the outermost quantiles; 0 of a single one. */
export const levelOf = (spread: Spread): number =>
  'quantiles' in spread ? spread.quantiles.at(-1)! - spread.quantiles[0]! : spread.normal;

/** The place of the quantile nearest to the median, the lower of two. */
export const middleOf = (quantiles: readonly number[]): number =>
  quantiles.reduce(
    (best, q, i) => (Math.abs(q - 0.5) < Math.abs(quantiles[best]! - 0.5) ? i : best),
    0,
  );

/** A reader of the interval whose scores start at `from`. */
export function intervalReader(
  spread: Spread,
): (scores: ArrayLike<number>, from: number) => Interval {
  if ('quantiles' in spread) {
    const last = spread.quantiles.length - 1;
    const middle = middleOf(spread.quantiles);
    return (scores, from) => ({
      value: scores[from + middle]!,
      low: scores[from]!,
      high: scores[from + last]!,
    });
  }
  const z = normalQuantile((1 + spread.normal) / 2);
  return (scores, from) => {
    const [mean, deviation] = [scores[from]!, scores[from + 1]!];
    return { value: mean, low: mean - z * deviation, high: mean + z * deviation };
  };
}

/** Steps after which Newton's method has stopped moving, for shares that differ from 1 at all. */
const MOST_STEPS = 100;

/**
 * The x below which a share p of a standard normal distribution lies, 0 < p < 1. Newton's method from 0, which comes from
 * one side as the distribution function is concave there: Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …).
 */
export function normalQuantile(p: number): number {
  if (p < 0.5) return -normalQuantile(1 - p);
  let x = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const density = exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
    let [sum, term] = [0, x];
    for (let k = 3; sum + term !== sum; k += 2) {
      sum += term;
      term *= (x * x) / k;
    }
    const next = x + (p - 0.5 - density * sum) / density;
    if (!(next > x)) break;
    x = next;
  }
  return x;
}
