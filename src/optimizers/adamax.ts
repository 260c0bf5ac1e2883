/**
 * Adamax (Kingma & Ba 2015, section 7.1): Adam with the largest past |g| in place of √v. Names, defaults and ε, which
 * is added to |g|, are PyTorch's. The formula is above the kernel.
 */
import { integerPower } from '../base/arithmetic.js';
import { checkOptions } from '../base/check.js';
import {
  betasOfMeans,
  COMMON,
  createOptimizer,
  epsilon,
  type CommonOptions,
  type Optimizer,
} from './optimizer.js';

/** Settings of `adamax`. */
export interface AdamaxOptions extends CommonOptions {
  /** Default 0.002. */
  readonly lr?: number;
  /** β₁ of the mean, β₂ of the maximum, in [0, 1); default 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** ε above 0; default 1e-8. */
  readonly eps?: number;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  checkOptions('adamax', options, { ...COMMON, betas: betasOfMeans, eps: epsilon });
  const { lr = 0.002, betas = [0.9, 0.999], eps = 1e-8 } = options;
  const [beta1, beta2] = betas;
  return createOptimizer(
    options,
    {
      kind: 'adamax',
      settings: { beta1, beta2, eps },
      lr,
      stateArrays: 2,
      rates: (step, learningRate) => [learningRate / (1 - integerPower(beta1, step + 1))],
      update: (k, { parameters, gradients, state: [m, u], rates, count }, decay) =>
        k.adamax(parameters, gradients, m!, u!, count, rates, beta1, 1 - beta1, beta2, eps, decay),
    },
    adamax,
  );
}
