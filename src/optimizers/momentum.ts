/**
 * Gradient descent with momentum, in its two common forms. Both end with p ← p − lr·v.
 *   sum   v ← βv + g          PyTorch; Sutskever et al. 2013
 *   mean  v ← βv + (1 − β)g   a running mean, as in lecture notes; its lr is 1/(1 − β) times larger
 * Nesterov's (PyTorch's form) takes one more step along v: p ← p − lr·(g + βv), or with (1 − β)g + βv.
 */
import { checkOptions, flag, numberIn, oneOf } from '../base/check.js';
import { COMMON, createOptimizer, type CommonOptions, type Optimizer } from './optimizer.js';

/** Settings of `momentum`. */
export interface MomentumOptions extends CommonOptions {
  readonly lr: number;
  /** β in [0, 1); default 0.9. */
  readonly beta?: number;
  /** Default `sum`. */
  readonly form?: 'sum' | 'mean';
  /** Default false. */
  readonly nesterov?: boolean;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function momentum(options: MomentumOptions): Optimizer {
  checkOptions('momentum', options, {
    ...COMMON,
    beta: numberIn(0, 1),
    form: oneOf(['sum', 'mean']),
    nesterov: flag,
  });
  const { lr, beta = 0.9, form = 'sum', nesterov = false } = options;
  const share = form === 'sum' ? 1 : 1 - beta;
  return createOptimizer(
    options,
    {
      kind: 'momentum',
      settings: { beta, form, ...(nesterov ? { nesterov } : {}) },
      lr,
      stateArrays: 1,
      formedBy: ['form'],
      rates: (_, learningRate) => [learningRate],
      update(k, { parameters, gradients, state, rates, count }, decay) {
        const kernel = nesterov ? k.nesterov : k.momentum;
        kernel(parameters, gradients, state[0]!, count, rates, beta, share, decay);
      },
    },
    momentum,
  );
}
