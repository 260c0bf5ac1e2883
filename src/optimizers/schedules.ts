/**
 * The schedules that take settings, as factors on the optimizer's learning rate; they follow PyTorch's of the
 * names given. Those that count epochs count steps with `by: 'step'`.
 */
import { cosPi, integerPower, power } from '../arithmetic.js';
import { LanewiseError } from '../errors.js';
import { checkNumber } from './optimizer.js';
import {
  checkSchedule,
  factorOf,
  type EpochMetrics,
  type Schedule,
  type ScheduleName,
  type StepPlace,
} from './schedule.js';

type Unit = 'epoch' | 'step';

const whole = (name: string, value: number, least: number): number => {
  if (Number.isInteger(value) && value >= least) return value;
  throw new LanewiseError(
    'argument',
    `${name} is ${String(value)}, expected a whole number of at least ${least}`,
  );
};

function checkOne<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value;
  throw new LanewiseError(
    'argument',
    `${name} is '${String(value)}', expected one of ${known.join(', ')}`,
  );
}

/** Whole epochs or steps before the one at hand. */
const countOf = ({ step, stepsPerEpoch }: StepPlace, by: Unit): number =>
  by === 'step' ? step : Math.floor(step / stepsPerEpoch);

/** From `a` at 0 to `b` at 1 along half a cosine. */
const cosineBetween = (a: number, b: number, t: number): number =>
  b + ((a - b) * (1 + cosPi(t))) / 2;

const checkUnit = (schedule: string, by: Unit): Unit =>
  checkOne(`${schedule} by`, by, ['epoch', 'step']);

export interface StepOptions {
  /** Epochs between two falls. Either this or `milestones`. */
  readonly every?: number;
  /** Epochs after which the rate falls, in ascending order. */
  readonly milestones?: readonly number[];
  /** What the rate is multiplied with at each; default 0.1. */
  readonly gamma?: number;
  /** Default `epoch`. */
  readonly by?: Unit;
}

/** γ to the number of falls so far: StepLR and MultiStepLR. @throws LanewiseError kind 'argument' for values out of range. */
export function step({ every, milestones, gamma = 0.1, by = 'epoch' }: StepOptions): Schedule {
  checkNumber('step gamma', gamma, 0);
  checkUnit('step', by);
  if ((every === undefined) === (milestones === undefined))
    throw new LanewiseError('argument', 'step takes either `every` or `milestones`');
  if (every !== undefined) whole('step every', every, 1);
  milestones?.forEach((milestone) => whole('step milestone', milestone, 0));
  return {
    kind: 'step',
    settings: { ...(milestones ? { milestones } : { every }), gamma, by },
    factor(at) {
      const count = countOf(at, by);
      const falls = milestones
        ? milestones.filter((milestone) => milestone <= count).length
        : Math.floor(count / every!);
      return integerPower(gamma, falls);
    },
  };
}

/** γ to the number of epochs done: ExponentialLR. @throws LanewiseError kind 'argument' for values out of range. */
export function exponential({
  gamma,
  by = 'epoch',
}: {
  readonly gamma: number;
  readonly by?: Unit;
}): Schedule {
  checkNumber('exponential gamma', gamma, 0);
  checkUnit('exponential', by);
  return {
    kind: 'exponential',
    settings: { gamma, by },
    factor: (at) => integerPower(gamma, countOf(at, by)),
  };
}

export interface CosineOptions {
  /** Epochs up to the first restart; default the whole run, without one. */
  readonly period?: number;
  /** Each period is so many times as long as the one before; default 1. */
  readonly multiplier?: number;
  /** The factor it falls to; default 0. */
  readonly min?: number;
  /** Default `epoch`. */
  readonly by?: Unit;
}

/**
 * min + (1 − min)(1 + cos πt)/2, t the part of the period that is over (SGDR: Loshchilov & Hutter 2017);
 * it falls with every step: CosineAnnealingLR and CosineAnnealingWarmRestarts.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function cosine({
  period,
  multiplier = 1,
  min = 0,
  by = 'epoch',
}: CosineOptions = {}): Schedule {
  if (period !== undefined) whole('cosine period', period, 1);
  whole('cosine multiplier', multiplier, 1);
  checkNumber('cosine min', min, 0);
  checkUnit('cosine', by);
  return {
    kind: 'cosine',
    settings: { ...(period === undefined ? {} : { period }), multiplier, min, by },
    factor({ step: done, steps, stepsPerEpoch }) {
      let length = period === undefined ? steps : period * (by === 'epoch' ? stepsPerEpoch : 1);
      let into = done;
      while (into >= length) {
        into -= length;
        length *= multiplier;
      }
      return cosineBetween(1, min, into / length);
    },
  };
}

export interface OneCycleOptions {
  /** Share of the run in which the rate rises; default 0.3. */
  readonly pctStart?: number;
  /** It begins at 1/divFactor; default 25. */
  readonly divFactor?: number;
  /** It ends at 1/(divFactor·finalDivFactor); default 10,000. */
  readonly finalDivFactor?: number;
  /** Default `cos`. */
  readonly annealStrategy?: 'cos' | 'linear';
}

/**
 * Up to the optimizer's learning rate and down again over the run: OneCycleLR (Smith & Topin 2018), of which
 * `lr` is max_lr. Momentum stays as it is.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function oneCycle({
  pctStart = 0.3,
  divFactor = 25,
  finalDivFactor = 1e4,
  annealStrategy = 'cos',
}: OneCycleOptions = {}): Schedule {
  checkNumber('oneCycle pctStart', pctStart, 0, 1);
  checkNumber('oneCycle divFactor', divFactor, 1);
  checkNumber('oneCycle finalDivFactor', finalDivFactor, 1);
  checkOne('oneCycle annealStrategy', annealStrategy, ['cos', 'linear']);
  const between =
    annealStrategy === 'cos' ? cosineBetween : (a: number, b: number, t: number) => a + (b - a) * t;
  const first = 1 / divFactor;
  return {
    kind: 'oneCycle',
    settings: { pctStart, divFactor, finalDivFactor, annealStrategy },
    factor({ step: done, steps }) {
      const peak = Math.max(0, pctStart * steps - 1);
      if (done < peak) return between(first, 1, done / peak);
      const rest = steps - 1 - peak;
      return between(1, first / finalDivFactor, rest > 0 ? (done - peak) / rest : 0);
    },
  };
}

/**
 * From `start` of the rate straight up to all of it in `steps` steps, then `then` from its beginning: LinearLR and
 * SequentialLR (Goyal et al. 2017 §2.2).
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function warmup(
  steps: number,
  then: ScheduleName | Schedule = 'constant',
  { start = 1 / 3 }: { readonly start?: number } = {},
): Schedule {
  whole('warmup steps', steps, 1);
  checkNumber('warmup start', start, 0);
  checkSchedule(then);
  return {
    kind: 'warmup',
    settings: {
      steps,
      start,
      next: typeof then === 'string' ? then : { kind: then.kind, ...then.settings },
    },
    factor(at) {
      if (at.step < steps) return start + ((1 - start) * at.step) / steps;
      return factorOf(then, { ...at, step: at.step - steps, steps: at.steps - steps });
    },
  };
}

/** end + (1 − end)(1 − t)^power, t the part of the run that is over: PolynomialLR. @throws LanewiseError kind 'argument' for values out of range. */
export function polynomial({
  power: exponent = 1,
  end = 0,
}: { readonly power?: number; readonly end?: number } = {}): Schedule {
  checkNumber('polynomial power', exponent, 0);
  checkNumber('polynomial end', end, 0);
  return {
    kind: 'polynomial',
    settings: { power: exponent, end },
    factor: ({ step: done, steps }) => end + (1 - end) * power((steps - done) / steps, exponent),
  };
}

export interface PlateauOptions {
  /** What the rate is multiplied with; default 0.1. */
  readonly factor?: number;
  /** Epochs without an improvement that are borne; default 10. */
  readonly patience?: number;
  /** An improvement is by more than this share; default 1e-4. */
  readonly threshold?: number;
  /** Epochs after a fall in which nothing is counted; default 0. */
  readonly cooldown?: number;
  /** The least factor; default 0. */
  readonly min?: number;
  /** Default `valLoss`, or `loss` without validation data. */
  readonly metric?: keyof EpochMetrics;
}

/** Falls when the metric no longer improves: ReduceLROnPlateau. @throws LanewiseError kind 'argument' for values out of range. */
export function reduceOnPlateau(options: PlateauOptions = {}): Schedule {
  const { factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, min = 0, metric } = options;
  checkNumber('reduceOnPlateau factor', factor, 0, 1);
  whole('reduceOnPlateau patience', patience, 0);
  checkNumber('reduceOnPlateau threshold', threshold, 0, 1);
  whole('reduceOnPlateau cooldown', cooldown, 0);
  checkNumber('reduceOnPlateau min', min, 0);
  if (metric !== undefined)
    checkOne('reduceOnPlateau metric', metric, ['loss', 'accuracy', 'valLoss', 'valAccuracy']);
  const isAccuracy = metric === 'accuracy' || metric === 'valAccuracy';
  const better = (value: number, best: number): boolean =>
    isAccuracy ? value > best * (1 + threshold) : value < best * (1 - threshold);
  const valueOf = (epoch: EpochMetrics): number => {
    const value = metric === undefined ? (epoch.valLoss ?? epoch.loss) : epoch[metric];
    if (value !== undefined) return value;
    throw new LanewiseError(
      'argument',
      `reduceOnPlateau: the run's epochs have no '${metric}', expected validation data or another metric`,
    );
  };
  return {
    kind: 'reduceOnPlateau',
    settings: {
      factor,
      patience,
      threshold,
      cooldown,
      min,
      ...(metric === undefined ? {} : { metric }),
    },
    factor({ history }) {
      let [rate, bad, rest, best] = [1, 0, 0, isAccuracy ? -Infinity : Infinity];
      for (const epoch of history) {
        const value = valueOf(epoch);
        if (better(value, best)) [best, bad] = [value, 0];
        else bad++;
        if (rest > 0) [rest, bad] = [rest - 1, 0];
        if (bad > patience) [rate, rest, bad] = [Math.max(rate * factor, min), cooldown, 0];
      }
      return rate;
    },
  };
}
