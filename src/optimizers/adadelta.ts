/** Adadelta (Zeiler 2012), with PyTorch's names and defaults. The formula is above the kernel (assembly/adaptive.ts). */
import { checkOptions, numberIn } from '../base/check.js';
import {
  COMMON,
  createOptimizer,
  epsilon,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

/** Settings of `adadelta`. */
export interface AdadeltaOptions extends CommonOptions {
  /** Default 1. */
  readonly lr?: number;
  /** ρ in [0, 1); default 0.9. */
  readonly rho?: number;
  /** ε above 0; default 1e-6. */
  readonly eps?: number;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  checkOptions('adadelta', options, { ...COMMON, rho: numberIn(0, 1), eps: epsilon });
  const { lr = 1, rho = 0.9, eps = 1e-6 } = options;
  return createOptimizer(
    options,
    {
      kind: 'adadelta',
      settings: { rho, eps },
      lr,
      stateArrays: 2,
      rates: (_, learningRate) => [learningRate],
      update: (k, { parameters, gradients, state, rates, count }, decay) =>
        k.adadelta(
          parameters,
          gradients,
          state[0]!,
          state[1]!,
          count,
          rates,
          rho,
          1 - rho,
          eps,
          decay,
        ),
    },
    adadelta,
  );
}
