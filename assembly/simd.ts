/**
 * The vector vocabulary of the kernels: multiply-add in the two numerics, and the tails of 1–3 lanes.
 * A tail goes through the same vector arithmetic as a whole vector, so its bits do not depend on the place
 * of an element in an array.
 */

/** Lanes of a vector: 4 × float32. */
export const LANES: i32 = 4;

/** Bytes of `count` float32 values. */
@inline
export function floats(count: i32): usize {
  return (<usize>count) << 2;
}

/** x·y + c, rounded once in the fused builds and twice in the strict ones. */
@inline
export function madd(x: v128, y: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, c);
  return f32x4.add(c, f32x4.mul(x, y));
}

/** x·y where it is rounded before the addition; the fused builds have no such value. */
@inline
export function product(x: v128, y: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return y;
  return f32x4.mul(x, y);
}

/** madd(x, y, c), where `p` is `product(x, y)`. */
@inline
export function addProduct(p: v128, x: v128, y: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return madd(x, y, c);
  return f32x4.add(c, p);
}

/** Lane `lane`, a constant, of v in all four lanes. */
@inline
export function repeat(v: v128, lane: i32): v128 {
  if (lane == 0) return i8x16.shuffle(v, v, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
  if (lane == 1) return i8x16.shuffle(v, v, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  if (lane == 2) return i8x16.shuffle(v, v, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11);
  return i8x16.shuffle(v, v, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15);
}

/** Lanes 0 and 1 of two vectors interleaved: a0 b0 a1 b1. With the next three, the steps of a transpose. */
@inline
export function zipLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
}

/** Lanes 2 and 3 of two vectors interleaved: a2 b2 a3 b3. */
@inline
export function zipHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
}

/** Lanes 0 and 1 of two vectors: a0 a1 b0 b1. */
@inline
export function joinLow(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

/** Lanes 2 and 3 of two vectors: a2 a3 b2 b3. */
@inline
export function joinHigh(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/** The first `count` (1–3) floats at `p`, followed by zeros. */
@inline
export function loadTail(p: usize, count: i32): v128 {
  let v = v128.load32_zero(p);
  if (count > 1) v = v128.load_lane<f32>(p, v, 1, 4);
  if (count > 2) v = v128.load_lane<f32>(p, v, 2, 8);
  return v;
}

/** Stores the first `count` (1–3) lanes at `p`. */
@inline
export function storeTail(p: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(p, v, 0);
  if (count > 1) v128.store_lane<f32>(p, v, 1, 4);
  if (count > 2) v128.store_lane<f32>(p, v, 2, 8);
}

/** The first `count` (1–4) lanes of v, followed by zeros. */
@inline
export function firstLanes(v: v128, count: i32): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count)));
}

/** (lane 0 + lane 2) + (lane 1 + lane 3): one fixed order. */
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(
    v,
    i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  );
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}
