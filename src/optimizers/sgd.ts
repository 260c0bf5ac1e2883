/** Stochastic gradient descent: p ← p − lr·(g + weightDecay·p). Robbins & Monro 1951. */
import { checkNumber, type Optimizer } from './optimizer.js';

export interface SgdOptions {
  readonly lr: number;
  /** Default 0. */
  readonly weightDecay?: number;
}

/** @throws LanewiseError kind 'argument' for a rate or decay that is negative or not finite. */
export function sgd({ lr, weightDecay = 0 }: SgdOptions): Optimizer {
  checkNumber('learning rate', lr, 0);
  checkNumber('weight decay', weightDecay, 0);
  return {
    kind: 'sgd',
    settings: { lr, weightDecay },
    learningRate: lr,
    stateArrays: 0,
    rates: (_, learningRate) => [learningRate],
    update: (k, { parameters, gradients, rates, count }) =>
      k.sgd(parameters, gradients, count, rates, weightDecay),
  };
}
