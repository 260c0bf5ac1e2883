/**
 * Training: epochs of minibatches, handed to the workers in chunks of steps that take a fraction of a
 * second, so that progress can be shown and a wish to stop be heard. How long a chunk is has no influence
 * on any number.
 */
import { countOf } from '../data/dataset.js';
import { shuffledOrder } from '../data/shuffle.js';
import { LanewiseError } from '../errors.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import { factorOf, ratesOfStep, type EpochMetrics, type StepPlace } from '../optimizers/index.js';
import { CHUNK_STEPS } from '../parallel/plan.js';
import {
  createSession,
  type Session,
  type StepMetrics,
  type Weights,
} from '../parallel/session.js';
import { summarize } from './evaluate.js';
import { resolveSettings, type ResolvedSettings, type TrainSettings } from './settings.js';
import { createTrainedModel, describeData, type TrainedModel } from './trained-model.js';

/** State of a run between two chunks. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  /** Of the epoch. */
  readonly samplesDone: number;
  readonly samples: number;
  /** Means over the epoch so far. */
  readonly loss: number;
  /** Absent where the loss knows no right answers. */
  readonly accuracy?: number;
  readonly imagesPerSecond: number;
  /** Of the whole run, estimated. */
  readonly secondsLeft: number;
}

/** One finished epoch. `val…` are absent without validation data, accuracies where the loss knows no right answers. */
export interface EpochRecord extends EpochMetrics {
  readonly epoch: number;
  readonly imagesPerSecond: number;
}

export interface TrainCallbacks {
  /** Everything is checked and allocated, and no step has run; a rejection ends the run here. */
  onStart?(settings: ResolvedSettings): void | Promise<void>;
  onProgress?(progress: Progress): void;
  onEpoch?(record: EpochRecord): void;
  /** Stops the run after the chunk at hand. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly model: TrainedModel;
  readonly history: readonly EpochRecord[];
  readonly settings: ResolvedSettings;
  readonly numerics: Numerics;
  readonly seconds: number;
  /** True if the signal ended the run early. */
  readonly interrupted: boolean;
}

/** Aim of a chunk, in milliseconds. */
const CHUNK_MS = 150;

/**
 * Trains `model` from fresh weights, or from those of the settings. The result is a function of model, data, seed and settings other
 * than `workers`.
 * @throws LanewiseError before work starts for settings, data or sizes that cannot be; kind 'engine' if
 * a worker thread fails, or if the loss becomes NaN or infinite.
 */
export async function train(
  model: Model,
  settings: TrainSettings,
  callbacks: TrainCallbacks = {},
): Promise<TrainResult> {
  const resolved = resolveSettings(model, settings);
  const { data, validation, terms, batch, shards, workers, numerics, seed, epochs } = resolved;
  const start = performance.now();
  const session = await createSession({
    model,
    terms,
    numerics,
    workers,
    datasets: validation ? [data, validation] : [data],
    training: { ...updateOf(resolved), batch, shards },
  });
  try {
    await callbacks.onStart?.(resolved);
    session.initialize(seed);
    if (resolved.weights)
      session.writeWeights(new Map([...session.readWeights(), ...resolved.weights]));
    const history: EpochRecord[] = [];
    const clock = createClock();
    for (let epoch = 1; epoch <= epochs && !callbacks.signal?.aborted; epoch++) {
      const record = await trainEpoch(session, resolved, history, clock, callbacks);
      if (!record) break;
      history.push(record);
      callbacks.onEpoch?.(record);
    }
    if (clock.isAveraging) session.swapAverage();
    const weights = session.readWeights();
    checkWeights(weights);
    return {
      model: createTrainedModel(model, terms, numerics, weights, describeData(data)),
      history,
      settings: resolved,
      numerics,
      seconds: (performance.now() - start) / 1000,
      interrupted: history.length < epochs,
    };
  } finally {
    await session.close();
  }
}

/** Time spent in training steps alone, how many steps a chunk should have, and what the steps have begun. */
interface Clock {
  trainingMs: number;
  samples: number;
  chunkSteps: number;
  /** A step's weights have gone into the average. */
  isAveraging: boolean;
}

const createClock = (): Clock => ({
  trainingMs: 0,
  samples: 0,
  chunkSteps: 8,
  isAveraging: false,
});

/** Undefined if the signal ended the epoch early. */
async function trainEpoch(
  session: Session,
  settings: ResolvedSettings,
  history: readonly EpochRecord[],
  clock: Clock,
  callbacks: TrainCallbacks,
): Promise<EpochRecord | undefined> {
  const { data, validation, batch, epochs, seed } = settings;
  const epoch = history.length + 1;
  const samples = countOf(data);
  const stepsPerEpoch = Math.ceil(samples / batch);
  const total: Totals = { loss: 0, hits: 0, samples: 0 };
  const epochStartMs = clock.trainingMs;
  session.writeOrder(shuffledOrder(samples, seed, epoch));
  for (let first = 0; first < stepsPerEpoch;) {
    if (callbacks.signal?.aborted) return undefined;
    const steps = Math.min(clock.chunkSteps, stepsPerEpoch - first);
    const started = performance.now();
    const done = (epoch - 1) * stepsPerEpoch + first;
    const run = { steps: epochs * stepsPerEpoch, stepsPerEpoch, history };
    const rates = Array.from({ length: steps }, (_, i) => ratesOf(settings, done + i, run));
    const metrics = await session.train(
      first,
      rates.map((row) => row.values),
      done,
    );
    clock.isAveraging ||= rates.some((row) => row.isAveraged);
    const ms = performance.now() - started;
    clock.trainingMs += ms;
    clock.chunkSteps = Math.min(
      CHUNK_STEPS,
      Math.max(1, Math.round((steps * CHUNK_MS) / Math.max(ms, 1))),
    );
    metrics.forEach((step, i) => addStep(total, step, epoch, first + i));
    clock.samples += metrics.reduce((sum, step) => sum + step.samples, 0);
    first += steps;
    callbacks.onProgress?.({
      epoch,
      epochs,
      samplesDone: total.samples,
      samples,
      loss: total.loss / total.samples,
      ...accuracyOf(total),
      imagesPerSecond: (clock.samples / clock.trainingMs) * 1000,
      secondsLeft: ((epochs * samples - clock.samples) * clock.trainingMs) / clock.samples / 1000,
    });
  }
  if (clock.isAveraging && validation) session.swapAverage();
  const summary = validation ? summarize(await session.evaluate(1, false), validation) : undefined;
  if (clock.isAveraging && validation) session.swapAverage();
  if (summary)
    checkLoss(summary.loss, `the validation loss became ${summary.loss} in epoch ${epoch}`);
  return {
    epoch,
    loss: total.loss / total.samples,
    ...accuracyOf(total),
    ...(summary ? { valLoss: summary.loss } : {}),
    ...(summary?.accuracy === undefined ? {} : { valAccuracy: summary.accuracy }),
    imagesPerSecond: (samples / (clock.trainingMs - epochStartMs)) * 1000,
  };
}

/** What the settings say of the update phase. */
const updateOf = ({ optimizer, average, clipNorm, clipValue, freeze }: ResolvedSettings) => ({
  optimizer,
  ...(average ? { isAveraged: true } : {}),
  ...(clipNorm === undefined ? {} : { clipNorm }),
  ...(clipValue === undefined ? {} : { clipValue }),
  ...(freeze ? { freeze } : {}),
});

/** The kernels' values for a step of the run, and whether its weights go into the average. */
function ratesOf(
  { optimizer, schedule, average }: ResolvedSettings,
  step: number,
  run: Omit<StepPlace, 'step'>,
): { readonly values: readonly number[]; readonly isAveraged: boolean } {
  const rates = ratesOfStep(optimizer, step, factorOf(schedule, { step, ...run }));
  if (!average) return { values: rates, isAveraged: false };
  const share = average.share(step, run.stepsPerEpoch, run.steps);
  return { values: [...rates, share], isAveraged: share > 0 };
}

/** Sums over an epoch so far; `hits` is NaN where the loss knows no right answers. */
interface Totals {
  loss: number;
  hits: number;
  samples: number;
}

const accuracyOf = ({ hits, samples }: Totals): { readonly accuracy?: number } =>
  Number.isNaN(hits) ? {} : { accuracy: hits / samples };

function addStep(
  total: Totals,
  { loss, hits, samples }: StepMetrics,
  epoch: number,
  step: number,
): void {
  checkLoss(loss, `the loss became ${loss} in epoch ${epoch}, step ${step + 1}`);
  total.loss += loss * samples;
  total.hits += hits ?? NaN;
  total.samples += samples;
}

const diverged = (message: string): LanewiseError =>
  new LanewiseError('engine', message, 'lower the learning rate (--lr)');

function checkLoss(loss: number, message: string): void {
  if (!Number.isFinite(loss)) throw diverged(message);
}

/** A loss is seen before its update: only the weights show what the last one did. */
function checkWeights(weights: Weights): void {
  for (const [name, values] of weights) {
    // `includes` is the engine's own loop: one of ours takes milliseconds in a process that has just started.
    const wrong = [NaN, Infinity, -Infinity].find((value) => values.includes(value));
    if (wrong !== undefined) throw diverged(`the last update made '${name}' ${wrong}`);
  }
}
