/**
 * Averages of the weights over a run's steps. A step does r ← r + share·(p − r), with share 1 at the first step and 0
 * where it does not count. Running statistics (batch normalisation) are averaged like weights.
 */
import { integerPower } from '../base/arithmetic.js';
import { LanewiseError } from '../base/errors.js';
import { checkOptions, flag, numberIn, oneOf, wholeFrom } from '../base/check.js';

/** An average of the weights over a run's steps, made by `ema` or `swa`. */
export interface Average {
  readonly kind: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The share of the weights after `step` (from 0) in the average. `step` is the place in the data, as for a schedule;
   * `counts` says how many updates came before, and how many steps' weights are in the average. Both follow from the
   * step unless a resume changed something.
   */
  share(step: number, stepsPerEpoch: number, steps: number, counts?: AverageCounts): number;
}

/** Counts from before a step. */
export interface AverageCounts {
  readonly updates: number;
  readonly averaged: number;
}

/** Settings of `ema`. */
export interface EmaOptions {
  /** In [0, 1); default 0.999. */
  readonly decay?: number;
  /**
   * Whether the decay grows with the n updates averaged before, min(decay, (1 + n)/(10 + n)), as TensorFlow's with
   * `num_updates`, so that the first steps do not dominate a short run's average. Default true, unless `biasCorrection`
   * is set; with false the decay is constant, as PyTorch's.
   */
  readonly warmup?: boolean;
  /** Whether steps weigh as if others had come before the first; default false: the first counts in full. */
  readonly biasCorrection?: boolean;
}

/**
 * The exponential moving average r ← decay·r + (1 − decay)·p, which begins with the weights after the first step. Its
 * decay grows to the one given. `ema({ decay, warmup: false })` is torch.optim.swa_utils.AveragedModel with
 * get_ema_multi_avg_fn, in which the first step still weighs decayⁿ after n more. With bias correction the decay is
 * constant, and the average begins with 0 and is divided by 1 − decayᵗ, as Adam's means are.
 * @throws LanewiseError kind 'argument' for a decay outside [0, 1), or for warm-up with bias correction.
 */
export function ema(options: EmaOptions = {}): Average {
  checkOptions('ema', options, { decay: numberIn(0, 1), warmup: flag, biasCorrection: flag });
  const { decay = 0.999, biasCorrection = false, warmup = !biasCorrection } = options;
  if (warmup && biasCorrection) {
    throw new LanewiseError(
      'argument',
      'ema has warmup and biasCorrection, expected one of them: both reduce the weight of the first steps',
    );
  }
  return {
    kind: 'ema',
    settings: { decay, biasCorrection, ...(warmup ? { warmup } : {}) },
    share(step, _stepsPerEpoch, _steps, { averaged: n } = { updates: step, averaged: step }) {
      if (n === 0) return 1;
      if (warmup) return 1 - Math.min(decay, (1 + n) / (10 + n));
      return (1 - decay) / (biasCorrection ? 1 - integerPower(decay, n + 1) : 1);
    },
  };
}

/** Settings of `swa`. */
export interface SwaOptions {
  /** First epoch (from 1) or step (from 0) that counts; default the first after three quarters of the run. */
  readonly from?: number;
  /** Which weights are averaged; default `epoch`: those at the end of each. */
  readonly every?: 'epoch' | 'step';
}

/**
 * Stochastic weight averaging (Izmailov et al. 2018): the mean of the weights at the end of each epoch or step,
 * starting with `from`.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function swa(options: SwaOptions = {}): Average {
  checkOptions('swa', options, { from: wholeFrom(0), every: oneOf(['epoch', 'step']) });
  const { from, every = 'epoch' } = options;
  return {
    kind: 'swa',
    settings: { ...(from === undefined ? {} : { from }), every },
    share(step, stepsPerEpoch, steps, counts) {
      const late = Math.floor(steps * 0.75);
      // The newest of n + 1; the average holds fewer if it was begun during the run.
      const shareOf = (n: number) => (n < 0 ? 0 : 1 / ((counts?.averaged ?? Math.floor(n)) + 1));
      if (every === 'step')
        return shareOf(from === undefined ? step - late : (counts?.updates ?? step) - from);
      if ((step + 1) % stepsPerEpoch !== 0) return 0;
      const first = from ?? Math.floor(late / stepsPerEpoch) + 1;
      return shareOf((step + 1) / stepsPerEpoch - Math.max(first, 1));
    },
  };
}
