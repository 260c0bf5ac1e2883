/** The settings of a training run: defaults filled in, and everything checked before work starts. */
import { checkDataset, countOf, type AnyDataset } from '../data/dataset.js';
import { LanewiseError, nearest } from '../errors.js';
import { defaultNumerics, type Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { lossTerms, type LossSetting, type LossTerm } from '../losses/terms.js';
import { schedules, type Optimizer, type ScheduleName } from '../optimizers/index.js';
import { machineParallelism } from '../parallel/pool.js';
import { defaultShards } from '../parallel/shards.js';

export interface TrainSettings {
  readonly data: AnyDataset;
  /** Scored after each epoch; nothing is selected by it. */
  readonly validation?: AnyDataset;
  /** Of every output, or by output: `{ main: 'crossEntropy', aux: { loss, weight: 0.3 } }`. Default `crossEntropy`. */
  readonly loss?: LossSetting;
  readonly optimizer: Optimizer;
  /** Default `constant`. */
  readonly schedule?: ScheduleName;
  readonly epochs: number;
  /** Samples in a minibatch; default 64. The last one of an epoch may be smaller. */
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

export type ResolvedSettings = Required<Omit<TrainSettings, 'validation' | 'loss'>> &
  Pick<TrainSettings, 'validation'> & { readonly terms: readonly LossTerm[] };

/** Threads beyond this are a mistake, not a machine. */
const MAX_WORKERS = 1024;

/** @throws LanewiseError kind 'argument' naming the setting, the value and the range. */
export function resolveSettings(model: Model, settings: TrainSettings): ResolvedSettings {
  const { data, optimizer, epochs, validation } = settings;
  checkPresent('data', data, 'a data set');
  checkPresent('optimizer', optimizer, 'one made by sgd, momentum or adam');
  const batch = checkWhole('batch', settings.batch ?? 64, 1, countOf(checkDataset(data)));
  const schedule = checkName('schedule', settings.schedule ?? 'constant', Object.keys(schedules));
  return {
    data,
    ...(validation ? { validation } : {}),
    optimizer,
    terms: lossTerms(settings.loss ?? 'crossEntropy', [...model.outputs.keys()]),
    schedule: schedule as ScheduleName,
    epochs: checkWhole('epochs', epochs, 1),
    batch,
    shards: checkWhole('shards', settings.shards ?? defaultShards(model, batch), 1, batch),
    workers: resolveWorkers(settings.workers),
    seed: checkWhole('seed', settings.seed ?? 1, 0, Number.MAX_SAFE_INTEGER),
    numerics: resolveNumerics(settings.numerics),
  };
}

function checkPresent(name: string, value: unknown, expected: string): void {
  if (typeof value === 'object' && value !== null) return;
  throw new LanewiseError('argument', `${name} is ${String(value)}, expected ${expected}`);
}

export const resolveWorkers = (workers: number = machineParallelism()): number =>
  checkWhole('workers', workers, 0, MAX_WORKERS);

export const resolveNumerics = (numerics: Numerics = defaultNumerics()): Numerics =>
  checkName('numerics', numerics, ['fused', 'strict']) as Numerics;

function checkWhole(name: string, value: number, least: number, most = Infinity): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new LanewiseError(
    'argument',
    `${name} is ${String(value)}, expected a whole number ${range}`,
  );
}

function checkName(name: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw new LanewiseError(
    'argument',
    `${name} is '${value}', expected one of ${known.join(', ')}`,
    nearest(value, known),
  );
}
