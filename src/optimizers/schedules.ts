/**
 * The schedules with settings, as factors on the optimizer's learning rate. They follow PyTorch's schedulers named in
 * each. Schedules that count epochs count steps with `by: 'step'`.
 */
import { cosPi, integerPower, power } from '../base/arithmetic.js';
import {
  checkOptions,
  listOf,
  notNegative,
  numberFrom,
  numberIn,
  oneOf,
  quote,
  required,
  wholeFrom,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { suggest } from '../base/suggest.js';
import {
  factorOf,
  schedules,
  type EpochMetrics,
  type PlainSchedule,
  type Schedule,
  type StepPlace,
} from './schedule.js';

type Unit = 'epoch' | 'step';

const unit = oneOf(['epoch', 'step']);

/** Whole epochs or steps before the current one. */
const countOf = ({ step, updates = step, stepsPerEpoch }: StepPlace, by: Unit): number =>
  by === 'step' ? updates : Math.floor(step / stepsPerEpoch);

/** From `a` at 0 to `b` at 1 along half a cosine. */
const cosineBetween = (a: number, b: number, t: number): number =>
  b + ((a - b) * (1 + cosPi(t))) / 2;

export interface StepOptions {
  /** Epochs between two falls. Either this or `milestones`. */
  readonly every?: number;
  /** Epochs after which the rate falls, in ascending order. */
  readonly milestones?: readonly number[];
  /** The factor at each fall; default 0.1. */
  readonly gamma?: number;
  /** Default `epoch`. */
  readonly by?: Unit;
}

const STEP: Checks<StepOptions> = {
  every: /* @__PURE__ */ wholeFrom(1),
  milestones: /* @__PURE__ */ listOf(/* @__PURE__ */ wholeFrom(0)),
  gamma: notNegative,
  by: unit,
};

/** γ to the number of falls so far: StepLR and MultiStepLR. @throws LanewiseError kind 'argument' for values out of range. */
export function step(options: StepOptions): Schedule {
  checkOptions('schedule.step', options, STEP);
  const { every, milestones, gamma = 0.1, by = 'epoch' } = options;
  if ((every === undefined) === (milestones === undefined))
    throw new LanewiseError('argument', 'schedule.step takes either `every` or `milestones`');
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

export interface ExponentialOptions {
  /** The factor after each epoch. */
  readonly gamma: number;
  /** Default `epoch`. */
  readonly by?: Unit;
}

/** γ to the number of epochs done: ExponentialLR. @throws LanewiseError kind 'argument' for values out of range. */
export function exponential(options: ExponentialOptions): Schedule {
  checkOptions('schedule.exponential', options, { gamma: required(notNegative), by: unit });
  const { gamma, by = 'epoch' } = options;
  return {
    kind: 'exponential',
    settings: { gamma, by },
    factor: (at) => integerPower(gamma, countOf(at, by)),
  };
}

export interface CosineOptions {
  /** Epochs up to the first restart; default the whole run, without one. */
  readonly period?: number;
  /** Each period is this many times as long as the one before; default 1. */
  readonly multiplier?: number;
  /** The factor it falls to; default 0. */
  readonly min?: number;
  /** Default `epoch`. */
  readonly by?: Unit;
}

/**
 * min + (1 − min)(1 + cos πt)/2, with t the finished part of the period (SGDR: Loshchilov & Hutter 2017), falling with
 * every step: CosineAnnealingLR and CosineAnnealingWarmRestarts.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function cosine(options: CosineOptions = {}): Schedule {
  checkOptions('schedule.cosine', options, {
    period: wholeFrom(1),
    multiplier: wholeFrom(1),
    min: notNegative,
    by: unit,
  });
  const { period, multiplier = 1, min = 0, by = 'epoch' } = options;
  return {
    kind: 'cosine',
    settings: { ...(period === undefined ? {} : { period }), multiplier, min, by },
    factor({ step: done, updates = done, steps, stepsPerEpoch }) {
      const isByStep = period !== undefined && by === 'step';
      let length = period === undefined ? steps : period * (isByStep ? 1 : stepsPerEpoch);
      let into = isByStep ? updates : done;
      while (into >= length) {
        into -= length;
        length *= multiplier;
      }
      return cosineBetween(1, min, into / length);
    },
  };
}

export interface OneCycleOptions {
  /** Share of the run during which the rate rises; default 0.3. */
  readonly pctStart?: number;
  /** The first factor is 1/divFactor; default 25. */
  readonly divFactor?: number;
  /** The last factor is 1/(divFactor·finalDivFactor); default 10,000. */
  readonly finalDivFactor?: number;
  /** Default `cos`. */
  readonly annealStrategy?: 'cos' | 'linear';
}

const ONE_CYCLE_HINTS = {
  maxLr: "its highest rate is the optimizer's lr",
  max_lr: "its highest rate is the optimizer's lr",
};

/**
 * Rises to the optimizer's learning rate and falls again over the run: OneCycleLR (Smith & Topin 2018), with `lr` for
 * max_lr. Momentum stays constant.
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function oneCycle(options: OneCycleOptions = {}): Schedule {
  checkOptions(
    'schedule.oneCycle',
    options,
    {
      pctStart: numberIn(0, 1),
      divFactor: numberFrom(1),
      finalDivFactor: numberFrom(1),
      annealStrategy: oneOf(['cos', 'linear']),
    },
    ONE_CYCLE_HINTS,
  );
  const { pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4, annealStrategy = 'cos' } = options;
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
 * Rises linearly from `start` times the rate to the full rate in `steps` steps, then runs `then` from its beginning:
 * LinearLR and SequentialLR (Goyal et al. 2017 §2.2).
 * @throws LanewiseError kind 'argument' for values out of range.
 */
export function warmup(
  steps: number,
  then: ScheduleName | Schedule = 'constant',
  options: { readonly start?: number } = {},
): Schedule {
  wholeFrom(1)('schedule.warmup', 'steps', steps);
  const next = scheduleFor(then);
  checkOptions('schedule.warmup', options, { start: notNegative });
  const { start = 1 / 3 } = options;
  return {
    kind: 'warmup',
    settings: {
      steps,
      start,
      next: typeof next === 'string' ? next : { kind: next.kind, ...next.settings },
    },
    follows: typeof next === 'string' ? undefined : next.follows,
    factor(at) {
      const { step, updates = step, placeOf = (update) => update } = at;
      if (updates < steps) return start + ((1 - start) * updates) / steps;
      const begun = placeOf(steps);
      return factorOf(next, {
        ...at,
        step: step - begun,
        steps: at.steps - begun,
        updates: updates - steps,
        placeOf: (update) => placeOf(update + steps) - begun,
      });
    },
  };
}

/** end + (1 − end)(1 − t)^power, t the finished part of the run: PolynomialLR. @throws LanewiseError kind 'argument' for values out of range. */
export function polynomial(
  options: { readonly power?: number; readonly end?: number } = {},
): Schedule {
  checkOptions('schedule.polynomial', options, { power: notNegative, end: notNegative });
  const { power: exponent = 1, end = 0 } = options;
  return {
    kind: 'polynomial',
    settings: { power: exponent, end },
    factor: ({ step: done, steps }) => end + (1 - end) * power((steps - done) / steps, exponent),
  };
}

export interface PlateauOptions {
  /** The factor at each fall; default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement that are tolerated; default 10. */
  readonly patience?: number;
  /** The share by which a figure must improve to count; default 1e-4. */
  readonly threshold?: number;
  /** Epochs after a fall in which none is counted; default 0. */
  readonly cooldown?: number;
  /** The least factor; default 0. */
  readonly min?: number;
  /** Default `valLoss`, or `loss` without validation data. */
  readonly metric?: keyof EpochMetrics;
}

/** Falls when the metric no longer improves: ReduceLROnPlateau. @throws LanewiseError kind 'argument' for values out of range. */
export function reduceOnPlateau(options: PlateauOptions = {}): Schedule {
  checkOptions('schedule.reduceOnPlateau', options, {
    factor: numberIn(0, 1),
    patience: wholeFrom(0),
    threshold: numberIn(0, 1),
    cooldown: wholeFrom(0),
    min: notNegative,
    metric: oneOf(['loss', 'accuracy', 'valLoss', 'valAccuracy']),
  });
  const { factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, min = 0, metric } = options;
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
    follows: metric ?? 'validation',
    factor({ history, carried = 1 }) {
      let [rate, bad, rest, best] = [carried, 0, 0, isAccuracy ? -Infinity : Infinity];
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

/** Schedules whose options all have a default. */
const named = { cosine, oneCycle, polynomial, reduceOnPlateau };

/** Names of schedules that settings may give in place of a schedule. */
export type ScheduleName = PlainSchedule | keyof typeof named;

/** All names of schedules. */
export const scheduleNames = (): ScheduleName[] =>
  Object.keys({ ...schedules, ...named }) as ScheduleName[];

/** The schedule that a setting refers to. @throws LanewiseError kind 'argument' unless it is one or the name of one. */
export function scheduleFor(given: unknown): PlainSchedule | Schedule {
  if (typeof (given as Schedule | null | undefined)?.factor === 'function')
    return given as Schedule;
  const known = scheduleNames();
  if (typeof given === 'string') {
    const name = known.find((one) => one.toLowerCase() === given.toLowerCase()) ?? given;
    if (Object.hasOwn(schedules, name)) return name as PlainSchedule;
    if (Object.hasOwn(named, name)) return named[name as keyof typeof named]();
  }
  throw new LanewiseError(
    'argument',
    `schedule is ${quote(given)}, expected one of ${known.join(', ')}, or one made by schedule.cosine, …`,
    typeof given === 'string'
      ? (SETTINGS_NEEDED[given] ?? suggest(given, known))
      : 'schedules are made by calls: schedule.cosine()',
  );
}

/** Schedules that need settings, with an example of each. */
const SETTINGS_NEEDED: Readonly<Record<string, string>> = {
  step: 'write schedule.step({ every: 10 })',
  exponential: 'write schedule.exponential({ gamma: 0.9 })',
  warmup: "write schedule.warmup(100, 'cosine')",
};
