/**
 * Ranges of values for bytes, from histograms: all values, all but a few, or those with the least squared error. All of it
 * is arithmetic on which engines agree.
 */

import type { RangeRule } from './calibrated.js';
import { MOST, type PlaceRange } from './quantized-graph.js';

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Values of one tensor, counted in equal bins from `low` to `high`. */
export interface Histogram extends Range {
  readonly counts: Float64Array;
}

const BINS = 2048;

/** An empty histogram, whose range includes 0. */
export const createHistogram = (low: number, high: number): Histogram => ({
  low: Math.min(low, 0),
  high: Math.max(high, 0),
  counts: new Float64Array(BINS),
});

export function count({ low, high, counts }: Histogram, values: Float32Array): void {
  const factor = high > low ? BINS / (high - low) : 0;
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value - low) * factor)));
    counts[bin]!++;
  }
}

/** The values that the bins stand for. */
export const centresOf = ({ low, high, counts }: Histogram): Float64Array =>
  Float64Array.from(counts, (_, i) => low + ((i + 0.5) * (high - low)) / counts.length);

/** The least scale, far from those that floats are too small for, or their inverses too large; values below are zeros. */
const LEAST_SCALE = 2 ** -100;

/** A range's share as a scale. */
const fitting = (scale: number): number => Math.fround(Math.max(scale, LEAST_SCALE));

/** Scale and zero of a range, which is widened to include 0. */
export function scaleOf({ low, high }: Range): PlaceRange {
  const [least, most] = [Math.min(low, 0), Math.max(high, 0)];
  // A tensor of zeros has any scale, so one that is as fine as for values up to 1.
  const scale = fitting((most > least ? most - least : 1) / MOST);
  return { scale, zero: Math.round(Math.min(MOST, Math.max(0, -least / scale))) };
}

/** The whole number nearest to v, and of two the even one. */
export function nearestEven(v: number): number {
  const below = Math.floor(v);
  const rest = v - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** The value that a byte stands for that is nearest to v. */
function rounded(v: number, { scale, zero }: PlaceRange): number {
  const q = Math.min(MOST, Math.max(0, nearestEven(v / scale) + zero));
  return scale * (q - zero);
}

/** The range of a tensor of bytes. */
export function rangeOf(histogram: Histogram, rule: RangeRule): Range {
  if (rule === 'minmax') return { low: histogram.low, high: histogram.high };
  if (rule === 'percentile') return percentile(histogram);
  const centres = centresOf(histogram);
  return leastError(histogram, (range) => {
    const by = scaleOf(range);
    return squaredError(histogram, centres, (v) => v - rounded(v, by));
  });
}

/** Σ n·error² over the bins. */
function squaredError(
  { counts }: Histogram,
  values: Float64Array,
  error: (value: number, bin: number) => number,
): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) {
    const n = counts[i]!;
    if (n === 0) continue;
    const e = error(values[i]!, i);
    sum += n * e * e;
  }
  return sum;
}

/** Leaves out 1 of 10,000 values at each end. */
function percentile({ low, high, counts }: Histogram): Range {
  const all = counts.reduce((sum, n) => sum + n, 0);
  const width = (high - low) / counts.length;
  const cut = (order: Float64Array): number => {
    let left = all / 10_000;
    let bins = 0;
    while (bins < order.length && order[bins]! <= left) left -= order[bins++]!;
    return bins;
  };
  return { low: low + cut(counts) * width, high: high - cut(counts.toReversed()) * width };
}

/** Shares of a range's ends that are tried. */
const SHARES = Array.from({ length: 81 }, (_, i) => 1 - i / 100);

/** The range with the least error: both ends cut alike, then each by itself. */
function leastError({ low, high }: Range, errorOf: (range: Range) => number): Range {
  let best = { low, high };
  let least = errorOf(best);
  const consider = (range: Range) => {
    const error = errorOf(range);
    if (error < least) [best, least] = [range, error];
  };
  for (const share of SHARES) consider({ low: low * share, high: high * share });
  const both = best;
  for (const share of SHARES) consider({ low: both.low, high: high * share });
  const above = best;
  for (const share of SHARES) consider({ low: low * share, high: above.high });
  return best;
}

export const PLACES = 256;

/** Scale and zero of a range that a table covers, in places from −128 to 127. */
export function innerOf({ low, high }: Range): PlaceRange {
  const scale = fitting((high > low ? high - low : 1) / (PLACES - 1));
  // A whole number, so that one place stands for 0.
  return { scale, zero: -Math.floor((low + high) / 2 / scale + 0.5) };
}

/**
 * The range of values that a table covers, with the least squared error of the function's bytes; `results` are its values
 * at the bins.
 */
export function tableRange(histogram: Histogram, results: Float64Array, y: PlaceRange): Range {
  const { low, high, counts } = histogram;
  const factor = high > low ? counts.length / (high - low) : 0;
  const centres = centresOf(histogram);
  return leastError(histogram, (range) => {
    const { scale, zero } = innerOf(range);
    return squaredError(histogram, centres, (v, bin) => {
      const place = Math.min(127, Math.max(-128, Math.round(v / scale + zero)));
      const at = Math.floor((scale * (place - zero) - low) * factor);
      const found = results[Math.min(counts.length - 1, Math.max(0, at))]!;
      return results[bin]! - rounded(found, y);
    });
  });
}
