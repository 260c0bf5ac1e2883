/** Lanczos' method (1950): the ends of a symmetric operator's spectrum, and its density, from products with vectors. */
import { dot } from '../base/arithmetic.js';
import { callable, checkOptions, isList, refuse, wholeFrom } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { risingOf, turnToDiagonal } from './eigh.js';

/** The product of a symmetric operator with a vector, as a new array or another one. */
export type SymmetricOperator = (
  vector: Float64Array,
) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** What Lanczos' method finds of a spectrum. */
export interface Spectrum {
  /** Ritz values, rising: they approach the eigenvalues, the outermost first, from within. */
  readonly values: Float64Array;
  /**
   * How much of the start each belongs to, 1 together. If the start's numbers are ±1 at random, the share of eigenvalues in
   * a range is about the sum of the weights there (stochastic Lanczos quadrature).
   */
  readonly weights: Float64Array;
}

/** Options of `lanczos`. */
export interface LanczosOptions {
  /** The most products, which are also the most values; default 32. */
  readonly steps?: number;
}

const scaled = (a: Float64Array, factor: number): Float64Array => a.map((value) => value * factor);

/** `a` without its parts along `basis`, taken away twice: once leaves what rounding has made of them. */
function clearOf(a: Float64Array, basis: readonly Float64Array[]): Float64Array {
  for (const other of [...basis, ...basis]) {
    const share = dot(a, other);
    for (let i = 0; i < a.length; i++) a[i]! -= share * other[i]!;
  }
  return a;
}

async function productOf(times: SymmetricOperator, vector: Float64Array): Promise<Float64Array> {
  const given: unknown = await times(vector.slice());
  if (!isList(given)) refuse('lanczos', 'what times gives', given, 'a list of numbers');
  const product = Float64Array.from(given as ArrayLike<number>);
  if (product.length === vector.length && product.every(Number.isFinite)) return product;
  const found =
    product.length === vector.length ? 'numbers that are not finite' : `${product.length} numbers`;
  throw new LanewiseError(
    'argument',
    `lanczos: times gives ${found}, expected ${vector.length} finite ones, as many as the vector has`,
  );
}

/** Below this part of the largest number so far, what is left is rounding of float32 products. */
const NOTHING_LEFT = 1e-6;

/**
 * The operator's spectrum as seen from `start`, with full reorthogonalisation: a product a step, fewer if the steps so far
 * have found all that the start has parts of. `hessianOf` makes the Hessian such an operator. The
 * arithmetic is the same in every engine.
 * @param times the product with a vector of the start's length
 * @param start any vector but 0; numbers ±1 at random if the weights are to be shares
 * @throws LanewiseError kind 'argument' for a start without a number that is not 0, and products that do not fit.
 */
export async function lanczos(
  times: SymmetricOperator,
  start: ArrayLike<number>,
  options: LanczosOptions = {},
): Promise<Spectrum> {
  callable('lanczos', 'times', times);
  const { steps = 32 } = checkOptions<LanczosOptions>('lanczos', options, {
    steps: wholeFrom(1, 4096),
  });
  const first = ArrayBuffer.isView(start) || Array.isArray(start) ? Float64Array.from(start) : [];
  const norm = Math.sqrt(dot(first, first));
  if (!(first instanceof Float64Array) || !(norm > 0 && norm < Infinity))
    throw new LanewiseError(
      'argument',
      `lanczos: start is ${show(start)}, expected finite numbers of which one is not 0`,
    );
  const basis = [scaled(first, 1 / norm)];
  const [diagonal, side]: [number[], number[]] = [[], []];
  let largest = 0;
  for (let k = 0; ; k++) {
    const product = await productOf(times, basis[k]!);
    diagonal.push(dot(product, basis[k]!));
    const rest = clearOf(product, basis);
    const length = Math.sqrt(dot(rest, rest));
    largest = Math.max(largest, length, Math.abs(diagonal[k]!));
    if (k + 1 >= Math.min(steps, first.length) || !(length > NOTHING_LEFT * largest)) break;
    side.push(length);
    basis.push(scaled(rest, 1 / length));
  }
  return eigenOf(diagonal, side);
}

/** The eigenvalues of a symmetric tridiagonal matrix and the squares of their vectors' first numbers. */
function eigenOf(diagonal: readonly number[], side: readonly number[]): Spectrum {
  const n = diagonal.length;
  const a = diagonal.map((value, i) => {
    const row = new Float64Array(n);
    row[i] = value;
    if (i > 0) row[i - 1] = side[i - 1]!;
    if (i < n - 1) row[i + 1] = side[i]!;
    return row;
  });
  const first = new Float64Array(n);
  first[0] = 1;
  turnToDiagonal(a, [first]);
  const order = risingOf(a);
  return {
    values: Float64Array.from(order, (i) => a[i]![i]!),
    weights: Float64Array.from(order, (i) => first[i]! * first[i]!),
  };
}
