/**
 * The losses as their definitions say, in double precision and plain loops, one row of C values at a time:
 * what the kernels are held against.
 */
import type { Shape } from '../../src/graph/tensor.js';
import { sizeOf } from '../../src/graph/tensor.js';

/** Rows of C classes by sample: classes on axis 1 of four axes, else on the last. */
export function rowsBySample(values: ArrayLike<number>, shape: Shape): number[][][] {
  const last = shape.length !== 4;
  const n = shape[0]!;
  const C = last ? shape.at(-1)! : shape[1]!;
  const P = sizeOf(shape) / (n * C);
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: P }, (_, p) =>
      Array.from(
        { length: C },
        (_, c) => values[last ? (i * P + p) * C + c : (i * C + c) * P + p]!,
      ),
    ),
  );
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;

function logSoftmax(x: readonly number[]): number[] {
  const top = Math.max(...x);
  const all = top + Math.log(sum(x.map((v) => Math.exp(v - top))));
  return x.map((v) => v - all);
}

export const softmax = (x: readonly number[]): number[] => logSoftmax(x).map(Math.exp);

/** −Σ_c w_c·((1 − ε)·t_c + ε/C)·log softmax(x)_c */
export const crossEntropy = (
  x: readonly number[],
  t: readonly number[],
  smoothing: number,
  w: readonly number[],
): number =>
  -sum(logSoftmax(x).map((l, c) => w[c]! * ((1 - smoothing) * t[c]! + smoothing / x.length) * l));

/** T²·Σ p·(log p − log softmax(x/T)) */
export const klDivergence = (x: readonly number[], p: readonly number[], T: number): number =>
  T * T * sum(logSoftmax(x.map((v) => v / T)).map((l, c) => p[c]! * (Math.log(p[c]!) - l)));

/** 1/C·Σ_{c ≠ label} max(0, margin − x[label] + x[c])^p */
export const hinge = (x: readonly number[], label: number, margin: number, p: number): number =>
  sum(x.map((v, c) => (c === label ? 0 : Math.max(0, margin - x[label]! + v) ** p))) / x.length;

/** x[label] + log(e^−j + Σ e^−x) */
export const mapCriterion = (x: readonly number[], label: number, j: number): number =>
  x[label]! + Math.log(Math.exp(-j) + sum(x.map((v) => Math.exp(-v))));

export const absolute = (y: number, t: number): number => Math.abs(y - t);

export function huber(y: number, t: number, delta: number): number {
  const d = Math.abs(y - t);
  return d <= delta ? (d * d) / 2 : delta * (d - delta / 2);
}

export const binaryCrossEntropy = (y: number, t: number): number =>
  -t * Math.log(y) - (1 - t) * Math.log(1 - y);

export const binaryCrossEntropyWithLogits = (y: number, t: number, posWeight: number): number =>
  posWeight * t * Math.log1p(Math.exp(-y)) + (1 - t) * Math.log1p(Math.exp(y));

export const binaryHinge = (y: number, t: number, margin: number): number =>
  Math.max(0, margin - (t > 0 ? y : -y));

export function cosine(y: readonly number[], t: readonly number[]): number {
  const dot = (a: readonly number[], b: readonly number[]) => sum(a.map((v, i) => v * b[i]!));
  return 1 - dot(y, t) / Math.sqrt(dot(y, y) * dot(t, t));
}
