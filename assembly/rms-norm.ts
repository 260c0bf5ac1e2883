/**
 * Root-mean-square normalisation (Zhang & Sennrich 2019), forward and gradient. Each of `rows` rows of n values is
 * divided by the root of its mean square, then scaled per place. A weight of 0 (no address) means ones. A sum is one
 * chain of vectors, added across at the end: its bits follow from n alone.
 */
import { loadSome, storeSome } from './recurrent';
import { LANES, floats, madd, sumLanes } from './simd';

/** x·weight, or x. */
@inline
function weighted(x: v128, weight: usize, at: usize, count: i32): v128 {
  return weight ? f32x4.mul(x, loadSome(weight + at, count)) : x;
}

/** Σ x[i]·y[i]·weight[i] / n. */
function meanProduct(n: i32, x: usize, y: usize, weight: usize): f32 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < n; i += LANES) {
    const at = floats(i);
    const count = min(n - i, LANES);
    sum = madd(loadSome(x + at, count), weighted(loadSome(y + at, count), weight, at, count), sum);
  }
  return sumLanes(sum) / <f32>n;
}

/** y = x/√(Σ x²/n + epsilon)·weight, row by row. y may be x. */
export function rmsNorm(rows: i32, n: i32, x: usize, weight: usize, epsilon: f32, y: usize): void {
  for (let row = 0; row < rows; row++) {
    const scale = f32x4.splat(<f32>1 / sqrt<f32>(meanProduct(n, x, x, 0) + epsilon));
    for (let i = 0; i < n; i += LANES) {
      const at = floats(i);
      const count = min(n - i, LANES);
      const normalised = f32x4.mul(loadSome(x + at, count), scale);
      storeSome(y + at, weighted(normalised, weight, at, count), count);
    }
    x += floats(n);
    y += floats(n);
  }
}

/** dx = s·g − s³·x·Σ(g·x)/n per row, with g = dy·weight and s = 1/√(Σ x²/n + epsilon). dx may be dy or x. */
export function rmsNormGradient(
  rows: i32,
  n: i32,
  x: usize,
  weight: usize,
  dy: usize,
  epsilon: f32,
  dx: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const scale = <f32>1 / sqrt<f32>(meanProduct(n, x, x, 0) + epsilon);
    const factor = f32x4.splat(scale);
    const slope = f32x4.splat(-scale * scale * scale * meanProduct(n, x, dy, weight));
    for (let i = 0; i < n; i += LANES) {
      const at = floats(i);
      const count = min(n - i, LANES);
      const g = weighted(loadSome(dy + at, count), weight, at, count);
      storeSome(dx + at, madd(loadSome(x + at, count), slope, f32x4.mul(g, factor)), count);
    }
    x += floats(n);
    dy += floats(n);
    dx += floats(n);
  }
}
