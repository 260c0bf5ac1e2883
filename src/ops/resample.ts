/**
 * Resampling along any axes, in all ways that ONNX's Resize knows: along each axis a product with a constant matrix, or, by the
 * nearest element, what stands at constant places. Coordinates are rounded to float32 at each step, as onnxruntime
 * computes them, so that the same element is the nearest.
 */
import {
  checkOptions,
  extent,
  finite,
  flag,
  listOf,
  numberAbove,
  oneOf,
  whole,
  type Checks,
} from '../base/check.js';
import { ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { add, multiply } from './binary.js';
import { literal } from './literal.js';
import { matmul } from './matmul.js';
import { reshape } from './reshape.js';
import { scale } from './scale.js';
import { axisOf } from './strided.js';
import { gather, MOST_PLACES } from './take.js';
import { permute } from './transpose.js';
import { upsample2d } from './upsample.js';

const COORDINATES = [
  'halfPixel',
  'halfPixelSymmetric',
  'pytorchHalfPixel',
  'alignCorners',
  'asymmetric',
  'tfHalfPixelForNearest',
  'tfCropAndResize',
] as const;
const ROUNDINGS = ['roundPreferFloor', 'roundPreferCeil', 'floor', 'ceil'] as const;

export interface ResizeOptions {
  /** Extents of the result along `axes`. With scales too, these only make the coordinates. */
  readonly sizes?: readonly number[];
  /** Factors along `axes`, in place of sizes, which are rounded down. */
  readonly scales?: readonly number[];
  /** Default: the last ones, as many as there are sizes or scales. */
  readonly axes?: readonly number[];
  /** Default `nearest`. */
  readonly mode?: 'nearest' | 'linear' | 'cubic';
  /**
   * The coordinate in x, of extent n, that place p of P belongs to, s being the scale: (p + ½)/s − ½ (`halfPixel`, the default); the same around the
   * middle (`halfPixelSymmetric`); the same, and 0 if P is 1 (`pytorchHalfPixel`); p·(n − 1)/(P − 1) (`alignCorners`); p/s
   * (`asymmetric`); (p + ½)/s (`tfHalfPixelForNearest`); from start to end of `region` (`tfCropAndResize`).
   */
  readonly coordinates?: (typeof COORDINATES)[number];
  /** `nearest` only: what becomes of a coordinate between two elements; default `roundPreferFloor`: ½ is rounded down. */
  readonly rounding?: (typeof ROUNDINGS)[number];
  /** `cubic` only (Keys 1981, a); default −0.75. */
  readonly cubicCoefficient?: number;
  /** Whether weights of elements outside x are shared out among the others, in place of x's ends having them; default false. */
  readonly excludeOutside?: boolean;
  /** Whether `linear` and `cubic` look at more elements where x becomes smaller; default false. */
  readonly antialias?: boolean;
  /** `tfCropAndResize` only: all starts, then all ends, along `axes`, as shares of n − 1. */
  readonly region?: readonly number[];
  /** `tfCropAndResize` only: the value outside x; default 0. */
  readonly extrapolation?: number;
}

const CHECKS: Checks<ResizeOptions> = {
  sizes: /* @__PURE__ */ listOf(extent),
  scales: /* @__PURE__ */ listOf(/* @__PURE__ */ numberAbove(0)),
  axes: /* @__PURE__ */ listOf(whole),
  mode: /* @__PURE__ */ oneOf(['nearest', 'linear', 'cubic']),
  coordinates: /* @__PURE__ */ oneOf(COORDINATES),
  rounding: /* @__PURE__ */ oneOf(ROUNDINGS),
  cubicCoefficient: finite,
  excludeOutside: flag,
  antialias: flag,
  region: /* @__PURE__ */ listOf(finite),
  extrapolation: finite,
};

const { floor, ceil, max, min, abs, fround } = Math;

/** One axis of a resize: n elements become P. */
interface Axis {
  readonly axis: number;
  readonly n: number;
  readonly P: number;
  readonly scale: number;
  readonly start: number;
  readonly end: number;
}

/** The coordinate in x of place p. */
function coordinateOf({ n, P, scale: s, start, end }: Axis, p: number, how: string): number {
  const half = fround(fround(p + 0.5) / s);
  switch (how) {
    case 'asymmetric':
      return fround(p / s);
    case 'alignCorners':
      return P === 1 ? 0 : fround(fround(p * (n - 1)) / (P - 1));
    case 'pytorchHalfPixel':
      return P === 1 ? 0 : fround(half - 0.5);
    case 'tfHalfPixelForNearest':
      return half;
    case 'halfPixelSymmetric':
      // Scales that are rounded to an extent leave something over, half of it on each side.
      return fround(fround(fround((n / 2) * fround(1 - fround(P / fround(s * n)))) + half) - 0.5);
    case 'tfCropAndResize':
      return P === 1
        ? fround(0.5 * fround(start + end) * (n - 1))
        : fround(
            fround(start * (n - 1)) +
              fround(fround(fround(p * fround(end - start)) * (n - 1)) / (P - 1)),
          );
    default:
      return fround(half - 0.5);
  }
}

/** The weight of an element at a distance from the coordinate: a tent, or Keys' cubic. */
function weightAt(distance: number, a: number | undefined): number {
  const d = abs(distance);
  if (a === undefined) return max(0, 1 - d);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;
}

/** Elements of x by number, those outside as well, with their weights, which add up to 1. */
type Taps = readonly (readonly [at: number, weight: number])[];

function tapsOf(x: number, { scale: s }: Axis, options: ResizeOptions): Taps {
  const a = options.mode === 'cubic' ? (options.cubicCoefficient ?? -0.75) : undefined;
  const narrow = options.antialias ? min(s, 1) : 1;
  const reach = (a === undefined ? 1 : 2) / narrow;
  const taps: (readonly [number, number])[] = [];
  for (let at = floor(x - reach) + 1; at < x + reach; at++)
    taps.push([at, weightAt((at - x) * narrow, a)]);
  return taps;
}

function nearestOf(x: number, rounding: ResizeOptions['rounding']): number {
  if (rounding === 'floor') return floor(x);
  if (rounding === 'ceil') return ceil(x);
  return rounding === 'roundPreferCeil' ? floor(x + 0.5) : ceil(x - 0.5);
}

/** The rows of an axis's matrix: weights by element; none for a coordinate outside x, where those do not count. */
function rowsOf(axis: Axis, options: ResizeOptions): ReadonlyMap<number, number>[] {
  const { n, P } = axis;
  const { coordinates = 'halfPixel', mode = 'nearest', excludeOutside = false } = options;
  return Array.from({ length: P }, (_, p) => {
    const x =
      axis.scale === 1 && coordinates !== 'tfCropAndResize'
        ? p
        : coordinateOf(axis, p, coordinates);
    const row = new Map<number, number>();
    if (coordinates === 'tfCropAndResize' && (x < 0 || x > n - 1)) return row;
    const taps: Taps =
      mode === 'nearest' ? [[nearestOf(x, options.rounding), 1]] : tapsOf(x, axis, options);
    const kept =
      excludeOutside && mode !== 'nearest' ? taps.filter(([at]) => at >= 0 && at < n) : taps;
    const total = kept.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [at, weight] of kept) {
      if (weight === 0) continue;
      const own = min(max(at, 0), n - 1);
      row.set(own, (row.get(own) ?? 0) + weight / total);
    }
    return row;
  });
}

/** Larger matrices are mostly zeros, so that elements are taken one tap of all rows after another. */
const MOST_WEIGHTS = 2 ** 20;

/** Σ of what stands at the rows' first, second, … elements, times their weights. */
function tapped(x: Tensor, axis: number, rows: readonly ReadonlyMap<number, number>[]): Tensor {
  const taps = rows.map((row) => [...row]);
  const longest = taps.reduce((most, { length }) => max(most, length), 1);
  const ones = x.shape.slice(axis + 1).fill(1);
  const terms = Array.from({ length: longest }, (_, t) => {
    const places = literal(taps.map((row) => row[t]?.[0] ?? 0));
    const weights = reshape(literal(taps.map((row) => row[t]?.[1] ?? 0)), [rows.length, ...ones]);
    return multiply(gather(x, places, axis), weights);
  });
  return terms.reduce((a, b) => add(a, b));
}

/** The product with a matrix of these rows along an axis. */
function along(x: Tensor, { axis, n, P }: Axis, rows: readonly ReadonlyMap<number, number>[]) {
  const isPicked = rows.every((row) => row.size === 1 && row.values().next().value === 1);
  if (isPicked) {
    const places = rows.map((row) => row.keys().next().value!);
    return places.every((place, p) => place === p) && n === P
      ? x
      : gather(x, literal(places), axis);
  }
  if (n * P > MOST_WEIGHTS) return tapped(x, axis, rows);
  const table = rows.flatMap((row) => Array.from({ length: n }, (_, at) => row.get(at) ?? 0));
  const matrix = reshape(literal(table), [P, n]);
  const inner = sizeOf(x.shape.slice(axis + 1));
  const shape = x.shape.with(axis, P);
  if (inner === 1) return reshape(matmul(reshape(x, [-1, n]), matrix, false, true), shape);
  const lines = permute(reshape(x, [-1, n, inner]), [0, 2, 1]);
  const y = matmul(reshape(lines, [-1, n]), matrix, false, true);
  return reshape(permute(reshape(y, [-1, inner, P]), [0, 2, 1]), shape);
}

function axesOf(x: Tensor, { sizes, scales, axes, region }: ResizeOptions): Axis[] {
  const count = (sizes ?? scales)?.length ?? 0;
  const list = axes ?? Array.from({ length: count }, (_, i) => i - count);
  const lengths = [sizes, scales, axes].flatMap((one) => (one ? [one.length] : []));
  const isOdd = lengths.some((length) => length !== count) || (region ?? list).length % count !== 0;
  if (count === 0 || isOdd || (region && region.length !== 2 * count)) {
    throw new ShapeError(
      'resize',
      `${sizes?.length ?? 'no'} sizes, ${scales?.length ?? 'no'} scales, ${axes?.length ?? 'no'} axes and a region of ${region?.length ?? 'no'} numbers, expected sizes or scales, one for each axis, and two of a region`,
    );
  }
  const found = list.map((one, i): Axis => {
    const axis = axisOf('resize', x, one);
    const n = x.shape[axis]!;
    const P = sizes?.[i] ?? floor(fround(n * fround(scales![i]!)));
    return {
      axis,
      n,
      P,
      scale: fround(scales?.[i] ?? P / n),
      start: fround(region?.[i] ?? 0),
      end: fround(region?.[i + count] ?? 1),
    };
  });
  const isDouble = new Set(found.map(({ axis }) => axis)).size < count;
  const large = found.find(({ n, P }) => max(n, P) > MOST_PLACES);
  if (large) {
    const { axis, n, P } = large;
    throw new ShapeError(
      'resize',
      `axis ${axis} of ${showShape(x.shape)}: ${n} elements to ${P}, expected at most ${MOST_PLACES}`,
    );
  }
  if (isDouble || found.some(({ P }) => P < 1)) {
    throw new ShapeError(
      'resize',
      `axes ${list.join(', ')} of ${showShape(x.shape)} ${isDouble ? 'repeat one' : 'would have nothing left'}`,
    );
  }
  return found;
}

/** Images that grow or shrink along both sides by the usual coordinates have kernels of their own. */
function isBilinear(x: Tensor, list: readonly Axis[], options: ResizeOptions): boolean {
  const { mode, coordinates = 'halfPixel', antialias = false } = options;
  const own = list.filter(({ n, P, scale: s }) => n !== P || s !== 1);
  return (
    mode === 'linear' &&
    !antialias &&
    x.shape.length === 4 &&
    own.length === 2 &&
    own.every(({ axis, P, n, scale: s }) => axis > 1 && P > 1 && fround(P / n) === s) &&
    ['halfPixel', 'pytorchHalfPixel', 'alignCorners'].includes(coordinates)
  );
}

/**
 * x resampled along `axes` to `sizes` or by `scales`, in each way that ONNX's Resize names. Common bilinear cases of N×C×H×W take
 * `upsample2d`'s kernel; of the others, each axis costs a product with a matrix of its two extents, or by the nearest element, or of long axes for each element that counts, a copy.
 * @throws ShapeError unless sizes, scales and region fit the axes, and if nothing would be left.
 * @throws LanewiseError kind 'argument' for an option out of range.
 */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  checkOptions('resize', options, CHECKS);
  const list = axesOf(x, options);
  if (isBilinear(x, list, options)) {
    const size = [2, 3].map((axis) => list.find((one) => one.axis === axis)!.P);
    return upsample2d(x, {
      size: size as [number, number],
      mode: 'bilinear',
      alignCorners: options.coordinates === 'alignCorners',
    });
  }
  const all = list.map((axis) => ({ axis, rows: rowsOf(axis, options) }));
  const y = all.reduce((t, { axis, rows }) => along(t, axis, rows), x);
  const { extrapolation = 0 } = options;
  const hasOutside = all.some(({ rows }) => rows.some((row) => row.size === 0));
  if (!hasOutside || extrapolation === 0) return y;
  // 1 where all coordinates are within x.
  const inside = all
    .map(({ axis: { axis, P }, rows }) => {
      const flags = literal(rows.map((row) => Number(row.size > 0)));
      return reshape(flags, [P, ...y.shape.slice(axis + 1).fill(1)]);
    })
    .reduce((a, b) => multiply(a, b));
  return add(y, add(scale(inside, -extrapolation), literal([extrapolation])));
}
