/**
 * Pooling of bytes, over channels side by side. Windows may reach into the padding or, at the end, beyond it; each has an
 * input. N, C, H, W: input; P, Q: output. A store may reach into the pixels behind, which come later.
 */
import { clamped, halfOf, scaled, storeBytes } from './requantise';

/** Bytes that 16 bits can sum up with any sign: 127 each. */
const ADDED: i32 = 256;

/** Sums of eight channels in 32 bits. */
const SUMS = memory.data(32, 16);

/** Windows from q on, of Q, that have all their columns, or 1 for one that has not. */
@inline
function wholeRun(q: i32, Q: i32, W: i32, kw: i32, sw: i32, pw: i32): i32 {
  const spare = W - (q * sw - pw) - kw;
  return q * sw < pw || spare < 0 ? 1 : min(Q - q, spare / sw + 1);
}

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
  const end = y + <usize>(N * P * Q * C);
  const pitch = <usize>(W * C);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      const top = max(p * sh - ph, 0);
      const rows = min(p * sh - ph + kh, H) - top;
      let run = 0;
      for (let q = 0; q < Q; q += run) {
        run = wholeRun(q, Q, W, kw, sw, pw);
        const left = max(q * sw - pw, 0);
        const columns = min(q * sw - pw + kw, W) - left;
        const at = x + <usize>((top * W + left) * C);
        largest(at, run, sw * C, rows, columns, C, pitch, y, end);
        y += <usize>(run * C);
      }
    }
    x += pitch * H;
  }
}

/** The largest of `run` windows of rows×columns, `step` bytes apart. */
function largest(
  x: usize,
  run: i32,
  step: usize,
  rows: i32,
  columns: i32,
  C: usize,
  pitch: usize,
  y: usize,
  end: usize,
): void {
  for (; run > 0; run--) {
    for (let c: usize = 0; c < C; c += 16) {
      let row = x + c;
      let most = v128.load(row);
      for (let i = rows; i > 0; i--) {
        let at = row;
        for (let j = columns; j > 0; j--) {
          most = i8x16.max_u(most, v128.load(at));
          at += C;
        }
        row += pitch;
      }
      const to = y + c;
      if (to + 16 <= end) v128.store(to, most);
      else storeBytes(to, most, <i32>min(C - c, 16));
    }
    x += step;
    y += C;
  }
}

/** r of eight channels of a window of 2×2, as words. */
@inline
function quarter(x: usize, C: usize, pitch: usize, below: v128, share: v128): v128 {
  const next = x + pitch;
  const above = i16x8.add(v128.load_ext<u8>(x), v128.load_ext<u8>(x + C));
  const under = i16x8.add(v128.load_ext<u8>(next), v128.load_ext<u8>(next + C));
  return i16x8.q15mulr_sat_s(i16x8.sub(i16x8.add(above, under), below), share);
}

/** The most frequent windows: of 2×2, with a shift of 15. Two at once if the channels are few, else 16 channels. */
function quarters(
  x: usize,
  run: i32,
  step: usize,
  C: usize,
  pitch: usize,
  below: v128,
  share: v128,
  zero: v128,
  y: usize,
  end: usize,
): void {
  const least = i8x16.splat(0);
  const most = i8x16.splat(127);
  for (; C <= 8 && run > 1 && y + C + 8 <= end; run -= 2) {
    const a = quarter(x, C, pitch, below, share);
    const b = quarter(x + step, C, pitch, below, share);
    const bytes = clamped(a, b, zero, least, most);
    v128.store64_lane(y, bytes, 0);
    v128.store64_lane(y + C, bytes, 1);
    x += step * 2;
    y += C * 2;
  }
  for (; run > 0; run--) {
    for (let c: usize = 0; c < C; c += 16) {
      const a = quarter(x + c, C, pitch, below, share);
      const b = quarter(x + c + 8, C, pitch, below, share);
      const bytes = clamped(a, b, zero, least, most);
      if (y + c + 16 <= end) v128.store(y + c, bytes);
      else storeBytes(y + c, bytes, <i32>min(C - c, 16));
    }
    x += step;
    y += C;
  }
}

/** Sums of eight channels of a window of up to 256 inputs. */
@inline
function windowWords(x: usize, rows: i32, columns: i32, C: usize, pitch: usize): v128 {
  let words = i16x8.splat(0);
  for (; rows > 0; rows--) {
    let at = x;
    for (let j = 0; j < columns; j++) {
      words = i16x8.add(words, v128.load_ext<u8>(at));
      at += C;
    }
    x += pitch;
  }
  return words;
}

/** Sums of eight channels of any window. */
function windowSums(x: usize, rows: i32, columns: i32, C: usize, pitch: usize): void {
  let low = i32x4.splat(0);
  let high = low;
  for (; rows > 0; rows--) {
    for (let j = 0; j < columns; j += ADDED) {
      const words = windowWords(x + C * j, 1, min(columns - j, ADDED), C, pitch);
      low = i32x4.add(low, i32x4.extend_low_i16x8_u(words));
      high = i32x4.add(high, i32x4.extend_high_i16x8_u(words));
    }
    x += pitch;
  }
  v128.store(SUMS, low);
  v128.store(SUMS, high, 16);
}

/** The multiplier of a window of n of K taps: m·K/n to the nearest, up to 2³¹ − 1. */
function multiplierOf(m: i32, K: i32, n: i32): i32 {
  if (n == K) return m;
  return <i32>min((<i64>m * K + (n >> 1)) / n, <i64>i32.MAX_VALUE);
}

/** `run` windows of rows×columns, `step` bytes apart; less: what zeroX has in their sums. */
function averages(
  x: usize,
  run: i32,
  step: usize,
  rows: i32,
  columns: i32,
  C: usize,
  pitch: usize,
  less: i32,
  m: i32,
  shift: i32,
  zeroY: i32,
  y: usize,
  end: usize,
): void {
  const half = halfOf(shift);
  const zero = i16x8.splat(<i16>zeroY);
  const least = i8x16.splat(0);
  const most = i8x16.splat(127);
  const below = i16x8.splat(<i16>less);
  const share = i16x8.splat(<i16>m);
  // One instruction's definition is this shift.
  const isShort = shift == 15 && m <= <i32>i16.MAX_VALUE;
  if (isShort && rows == 2 && columns == 2) {
    quarters(x, run, step, C, pitch, below, share, zero, y, end);
    return;
  }
  const isSmall = rows * columns <= ADDED;
  for (; run > 0; run--) {
    for (let c: usize = 0; c < C; c += 8) {
      let words: v128;
      if (isSmall) {
        words = i16x8.sub(windowWords(x + c, rows, columns, C, pitch), below);
        if (isShort) words = i16x8.q15mulr_sat_s(words, share);
        else {
          const low = i32x4.extend_low_i16x8_s(words);
          words = shared(low, i32x4.extend_high_i16x8_s(words), m, half, shift);
        }
      } else {
        windowSums(x + c, rows, columns, C, pitch);
        const low = i32x4.sub(v128.load(SUMS), i32x4.splat(less));
        const high = i32x4.sub(v128.load(SUMS, 16), i32x4.splat(less));
        words = shared(low, high, m, half, shift);
      }
      const bytes = clamped(words, words, zero, least, most);
      const to = y + c;
      if (to + 8 <= end) v128.store64_lane(to, bytes, 0);
      else storeBytes(to, bytes, <i32>min(C - c, 8));
    }
    x += step;
    y += C;
  }
}

/** r of eight sums, as words. */
function shared(low: v128, high: v128, m: i32, half: v128, shift: i32): v128 {
  const factor = i32x4.splat(m);
  return i16x8.narrow_i32x4_s(scaled(low, factor, half, shift), scaled(high, factor, half, shift));
}

/**
 * y = r + zeroY between 0 and 127, where r = (s·m + half) >> shift of s = Σ (q − zeroX). A window of n < kh·kw taps has
 * ⌊(m·kh·kw + ⌊n/2⌋)/n⌋, at most 2³¹ − 1, for m; with countPadding n has in it what lies in the padding, but not beyond. A shift
 * of 15 with m < 2¹⁵ is fastest, then 32.
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
  const end = y + <usize>(N * P * Q * C);
  const pitch = <usize>(W * C);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) {
      const above = p * sh - ph;
      const top = max(above, 0);
      const rows = min(above + kh, H) - top;
      const height = countPadding ? min(above + kh, H + ph) - above : rows;
      let run = 0;
      for (let q = 0; q < Q; q += run) {
        run = wholeRun(q, Q, W, kw, sw, pw);
        const before = q * sw - pw;
        const left = max(before, 0);
        const columns = min(before + kw, W) - left;
        const width = countPadding ? min(before + kw, W + pw) - before : columns;
        const factor = multiplierOf(m, kh * kw, height * width);
        const less = zeroX * rows * columns;
        const at = x + <usize>((top * W + left) * C);
        averages(at, run, sw * C, rows, columns, C, pitch, less, factor, shift, zeroY, y, end);
        y += <usize>(run * C);
      }
    }
    x += pitch * H;
  }
}
