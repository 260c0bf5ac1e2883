/** What a run knows besides its weights: plain data, which a checkpoint stores and a failure returns to. */
import type { Weights } from '../parallel/session.js';
import type { StepMetrics } from '../parallel/step-metrics.js';
import { countOf } from '../data/dataset.js';
import type { ResolvedSettings } from './settings.js';
import type { Best, EpochRecord, Progress } from './records.js';

/** Sums over an epoch so far. */
export interface Totals {
  readonly loss: number;
  /** Absent where the loss knows no right answers. */
  readonly hits?: number;
  readonly samples: number;
  /** Time spent in its training steps. */
  readonly ms: number;
}

export interface RunState {
  /** Steps done. */
  readonly step: number;
  /** Over the epoch at hand. */
  readonly totals: Totals;
  readonly history: readonly EpochRecord[];
  /** A step's weights have gone into the average. */
  readonly isAveraging: boolean;
  readonly best?: Best & { readonly weights?: Weights };
  /** Validations since the best. */
  readonly misses: number;
  /** Why the run ended before its last epoch. */
  readonly stopped?: string;
  /** Time spent in training steps, of this run and those it resumed, and of it, what reading data has cost. */
  readonly trainingMs: number;
  readonly waitingMs: number;
}

const NOTHING: Totals = { loss: 0, samples: 0, ms: 0 };

export const initialState: RunState = {
  step: 0,
  totals: NOTHING,
  history: [],
  isAveraging: false,
  misses: 0,
  trainingMs: 0,
  waitingMs: 0,
};

export const accuracyOf = ({ hits, samples }: Totals): { readonly accuracy?: number } =>
  hits === undefined ? {} : { accuracy: hits / samples };

/** The totals with one more step, which is the first of its epoch if they are empty. */
export function addStep(totals: Totals, { loss, hits, samples }: StepMetrics): Totals {
  return {
    loss: totals.loss + loss * samples,
    ...(hits === undefined ? {} : { hits: (totals.hits ?? 0) + hits }),
    samples: totals.samples + samples,
    ms: totals.ms,
  };
}

/** How many samples and steps a run has. */
export interface RunSize {
  readonly epochs: number;
  /** Of an epoch. */
  readonly samples: number;
  readonly stepsPerEpoch: number;
  /** Of the run. */
  readonly steps: number;
}

export function runSize({ data, batch, epochs }: ResolvedSettings): RunSize {
  const samples = countOf(data);
  const stepsPerEpoch = Math.ceil(samples / batch);
  return { epochs, samples, stepsPerEpoch, steps: epochs * stepsPerEpoch };
}

/** The epoch, from 1, that the next step is of. */
export const epochAt = (step: number, { stepsPerEpoch }: RunSize): number =>
  Math.floor(step / stepsPerEpoch) + 1;

export function progressOf(state: RunState, size: RunSize): Progress {
  const { totals, trainingMs, waitingMs, history } = state;
  const { epochs, samples } = size;
  const done = history.length * samples + totals.samples;
  return {
    epoch: Math.min(history.length + 1, epochs),
    epochs,
    samplesDone: totals.samples,
    samples,
    loss: totals.loss / totals.samples,
    ...accuracyOf(totals),
    imagesPerSecond: (done / trainingMs) * 1000,
    waiting: trainingMs > 0 ? waitingMs / trainingMs : 0,
    secondsLeft: ((epochs * samples - done) * trainingMs) / done / 1000,
  };
}

/** The state with its epoch closed: the record goes into the history, and the totals begin anew. */
export const closeEpoch = (state: RunState, record: EpochRecord): RunState => ({
  ...state,
  totals: NOTHING,
  history: [...state.history, record],
});
