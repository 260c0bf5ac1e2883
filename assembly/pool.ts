/**
 * Average and maximum pooling over kh×kw windows with strides sh, sw, without padding. Windows that do not fit are
 * dropped. `planes` = N·C images of H×W; outputs P×Q. Windows of 2×2 with stride 2 take a vector path, in which the
 * last vector of a row may overlap the one before.
 */
import { sumPlane } from './norm';
import { fill } from './reduce';
import { LANES, floats, zipHigh, zipLow } from './simd';

/** Even lanes of eight consecutive floats. */
@inline
export function even(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

/** Odd lanes of eight consecutive floats. */
@inline
export function odd(low: v128, high: v128): v128 {
  return i8x16.shuffle(low, high, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/** y[plane, p, q] = mean of x[plane, p·sh + i, q·sw + j]; summed row by row, then × 1/(kh·kw). */
export function avgPool2d(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  x: usize,
  y: usize,
): void {
  const scale: f32 = <f32>1 / <f32>(kh * kw);
  const pairs = kh == 2 && kw == 2 && sw == 2 && Q >= LANES;
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const row = x + floats((plane * H + p * sh) * W);
      if (pairs) {
        const below = row + floats(W);
        for (let j = 0; j < Q; j += LANES) {
          const q = min(j, Q - LANES);
          const at = floats(q * 2);
          const a = v128.load(row + at);
          const b = v128.load(row + at, 16);
          const c = v128.load(below + at);
          const d = v128.load(below + at, 16);
          let sum = f32x4.add(even(a, b), odd(a, b));
          sum = f32x4.add(f32x4.add(sum, even(c, d)), odd(c, d));
          v128.store(y + floats(q), f32x4.mul(sum, f32x4.splat(scale)));
        }
      }
      for (let q = pairs ? Q : 0; q < Q; q++) {
        let sum: f32 = 0;
        for (let i = 0; i < kh; i++) {
          const line = row + floats(i * W + q * sw);
          for (let j = 0; j < kw; j++) sum += load<f32>(line + floats(j));
        }
        store<f32>(y + floats(q), sum * scale);
      }
      y += floats(Q);
    }
  }
}

/** dx = Σ over windows of dy / (kh·kw). Shapes as in avgPool2d. */
export function avgPool2dGradient(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  dy: usize,
  dx: usize,
): void {
  const scale: f32 = <f32>1 / <f32>(kh * kw);
  // Windows that tile the plane write each input once; others add up.
  const tiles = kh == 2 && kw == 2 && sh == 2 && sw == 2 && H == 2 * P && W == 2 * Q && Q >= LANES;
  if (!tiles) memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const row = dx + floats((plane * H + p * sh) * W);
      if (tiles) {
        const below = row + floats(W);
        for (let j = 0; j < Q; j += LANES) {
          const q = min(j, Q - LANES);
          const g = f32x4.mul(v128.load(dy + floats(q)), f32x4.splat(scale));
          const low = i8x16.shuffle(g, g, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7);
          const high = i8x16.shuffle(
            g,
            g,
            8,
            9,
            10,
            11,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            12,
            13,
            14,
            15,
          );
          const at = floats(q * 2);
          v128.store(row + at, low);
          v128.store(row + at, high, 16);
          v128.store(below + at, low);
          v128.store(below + at, high, 16);
        }
      }
      for (let q = tiles ? Q : 0; q < Q; q++) {
        const g = load<f32>(dy + floats(q)) * scale;
        for (let i = 0; i < kh; i++) {
          const line = row + floats(i * W + q * sw);
          for (let j = 0; j < kw; j++)
            store<f32>(line + floats(j), load<f32>(line + floats(j)) + g);
        }
      }
      dy += floats(Q);
    }
  }
}

/** y[plane, p, q] = max of x[plane, p·sh + i, q·sw + j]; NaN wins, as in PyTorch. */
export function maxPool2d(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  x: usize,
  y: usize,
): void {
  const pairs = kh == 2 && kw == 2 && sw == 2 && Q >= LANES;
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const row = x + floats((plane * H + p * sh) * W);
      if (pairs) {
        const below = row + floats(W);
        for (let j = 0; j < Q; j += LANES) {
          const q = min(j, Q - LANES);
          const at = floats(q * 2);
          const low = f32x4.max(v128.load(row + at), v128.load(below + at));
          const high = f32x4.max(v128.load(row + at, 16), v128.load(below + at, 16));
          v128.store(y + floats(q), f32x4.max(even(low, high), odd(low, high)));
        }
      }
      for (let q = pairs ? Q : 0; q < Q; q++) {
        let best = load<f32>(row + floats(q * sw));
        for (let i = 0; i < kh; i++) {
          const line = row + floats(i * W + q * sw);
          for (let j = 0; j < kw; j++) best = max(best, load<f32>(line + floats(j)));
        }
        store<f32>(y + floats(q), best);
      }
      y += floats(Q);
    }
  }
}

/** dx = dy at the first maximum of each window (row by row), 0 elsewhere. x as given to maxPool2d. */
export function maxPool2dGradient(
  planes: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  P: i32,
  Q: i32,
  x: usize,
  dy: usize,
  dx: usize,
): void {
  // Windows that tile the plane write each input once; others add up.
  const tiles = kh == 2 && kw == 2 && sh == 2 && sw == 2 && H == 2 * P && W == 2 * Q && Q >= LANES;
  if (!tiles) memory.fill(dx, 0, floats(planes * H * W));
  for (let plane = 0; plane < planes; plane++) {
    for (let p = 0; p < P; p++) {
      const row = floats((plane * H + p * sh) * W);
      if (tiles) {
        const below = row + floats(W);
        for (let j = 0; j < Q; j += LANES) {
          const q = min(j, Q - LANES);
          const at = floats(q * 2);
          spreadToMaxima(
            x + row + at,
            x + below + at,
            v128.load(dy + floats(q)),
            dx + row + at,
            dx + below + at,
          );
        }
      }
      for (let q = tiles ? Q : 0; q < Q; q++) {
        let where = row + floats(q * sw);
        let best = load<f32>(x + where);
        for (let i = 0; i < kh; i++) {
          const line = row + floats(i * W + q * sw);
          for (let j = 0; j < kw; j++) {
            const value = load<f32>(x + line + floats(j));
            // The second clause lets a NaN win over a number.
            if (value > best || (value != value && best == best)) {
              best = value;
              where = line + floats(j);
            }
          }
        }
        store<f32>(dx + where, load<f32>(dx + where) + load<f32>(dy + floats(q)));
      }
      dy += floats(Q);
    }
  }
}

/** Where y wins over x: where it is greater, or NaN while x is not. */
@inline
export function wins(y: v128, x: v128): v128 {
  return v128.andnot(f32x4.eq(x, x), f32x4.le(y, x));
}

/** Four 2×2 windows side by side: g where each has its first maximum, 0 at the other three places. */
@inline
function spreadToMaxima(row: usize, below: usize, g: v128, dRow: usize, dBelow: usize): void {
  const r0 = v128.load(row);
  const r1 = v128.load(row, 16);
  const b0 = v128.load(below);
  const b1 = v128.load(below, 16);
  let best = even(r0, r1);
  let next = odd(r0, r1);
  const second = wins(next, best);
  best = v128.bitselect(next, best, second);
  next = even(b0, b1);
  const third = wins(next, best);
  best = v128.bitselect(next, best, third);
  const fourth = wins(odd(b0, b1), best);
  // Later winners displace earlier ones.
  const upper = v128.andnot(v128.andnot(g, fourth), third);
  const left = v128.andnot(upper, second);
  const right = v128.and(upper, second);
  v128.store(dRow, zipLow(left, right));
  v128.store(dRow, zipHigh(left, right), 16);
  const lowerLeft = v128.and(v128.andnot(g, fourth), third);
  const lowerRight = v128.and(g, fourth);
  v128.store(dBelow, zipLow(lowerLeft, lowerRight));
  v128.store(dBelow, zipHigh(lowerLeft, lowerRight), 16);
}

/** y[plane] = mean of x[plane, :], planes×area: global average pooling. */
export function averagePlanes(planes: i32, area: i32, x: usize, y: usize): void {
  const scale: f32 = <f32>1 / <f32>area;
  for (let plane = 0; plane < planes; plane++) {
    store<f32>(y + floats(plane), sumPlane(x + floats(plane * area), area) * scale);
  }
}

/** dx[plane, :] = dy[plane]/area. */
export function averagePlanesGradient(planes: i32, area: i32, dy: usize, dx: usize): void {
  const scale: f32 = <f32>1 / <f32>area;
  for (let plane = 0; plane < planes; plane++) {
    fill(dx + floats(plane * area), area, load<f32>(dy + floats(plane)) * scale);
  }
}
