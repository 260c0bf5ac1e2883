/** Softmax in float64, of + − × ÷ alone, on which engines agree: programs on bytes need no other float kernel for scores. */

/** 2⁻ⁿ; e^x below the last is 0 as a float32. */
const POWERS = /* @__PURE__ */ powers();

function powers(): Float64Array {
  let power = 2;
  return Float64Array.from({ length: 160 }, () => (power /= 2));
}

/** eˣ for x ≤ 0, with a relative error below 1e-10: x = r − n·ln 2 with |r| ≤ ½·ln 2, and e^r by its series. */
function exponential(x: number): number {
  const n = Math.floor(0.5 - x / Math.LN2);
  const r = x + n * Math.LN2;
  const low = 1 + r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24))));
  const high = 1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * (1 / 40_320 + r / 362_880)));
  return (low + r * r * r * r * r * high) * (POWERS[n] ?? 0);
}

/** y[i, c] = e^x[i, c] / Σ_d e^x[i, d] of n rows, which are at `x` and `y` among the floats. */
export function softmaxRows(
  floats: Float32Array,
  n: number,
  C: number,
  x: number,
  y: number,
): void {
  const row = new Float64Array(C);
  for (let i = 0; i < n; i++, x += C, y += C) {
    let most = -Infinity;
    for (let c = 0; c < C; c++) {
      const value = floats[x + c]!;
      // What is not a number stays so.
      if (!(value <= most)) most = value;
    }
    let sum = 0;
    for (let c = 0; c < C; c++) sum += row[c] = exponential(floats[x + c]! - most);
    for (let c = 0; c < C; c++) floats[y + c] = row[c]! / sum;
  }
}
