/** The integers of a layer: weights, biases, multipliers and tables, from its floats and the scales of its bytes. */
import { sizeOf, type Tensor } from '../graph/tensor.js';
import type { Geometry, Layout, Norm, Pointwise, ProductStep } from './byte-steps.js';
import { valuesOf } from './calibrate.js';
import { MOST, type PlaceRange } from './quantized-graph.js';
import { nearestEven, PLACES } from './ranges.js';

/** Multipliers of one shift: real ≈ m/2^shift. */
export interface Multipliers {
  readonly m: Int32Array<ArrayBuffer>;
  readonly shift: number;
}

const MOST_SHIFT = 62;

/** The multipliers with the largest shift for which all are below 2³¹, or `bound`. */
export function multipliersOf(reals: readonly number[], bound = 2 ** 31 - 1): Multipliers {
  const most = Math.max(...reals);
  let shift = 1;
  let factor = 2;
  while (shift < MOST_SHIFT && most * factor * 2 < bound) {
    shift++;
    factor *= 2;
  }
  return {
    m: Int32Array.from(reals, (real) => Math.min(2 ** 31 - 1, Math.round(real * factor))),
    shift,
  };
}

/** Multipliers of sums of two bytes and of bytes: of 15 bits, which kernels multiply at once. */
export const byteMultipliers = (reals: readonly number[]): Multipliers =>
  multipliersOf(reals, 2 ** 15 - 1);

/** The multipliers of one shift. */
const shiftedBy = (reals: readonly number[], shift: number): Multipliers => ({
  m: Int32Array.from(reals, (real) => Math.round(real * 2 ** shift)),
  shift,
});

/** Bits that even the smallest multiplier of a layer has. */
const LEAST_BITS = 14;

/** Multipliers of a layer's outputs: with a shift of 32, for which kernels need no shift, if none loses by it. */
export function layerMultipliers(reals: readonly number[]): Multipliers {
  const least = Math.min(...reals.filter((real) => real > 0));
  const fits = Math.max(...reals) < 0.499 && least >= 2 ** (LEAST_BITS - 32);
  return fits ? shiftedBy(reals, 32) : multipliersOf(reals);
}

/** The least multiplier that has 11 bits with a shift of 15, which is a single instruction. */
const LEAST_SHARE = 1 / 16;

/** The multiplier of averages over `taps` bytes; `ratio` is that of the scales. */
export function averageMultiplier(ratio: number, taps: number): Multipliers {
  const real = ratio / taps;
  if (real < 0.99 && real >= LEAST_SHARE) return shiftedBy([real], 15);
  // Windows that are cut have multipliers up to that of a single tap.
  return multipliersOf([real, ratio]);
}

/** The values of constant tensors. */
export type Constants = ReadonlyMap<Tensor, Float32Array>;

/** A layer's weights as O rows, and biases, with its normalisation folded into them. */
interface Folded {
  readonly rows: readonly Float64Array[];
  readonly biases: Float64Array;
}

function fold({ geometry, weight, bias, norm }: ProductStep, constants: Constants): Folded {
  const { O } = geometry;
  const values = weight ? constants.get(weight)! : new Float32Array(O).fill(1);
  const size = values.length / O;
  const scales = norm && scalesOf(norm, constants);
  const biases = Float64Array.from({ length: O }, (_, o) => {
    const own = bias ? constants.get(bias)![o]! : 0;
    return scales ? (own - scales.means[o]!) * scales.factors[o]! + scales.shifts[o]! : own;
  });
  const rows = Array.from({ length: O }, (_, o) =>
    Float64Array.from(values.subarray(o * size, (o + 1) * size), (w) =>
      scales ? w * scales.factors[o]! : w,
    ),
  );
  return { rows, biases };
}

function scalesOf({ mean, variance, weight, bias, epsilon }: Norm, constants: Constants) {
  const get = (tensor: Tensor) => constants.get(tensor)!;
  const weights = get(weight);
  return {
    means: get(mean),
    shifts: get(bias),
    factors: Float64Array.from(get(variance), (v, o) => weights[o]! / Math.sqrt(v + epsilon)),
  };
}

/** The places of a dense layer's inputs: after images, channels × area become area × channels. */
function orderOf(size: number, layout: Layout, geometry: Geometry): (k: number) => number {
  const { channels, area } = layout;
  const isFlattened = area > 1 && geometry.C === channels * area && channels * area === size;
  if (!isFlattened || geometry.kh * geometry.kw > 1) return (k) => k;
  return (k) => (k % channels) * area + Math.floor(k / channels);
}

/** A product in integers. Its sums are those of bytes, so the zero of its input is in the biases. */
export interface IntegerProduct {
  /** O×(C/groups)×kh×kw, in the order of the bytes. */
  readonly weights: Int8Array<ArrayBuffer>;
  readonly biases: Int32Array<ArrayBuffer>;
  /** Of an output in bytes. */
  readonly finish?: Finish;
  /** Of an output in floats. */
  readonly scales?: Float32Array<ArrayBuffer>;
}

export interface Finish extends Multipliers {
  readonly low: number;
  readonly high: number;
  readonly table?: Uint8Array<ArrayBuffer>;
}

/** What a product's bytes stand for. */
export interface ProductScales {
  readonly x: PlaceRange;
  readonly layout: Layout;
  /** Each feature's mean over the calibration's samples. */
  readonly means?: Float64Array | undefined;
  /** Absent for an output in floats. */
  readonly y?: PlaceRange | undefined;
  readonly inner?: PlaceRange | undefined;
}

/** Bound on a bias in units of its sums. */
const MOST_BIAS = 2 ** 30;

export async function integersOf(
  step: ProductStep,
  constants: Constants,
  { x, layout, means, y, inner }: ProductScales,
): Promise<IntegerProduct> {
  const { rows, biases } = fold(step, constants);
  const { O } = step.geometry;
  const size = rows[0]!.length;
  const order = orderOf(size, layout, step.geometry);
  const expected = means && meansOf(means, layout, step.geometry);
  const weights = new Int8Array(O * size);
  const padded = Math.ceil(O / 4) * 4;
  const sums = new Int32Array(padded);
  const units: number[] = [];
  // A table's place 0 stands for the middle of its range.
  const middle = inner ? inner.zero * inner.scale : 0;
  rows.forEach((row, o) => {
    const unit = unitOf(row, Math.abs(biases[o]!) + Math.abs(middle), x.scale);
    let [total, lost] = [0, 0];
    for (let k = 0; k < size; k++) {
      const w = row[order(k)]!;
      const q = Math.max(-127, Math.min(127, nearestEven(w / unit)));
      weights[o * size + k] = q;
      total += q;
      if (expected) lost += (w - unit * q) * expected(order(k), o);
    }
    const bias = (biases[o]! + lost + middle) / (x.scale * unit);
    sums[o] = Math.max(-MOST_BIAS, Math.min(MOST_BIAS, Math.round(bias))) - x.zero * total;
    units.push(x.scale * unit);
  });
  if (!y)
    return {
      weights,
      biases: sums,
      scales: Float32Array.from({ length: padded }, (_, o) => units[o] ?? 0),
    };
  const finer = inner ? inner.scale : y.scale;
  const { m, shift } = layerMultipliers(
    Array.from({ length: padded }, (_, o) => (units[o] ?? 0) / finer),
  );
  return {
    weights,
    biases: sums,
    finish: { m, shift, ...(await boundsOf(step.pointwise, y, inner)) },
  };
}

/** What one of a row's integers stands for: a 127th of its largest weight, or more for a bias, of `bias` at most, far larger than its weights. */
function unitOf(row: Float64Array, bias: number, scale: number): number {
  const most = row.reduce((largest, w) => Math.max(largest, Math.abs(w)), 0) / MOST;
  const unit = Math.max(most, (bias / scale) * 2 ** -24);
  return unit > 0 ? unit : 1;
}

/** The mean of the value that a row's weight number k is multiplied with. */
function meansOf(
  means: Float64Array,
  { channels, area }: Layout,
  { C, O, kh, kw, groups }: Geometry,
) {
  const isByFeature = kh * kw === 1 && C === means.length;
  const ofChannel = new Float64Array(channels);
  means.forEach((mean, i) => (ofChannel[Math.floor(i / area) % channels]! += mean));
  const each = means.length / channels;
  const inputs = C / groups;
  return (k: number, o: number): number => {
    if (isByFeature) return means[k]!;
    const first = Math.floor(o / (O / groups)) * inputs;
    return ofChannel[first + Math.floor(k / (kh * kw))]! / each;
  };
}

/** The bytes between which a clamp's results lie, or the table of a function. */
export async function boundsOf(
  pointwise: Pointwise | undefined,
  y: PlaceRange,
  inner?: PlaceRange | undefined,
): Promise<Omit<Finish, 'm' | 'shift'>> {
  if (pointwise?.kind === 'clamp')
    return { low: byteOf(pointwise.low, y), high: byteOf(pointwise.high, y) };
  const whole = { low: 0, high: MOST };
  if (!pointwise || !inner) return whole;
  const { scale, zero } = inner;
  const at = Float64Array.from({ length: PLACES }, (_, i) => scale * (i - 128 - zero));
  return { ...whole, table: await tableOf(pointwise, at, y) };
}

/** The bytes of a function's values. */
export async function tableOf(
  pointwise: Pointwise,
  at: Float64Array,
  y: PlaceRange,
): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await valuesOf(pointwise, at), (v) => byteOf(v, y));
}

/** The byte that a value is held as. */
export const byteOf = (v: number, { scale, zero }: PlaceRange): number =>
  Math.min(MOST, Math.max(0, nearestEven(v / scale) + zero));

/** Number of elements of a step's weights. */
export const weightCount = ({ weight, geometry }: ProductStep): number =>
  weight ? sizeOf(weight.shape) : geometry.O;
