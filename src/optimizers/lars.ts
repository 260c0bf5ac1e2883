/**
 * LARS (You et al. 2017, "Large batch training of convolutional networks", algorithm 1). It is momentum with a rate for
 * each parameter tensor, trust·‖p‖/(‖g‖ + weightDecay·‖p‖), or 1 where a norm is 0, as for a bias at the start.
 */
import { checkOptions, notNegative, numberIn } from '../base/check.js';
import { COMMON, createOptimizer, type CommonOptions, type Optimizer } from './optimizer.js';

/** Settings of `lars`. */
export interface LarsOptions extends Pick<CommonOptions, 'weightDecay' | 'groups'> {
  readonly lr: number;
  /** In [0, 1); default 0.9. */
  readonly momentum?: number;
  /** The paper's η; default 0.001. */
  readonly trust?: number;
}

/** The default weight decay is the paper's 0.0005. @throws LanewiseError kind 'argument' for values out of range. */
export function lars(options: LarsOptions): Optimizer {
  checkOptions('lars', options, {
    lr: COMMON.lr,
    weightDecay: COMMON.weightDecay,
    groups: COMMON.groups,
    momentum: numberIn(0, 1),
    trust: notNegative,
  });
  const { lr, momentum = 0.9, trust = 0.001 } = options;
  return createOptimizer(
    { weightDecay: 0.0005, ...options },
    {
      kind: 'lars',
      settings: { momentum, trust },
      lr,
      stateArrays: 1,
      needsNorms: true,
      rates: (_, learningRate) => [learningRate],
      update(k, { parameters, gradients, state, rates, count, norms }, decay) {
        const { weights, gradients: sums, blocks } = norms!;
        k.lars(
          parameters,
          gradients,
          state[0]!,
          count,
          rates,
          weights,
          sums,
          blocks,
          momentum,
          decay,
          trust,
        );
      },
    },
    lars,
  );
}
