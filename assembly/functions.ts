/**
 * Functions that are called rarely: trigonometric, hyperbolic, powers and remainders, one number at a time in double
 * precision, which keeps them small, within 0.51 units in the last place of float32, and the same in strict and fused builds.
 * Polynomials are interpolated in Chebyshev's nodes; errors are measured in test/kernels/functions.test.ts.
 */

// Codes shared with src/ops/trigonometry.ts and powers.ts.
const POWER: i32 = 16;
const FMOD: i32 = 17;
const REMAINDER: i32 = 18;
const SIN: i32 = 20;
const COS: i32 = 21;
const ATAN: i32 = 22;
const ASIN: i32 = 23;
const ACOS: i32 = 24;
const SINH: i32 = 25;
const COSH: i32 = 26;
const ASINH: i32 = 27;
const ACOSH: i32 = 28;

/** p(z) of sin r = r + r·z·p(z), z = r², |r| ≤ π/4; coefficients from the highest on, as in all tables here. */
const SINE: usize = memory.data<f64>([
  2.7249895230611676e-6, -1.98400864995936e-4, 8.333331874273714e-3, -0.16666666663854168,
]);
/** cos r = 1 + z·p(z). */
const COSINE: usize = memory.data<f64>([
  2.4463754730095443e-5, -1.3887588896733915e-3, 4.1666650639724655e-2, -0.49999999969106984,
]);
/** eʳ = 1 + r + r²·p(r), |r| ≤ ½ ln 2. */
const EXP: usize = memory.data<f64>([
  1.9890990824673654e-4, 1.3933649996309251e-3, 8.3333109254809e-3, 4.1666464925285904e-2,
  0.16666666681623232, 0.500000001346581,
]);
/** ln((1 + s)/(1 − s)) = 2(s + s·z·p(z)), z = s² ≤ (√2 − 1)²/(√2 + 1)². */
const LOG: usize = memory.data<f64>([
  0.11665290969120946, 0.14275408299855774, 0.20000060938486, 0.33333333277225824,
]);
/** atan t = t + t·z·p(z), z = t², t ≤ √2 − 1. */
const ATAN_NEAR: usize = memory.data<f64>([
  5.047937432040091e-2, -8.624598215196126e-2, 0.11071354571201351, -0.14284150629730288,
  0.1999997724823353, -0.3333333327922454,
]);

/** 192 bits of 2/π, the last ones first, and 32 zeros before the point. */
const TWO_OVER_PI: usize = memory.data<u32>([
  0x3c439041, 0xdb629599, 0xf534ddc0, 0xfc2757d1, 0x4e441529, 0xa2f9836e, 0,
]);

const HALF_PI: f64 = 1.5707963267948966;
const LN2: f64 = 0.6931471805599453;

function polynomial(table: usize, degree: i32, z: f64): f64 {
  let p: f64 = 0;
  for (let i = 0; i <= degree; i++) p = p * z + load<f64>(table + ((<usize>i) << 3));
  return p;
}

/** eᵗ for what is within float32's range; beyond, what becomes ∞ or 0 there. */
function exp(t: f64): f64 {
  const bounded = min<f64>(max<f64>(t, -110), 110);
  // 1.5·2⁵² rounds to a whole number and leaves it in the low bits of the sum.
  const rounded = bounded * 1.4426950408889634 + 6755399441055744.0;
  const r = bounded - (rounded - 6755399441055744.0) * LN2;
  const power = reinterpret<f64>((reinterpret<i64>(rounded) + 1023) << 52);
  return (1 + (r + r * r * polynomial(EXP, 5, r))) * power;
}

/** ln x of a normal number; −∞ at 0, NaN below. */
function log(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  // x = m·2ᵉ with m from √½ to √2.
  const bits = reinterpret<i64>(x);
  const e = (bits - 0x3fe6a09e667f3bcd) >> 52;
  const m = reinterpret<f64>(bits - (e << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  return <f64>e * LN2 + 2 * (s + s * z * polynomial(LOG, 3, z));
}

/** Quarter turns from x by angles from 0, π/4 and π/2. */
function atan(x: f64): f64 {
  const most = abs<f64>(x);
  let base: f64 = 0;
  let t = most;
  if (most > 2.414213562373095) {
    base = HALF_PI;
    t = -1 / most;
  } else if (most > 0.41421356237309503) {
    base = HALF_PI / 2;
    t = (most - 1) / (most + 1);
  }
  const z = t * t;
  return copysign<f64>(base + (t + t * z * polynomial(ATAN_NEAR, 5, z)), x);
}

/**
 * sin x, or cos x if `shift` is 1. |x| = (n + f)·π/2 with f within ±½: the bits of x·2/π that are worth less than 4 are those
 * from the exponent of x on (Payne & Hanek 1983), so that any x is as exact as a small one.
 */
function sine(x: f32, shift: i32): f32 {
  const bits = reinterpret<u32>(x);
  const exponent = ((bits >> 23) & 255) - 120;
  if (<i32>exponent >= 135) return NaN;
  let r = abs<f64>(<f64>x);
  let quadrant = shift;
  if (r > HALF_PI / 2) {
    // From the bit of the exponent on, to the byte; the rest of the exponent shifts the fraction.
    const rest = <u64>(exponent & 7);
    const m = (<u64>((bits & 0x7fffff) | 0x800000)) << rest;
    const at = TWO_OVER_PI + 24 - <usize>(exponent >> 3);
    const turns =
      ((m * <u64>load<u32>(at)) << 32) +
      m * <u64>load<u32>(at - 4) +
      ((m * <u64>load<u32>(at - 8)) >> 32);
    const n = (turns + (1 << 61)) >> 62;
    r = <f64>(<i64>(turns - (n << 62))) * 3.4061215800865545e-19;
    quadrant += <i32>n;
  }
  const z = r * r;
  let y = quadrant & 1 ? 1 + z * polynomial(COSINE, 3, z) : r + r * z * polynomial(SINE, 3, z);
  if (quadrant & 2) y = -y;
  return <f32>(shift ? y : x < 0 ? -y : y);
}

/** xʸ, C's and IEEE 754's: 1 for y = 0 and for x = 1; for x < 0 with whole y alone. */
function power(x: f32, y: f32): f32 {
  if (y == 0 || x == 1) return 1;
  const most = abs<f64>(<f64>x);
  const size = <f32>(most == 1 && y == y ? 1 : exp(<f64>y * log(most)));
  if (copysign<f32>(1, x) > 0) return size;
  if (floor<f32>(y) != y) return x < 0 && most != Infinity ? NaN : size;
  const half = y * 0.5;
  return floor<f32>(half) == half ? size : -size;
}

/** What is left of x after whole multiples of y: with the sign of x, or of y. */
function remainder(x: f32, y: f32, ofDivisor: bool): f32 {
  let rest = abs<f64>(<f64>x);
  const divisor = abs<f64>(<f64>y);
  if (!(rest < Infinity) || !(divisor > 0)) return NaN;
  // Each quotient has at most 28 bits, so that its product with 24 bits is exact.
  while (rest >= divisor) {
    let step = divisor;
    while (step * 268435456.0 <= rest) step *= 268435456.0;
    rest -= floor<f64>(rest / step) * step;
  }
  const signed = copysign<f32>(<f32>rest, x);
  return ofDivisor && rest != 0 && signed < 0 != y < 0 ? signed + y : signed;
}

function valueOf(code: i32, x: f32, y: f32): f32 {
  if (code == POWER) return power(x, y);
  if (code == FMOD || code == REMAINDER) return remainder(x, y, code == REMAINDER);
  if (code == SIN || code == COS) return sine(x, code - SIN);
  const v = <f64>x;
  const t = abs<f64>(v);
  if (code == ATAN) return <f32>atan(v);
  const angle = atan(v / sqrt<f64>(1 - v * v));
  if (code == ASIN) return <f32>angle;
  if (code == ACOS) return <f32>(HALF_PI - angle);
  if (code == COSH || code == SINH) {
    const e = exp(t);
    if (code == COSH) return <f32>(0.5 * (e + 1 / e));
    return t < 1.220703125e-4 ? x : <f32>copysign<f64>(0.5 * (e - 1 / e), v);
  }
  if (code == ACOSH) return v < 1 ? NaN : <f32>log(v + sqrt<f64>(v * v - 1));
  // ASINH and ATANH; below 2⁻¹³ these functions are x.
  if (t < 1.220703125e-4) return x;
  const size = code == ASINH ? log(t + sqrt<f64>(t * t + 1)) : 0.5 * log((1 + t) / (1 - t));
  return <f32>copysign<f64>(size, v);
}

/** The function of `code`, of each lane of x, or of x and y. */
export function eachLane(code: i32, x: v128, y: v128): v128 {
  let found = f32x4.splat(valueOf(code, f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)));
  found = f32x4.replace_lane(
    found,
    1,
    valueOf(code, f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)),
  );
  found = f32x4.replace_lane(
    found,
    2,
    valueOf(code, f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)),
  );
  return f32x4.replace_lane(
    found,
    3,
    valueOf(code, f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)),
  );
}
