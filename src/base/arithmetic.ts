/**
 * Functions of a float64 from + − × ÷ and √ only, on which engines agree to the last bit; those of Math may differ.
 * Relative errors are below 1e-14 where a result is not near 0 (test/arithmetic.test.ts).
 */

/** The product of two vectors, summed in their order. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** baseⁿ for a whole n ≥ 0, by multiplication. */
export function integerPower(base: number, n: number): number {
  let result = 1;
  for (let square = base; n > 0; n = Math.floor(n / 2), square *= square) {
    if (n % 2 === 1) result *= square;
  }
  return result;
}

/** Σ cᵢ·xⁱ, the highest power first. */
const polynomial = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduce((sum, c) => sum * x + c, 0);

/** 1/n! for n = 0 … 18, alternating for sine and cosine. */
const inverseFactorials = Array.from({ length: 19 }, (_, n) => {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return 1 / product;
});
const EXP = inverseFactorials.toReversed();
/* @__NO_SIDE_EFFECTS__ */
const alternating = (first: number) =>
  inverseFactorials
    .filter((_, n) => n % 2 === first)
    .map((c, i) => (i % 2 === 0 ? c : -c))
    .toReversed();
const COSINE = alternating(0);
const SINE = alternating(1);

/** cos(πx); the reduction of x is exact. */
export function cosPi(x: number): number {
  const period = Math.abs(x) - 2 * Math.floor(Math.abs(x) / 2);
  const half = period > 1 ? 2 - period : period;
  if (half > 0.5) return -cosPi(1 - half);
  if (half > 0.25) {
    const y = (0.5 - half) * Math.PI;
    return y * polynomial(y * y, SINE);
  }
  const y = half * Math.PI;
  return polynomial(y * y, COSINE);
}

/** eˣ: x = n·ln 2 + r, so that eˣ = 2ⁿ·eʳ; ∞ and 0 beyond the range of float64. */
export function exp(x: number): number {
  if (x > 710 || x < -746) return x > 0 ? Infinity : 0;
  const n = Math.floor(x / Math.LN2 + 0.5);
  // ln 2 in two parts; n times the first is exact.
  const r = x - n * 0.693147180369123816 - n * 1.90821492927058770002e-10;
  const scale = n < 0 ? 0.5 : 2;
  // Two factors, since 2ⁿ alone may overflow or underflow where the product does not.
  const part = Math.floor(Math.abs(n) / 2);
  return polynomial(r, EXP) * integerPower(scale, part) * integerPower(scale, Math.abs(n) - part);
}

/** ln x; for finite x > 0: x = m·2ᵉ with m in [√½, √2), ln m = 2(s + s³/3 + s⁵/5 + …), s = (m − 1)/(m + 1). */
export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  let m = x;
  let e = 0;
  for (; m >= Math.SQRT2; m /= 2) e++;
  for (; m < Math.SQRT1_2; m *= 2) e--;
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = sum * s * s + 1 / k;
  return e * Math.LN2 + 2 * s * sum;
}

/** base to any power ≥ 0, for base ≥ 0. */
export function power(base: number, exponent: number): number {
  const whole = Math.floor(exponent);
  const rest = exponent - whole;
  if (rest === 0) return integerPower(base, whole);
  if (base === 0) return 0;
  const root = rest === 0.5 ? Math.sqrt(base) : exp(rest * log(base));
  return integerPower(base, whole) * root;
}
