/**
 * The learning-rate range test (Smith 2017, "Cyclical learning rates for training neural networks", § 3.3; fastai's
 * lr_find): a short run whose rate grows from step to step shows where the loss falls, and from where on it explodes.
 */
import { power } from '../base/arithmetic.js';
import { abortSignal, callable, checkOptions, numberAbove, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import type { Schedule } from '../optimizers/index.js';
import { isDivergence } from './diverged.js';
import { resolveSettings } from './resolve-settings.js';
import type { TrainSettings } from './settings.js';
import { trainEvents } from './train.js';

/** Settings that a range test does not use: it has a schedule and a length of its own, and scores nothing. */
const UNUSED = [
  'epochs',
  'schedule',
  'validation',
  'validateEvery',
  'metrics',
  'earlyStopping',
  'keepBest',
  'average',
] as const satisfies readonly (keyof TrainSettings)[];

/** The settings of `train`; those of a run's length, rates over time and scoring may stand there, and are not used. */
export type RangeSettings = Omit<TrainSettings, (typeof UNUSED)[number]> &
  Partial<Pick<TrainSettings, (typeof UNUSED)[number]>>;

/** Options of `findLearningRate`. */
export interface RangeOptions {
  /** The first rate; default 1e-6. */
  readonly from?: number;
  /** The last rate, unless the loss explodes before; default 10. */
  readonly to?: number;
  /** Steps of the test, each with a rate that is the same factor above the one before; default 140, 20 for a tenfold rate. */
  readonly steps?: number;
  /** Ends the test early; what there is until then is judged. */
  readonly signal?: AbortSignal;
  /** Called after each step. The test waits for what it returns. */
  readonly onPoint?: (point: Omit<RatePoint, 'smoothed'>) => unknown;
}

/** One step of a range test. */
export interface RatePoint {
  /** The learning rate of the step. */
  readonly rate: number;
  /** The minibatch's mean loss before the update. */
  readonly loss: number;
  /** The loss as a line through its neighbours has it, the nearer ones with more weight, each at most twice the first. */
  readonly smoothed: number;
}

/** What a range test found. */
export interface RateRange {
  readonly points: readonly RatePoint[];
  /** The rate to train with: the geometric mean of `steepest` and `minimumOverTen`. All three are absent if the loss did not fall. */
  readonly suggestion?: number;
  /** The rate at which the smoothed loss falls fastest. */
  readonly steepest?: number;
  /** A tenth of the rate at which the smoothed loss is least. */
  readonly minimumOverTen?: number;
  /** Why the test ended before its last step; absent if it did not. */
  readonly stopped?: string;
}

/**
 * Trains `model` for some steps at growing rates, forgets the weights, and tells which rate suits. The result is a function
 * of model, data, seed and settings other than `workers`; groups of the optimizer keep their share of the rate.
 * @throws LanewiseError as `train`, except that a loss which explodes ends the test; kind 'argument' for an optimizer whose
 * rate is 0.
 */
export async function findLearningRate(
  model: Model,
  settings: RangeSettings,
  options: RangeOptions = {},
): Promise<RateRange> {
  const { from, to, steps, signal, onPoint } = checkRange(options);
  const rates = Array.from({ length: steps }, (_, i) => from * power(to / from, i / (steps - 1)));
  const points: { rate: number; loss: number }[] = [];
  let stopped: string | undefined;
  const isOver = explosionOf();
  const events = trainEvents(model, settingsOf(model, settings, rates), {
    stepsPerEvent: 1,
    signal,
  });
  try {
    for await (const event of events) {
      if (event.event !== 'step') continue;
      const point = { rate: rates[points.length]!, loss: event.loss };
      points.push(point);
      await onPoint?.(point);
      if (isOver(event.loss)) stopped = `the loss exploded at a rate of ${brief(point.rate)}`;
      if (stopped !== undefined || points.length === steps) break;
    }
  } catch (error) {
    if (!isDivergence(error)) throw error;
    stopped = `the loss was not finite at a rate of ${brief(rates[points.length]!)}`;
  }
  if (signal?.aborted && points.length < steps) stopped ??= 'the signal stopped it';
  return { ...judge(points, steps), ...(stopped === undefined ? {} : { stopped }) };
}

const brief = (rate: number): string => String(Number(rate.toPrecision(3)));

function checkRange(options: RangeOptions) {
  checkOptions('findLearningRate', options, {
    from: numberAbove(0),
    to: numberAbove(0),
    steps: wholeFrom(10),
    signal: abortSignal,
    onPoint: callable,
  });
  const { from = 1e-6, to = 10, steps = 140 } = options;
  if (from < to) return { ...options, from, to, steps };
  throw new LanewiseError(
    'argument',
    `findLearningRate: from is ${from} and to is ${to}, expected a range of rates, the lower one first`,
  );
}

const NO_SETTINGS = {
  lr: 'the optimizer has a rate, which the test replaces: options from and to say which are tried',
  steps: 'steps belongs into the third argument, the options',
};

/** The settings of the test's run. */
function settingsOf(
  model: Model,
  settings: RangeSettings,
  rates: readonly number[],
): TrainSettings {
  // What is not used is checked nevertheless.
  const whole = { epochs: 1, ...settings } as TrainSettings;
  const { learningRate } = resolveSettings(model, whole, NO_SETTINGS).optimizer;
  if (learningRate === 0)
    throw new LanewiseError(
      'argument',
      'findLearningRate: the optimizer has a rate of 0, of which no other is a multiple',
      'give it any rate above 0: the test replaces it',
    );
  const used = Object.entries(settings).filter(
    ([name]) => !(UNUSED as readonly string[]).includes(name),
  );
  const schedule: Schedule = {
    kind: 'rangeTest',
    settings: { from: rates[0], to: rates.at(-1), steps: rates.length },
    factor: ({ step, updates = step }) =>
      rates[Math.min(updates, rates.length - 1)]! / learningRate,
  };
  // Every epoch has a step at least, so that there are never too few.
  return {
    ...(Object.fromEntries(used) as unknown as TrainSettings),
    epochs: rates.length,
    schedule,
  };
}

/** How much of the last average remains at each step. */
const DECAY = 0.9;
/** How many times its least value a loss must reach to count as exploded, if it is above its first as well. */
const EXPLODED = 4;

/** Tells of each loss whether the moving average has exploded; the average is divided by 1 − DECAYⁿ. */
function explosionOf(): (loss: number) => boolean {
  let [sum, weight, least, first] = [0, 0, Infinity, undefined as number | undefined];
  return (loss) => {
    sum = sum * DECAY + loss * (1 - DECAY);
    weight = weight * DECAY + (1 - DECAY);
    const mean = sum / weight;
    first ??= mean;
    least = Math.min(least, mean);
    return mean > first && mean - least > (EXPLODED - 1) * Math.abs(least);
  };
}

/** Points to each side that smoothing takes, as a share of the test's steps. */
const REACH = 1 / 25;

function judge(
  points: readonly { readonly rate: number; readonly loss: number }[],
  steps: number,
): RateRange {
  const reach = Math.max(2, Math.round(steps * REACH));
  // One huge loss of an explosion would bend the line of those before it.
  const first = Math.max(...points.slice(0, reach).map(({ loss }) => loss));
  const most = first + Math.abs(first);
  const capped = points.map(({ loss }) => ({ loss: Math.min(loss, most) }));
  const lines = points.map((_, i) => lineAt(capped, i, reach));
  const smoothed = points.map((point, i) => ({ ...point, smoothed: lines[i]!.value }));
  if (points.length === 0) return { points: smoothed };
  const least = indexOfLeast(lines.map(({ value }) => value));
  const noise = Math.sqrt(
    smoothed.slice(0, least + 1).reduce((sum, { loss, smoothed: s }) => sum + (loss - s) ** 2, 0) /
      (least + 1),
  );
  const fall = lines[0]!.value - lines[least]!.value;
  if (!(fall > noise)) return { points: smoothed };
  const steep = indexOfLeast(lines.slice(0, least + 1).map(({ slope }) => slope));
  const [steepest, minimumOverTen] = [points[steep]!.rate, points[least]!.rate / 10];
  const suggestion = Math.sqrt(steepest * minimumOverTen);
  return { points: smoothed, suggestion, steepest, minimumOverTen };
}

const indexOfLeast = (values: readonly number[]): number =>
  values.reduce((best, value, i) => (value < values[best]! ? i : best), 0);

/**
 * Value and slope, per point, of the straight line through the points around the one at `at`, by least squares with
 * weights that fall linearly to both sides (Cleveland 1979).
 */
function lineAt(
  points: readonly { readonly loss: number }[],
  at: number,
  reach: number,
): { readonly value: number; readonly slope: number } {
  let [w, x, xx, y, xy] = [0, 0, 0, 0, 0];
  const last = Math.min(points.length - 1, at + reach);
  for (let i = Math.max(0, at - reach); i <= last; i++) {
    const [weight, dx, { loss }] = [reach + 1 - Math.abs(i - at), i - at, points[i]!];
    w += weight;
    x += weight * dx;
    xx += weight * dx * dx;
    y += weight * loss;
    xy += weight * dx * loss;
  }
  const spread = w * xx - x * x;
  const slope = spread > 0 ? (w * xy - x * y) / spread : 0;
  return { value: (y - slope * x) / w, slope };
}
