/** Bytes from floats and back, and elementwise kernels on bytes. Floats are rounded as in strict numerics, in all builds. */
import { clamped, scaled, halfOf, storeBytes } from './requantise';

/**
 * 1.5·2²³ as float and as its bits, in memory, as engines make constants anew for each use. Added to a float of less than 2²²,
 * it leaves the nearest whole number in the lowest bits, ties to even.
 */
const WHOLE = memory.data<f32>([12_582_912, 12_582_912, 12_582_912, 12_582_912], 16);

/** nearest(x·inverse) between least and most of four floats; 0 for NaN. */
@inline
function wholeOf(x: usize, inverse: v128, least: v128, most: v128, whole: v128): v128 {
  let v = f32x4.mul(v128.load(x), inverse);
  v = v128.and(v, f32x4.eq(v, v));
  v = f32x4.pmin(f32x4.pmax(v, least), most);
  return i32x4.sub(f32x4.add(v, whole), whole);
}

/** Bytes of the 16 floats at x: between −zero and 127 − zero, plus zero. */
function quantized(x: usize, inverse: v128, zero: i32): v128 {
  const under: i32 = -zero;
  const over: i32 = 127 - zero;
  const least = f32x4.splat(<f32>under);
  const most = f32x4.splat(<f32>over);
  const whole = v128.load(WHOLE);
  const a = wholeOf(x, inverse, least, most, whole);
  const b = wholeOf(x + 16, inverse, least, most, whole);
  const c = wholeOf(x + 32, inverse, least, most, whole);
  const d = wholeOf(x + 48, inverse, least, most, whole);
  const bytes = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
  return i8x16.add(bytes, i8x16.splat(<i8>zero));
}

/** The byte of one float. */
function quantizedOne(x: usize, inverse: f32, zero: i32): u8 {
  const v = load<f32>(x) * inverse;
  if (v != v) return <u8>zero;
  const under: i32 = -zero;
  const over: i32 = 127 - zero;
  return <u8>(<i32>max(min(nearest(v), <f32>over), <f32>under) + zero);
}

/** `count` floats to as many bytes. */
function quantizeRun(count: i32, x: usize, inverse: f32, zero: i32, y: usize): void {
  const factor = f32x4.splat(inverse);
  for (; count >= 16; count -= 16) {
    v128.store(y, quantized(x, factor, zero));
    x += 64;
    y += 16;
  }
  for (; count > 0; count--) {
    store<u8>(y, quantizedOne(x, inverse, zero));
    x += 4;
    y++;
  }
}

/** The first `count` (1–4) of four bytes. */
@inline
function storeChannels(y: usize, bytes: u32, count: i32): void {
  if (count == 4) {
    store<u32>(y, bytes);
    return;
  }
  if (count & 2) {
    store<u16>(y, <u16>bytes);
    bytes >>= 16;
    y += 2;
  }
  if (count & 1) store<u8>(y, <u8>bytes);
}

/** Four pixels of up to four channels. */
function storePixels(y: usize, v: v128, C: usize, count: i32): void {
  const low = i64x2.extract_lane(v, 0);
  const high = i64x2.extract_lane(v, 1);
  storeChannels(y, <u32>low, count);
  storeChannels(y + C, <u32>(low >> 32), count);
  storeChannels(y + C * 2, <u32>high, count);
  storeChannels(y + C * 3, <u32>(high >> 32), count);
}

/** 16 pixels of up to four channels, whose planes lie `plane` bytes apart. */
function interleave(
  x: usize,
  plane: usize,
  count: i32,
  inverse: v128,
  zero: i32,
  C: usize,
  y: usize,
): void {
  const a = quantized(x, inverse, zero);
  const b = count > 1 ? quantized(x + plane, inverse, zero) : a;
  const c = count > 2 ? quantized(x + plane * 2, inverse, zero) : a;
  const d = count > 3 ? quantized(x + plane * 3, inverse, zero) : a;
  const ab = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const cd = i8x16.shuffle(c, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const ef = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const gh = i8x16.shuffle(c, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  storePixels(
    y,
    i8x16.shuffle(ab, cd, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23),
    C,
    count,
  );
  y += C * 4;
  storePixels(
    y,
    i8x16.shuffle(ab, cd, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31),
    C,
    count,
  );
  y += C * 4;
  storePixels(
    y,
    i8x16.shuffle(ef, gh, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23),
    C,
    count,
  );
  y += C * 4;
  storePixels(
    y,
    i8x16.shuffle(ef, gh, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31),
    C,
    count,
  );
}

/** y[n, pixel, c] = nearest(x[n, c, pixel]·inverse) + zero, ties to even, between 0 and 127; NaN gives zero. */
export function quantizePlanes(
  N: i32,
  C: i32,
  area: i32,
  inverse: f32,
  zero: i32,
  x: usize,
  y: usize,
): void {
  if (C == 1 || area == 1) {
    quantizeRun(N * C * area, x, inverse, zero, y);
    return;
  }
  const factor = f32x4.splat(inverse);
  const plane = (<usize>area) << 2;
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c += 4) {
      if (area >= 16) {
        // The last 16 pixels may overlap those before.
        for (let i = 0; i < area; i += 16) {
          const first = min(i, area - 16);
          interleave(
            x + ((<usize>first) << 2),
            plane,
            min(C - c, 4),
            factor,
            zero,
            C,
            y + <usize>(first * C + c),
          );
        }
        x += plane * min(C - c, 4);
        continue;
      }
      for (let k = c; k < min(C, c + 4); k++) {
        for (let i = 0; i < area; i++) {
          store<u8>(y + <usize>(i * C + k), quantizedOne(x, inverse, zero));
          x += 4;
        }
      }
    }
    y += <usize>(area * C);
  }
}

/** The floats of four words. */
@inline
function floatsOf(words: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(words), scale);
}

/** `count` bytes to as many floats. */
function dequantizeRun(count: i32, x: usize, scale: f32, zero: i32, y: usize): void {
  const factor = f32x4.splat(scale);
  const less = i16x8.splat(<i16>zero);
  for (; count >= 8; count -= 8) {
    const words = i16x8.sub(v128.load_ext<u8>(x), less);
    v128.store(y, floatsOf(i32x4.extend_low_i16x8_s(words), factor));
    v128.store(y, floatsOf(i32x4.extend_high_i16x8_s(words), factor), 16);
    x += 8;
    y += 32;
  }
  for (; count > 0; count--) {
    store<f32>(y, scale * <f32>(<i32>load<u8>(x) - zero));
    x++;
    y += 4;
  }
}

/** Four pixels of four channels, C bytes apart, into rows `plane` bytes apart. */
function separate(x: usize, C: usize, scale: v128, less: v128, plane: usize, y: usize): void {
  let v = v128.load32_zero(x);
  v = v128.load_lane<i32>(x + C, v, 1);
  v = v128.load_lane<i32>(x + C * 2, v, 2);
  v = v128.load_lane<i32>(x + C * 3, v, 3);
  v = i8x16.shuffle(v, v, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  const low = i16x8.sub(i16x8.extend_low_i8x16_u(v), less);
  const high = i16x8.sub(i16x8.extend_high_i8x16_u(v), less);
  v128.store(y, floatsOf(i32x4.extend_low_i16x8_s(low), scale));
  v128.store(y + plane, floatsOf(i32x4.extend_high_i16x8_s(low), scale));
  v128.store(y + plane * 2, floatsOf(i32x4.extend_low_i16x8_s(high), scale));
  v128.store(y + plane * 3, floatsOf(i32x4.extend_high_i16x8_s(high), scale));
}

/** y[n, c, pixel] = scale·(x[n, pixel, c] − zero). */
export function dequantizePlanes(
  N: i32,
  C: i32,
  area: i32,
  scale: f32,
  zero: i32,
  x: usize,
  y: usize,
): void {
  if (C == 1 || area == 1) {
    dequantizeRun(N * C * area, x, scale, zero, y);
    return;
  }
  const factor = f32x4.splat(scale);
  const less = i16x8.splat(<i16>zero);
  const plane = (<usize>area) << 2;
  for (let n = 0; n < N; n++) {
    const whole = area >= 4 ? C & ~3 : 0;
    for (let c = 0; c < whole; c += 4) {
      for (let i = 0; i < area; i += 4) {
        const first = min(i, area - 4);
        separate(
          x + <usize>(first * C + c),
          C,
          factor,
          less,
          plane,
          y + plane * c + ((<usize>first) << 2),
        );
      }
    }
    for (let c = whole; c < C; c++) {
      for (let i = 0; i < area; i++) {
        const value = scale * <f32>(<i32>load<u8>(x + <usize>(i * C + c)) - zero);
        store<f32>(y + plane * c + ((<usize>i) << 2), value);
      }
    }
    x += <usize>(area * C);
    y += plane * C;
  }
}

/** y = value of `count` bytes. */
export function fillInt8(count: i32, value: i32, y: usize): void {
  memory.fill(y, <u8>value, count);
}

/** Bytes of four sums of (a − zeroA)·mA + (b − zeroB)·mB in 32 bits. */
@inline
function blended(pairs: v128, factors: v128, half: v128, shift: i32): v128 {
  return i32x4.shr_s(i32x4.add(i32x4.dot_i16x8_s(pairs, factors), half), shift);
}

/** Multipliers up to 15 bits and a shift up to 30: their sums fit 32 bits. */
const SHORT: i32 = 32_768;

/** 16 results of a's and b's bytes; short multipliers. */
function blendShort(
  a: v128,
  b: v128,
  less: v128,
  factors: v128,
  shift: i32,
  zero: v128,
  low: v128,
  high: v128,
): v128 {
  const half = i32x4.splat((1 << shift) >> 1);
  const ab = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const cd = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const first = i16x8.narrow_i32x4_s(
    blended(i16x8.sub(i16x8.extend_low_i8x16_u(ab), less), factors, half, shift),
    blended(i16x8.sub(i16x8.extend_high_i8x16_u(ab), less), factors, half, shift),
  );
  const second = i16x8.narrow_i32x4_s(
    blended(i16x8.sub(i16x8.extend_low_i8x16_u(cd), less), factors, half, shift),
    blended(i16x8.sub(i16x8.extend_high_i8x16_u(cd), less), factors, half, shift),
  );
  return clamped(first, second, zero, low, high);
}

/** One result in 64 bits. */
function blendOne(
  a: i32,
  mA: i32,
  b: i32,
  mB: i32,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
): u8 {
  const half = ((<i64>1) << shift) >> 1;
  const r = (<i64>a * mA + <i64>b * mB + half) >> shift;
  return <u8>max(min(r + zeroY, <i64>high), <i64>low);
}

/** y = r + zeroY between low and high, where r = ((a − zeroA)·mA + (b − zeroB)·mB + half) >> shift. */
export function addInt8(
  count: i32,
  zeroA: i32,
  mA: i32,
  zeroB: i32,
  mB: i32,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  a: usize,
  b: usize,
  y: usize,
): void {
  if (max(mA, mB) < SHORT && shift <= 30) {
    const less = i32x4.splat(zeroA | (zeroB << 16));
    const factors = i32x4.splat(mA | (mB << 16));
    const zero = i16x8.splat(<i16>zeroY);
    const least = i8x16.splat(<i8>low);
    const most = i8x16.splat(<i8>high);
    for (let i = 0; i < count; i += 16) {
      const v = blendShort(
        v128.load(a + i),
        v128.load(b + i),
        less,
        factors,
        shift,
        zero,
        least,
        most,
      );
      storeBytes(y + i, v, min(count - i, 16));
    }
    return;
  }
  for (let i = 0; i < count; i++) {
    const from = <i32>load<u8>(a + i) - zeroA;
    store<u8>(y + i, blendOne(from, mA, <i32>load<u8>(b + i) - zeroB, mB, shift, zeroY, low, high));
  }
}

/** y = r + zeroY between low and high, r = ((x − zeroX)·m + half) >> shift, of C bytes of rows that lie xPitch and yPitch apart. */
export function rescaleInt8(
  rows: i32,
  C: i32,
  xPitch: i32,
  yPitch: i32,
  zeroX: i32,
  m: i32,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  x: usize,
  y: usize,
): void {
  for (; rows > 0; rows--) {
    addInt8(C, zeroX, m, 0, 0, shift, zeroY, low, high, x, x, y);
    x += xPitch;
    y += yPitch;
  }
}
