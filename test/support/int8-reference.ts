/** The kernels on bytes by definition, in exact arithmetic: whole numbers, and BigInt where 64 bits are needed. */

export interface Requantiser {
  readonly m: Int32Array | readonly number[];
  readonly shift: number;
  readonly zeroY: number;
  readonly low: number;
  readonly high: number;
  readonly table?: Uint8Array | undefined;
}

const clamp = (value: number, low: number, high: number): number =>
  Math.max(low, Math.min(high, value));

/** (sum + half) >> shift, where half is 2^(shift − 1), and sum = Σ terms of products. */
export function rounded(
  shift: number,
  ...products: readonly (readonly [number, number])[]
): number {
  const sum = products.reduce((total, [a, b]) => total + BigInt(a) * BigInt(b), 0n);
  return Number((sum + ((1n << BigInt(shift)) >> 1n)) >> BigInt(shift));
}

/** The byte of a sum of output o. */
export function byteOf(sum: number, o: number, by: Requantiser): number {
  const r = rounded(by.shift, [sum, by.m[o]!]);
  if (by.table) return by.table[clamp(r, -128, 127) + 128]!;
  return clamp(r + by.zeroY, by.low, by.high);
}

export interface Windows {
  readonly N: number;
  readonly C: number;
  readonly H: number;
  readonly W: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly ph: number;
  readonly pw: number;
  readonly P: number;
  readonly Q: number;
}

export interface Convolution extends Windows {
  readonly O: number;
  readonly dilationH: number;
  readonly dilationW: number;
  readonly groups: number;
}

/**
 * bias[o] + Σ w[o, c, i, j]·x[n, …, c] in the order n, p, q, o, where x (N×H×W×C) is zeroX outside the image; w:
 * O×(C/groups)×kh×kw.
 */
export function convolutionSums(
  at: Convolution,
  zeroX: number,
  x: Uint8Array,
  w: Int8Array,
  bias: Int32Array | readonly number[],
): Float64Array {
  const { N, C, H, W, O, kh, kw, P, Q, groups } = at;
  const [inputs, filters] = [C / groups, O / groups];
  const pixel = (n: number, h: number, v: number, c: number): number =>
    h < 0 || h >= H || v < 0 || v >= W ? zeroX : x[((n * H + h) * W + v) * C + c]!;
  const sumAt = (n: number, p: number, q: number, o: number): number => {
    const first = Math.floor(o / filters) * inputs;
    let sum = bias[o]!;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const h = p * at.sh + i * at.dilationH - at.ph;
        const v = q * at.sw + j * at.dilationW - at.pw;
        for (let c = 0; c < inputs; c++)
          sum += w[((o * inputs + c) * kh + i) * kw + j]! * pixel(n, h, v, first + c);
      }
    }
    return sum;
  };
  const sums = new Float64Array(N * P * Q * O);
  for (let i = 0; i < sums.length; i++) {
    const [o, q, rest] = [i % O, Math.floor(i / O) % Q, Math.floor(i / O / Q)];
    sums[i] = sumAt(Math.floor(rest / P), rest % P, q, o);
  }
  return sums;
}

/** The kernels convInt8, convInt8Grouped and convInt8Depthwise: N×P×Q×O. */
export const convolutionBytes = (
  at: Convolution,
  zeroX: number,
  x: Uint8Array,
  w: Int8Array,
  bias: Int32Array | readonly number[],
  by: Requantiser,
): Uint8Array =>
  Uint8Array.from(convolutionSums(at, zeroX, x, w, bias), (sum, i) => byteOf(sum, i % at.O, by));

/** convInt8Floats: N×O×P×Q. */
export function convolutionFloats(
  at: Convolution,
  zeroX: number,
  x: Uint8Array,
  w: Int8Array,
  bias: Int32Array | readonly number[],
  scale: Float32Array,
): Float32Array {
  const { N, O, P, Q } = at;
  const sums = convolutionSums(at, zeroX, x, w, bias);
  const y = new Float32Array(N * O * P * Q);
  for (let i = 0; i < sums.length; i++) {
    const [o, pixel] = [i % O, Math.floor(i / O)];
    const n = Math.floor(pixel / (P * Q));
    y[(n * O + o) * P * Q + (pixel % (P * Q))] = Math.fround(sums[i]!) * scale[o]!;
  }
  return y;
}

/** Every output of a pooling: what `of` makes of the values inside its window, and of the window's place. */
function pooled(
  at: Windows,
  x: Uint8Array,
  of: (values: readonly number[], top: number, left: number) => number,
): Uint8Array {
  const { N, C, H, W, kh, kw, sh, sw, ph, pw, P, Q } = at;
  const y = new Uint8Array(N * P * Q * C);
  let i = 0;
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      for (let q = 0; q < Q; q++) {
        for (let c = 0; c < C; c++) {
          const [top, left] = [p * sh - ph, q * sw - pw];
          const values: number[] = [];
          for (let h = Math.max(top, 0); h < Math.min(top + kh, H); h++) {
            for (let v = Math.max(left, 0); v < Math.min(left + kw, W); v++)
              values.push(x[((n * H + h) * W + v) * C + c]!);
          }
          y[i++] = of(values, top, left);
        }
      }
    }
  }
  return y;
}

export const maxPool = (at: Windows, x: Uint8Array): Uint8Array =>
  pooled(at, x, (values) => Math.max(...values));

/** A window of n < kh·kw taps has ⌊(m·kh·kw + ⌊n/2⌋)/n⌋ for m, at most 2³¹ − 1. */
export function averagePool(
  at: Windows,
  countPadding: boolean,
  zeroX: number,
  { m, shift, zeroY }: { readonly m: number; readonly shift: number; readonly zeroY: number },
  x: Uint8Array,
): Uint8Array {
  const { H, W, kh, kw, ph, pw } = at;
  return pooled(at, x, (values, top, left) => {
    const height = Math.min(top + kh, H + ph) - top;
    const width = Math.min(left + kw, W + pw) - left;
    const n = countPadding ? height * width : values.length;
    const share = (BigInt(m) * BigInt(kh * kw) + BigInt(n >> 1)) / BigInt(n);
    const factor = n === kh * kw ? m : Math.min(Number(share), 2 ** 31 - 1);
    const sum = values.reduce((total, value) => total + value - zeroX, 0);
    return clamp(rounded(shift, [sum, factor]) + zeroY, 0, 127);
  });
}

/** The byte of a float: nearest(x·inverse), ties to even, plus zero; NaN gives zero. */
export function quantizedByte(x: number, inverse: number, zero: number): number {
  const scaled = Math.fround(Math.fround(x) * Math.fround(inverse));
  if (Number.isNaN(scaled)) return zero;
  const held = clamp(scaled, -1000, 1000);
  const floor = Math.floor(held);
  const rest = held - floor;
  const nearest = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
  return clamp(nearest + zero, 0, 127);
}

/** N×C×area → N×area×C. */
export function transposedPlanes<T extends Uint8Array | Float32Array>(
  N: number,
  rows: number,
  columns: number,
  x: T,
): T {
  const y = x.slice() as T;
  for (let n = 0; n < N; n++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++)
        y[(n * columns + c) * rows + r] = x[(n * rows + r) * columns + c]!;
    }
  }
  return y;
}
