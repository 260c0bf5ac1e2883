/**
 * From sums of int32 to bytes, in integers alone: r = (s·m + 2^(shift − 1)) >> shift in 64 bits, then r + zero between low and
 * high; or r between −128 and 127 as the place in a table (Jacob et al. 2018, with one shift a layer).
 */
import { SUM_BYTES } from '../src/program/int8-scratch';

/** 2^(shift − 1) in 64 bits. */
@inline
export function halfOf(shift: i32): v128 {
  return i64x2.splat(((<i64>1) << shift) >> 1);
}

/** 64-bit lanes of v between ±2³⁰, which later steps hold down to bytes. */
@inline
function held(v: v128): v128 {
  const most = i64x2.splat(1 << 30);
  const least = i64x2.splat(-(1 << 30));
  const under = v128.bitselect(most, v, i64x2.gt_s(v, most));
  return v128.bitselect(least, under, i64x2.lt_s(under, least));
}

/** (s·m + half) >> shift of four sums, between int32's bounds. */
export function scaled(s: v128, m: v128, half: v128, shift: i32): v128 {
  const low = i64x2.add(i64x2.extmul_low_i32x4_s(s, m), half);
  const high = i64x2.add(i64x2.extmul_high_i32x4_s(s, m), half);
  // A shift of 32 is to take the upper words, and the rest of it is one of 32-bit lanes.
  if (shift >= 32) {
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
    return i32x4.shr_s(upper, shift - 32);
  }
  const a = held(i64x2.shr_s(low, shift));
  const b = held(i64x2.shr_s(high, shift));
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

/** The first `count` (1–7) bytes of v to `at`, and nothing behind. */
export function storeFew(at: usize, v: v128, count: i32): void {
  let bytes = i64x2.extract_lane(v, 0);
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
export function storeBytes(at: usize, v: v128, count: i32): void {
  if (count == 16) {
    v128.store(at, v);
    return;
  }
  if (count >= 8) {
    v128.store64_lane(at, v, 0);
    v = i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    count -= 8;
    at += 8;
  }
  storeFew(at, v, count);
}

/** Words of r as bytes: r + zero between low and high. */
@inline
export function clamped(a: v128, b: v128, zero: v128, low: v128, high: v128): v128 {
  const bytes = i8x16.narrow_i16x8_u(i16x8.add_sat_s(a, zero), i16x8.add_sat_s(b, zero));
  return i8x16.min_u(i8x16.max_u(bytes, low), high);
}

/**
 * Bytes of `outputs` (1–8) neighbours of each of `pixels` pixels, `pitch` bytes apart. m: multipliers of the panels, of
 * which the second may be absent. With a table the bytes are places in it less 128, for `translate`.
 */
export function finishBytes(
  sums: usize,
  pixels: i32,
  m: usize,
  shift: i32,
  zeroY: i32,
  low: i32,
  high: i32,
  isPlace: bool,
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
    const a = i16x8.narrow_i32x4_s(
      scaled(v128.load(sums), m0, half, shift),
      scaled(v128.load(sums, 16), m1, half, shift),
    );
    const next = sums + SUM_BYTES;
    const b = i16x8.narrow_i32x4_s(
      scaled(v128.load(next), m0, half, shift),
      scaled(v128.load(next, 16), m1, half, shift),
    );
    const bytes = isPlace ? i8x16.narrow_i16x8_s(a, b) : clamped(a, b, zero, least, most);
    if (outputs == 8) v128.store64_lane(y, bytes, 0);
    else storeFew(y, bytes, outputs);
    if (pixels > 1) {
      if (outputs == 8) v128.store64_lane(y + pitch, bytes, 1);
      else {
        const second = i8x16.shuffle(
          bytes,
          bytes,
          8,
          9,
          10,
          11,
          12,
          13,
          14,
          15,
          8,
          9,
          10,
          11,
          12,
          13,
          14,
          15,
        );
        storeFew(y + pitch, second, outputs);
      }
    }
    y += pitch * 2;
    sums += SUM_BYTES * 2;
  }
}
