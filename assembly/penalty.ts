/**
 * Companions of the update rules: penalties, clipping, norms of whole tensors, averages of weights. They work
 * element-wise on any slice of the parameters; counts are multiples of 4. Norms are summed over blocks that do not
 * depend on the slices, in double precision, where the square of a float32 is exact: the sums are the same in both
 * numerics.
 */
import { sign } from './adaptive';
import { LANES, floats, loadTail, madd } from './simd';

/** g ← g + weight·sign(p): the gradient of an L1 penalty weight·Σ|p|. */
export function addSigns(p: usize, g: usize, count: i32, weight: f32): void {
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    v128.store(g + at, madd(f32x4.splat(weight), sign(v128.load(p + at)), v128.load(g + at)));
  }
}

/** p ← p − rate·decay·p: decoupled weight decay (Loshchilov & Hutter 2019); `rate` points at the rate. */
export function shrink(p: usize, count: i32, rate: usize, decay: f32): void {
  const factor = f32x4.splat(-load<f32>(rate) * decay);
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p + floats(i));
    v128.store(p + floats(i), madd(factor, w, w));
  }
}

/** x ← x clamped to ±most; NaN stays NaN. */
export function clipValues(x: usize, count: i32, most: f32): void {
  for (let i = 0; i < count; i += LANES) {
    const bounded = f32x4.min(v128.load(x + floats(i)), f32x4.splat(most));
    v128.store(x + floats(i), f32x4.max(bounded, f32x4.splat(-most)));
  }
}

/** y[j] = Σ x[i]² over block j of `block` values, in float64; the last block may be shorter. y: ⌈count/block⌉ × float64. */
export function sumSquares(x: usize, count: i32, block: i32, y: usize): void {
  for (let from = 0; from < count; from += block) {
    const size = min(block, count - from);
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    let i = 0;
    for (; i <= size - LANES; i += LANES) {
      const v = v128.load(x + floats(from + i));
      const a = f64x2.promote_low_f32x4(v);
      const b = f64x2.promote_low_f32x4(upper(v));
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
    }
    if (i < size) {
      const v = loadTail(x + floats(from + i), size - i);
      const a = f64x2.promote_low_f32x4(v);
      const b = f64x2.promote_low_f32x4(upper(v));
      low = f64x2.add(low, f64x2.mul(a, a));
      high = f64x2.add(high, f64x2.mul(b, b));
    }
    const sums = f64x2.add(low, high);
    store<f64>(y, f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1));
    y += 8;
  }
}

/** Lanes 2 and 3 moved to the front. */
@inline
function upper(v: v128): v128 {
  return i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
}

/** √Σ of the blocks' sums, from first to last. */
function norm(sums: usize, blocks: i32): f64 {
  let sum: f64 = 0;
  for (let j = 0; j < blocks; j++) sum += load<f64>(sums + ((<usize>j) << 3));
  return sqrt(sum);
}

/** factor[0] = min(1, most/(norm + 1e-6)), which clips gradients of that norm (Pascanu et al. 2013; PyTorch's 1e-6). */
export function clipFactor(sums: usize, blocks: i32, most: f32, factor: usize): void {
  const quotient = <f64>most / (norm(sums, blocks) + 1e-6);
  // A norm that is NaN must not be clipped away: the comparison is false for NaN.
  store<f32>(factor, quotient >= 1 ? 1 : <f32>quotient);
}

/** x ← factor[0]·x. */
export function multiply(x: usize, count: i32, factor: usize): void {
  const value = load<f32>(factor);
  if (value == 1) return;
  for (let i = 0; i < count; i += LANES) {
    v128.store(x + floats(i), f32x4.mul(v128.load(x + floats(i)), f32x4.splat(value)));
  }
}

/**
 * LARS (You et al. 2017, algorithm 1) on a slice of one tensor, whose blocks' sums of squares are given:
 * local = trust·‖p‖/(‖g‖ + decay·‖p‖), or 1 where either norm is 0;
 * v ← momentum·v + rate·local·(g + decay·p); p ← p − v; rates: [rate].
 */
export function lars(
  p: usize,
  g: usize,
  v: usize,
  count: i32,
  rates: usize,
  weightSums: usize,
  gradientSums: usize,
  blocks: i32,
  momentum: f32,
  decay: f32,
  trust: f32,
): void {
  const weights = norm(weightSums, blocks);
  const gradients = norm(gradientSums, blocks);
  const found = (<f64>trust * weights) / (gradients + <f64>decay * weights);
  const local = weights == 0 || gradients == 0 ? 1 : found;
  const rate = f32x4.splat(<f32>(<f64>load<f32>(rates) * local));
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    const w = v128.load(p + at);
    const d = madd(f32x4.splat(decay), w, v128.load(g + at));
    const velocity = madd(f32x4.splat(momentum), v128.load(v + at), f32x4.mul(rate, d));
    v128.store(v + at, velocity);
    v128.store(p + at, f32x4.sub(w, velocity));
  }
}

/** r ← r + share·(x − r), where share[0] is 0 (no change), 1 (a copy) or between: an average of weights. */
export function average(r: usize, x: usize, count: i32, share: usize): void {
  const value = load<f32>(share);
  if (value == 0) return;
  if (value == 1) {
    memory.copy(r, x, floats(count));
    return;
  }
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    const old = v128.load(r + at);
    v128.store(r + at, madd(f32x4.splat(value), f32x4.sub(v128.load(x + at), old), old));
  }
}
