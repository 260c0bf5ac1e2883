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
import { machineParallelism } from '../parallel/pool.js';
import type { Weights } from '../parallel/session.js';
import { defaultShards } from '../parallel/shards.js';

export interface TrainSettings {
  readonly data: AnyDataset;
  /** Scored after each epoch; nothing is selected by it. */
  readonly validation?: AnyDataset;
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

export type ResolvedSettings = Required<Omit<TrainSettings, Optional | 'loss'>> &
  Pick<TrainSettings, Optional> & { readonly terms: readonly LossTerm[] };

/** Threads beyond this are a mistake, not a machine. */
const MAX_WORKERS = 1024;

/** All of them, for those that are mistyped. */
const known: Readonly<Record<keyof TrainSettings, true>> = {
  data: true,
  validation: true,
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
  const batch = checkWhole('batch', settings.batch ?? Math.min(64, count), 1, count);
  const { average, clipNorm, clipValue, freeze, weights } = settings;
  checkMethod('optimizer', optimizer, 'update', 'one made by sgd, momentum, adam, …');
  if (average !== undefined) checkMethod('average', average, 'share', 'one made by ema or swa');
  checkBound('clipNorm', clipNorm);
  checkBound('clipValue', clipValue);
  if (weights) checkWeights(model, weights);
  return {
    data,
    ...(validation ? { validation } : {}),
    optimizer,
    terms: lossTerms(settings.loss ?? 'crossEntropy', [...model.outputs.keys()]),
    schedule: checkSchedule(settings.schedule ?? 'constant'),
    ...(average ? { average } : {}),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(clipValue === undefined ? {} : { clipValue }),
    ...(freeze ? { freeze: checkFreeze(freeze) } : {}),
    ...(weights ? { weights } : {}),
    epochs: checkWhole('epochs', epochs, 1),
    batch,
    shards: checkWhole('shards', settings.shards ?? defaultShards(model, batch), 1, batch),
    workers: resolveWorkers(settings.workers),
    seed: checkWhole('seed', settings.seed ?? 1, 0, Number.MAX_SAFE_INTEGER),
    numerics: resolveNumerics(settings.numerics),
  };
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
