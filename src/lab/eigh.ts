/** Eigenvalues and eigenvectors of a symmetric matrix, by rotations (Jacobi 1846). */
import { dot } from '../base/arithmetic.js';
import { isList, refuse } from '../base/check.js';

/** What a symmetric matrix does: it stretches each of its eigenvectors by the eigenvalue. */
export interface Eigen {
  /** The eigenvalues, rising. */
  readonly values: Float64Array;
  /** An eigenvector of length 1 for each, at right angles to all others; its sign has no meaning. */
  readonly vectors: readonly Float64Array[];
}

/** The largest matrix: its rotations take about a minute. */
const MOST_ROWS = 1024;

/**
 * The eigenvalues and eigenvectors of a symmetric matrix of n rows, as numpy.linalg.eigh gives them. Double precision in a
 * fixed order of + − × ÷ and √: the same bits on every engine. The time grows with n³.
 * @param matrix n rows of n finite numbers
 * @throws LanewiseError kind 'argument' for a matrix that is not square and symmetric, or has more than 1024 rows.
 */
export function eigh(matrix: readonly ArrayLike<number>[]): Eigen {
  const a = rowsOf(matrix);
  const basis = a.map((_, i) => Float64Array.from(a, (__, j) => (i === j ? 1 : 0)));
  turnToDiagonal(a, basis);
  const order = risingOf(a);
  return {
    values: Float64Array.from(order, (i) => a[i]![i]!),
    vectors: order.map((i) => Float64Array.from(basis, (row) => row[i]!)),
  };
}

/** A copy of the matrix, checked. */
function rowsOf(matrix: readonly ArrayLike<number>[]): Float64Array[] {
  const n = Array.isArray(matrix) ? matrix.length : 0;
  if (n < 1 || n > MOST_ROWS) refuse('eigh', 'matrix', matrix, `1 to ${MOST_ROWS} rows of numbers`);
  const a = matrix.map((row, i) => {
    if (!isList(row) || row.length !== n)
      refuse('eigh', `matrix[${i}]`, row, `${n} numbers, as many as there are rows`);
    const wrong = Array.prototype.findIndex.call(row, (value) => !Number.isFinite(value));
    if (wrong >= 0) refuse('eigh', `matrix[${i}][${wrong}]`, row[wrong], 'a finite number');
    return Float64Array.from(row);
  });
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (a[i]![j] !== a[j]![i])
        refuse('eigh', `matrix[${i}][${j}]`, a[i]![j], `${a[j]![i]}, as matrix[${j}][${i}] is`);
  return a;
}

/** The places of a diagonal matrix, by rising values. */
export const risingOf = (a: readonly Float64Array[]): number[] =>
  [...a.keys()].toSorted((i, j) => a[i]![i]! - a[j]![j]!);

/**
 * Turns a symmetric matrix until it is diagonal. Rows of `carried` are turned along: rows of the unit matrix become those of
 * the matrix whose columns are the eigenvectors.
 */
export function turnToDiagonal(a: readonly Float64Array[], carried: readonly Float64Array[]): void {
  const n = a.length;
  const size = a.reduce((most, row) => Math.max(most, Math.sqrt(dot(row, row))), 0);
  const isLeft = (p: number, q: number): boolean => Math.abs(a[p]![q]!) > 1e-15 * size;
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++)
        if (isLeft(p, q)) {
          turn(a, carried, p, q);
          turned = true;
        }
  }
}

/** Turns rows and columns p and q so that a[p][q] becomes 0, and the rows that are carried along. */
function turn(
  a: readonly Float64Array[],
  carried: readonly Float64Array[],
  p: number,
  q: number,
): void {
  const half = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const t = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const pair = (row: Float64Array, i: number, other: Float64Array, j: number): void => {
    [row[i], other[j]] = [c * row[i]! - s * other[j]!, s * row[i]! + c * other[j]!];
  };
  for (const row of a) pair(row, p, row, q);
  for (let k = 0; k < a.length; k++) pair(a[p]!, k, a[q]!, k);
  for (const row of carried) pair(row, p, row, q);
}
