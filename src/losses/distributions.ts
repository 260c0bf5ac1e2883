/**
 * Losses of outputs that describe the distribution of each value: its quantiles, or a normal distribution. An output has
 * `width` numbers for each value of the target, which follow each other: n×(k·width) or n×k×width for n×k, n×width for n.
 */
import { checkOptions, listOf, numberAbove, refuse } from '../base/check.js';
import { log } from '../base/arithmetic.js';
import { widthOfSpread, type Spread } from '../base/spread.js';
import { ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import type { Loss } from './define.js';
import { dividedBy, SCALE, scaleSetting, type Scale, type ScaleOption } from './target-scale.js';

/** Output n×k×width and target n×k. @throws ShapeError if they do not fit. */
function described(loss: string, output: Tensor, target: Tensor, width: number) {
  const n = output.shape[0] ?? 0;
  const k = sizeOf(target.shape) / n;
  const fits =
    output.shape.length >= 2 &&
    target.shape[0] === n &&
    output.shape.at(-1)! % width === 0 &&
    sizeOf(output.shape) === n * k * width;
  if (!fits) {
    throw new ShapeError(
      loss,
      `output ${showShape(output.shape)} does not fit target ${showShape(target.shape)}: expected ${width} outputs for each value, such as n×${width} for n×1, n×k×${width} for n×k`,
      undefined,
      `give the last layer ${width} outputs for each value of the target`,
    );
  }
  const values = target.dtype === 'f32' ? target : ops.toFloats(target);
  return { y: ops.reshape(output, [n, k, width]), t: ops.reshape(values, [n, k]), n, k };
}

/** Losses of each value, n×k. */
type OfEach = (output: Tensor, target: Tensor) => Tensor;

const ofEach = (
  kind: string,
  settings: Loss['settings'],
  spread: Spread,
  losses: OfEach,
  scores: Loss['scores'],
): Loss => ({
  kind,
  settings,
  gives: 'figures',
  finds: 'values',
  spread,
  takes: { output: 'any', values: 'any' },
  perSample: (output, target) => ops.mean(losses(output, target), 1),
  byAnswer: { losses, reduction: 'mean' },
  scores,
});

/** The index `at` on the last axis, which stays with extent 1. */
const only = (x: Tensor, at: number): Tensor =>
  ops.slice(x, [...x.shape.slice(1).map((): ops.Range => []), [at, at + 1]]);

/** Groups of `width` values on the last axis as columns of (…/width)×width. */
function columnsOf(output: Tensor, width: number): Tensor[] {
  const rows = ops.reshape(output, [sizeOf(output.shape) / width, width]);
  return Array.from({ length: width }, (_, at) => only(rows, at));
}

/** The columns in rising order, by comparing neighbours: as many rounds as columns put any order right. */
function sorted(columns: readonly Tensor[]): Tensor[] {
  const list = [...columns];
  for (let round = 0; round < list.length; round++) {
    for (let at = round % 2; at + 1 < list.length; at += 2) {
      const [a, b] = [list[at]!, list[at + 1]!];
      [list[at], list[at + 1]] = [ops.minimum(a, b), ops.maximum(a, b)];
    }
  }
  return list;
}

/** Most quantiles: sorting takes about as many steps as the square of their number. */
const MOST_QUANTILES = 25;

/** @throws LanewiseError kind 'argument' unless the shares rise. */
function checkQuantiles(quantiles: readonly number[]): readonly number[] {
  const at = quantiles.findIndex((q, i) => i > 0 && q <= quantiles[i - 1]!);
  if (at > 0)
    refuse(
      'quantile',
      `quantiles[${at}]`,
      quantiles[at],
      `one above the ${quantiles[at - 1]} before it`,
    );
  return [...quantiles];
}

/**
 * The mean over a sample's values and quantiles of max(τ·d, (τ − 1)·d), d = (target − output)/scale: the pinball loss,
 * which is least where a share τ of the targets lies below the output (Koenker & Bassett 1978). For each value of the
 * target the output has one number a quantile.
 *
 * Scores are the outputs in rising order: separately trained quantiles may cross, and sorting them never makes the
 * pinball loss larger (Chernozhukov, Fernández-Val & Galichon 2010). The metrics rmse, mae and r2 are of the median, or
 * the quantile nearest to it.
 * @throws LanewiseError kind 'argument' unless quantiles rise within 0 and 1.
 */
export function quantile(
  options: {
    /** Shares between 0 and 1, rising, 25 at most; default 0.05, 0.5 and 0.95: the median and an interval of 90 %. */
    readonly quantiles?: readonly number[];
  } & ScaleOption = {},
): Loss {
  const kind = 'quantile';
  const { quantiles: given = [0.05, 0.5, 0.95], scale } = checkOptions(kind, options, {
    quantiles: listOf(share, 1, MOST_QUANTILES),
    scale: SCALE,
  });
  const quantiles = checkQuantiles(given);
  const width = quantiles.length;
  const losses: OfEach = (output, target) => {
    const { y, t, n, k } = described(kind, output, target, width);
    const d = differences(kind, ops.reshape(t, [n, k, 1]), y, scale);
    // τ·d, and −d more where d is negative.
    return ops.mean(ops.add(ops.multiply(d, ops.literal(quantiles)), ops.relu(ops.negate(d))), 2);
  };
  return ofEach(kind, { quantiles, ...scaleSetting(scale) }, { quantiles }, losses, (output) =>
    width === 1
      ? output
      : ops.reshape(ops.concat(sorted(columnsOf(output, width)), 1), output.shape),
  );
}

const share = /* @__PURE__ */ numberAbove(0, 1 - 2 ** -24);

/** (a − b)/scale of n×k×…, the scale along k. */
function differences(loss: string, a: Tensor, b: Tensor, scale: Scale | undefined): Tensor {
  const difference = ops.subtract(a, b);
  if (scale === undefined) return difference;
  if (typeof scale === 'number') return dividedBy(loss, difference, scale);
  const [n, k] = difference.shape as [number, number];
  const factors = dividedBy(loss, ops.constant(1, [n, k]), scale);
  return ops.multiply(difference, ops.reshape(factors, [n, k, 1]));
}

/** The variance below which a prediction does not become surer: PyTorch's eps. */
const LEAST_VARIANCE = 1e-6;

/**
 * ½·(s + d²/eˢ), d = (target − m)/scale: the negative log-likelihood of a normal distribution without its constant, the
 * mean over a sample's values; PyTorch's GaussianNLLLoss of the variance eˢ in units of scale². For each value of the
 * target the output has two numbers, the mean m in the target's unit and s, the logarithm of the variance in units of
 * scale² (Nix & Weigend 1994), at least log 1e-6. In a `rescale` layer before it s has mean 0 and deviation 1.
 *
 * Scores are m and the deviation √eˢ·scale, both in the target's unit. The metrics rmse, mae and r2 are of m, and
 * intervals hold `level` of the targets if these are normally distributed around m.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function gaussian(
  options: {
    /** The share of targets that intervals are meant to hold, between 0 and 1; default 0.9. */
    readonly level?: number;
  } & ScaleOption = {},
): Loss {
  const kind = 'gaussian';
  const { level = 0.9, scale } = checkOptions(kind, options, { level: share, scale: SCALE });
  const least = log(LEAST_VARIANCE);
  /** s, bounded below; its gradient is not cut off there, so that no sample stays too sure. */
  const logVariance = (s: Tensor): Tensor =>
    ops.add(s, ops.stopGradient(ops.relu(ops.add(ops.negate(s), ops.constant(least, [1])))));
  const losses: OfEach = (output, target) => {
    const { y, t, n, k } = described(kind, output, target, 2);
    const d = differences(kind, ops.reshape(t, [n, k, 1]), only(y, 0), scale);
    const s = logVariance(only(y, 1));
    const fit = ops.multiply(ops.square(d), ops.exp(ops.negate(s)));
    return ops.reshape(ops.scale(ops.add(s, fit), 0.5), [n, k]);
  };
  return ofEach(kind, { level, ...scaleSetting(scale) }, { normal: level }, losses, (output) => {
    const [mean, s] = columnsOf(output, widthOfSpread({ normal: level })) as [Tensor, Tensor];
    const shares = ops.exp(ops.scale(logVariance(s), 0.5));
    const n = output.shape[0]!;
    const deviation = ops.reshape(
      scaledBy(kind, ops.reshape(shares, [n, sizeOf(shares.shape) / n]), scale),
      shares.shape,
    );
    return ops.reshape(ops.concat([mean, deviation], 1), output.shape);
  });
}

/** x·scale, along x's last axis. */
const scaledBy = (loss: string, x: Tensor, scale: Scale | undefined): Tensor =>
  scale === undefined
    ? x
    : dividedBy(loss, x, typeof scale === 'number' ? 1 / scale : scale.map((one) => 1 / one));
