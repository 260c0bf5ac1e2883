/** Confidence intervals of figures over samples by the bootstrap (Efron 1979), a function of the seed. */
import { checkOptions, isObject, numberAbove, refuse, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { exp, log } from '../base/arithmetic.js';
import { randomStream } from '../random/philox.js';
import { purpose } from '../random/purposes.js';

/** A figure of the samples at `places`, which may repeat. */
export type FigureAt = (places: Uint32Array) => number;

/** Options of the bootstrap. */
export interface BootstrapOptions {
  /** How often the samples are drawn again; default 1000. */
  readonly resamples?: number;
  /** The share of the draws whose figures are inside; default 0.95. */
  readonly confidence?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** A figure with its interval. */
export interface Interval {
  /** The figure of the samples themselves. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** The standard deviation of the figures of the draws: the standard error. */
  readonly deviation: number;
}

/**
 * Percentile intervals of figures over `count` samples: for each of `resamples` draws of `count` samples with repetition, every
 * figure is computed of the same draw, so that a difference of two figures of the same samples is a paired one. A figure
 * that is not finite for a draw leaves that draw out.
 * @throws LanewiseError kind 'argument' for a count that is not whole, and values that are not functions.
 */
export function bootstrap<Name extends string>(
  count: number,
  figures: Readonly<Record<Name, FigureAt>>,
  options: BootstrapOptions = {},
): Record<Name, Interval> {
  const {
    resamples = 1000,
    confidence = 0.95,
    seed = 1,
  } = checkOptions('bootstrap', options, {
    resamples: wholeFrom(2, 1e6),
    confidence: numberAbove(0, 0.9999),
    seed: wholeFrom(0),
  });
  wholeFrom(1, 2 ** 32 - 1)('bootstrap', 'count', count);
  if (!isObject(figures)) refuse('bootstrap', 'figures', figures, 'an object of functions');
  const names = Object.keys(figures) as Name[];
  if (names.length === 0)
    throw new LanewiseError('argument', 'bootstrap: there is no figure, expected one at least');
  for (const name of names)
    if (typeof figures[name] !== 'function') refuse('bootstrap', name, figures[name], 'a function');
  const all = Uint32Array.from({ length: count }, (_, i) => i);
  const values = names.map((name) => {
    const value: unknown = figures[name](all);
    if (typeof value !== 'number') refuse('bootstrap', `figure ${name}`, value, 'a number');
    return value as number;
  });
  const random = randomStream(seed, purpose.bootstrap, 0);
  const places = new Uint32Array(count);
  const drawn = names.map(() => [] as number[]);
  for (let draw = 0; draw < resamples; draw++) {
    for (let i = 0; i < count; i++) places[i] = random.integer(count);
    names.forEach((name, f) => {
      const value = figures[name](places);
      if (Number.isFinite(value)) drawn[f]!.push(value);
    });
  }
  return Object.fromEntries(
    names.map((name, f) => [name, intervalOf(values[f]!, drawn[f]!, confidence)]),
  ) as Record<Name, Interval>;
}

function intervalOf(value: number, drawn: readonly number[], confidence: number): Interval {
  const sorted = Float64Array.from(drawn).toSorted();
  if (sorted.length === 0 || !Number.isFinite(value))
    return { value, low: NaN, high: NaN, deviation: NaN };
  const mean = sorted.reduce((sum, x) => sum + x, 0) / sorted.length;
  const squares = sorted.reduce((sum, x) => sum + (x - mean) * (x - mean), 0);
  return {
    value,
    low: quantile(sorted, (1 - confidence) / 2),
    high: quantile(sorted, (1 + confidence) / 2),
    deviation: Math.sqrt(squares / Math.max(1, sorted.length - 1)),
  };
}

/** By linear interpolation between ranks, as NumPy does by default. */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const next = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return sorted[below]! + (at - below) * (next - sorted[below]!);
}

/** The figure that is the mean of one value a sample, such as 1 for right and 0 for wrong, or an error. */
export function meanOver(values: ArrayLike<number>): FigureAt {
  if (!(values?.length > 0)) refuse('meanOver', 'values', values, 'a list of at least one value');
  return (places) => {
    let sum = 0;
    for (let i = 0; i < places.length; i++) {
      const value = values[places[i]!];
      if (value === undefined)
        throw new LanewiseError(
          'argument',
          `meanOver: there are ${values.length} values, and none for sample ${places[i]!}`,
        );
      sum += value;
    }
    return sum / places.length;
  };
}

/**
 * The interval of a share of right answers. Where all are right, or none, no draw differs, and the bootstrap would be certain:
 * then the far end is the exact one of Clopper and Pearson (1934), for which there was a chance of (1 − confidence)/2 to
 * see no other.
 * @throws LanewiseError kind 'argument' for values other than 0 and 1.
 */
export function shareInterval(hits: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const wrong = Array.prototype.findIndex.call(hits ?? [], (hit) => hit !== 0 && hit !== 1);
  if (wrong >= 0)
    throw new LanewiseError(
      'argument',
      `shareInterval: value ${wrong} is ${String(hits[wrong])}, expected 0 or 1`,
    );
  const { share } = bootstrap(hits?.length, { share: meanOver(hits) }, options);
  return withExactEnd(share, hits.length, options.confidence);
}

/** An interval of a share with the exact end, if all answers are right or none is. */
export function withExactEnd(share: Interval, count: number, confidence = 0.95): Interval {
  const end = exp(log((1 - confidence) / 2) / count);
  if (share.value === 1) return { ...share, low: end };
  return share.value === 0 ? { ...share, high: 1 - end } : share;
}
