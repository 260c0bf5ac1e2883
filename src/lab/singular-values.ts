/** The singular values of a matrix, by one-sided Jacobi rotations (Hestenes 1958). */
import { dot } from '../base/arithmetic.js';
import { finite, refuse, wholeFrom } from '../base/check.js';

/** Rounds over all pairs of rows, at most; they converge quadratically, and ten are plenty. */
const SWEEPS = 60;
/** Rows whose cosine is below this count as orthogonal. */
const ORTHOGONAL = 1e-15;

/**
 * The singular values of a `rows`×`columns` matrix, given row by row, from the largest to the smallest; min(rows,
 * columns) of them. Double precision in a fixed order of + − × ÷ and √: the same bits on every engine. The time grows with
 * rows·columns·the smaller of both.
 * @throws LanewiseError kind 'argument' unless there are rows·columns finite values.
 */
export function singularValues(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
): Float64Array {
  wholeFrom(1)('singularValues', 'rows', rows);
  wholeFrom(1)('singularValues', 'columns', columns);
  if (matrix?.length !== rows * columns)
    refuse('singularValues', 'matrix', matrix?.length, `${rows}·${columns} values`);
  const vectors = shorterSides(matrix, rows, columns);
  for (let sweep = 0, turned = true; turned && sweep < SWEEPS; sweep++) {
    turned = false;
    for (let i = 0; i < vectors.length; i++)
      for (let j = i + 1; j < vectors.length; j++)
        if (rotate(vectors[i]!, vectors[j]!)) turned = true;
  }
  return Float64Array.from(vectors, (one) => Math.sqrt(dot(one, one)))
    .toSorted()
    .toReversed();
}

/** The rows, or the columns if they are fewer. */
function shorterSides(matrix: ArrayLike<number>, rows: number, columns: number): Float64Array[] {
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const [step, along] = rows <= columns ? [columns, 1] : [1, columns];
  return Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length }, (__, e) => {
      const value = matrix[i * step + e * along]!;
      finite('singularValues', `matrix[${i * step + e * along}]`, value);
      return value;
    }),
  );
}

/** Turns both in their plane until they are orthogonal. Returns whether there was anything to turn. */
function rotate(a: Float64Array, b: Float64Array): boolean {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)];
  if (Math.abs(ab) <= ORTHOGONAL * Math.sqrt(aa) * Math.sqrt(bb)) return false;
  const zeta = (bb - aa) / (2 * ab);
  const tangent = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (let e = 0; e < a.length; e++) {
    const [x, y] = [a[e]!, b[e]!];
    a[e] = cosine * x - sine * y;
    b[e] = sine * x + cosine * y;
  }
  return true;
}
