/** The settings of a training run: defaults filled in, and everything checked before work starts. */
import { checkDataset, countOf, type AnyDataset } from '../data/dataset.js';
import { LanewiseError, nearest, show } from '../errors.js';
import { defaultNumerics, type Numerics } from '../engine/features.js';
import { showShape, sizeOf } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { lossTerms, type LossSetting, type LossTerm } from '../losses/terms.js';
import {
  checkSchedule,
  type Average,
  type Optimizer,
  type Schedule,
  type ScheduleName,
} from '../optimizers/index.js';
import {
  monitorOf,
  type EarlyStopping,
  type Figure,
  type KeepBest,
  type Monitor,
} from './monitor.js';
import { machineParallelism } from '../parallel/pool.js';
import type { Weights } from '../parallel/session.js';
import { defaultShards } from '../parallel/shards.js';

export interface TrainSettings {
  readonly data: AnyDataset;
  /** Scored after each epoch, or as `validateEvery` says; nothing is selected by it unless a setting below asks for it. */
  readonly validation?: AnyDataset;
  /** Default every epoch. */
  readonly validateEvery?: { readonly steps: number } | { readonly epochs: number };
  /** Ends the run when a figure has not become better for some time. */
  readonly earlyStopping?: EarlyStopping;
  /** The trained model has the weights with the best figure, of those that were scored, instead of the last. */
  readonly keepBest?: boolean | KeepBest;
  /** Of every output, or by output: `{ main: 'crossEntropy', aux: { loss, weight: 0.3 } }`. Default `crossEntropy`. */
  readonly loss?: LossSetting;
  readonly optimizer: Optimizer;
  /** Default `constant`. */
  readonly schedule?: ScheduleName | Schedule;
  readonly epochs: number;
  /** What the trained model has, and what is scored after each epoch: an average of the weights. */
  readonly average?: Average;
  /** Gradients beyond ± this are cut off; then all of them are scaled so that their norm is at most `clipNorm`. */
  readonly clipValue?: number;
  readonly clipNorm?: number;
  /**
   * Parameters and statistics that keep their values: names (`conv1.weight`), what they begin or end with
   * (`layer1`, `bias`), or globs (`layer*.conv1.*`).
   */
  readonly freeze?: readonly string[];
  /** What the weights begin with, such as a trained model's; parameters that it lacks are drawn. */
  readonly weights?: Weights;
  /** Samples in a minibatch; default 64, or all if they are fewer. The last one of an epoch may be smaller. */
  readonly batch?: number;
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
type Optional = 'validation' | 'average' | 'clipNorm' | 'clipValue' | 'freeze' | 'weights';

/** Settings that others have taken in. */
type Resolved = 'loss' | 'accumulate' | 'validateEvery' | 'earlyStopping' | 'keepBest';

export type ResolvedSettings = Required<Omit<TrainSettings, Optional | Resolved>> &
  Pick<TrainSettings, Optional> & {
    readonly terms: readonly LossTerm[];
    /** Steps between two validations; 0 if there is no validation data. */
    readonly validationSteps: number;
    readonly monitor?: Monitor;
  };

/** Threads beyond this are a mistake, not a machine. */
const MAX_WORKERS = 1024;

/** All of them, for those that are mistyped. */
const known: Readonly<Record<keyof TrainSettings, true>> = {
  data: true,
  validation: true,
  validateEvery: true,
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
  weights: true,
  batch: true,
  accumulate: true,
  shards: true,
  workers: true,
  seed: true,
  numerics: true,
};

/** @throws LanewiseError kind 'argument' for a setting that there is not. */
function checkKnown(settings: TrainSettings): void {
  const names = Object.keys(known);
  const unknown = Object.keys(settings).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new LanewiseError(
    'argument',
    `there is no setting '${unknown}', expected ${names.join(', ')}`,
    nearest(unknown, names),
  );
}

/** @throws LanewiseError kind 'argument' for what is no model, such as a layer. */
export function checkModel(model: Model): void {
  if (typeof model?.graph === 'function') return;
  throw new LanewiseError(
    'argument',
    `model is ${show(model)}, expected one made by sequential, functional or lenet5()`,
  );
}

/** @throws LanewiseError kind 'argument' naming the setting, the value and the range. */
export function resolveSettings(model: Model, settings: TrainSettings): ResolvedSettings {
  checkModel(model);
  checkPresent('settings', settings, 'an object with data, optimizer and epochs');
  checkKnown(settings);
  const { data, optimizer, epochs, validation } = settings;
  checkPresent('data', data, 'a data set');
  const count = countOf(checkDataset(data));
  const accumulate = checkWhole('accumulate', settings.accumulate ?? 1, 1);
  const single = checkWhole('batch', settings.batch ?? Math.min(64, count), 1, count);
  const shards = checkWhole('shards', settings.shards ?? defaultShards(model, single), 1, single);
  const batch = Math.min(single * accumulate, count);
  const { average, clipNorm, clipValue, freeze, weights } = settings;
  checkMethod('optimizer', optimizer, 'update', 'one made by sgd, momentum, adam, …');
  if (average !== undefined) checkMethod('average', average, 'share', 'one made by ema or swa');
  checkBound('clipNorm', clipNorm);
  checkBound('clipValue', clipValue);
  if (weights) checkWeights(model, weights);
  const terms = lossTerms(settings.loss ?? 'crossEntropy', [...model.outputs.keys()]);
  const monitor = monitorOf(
    settings.earlyStopping,
    settings.keepBest,
    figuresOf(terms, validation !== undefined),
  );
  return {
    data,
    ...(validation ? { validation } : {}),
    optimizer,
    terms,
    schedule: checkSchedule(settings.schedule ?? 'constant'),
    ...(average ? { average } : {}),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(freeze ? { freeze: checkFreeze(freeze) } : {}),
    ...(weights ? { weights } : {}),
    epochs: checkWhole('epochs', epochs, 1),
    batch,
    shards: Math.min(shards * accumulate, batch),
    validationSteps: validation ? validationSteps(settings, Math.ceil(count / batch)) : 0,
    ...(monitor ? { monitor } : {}),
    workers: resolveWorkers(settings.workers),
    seed: checkWhole('seed', settings.seed ?? 1, 0, Number.MAX_SAFE_INTEGER),
    numerics: resolveNumerics(settings.numerics),
  };
}

/** The figures of a run that can be watched. */
function figuresOf(terms: readonly LossTerm[], isValidated: boolean): Figure[] {
  const knowsAnswers = terms[0]?.loss.hits !== undefined;
  return [
    ['loss', 'lower'],
    ...(knowsAnswers ? ([['accuracy', 'higher']] as const) : []),
    ...(isValidated ? ([['valLoss', 'lower']] as const) : []),
    ...(isValidated && knowsAnswers ? ([['valAccuracy', 'higher']] as const) : []),
  ];
}

function validationSteps({ validateEvery }: TrainSettings, stepsPerEpoch: number): number {
  const every: { readonly steps?: number; readonly epochs?: number } = validateEvery ?? {
    epochs: 1,
  };
  if (every.steps !== undefined) return checkWhole('validateEvery steps', every.steps, 1);
  return checkWhole('validateEvery epochs', every.epochs!, 1) * stepsPerEpoch;
}

function checkMap(weights: Weights): void {
  if (weights instanceof Map) return;
  throw new LanewiseError(
    'argument',
    `weights are ${show(weights)}, expected a Map of arrays by name`,
  );
}

/** @throws LanewiseError kind 'argument' unless every parameter has as many values as it needs. */
export function checkComplete(model: Model, weights: Weights): void {
  checkMap(weights);
  for (const { name, shape } of model.parameters) {
    const found = weights.get(name)?.length ?? 'none';
    if (found === sizeOf(shape)) continue;
    throw new LanewiseError(
      'argument',
      `weights of '${name}': ${found} values, expected ${sizeOf(shape)} (${showShape(shape)})`,
    );
  }
}

/** @throws LanewiseError kind 'argument' for a weight that the model lacks or that has another size. */
export function checkWeights(model: Model, weights: Weights): void {
  checkMap(weights);
  const names = model.parameters.map(({ name }) => name);
  for (const [name, values] of weights) {
    const spec = model.parameters.find((parameter) => parameter.name === name);
    if (!spec) {
      throw new LanewiseError(
        'argument',
        `weights: the model has no parameter '${name}'`,
        nearest(name, names),
      );
    }
    const count = sizeOf(spec.shape);
    if (!(values instanceof Float32Array) || values.length !== count) {
      throw new LanewiseError(
        'argument',
        `weights of '${name}': ${values instanceof Float32Array ? `${values.length} values` : show(values)}, expected ${count} (${showShape(spec.shape)})`,
      );
    }
  }
}

function checkFreeze(freeze: readonly string[]): readonly string[] {
  if (Array.isArray(freeze)) return freeze;
  throw new LanewiseError('argument', `freeze is ${String(freeze)}, expected a list of names`);
}

function checkBound(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isFinite(value) && value > 0)) return;
  throw new LanewiseError('argument', `${name} is ${String(value)}, expected a number above 0`);
}

function checkPresent(name: string, value: unknown, expected: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw new LanewiseError('argument', `${name} is ${show(value)}, expected ${expected}`);
}

/** Made by a function of ours or like it: an object that has `method`. */
function checkMethod(name: string, value: unknown, method: string, expected: string): void {
  checkPresent(name, value, expected);
  if (typeof (value as Readonly<Record<string, unknown>>)[method] === 'function') return;
  throw new LanewiseError('argument', `${name} is ${show(value)}, expected ${expected}`);
}

export const resolveWorkers = (workers: number = machineParallelism()): number =>
  checkWhole('workers', workers, 0, MAX_WORKERS);

export const resolveNumerics = (numerics: Numerics = defaultNumerics()): Numerics =>
  checkName('numerics', numerics, ['fused', 'strict']) as Numerics;

export function checkWhole(name: string, value: number, least: number, most = Infinity): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new LanewiseError(
    'argument',
    `${name} is ${String(value)}, expected a whole number ${range}`,
  );
}

export function checkName(name: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw new LanewiseError(
    'argument',
    `${name} is '${value}', expected one of ${known.join(', ')}`,
    nearest(value, known),
  );
}
