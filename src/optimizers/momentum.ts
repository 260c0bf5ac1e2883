/**
 * Gradient descent with momentum, in the two forms found in use. Both end with p ← p − lr·v.
 *   sum   v ← βv + g          PyTorch; Sutskever et al. 2013
 *   mean  v ← βv + (1 − β)g   a running mean, as lecture notes have it; its lr is 1/(1 − β) times larger
 */
import { LanewiseError } from '../errors.js';
import { checkNumber, type Optimizer } from './optimizer.js';

export interface MomentumOptions {
  readonly lr: number;
  /** β in [0, 1); default 0.9. */
  readonly beta?: number;
  /** Default `sum`. */
  readonly form?: 'sum' | 'mean';
  /** Default 0. */
  readonly weightDecay?: number;
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function momentum({
  lr,
  beta = 0.9,
  form = 'sum',
  weightDecay = 0,
}: MomentumOptions): Optimizer {
  checkNumber('learning rate', lr, 0);
  checkNumber('momentum beta', beta, 0, 1);
  checkNumber('weight decay', weightDecay, 0);
  if (form !== 'sum' && form !== 'mean') {
    throw new LanewiseError(
      'argument',
      `momentum form is '${String(form)}', expected 'sum' or 'mean'`,
    );
  }
  return {
    kind: 'momentum',
    settings: { lr, beta, form, weightDecay },
    learningRate: lr,
    stateArrays: 1,
    rates: (_, learningRate) => [learningRate],
    update: (k, { parameters, gradients, state, rates, count }) =>
      k.momentum(
        parameters,
        gradients,
        state[0]!,
        count,
        rates,
        beta,
        form === 'sum' ? 1 : 1 - beta,
        weightDecay,
      ),
  };
}
