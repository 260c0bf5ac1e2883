/** Symmetric positive definite systems in double precision, by Cholesky's factors. */

/**
 * The lower factor L of A = L·Lᵀ, rows of `n` in sequence; undefined if A is not positive definite to the rounding of
 * doubles.
 */
export function choleskyOf(matrix: Float64Array, n: number): Float64Array | undefined {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= factor[row + k]! * factor[other + k]!;
      if (i !== j) factor[row + j] = sum / factor[other + j]!;
      else if (sum > 0) factor[row + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return factor;
}

/** The solution x of L·Lᵀ·x = b. */
export function solveCholesky(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * x[k]!;
    x[i] = sum / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i]! * x[k]!;
    x[i] = sum / factor[i * n + i]!;
  }
  return x;
}

/** The trace of (L·Lᵀ)⁻¹: the sum of the squares of L⁻¹. */
export function traceOfInverse(factor: Float64Array, n: number): number {
  const column = new Float64Array(n);
  let trace = 0;
  for (let c = 0; c < n; c++) {
    column.fill(0, c);
    for (let i = c; i < n; i++) {
      let sum = i === c ? 1 : 0;
      for (let k = c; k < i; k++) sum -= factor[i * n + k]! * column[k]!;
      const value = sum / factor[i * n + i]!;
      column[i] = value;
      trace += value * value;
    }
  }
  return trace;
}
