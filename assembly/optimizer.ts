/**
 * Update rules, one pass over weights and state, element-wise, so any worker can update any slice of the parameters.
 * `rates` points at this step's values (learning rate, bias corrections). Weight decay is PyTorch's: g ← g + decay·p
 * before anything else. Counts are multiples of 4.
 */
import { LANES, madd } from './simd';

@inline
export function gradient(p: v128, g: usize, decay: f32): v128 {
  return madd(f32x4.splat(decay), p, v128.load(g));
}

/** p ← p − rate·g; rates: [rate]. */
export function sgd(p: usize, g: usize, count: i32, rates: usize, decay: f32): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    v128.store(p, madd(minusRate, gradient(w, g, decay), w));
    p += 16;
    g += 16;
  }
}

/**
 * v ← beta·v + share·g; p ← p − rate·v; rates: [rate].
 * share 1: PyTorch's form (Sutskever et al. 2013); share 1 − beta: the running mean of lecture notes.
 */
export function momentum(
  p: usize,
  g: usize,
  v: usize,
  count: i32,
  rates: usize,
  beta: f32,
  share: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const fresh = f32x4.mul(f32x4.splat(share), gradient(w, g, decay));
    const velocity = madd(f32x4.splat(beta), v128.load(v), fresh);
    v128.store(v, velocity);
    v128.store(p, madd(minusRate, velocity, w));
    p += 16;
    g += 16;
    v += 16;
  }
}

/**
 * Nesterov's momentum, as in PyTorch (Sutskever et al. 2013): v ← beta·v + share·g;
 * p ← p − rate·(share·g + beta·v); rates: [rate].
 */
export function nesterov(
  p: usize,
  g: usize,
  v: usize,
  count: i32,
  rates: usize,
  beta: f32,
  share: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const fresh = f32x4.mul(f32x4.splat(share), gradient(w, g, decay));
    const velocity = madd(f32x4.splat(beta), v128.load(v), fresh);
    v128.store(v, velocity);
    v128.store(p, madd(minusRate, madd(f32x4.splat(beta), velocity, fresh), w));
    p += 16;
    g += 16;
    v += 16;
  }
}

/**
 * Adam (Kingma & Ba 2015, algorithm 1), in PyTorch's order of operations:
 * m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²;
 * p ← p − rate/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
 * rates: [rate/(1 − β₁ᵗ), 1/√(1 − β₂ᵗ)], computed in float64 by the host, which knows the step number.
 */
export function adam(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  count: i32,
  rates: usize,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
  epsilon: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  const correction = f32x4.splat(load<f32>(rates, 4));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const d = gradient(w, g, decay);
    const mean = madd(f32x4.splat(beta1), v128.load(m), f32x4.mul(f32x4.splat(oneMinusBeta1), d));
    const fresh = f32x4.mul(f32x4.mul(f32x4.splat(oneMinusBeta2), d), d);
    const square = madd(f32x4.splat(beta2), v128.load(v), fresh);
    v128.store(m, mean);
    v128.store(v, square);
    const scale = madd(f32x4.sqrt(square), correction, f32x4.splat(epsilon));
    v128.store(p, madd(minusRate, f32x4.div(mean, scale), w));
    p += 16;
    g += 16;
    m += 16;
    v += 16;
  }
}
