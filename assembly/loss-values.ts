/**
 * Losses that compare values one by one, with their gradients by the output, and the cosine loss of vectors. Letters: n
 * samples of C values, outputs y and targets t, both n×C.
 */
import { expOf, logOf, sigmoid } from './math';
import { loadSome, storeSome } from './recurrent';
import { LANES, firstLanes, floats, loadTail, sumLanes } from './simd';

/** Codes shared with src/ops/loss-values.ts. */
const ABSOLUTE: i32 = 0;
const HUBER: i32 = 1;
const BINARY_ENTROPY: i32 = 2;
const BINARY_ENTROPY_LOGITS: i32 = 3;

/** log x, at least −100, so that a probability of 0 costs much, but not ∞ (as in PyTorch). */
@inline
function boundedLog(x: v128): v128 {
  return f32x4.max(logOf(x), f32x4.splat(-100));
}

/** log(1 + e⁻ᵃ) for a ≥ 0; with u the rounded 1 + e⁻ᵃ, log u lacks (e⁻ᵃ − (u − 1))/u. */
@inline
function softplusOfMinus(a: v128): v128 {
  const one = f32x4.splat(1);
  const e = expOf(f32x4.neg(a));
  const u = f32x4.add(one, e);
  return f32x4.add(logOf(u), f32x4.div(f32x4.sub(e, f32x4.sub(u, one)), u));
}

/** 1 where t > 0, else −1. */
@inline
function signOf(t: v128): v128 {
  return v128.bitselect(f32x4.splat(1), f32x4.splat(-1), f32x4.gt(t, f32x4.splat(0)));
}

/**
 * ℓ(y, t), d = y − t:
 * - absolute: |d|
 * - Huber: ½d² for |d| ≤ p, else p·(|d| − ½p)
 * - binary entropy: −t·log y − (1 − t)·log(1 − y)
 * - of logits: p·t·log(1 + e⁻ʸ) + (1 − t)·log(1 + eʸ)
 * - else hinge: max(0, p − s·y), s the sign of t
 */
@inline
function lossOf(code: i32, y: v128, t: v128, p: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const distance = f32x4.abs(f32x4.sub(y, t));
  if (code == ABSOLUTE) return distance;
  if (code == HUBER) {
    const near = f32x4.min(distance, p);
    return f32x4.mul(near, f32x4.sub(distance, f32x4.mul(near, f32x4.splat(0.5))));
  }
  if (code == BINARY_ENTROPY) {
    const on = f32x4.mul(t, boundedLog(y));
    const off = f32x4.mul(f32x4.sub(one, t), boundedLog(f32x4.sub(one, y)));
    return f32x4.neg(f32x4.add(on, off));
  }
  if (code == BINARY_ENTROPY_LOGITS) {
    const far = softplusOfMinus(f32x4.abs(y));
    const on = f32x4.add(far, f32x4.max(f32x4.neg(y), zero));
    const off = f32x4.add(far, f32x4.max(y, zero));
    return f32x4.add(f32x4.mul(f32x4.mul(p, t), on), f32x4.mul(f32x4.sub(one, t), off));
  }
  return f32x4.max(zero, f32x4.sub(p, f32x4.mul(signOf(t), y)));
}

/** ∂ℓ/∂y; 0 at the kinks of |d| and the hinge. */
@inline
function slopeOf(code: i32, y: v128, t: v128, p: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const d = f32x4.sub(y, t);
  if (code == ABSOLUTE) {
    const sign = f32x4.sub(v128.and(one, f32x4.gt(d, zero)), v128.and(one, f32x4.lt(d, zero)));
    return v128.bitselect(sign, d, f32x4.eq(d, d));
  }
  if (code == HUBER) return f32x4.min(f32x4.max(d, f32x4.neg(p)), p);
  if (code == BINARY_ENTROPY) {
    // The bound is PyTorch's.
    const spread = f32x4.max(f32x4.mul(y, f32x4.sub(one, y)), f32x4.splat(1e-12));
    return f32x4.div(d, spread);
  }
  if (code == BINARY_ENTROPY_LOGITS) {
    const on = f32x4.mul(f32x4.mul(p, t), sigmoid(f32x4.neg(y)));
    return f32x4.sub(f32x4.mul(f32x4.sub(one, t), sigmoid(y)), on);
  }
  const sign = signOf(t);
  const isInside = f32x4.gt(f32x4.sub(p, f32x4.mul(sign, y)), zero);
  return v128.and(f32x4.neg(sign), isInside);
}

/** loss[i] = weight · Σ_c ℓ(y[i, c], t[i, c]), ℓ of `code` with the parameter p. */
export function valueLosses(
  code: i32,
  n: i32,
  C: i32,
  y: usize,
  t: usize,
  parameter: f32,
  weight: f32,
  loss: usize,
): void {
  const p = f32x4.splat(parameter);
  for (let i = 0; i < n; i++) {
    let sums = f32x4.splat(0);
    for (let c = 0; c < C; c += LANES) {
      const at = floats(c);
      const count = min(LANES, C - c);
      const losses = lossOf(code, loadSome(y + at, count), loadSome(t + at, count), p);
      sums = f32x4.add(sums, firstLanes(losses, count));
    }
    store<f32>(loss + floats(i), weight * sumLanes(sums));
    y += floats(C);
    t += floats(C);
  }
}

/** dy[i, c] = weight · dloss[i] · ∂ℓ/∂y. */
export function valueLossesGradient(
  code: i32,
  n: i32,
  C: i32,
  y: usize,
  t: usize,
  parameter: f32,
  weight: f32,
  dloss: usize,
  dy: usize,
): void {
  const p = f32x4.splat(parameter);
  for (let i = 0; i < n; i++) {
    const d = f32x4.splat(weight * load<f32>(dloss + floats(i)));
    for (let c = 0; c < C; c += LANES) {
      const at = floats(c);
      const count = min(LANES, C - c);
      const slope = slopeOf(code, loadSome(y + at, count), loadSome(t + at, count), p);
      storeSome(dy + at, f32x4.mul(slope, d), count);
    }
    y += floats(C);
    t += floats(C);
    dy += floats(C);
  }
}

/** Σ_c a[c]·b[c]. */
function dot(a: usize, b: usize, C: i32): f32 {
  let sums = f32x4.splat(0);
  let c = 0;
  for (; c <= C - LANES; c += LANES) {
    const at = floats(c);
    sums = f32x4.add(sums, f32x4.mul(v128.load(a + at), v128.load(b + at)));
  }
  const rest = C - c;
  if (rest) {
    const at = floats(c);
    sums = f32x4.add(sums, f32x4.mul(loadTail(a + at, rest), loadTail(b + at, rest)));
  }
  return sumLanes(sums);
}

/** 1/√square, or 0 for 0: a vector of length 0 has no direction. */
function inverseRoot(square: f32): f32 {
  return square == 0 ? 0 : <f32>1 / sqrt<f32>(square);
}

/** loss[i] = 1 − y·t/(‖y‖·‖t‖), 1 if one of them is zero. */
export function cosineLosses(n: i32, C: i32, y: usize, t: usize, loss: usize): void {
  for (let i = 0; i < n; i++) {
    // One factor after the other: the product of both may overflow or underflow where the cosine does not.
    const cos = dot(y, t, C) * inverseRoot(dot(y, y, C)) * inverseRoot(dot(t, t, C));
    store<f32>(loss + floats(i), <f32>1 - cos);
    y += floats(C);
    t += floats(C);
  }
}

/** dy = dloss/‖y‖ · (cos·y/‖y‖ − t/‖t‖), 0 if one of them is zero. */
export function cosineLossesGradient(
  n: i32,
  C: i32,
  y: usize,
  t: usize,
  dloss: usize,
  dy: usize,
): void {
  for (let i = 0; i < n; i++) {
    const ofY = inverseRoot(dot(y, y, C));
    const ofT = inverseRoot(dot(t, t, C));
    const cos = dot(y, t, C) * ofY * ofT;
    const d = load<f32>(dloss + floats(i)) * ofY;
    for (let c = 0; c < C; c++) {
      const at = floats(c);
      const along = cos * (load<f32>(y + at) * ofY);
      store<f32>(dy + at, d * (along - load<f32>(t + at) * ofT));
    }
    y += floats(C);
    t += floats(C);
    dy += floats(C);
  }
}

/** hits[i] = share of the c for which y[i, c] > threshold agrees with t[i, c] > targetThreshold. */
export function sameSide(
  n: i32,
  C: i32,
  y: usize,
  t: usize,
  threshold: f32,
  targetThreshold: f32,
  hits: usize,
): void {
  for (let i = 0; i < n; i++) {
    let right = 0;
    for (let c = 0; c < C; c++) {
      const isOn = load<f32>(y + floats(c)) > threshold;
      if (isOn == load<f32>(t + floats(c)) > targetThreshold) right++;
    }
    store<f32>(hits + floats(i), <f32>right / <f32>C);
    y += floats(C);
    t += floats(C);
  }
}

/** y[i] = x[i], whole numbers converted to floats. */
export function toFloats(x: usize, y: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(y + floats(i), <f32>load<i32>(x + floats(i)));
}
