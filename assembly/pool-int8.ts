/**
 * Pooling of bytes, over channels side by side. Windows may reach into the padding or, at the end, beyond it; each has an
 * input. N, C, H, W: input; P, Q: output.
 */
import { halfOf, clamped, scaled, storeBytes, storeFew } from './requantise';

/** Bytes that 16 bits can sum up: 127 each. */
const ADDED: i32 = 256;

/** y = the largest of each window. */
export function maxPoolInt8(
  N: i32,
  H: i32,
  W: i32,
  C: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  x: usize,
  y: usize,
): void {
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      const top = max(p * sh - ph, 0);
      const bottom = min(p * sh - ph + kh, H);
      for (let q = 0; q < Q; q++) {
        const left = max(q * sw - pw, 0);
        const right = min(q * sw - pw + kw, W);
        for (let c = 0; c < C; c += 16) {
          let most = i8x16.splat(0);
          for (let i = top; i < bottom; i++) {
            let at = x + <usize>((i * W + left) * C + c);
            for (let j = left; j < right; j++) {
              most = i8x16.max_u(most, v128.load(at));
              at += C;
            }
          }
          storeBytes(y + c, most, min(C - c, 16));
        }
        y += C;
      }
    }
    x += <usize>(H * W * C);
  }
}

/** Sums of eight channels of a window, four to `to` and four behind, from `start` on. */
function windowSums(
  x: usize,
  rows: i32,
  columns: i32,
  C: usize,
  pitch: usize,
  start: v128,
  to: usize,
): void {
  let low = start;
  let high = start;
  let words = i16x8.splat(0);
  let left = ADDED;
  for (; rows > 0; rows--) {
    let at = x;
    for (let j = 0; j < columns; j++) {
      words = i16x8.add(words, v128.load_ext<u8>(at));
      at += C;
      if (--left == 0) {
        low = i32x4.add(low, i32x4.extend_low_i16x8_u(words));
        high = i32x4.add(high, i32x4.extend_high_i16x8_u(words));
        words = i16x8.splat(0);
        left = ADDED;
      }
    }
    x += pitch;
  }
  v128.store(to, i32x4.add(low, i32x4.extend_low_i16x8_u(words)));
  v128.store(to, i32x4.add(high, i32x4.extend_high_i16x8_u(words)), 16);
}

/** The multiplier of a window of n of K taps: m·K/n to the nearest, up to 2³¹ − 1. */
function multiplierOf(m: i32, K: i32, n: i32): i32 {
  if (n == K) return m;
  return <i32>min((<i64>m * K + (n >> 1)) / n, <i64>i32.MAX_VALUE);
}

/**
 * y = r + zeroY between 0 and 127, where r = (s·m + half) >> shift of s = Σ (q − zeroX). A window of n < kh·kw taps has
 * ⌊(m·kh·kw + ⌊n/2⌋)/n⌋, at most 2³¹ − 1, for m; with countPadding n has in it what lies in the padding, but not beyond.
 */
export function avgPoolInt8(
  N: i32,
  H: i32,
  W: i32,
  C: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph: i32,
  pw: i32,
  P: i32,
  Q: i32,
  countPadding: i32,
  zeroX: i32,
  m: i32,
  shift: i32,
  zeroY: i32,
  x: usize,
  y: usize,
): void {
  const half = halfOf(shift);
  const zero = i16x8.splat(<i16>zeroY);
  const least = i8x16.splat(0);
  const most = i8x16.splat(127);
  const sums = memory.data(32, 16);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      const above = p * sh - ph;
      const top = max(above, 0);
      const rows = min(above + kh, H) - top;
      const height = countPadding ? min(above + kh, H + ph) - above : rows;
      for (let q = 0; q < Q; q++) {
        const before = q * sw - pw;
        const left = max(before, 0);
        const columns = min(before + kw, W) - left;
        const width = countPadding ? min(before + kw, W + pw) - before : columns;
        const factor = i32x4.splat(multiplierOf(m, kh * kw, height * width));
        const start = i32x4.splat(-zeroX * rows * columns);
        const at = x + <usize>((top * W + left) * C);
        for (let c = 0; c < C; c += 8) {
          windowSums(at + c, rows, columns, C, W * C, start, sums);
          const a = scaled(v128.load(sums), factor, half, shift);
          const b = scaled(v128.load(sums, 16), factor, half, shift);
          const words = i16x8.narrow_i32x4_s(a, b);
          const bytes = clamped(words, words, zero, least, most);
          if (C - c >= 8) v128.store64_lane(y + c, bytes, 0);
          else storeFew(y + c, bytes, C - c);
        }
        y += C;
      }
    }
    x += <usize>(H * W * C);
  }
}
