/**
 * Layer normalisation (Ba, Kiros & Hinton 2016), forward and gradients. Each of `rows` rows of n values is normalised
 * by its own mean and variance, then scaled and shifted per place. moments[0, row] is a row's mean, moments[1, row] its
 * biased variance, both from channelMoments, which treats the rows as channels of one sample. A weight or bias of 0 (no
 * address) means ones or zeros.
 */
import { LANES, floats, loadTail, madd, storeTail, sumLanes } from './simd';

/** A vector of `count` floats at `p`, or `otherwise` if there is no p. */
@inline
function loadOr(p: usize, at: usize, count: i32, otherwise: v128): v128 {
  if (!p) return otherwise;
  return count >= LANES ? v128.load(p + at) : loadTail(p + at, count);
}

/** y = (x − mean)/√(variance + epsilon)·weight + bias. y may be x. */
export function layerNorm(
  rows: i32,
  n: i32,
  x: usize,
  moments: usize,
  weight: usize,
  bias: usize,
  epsilon: f32,
  y: usize,
): void {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    const mean = v128.load_splat<f32>(moments + floats(row));
    const deviation = sqrt<f32>(load<f32>(moments + floats(rows + row)) + epsilon);
    const scale = f32x4.splat(<f32>1 / deviation);
    const from = x + floats(row * n);
    const to = y + floats(row * n);
    let i = 0;
    for (; i <= n - LANES; i += LANES) {
      const at = floats(i);
      const normalised = f32x4.mul(f32x4.sub(v128.load(from + at), mean), scale);
      const w = loadOr(weight, at, LANES, one);
      v128.store(to + at, madd(normalised, w, loadOr(bias, at, LANES, zero)));
    }
    const rest = n - i;
    if (rest) {
      const at = floats(i);
      const normalised = f32x4.mul(f32x4.sub(loadTail(from + at, rest), mean), scale);
      const w = loadOr(weight, at, rest, one);
      storeTail(to + at, madd(normalised, w, loadOr(bias, at, rest, zero)), rest);
    }
  }
}

/**
 * dx = (g − Σg/n − x̂·Σ(g·x̂)/n)/√(variance + epsilon) per row, with g = dy·weight and x̂ the normalised x.
 * dx may be dy or x.
 */
export function layerNormGradient(
  rows: i32,
  n: i32,
  x: usize,
  moments: usize,
  weight: usize,
  dy: usize,
  epsilon: f32,
  dx: usize,
): void {
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++) {
    const mean = v128.load_splat<f32>(moments + floats(row));
    const deviation = sqrt<f32>(load<f32>(moments + floats(rows + row)) + epsilon);
    const scale = <f32>1 / deviation;
    const values = x + floats(row * n);
    const slopes = dy + floats(row * n);
    // Two chains each, as in one chain every addition waits for the last.
    let s = f32x4.splat(0);
    let t = s;
    let p = s;
    let q = s;
    let i = 0;
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      const at = floats(i);
      const next = at + 16;
      const g = f32x4.mul(v128.load(slopes + at), loadOr(weight, at, LANES, one));
      s = f32x4.add(s, g);
      p = madd(f32x4.sub(v128.load(values + at), mean), g, p);
      const h = f32x4.mul(v128.load(slopes + next), loadOr(weight, next, LANES, one));
      t = f32x4.add(t, h);
      q = madd(f32x4.sub(v128.load(values + next), mean), h, q);
    }
    for (; i <= n - LANES; i += LANES) {
      const at = floats(i);
      const g = f32x4.mul(v128.load(slopes + at), loadOr(weight, at, LANES, one));
      s = f32x4.add(s, g);
      p = madd(f32x4.sub(v128.load(values + at), mean), g, p);
    }
    const rest = n - i;
    if (rest) {
      // Past the row's end g is 0, and so are both contributions.
      const at = floats(i);
      const g = f32x4.mul(loadTail(slopes + at, rest), loadOr(weight, at, rest, one));
      s = f32x4.add(s, g);
      p = madd(f32x4.sub(loadTail(values + at, rest), mean), g, p);
    }
    // dx = scale·g + slope·(x − mean) + shift
    const factor = f32x4.splat(scale);
    const products = sumLanes(f32x4.add(p, q));
    const slope = f32x4.splat((-scale * products) / (<f32>n * deviation * deviation));
    const shift = f32x4.splat((-scale * sumLanes(f32x4.add(s, t))) / <f32>n);
    const to = dx + floats(row * n);
    for (i = 0; i <= n - LANES; i += LANES) {
      const at = floats(i);
      const g = f32x4.mul(v128.load(slopes + at), loadOr(weight, at, LANES, one));
      const inner = madd(f32x4.sub(v128.load(values + at), mean), slope, shift);
      v128.store(to + at, madd(g, factor, inner));
    }
    if (rest) {
      const at = floats(i);
      const g = f32x4.mul(loadTail(slopes + at, rest), loadOr(weight, at, rest, one));
      const inner = madd(f32x4.sub(loadTail(values + at, rest), mean), slope, shift);
      storeTail(to + at, madd(g, factor, inner), rest);
    }
  }
}

/** dw[j] = Σ_row dy[row, j]·x̂[row, j], rows in order. */
export function layerNormWeightGradient(
  rows: i32,
  n: i32,
  x: usize,
  moments: usize,
  dy: usize,
  epsilon: f32,
  dw: usize,
): void {
  memory.fill(dw, 0, floats(n));
  for (let row = 0; row < rows; row++) {
    const mean = v128.load_splat<f32>(moments + floats(row));
    const deviation = sqrt<f32>(load<f32>(moments + floats(rows + row)) + epsilon);
    const scale = f32x4.splat(<f32>1 / deviation);
    const values = x + floats(row * n);
    const slopes = dy + floats(row * n);
    let i = 0;
    for (; i <= n - LANES; i += LANES) {
      const at = floats(i);
      const normalised = f32x4.mul(f32x4.sub(v128.load(values + at), mean), scale);
      v128.store(dw + at, madd(normalised, v128.load(slopes + at), v128.load(dw + at)));
    }
    const rest = n - i;
    if (rest) {
      const at = floats(i);
      const normalised = f32x4.mul(f32x4.sub(loadTail(values + at, rest), mean), scale);
      const sum = madd(normalised, loadTail(slopes + at, rest), loadTail(dw + at, rest));
      storeTail(dw + at, sum, rest);
    }
  }
}
