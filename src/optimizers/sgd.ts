/** Stochastic gradient descent (Robbins & Monro 1951): p ← p − lr·(g + weightDecay·p). */
import { checkOptions } from '../base/check.js';
import { COMMON, createOptimizer, type CommonOptions, type Optimizer } from './optimizer.js';

/** Settings of `sgd`. */
export interface SgdOptions extends CommonOptions {
  readonly lr: number;
}

const HINTS = {
  momentum: 'sgd has no momentum: use momentum({ lr, beta })',
  nesterov: 'sgd has no momentum: use momentum({ lr, nesterov: true })',
};

/** @throws LanewiseError kind 'argument' for a rate or decay that is negative or not finite. */
export function sgd(options: SgdOptions): Optimizer {
  checkOptions('sgd', options, COMMON, HINTS);
  return createOptimizer(
    options,
    {
      kind: 'sgd',
      settings: {},
      lr: options.lr,
      stateArrays: 0,
      rates: (_, learningRate) => [learningRate],
      update: (k, { parameters, gradients, rates, count }, decay) =>
        k.sgd(parameters, gradients, count, rates, decay),
    },
    sgd,
  );
}
