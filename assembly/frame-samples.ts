/** The conversion of stored samples to a program's inputs, with the bits of src/inference/feed.ts. */

/** Four values at x: bytes, or floats. */
@inline
function fourValues(isBytes: bool, x: usize): v128 {
  if (!isBytes) return v128.load(x);
  const words = i16x8.extend_low_i8x16_u(v128.load32_zero(x));
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(words));
}

/** y = (x·unit + less)·factor of `count` values, rounded at each operation. */
function scaleRun(
  count: i32,
  isBytes: bool,
  unit: f32,
  less: f32,
  factor: f32,
  x: usize,
  y: usize,
): void {
  const step: usize = isBytes ? 4 : 16;
  const units = f32x4.splat(unit);
  const lesses = f32x4.splat(less);
  const factors = f32x4.splat(factor);
  for (; count >= 4; count -= 4) {
    const v = f32x4.add(f32x4.mul(fourValues(isBytes, x), units), lesses);
    v128.store(y, f32x4.mul(v, factors));
    x += step;
    y += 16;
  }
  for (; count > 0; count--) {
    const v: f32 = isBytes ? <f32>load<u8>(x) : load<f32>(x);
    store<f32>(y, (v * unit + less) * factor);
    x += step >> 2;
    y += 4;
  }
}

/**
 * n planes of h×w bytes or floats in the middle of as many of H×W, h ≤ H and w ≤ W: each value is (x·unit + less)·factor, that of
 * 0 in the border. Without a border, y may be x.
 */
export function frameSamples(
  n: i32,
  h: i32,
  w: i32,
  H: i32,
  W: i32,
  isBytes: bool,
  unit: f32,
  less: f32,
  factor: f32,
  x: usize,
  y: usize,
): void {
  if (h == H && w == W) {
    scaleRun(n * h * w, isBytes, unit, less, factor, x, y);
    return;
  }
  const border = f32x4.splat(less * factor);
  const size = (<usize>w) << (isBytes ? 0 : 2);
  const first = (<usize>(((H - h) >> 1) * W + ((W - w) >> 1))) << 2;
  for (; n > 0; n--) {
    const end = y + ((<usize>(H * W)) << 2);
    // The first row of samples comes later than what this writes behind a plane.
    for (let at = y; at < end; at += 16) v128.store(at, border);
    let to = y + first;
    for (let i = 0; i < h; i++) {
      scaleRun(w, isBytes, unit, less, factor, x, to);
      x += size;
      to += (<usize>W) << 2;
    }
    y = end;
  }
}
