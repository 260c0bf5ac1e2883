/**
 * RMSprop (Tieleman & Hinton 2012, lecture 6e; centred: Graves 2013 §2.3), with PyTorch's names and defaults.
 * The formula is above the kernel (assembly/adaptive.ts).
 */
import { checkOptions, flag, numberIn } from '../base/check.js';
import {
  COMMON,
  createOptimizer,
  epsilon,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

/** Settings of `rmsprop`. */
export interface RmspropOptions extends CommonOptions {
  /** Default 0.01. */
  readonly lr?: number;
  /** α in [0, 1); default 0.99. */
  readonly alpha?: number;
  /** ε above 0; default 1e-8. */
  readonly eps?: number;
  /** In [0, 1); default 0: none. */
  readonly momentum?: number;
  /** Divide by the deviation instead of the root of the mean square; default false. */
  readonly centered?: boolean;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  checkOptions('rmsprop', options, {
    ...COMMON,
    alpha: numberIn(0, 1),
    eps: epsilon,
    momentum: numberIn(0, 1),
    centered: flag,
  });
  const { lr = 0.01, alpha = 0.99, eps = 1e-8, momentum = 0, centered = false } = options;
  return createOptimizer(
    options,
    {
      kind: 'rmsprop',
      settings: { alpha, eps, momentum, centered: Boolean(centered) },
      lr,
      stateArrays: 1 + Number(Boolean(centered)) + Number(momentum > 0),
      formedBy: ['centered'],
      rates: (_, learningRate) => [learningRate],
      update(k, { parameters, gradients, state, rates, count }, decay) {
        const [square, ...rest] = state;
        const mean = centered ? rest.shift()! : 0;
        const velocity = momentum > 0 ? rest.shift()! : 0;
        k.rmsprop(
          parameters,
          gradients,
          square!,
          mean,
          velocity,
          count,
          rates,
          alpha,
          1 - alpha,
          eps,
          momentum,
          decay,
        );
      },
    },
    rmsprop,
  );
}
