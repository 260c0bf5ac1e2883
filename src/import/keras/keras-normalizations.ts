/** Normalisation: batch norm's momentum is the share of the old statistics in Keras, and that of the new ones here. */
import { batchNorm1d, batchNorm2d, layerNorm, rescale } from '../../layers/index.js';
import type { Shape } from '../../graph/tensor.js';
import { channelsFirst, inFormat } from './keras-convolutions.js';
import {
  flagOf,
  numberOf,
  only,
  refuseIn,
  shown,
  warnIn,
  type Settings,
} from './keras-settings.js';
import { unfit, type Build, type Site } from './keras-site.js';
import { asKeras, type Value } from './keras-values.js';
import { permuted, type Part } from './keras-weights.js';

/** 1 − 0.99 is 0.01: the difference as it was meant, to 7 digits. */
const rounded = (value: number): number => Number(value.toPrecision(7));

/** One axis, which may stand in a list. */
function axisOf(s: Settings): number {
  const given = s.config['axis'] ?? -1;
  const axis: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (Number.isInteger(axis)) return axis as number;
  refuseIn(s, `axis is ${shown(given)}, expected one axis`);
  return -1;
}

/** gamma and beta as Lanewise has them: both or neither. A missing one is constant in Keras. */
function affineOf(s: Settings): { scale: boolean; center: boolean; affine: boolean } {
  const [scale, center] = [flagOf(s, 'scale', true), flagOf(s, 'center', true)];
  if (scale !== center)
    warnIn(
      s,
      scale
        ? 'it has no beta: a bias of zeros takes its place, which training changes'
        : 'it has no gamma: a weight of ones takes its place, which training changes',
    );
  return { scale, center, affine: scale || center };
}

export function normalizeBatch(s: Settings): Build {
  const axis = axisOf(s);
  const eps = numberOf(s, 'epsilon', 1e-3);
  const momentum = rounded(1 - numberOf(s, 'momentum', 0.99));
  if (momentum < 0 || momentum > 1) refuseIn(s, `momentum is ${1 - momentum}, expected 0 to 1`);
  if (eps < 0) refuseIn(s, `epsilon is ${eps}`);
  only(s, 'renorm', false);
  const { scale, center, affine } = affineOf(s);
  return (site, given) => {
    const rank = given.shape.length;
    const at = axis < 0 ? axis + rank + 1 : axis;
    if (at !== rank && at !== 1) unfit(`axis is ${axis} of ${rank + 1}, expected 1 or the last`);
    const isFirst = at === 1 && rank > 1;
    const value =
      rank > 1
        ? channelsFirst(site, given, isFirst, rank)
        : site.isShared
          ? asKeras(given, site.apply)
          : given;
    if (rank > 3) unfit(`its input has ${rank} axes, expected at most 3`);
    const features = value.shape.at(-1)!;
    const make = rank === 3 ? batchNorm2d : batchNorm1d;
    const y = site.own('', () => make(features, { eps, momentum, affine }), value);
    const names = [
      ...(scale ? ['gamma'] : []),
      ...(center ? ['beta'] : []),
      'moving_mean',
      'moving_variance',
    ];
    const found = site.arrays(Object.fromEntries(names.map((name) => [name, [features]])));
    const put = (name: string, values: Float32Array) =>
      site.set(name, value.flat ? inFlatOrder(values, value.flat) : values);
    if (affine) {
      put('weight', found['gamma'] ?? new Float32Array(features).fill(1));
      put('bias', found['beta'] ?? new Float32Array(features));
    }
    put('running_mean', found['moving_mean']!);
    put('running_var', found['moving_variance']!);
    const result = inFormat(y, isFirst);
    return value.flat ? { ...result, flat: value.flat } : result;
  };
}

/** Values of a flattened image, in the order of C×H×W. */
const inFlatOrder = (values: Float32Array, flat: Shape): Float32Array =>
  permuted(values, flat, [flat.length - 1, ...flat.slice(1).map((_, i) => i)]);

export function normalizeLayer(s: Settings): Build {
  const given = s.config['axis'] ?? -1;
  const axes: unknown[] = Array.isArray(given) ? given : [given];
  const eps = numberOf(s, 'epsilon', 1e-3);
  if (eps < 0) refuseIn(s, `epsilon is ${eps}`);
  only(s, 'rms_scaling', false);
  const { scale, center, affine } = affineOf(s);
  return (site, from) => {
    const value = asKeras(from, site.apply);
    const rank = value.shape.length;
    const at = axes.map((axis) =>
      (axis as number) < 0 ? (axis as number) + rank : (axis as number) - 1,
    );
    const [lowest] = at.toSorted((a, b) => a - b);
    const sorted = at.toSorted((a, b) => a - b);
    if (sorted.some((axis, i) => axis !== rank - sorted.length + i) || lowest! < 0)
      unfit(`axis is ${axes.join(', ')}, expected the last ones`);
    const shape = value.shape.slice(lowest);
    const y = site.own(
      '',
      () => layerNorm(shape.length === 1 ? shape[0]! : shape, { eps, elementwiseAffine: affine }),
      value,
    );
    if (affine) setAffine(site, shape, scale, center);
    return y;
  };
}

function setAffine(
  site: Site,
  shape: Shape,
  scale: boolean,
  center: boolean,
  parts: readonly Part[] = [],
): void {
  const found = site.arrays(
    { ...(scale ? { gamma: shape } : {}), ...(center ? { beta: shape } : {}) },
    parts,
  );
  const size = shape.reduce((a, b) => a * b, 1);
  site.set('weight', found['gamma'] ?? new Float32Array(size).fill(1));
  site.set('bias', found['beta'] ?? new Float32Array(size));
}

/** Keras' smallest deviation. */
const EPSILON = 1e-7;

/** (x − mean) / deviation of data that it was adapted to, along the last axis. */
export function normalizeData(s: Settings): Build {
  only(s, 'invert', false);
  const given = s.config['axis'] ?? -1;
  const axes: unknown[] = Array.isArray(given) ? given : [given];
  if (axes.length > 1) refuseIn(s, `axis is ${shown(given)}, expected the last`);
  const fixed = s.config['mean'] !== undefined && s.config['mean'] !== null;
  return (site, from) => {
    const value: Value = asKeras(from, site.apply);
    const rank = value.shape.length;
    const [axis] = axes as [number];
    if (axis !== -1 && axis !== rank) unfit(`axis is ${axis}, expected the last`);
    const features = value.shape.at(-1)!;
    const [mean, variance] = fixed
      ? ['mean', 'variance'].map((key) => numbersOf(s.config[key], features))
      : (() => {
          const found = site.arrays({ mean: [features], variance: [features] });
          return [found['mean']!, found['variance']!];
        })();
    const deviation = Array.from(variance!, (one) => Math.max(Math.sqrt(one), EPSILON));
    const settings = {
      mean: Array.from(mean!, (one, i) => -one / deviation[i]!),
      deviation: deviation.map((one) => 1 / one),
    };
    return site.own('', () => rescale(settings), value);
  };
}

/** Numbers of a description, in lists of any depth; one stands for all. */
function numbersOf(value: unknown, count: number): number[] {
  const all: unknown[] = [value].flat(10) as unknown[];
  const list = all.length === 1 ? Array.from({ length: count }, () => all[0]) : all;
  if (list.length !== count || !list.every((one) => Number.isFinite(one)))
    unfit(`its numbers are ${shown(value)}, expected ${count}`);
  return list as number[];
}
