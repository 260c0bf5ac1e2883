/**
 * Losses as training sees them: a graph from the model's output and the labels to one value a sample,
 * and from the output to the scores that a prediction shows.
 */
import { lookUp } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';

export interface Loss {
  /** n×C outputs and n labels (i32) to n values. */
  perSample(output: Tensor, labels: Tensor): Tensor;
  /** n×C outputs to n×C scores, highest for the predicted class. */
  scores(output: Tensor): Tensor;
}

export const losses = {
  /** −log softmax(output)[label]; scores are probabilities. */
  crossEntropy: {
    perSample: ops.crossEntropy,
    scores: ops.softmax,
  },
  /** Σ_c (output[c] − [c = label])²; scores are the outputs themselves. */
  squaredError: {
    perSample: (output, labels) =>
      ops.sumOfSquaredErrors(output, ops.oneHot(labels, output.shape[1]!)),
    scores: (output) => output,
  },
} as const satisfies Record<string, Loss>;

export type LossName = keyof typeof losses;

/** @throws LanewiseError kind 'argument' for an unknown name. */
export const lossFor = (name: string): Loss => lookUp<Loss>('loss', losses, name);
