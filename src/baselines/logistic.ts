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

function addTo(gradient: Float64Array, first: number, row: Float64Array, by: number): void {
  for (let j = 0; j < row.length; j++) gradient[first + j]! += by * row[j]!;
  gradient[first + row.length]! += by;
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
  const p = new Float64Array(classes);
  return (at, gradient) => {
    let loss = 0;
    for (let r = 0; r < rows; r++) {
      const row = values.subarray(r * width, (r + 1) * width);
      const label = labels[r]!;
      const { most, sum, own } = softmax(row, at, p, label);
      loss += most + log(sum) - own;
      for (let k = 0; k < classes; k++)
        addTo(gradient, k * (width + 1), row, p[k]! - (k === label ? 1 : 0));
    }
    return loss;
  };
}

/** The probabilities of the lines' scores in `p`, and what the loss needs: the highest score, Σe^(z − it), and `label`'s. */
function softmax(row: Float64Array, weights: Float64Array, p: Float64Array, label: number) {
  let most = -Infinity;
  for (let k = 0; k < p.length; k++) {
    p[k] = scoreOf(row, weights, k * (row.length + 1));
    if (p[k]! > most) most = p[k]!;
  }
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
