/**
 * Losses as training sees them: a graph from the model's output and the target to one value a sample,
 * and from the output to the scores that a prediction shows.
 */
import { lookUp } from '../errors.js';
import type { Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';

export interface Loss {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The output of a model (n×…) and its target to one value a sample: n. */
  perSample(output: Tensor, target: Tensor): Tensor;
  /** What a prediction shows of an output, in its shape; highest for the predicted class. */
  scores(output: Tensor): Tensor;
  /** The share of right answers of each sample: n values in [0, 1]; undefined where there is no such thing. */
  hits?(output: Tensor, target: Tensor): Tensor | undefined;
}

export const losses = {
  /** −log softmax(output)[label]; scores are probabilities. */
  crossEntropy: {
    kind: 'crossEntropy',
    settings: {},
    perSample: ops.crossEntropy,
    scores: ops.softmax,
    hits: ops.correct,
  },
  /** Σ_c (output[c] − [c = label])²; scores are the outputs themselves. */
  squaredError: {
    kind: 'squaredError',
    settings: {},
    perSample: (output, target) =>
      ops.sumOfSquaredErrors(
        output,
        target.dtype === 'i32' ? ops.oneHot(target, output.shape[1]!) : target,
      ),
    scores: (output) => output,
    hits: (output, target) => (target.dtype === 'i32' ? ops.correct(output, target) : undefined),
  },
} as const satisfies Record<string, Loss>;

export type LossName = keyof typeof losses;

/** @throws LanewiseError kind 'argument' for an unknown name. */
export const lossFor = (loss: LossName | Loss): Loss =>
  typeof loss === 'string' ? lookUp<Loss>('loss', losses, loss) : loss;

/** A loss as a model file keeps it. */
export interface LossDescription {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The loss of a description. @throws LanewiseError kind 'argument' for an unknown kind or settings out of range. */
export const createLoss = ({ kind }: LossDescription): Loss => lookUp<Loss>('loss', losses, kind);
