/** Orthonormal columns from random ones, by Householder's QR decomposition in float64 with + − × ÷ √ only. */
import { dot } from '../base/arithmetic.js';

/** x ← (I − weight·vvᵀ)x. */
function reflect(x: Float64Array, v: Float64Array, weight: number): void {
  const factor = weight * dot(v, x);
  for (let i = 0; i < x.length; i++) x[i]! -= factor * v[i]!;
}

/**
 * Makes the columns of a matrix orthonormal: Q of A = QR, each column with the sign that makes R's diagonal
 * positive, so that Q of normal deviates is uniformly distributed (Mezzadri 2007).
 * @param a m×n values, column by column, m ≥ n; overwritten with Q.
 */
export function orthonormalize(a: Float64Array, m: number, n: number): void {
  const column = (j: number) => a.subarray(j * m, (j + 1) * m);
  const signs = new Float64Array(n);
  const weights = new Float64Array(n);
  // The reflection I − 2vvᵀ/‖v‖² zeroes all but the first of column k's values from row k on; v takes their place.
  for (let k = 0; k < n; k++) {
    const v = column(k).subarray(k);
    const size = Math.sqrt(dot(v, v));
    signs[k] = v[0]! > 0 ? -1 : 1;
    v[0]! -= signs[k]! * size;
    const square = dot(v, v);
    weights[k] = square > 0 ? 2 / square : 0;
    for (let j = k + 1; j < n; j++) reflect(column(j).subarray(k), v, weights[k]!);
  }
  // Column j of the reflections' product needs the first j + 1 of them, so its place is free once later columns are
  // done.
  const q = new Float64Array(m);
  for (let j = n - 1; j >= 0; j--) {
    q.fill(0);
    q[j] = signs[j]!;
    for (let k = j; k >= 0; k--) reflect(q.subarray(k), column(k).subarray(k), weights[k]!);
    column(j).set(q);
  }
}
