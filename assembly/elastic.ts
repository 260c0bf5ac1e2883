/**
 * Displacement fields of elastic distortion (Simard, Steinkraus and Platt 2003): uniform noise smoothed by a Gaussian.
 * Products are rounded before sums in every build, so that augmented samples are the same in all.
 */
import { philox } from './random';
import { LANES, floats } from './simd';

/** Values from one block of random words: 16 bits are enough for a displacement. */
const PER_BLOCK: i32 = 8;

@inline
function zero(y: usize, count: i32): void {
  memory.fill(y, 0, floats(count));
}

/** Columns of a row of the field: the width, rounded up to whole vectors. */
@inline
function padded(W: i32): i32 {
  return (W + (LANES - 1)) & -LANES;
}

/**
 * The fields of x and y, each H×padded(W): alpha·Σ g·g·u, u uniform in (−1, 1), one word of 16 bits for each
 * pixel, 0 outside the image. weights: g(0) … g(radius). The words are those of block b at (place, step,
 * stream). workspace: W + 7 + 2·radius + 4 floats of a row, then (H + 2·radius)·padded(W).
 */
export function elasticField(
  H: i32,
  W: i32,
  weights: usize,
  radius: i32,
  alpha: f32,
  key0: u32,
  key1: u32,
  place: u32,
  step: u32,
  stream: u32,
  workspace: usize,
  field: usize,
): void {
  const width = padded(W);
  const row = width + PER_BLOCK + 2 * radius;
  const rows = workspace + floats(row);
  const first = workspace + floats(radius);
  const margin = radius * width;
  const scale = f32x4.splat(<f32>(1.0 / 32768.0));
  const factor = f32x4.splat(alpha);
  const offset = f32x4.splat(<f32>(1.0 / 65536.0 - 1.0));
  zero(workspace, row);
  zero(rows, margin);
  zero(rows + floats(margin + H * width), margin);
  let block: u32 = 0;
  for (let axis = 0; axis < 2; axis++) {
    for (let i = 0; i < H; i++) {
      for (let j = 0; j < W; j += PER_BLOCK) {
        const words = philox(block++, place, step, stream, key0, key1);
        const at = first + floats(j);
        const low = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(words));
        const high = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(words));
        v128.store(at, f32x4.mul(factor, f32x4.add(f32x4.mul(low, scale), offset)));
        v128.store(at, f32x4.mul(factor, f32x4.add(f32x4.mul(high, scale), offset)), 16);
      }
      zero(first + floats(W), PER_BLOCK);
      smooth(first, 4, weights, radius, rows + floats(margin + i * width), width);
    }
    for (let i = 0; i < H; i++) {
      const at = rows + floats(margin + i * width);
      smooth(at, floats(width), weights, radius, field + floats(i * width), width);
    }
    field += floats(H * width);
  }
}

/** y[j] = w[0]·x[j] + Σ w[k]·(x[j − k] + x[j + k]), where k steps are k·stride bytes; `count` values, whole vectors. */
function smooth(x: usize, stride: usize, weights: usize, radius: i32, y: usize, count: i32): void {
  if (count < 4 * LANES) {
    for (let j = 0; j < count; j += LANES) {
      const at = x + floats(j);
      let sum = f32x4.mul(v128.load32_splat(weights), v128.load(at));
      let step: usize = stride;
      for (let k = 1; k <= radius; k++) {
        const w = v128.load32_splat(weights + floats(k));
        const pair = f32x4.add(v128.load(at - step), v128.load(at + step));
        sum = f32x4.add(sum, f32x4.mul(w, pair));
        step += stride;
      }
      v128.store(y + floats(j), sum);
    }
    return;
  }
  for (let j = 0; j < count; j += 4 * LANES) {
    // The last four vectors may overlap those before; x and y do not.
    const from = floats(min(j, count - 4 * LANES));
    const at = x + from;
    const w0 = v128.load32_splat(weights);
    let s0 = f32x4.mul(w0, v128.load(at));
    let s1 = f32x4.mul(w0, v128.load(at, 16));
    let s2 = f32x4.mul(w0, v128.load(at, 32));
    let s3 = f32x4.mul(w0, v128.load(at, 48));
    let before = at;
    let after = at;
    for (let k = 1; k <= radius; k++) {
      before -= stride;
      after += stride;
      const w = v128.load32_splat(weights + floats(k));
      s0 = f32x4.add(s0, f32x4.mul(w, f32x4.add(v128.load(before), v128.load(after))));
      s1 = f32x4.add(s1, f32x4.mul(w, f32x4.add(v128.load(before, 16), v128.load(after, 16))));
      s2 = f32x4.add(s2, f32x4.mul(w, f32x4.add(v128.load(before, 32), v128.load(after, 32))));
      s3 = f32x4.add(s3, f32x4.mul(w, f32x4.add(v128.load(before, 48), v128.load(after, 48))));
    }
    v128.store(y + from, s0);
    v128.store(y + from, s1, 16);
    v128.store(y + from, s2, 32);
    v128.store(y + from, s3, 48);
  }
}
