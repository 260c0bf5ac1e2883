/**
 * Lion (Chen et al. 2023, "Symbolic discovery of optimization algorithms", algorithm 2). Each weight moves by lr along
 * the sign of a mix of momentum and gradient. Its weight decay is decoupled.
 */
import { checkOptions } from '../base/check.js';
import {
  betasOfMeans,
  COMMON,
  createOptimizer,
  decoupledAlready,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

/** Settings of `lion`. */
export interface LionOptions extends Omit<CommonOptions, 'decoupled'> {
  /** Default 1e-4. */
  readonly lr?: number;
  /** β₁ of the mix, β₂ of the momentum, in [0, 1); default 0.9, 0.99. */
  readonly betas?: readonly [number, number];
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function lion(options: LionOptions = {}): Optimizer {
  checkOptions<LionOptions & { readonly decoupled?: boolean }>('lion', options, {
    ...COMMON,
    betas: betasOfMeans,
    decoupled: decoupledAlready,
  });
  const { lr = 1e-4, betas = [0.9, 0.99] } = options;
  const [beta1, beta2] = betas;
  return createOptimizer(
    { ...options, decoupled: true },
    {
      kind: 'lion',
      settings: { beta1, beta2 },
      lr,
      stateArrays: 1,
      rates: (_, learningRate) => [learningRate],
      update: (k, { parameters, gradients, state, rates, count }) =>
        k.lion(parameters, gradients, state[0]!, count, rates, beta1, 1 - beta1, beta2, 1 - beta2),
    },
    lion,
  );
}
