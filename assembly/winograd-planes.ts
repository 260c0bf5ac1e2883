/**
 * The transforms for 3×3 filters on planes of 2×2 with a padding of 1, where each output reads all four inputs. Along one
 * axis the filter is the Toeplitz matrix of w1 on, w2 above and w0 below the diagonal, and three multiplications do,
 *   m0 = ½(w2 + w1)·(x1 + x0)     m1 = ½(w2 − w1)·(x1 − x0)     m2 = (w0 − w2)·x0     y0 = m0 + m1     y1 = m0 − m1 + m2
 * (Toom 1963, Winograd 1980, with the points 1, −1 and ∞), so that 9 are enough for a plane instead of the 16 of the four
 * taps inside it. Karatsuba's points 0, 1 and ∞ would do with fewer additions, and their terms are larger: with them rounding errors
 * are a third larger.
 *
 *   Bᵀ·x = [x0 + x1, x1 − x0, x0]     G·w = [½(w2 + w1), ½(w2 − w1), w0 − w2]     Aᵀ·m = [m0 + m1, m0 − m1 + m2]
 *
 * Every transform works on four planes or filters at once, one in each lane. Element (i, j) is at 3i + j steps.
 */
import { gather, scatter } from './winograd';
import { joinHigh, joinLow, zipHigh, zipLow } from './simd';

/**
 * Bᵀ·x·B of the four planes at p0…p3. Planes that are `turned` by 180° give A·dy·Aᵀ, since A·dy is [y0 + y1, y0 − y1, y1].
 */
export function transformPlanes(
  turned: bool,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  to: usize,
  step: usize,
): void {
  const v0 = v128.load(p0);
  const v1 = v128.load(p1);
  const v2 = v128.load(p2);
  const v3 = v128.load(p3);
  const low01 = zipLow(v0, v1);
  const low23 = zipLow(v2, v3);
  const high01 = zipHigh(v0, v1);
  const high23 = zipHigh(v2, v3);
  const first = joinLow(low01, low23);
  const second = joinHigh(low01, low23);
  const third = joinLow(high01, high23);
  const fourth = joinHigh(high01, high23);
  const x00 = turned ? fourth : first;
  const x01 = turned ? third : second;
  const x10 = turned ? second : third;
  const x11 = turned ? first : fourth;
  timesB(f32x4.add(x00, x10), f32x4.add(x01, x11), to, step);
  timesB(f32x4.sub(x10, x00), f32x4.sub(x11, x01), to + step * 3, step);
  timesB(x00, x01, to + step * 6, step);
}

/** Bᵀ·x of two vectors. */
@inline
function timesB(left: v128, right: v128, to: usize, step: usize): void {
  v128.store(to, f32x4.add(left, right));
  v128.store(to + step, f32x4.sub(right, left));
  v128.store(to + step * 2, left);
}

@inline
function half(v: v128): v128 {
  return f32x4.mul(v, f32x4.splat(0.5));
}

/** G·w·Gᵀ of four 3×3 filters, `pitch` bytes apart, turned by 180° if `flipped`. */
export function transformPlaneFilter(
  g: usize,
  pitch: usize,
  flipped: bool,
  to: usize,
  step: usize,
): void {
  const tap: usize = flipped ? -4 : 4;
  if (flipped) g += 32;
  // Row 1 waits in the first place, and row 2, less than row 0, in the last.
  for (let i = 0; i < 3; i++) {
    const row = g + tap * (i == 0 ? 3 : i == 1 ? 6 : 0);
    const left = gather(row, pitch);
    const middle = gather(row + tap, pitch);
    const right = gather(row + tap * 2, pitch);
    placeRow(i, half(f32x4.add(right, middle)), to, step);
    placeRow(i, half(f32x4.sub(right, middle)), to + step, step);
    placeRow(i, f32x4.sub(left, right), to + step * 2, step);
  }
}

/** A column of G·w: takes row 1, then row 2, then row 0 of w. */
@inline
function placeRow(i: i32, v: v128, to: usize, step: usize): void {
  const last = to + step * 6;
  if (i == 0) v128.store(to, v);
  else if (i == 1) {
    const middle = v128.load(to);
    v128.store(to, half(f32x4.add(v, middle)));
    v128.store(to + step * 3, half(f32x4.sub(v, middle)));
    v128.store(last, v);
  } else v128.store(last, f32x4.sub(v, v128.load(last)));
}

/** Aᵀ·m·A: the outputs of four planes, one a lane, in rows of 64 bytes at `to`, as transformOutput leaves them. */
export function transformPlaneOutput(m: usize, step: usize, to: usize): void {
  const m0 = v128.load(m);
  const m1 = v128.load(m + step);
  const m2 = v128.load(m + step * 2);
  m += step * 3;
  const n0 = v128.load(m);
  const n1 = v128.load(m + step);
  const n2 = v128.load(m + step * 2);
  m += step * 3;
  timesA(f32x4.add(m0, n0), f32x4.add(m1, n1), f32x4.add(m2, n2), to);
  timesA(
    f32x4.add(f32x4.sub(m0, n0), v128.load(m)),
    f32x4.add(f32x4.sub(m1, n1), v128.load(m + step)),
    f32x4.add(f32x4.sub(m2, n2), v128.load(m + step * 2)),
    to + 64,
  );
}

/** Aᵀ·m of three vectors. */
@inline
function timesA(m0: v128, m1: v128, m2: v128, to: usize): void {
  v128.store(to, f32x4.add(m0, m1));
  v128.store(to, f32x4.add(f32x4.sub(m0, m1), m2), 16);
}

/** Gᵀ·m·G: the gradients of four 3×3 filters from their 9 sums. A filter of 9 taps follows the other at `to`. */
export function transformPlaneFilterGradient(m: usize, step: usize, to: usize): void {
  for (let i = 0; i < 3; i++) {
    const left = gradientRow(i, m + step * 2, step);
    const first = half(gradientRow(i, m, step));
    const second = half(gradientRow(i, m + step, step));
    scatter(left, to, 36);
    scatter(f32x4.sub(first, second), to + 4, 36);
    scatter(f32x4.sub(f32x4.add(first, second), left), to + 8, 36);
    to += 12;
  }
}

/** Row i of Gᵀ·m, of one column. */
@inline
function gradientRow(i: i32, m: usize, step: usize): v128 {
  const m2 = v128.load(m + step * 6);
  if (i == 0) return m2;
  const first = half(v128.load(m));
  const second = half(v128.load(m + step * 3));
  return i == 1 ? f32x4.sub(first, second) : f32x4.sub(f32x4.add(first, second), m2);
}
