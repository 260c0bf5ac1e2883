/** Layers that rearrange values, in Keras' order of elements. */
import {
  concat,
  flatten,
  leakyRelu,
  hardTanh,
  permute,
  prelu,
  relu,
  elu,
  softmax,
  reshape,
} from '../../layers/index.js';
import { sizeOf, type Shape } from '../../graph/tensor.js';
import { activationOf, alongLast } from './keras-functions.js';
import { countOf, isGiven, numberOf, refuseIn, shown, type Settings } from './keras-settings.js';
import { unfit, type Build } from './keras-site.js';
import { asKeras, asMoved, inOrderOf } from './keras-values.js';
import { permuted } from './keras-weights.js';

/** Flatten: an image stays in the order C×H×W, and the next Dense takes its rows in that order. */
export function flattened(s: Settings): Build {
  const isFirst = s.config['data_format'] === 'channels_first';
  return (site, given) => {
    if (given.flat) return given;
    const plain = isFirst ? asKeras(given, site.apply) : given;
    // With channels first, Keras puts them last before it flattens.
    const value =
      isFirst && plain.shape.length > 1
        ? { ...plain, shape: [...plain.shape.slice(1), plain.shape[0]!], moved: true }
        : plain;
    const { shape } = value;
    if (shape.length === 1) return value;
    const y = site.own('', () => flatten(), value);
    const result = { ...y, shape: [sizeOf(shape)], moved: false };
    return value.moved ? { ...result, flat: shape } : result;
  };
}

/** The shape with its open extent, if there is one, filled in. */
function filled(target: readonly unknown[], size: number): Shape {
  const known = target.filter((one): one is number => Number.isInteger(one) && (one as number) > 0);
  const open = target.length - known.length;
  const rest = size / sizeOf(known);
  if (open > 1 || !Number.isInteger(rest) || (open === 0 && rest !== 1))
    unfit(`target_shape is ${shown(target)}, which does not fit ${size} values`);
  return target.map((one) =>
    Number.isInteger(one) && (one as number) > 0 ? (one as number) : rest,
  );
}

export function reshaped(s: Settings): Build {
  const target: unknown = s.config['target_shape'];
  if (!Array.isArray(target)) refuseIn(s, `target_shape is ${shown(target)}, expected a list`);
  return (site, given) => {
    const value = asKeras(given, site.apply);
    const shape = filled(target as unknown[], sizeOf(value.shape));
    return { ...site.own('', () => reshape(shape), value), shape, moved: false };
  };
}

export function permutedAxes(s: Settings): Build {
  const given: unknown = s.config['dims'];
  const dims = Array.isArray(given) ? (given as unknown[]) : [];
  const sorted = dims.toSorted((a, b) => Number(a) - Number(b));
  if (dims.length === 0 || !sorted.every((one, i) => one === i + 1))
    refuseIn(s, `dims is ${shown(given)}, expected a permutation of 1, 2, …`);
  return (site, from) => {
    const value = asKeras(from, site.apply);
    if (value.shape.length !== dims.length)
      unfit(`dims has ${dims.length} axes, its input ${value.shape.length}`);
    return site.own('', () => permute([0, ...(dims as number[])]), value);
  };
}

/** The most copies of a vector. */
const MOST_COPIES = 4096;

/** A vector as each of n steps. */
export function repeated(s: Settings): Build {
  const n = countOf(s, 'n');
  if (n > MOST_COPIES) refuseIn(s, `n is ${n}, expected at most ${MOST_COPIES}`);
  return (site, from) => {
    const value = asKeras(from, site.apply);
    if (value.shape.length !== 1) unfit(`its input has ${value.shape.length} axes, expected 1`);
    const step = site.apply(reshape([1, value.shape[0]!]), value);
    const copies = Array.from({ length: n }, () => step);
    return site.own('', () => concat({ axis: 1 }), ...copies);
  };
}

export function activation(s: Settings): Build {
  const activate = activationOf(s, 'activation', '');
  return (site, value) => activate(site, value);
}

/** max(x, 0), with a slope below and a bound above. */
export function reluLayer(s: Settings): Build {
  const slope = numberOf(s, 'negative_slope', 0);
  const most = isGiven(s, 'max_value') ? numberOf(s, 'max_value', 6) : undefined;
  if (numberOf(s, 'threshold', 0) !== 0)
    refuseIn(s, `threshold is ${shown(s.config['threshold'])}`);
  if (most !== undefined && most <= 0) refuseIn(s, `max_value is ${most}`);
  if (most !== undefined && slope !== 0)
    refuseIn(s, `negative_slope is ${slope} beside a max_value`);
  return (site, value) => {
    const make = () =>
      most !== undefined
        ? hardTanh({ minVal: 0, maxVal: most })
        : slope === 0
          ? relu()
          : leakyRelu({ negativeSlope: slope });
    return inOrderOf(value, site.own('', make, value));
  };
}

export function leakyReluLayer(s: Settings): Build {
  const negativeSlope = numberOf(s, isGiven(s, 'negative_slope') ? 'negative_slope' : 'alpha', 0.3);
  return (site, value) =>
    inOrderOf(
      value,
      site.own('', () => leakyRelu({ negativeSlope }), value),
    );
}

export function eluLayer(s: Settings): Build {
  const alpha = numberOf(s, 'alpha', 1);
  return (site, value) =>
    inOrderOf(
      value,
      site.own('', () => elu({ alpha }), value),
    );
}

/** Softmax along one axis, by default the last. */
export function softmaxLayer(s: Settings): Build {
  const given = s.config['axis'] ?? -1;
  const axis: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (!Number.isInteger(axis)) refuseIn(s, `axis is ${shown(given)}, expected one axis`);
  return (site, from) => {
    const rank = from.shape.length;
    const at = (axis as number) < 0 ? (axis as number) + rank + 1 : (axis as number);
    if (at !== rank) unfit(`axis is ${String(axis)} of ${rank + 1}, expected the last`);
    const value = alongLast(site, from);
    return inOrderOf(
      value,
      site.own('', () => softmax(), value),
    );
  };
}

/** PReLU with one slope for each channel, or for each value of a sample, which are then those of a vector. */
export function preluLayer(s: Settings): Build {
  const shared = isGiven(s, 'shared_axes')
    ? [s.config['shared_axes']].flat().map((axis) => Number(axis) - 1)
    : [];
  return (site, from) => {
    const value =
      from.shape.length > 1
        ? asMoved(from, site.apply)
        : site.isShared
          ? asKeras(from, site.apply)
          : from;
    const { shape } = value;
    const slopes = shape.map((extent, axis) => (shared.includes(axis) ? 1 : extent));
    const alpha = site.arrays({ alpha: slopes })['alpha']!;
    const count = sizeOf(slopes);
    // One for each channel; several slopes along other axes may be as many.
    if (count === slopes.at(-1) && count === shape.at(-1)) {
      const y = site.own('', () => prelu({ numParameters: count }), value);
      site.set('weight', value.flat ? inChannelOrder(alpha, value.flat) : alpha);
      return inOrderOf(value, y);
    }
    if (count !== sizeOf(shape))
      unfit('shared_axes has some axes of images, expected all but the channels, or none');
    const vector = site.apply(reshape([count]), value);
    const y = site.own('', () => prelu({ numParameters: count }), vector);
    site.set('weight', value.moved ? inChannelOrder(alpha, shape) : alpha);
    const back = site.apply(reshape(value.tensor.shape.slice(1)), y);
    return { ...back, shape, moved: value.moved };
  };
}

const inChannelOrder = (values: Float32Array, shape: Shape): Float32Array =>
  permuted(values, shape, [shape.length - 1, ...shape.slice(1).map((_, i) => i)]);
