/** Ridge regression (Hoerl & Kennard 1970) on standardised features, its penalty by generalised cross-validation. */
import { choleskyOf, solveCholesky, traceOfInverse } from './cholesky.js';
import type { Standardized } from './standardized.js';

/** A value as a sum over the standardised features. */
export interface Line {
  readonly weights: Float64Array;
  readonly intercept: number;
  readonly penalty: number;
}

/** The penalties that are tried. */
export const PENALTIES = [0.01, 0.1, 1, 10, 100, 1000, 10_000];

/**
 * A line for each column, min Σ(y − ȳ − w·x)² + λ·Σw². Without a penalty the one of `PENALTIES` with the least n·RSS/(n −
 * 1 − tr H)² (Golub, Heath & Wahba 1979) is taken, H being the features' hat matrix.
 */
export function fitRidge(
  matrix: Standardized,
  columns: readonly Float64Array[],
  penalty?: number,
): Line[] {
  const { rows, width } = matrix;
  const gram = gramOf(matrix);
  const targets = columns.map((column) => {
    const intercept = column.reduce((sum, y) => sum + y, 0) / rows;
    const centred = column.map((y) => y - intercept);
    return { intercept, centred, products: productsOf(matrix, centred) };
  });
  const best: { line: Line; error: number }[] = [];
  for (const lambda of penalty === undefined ? PENALTIES : [penalty]) {
    const regular = gram.slice();
    // Without a penalty, features that depend on each other need a trace of one.
    const added = lambda === 0 ? 1e-9 * rows : lambda;
    for (let j = 0; j < width; j++) regular[j * width + j]! += added;
    const factor = choleskyOf(regular, width);
    if (!factor) continue;
    const free = rows - 1 - (width - added * traceOfInverse(factor, width));
    targets.forEach(({ intercept, centred, products }, c) => {
      const weights = solveCholesky(factor, width, products);
      const rest = residual(gram, width, weights, products, centred);
      const error = free > 0 ? (rows * rest) / (free * free) : Infinity;
      if (best[c] === undefined || error < best[c].error)
        best[c] = { line: { weights, intercept, penalty: lambda }, error };
    });
  }
  return targets.map(
    ({ intercept }, c) =>
      best[c]?.line ?? { weights: new Float64Array(width), intercept, penalty: Infinity },
  );
}

/** Σ(y − w·x)² from the products, never below 0. */
function residual(
  gram: Float64Array,
  width: number,
  weights: Float64Array,
  products: Float64Array,
  centred: Float64Array,
): number {
  let sum = centred.reduce((all, y) => all + y * y, 0);
  for (let i = 0; i < width; i++) {
    let row = 0;
    for (let j = 0; j < width; j++) row += gram[i * width + j]! * weights[j]!;
    sum += weights[i]! * (row - 2 * products[i]!);
  }
  return Math.max(0, sum);
}

/** Xᵀ·X */
function gramOf({ rows, width, values }: Standardized): Float64Array {
  const gram = new Float64Array(width * width);
  for (let r = 0; r < rows; r++) {
    const row = values.subarray(r * width, (r + 1) * width);
    for (let i = 0; i < width; i++) {
      const x = row[i]!;
      if (x === 0) continue;
      const at = i * width;
      for (let j = 0; j <= i; j++) gram[at + j]! += x * row[j]!;
    }
  }
  for (let i = 0; i < width; i++)
    for (let j = 0; j < i; j++) gram[j * width + i] = gram[i * width + j]!;
  return gram;
}

/** Xᵀ·y */
function productsOf({ rows, width, values }: Standardized, y: Float64Array): Float64Array {
  const products = new Float64Array(width);
  for (let r = 0; r < rows; r++)
    for (let j = 0; j < width; j++) products[j]! += values[r * width + j]! * y[r]!;
  return products;
}
