/**
 * The settings of a training run. Each is declared once: its type and meaning in `TrainSettings`, its record in `SETTINGS`.
 * The known names, the checks, the run's description and what a resume compares follow from the record.
 */
import type { AnyDataset } from '../data/dataset.js';
import type { Samples } from '../data/samples.js';
import { shuffled, type Sampler } from '../data/samplers.js';
import type { Numerics } from '../engine/features.js';
import { pickNumerics } from '../engine/numerics.js';
import {
  checkKeys,
  flag,
  isObject,
  numberAbove,
  refuse,
  wholeFrom,
  type Check,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { Model } from '../layers/index.js';
import { describeTerms, type LossSetting, type LossTerm } from '../losses/terms.js';
import {
  averageFor,
  optimizerFor,
  scheduleFor,
  type Average,
  type AverageName,
  type Optimizer,
  type OptimizerName,
  type PlainSchedule,
  type Schedule,
  type ScheduleName,
} from '../optimizers/index.js';
import type { Mixup } from '../feed/mixup.js';
import type { Weights } from '../crew/session.js';
import { machineParallelism } from '#platform/threads';
import type { FakeQuantization } from '../step/graphs.js';
import { checkMixup } from './check-mixup.js';
import {
  checkFiniteWeights,
  checkPresent,
  checkWeights,
  numericsName,
  workerCount,
} from '../trained/check-weights.js';
import type { CheckedMetrics } from '../metrics/compute.js';
import type { Metric, MetricName } from '../metrics/metric.js';
import type { EarlyStopping, KeepBest, Monitor } from './monitor.js';
import { READING, type ReadingSettings } from '../crew/reading.js';

/** Everything that a run depends on besides the model, and `workers`, which affects no result. */
export interface TrainSettings extends ReadingSettings {
  readonly data: AnyDataset;
  /** Scored after each epoch, or as `validateEvery` says; nothing is selected by it unless a setting below asks for it. */
  readonly validation?: AnyDataset;
  /** Default every epoch. */
  readonly validateEvery?: { readonly steps: number } | { readonly epochs: number };
  /** Figures of the validation data besides loss and accuracy: `['top5', 'macroF1']`. */
  readonly metrics?: readonly (MetricName | Metric)[];
  /** Ends the run when a figure has not improved for some time. */
  readonly earlyStopping?: EarlyStopping;
  /** Gives the trained model the weights with the best figure of those scored, instead of the last. */
  readonly keepBest?: boolean | KeepBest;
  /**
   * The loss of every output, or by output: `{ main: 'crossEntropy', aux: { loss, weight: 0.3 } }`. Default `crossEntropy`;
   * `meanSquaredError` for targets that are values (floats) in the output's shape and not distributions over classes.
   */
  readonly loss?: LossSetting;
  /** An optimizer, such as `adam({ lr: 0.01 })`, or the name of one with its defaults. */
  readonly optimizer: Optimizer | OptimizerName;
  /** Default `constant`. */
  readonly schedule?: ScheduleName | Schedule;
  readonly epochs: number;
  /** An average of the weights, which the trained model gets and each validation scores. */
  readonly average?: Average | AverageName;
  /** Gradients are cut off at ± this; then all are scaled so that their norm is at most `clipNorm`. */
  readonly clipValue?: number;
  readonly clipNorm?: number;
  /**
   * Parameters and statistics that keep their values: names (`conv1.weight`), beginnings or ends of names (`layer1`,
   * `bias`), or globs (`layer*.conv1.*`).
   */
  readonly freeze?: readonly string[];
  /**
   * Trains on blends of two samples of a minibatch (Zhang et al. 2018): an update draws l ~ Beta(alpha, alpha), and
   * sample i and its partner B − 1 − i give x = l·xᵢ + (1 − l)·xⱼ with the loss l·loss(yᵢ) + (1 − l)·loss(yⱼ). Right
   * answers count as their targets do: l for yᵢ, 1 − l for yⱼ.
   */
  readonly mixup?: Mixup;
  /**
   * Trains, and validates, with the errors of an int8 model (Jacob et al. 2018): weights and values are rounded as its
   * integers are, with the ranges that `calibrate` of `lanewise/quantize` has found; gradients go straight through the
   * rounding. The result is a float model, to be quantised with the same calibration.
   */
  readonly quantization?: FakeQuantization;
  /** Initial weights, such as a trained model's; parameters that they lack are drawn. */
  readonly weights?: Weights;
  /** Which samples an epoch takes, and in which order; default each once, shuffled. */
  readonly sampler?: Sampler;
  /** Samples in a minibatch; default 64, or all if there are fewer. The last one of an epoch may be smaller. */
  readonly batch?: number;
  /** Leaves out an epoch's last minibatch if it is smaller; its samples depend on the epoch's order. Default false. */
  readonly dropLast?: boolean;
  /** Updates per epoch, from the first samples of its order; default as many as take all samples. */
  readonly stepsPerEpoch?: number;
  /**
   * Minibatches whose gradients make one update together; default 1. Equal to a minibatch this many times as large, in this
   * many times as many shards, but memory depends on a shard's samples alone.
   */
  readonly accumulate?: number;
  /** Parts of a minibatch; default one for every 16 samples, or 32 if the net is small. Affects results, unlike `workers`. */
  readonly shards?: number;
  /** Threads; default the machine's parallelism; 0 trains in the calling thread. */
  readonly workers?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default `fused` where the engine rounds multiply-add once, else `strict`. */
  readonly numerics?: Numerics;
}

/** Settings with a default. */
type Filled = 'schedule' | 'dropLast' | 'sampler' | 'workers' | 'seed' | 'numerics';

/** Settings that may be given by name, in the form that the name stands for. */
interface Made {
  readonly optimizer: Optimizer;
  readonly schedule: PlainSchedule | Schedule;
  readonly average?: Average;
}

/** Settings that follow from several others, the model and the data together: see resolve-settings.ts. */
interface Joined {
  readonly data: Samples;
  readonly validation?: Samples;
  readonly terms: readonly LossTerm[];
  /** Samples of an update, in all of its minibatches. */
  readonly batch: number;
  /** Parts of these samples. */
  readonly shards: number;
  /** Samples that an epoch trains on: all, or those of whole minibatches. */
  readonly epochSamples: number;
  /** One of the two; absent without validation data. */
  readonly validateEvery?: { readonly steps?: number; readonly epochs?: number };
  readonly metrics?: CheckedMetrics;
  readonly monitor?: Monitor;
}

/** Settings that are used as given, once checked. */
type Plain = Omit<TrainSettings, keyof Made | keyof Joined | Filled | Absorbed>;

/** Settings that are merged into others. */
type Absorbed = 'loss' | 'accumulate' | 'earlyStopping' | 'keepBest';

/** The settings of a run, checked, with all defaults in place. */
export type ResolvedSettings = Plain &
  Required<Pick<TrainSettings, Exclude<Filled, keyof Made>>> &
  Made &
  Joined;

/** How data sets and arrays enter a description: by their SHA-256, or not at all. */
export interface Digests {
  ofData(data: Samples): Promise<object | undefined>;
  ofArrays(parts: readonly (string | Float32Array)[]): Promise<string | undefined>;
}

/** A setting in the run's description: its resolved value, something else, or nothing, and why. */
type Described<K> =
  | (K extends keyof ResolvedSettings ? 'as it is' : never)
  | ((settings: ResolvedSettings, digests: Digests) => unknown)
  | { readonly not: string };

type CheckOfModel = (...given: [...Parameters<Check>, model: Model]) => void;

/** One setting, except for its type and its meaning, which are in `TrainSettings`. */
type Setting<K extends keyof TrainSettings> = OnResume & {
  readonly described: Described<K>;
} & (K extends keyof Made
    ? { readonly make: (given: unknown) => Made[K] }
    : { readonly check: CheckOfModel | 'with others' }) &
  (K extends Filled ? { readonly fill: () => NonNullable<TrainSettings[K]> } : unknown) &
  (object extends Pick<TrainSettings, K> ? unknown : { readonly isRequired: true });

interface OnResume {
  /** Settings that depend on this one: overriding it on a resume overrides them too. */
  readonly entails?: readonly (keyof TrainSettings)[];
  /** What another value changes on a resume: the order of an epoch's samples, or its minibatches. */
  readonly changes?: readonly ('order' | 'minibatches')[];
}

/** The record of any setting. */
export interface AnySetting extends OnResume {
  readonly described: Described<keyof TrainSettings & keyof ResolvedSettings>;
  readonly make?: (given: unknown) => unknown;
  readonly check?: CheckOfModel | 'with others';
  readonly fill?: () => unknown;
  readonly isRequired?: true;
}

const checkInterval: Check = (_owner, name, value) => {
  checkPresent(name, value, '{ steps } or { epochs }');
  checkKeys(name, value as object, ['steps', 'epochs']);
  const { steps, epochs } = value as { readonly steps?: unknown; readonly epochs?: unknown };
  if (steps !== undefined && epochs !== undefined) {
    throw new LanewiseError(
      'argument',
      'validateEvery has steps and epochs, expected one of them',
      'an epoch has samples / batch steps',
    );
  }
  wholeFrom(1)(name, steps === undefined ? 'epochs' : 'steps', steps ?? epochs);
};

/** Checks that a value is a list; its entries are checked elsewhere. */
const list =
  (expected: string): Check =>
  (owner, name, value) => {
    if (!Array.isArray(value)) refuse(owner, name, value, expected);
  };

const described = ({ kind, settings }: { readonly kind: string; readonly settings: object }) => ({
  kind,
  ...settings,
});

/** Functions are described by their text; the values that they capture cannot be known. */
const describeLosses = ({ terms }: ResolvedSettings, { ofArrays }: Digests) =>
  Promise.all(
    describeTerms(terms).map(async (term, i) => {
      const { source } = terms[i]!.loss;
      return source === undefined ? term : { ...term, sourceSha256: await ofArrays([source]) };
    }),
  );

/**
 * Every setting; the type demands a record for each. Error messages list names, and a resume lists differences, in this
 * order.
 */
export const SETTINGS: { readonly [K in keyof TrainSettings]-?: Setting<K> } = {
  data: {
    isRequired: true,
    check: (_owner, name, value) => checkPresent(name, value, 'a data set'),
    described: ({ data }, { ofData }) => ofData(data),
    entails: ['dropLast'],
    changes: ['order', 'minibatches'],
  },
  validation: {
    check: 'with others',
    described: ({ validation }, { ofData }) => validation && ofData(validation),
  },
  validateEvery: { check: checkInterval, described: 'as it is' },
  metrics: {
    check: list('a list of names, and of metrics of your own'),
    described: ({ metrics }) => metrics?.metrics.map(({ name }) => name),
  },
  earlyStopping: {
    check: 'with others',
    described: ({ monitor }) =>
      monitor && monitor.patience < Infinity
        ? { monitor: monitor.name, patience: monitor.patience, minDelta: monitor.minDelta }
        : undefined,
  },
  keepBest: {
    check: (owner, name, value) => typeof value === 'object' || flag(owner, name, value),
    described: ({ monitor }) => (monitor?.keepsBest ? { monitor: monitor.name } : undefined),
  },
  loss: { check: 'with others', described: describeLosses },
  optimizer: {
    isRequired: true,
    make: optimizerFor,
    described: ({ optimizer }) => described(optimizer),
  },
  schedule: {
    make: scheduleFor,
    fill: () => 'constant',
    described: ({ schedule }) => (typeof schedule === 'string' ? schedule : described(schedule)),
  },
  epochs: { isRequired: true, check: wholeFrom(1), described: 'as it is' },
  average: { make: averageFor, described: ({ average }) => average && described(average) },
  clipValue: { check: numberAbove(0), described: 'as it is' },
  clipNorm: { check: numberAbove(0), described: 'as it is' },
  freeze: {
    check: list('a list of names'),
    described: 'as it is',
  },
  mixup: { check: checkMixup, described: 'as it is' },
  quantization: {
    check(owner, name, value, model) {
      const given = value as Partial<FakeQuantization>;
      if (!given.checkModel)
        refuse(owner, name, value, 'what calibrate or readCalibration of lanewise/quantize gives');
      given.checkModel(owner, model);
    },
    described: ({ quantization }, { ofArrays }) =>
      quantization && ofArrays([JSON.stringify(quantization)]),
  },
  weights: {
    check(_owner, _name, value, model) {
      checkWeights(model, value as Weights);
      checkFiniteWeights(value as Weights);
    },
    described: ({ weights }, { ofArrays }) => weights && ofArrays([...weights].flat()),
  },
  sampler: {
    check(owner, name, value) {
      const { kind, settings, order } = value as Partial<Sampler>;
      if (typeof order !== 'function')
        refuse(owner, name, value, 'one made by samplers.balanced, samplers.weighted, …');
      // Checkpoints tell samplers apart by these.
      if (typeof kind !== 'string') refuse(owner, `${name}.kind`, kind, 'a text');
      if (!isObject(settings))
        refuse(owner, `${name}.settings`, settings, 'an object of numbers and texts');
    },
    fill: shuffled,
    described: ({ sampler }) => described(sampler),
    changes: ['order'],
  },
  batch: {
    check: 'with others',
    described: 'as it is',
    entails: ['shards', 'dropLast'],
    changes: ['minibatches'],
  },
  dropLast: {
    check: flag,
    fill: () => false,
    described: ({ dropLast, epochSamples }) => (dropLast ? { samples: epochSamples } : undefined),
    changes: ['minibatches'],
  },
  stepsPerEpoch: {
    check: 'with others',
    described: 'as it is',
    entails: ['dropLast'],
    changes: ['minibatches'],
  },
  accumulate: {
    check: wholeFrom(1),
    described: { not: 'batch and shards are of all minibatches of an update' },
    entails: ['batch', 'shards', 'dropLast'],
    changes: ['minibatches'],
  },
  shards: { check: 'with others', described: 'as it is' },
  workers: {
    check: workerCount,
    fill: machineParallelism,
    described: { not: 'the results are the same for any number' },
  },
  decoders: { check: READING.decoders, described: { not: 'no result depends on who reads' } },
  prefetchBytes: {
    check: READING.prefetchBytes,
    described: { not: 'no result depends on when samples are read' },
  },
  seed: { check: wholeFrom(0), fill: () => 1, described: 'as it is', changes: ['order'] },
  numerics: {
    check: numericsName,
    fill: pickNumerics,
    described: 'as it is',
  },
};

/** The names of all settings. */
export const SETTING_NAMES = Object.keys(SETTINGS) as (keyof TrainSettings)[];
