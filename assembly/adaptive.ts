/**
 * Update rules with a rate for each weight, in the manner of assembly/optimizer.ts: one pass, element-wise. Counts are
 * multiples of 4. Zeros (the padding of parameters) stay zeros as long as epsilon is above 0.
 */
import { gradient } from './optimizer';
import { LANES, madd } from './simd';

/** Adagrad (Duchi et al. 2011): s ← s + g²; p ← p − rate·g/(√(s + initial) + ε); rates: [rate]. */
export function adagrad(
  p: usize,
  g: usize,
  s: usize,
  count: i32,
  rates: usize,
  initial: f32,
  epsilon: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const d = gradient(w, g, decay);
    const sum = madd(d, d, v128.load(s));
    v128.store(s, sum);
    const root = f32x4.sqrt(f32x4.add(sum, f32x4.splat(initial)));
    const step = f32x4.div(d, f32x4.add(root, f32x4.splat(epsilon)));
    v128.store(p, madd(minusRate, step, w));
    p += 16;
    g += 16;
    s += 16;
  }
}

/**
 * RMSprop (Tieleman & Hinton 2012): s ← αs + (1 − α)g²; d = g/(√s + ε); p ← p − rate·d; rates: [rate].
 * Centred (Graves 2013) it also keeps m ← αm + (1 − α)g and divides by √(s − m²) + ε, where a difference
 * rounded below 0 counts as 0. With momentum, v ← momentum·v + d takes d's place.
 * `m` and `v` are 0 where they are not kept.
 */
export function rmsprop(
  p: usize,
  g: usize,
  s: usize,
  m: usize,
  v: usize,
  count: i32,
  rates: usize,
  alpha: f32,
  oneMinusAlpha: f32,
  epsilon: f32,
  momentum: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const d = gradient(w, g, decay);
    const share = f32x4.mul(f32x4.splat(oneMinusAlpha), d);
    const square = madd(f32x4.splat(alpha), v128.load(s), f32x4.mul(share, d));
    v128.store(s, square);
    let spread = square;
    if (m) {
      const mean = madd(f32x4.splat(alpha), v128.load(m), share);
      v128.store(m, mean);
      spread = f32x4.max(f32x4.sub(square, f32x4.mul(mean, mean)), f32x4.splat(0));
      m += 16;
    }
    let step = f32x4.div(d, f32x4.add(f32x4.sqrt(spread), f32x4.splat(epsilon)));
    if (v) {
      step = madd(f32x4.splat(momentum), v128.load(v), step);
      v128.store(v, step);
      v += 16;
    }
    v128.store(p, madd(minusRate, step, w));
    p += 16;
    g += 16;
    s += 16;
  }
}

/**
 * Adadelta (Zeiler 2012, algorithm 1): s ← ρs + (1 − ρ)g²; d = √(u + ε)/√(s + ε)·g;
 * u ← ρu + (1 − ρ)d²; p ← p − rate·d; rates: [rate].
 */
export function adadelta(
  p: usize,
  g: usize,
  s: usize,
  u: usize,
  count: i32,
  rates: usize,
  rho: f32,
  oneMinusRho: f32,
  epsilon: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const d = gradient(w, g, decay);
    const fresh = f32x4.mul(f32x4.mul(f32x4.splat(oneMinusRho), d), d);
    const square = madd(f32x4.splat(rho), v128.load(s), fresh);
    const before = v128.load(u);
    const up = f32x4.sqrt(f32x4.add(before, f32x4.splat(epsilon)));
    const down = f32x4.sqrt(f32x4.add(square, f32x4.splat(epsilon)));
    const step = f32x4.mul(f32x4.div(up, down), d);
    const moved = f32x4.mul(f32x4.mul(f32x4.splat(oneMinusRho), step), step);
    v128.store(s, square);
    v128.store(u, madd(f32x4.splat(rho), before, moved));
    v128.store(p, madd(minusRate, step, w));
    p += 16;
    g += 16;
    s += 16;
    u += 16;
  }
}

/**
 * Adamax (Kingma & Ba 2015, section 7.1), in PyTorch's order of operations: m ← β₁·m + (1 − β₁)·g;
 * u ← max(β₂·u, |g| + ε); p ← p − rate/(1 − β₁ᵗ) · m/u; rates: [rate/(1 − β₁ᵗ)].
 */
export function adamax(
  p: usize,
  g: usize,
  m: usize,
  u: usize,
  count: i32,
  rates: usize,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  epsilon: f32,
  decay: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const w = v128.load(p);
    const d = gradient(w, g, decay);
    const mean = madd(f32x4.splat(beta1), v128.load(m), f32x4.mul(f32x4.splat(oneMinusBeta1), d));
    const faded = f32x4.mul(f32x4.splat(beta2), v128.load(u));
    const most = f32x4.max(faded, f32x4.add(f32x4.abs(d), f32x4.splat(epsilon)));
    v128.store(m, mean);
    v128.store(u, most);
    v128.store(p, madd(minusRate, f32x4.div(mean, most), w));
    p += 16;
    g += 16;
    m += 16;
    u += 16;
  }
}

/** −1, 0 or 1; NaN stays NaN. */
@inline
export function sign(x: v128): v128 {
  const one = v128.or(v128.and(x, f32x4.splat(-0.0)), f32x4.splat(1));
  return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
}

/** Lion (Chen et al. 2023, algorithm 2): p ← p − rate·sign(β₁m + (1 − β₁)g); m ← β₂m + (1 − β₂)g; rates: [rate]. */
export function lion(
  p: usize,
  g: usize,
  m: usize,
  count: i32,
  rates: usize,
  beta1: f32,
  oneMinusBeta1: f32,
  beta2: f32,
  oneMinusBeta2: f32,
): void {
  const minusRate = f32x4.splat(-load<f32>(rates));
  for (let i = 0; i < count; i += LANES) {
    const d = v128.load(g);
    const old = v128.load(m);
    const mixed = madd(f32x4.splat(beta1), old, f32x4.mul(f32x4.splat(oneMinusBeta1), d));
    const mean = madd(f32x4.splat(beta2), old, f32x4.mul(f32x4.splat(oneMinusBeta2), d));
    v128.store(m, mean);
    v128.store(p, madd(minusRate, sign(mixed), v128.load(p)));
    p += 16;
    g += 16;
    m += 16;
  }
}
