/** The result of a run. */
import type { Numerics } from '../engine/features.js';
import type { Model } from '../layers/index.js';
import type { Weights } from '../crew/session.js';
import { describeData } from '../trained/data-description.js';
import type { Best, EpochRecord } from './history.js';
import type { RunState } from './run-state.js';
import type { ResolvedSettings } from './settings.js';
import { createTrainedModel, type TrainedModel } from '../trained/trained-model.js';

/** The trained model, and how it came about. */
export interface TrainResult {
  readonly model: TrainedModel;
  readonly history: readonly EpochRecord[];
  readonly settings: ResolvedSettings;
  readonly numerics: Numerics;
  readonly seconds: number;
  /** Share of the time in steps that reading data cost, 0 … 1: training waited, or decoders took the workers' processors. */
  readonly waiting: number;
  /** Whether the signal stopped the run early. */
  readonly interrupted: boolean;
  /** Why `earlyStopping` stopped the run. */
  readonly stopped?: string;
  /** Where the watched figure was best; the model has these weights if the setting `keepBest` is on. */
  readonly best?: Best;
}

/** The result of a run's steps. */
export interface LoopResult {
  /** The run's last weights, their average, or its best. */
  readonly weights: Weights;
  readonly state: RunState;
  readonly interrupted: boolean;
}

/** The run's result; `start` is when it began, by performance.now(). */
export function resultOf(
  model: Model,
  settings: ResolvedSettings,
  { weights, state, interrupted }: LoopResult,
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
