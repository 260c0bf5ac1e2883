/**
 * From sums of int32 to bytes, in integers alone: r = (s·m + 2^(shift − 1)) >> shift in 64 bits, then r + zero between low and
 * high (Jacob et al. 2018, with one shift a layer). A shift of 32 is fastest. Places in a table of 256 are r + 128 between 0 and
 * 255.
 */
import { SUM_BYTES } from '../src/program/int8-scratch';

/** 2^(shift − 1) in 64 bits. */
@inline
export function halfOf(shift: i32): v128 {
  return i64x2.splat(((<i64>1) << shift) >> 1);
}

/** Kinds of shift: by 32, which takes the upper words; by more, whose rest is a shift of 32-bit lanes; by less. */
const UPPER: i32 = 0;
const MORE: i32 = 1;
const LESS: i32 = 2;

@inline
function kindOf(shift: i32): i32 {
  return shift == 32 ? UPPER : shift > 32 ? MORE : LESS;
}

/** 64-bit lanes of v between ±2³⁰, which later steps hold down to bytes. */
@inline
function held(v: v128): v128 {
  const most = i64x2.splat(1 << 30);
  const least = i64x2.splat(-(1 << 30));
  const under = v128.bitselect(most, v, i64x2.gt_s(v, most));
  return v128.bitselect(least, under, i64x2.lt_s(under, least));
}

/** The shift of 64-bit lanes by less than 32. */
function shiftedLess(low: v128, high: v128, shift: i32): v128 {
  const a = held(i64x2.shr_s(low, shift));
  const b = held(i64x2.shr_s(high, shift));
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

/** (s·m + half) >> shift of four sums, between int32's bounds; KIND, a constant, is that of the shift. */
@inline
function scaledAs(KIND: i32, s: v128, m: v128, half: v128, shift: i32): v128 {
  const low = i64x2.add(i64x2.extmul_low_i32x4_s(s, m), half);
  const high = i64x2.add(i64x2.extmul_high_i32x4_s(s, m), half);
  if (KIND == LESS) return shiftedLess(low, high, shift);
  const upper = i8x16.shuffle(
    low,
    high,
    4,
    5,
    6,
    7,
    12,
    13,
    14,
    15,
    20,
    21,
    22,
    23,
    28,
    29,
    30,
    31,
  );
  return KIND == UPPER ? upper : i32x4.shr_s(upper, shift - 32);
}

/** (s·m + half) >> shift of four sums, between int32's bounds. */
export function scaled(s: v128, m: v128, half: v128, shift: i32): v128 {
  if (shift >= 32) return scaledAs(MORE, s, m, half, shift);
  return scaledAs(LESS, s, m, half, shift);
}

/** r of the eight sums from `at` on, as words. */
@inline
function wordsAs(KIND: i32, at: usize, m0: v128, m1: v128, half: v128, shift: i32): v128 {
  return i16x8.narrow_i32x4_s(
    scaledAs(KIND, v128.load(at), m0, half, shift),
    scaledAs(KIND, v128.load(at, 16), m1, half, shift),
  );
}

/** The first `count` (1–7) of eight bytes to `at`, and nothing behind. */
export function storeFew(at: usize, bytes: i64, count: i32): void {
  if (count & 4) {
    store<u32>(at, <u32>bytes);
    bytes >>= 32;
    at += 4;
  }
  if (count & 2) {
    store<u16>(at, <u16>bytes);
    bytes >>= 16;
    at += 2;
  }
  if (count & 1) store<u8>(at, <u8>bytes);
}

/** The first `count` (1–16) bytes of v to `at`, and nothing behind. */
@inline
export function storeBytes(at: usize, v: v128, count: i32): void {
  if (count == 16) v128.store(at, v);
  else storePart(at, v, count);
}

function storePart(at: usize, v: v128, count: i32): void {
  if (count < 8) {
    storeFew(at, i64x2.extract_lane(v, 0), count);
    return;
  }
  v128.store64_lane(at, v, 0);
  storeFew(at + 8, i64x2.extract_lane(v, 1), count - 8);
}

/** Words of r as bytes: r + zero between low and high. */
@inline
export function clamped(a: v128, b: v128, zero: v128, low: v128, high: v128): v128 {
  const bytes = i8x16.narrow_i16x8_u(i16x8.add_sat_s(a, zero), i16x8.add_sat_s(b, zero));
  return i8x16.min_u(i8x16.max_u(bytes, low), high);
}

/**
 * Bytes of `outputs` (1–8) neighbours of each of `pixels` pixels, `pitch` bytes apart. m: multipliers of the panels, of
 * which the second may be absent.
 */
export function finishPixels(
  sums: usize,
  pixels: i32,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  y: usize,
  pitch: usize,
  outputs: i32,
): void {
  const kind = kindOf(shift);
  if (kind == UPPER) pixelsAs(UPPER, sums, pixels, m, shift, zeroY, low, high, y, pitch, outputs);
  else if (kind == MORE)
    pixelsAs(MORE, sums, pixels, m, shift, zeroY, low, high, y, pitch, outputs);
  else pixelsAs(LESS, sums, pixels, m, shift, zeroY, low, high, y, pitch, outputs);
}

@inline
function pixelsAs(
  KIND: i32,
  sums: usize,
  pixels: i32,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  y: usize,
  pitch: usize,
  outputs: i32,
): void {
  const half = halfOf(shift);
  const m0 = v128.load(m);
  const m1 = outputs > 4 ? v128.load(m, 16) : m0;
  const zero = i16x8.splat(<i16>zeroY);
  const least = i8x16.splat(<i8>low);
  const most = i8x16.splat(<i8>high);
  // Two pixels at once; behind the last there is room in the sums.
  for (; pixels > 0; pixels -= 2) {
    const a = wordsAs(KIND, sums, m0, m1, half, shift);
    const b = wordsAs(KIND, sums + SUM_BYTES, m0, m1, half, shift);
    const bytes = clamped(a, b, zero, least, most);
    const next = y + pitch;
    if (outputs == 8) {
      v128.store64_lane(y, bytes, 0);
      if (pixels > 1) v128.store64_lane(next, bytes, 1);
    } else {
      storeFew(y, i64x2.extract_lane(bytes, 0), outputs);
      if (pixels > 1) storeFew(next, i64x2.extract_lane(bytes, 1), outputs);
    }
    y = next + pitch;
    sums += SUM_BYTES * 2;
  }
}

/**
 * Bytes of `count` sums side by side. m: their multipliers, which begin again after `period`, a multiple of 16; at most 15
 * behind the last are read.
 */
export function finishRun(
  sums: usize,
  count: i32,
  m: usize,
  period: i32,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  y: usize,
): void {
  const kind = kindOf(shift);
  if (kind == UPPER) runAs(UPPER, sums, count, m, period, shift, zeroY, low, high, y);
  else if (kind == MORE) runAs(MORE, sums, count, m, period, shift, zeroY, low, high, y);
  else runAs(LESS, sums, count, m, period, shift, zeroY, low, high, y);
}

@inline
function runAs(
  KIND: i32,
  sums: usize,
  count: i32,
  m: usize,
  period: i32,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  y: usize,
): void {
  const half = halfOf(shift);
  const zero = i16x8.splat(<i16>zeroY);
  const least = i8x16.splat(<i8>low);
  const most = i8x16.splat(<i8>high);
  const end = m + ((<usize>period) << 2);
  let at = m;
  for (; count > 0; count -= 16) {
    const a = wordsAs(KIND, sums, v128.load(at), v128.load(at, 16), half, shift);
    const b = wordsAs(KIND, sums + 32, v128.load(at, 32), v128.load(at, 48), half, shift);
    storeBytes(y, clamped(a, b, zero, least, most), min(count, 16));
    at += 64;
    if (at >= end) at = m;
    sums += 64;
    y += 16;
  }
}
