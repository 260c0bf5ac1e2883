/** Lets the host look whether the relaxed dot product is exact (src/engine/relaxed-dot.ts). */

/** c + the dot product of four signed bytes w and four bytes x of 7 bits, by the instruction that the build's products use. */
export function byteDot(w: i32, x: i32, c: i32): i32 {
  const a = i32x4.splat(w);
  const b = i32x4.splat(x);
  if (ASC_FEATURE_RELAXED_SIMD) {
    return i32x4.extract_lane(i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, i32x4.splat(c)), 0);
  }
  const pairs = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(a), i16x8.extend_low_i8x16_u(b));
  return c + i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1);
}
