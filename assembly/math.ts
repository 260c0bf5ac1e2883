/**
 * exp, log, tanh, sigmoid, sine and cosine on vectors: our own, because engines' Math functions differ
 * in the last bits. Polynomials and range reductions follow Moshier's Cephes (single precision);
 * errors are measured in test/kernels/math.test.ts and stay within 2 ulp.
 */
import { madd } from './simd';

// Cody and Waite: ln 2 in two parts; n · LN2_HIGH is exact for the n that occur here.
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;
const LOG2_E: f32 = 1.44269504088896341;

@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/** eˣ. Overflows to ∞ above 88.72, underflows gradually to 0 below −103.97. */
@inline
export function exp(x: v128): v128 {
  // x = n·ln 2 + r, |r| ≤ ½ ln 2, and eˣ = 2ⁿ·eʳ.
  const bounded = f32x4.max(f32x4.min(x, splat(89.0)), splat(-105.0));
  const n = f32x4.nearest(f32x4.mul(bounded, splat(LOG2_E)));
  let r = f32x4.sub(bounded, f32x4.mul(n, splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, splat(LN2_LOW)));
  // eʳ = 1 + r + r²·p(r)
  let p = splat(1.98756915e-4);
  p = madd(p, r, splat(1.3981999507e-3));
  p = madd(p, r, splat(8.3334519073e-3));
  p = madd(p, r, splat(4.1665795894e-2));
  p = madd(p, r, splat(1.6666665459e-1));
  p = madd(p, r, splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), splat(1.0));
  // 2ⁿ in two factors, since n reaches −151 and 128, outside one exponent.
  const whole = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(whole, 1);
  const rest = i32x4.sub(whole, half);
  const bias = i32x4.splat(127);
  const first = i32x4.shl(i32x4.add(half, bias), 23);
  const second = i32x4.shl(i32x4.add(rest, bias), 23);
  return f32x4.mul(f32x4.mul(p, first), second);
}

/** ln x for x ≥ 0 (−∞ at 0); NaN below. */
@inline
export function log(x: v128): v128 {
  // x = m·2ᵉ with m in [√½, √2); subnormals are scaled into range first.
  const tiny = f32x4.lt(x, splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, splat(8388608.0)), x, tiny);
  const offset = v128.and(i32x4.splat(23), tiny);
  // Adding the distance from √½ to 1 (in bits) lifts the exponent exactly for mantissas above √½·2.
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(bits, 23), offset));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, splat(1.0));
  const z = f32x4.mul(f, f);
  let p = splat(7.0376836292e-2);
  p = madd(p, f, splat(-1.151461031e-1));
  p = madd(p, f, splat(1.167699874e-1));
  p = madd(p, f, splat(-1.2420140846e-1));
  p = madd(p, f, splat(1.4249322787e-1));
  p = madd(p, f, splat(-1.6668057665e-1));
  p = madd(p, f, splat(2.0000714765e-1));
  p = madd(p, f, splat(-2.4999993993e-1));
  p = madd(p, f, splat(3.3333331174e-1));
  // ln x = e·ln 2 + f − z/2 + f·z·p(f), small terms first.
  let y = f32x4.mul(f32x4.mul(p, f), z);
  y = madd(e, splat(LN2_LOW), y);
  y = madd(z, splat(-0.5), y);
  y = madd(e, splat(LN2_HIGH), f32x4.add(f, y));
  // Outside (0, ∞): 0 → −∞, negative and NaN → NaN, ∞ → ∞.
  y = v128.bitselect(splat(-Infinity), y, f32x4.eq(x, splat(0)));
  y = v128.bitselect(splat(Infinity), y, f32x4.eq(x, splat(Infinity)));
  return v128.bitselect(y, splat(NaN), f32x4.ge(x, splat(0)));
}

/** tanh x. */
@inline
export function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  // |x| < 0.625: x + x·z·p(z) with z = x².
  const z = f32x4.mul(x, x);
  let p = splat(-5.70498872745e-3);
  p = madd(p, z, splat(2.06390887954e-2));
  p = madd(p, z, splat(-5.37397155531e-2));
  p = madd(p, z, splat(1.33314422036e-1));
  p = madd(p, z, splat(-3.33332819422e-1));
  const small = madd(f32x4.mul(p, z), x, x);
  // Else 1 − 2 / (e^(2|x|) + 1), with the sign of x; it is 1 in float32 from 9.02 on.
  const e = exp(f32x4.add(magnitude, magnitude));
  const large = f32x4.sub(splat(1.0), f32x4.div(splat(2.0), f32x4.add(e, splat(1.0))));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.bitselect(small, v128.or(large, sign), f32x4.lt(magnitude, splat(0.625)));
}

/** 1 / (1 + e⁻ˣ), from e^−|x| so that nothing overflows. */
@inline
export function sigmoid(x: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(x)));
  const y = f32x4.div(splat(1.0), f32x4.add(splat(1.0), e));
  return v128.bitselect(f32x4.mul(e, y), y, f32x4.lt(x, splat(0)));
}

/** sin(2πt) for t in [0, 1]. */
@inline
export function sinTurn(t: v128): v128 {
  return turn(t, i32x4.splat(0));
}

/** cos(2πt) for t in [0, 1]. */
@inline
export function cosTurn(t: v128): v128 {
  return turn(t, i32x4.splat(1));
}

/** The sine of t turns plus `shift` quarter turns. */
@inline
function turn(t: v128, shift: v128): v128 {
  // 4t = n + r with |r| ≤ ½: n counts quarter turns, and r·π/2 lies within ±π/4.
  const quarters = f32x4.mul(t, splat(4.0));
  const n = f32x4.nearest(quarters);
  const r = f32x4.mul(f32x4.sub(quarters, n), splat(1.57079632679489662));
  const z = f32x4.mul(r, r);
  let s = splat(-1.9515295891e-4);
  s = madd(s, z, splat(8.3321608736e-3));
  s = madd(s, z, splat(-1.6666654611e-1));
  s = madd(f32x4.mul(s, z), r, r);
  let c = splat(2.443315711809948e-5);
  c = madd(c, z, splat(-1.388731625493765e-3));
  c = madd(c, z, splat(4.166664568298827e-2));
  c = madd(f32x4.mul(c, z), z, madd(z, splat(-0.5), splat(1.0)));
  const quadrant = i32x4.add(i32x4.trunc_sat_f32x4_s(n), shift);
  const one = i32x4.splat(1);
  const useCosine = i32x4.eq(v128.and(quadrant, one), one);
  const sign = i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(c, s, useCosine), sign);
}
