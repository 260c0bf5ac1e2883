/** Rules of ops that take values between elements: Resize and Upsample, GridSample, AffineGrid. */
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  axesOf,
  axisOf,
  constantOf,
  fail,
  flag,
  numbers,
  oneOf,
  part,
  range,
  real,
  reals,
  rule,
  wholes,
  wholesOf,
  type RuleCall,
  type Rules,
} from './rule.js';

interface ResizeSettings {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinate_transformation_mode: string;
  readonly nearest_mode: string;
  readonly antialias: number;
  readonly cubic_coeff_a: number;
  readonly exclude_outside: number;
  readonly extrapolation_value: number;
}

/** One axis: its extent, the result's, the factor as it is given, and the part that is taken of it. */
interface Axis {
  readonly extent: number;
  readonly size: number;
  readonly scale: number;
  readonly roi: readonly [number, number];
}

/** The place in the input of element i of the result. */
function placeOf(
  call: RuleCall,
  mode: string,
  i: number,
  { extent, size, scale, roi }: Axis,
): number {
  const wide = scale * extent;
  switch (mode) {
    case 'half_pixel':
      return (i + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric':
      return (extent / 2) * (1 - size / wide) + (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return wide === 1 ? -0.5 : (i + 0.5) / scale - 0.5;
    case 'align_corners':
      return wide === 1 ? 0 : (i * (extent - 1)) / (wide - 1);
    case 'asymmetric':
      return i / scale;
    case 'tf_half_pixel_for_nn':
      return (i + 0.5) / scale;
    case 'tf_crop_and_resize': {
      const span = (roi[1] - roi[0]) * (extent - 1);
      return roi[0] * (extent - 1) + (wide === 1 ? span / 2 : (i * span) / (wide - 1));
    }
    default:
      return fail(call, `has coordinate_transformation_mode ${mode}`);
  }
}

/** Cubic convolution (Keys 1981) at distance x. */
function cubic(x: number, a: number): number {
  const d = Math.abs(x);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** The weights of the elements before and after a place, `ratio` (above 0, at most 1) behind the middle one. */
function weightsOf(given: ResizeSettings, ratio: number, scale: number): number[] {
  const { mode, nearest_mode, antialias, cubic_coeff_a: a } = given;
  if (mode === 'nearest') {
    const second = {
      round_prefer_floor: ratio > 0.5,
      round_prefer_ceil: ratio >= 0.5,
      floor: ratio === 1,
      ceil: true,
    }[nearest_mode];
    return second ? [0, 1] : [1, 0];
  }
  const narrow = antialias ? Math.min(scale, 1) : 1;
  const reach = Math.min(2 ** 16, Math.ceil((mode === 'cubic' ? 2 : 1) / narrow));
  const list = Array.from({ length: 2 * reach }, (_, i) => {
    const distance = (i + 1 - reach - ratio) * narrow;
    return mode === 'cubic' ? cubic(distance, a) : Math.max(0, 1 - Math.abs(distance));
  });
  const total = antialias ? list.reduce((x, y) => x + y) : 1;
  return list.map((weight) => weight / total);
}

/** x resampled along one axis: a sum of elements at known places times known weights. */
function resampled(
  call: RuleCall,
  x: Tensor,
  axis: number,
  along: Axis,
  given: ResizeSettings,
): Tensor {
  const { extent, size, scale } = along;
  const places = Array.from({ length: size }, (_, i) =>
    placeOf(call, given.coordinate_transformation_mode, i, along),
  );
  const taps = places.map((place) => {
    const before = Math.ceil(place) - 1;
    const weights = weightsOf(given, place - before, scale);
    const first = before + 1 - weights.length / 2;
    const kept = weights.map((weight, i) =>
      given.exclude_outside && (first + i < 0 || first + i >= extent) ? 0 : weight,
    );
    const total = given.exclude_outside ? kept.reduce((a, b) => a + b) || 1 : 1;
    return kept.map((weight, i) => ({
      index: Math.max(0, Math.min(extent - 1, first + i)),
      weight: weight / total,
    }));
  });
  const shape = x.shape.map((_, i) => (i === axis ? size : 1));
  const vector = (values: number[]): Tensor => constantOf({ type: '', shape, values });
  const isNearest = given.mode === 'nearest';
  const gathered = (indices: number[]): Tensor => ops.gather(x, ops.literal(indices), axis);
  const terms = isNearest
    ? [gathered(taps.map((list) => list.find(({ weight }) => weight === 1)!.index))]
    : taps[0]!.flatMap((_, t) => {
        const own = taps.map((list) => list[t]!);
        if (own.every(({ weight }) => weight === 0)) return [];
        const values = gathered(own.map(({ index }) => index));
        return [ops.multiply(values, vector(own.map(({ weight }) => weight)))];
      });
  const y = terms.reduce((a, term) => ops.add(a, term));
  if (given.coordinate_transformation_mode !== 'tf_crop_and_resize') return y;
  const outside = vector(places.map((place) => Number(place < 0 || place > extent - 1)));
  return ops.where(outside, ops.constant(given.extrapolation_value, []), y);
}

/** The result's extents and factors along the axes. */
function axesOfResize(call: RuleCall, x: Tensor, axes: readonly number[], policy: string): Axis[] {
  const [scales, sizes] =
    call.version < 11 ? [numbers(call, 1)] : [numbers(call, 2), wholesOf(call, 3)];
  const roi = call.version < 11 ? undefined : numbers(call, 1);
  const count = axes.length;
  const given = sizes?.length ? sizes : scales;
  if (given?.length !== count || (roi?.length && roi.length !== 2 * count))
    fail(call, `has ${given?.length ?? 0} scales or sizes for ${count} axes`);
  const extents = axes.map((axis) => x.shape[axis]!);
  const ratios = sizes?.length ? sizes.map((size, i) => size / extents[i]!) : scales!;
  const kept =
    !sizes?.length || policy === 'stretch'
      ? undefined
      : Math[policy === 'not_larger' ? 'min' : 'max'](...ratios);
  return extents.map((extent, i) => {
    const scale = kept ?? ratios[i]!;
    const size = kept
      ? Math.floor(kept * extent + 0.5)
      : (sizes?.[i] ?? Math.floor(Math.fround(scale * extent)));
    if (!(scale > 0 && size >= 1 && size <= 2 ** 16))
      fail(call, `gives ${size} of ${extent} elements`);
    return { extent, size, scale, roi: roi?.length ? [roi[i]!, roi[i + count]!] : [0, 1] };
  });
}

function resize(
  call: RuleCall,
  given: ResizeSettings & { axes: readonly number[] | undefined; keep_aspect_ratio_policy: string },
): Tensor {
  const x = at(call, 0);
  const axes = (given.axes ?? [...x.shape.keys()]).map((axis) =>
    axisOf(call, axis, x.shape.length),
  );
  axesOf(call, axes, x.shape.length);
  // Before opset 11 the place is asymmetric and rounded down.
  const settings =
    call.version < 11
      ? { ...given, coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
      : given;
  const alongs = axesOfResize(call, x, axes, given.keep_aspect_ratio_policy);
  return axes.reduce((y, axis, i) => {
    const along = alongs[i]!;
    const { extent, size, scale, roi } = along;
    const isSame = size === extent && scale === 1 && roi[0] === 0 && roi[1] === 1;
    return isSame ? y : resampled(call, y, axis, along, settings);
  }, x);
}

const constant = (value: number): Tensor => ops.constant(value, []);

/** x mirrored at both ends of a range until it is within. */
function mirrored(x: Tensor, low: number, high: number): Tensor {
  const span = high - low;
  if (span === 0) return ops.constant(low, x.shape);
  const from = ops.remainder(ops.subtract(x, constant(low)), constant(2 * span));
  const folded = ops.minimum(from, ops.subtract(constant(2 * span), from));
  const outside = ops.maximum(ops.less(x, constant(low)), ops.greater(x, constant(high)));
  return ops.where(outside, ops.add(folded, constant(low)), x);
}

/** Elements of one axis near a place: their indices and weights; weight 0 where there is none. */
function neighbours(
  place: Tensor,
  extent: number,
  { mode, padding, corners }: { mode: string; padding: string; corners: boolean },
): { index: Tensor; weight?: Tensor }[] {
  const [low, high] = corners ? [0, extent - 1] : [-0.5, extent - 0.5];
  const rounded = mode === 'nearest' ? ops.round(place) : place;
  const within =
    padding === 'reflection'
      ? mirrored(rounded, low, high)
      : padding === 'border' && mode !== 'cubic'
        ? ops.clamp(rounded, 0, extent - 1)
        : rounded;
  const first = ops.floor(within);
  const rest = ops.subtract(within, first);
  const offsets = mode === 'nearest' ? [0] : mode.endsWith('linear') ? [0, 1] : [-1, 0, 1, 2];
  return offsets.map((offset) => {
    const whole = ops.add(first, constant(offset));
    const index = padding === 'reflection' ? ops.trunc(mirrored(whole, low, high)) : whole;
    const inside = ops.clamp(index, 0, extent - 1);
    const weight = offsets.length === 1 ? undefined : weightAt(rest, offset, offsets.length);
    if (padding !== 'zeros') return { index: inside, ...(weight ? { weight } : {}) };
    const exists = ops.equal(inside, index);
    return { index: inside, weight: weight ? ops.multiply(weight, exists) : exists };
  });
}

/** The weight of an element `offset` from the one before a place, by the distance from that. */
function weightAt(rest: Tensor, offset: number, taps: number): Tensor {
  const distance = ops.abs(ops.subtract(rest, constant(offset)));
  if (taps === 2) return ops.subtract(constant(1), distance);
  const a = -0.75;
  const terms = Math.abs(offset - 0.5) < 1 ? [a + 2, -(a + 3), 0, 1] : [a, -5 * a, 8 * a, -4 * a];
  return terms
    .slice(1)
    .reduce(
      (sum, term) => ops.add(ops.multiply(sum, distance), constant(term)),
      ops.constant(terms[0]!, distance.shape),
    );
}

/** Values of x at places in it, from −1 to 1 along each axis; the last of the grid's axes has them, the last axis first. */
function gridSample(
  call: RuleCall,
  settings: { mode: string; padding_mode: string; align_corners: number },
): Tensor {
  const [x, grid] = [at(call, 0), at(call, 1)];
  const [N, C, ...extents] = x.shape as [number, number, ...number[]];
  const rank = extents.length;
  if (
    rank < 1 ||
    grid.shape.length !== rank + 2 ||
    grid.shape.at(-1) !== rank ||
    grid.shape[0] !== N
  )
    fail(call, `has a grid ${grid.shape.join('×')} for ${x.shape.join('×')}`);
  const result = grid.shape.slice(1, -1);
  const P = sizeOf(result);
  const corners = settings.align_corners === 1;
  const mode = settings.mode.replace('bi', '');
  const along = extents.map((extent, axis) => {
    const place = ops.reshape(part(grid, rank + 1, rank - 1 - axis, rank - axis), [N, 1, P]);
    const from = ops.add(place, constant(1));
    const own = corners
      ? ops.scale(from, (extent - 1) / 2)
      : ops.scale(ops.subtract(ops.scale(from, extent), constant(1)), 0.5);
    return neighbours(own, extent, { mode, padding: settings.padding_mode, corners });
  });
  const points = along.reduce<{ index: Tensor; weight?: Tensor }[]>(
    (all, list, axis) =>
      axis === 0
        ? list
        : all.flatMap((a) =>
            list.map((b) => {
              const weight =
                a.weight && b.weight ? ops.multiply(a.weight, b.weight) : (a.weight ?? b.weight);
              const index = ops.add(ops.scale(a.index, extents[axis]!), b.index);
              return { index, ...(weight ? { weight } : {}) };
            }),
          ),
    [],
  );
  const flat = ops.reshape(x, [N, C, sizeOf(extents)]);
  const terms = points.map(({ index, weight }) => {
    const values = ops.takeAlong(flat, ops.expand(index, [N, C, P]), 2);
    return weight ? ops.multiply(values, weight) : values;
  });
  return ops.reshape(
    terms.reduce((a, term) => ops.add(a, term)),
    [N, C, ...result],
  );
}

/** Places for `gridSample`: an affine function of those of a regular grid. */
function affineGrid(call: RuleCall, corners: boolean): Tensor {
  const theta = at(call, 0);
  const [, , ...extents] = wholesOf(call, 1) ?? fail(call, 'has no size');
  const rank = extents.length;
  if (
    theta.shape.length !== 3 ||
    theta.shape[1] !== rank ||
    theta.shape[2] !== rank + 1 ||
    !extents.every((one) => one > 0)
  )
    fail(call, `has theta ${theta.shape.join('×')} for ${rank} axes`);
  const columns = extents.map((extent, axis) => {
    const step = corners ? 2 / (extent - 1) : 2 / extent;
    const places = ops.add(
      ops.scale(range(extent, axis, rank), step),
      constant(corners ? -1 : step / 2 - 1),
    );
    return ops.reshape(ops.expand(places, extents), [sizeOf(extents), 1]);
  });
  const ones = ops.constant(1, [sizeOf(extents), 1]);
  const base = ops.concat([...columns.toReversed(), ones], 1);
  const N = theta.shape[0]!;
  const rows = ops.expand(ops.reshape(base, [1, ...base.shape]), [N, ...base.shape]);
  return ops.reshape(ops.batchMatmul(rows, theta, false, true), [N, ...extents, rank]);
}

const RESIZE = {
  antialias: flag(0),
  axes: wholes(undefined),
  coordinate_transformation_mode: oneOf(
    'half_pixel',
    'half_pixel_symmetric',
    'pytorch_half_pixel',
    'align_corners',
    'asymmetric',
    'tf_half_pixel_for_nn',
    'tf_crop_and_resize',
  ),
  cubic_coeff_a: real(-0.75),
  exclude_outside: flag(0),
  extrapolation_value: real(0),
  keep_aspect_ratio_policy: oneOf('stretch', 'not_larger', 'not_smaller'),
  mode: oneOf('nearest', 'linear', 'cubic'),
  nearest_mode: oneOf('round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
};

/** What Resize adds to Upsample, as it is there. */
const UPSAMPLE = {
  antialias: 0,
  axes: undefined,
  coordinate_transformation_mode: '',
  cubic_coeff_a: 0,
  exclude_outside: 0,
  extrapolation_value: 0,
  keep_aspect_ratio_policy: 'stretch',
  nearest_mode: '',
};

export const sampleRules: Rules = {
  AffineGrid: rule(
    { align_corners: flag(0) },
    (call, { align_corners }) => affineGrid(call, align_corners === 1),
    { since: 20, host: [1] },
  ),
  GridSample: rule(
    {
      align_corners: flag(0),
      mode: oneOf('bilinear', 'linear', 'nearest', 'bicubic', 'cubic'),
      padding_mode: oneOf('zeros', 'border', 'reflection'),
    },
    gridSample,
    { since: 16 },
  ),
  Resize: rule(RESIZE, resize, { since: 10, host: [1, 2, 3] }),
  Upsample: rule(
    { mode: oneOf('nearest', 'linear'), scales: reals(undefined) },
    (call, { mode, scales }) => {
      const given = scales
        ? {
            ...call,
            operands: [call.operands[0], { type: 'float', shape: [scales.length], values: scales }],
          }
        : call;
      return resize({ ...given, version: 10 }, { ...UPSAMPLE, mode });
    },
    { since: 7, host: [1] },
  ),
};
