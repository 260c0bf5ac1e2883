/**
 * Vectorised exp, log, tanh, sigmoid, erf, sine and cosine. They are our own, because engines' Math functions
 * differ in the last bits. Polynomials and range reductions follow Moshier's Cephes (single precision);
 * errors are measured in test/kernels/math.test.ts.
 *
 * Constants are in tables: V8 builds a `v128.const` from integers each time it is used, which costs
 * more than a broadcasting load (tanh: 231 → 166 µs for 75,264 elements).
 */
import { madd } from './simd';

/** 1, 2, and −0: the bit of the sign. */
const COMMON: usize = memory.data<f32>([1.0, 2.0, -0.0]);

/** The bits of the rounder in EXP, and the exponent's bias. */
const BITS: usize = memory.data<i32>([0x4b400000, 127]);

/** 1/ln 2, the rounder, ln 2 in two parts (n·high is exact for the n that occur), then p. */
const EXP: usize = memory.data<f32>([
  1.44269504088896341, 12582912.0, 0.693359375, -2.1219444e-4, 1.98756915e-4, 1.3981999507e-3,
  8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 89.0, -105.0,
]);

/** p of ln(1 + f), then ln 2 in two parts. */
const LOG: usize = memory.data<f32>([
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
  -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1, -2.1219444e-4, 0.693359375,
]);

/**
 * p of tanh, the end of the polynomial's range, where tanh is 1 in float32; then for the rest 2/ln 2,
 * ½ ln 2, and q.
 */
const TANH: usize = memory.data<f32>([
  -5.714678205549717e-3, 2.0648565143346786e-2, -5.37429116666317e-2, 1.33314847946167e-1,
  -3.333328366279602e-1, 0.625, 9.5, 2.8853900817779268, -0.34657359027997264, 8.859917521476746e-2,
  0.26797541975975037, 0.666688084602356, 1.3333144187927246, 1.999999761581421, 2.0,
]);

/** p of sine, then of cosine, on ±π/4. */
const SINE: usize = memory.data<f32>([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
const COSINE: usize = memory.data<f32>([
  2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2,
]);

/** Number i of a table, in all lanes. */
@inline
function at(table: usize, i: i32): v128 {
  return v128.load_splat<f32>(table + ((<usize>i) << 2));
}

@inline
function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/**
 * n + 1.5·2²³, where n is x / ln 2 rounded: x = n·ln 2 + r with |r| ≤ ½ ln 2. Adding 1.5·2²³ rounds to a
 * whole number and leaves it in the low bits of the sum: cheaper than rounding and converting, which
 * take several instructions each on x64.
 */
@inline
function roundedQuotient(x: v128): v128 {
  return madd(x, at(EXP, 0), at(EXP, 1));
}

/** eʳ for the r that `roundedQuotient` leaves of x. */
@inline
function expRemainder(x: v128, rounded: v128): v128 {
  return f32x4.add(expRemainderMinusOne(x, rounded), at(COMMON, 0));
}

/** The same minus 1: r + r²·p(r). */
@inline
function expRemainderMinusOne(x: v128, rounded: v128): v128 {
  const n = f32x4.sub(rounded, at(EXP, 1));
  let r = f32x4.sub(x, f32x4.mul(n, at(EXP, 2)));
  r = f32x4.sub(r, f32x4.mul(n, at(EXP, 3)));
  let p = madd(at(EXP, 4), r, at(EXP, 5));
  p = madd(p, r, at(EXP, 6));
  p = madd(p, r, at(EXP, 7));
  p = madd(p, r, at(EXP, 8));
  p = madd(p, r, at(EXP, 9));
  return madd(p, f32x4.mul(r, r), r);
}

/** eˣ. Overflows to ∞ above 88.72, underflows gradually to 0 below −103.97. */
@inline
export function exp(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, at(EXP, 10)), at(EXP, 11));
  const rounded = roundedQuotient(bounded);
  // 2ⁿ in two factors, since n reaches −151 and 128, outside one exponent.
  const n = i32x4.sub(rounded, at(BITS, 0));
  const half = i32x4.shr_s(n, 1);
  const bias = at(BITS, 1);
  const first = i32x4.shl(i32x4.add(half, bias), 23);
  const second = i32x4.shl(i32x4.add(i32x4.sub(n, half), bias), 23);
  return f32x4.mul(f32x4.mul(expRemainder(bounded, rounded), first), second);
}

/** ln x for x ≥ 0 (−∞ at 0); NaN below. */
@inline
export function log(x: v128): v128 {
  // x = m·2ᵉ with m in [√½, √2); subnormals are scaled into range first.
  const tiny = f32x4.lt(x, splat(1.17549435e-38));
  const scaled = v128.bitselect(f32x4.mul(x, splat(8388608.0)), x, tiny);
  const offset = v128.and(i32x4.splat(23), tiny);
  // Subtracting √½ as an integer leaves e in the exponent and the distance of m from √½ in the mantissa.
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(bits, 23), offset));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, at(COMMON, 0));
  const z = f32x4.mul(f, f);
  let p = madd(at(LOG, 0), f, at(LOG, 1));
  for (let i = 2; i < 9; i++) p = madd(p, f, at(LOG, i));
  // ln x = e·ln 2 + f − z/2 + f·z·p(f), small terms first.
  let y = f32x4.mul(f32x4.mul(p, f), z);
  y = madd(e, at(LOG, 9), y);
  y = madd(z, splat(-0.5), y);
  y = madd(e, at(LOG, 10), f32x4.add(f, y));
  // Outside (0, ∞): 0 → −∞, negative and NaN → NaN, ∞ → ∞.
  y = v128.bitselect(splat(-Infinity), y, f32x4.eq(x, splat(0)));
  y = v128.bitselect(splat(Infinity), y, f32x4.eq(x, splat(Infinity)));
  return v128.bitselect(y, splat(NaN), f32x4.ge(x, splat(0)));
}

/** exp and log as function calls, which are compact, for code where they do not determine the time. */
export function expOf(x: v128): v128 {
  return exp(x);
}

export function logOf(x: v128): v128 {
  return log(x);
}

/** tanh x. */
@inline
export function tanh(x: v128): v128 {
  const sign = v128.and(x, at(COMMON, 2));
  const magnitude = v128.xor(x, sign);
  // |x| < 0.625: x + x·z·p(z) with z = x².
  const z = f32x4.mul(x, x);
  let p = madd(at(TANH, 0), z, at(TANH, 1));
  p = madd(p, z, at(TANH, 2));
  p = madd(p, z, at(TANH, 3));
  p = madd(p, z, at(TANH, 4));
  const small = madd(f32x4.mul(p, z), x, x);
  // Else 1 − 2 / (e^(2|x|) + 1), with the sign of x; it is 1 in float32 from 9.02 on. |x| = n·½ ln 2 + r,
  // and e^(2|x|) = 2ⁿ·e^(2r) with e^(2r) = 1 + r·q(r), so that n is added directly to the exponent.
  const bounded = f32x4.pmin(magnitude, at(TANH, 6));
  const rounded = madd(bounded, at(TANH, 7), at(EXP, 1));
  const r = madd(f32x4.sub(rounded, at(EXP, 1)), at(TANH, 8), bounded);
  const one = at(COMMON, 0);
  let q = madd(at(TANH, 9), r, at(TANH, 10));
  q = madd(q, r, at(TANH, 11));
  q = madd(q, r, at(TANH, 12));
  q = madd(q, r, at(TANH, 13));
  q = madd(q, r, at(TANH, 14));
  const e = i32x4.add(madd(q, r, one), i32x4.shl(rounded, 23));
  const large = f32x4.sub(one, f32x4.div(at(COMMON, 1), f32x4.add(e, one)));
  // The comparison with a NaN is false, and the polynomial keeps it.
  return v128.bitselect(v128.or(large, sign), small, f32x4.ge(magnitude, at(TANH, 5)));
}

/**
 * y[i] = tanh(x[i] + bias) of pairs of vectors, whose constants are loaded once for both, and then of single ones; the
 * rest, less than a vector, is left. A bias of −0 changes nothing, and y may be x.
 */
export function tanhOf(x: usize, y: usize, count: i32, bias: v128): void {
  let c: v128;
  let d: v128;
  const end = y + ((<usize>(count & ~7)) << 2);
  const one = at(COMMON, 0);
  while (y < end) {
    const x0 = f32x4.add(v128.load(x), bias);
    const x1 = f32x4.add(v128.load(x, 16), bias);
    c = at(COMMON, 2);
    const sign0 = v128.and(x0, c);
    const sign1 = v128.and(x1, c);
    const magnitude0 = v128.xor(x0, sign0);
    const magnitude1 = v128.xor(x1, sign1);
    const z0 = f32x4.mul(x0, x0);
    const z1 = f32x4.mul(x1, x1);
    c = at(TANH, 0);
    d = at(TANH, 1);
    let p0 = madd(c, z0, d);
    let p1 = madd(c, z1, d);
    c = at(TANH, 2);
    p0 = madd(p0, z0, c);
    p1 = madd(p1, z1, c);
    c = at(TANH, 3);
    p0 = madd(p0, z0, c);
    p1 = madd(p1, z1, c);
    c = at(TANH, 4);
    p0 = madd(p0, z0, c);
    p1 = madd(p1, z1, c);
    const small0 = madd(f32x4.mul(p0, z0), x0, x0);
    const small1 = madd(f32x4.mul(p1, z1), x1, x1);
    c = at(TANH, 6);
    const bounded0 = f32x4.pmin(magnitude0, c);
    const bounded1 = f32x4.pmin(magnitude1, c);
    c = at(TANH, 7);
    d = at(EXP, 1);
    const rounded0 = madd(bounded0, c, d);
    const rounded1 = madd(bounded1, c, d);
    c = at(EXP, 1);
    d = at(TANH, 8);
    const r0 = madd(f32x4.sub(rounded0, c), d, bounded0);
    const r1 = madd(f32x4.sub(rounded1, c), d, bounded1);
    c = at(TANH, 9);
    d = at(TANH, 10);
    let q0 = madd(c, r0, d);
    let q1 = madd(c, r1, d);
    c = at(TANH, 11);
    q0 = madd(q0, r0, c);
    q1 = madd(q1, r1, c);
    c = at(TANH, 12);
    q0 = madd(q0, r0, c);
    q1 = madd(q1, r1, c);
    c = at(TANH, 13);
    q0 = madd(q0, r0, c);
    q1 = madd(q1, r1, c);
    c = at(TANH, 14);
    q0 = madd(q0, r0, c);
    q1 = madd(q1, r1, c);
    const e0 = i32x4.add(madd(q0, r0, one), i32x4.shl(rounded0, 23));
    const e1 = i32x4.add(madd(q1, r1, one), i32x4.shl(rounded1, 23));
    c = at(COMMON, 1);
    const large0 = f32x4.sub(one, f32x4.div(c, f32x4.add(e0, one)));
    const large1 = f32x4.sub(one, f32x4.div(c, f32x4.add(e1, one)));
    c = at(TANH, 5);
    v128.store(y, v128.bitselect(v128.or(large0, sign0), small0, f32x4.ge(magnitude0, c)));
    v128.store(y, v128.bitselect(v128.or(large1, sign1), small1, f32x4.ge(magnitude1, c)), 16);
    x += 32;
    y += 32;
  }
  if (count & 4) v128.store(y, tanh(f32x4.add(v128.load(x), bias)));
}

/** 1 / (1 + e⁻ˣ), from e^−|x| so that nothing overflows. */
@inline
export function sigmoid(x: v128): v128 {
  const e = isDefined(INFERENCE) ? expOf(f32x4.neg(f32x4.abs(x))) : exp(f32x4.neg(f32x4.abs(x)));
  const one = at(COMMON, 0);
  const y = f32x4.div(one, f32x4.add(one, e));
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
  let s = madd(at(SINE, 0), z, at(SINE, 1));
  s = madd(s, z, at(SINE, 2));
  s = madd(f32x4.mul(s, z), r, r);
  let c = madd(at(COSINE, 0), z, at(COSINE, 1));
  c = madd(c, z, at(COSINE, 2));
  c = madd(f32x4.mul(c, z), z, madd(z, splat(-0.5), at(COMMON, 0)));
  const quadrant = i32x4.add(i32x4.trunc_sat_f32x4_s(n), shift);
  const one = i32x4.splat(1);
  const useCosine = i32x4.eq(v128.and(quadrant, one), one);
  const sign = i32x4.shl(v128.and(quadrant, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(c, s, useCosine), sign);
}

/** p of erf, r of 1 − erf = eʳ, and the point where the second takes over (475/512). */
const ERF: usize = memory.data<f32>([
  -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1,
  -1.7285347e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1,
  -1.28717512e-1, 0.927734375,
]);

/** erf x = 2/√π ∫₀ˣ e^(−t²) dt: x + x·p(x²) near 0, else 1 − e^r(|x|) with the sign of x. Polynomials by Juffa. */
@inline
export function erf(x: v128): v128 {
  const sign = v128.and(x, at(COMMON, 2));
  const t = v128.xor(x, sign);
  const s = f32x4.mul(x, x);
  let p = madd(at(ERF, 0), s, at(ERF, 1));
  p = madd(p, s, at(ERF, 2));
  p = madd(p, s, at(ERF, 3));
  p = madd(p, s, at(ERF, 4));
  p = madd(p, s, at(ERF, 5));
  const small = madd(p, x, x);
  let r = madd(at(ERF, 6), t, at(ERF, 7));
  r = madd(r, s, madd(at(ERF, 8), t, at(ERF, 9)));
  r = madd(r, t, at(ERF, 10));
  r = madd(r, t, at(ERF, 11));
  r = madd(r, t, at(ERF, 12));
  r = madd(r, t, f32x4.neg(t));
  const large = f32x4.sub(at(COMMON, 0), isDefined(INFERENCE) ? expOf(r) : exp(r));
  // The comparison with a NaN is false, and the polynomial keeps it.
  return v128.bitselect(v128.or(large, sign), small, f32x4.gt(t, at(ERF, 13)));
}

/** eˣ − 1 for x ≤ 0, exact near 0: 2ⁿ·(eʳ − 1) + (2ⁿ − 1). */
@inline
export function expMinusOne(x: v128): v128 {
  // Below −20 the result is −1 in float32; the comparison with a NaN is false, so it passes.
  const bounded = f32x4.pmax(x, splat(-20));
  const rounded = roundedQuotient(bounded);
  const n = i32x4.sub(rounded, at(BITS, 0));
  const power = i32x4.shl(i32x4.add(n, at(BITS, 1)), 23);
  const one = at(COMMON, 0);
  return madd(power, expRemainderMinusOne(bounded, rounded), f32x4.sub(power, one));
}

/** ln(1 + x) for finite x ≥ 0, exact near 0: ln u · x/(u − 1) with u = 1 + x rounded, which cancels the rounding. */
@inline
export function logOnePlus(x: v128): v128 {
  const one = at(COMMON, 0);
  const u = f32x4.add(x, one);
  const ratio = f32x4.div(x, f32x4.sub(u, one));
  return v128.bitselect(
    x,
    f32x4.mul(isDefined(INFERENCE) ? logOf(u) : log(u), ratio),
    f32x4.eq(u, one),
  );
}
