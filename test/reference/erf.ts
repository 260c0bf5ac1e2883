/** erf in double precision: Taylor series 2/√π Σ (−1)ᵏ x^(2k+1)/(k!(2k+1)); ±1 beyond 6, where it is nothing else in double. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x);
  // e^(−x²)·Σ 2ᵏx^(2k+1)/(1·3·…·(2k+1)): terms of one sign, so nothing cancels.
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-18 * Math.abs(sum); k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
