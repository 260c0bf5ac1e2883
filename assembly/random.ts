/**
 * Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") and deviates
 * from it. Element e of a stream is word e mod 4 of block e div 4, so every value is a function of
 * (seed, purpose, index, e) alone. The same generator is in src/random/philox.ts; a test compares.
 */
import { cosTurn, log, sinTurn } from './math';
import { joinHigh, joinLow, storeTail } from './simd';

const M0: u64 = 0xd2511f53;
const M1: u64 = 0xcd9e8d57;
const W0: u32 = 0x9e3779b9;
const W1: u32 = 0xbb67ae85;

/** The block at counter (block, index, step, purpose) under the key. */
export function philox(
  block: u32,
  index: u32,
  step: u32,
  purpose: u32,
  key0: u32,
  key1: u32,
): v128 {
  let c0 = block;
  let c1 = index;
  let c2 = step;
  let c3 = purpose;
  for (let round = 0; round < 10; round++) {
    const p0 = M0 * <u64>c0;
    const p1 = M1 * <u64>c2;
    c0 = (<u32>(p1 >> 32)) ^ c1 ^ key0;
    c1 = <u32>p1;
    c2 = (<u32>(p0 >> 32)) ^ c3 ^ key1;
    c3 = <u32>p0;
    key0 += W0;
    key1 += W1;
  }
  const low = i32x4.replace_lane(i32x4.splat(c0), 1, c1);
  return i32x4.replace_lane(i32x4.replace_lane(low, 2, c2), 3, c3);
}

/** The upper 24 bits of each word as a float in [0, 1). */
@inline
function unit(words: v128): v128 {
  return f32x4.mul(
    f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)),
    f32x4.splat(5.9604644775390625e-8),
  );
}

@inline
function storeSome(y: usize, v: v128, count: i32): void {
  if (count >= 4) v128.store(y, v);
  else storeTail(y, v, count);
}

/** y[e] = low + (high − low)·u, u uniform in [0, 1); count elements. */
export function randomUniform(
  y: usize,
  count: i32,
  low: f32,
  high: f32,
  key0: u32,
  key1: u32,
  index: u32,
  purpose: u32,
): void {
  const width = f32x4.splat(high - low);
  for (let e = 0; e < count; e += 4) {
    const u = unit(philox(e >> 2, index, 0, purpose, key0, key1));
    storeSome(y, f32x4.add(f32x4.splat(low), f32x4.mul(width, u)), count - e);
    y += 16;
  }
}

/** Four standard normal deviates by Box and Muller (1958). */
export function normals(words: v128): v128 {
  // Words 0 and 1 give the radii (in (0, 1], so that the logarithm is finite), 2 and 3 the angles.
  const u = unit(words);
  const positive = f32x4.add(u, f32x4.splat(5.9604644775390625e-8));
  const radius = f32x4.sqrt(f32x4.mul(f32x4.splat(-2), log(positive)));
  const angle = joinHigh(u, u);
  return f32x4.mul(joinLow(radius, radius), joinLow(cosTurn(angle), sinTurn(angle)));
}

/** y[e] = mean + deviation·z, z standard normal; count elements. */
export function randomNormal(
  y: usize,
  count: i32,
  mean: f32,
  deviation: f32,
  key0: u32,
  key1: u32,
  index: u32,
  purpose: u32,
): void {
  for (let e = 0; e < count; e += 4) {
    const z = normals(philox(e >> 2, index, 0, purpose, key0, key1));
    storeSome(y, f32x4.add(f32x4.splat(mean), f32x4.mul(f32x4.splat(deviation), z)), count - e);
    y += 16;
  }
}
