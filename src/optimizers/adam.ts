/**
 * Adam (Kingma & Ba 2015, algorithm 1) and AdamW (Loshchilov & Hutter 2019), with PyTorch's names and defaults. The
 * formula is above the kernel.
 */
import { integerPower } from '../base/arithmetic.js';
import { checkOptions, flag, notNegative, type Checks } from '../base/check.js';
import {
  betasOfMeans,
  COMMON,
  createOptimizer,
  decoupledAlready,
  type CommonOptions,
  type Optimizer,
  type Rule,
} from './optimizer.js';

/** Settings of `adam` and `adamW`. */
export interface AdamOptions extends CommonOptions {
  /** Default 0.001. */
  readonly lr?: number;
  /** β₁, β₂ in [0, 1); default 0.9, 0.999. */
  readonly betas?: readonly [number, number];
  /** ε; default 1e-8. */
  readonly eps?: number;
}

function rule(kind: string, options: AdamOptions, decoupled = flag): Rule {
  const checks: Checks<AdamOptions> = {
    ...COMMON,
    decoupled,
    betas: betasOfMeans,
    eps: notNegative,
  };
  checkOptions(kind, options, checks);
  const { lr = 0.001, betas = [0.9, 0.999], eps = 1e-8 } = options;
  const [beta1, beta2] = betas;
  return {
    kind,
    settings: { beta1, beta2, eps },
    lr,
    stateArrays: 2,
    rates: (step, learningRate) => [
      learningRate / (1 - integerPower(beta1, step + 1)),
      1 / Math.sqrt(1 - integerPower(beta2, step + 1)),
    ],
    update: (k, { parameters, gradients, state, rates, count }, decay) =>
      k.adam(
        parameters,
        gradients,
        state[0]!,
        state[1]!,
        count,
        rates,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        eps,
        decay,
      ),
  };
}

/** @throws LanewiseError kind 'argument' for values out of range. */
export function adam(options: AdamOptions = {}): Optimizer {
  return createOptimizer(options, rule('adam', options), adam);
}

/** Adam with decoupled weight decay, 0.01 by default. @throws as `adam`. */
export function adamW(options: Omit<AdamOptions, 'decoupled'> = {}): Optimizer {
  const made = rule('adamW', options, decoupledAlready);
  return createOptimizer({ weightDecay: 0.01, ...options, decoupled: true }, made, adamW);
}
