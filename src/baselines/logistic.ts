/** Logistic regression with an L2 penalty on standardised features: binomial for two classes, else multinomial. */
import { exp, log } from '../base/arithmetic.js';
import { minimize, type Smooth } from './minimize.js';
import type { Standardized } from './standardized.js';

/** So small a gradient of the mean loss is 0. */
const TOLERANCE = 1e-6;

/**
 * Weights, for each line those of the features and the intercept: of one line for two classes, else of one a class. They
 * minimise Σ −log p + λ/2·Σw².
 */
export function fitLogistic(
  matrix: Standardized,
  labels: Int32Array,
  classes: number,
  { penalty = 1, iterations = 100 }: { readonly penalty?: number; readonly iterations?: number },
): Float64Array {
  const { rows, width } = matrix;
  const lines = classes <= 2 ? classes - 1 : classes;
  const start = new Float64Array(lines * (width + 1));
  if (lines === 0) return start;
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label]!++;
  // Without features the intercepts alone give the classes' frequencies.
  for (let k = 0; k < lines; k++)
    start[k * (width + 1) + width] =
      lines === 1 ? log(counts[1]! / counts[0]!) : log((counts[k]! * classes) / rows);
  const loss = lines === 1 ? binomial(matrix, labels) : multinomial(matrix, labels, classes);
  const penalized: Smooth = (at, gradient) => {
    gradient.fill(0);
    let value = loss(at, gradient);
    for (let k = 0; k < lines; k++)
      for (let j = 0; j < width; j++) {
        const i = k * (width + 1) + j;
        value += 0.5 * penalty * at[i]! * at[i]!;
        gradient[i]! += penalty * at[i]!;
      }
    for (let i = 0; i < gradient.length; i++) gradient[i]! /= rows;
    return value / rows;
  };
  return minimize(penalized, start, { tolerance: TOLERANCE, iterations });
}

/** −log p of `1` with the score z, and of `0` with −z. */
const softplus = (z: number): number => (z > 0 ? z : 0) + log(1 + exp(z > 0 ? -z : z));

const sigmoid = (z: number): number => {
  const e = exp(z > 0 ? -z : z);
  return (z > 0 ? 1 : e) / (1 + e);
};

function scoreOf(row: Float64Array, weights: Float64Array, first: number): number {
  let sum = weights[first + row.length]!;
  for (let j = 0; j < row.length; j++) sum += weights[first + j]! * row[j]!;
  return sum;
}

/** The same of four lines in a row, whose sums do not wait for each other. */
function scoresOfFour(row: Float64Array, weights: Float64Array, first: number, to: Float64Array) {
  const { length } = row;
  const [second, third, fourth] = [
    first + length + 1,
    first + 2 * length + 2,
    first + 3 * length + 3,
  ];
  let a = weights[first + length]!;
  let b = weights[second + length]!;
  let c = weights[third + length]!;
  let d = weights[fourth + length]!;
  for (let j = 0; j < length; j++) {
    const x = row[j]!;
    a += weights[first + j]! * x;
    b += weights[second + j]! * x;
    c += weights[third + j]! * x;
    d += weights[fourth + j]! * x;
  }
  const k = first / (length + 1);
  [to[k], to[k + 1], to[k + 2], to[k + 3]] = [a, b, c, d];
}

function addTo(gradient: Float64Array, first: number, row: Float64Array, by: number): void {
  for (let j = 0; j < row.length; j++) gradient[first + j]! += by * row[j]!;
  gradient[first + row.length]! += by;
}

/** Four rows after another, each with its factor: the gradient is read and written once. */
function addFour(
  gradient: Float64Array,
  first: number,
  [r, s, t, u]: readonly Float64Array[],
  by: readonly number[],
): void {
  const [a, b, c, d] = by as [number, number, number, number];
  const { length } = r!;
  for (let j = 0; j < length; j++)
    gradient[first + j] = gradient[first + j]! + a * r![j]! + b * s![j]! + c * t![j]! + d * u![j]!;
  gradient[first + length] = gradient[first + length]! + a + b + c + d;
}

function binomial({ rows, width, values }: Standardized, labels: Int32Array): Smooth {
  return (at, gradient) => {
    let loss = 0;
    for (let r = 0; r < rows; r++) {
      const row = values.subarray(r * width, (r + 1) * width);
      const z = scoreOf(row, at, 0);
      const y = labels[r]!;
      loss += softplus(y === 1 ? -z : z);
      addTo(gradient, 0, row, sigmoid(z) - y);
    }
    return loss;
  };
}

function multinomial(
  { rows, width, values }: Standardized,
  labels: Int32Array,
  classes: number,
): Smooth {
  const p4 = Array.from({ length: 4 }, () => new Float64Array(classes));
  const rowAt = (r: number) => values.subarray(r * width, (r + 1) * width);
  return (at, gradient) => {
    let loss = 0;
    for (let r = 0; r < rows; r += 4) {
      const block = Array.from({ length: Math.min(4, rows - r) }, (_, i) => rowAt(r + i));
      for (const [i, row] of block.entries()) {
        const label = labels[r + i]!;
        const { most, sum, own } = softmax(row, at, p4[i]!, label);
        loss += most + log(sum) - own;
        p4[i]![label]! -= 1;
      }
      for (let k = 0; k < classes; k++) {
        const first = k * (width + 1);
        const by = block.map((_, i) => p4[i]![k]!);
        if (block.length === 4) addFour(gradient, first, block, by);
        else block.forEach((row, i) => addTo(gradient, first, row, by[i]!));
      }
    }
    return loss;
  };
}

/** The probabilities of the lines' scores in `p`, and what the loss needs: the highest score, Σe^(z − it), and `label`'s. */
function softmax(row: Float64Array, weights: Float64Array, p: Float64Array, label: number) {
  let most = -Infinity;
  const line = row.length + 1;
  const rest = p.length % 4;
  for (let k = 0; k < p.length - rest; k += 4) scoresOfFour(row, weights, k * line, p);
  for (let k = p.length - rest; k < p.length; k++) p[k] = scoreOf(row, weights, k * line);
  for (const score of p) if (score > most) most = score;
  const own = p[label]!;
  let sum = 0;
  for (let k = 0; k < p.length; k++) {
    p[k] = exp(p[k]! - most);
    sum += p[k]!;
  }
  for (let k = 0; k < p.length; k++) p[k]! /= sum;
  return { most, sum, own };
}

/** The probability of each class, by weights that `fitLogistic` has found. */
export function probabilities(row: Float64Array, weights: Float64Array, to: Float64Array): void {
  if (to.length > 2) softmax(row, weights, to, 0);
  else if (to.length === 1) to[0] = 1;
  else {
    to[1] = sigmoid(scoreOf(row, weights, 0));
    to[0] = 1 - to[1]!;
  }
}
