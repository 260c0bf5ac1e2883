/**
 * The transforms for 3×3 filters on planes of 2×2 with a padding of 1, where each output reads all four inputs. Along one
 * axis the filter is the Toeplitz matrix of w1 on, w2 above and w0 below the diagonal, and three multiplications do,
 *   y0 = w1·(x0 + x1) + (w2 − w1)·x1        y1 = w1·(x0 + x1) + (w0 − w1)·x0
 * (Karatsuba 1962; Winograd 1980), so that 9 are enough for a plane instead of the 16 of the four taps inside it.
 *
 *   Bᵀ·x = [x0 + x1, x0, x1]     G·w = [w1, w0 − w1, w2 − w1]     Aᵀ·m = [m0 + m2, m0 + m1]
 *
 * Every transform works on four planes or filters at once, one in each lane. Element (i, j) is at 3i + j steps.
 */
import { gather, scatter } from './winograd';
import { joinHigh, joinLow, zipHigh, zipLow } from './simd';

/**
 * Bᵀ·x·B of the four planes at p0…p3. Planes that are `turned` by 180° give A·dy·Aᵀ, since A·dy is [y0 + y1, y1, y0].
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
  const left = f32x4.add(x00, x10);
  const right = f32x4.add(x01, x11);
  v128.store(to, f32x4.add(left, right));
  v128.store(to + step, left);
  v128.store(to + step * 2, right);
  v128.store(to + step * 3, f32x4.add(x00, x01));
  v128.store(to + step * 4, x00);
  v128.store(to + step * 5, x01);
  v128.store(to + step * 6, f32x4.add(x10, x11));
  v128.store(to + step * 7, x10);
  v128.store(to + step * 8, x11);
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
  for (let i = 0; i < 3; i++) {
    // Rows 1, 0, 2 of the filter.
    const row = g + tap * (i == 0 ? 3 : i == 1 ? 0 : 6);
    let left = gather(row, pitch);
    let middle = gather(row + tap, pitch);
    let right = gather(row + tap * 2, pitch);
    left = f32x4.sub(left, middle);
    right = f32x4.sub(right, middle);
    if (i != 0) {
      middle = f32x4.sub(middle, v128.load(to));
      left = f32x4.sub(left, v128.load(to + step));
      right = f32x4.sub(right, v128.load(to + step * 2));
    }
    const at = to + step * 3 * i;
    v128.store(at, middle);
    v128.store(at + step, left);
    v128.store(at + step * 2, right);
  }
}

/** Aᵀ·m·A: the outputs of four planes, one a lane, in rows of 64 bytes at `to`, as transformOutput leaves them. */
export function transformPlaneOutput(m: usize, step: usize, to: usize): void {
  const m0 = v128.load(m);
  const m1 = v128.load(m + step);
  const m2 = v128.load(m + step * 2);
  const upper = step * 6;
  v128.store(
    to,
    f32x4.add(f32x4.add(m0, v128.load(m + upper)), f32x4.add(m2, v128.load(m + upper + step * 2))),
  );
  v128.store(
    to,
    f32x4.add(f32x4.add(m0, v128.load(m + upper)), f32x4.add(m1, v128.load(m + upper + step))),
    16,
  );
  const lower = step * 3;
  v128.store(
    to,
    f32x4.add(f32x4.add(m0, v128.load(m + lower)), f32x4.add(m2, v128.load(m + lower + step * 2))),
    64,
  );
  v128.store(
    to,
    f32x4.add(f32x4.add(m0, v128.load(m + lower)), f32x4.add(m1, v128.load(m + lower + step))),
    80,
  );
}

/** Gᵀ·m·G: the gradients of four 3×3 filters from their 9 sums. A filter of 9 taps follows the other at `to`. */
export function transformPlaneFilterGradient(m: usize, step: usize, to: usize): void {
  for (let i = 0; i < 3; i++) {
    // Rows 1, 0, 2 of the filter; the middle one is the first less the others.
    let middle = v128.load(m);
    let left = v128.load(m + step);
    let right = v128.load(m + step * 2);
    if (i == 0) {
      middle = f32x4.sub(middle, f32x4.add(v128.load(m + step * 3), v128.load(m + step * 6)));
      left = f32x4.sub(left, f32x4.add(v128.load(m + step * 4), v128.load(m + step * 7)));
      right = f32x4.sub(right, f32x4.add(v128.load(m + step * 5), v128.load(m + step * 8)));
    }
    middle = f32x4.sub(middle, f32x4.add(left, right));
    const row = to + (i == 0 ? 12 : i == 1 ? 0 : 24);
    scatter(left, row, 36);
    scatter(middle, row + 4, 36);
    scatter(right, row + 8, 36);
    m += step * 3;
  }
}
