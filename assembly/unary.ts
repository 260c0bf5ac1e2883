/**
 * Element-wise functions whose gradient needs their input x, with up to two settings p and q. At their kinks they have
 * PyTorch's gradients. Functions whose gradient follows from the output are in activation.ts.
 */
import { eachLane } from './functions';
import { erf, exp, expOf, expMinusOne, logOnePlus, sigmoid, tanh, tanhOf } from './math';
import { SMOOTH_RUN } from '../src/program/scratch';
import { LANES, floats, loadTail, storeTail } from './simd';

// Codes shared with src/ops/unary.ts.
const LEAKY_RELU: i32 = 0;
const ELU: i32 = 1;
const GELU: i32 = 2;
const GELU_TANH: i32 = 3;
const SILU: i32 = 4;
const SOFTPLUS: i32 = 5;
const HARD_SIGMOID: i32 = 6;
const HARD_SWISH: i32 = 7;
const HARD_TANH: i32 = 8;
const CLAMP: i32 = 9;
const SQRT: i32 = 12;
const ABS: i32 = 13;
const ERF: i32 = 14;
const FLOOR: i32 = 15;
const CEIL: i32 = 16;
const ROUND: i32 = 17;
const TRUNC: i32 = 18;

/** 0, 1, ½, 1/√2, 1/√(2π); √(2/π), 0.044715, 3·0.044715; 3, 1/6, 1/3; 2/√π; 6. */
const CONSTANTS: usize = memory.data<f32>([
  0.0, 1.0, 0.5, 0.70710678118654752, 0.3989422804014327, 0.79788456080286536, 0.044715, 0.134145,
  3.0, 0.16666666666666667, 0.33333333333333333, 1.1283791670955126, 6.0,
]);

@inline
function constant(i: i32): v128 {
  return v128.load_splat<f32>(CONSTANTS + floats(i));
}

/** Φ(x) = ½(1 + erf(x/√2)) */
@inline
function normalCdf(x: v128): v128 {
  const half = constant(2);
  return f32x4.add(f32x4.mul(half, erf(f32x4.mul(x, constant(3)))), half);
}

/** √(2/π)·(x + 0.044715·x³) */
@inline
function geluInner(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x);
  return f32x4.mul(constant(5), f32x4.add(x, f32x4.mul(constant(6), cube)));
}

/** x·½(1 + t), t = tanh(inner) */
@inline
function geluOf(x: v128, t: v128): v128 {
  const half = constant(2);
  return f32x4.mul(x, f32x4.add(half, f32x4.mul(half, t)));
}

/** dy·(½(1 + t) + ½x·(1 − t²)·√(2/π)·(1 + 3·0.044715·x²)), t = tanh(inner) */
@inline
function geluSlope(x: v128, t: v128, dy: v128): v128 {
  const half = constant(2);
  const one = constant(1);
  const inner = f32x4.mul(constant(5), f32x4.add(one, f32x4.mul(constant(7), f32x4.mul(x, x))));
  // Where t is ±1, the other factor, which may be infinite, must not meet that 0.
  const rise = f32x4.sub(one, f32x4.mul(t, t));
  const bend = v128.andnot(f32x4.mul(rise, inner), f32x4.eq(rise, constant(0)));
  const first = f32x4.add(half, f32x4.mul(half, t));
  return f32x4.mul(dy, f32x4.add(first, f32x4.mul(f32x4.mul(half, x), bend)));
}

/** min(max(x, low), high); NaN passes. */
@inline
function bound(x: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, low), high);
}

@inline
function piecewise(code: i32, x: v128, p: v128, q: v128): v128 {
  const zero = constant(0);
  if (code == LEAKY_RELU) return v128.bitselect(x, f32x4.mul(x, p), f32x4.gt(x, zero));
  if (code == HARD_SIGMOID)
    return f32x4.mul(bound(f32x4.add(x, constant(8)), zero, constant(12)), constant(9));
  if (code == HARD_SWISH) {
    const gate = bound(f32x4.add(x, constant(8)), zero, constant(12));
    return f32x4.mul(f32x4.mul(x, gate), constant(9));
  }
  if (code == SQRT) return f32x4.sqrt(x);
  if (code == ABS) return f32x4.abs(x);
  // HARD_TANH and CLAMP
  return bound(x, p, q);
}

/** ∂piecewise/∂x · dy. */
@inline
function piecewiseSlope(code: i32, x: v128, dy: v128, p: v128, q: v128): v128 {
  const zero = constant(0);
  if (code == LEAKY_RELU) return v128.bitselect(dy, f32x4.mul(dy, p), f32x4.gt(x, zero));
  const three = constant(8);
  if (code == HARD_SIGMOID) {
    const inside = f32x4.lt(f32x4.abs(x), three);
    return v128.and(f32x4.mul(dy, constant(9)), inside);
  }
  if (code == HARD_SWISH) {
    // 0 below −3, 1 above 3, between x/3 + ½
    const middle = f32x4.add(f32x4.mul(x, constant(10)), constant(2));
    const high = v128.bitselect(constant(1), middle, f32x4.gt(x, three));
    return f32x4.mul(dy, v128.andnot(high, f32x4.lt(x, f32x4.neg(three))));
  }
  if (code == HARD_TANH) return v128.andnot(dy, v128.or(f32x4.le(x, p), f32x4.ge(x, q)));
  if (code == CLAMP) return v128.andnot(dy, v128.or(f32x4.lt(x, p), f32x4.gt(x, q)));
  // ABS: dy with the sign of x, 0 where x is 0.
  const sign = v128.and(x, f32x4.splat(-0.0));
  return v128.andnot(v128.xor(dy, sign), f32x4.eq(x, zero));
}

/** A whole number next to x: below, above, the nearest (of two the even one), or towards 0. Else a rare function. */
@inline
function rounded(code: i32, x: v128): v128 {
  if (code == FLOOR) return f32x4.floor(x);
  if (code == CEIL) return f32x4.ceil(x);
  if (code == ROUND) return f32x4.nearest(x);
  if (code == TRUNC) return f32x4.trunc(x);
  return eachLane(code, x, x);
}

@inline
function smoothValue(code: i32, x: v128, p: v128, q: v128): v128 {
  const zero = constant(0);
  if (code == ELU) {
    // q·x above 0, else p·(eˣ − 1)
    const below = f32x4.mul(p, expMinusOne(f32x4.pmin(x, zero)));
    return v128.bitselect(f32x4.mul(q, x), below, f32x4.gt(x, zero));
  }
  if (code == GELU) return f32x4.mul(x, normalCdf(x));
  if (code == GELU_TANH) return geluOf(x, tanh(geluInner(x)));
  if (code == SILU) return f32x4.mul(x, sigmoid(x));
  if (code == SOFTPLUS) {
    // max(x, 0) + ln(1 + e^−|x|); the sum keeps a NaN.
    return f32x4.add(
      f32x4.pmax(x, zero),
      logOnePlus(
        isDefined(INFERENCE) ? expOf(f32x4.neg(f32x4.abs(x))) : exp(f32x4.neg(f32x4.abs(x))),
      ),
    );
  }
  return erf(x);
}

/** ∂smoothValue/∂x · dy. */
@inline
function smoothSlope(code: i32, x: v128, dy: v128, p: v128, q: v128): v128 {
  const zero = constant(0);
  const one = constant(1);
  if (code == ELU) {
    const below = f32x4.mul(p, exp(f32x4.pmin(x, zero)));
    return f32x4.mul(dy, v128.bitselect(q, below, f32x4.gt(x, zero)));
  }
  if (code == GELU) {
    // Φ(x) + x·φ(x), φ(x) = e^(−x²/2)/√(2π)
    const density = exp(f32x4.mul(f32x4.mul(x, x), f32x4.neg(constant(2))));
    const second = f32x4.mul(f32x4.mul(x, constant(4)), density);
    return f32x4.mul(dy, f32x4.add(normalCdf(x), second));
  }
  if (code == GELU_TANH) return geluSlope(x, tanh(geluInner(x)), dy);
  if (code == SILU) {
    // σ·(1 + x·(1 − σ))
    const s = sigmoid(x);
    return f32x4.mul(dy, f32x4.mul(s, f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s)))));
  }
  if (code == SOFTPLUS) return f32x4.mul(dy, sigmoid(x));
  // ERF: 2/√π·e^(−x²)
  return f32x4.mul(dy, f32x4.mul(constant(11), exp(f32x4.neg(f32x4.mul(x, x)))));
}

@inline
function load4(p: usize, rest: i32): v128 {
  return rest >= LANES ? v128.load(p) : loadTail(p, rest);
}

@inline
function store4(p: usize, v: v128, rest: i32): void {
  if (rest >= LANES) v128.store(p, v);
  else storeTail(p, v, rest);
}

@inline
function valuesWith(code: i32, x: usize, y: usize, count: i32, p: v128, q: v128): void {
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    store4(y + at, piecewise(code, load4(x + at, count - i), p, q), count - i);
  }
}

@inline
function slopesWith(code: i32, x: usize, dy: usize, dx: usize, count: i32, p: v128, q: v128): void {
  for (let i = 0; i < count; i += LANES) {
    const at = floats(i);
    const g = load4(dy + at, count - i);
    store4(dx + at, piecewiseSlope(code, load4(x + at, count - i), g, p, q), count - i);
  }
}

/** y[i] = f(x[i]), f the piecewise function of `code` with its settings; y may be x. */
export function unary(code: i32, x: usize, y: usize, count: i32, p: f32, q: f32): void {
  const a = f32x4.splat(p);
  const b = f32x4.splat(q);
  if (code == LEAKY_RELU) valuesWith(LEAKY_RELU, x, y, count, a, b);
  else if (code == HARD_SIGMOID) valuesWith(HARD_SIGMOID, x, y, count, a, b);
  else if (code == HARD_SWISH) valuesWith(HARD_SWISH, x, y, count, a, b);
  else if (code == HARD_TANH) valuesWith(CLAMP, x, y, count, a, b);
  else if (code == CLAMP) valuesWith(CLAMP, x, y, count, a, b);
  else if (code == SQRT) valuesWith(SQRT, x, y, count, a, b);
  else if (code == ABS) valuesWith(ABS, x, y, count, a, b);
  else {
    for (let i = 0; i < count; i += LANES) {
      const at = floats(i);
      store4(y + at, rounded(code, load4(x + at, count - i)), count - i);
    }
  }
}

/** t[i] = tanh(inner(x[i])), whole vectors: two at a time, as tanhOf does them. */
function geluTanhs(x: usize, t: usize, count: i32): void {
  for (let i = 0; i < count; i += LANES) {
    v128.store(t + floats(i), geluInner(v128.load(x + floats(i))));
  }
  tanhOf(t, t, count, f32x4.splat(-0.0));
}

/**
 * The same for functions with exponentials. The code is tested for every vector: with one loop per function the
 * optimizer took minutes, and next to an exponential the test costs nothing.
 */
export function smooth(code: i32, x: usize, y: usize, count: i32, p: f32, q: f32): void {
  const a = f32x4.splat(p);
  const b = f32x4.splat(q);
  let i = 0;
  if (!isDefined(INFERENCE) && code == GELU_TANH && x != y) {
    const whole = count & -LANES;
    while (i < whole) {
      const end = min(i + SMOOTH_RUN, whole);
      geluTanhs(x + floats(i), y + floats(i), end - i);
      for (; i < end; i += LANES) {
        const to = y + floats(i);
        v128.store(to, geluOf(v128.load(x + floats(i)), v128.load(to)));
      }
    }
  }
  for (; i < count; i += LANES) {
    const at = floats(i);
    store4(y + at, smoothValue(code, load4(x + at, count - i), a, b), count - i);
  }
}

/** dx[i] = f′(x[i])·dy[i], f one of `unary`; dx may be x or dy. The square root has its gradient as graph. */
export function unaryGradient(
  code: i32,
  x: usize,
  dy: usize,
  dx: usize,
  count: i32,
  p: f32,
  q: f32,
): void {
  const a = f32x4.splat(p);
  const b = f32x4.splat(q);
  if (code == LEAKY_RELU) slopesWith(LEAKY_RELU, x, dy, dx, count, a, b);
  else if (code == HARD_SIGMOID) slopesWith(HARD_SIGMOID, x, dy, dx, count, a, b);
  else if (code == HARD_SWISH) slopesWith(HARD_SWISH, x, dy, dx, count, a, b);
  else if (code == HARD_TANH) slopesWith(HARD_TANH, x, dy, dx, count, a, b);
  else if (code == CLAMP) slopesWith(CLAMP, x, dy, dx, count, a, b);
  else if (code == ABS) slopesWith(ABS, x, dy, dx, count, a, b);
}

/** The same for f of `smooth`; workspace: SMOOTH_RUN floats. */
export function smoothGradient(
  code: i32,
  x: usize,
  dy: usize,
  dx: usize,
  count: i32,
  p: f32,
  q: f32,
  workspace: usize,
): void {
  const a = f32x4.splat(p);
  const b = f32x4.splat(q);
  let i = 0;
  if (code == GELU_TANH) {
    const whole = count & -LANES;
    while (i < whole) {
      const end = min(i + SMOOTH_RUN, whole);
      geluTanhs(x + floats(i), workspace, end - i);
      let t = workspace;
      for (; i < end; i += LANES) {
        const at = floats(i);
        v128.store(dx + at, geluSlope(v128.load(x + at), v128.load(t), v128.load(dy + at)));
        t += 16;
      }
    }
  }
  for (; i < count; i += LANES) {
    const at = floats(i);
    const g = load4(dy + at, count - i);
    store4(dx + at, smoothSlope(code, load4(x + at, count - i), g, a, b), count - i);
  }
}
