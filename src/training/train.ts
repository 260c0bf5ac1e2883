/** Training as one call: the loop's events as callbacks, and at its end a trained model. */
import { abortSignal, callable, checkOptions, wholeFrom, type Checks } from '../check.js';
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../parallel/session.js';
import type {
  Best,
  EpochRecord,
  Progress,
  StepRecord,
  TrainEvent,
  ValidationRecord,
} from './records.js';
import { resolveSettings } from './resolve-settings.js';
import type { ResolvedSettings, TrainSettings } from './settings.js';
import { describeData } from './data-description.js';
import { createTrainedModel, type TrainedModel } from './trained-model.js';
import { trainEvents, type RunResult } from './trainer.js';

export type { EpochRecord, Progress };

/** What `train` tells while it runs, and how it is stopped. */
export interface TrainCallbacks {
  /** Everything is checked and allocated, and no step has run; a rejection ends the run here. */
  onStart?(settings: ResolvedSettings): void | Promise<void>;
  /** Each step, in order; told in chunks. */
  onStep?(record: StepRecord): void;
  /**
   * Each chunk of steps. `weights()` copies them as they are, before the run goes on: it waits for what is
   * returned, and so can be paused.
   */
  onProgress?(progress: Progress, weights: () => Weights): unknown;
  /** Between epochs, if the settings say so. */
  onValidation?(record: ValidationRecord): void;
  /** Each epoch, after its validation. */
  onEpoch?(record: EpochRecord): void;
  /** A worker thread failed, and its step is done again. */
  onRecovery?(failure: { readonly step: number; readonly reason: string }): void;
  /** Stops the run after the chunk of steps at hand. */
  readonly signal?: AbortSignal;
  /** Steps of a chunk at most; default some that take 150 ms. With 1 the signal is heard after each step. */
  readonly stepsPerEvent?: number;
}

/** All of them, for those that are mistyped or another library's. */
const CALLBACKS: Checks<TrainCallbacks> = {
  onStart: callable,
  onStep: callable,
  onProgress: callable,
  onValidation: callable,
  onEpoch: callable,
  onRecovery: callable,
  signal: abortSignal,
  stepsPerEvent: wholeFrom(1),
};

/** The trained model, and how it came about. */
export interface TrainResult {
  readonly model: TrainedModel;
  readonly history: readonly EpochRecord[];
  readonly settings: ResolvedSettings;
  readonly numerics: Numerics;
  readonly seconds: number;
  /** Share of the time in training steps that reading data has cost, 0 … 1: they waited, or decoders took the workers' processors. */
  readonly waiting: number;
  /** True if the signal ended the run early. */
  readonly interrupted: boolean;
  /** Why `earlyStopping` ended the run. */
  readonly stopped?: string;
  /** Where the watched figure was best; the model has these weights if the setting `keepBest` is on. */
  readonly best?: Best;
}

/**
 * Trains `model` from fresh weights, or from those of the settings. The result is a function of model, data, seed and settings other
 * than `workers`.
 * @throws LanewiseError before work starts for settings, data or sizes that cannot be; kind 'engine' if a step
 * fails twice in a worker thread, or if the loss becomes NaN or infinite.
 */
export async function train(
  model: Model,
  settings: TrainSettings,
  callbacks: TrainCallbacks = {},
): Promise<TrainResult> {
  checkOptions('callbacks', callbacks, CALLBACKS);
  const resolved = resolveSettings(model, settings);
  const start = performance.now();
  const { signal, stepsPerEvent } = callbacks;
  const run = trainEvents(model, resolved, {
    ...(signal ? { signal } : {}),
    ...(stepsPerEvent === undefined ? {} : { stepsPerEvent }),
  });
  return resultOf(model, resolved, await drain(run, (event) => tell(callbacks, event)), start);
}

/** What a run has led to; `start` is when it began, by performance.now(). */
export function resultOf(
  model: Model,
  settings: ResolvedSettings,
  { weights, state, interrupted }: RunResult,
  start: number,
): TrainResult {
  const { terms, numerics, data } = settings;
  const { history, stopped, best } = state;
  return {
    model: createTrainedModel(model, terms, numerics, weights, describeData(data, terms)),
    history,
    settings,
    numerics,
    seconds: (performance.now() - start) / 1000,
    waiting: state.trainingMs > 0 ? state.waitingMs / state.trainingMs : 0,
    interrupted,
    ...(stopped === undefined ? {} : { stopped }),
    ...(best ? { best: { step: best.step, epoch: best.epoch, value: best.value } } : {}),
  };
}

/** Uses all events; what the run returns. */
async function drain<Event, Result>(
  run: AsyncGenerator<readonly Event[], Result, void>,
  use: (event: Event) => unknown,
): Promise<Result> {
  try {
    for (;;) {
      const { done, value } = await run.next();
      if (done) return value;
      for (const event of value) await use(event);
    }
  } catch (error) {
    // A callback threw: the run ends as if its reader had left.
    await run.return(undefined as never);
    throw error;
  }
}

function tell(callbacks: TrainCallbacks, event: TrainEvent): unknown {
  switch (event.kind) {
    case 'start':
      return callbacks.onStart?.(event.settings);
    case 'steps':
      event.records.forEach((record) => callbacks.onStep?.(record));
      return callbacks.onProgress?.(event.progress, event.weights);
    case 'validation':
      return callbacks.onValidation?.(event.record);
    case 'epoch':
      return callbacks.onEpoch?.(event.record);
    case 'recovery':
      return callbacks.onRecovery?.(event);
    case 'checkpoint':
      return undefined;
  }
}
