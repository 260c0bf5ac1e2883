/**
 * Adagrad (Duchi et al. 2011): s ← s + g²; p ← p − lrₜ·g/(√s + ε) with lrₜ = lr/(1 + t·lrDecay), t from 0.
 * PyTorch's names and defaults.
 */
import { checkOptions, notNegative } from '../base/check.js';
import {
  COMMON,
  createOptimizer,
  epsilon,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

/** Settings of `adagrad`. */
export interface AdagradOptions extends CommonOptions {
  /** Default 0.01. */
  readonly lr?: number;
  /** Default 0. */
  readonly lrDecay?: number;
  /** Initial value of s; default 0. */
  readonly initialAccumulatorValue?: number;
  /** ε above 0; default 1e-10. */
  readonly eps?: number;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  checkOptions('adagrad', options, {
    ...COMMON,
    lrDecay: notNegative,
    initialAccumulatorValue: notNegative,
    eps: epsilon,
  });
  const { lr = 0.01, lrDecay = 0, initialAccumulatorValue = 0, eps = 1e-10 } = options;
  return createOptimizer(
    options,
    {
      kind: 'adagrad',
      settings: { lrDecay, initialAccumulatorValue, eps },
      lr,
      stateArrays: 1,
      rates: (step, learningRate) => [learningRate / (1 + step * lrDecay)],
      update: (k, { parameters, gradients, state, rates, count }, decay) =>
        k.adagrad(
          parameters,
          gradients,
          state[0]!,
          count,
          rates,
          initialAccumulatorValue,
          eps,
          decay,
        ),
    },
    adagrad,
  );
}
