/** The settings of a training run: defaults filled in, and everything checked before work starts. */
import type { TableFormat } from '../data/table-format.js';
import { pixelsOf, checkScale } from '../data/scale.js';
import { withColumnsOf } from '../data/table-match.js';
import { checkDataset, countOf, placeWeights, type AnyDataset } from '../data/dataset.js';
import { matchClasses, namesOf } from '../data/class-names.js';
import { shuffled, type Sampler } from '../data/samplers.js';
import { checkKeys, refuse, flag } from '../check.js';
import { LanewiseError } from '../errors.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { targetOf, type LossSetting, type LossTerm } from '../losses/terms.js';
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
import { checkMetrics, type CheckedMetrics } from './metrics/compute.js';
import type { Metric, MetricName } from './metrics/metric.js';
import {
  monitorOf,
  type EarlyStopping,
  type Figure,
  type KeepBest,
  type Monitor,
} from './monitor.js';
import { defaultTerms } from '../parallel/check-fit.js';
import type { Mixup } from '../parallel/mixup.js';
import type { Weights } from '../parallel/session.js';
import { defaultShards } from '../parallel/shards.js';
import { checkMixup } from './check-mixup.js';
import { readingOf, type ReadingSettings } from './reading.js';
import {
  checkBound,
  checkFinite,
  checkFreeze,
  checkModel,
  checkPresent,
  checkWeights,
  checkWhole,
  resolveNumerics,
  resolveWorkers,
} from './checks.js';

/** All that a run depends on besides the model, and `workers`, on which nothing depends. */
export interface TrainSettings extends ReadingSettings {
  readonly data: AnyDataset;
  /** Scored after each epoch, or as `validateEvery` says; nothing is selected by it unless a setting below asks for it. */
  readonly validation?: AnyDataset;
  /** Default every epoch. */
  readonly validateEvery?: { readonly steps: number } | { readonly epochs: number };
  /** Figures of the validation data beside loss and accuracy: `['top5', 'macroF1']`. */
  readonly metrics?: readonly (MetricName | Metric)[];
  /** Ends the run when a figure has not become better for some time. */
  readonly earlyStopping?: EarlyStopping;
  /** The trained model has the weights with the best figure, of those that were scored, instead of the last. */
  readonly keepBest?: boolean | KeepBest;
  /**
   * Of every output, or by output: `{ main: 'crossEntropy', aux: { loss, weight: 0.3 } }`. Default `crossEntropy`, and
   * `meanSquaredError` for targets that are values (floats) in the output's shape and no distributions over classes.
   */
  readonly loss?: LossSetting;
  /** One that was made, such as `adam({ lr: 0.01 })`, or one with its defaults by its name. */
  readonly optimizer: Optimizer | OptimizerName;
  /** Default `constant`. */
  readonly schedule?: ScheduleName | Schedule;
  readonly epochs: number;
  /** What the trained model has, and what is scored after each epoch: an average of the weights. */
  readonly average?: Average | AverageName;
  /** Gradients beyond ± this are cut off; then all of them are scaled so that their norm is at most `clipNorm`. */
  readonly clipValue?: number;
  readonly clipNorm?: number;
  /**
   * Parameters and statistics that keep their values: names (`conv1.weight`), what they begin or end with
   * (`layer1`, `bias`), or globs (`layer*.conv1.*`).
   */
  readonly freeze?: readonly string[];
  /**
   * Trains on blends of two samples of a minibatch (Zhang et al. 2018): an update draws l ~ Beta(alpha, alpha), and
   * sample i and its partner B − 1 − i give x = l·xᵢ + (1 − l)·xⱼ with the loss l·loss(yᵢ) + (1 − l)·loss(yⱼ). Right
   * answers count as their targets do: l for yᵢ, 1 − l for yⱼ.
   */
  readonly mixup?: Mixup;
  /** What the weights begin with, such as a trained model's; parameters that it lacks are drawn. */
  readonly weights?: Weights;
  /** Which samples an epoch takes, in which order; default every one once, shuffled. */
  readonly sampler?: Sampler;
  /** Samples in a minibatch; default 64, or all if they are fewer. The last one of an epoch may be smaller. */
  readonly batch?: number;
  /** Leaves out an epoch's last minibatch if it is smaller; which samples that are follows from the epoch's order. Default false. */
  readonly dropLast?: boolean;
  /**
   * Minibatches whose gradients make one update together; default 1. The same as a minibatch so many times as large,
   * in as many times as many shards: memory depends on a shard's samples alone.
   */
  readonly accumulate?: number;
  /** Parts of a minibatch; default one for every 16 samples, or 32 if the net is small. Part of the result, unlike `workers`. */
  readonly shards?: number;
  /** Threads; default the machine's parallelism; 0 trains in the calling thread. */
  readonly workers?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default `fused` where the engine rounds multiply-add once, else `strict`. */
  readonly numerics?: Numerics;
}

/** Settings that are absent unless given. */
type Optional =
  | 'validation'
  | 'average'
  | 'clipNorm'
  | 'clipValue'
  | 'freeze'
  | 'mixup'
  | 'weights'
  | keyof ReadingSettings;

/** Settings that others have taken in. */
type Resolved = 'loss' | 'accumulate' | 'validateEvery' | 'metrics' | 'earlyStopping' | 'keepBest';

/** Settings that may be named in place of being made. */
type Named = 'optimizer' | 'schedule' | 'average';

/** The settings of a run with all defaults in place, checked. */
export type ResolvedSettings = Required<Omit<TrainSettings, Optional | Resolved | Named>> &
  Pick<TrainSettings, Exclude<Optional, Named>> & {
    readonly optimizer: Optimizer;
    readonly schedule: PlainSchedule | Schedule;
    readonly average?: Average;
    readonly terms: readonly LossTerm[];
    /** Samples that an epoch trains on: all, or those of whole minibatches. */
    readonly epochSamples: number;
    /** One of the two; absent if there is no validation data. */
    readonly validateEvery?: { readonly steps?: number; readonly epochs?: number };
    readonly metrics?: CheckedMetrics;
    readonly monitor?: Monitor;
  };

/** All of them, for those that are mistyped. */
const known: Readonly<Record<keyof TrainSettings, true>> = {
  data: true,
  validation: true,
  validateEvery: true,
  metrics: true,
  earlyStopping: true,
  keepBest: true,
  loss: true,
  optimizer: true,
  schedule: true,
  epochs: true,
  average: true,
  clipValue: true,
  clipNorm: true,
  freeze: true,
  mixup: true,
  weights: true,
  sampler: true,
  batch: true,
  dropLast: true,
  accumulate: true,
  shards: true,
  workers: true,
  decoders: true,
  prefetchBytes: true,
  seed: true,
  numerics: true,
};

const tableOf = (data: AnyDataset): TableFormat | undefined =>
  'table' in data ? data.table : undefined;

/** @throws LanewiseError kind 'argument' naming the setting, the value and the range. */
export function resolveSettings(model: Model, settings: TrainSettings): ResolvedSettings {
  checkModel(model);
  checkPresent('settings', settings, 'an object with data, optimizer and epochs');
  checkKeys('train', settings, Object.keys(known));
  for (const [name, value] of Object.entries(settings))
    if (value === null) refuse('train', name, value, 'a value, or that it is not given');
  const { sampler, keepBest, freeze: frozen } = settings;
  if (sampler !== undefined && typeof sampler?.order !== 'function')
    refuse('train', 'sampler', sampler, 'one made by samplers.balanced, samplers.weighted, …');
  if (keepBest !== undefined && typeof keepBest !== 'object') flag('train', 'keepBest', keepBest);
  if (frozen !== undefined) checkFreeze(frozen);
  const { epochs } = settings;
  checkPresent('data', settings.data, 'a data set');
  const data = placeWeights(settings.data);
  const count = countOf(checkDataset(data));
  const accumulate = checkWhole('accumulate', settings.accumulate ?? 1, 1);
  const single = checkWhole('batch', settings.batch ?? Math.min(64, count), 1, count);
  const shards = checkWhole('shards', settings.shards ?? defaultShards(model, single), 1, single);
  const batch = Math.min(single * accumulate, count);
  const { dropLast = false } = settings;
  if (typeof dropLast !== 'boolean') refuse('train', 'dropLast', dropLast, 'true or false');
  const { clipNorm, clipValue, freeze, mixup, weights } = settings;
  const optimizer = optimizerFor(settings.optimizer);
  const average = settings.average === undefined ? undefined : averageFor(settings.average);
  checkBound('clipNorm', clipNorm);
  checkBound('clipValue', clipValue);
  if (weights !== undefined) {
    checkWeights(model, weights);
    checkFinite(weights);
  }
  const terms = defaultTerms(model, data, settings.loss);
  const validation =
    settings.validation === undefined ? undefined : matchData(settings.validation, data, terms);
  const validateEvery = checkValidateEvery(settings);
  const metrics = metricsOf(model, terms, { ...settings, ...(validation ? { validation } : {}) });
  const monitor = monitorOf(
    settings.earlyStopping,
    settings.keepBest,
    figuresOf(terms, validation !== undefined, metrics),
  );
  return {
    data,
    ...(validation
      ? { validation: withColumnsOf(validation, tableOf(data), 'the training data') }
      : {}),
    optimizer,
    terms,
    schedule: scheduleFor(settings.schedule ?? 'constant'),
    ...(average ? { average } : {}),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(freeze ? { freeze: checkFreeze(freeze) } : {}),
    ...(mixup === undefined ? {} : { mixup: checkMixup(model, mixup) }),
    ...(weights ? { weights } : {}),
    epochs: checkWhole('epochs', epochs, 1),
    batch,
    dropLast,
    epochSamples: dropLast ? count - (count % single) : count,
    shards: Math.min(shards * accumulate, batch),
    ...(validation ? { validateEvery } : {}),
    ...(metrics ? { metrics } : {}),
    ...(monitor ? { monitor } : {}),
    sampler: settings.sampler ?? shuffled(),
    workers: resolveWorkers(settings.workers),
    ...readingOf(settings),
    seed: checkWhole('seed', settings.seed ?? 1, 0, Number.MAX_SAFE_INTEGER),
    numerics: resolveNumerics(settings.numerics),
  };
}

/** Another data set of a run, whose labels mean the training data's classes. @throws LanewiseError kind 'data' if they do not. */
export const matchData = <D extends AnyDataset>(
  other: D,
  data: AnyDataset,
  terms: readonly LossTerm[],
): D => {
  const matched = matchClasses(
    checkDataset(placeWeights(other)),
    namesOf(data, terms.map(targetOf)),
    `data set '${data.name}'`,
  );
  const type = pixelsOf(data) instanceof Uint8Array ? 'uint8' : undefined;
  const what = `samples of data set '${other.name}'`;
  checkScale(type, pixelsOf(matched), what, `those of '${data.name}' are`);
  return matched;
};

/** The figures of a run that can be watched. */
function figuresOf(
  terms: readonly LossTerm[],
  isValidated: boolean,
  checked: CheckedMetrics | undefined,
): Figure[] {
  const knowsAnswers = terms[0]?.loss.hits !== undefined;
  return [
    ['loss', 'lower'],
    ...(knowsAnswers ? ([['accuracy', 'higher']] as const) : []),
    ...(isValidated ? ([['valLoss', 'lower']] as const) : []),
    ...(isValidated && knowsAnswers ? ([['valAccuracy', 'higher']] as const) : []),
    ...(checked?.metrics ?? []).map(({ name, better }): Figure => [name, better]),
  ];
}

function metricsOf(
  model: Model,
  terms: readonly LossTerm[],
  { metrics = [], validation }: TrainSettings,
): CheckedMetrics | undefined {
  if (metrics.length === 0) return undefined;
  if (validation) return checkMetrics(model, terms, validation, metrics);
  throw new LanewiseError(
    'argument',
    'metrics are figures of the validation data, and there is none',
    'add the setting validation',
  );
}

function checkValidateEvery({ validateEvery }: TrainSettings) {
  const every: { readonly steps?: number; readonly epochs?: number } = validateEvery ?? {
    epochs: 1,
  };
  checkPresent('validateEvery', every, '{ steps } or { epochs }');
  checkKeys('validateEvery', every, ['steps', 'epochs']);
  const { steps, epochs } = every;
  if (steps !== undefined && epochs !== undefined) {
    throw new LanewiseError(
      'argument',
      'validateEvery has steps and epochs, expected one of them',
      'an epoch has samples / batch steps',
    );
  }
  if (steps !== undefined) return { steps: checkWhole('validateEvery steps', steps, 1) };
  return { epochs: checkWhole('validateEvery epochs', epochs!, 1) };
}
