/** A run's state besides its weights: plain data, which a checkpoint stores and a failure returns to. */
import type { Weights } from '../crew/session.js';
import type { StepMetrics } from '../step/step-metrics.js';
import type { ResolvedSettings } from './settings.js';
import type { Best, EpochRecord } from './history.js';

/** Sums over the current epoch. */
export interface Totals {
  readonly loss: number;
  /** Right answers; absent where the loss knows none. */
  readonly hits?: number;
  /** The number of answers that hits are counted among; absent: the number of samples. */
  readonly answers?: number;
  readonly samples: number;
  /** Samples of minibatches in which nothing counts, left out of the mean loss; absent if there are none. */
  readonly voids?: number;
  /** Time spent in the epoch's training steps. */
  readonly ms: number;
}

/** Steps up to `until` (of the run) of another size, from before a resume. */
export interface Stretch extends Pick<RunState, 'shift'> {
  readonly until: number;
  readonly stepsPerEpoch: number;
}

/**
 * Updates are counted apart from the place in the data. `step` counts updates, however large their minibatches, and never
 * goes back; the run's place is `step − shift`, the steps that it would have taken with its present minibatches.
 */
export interface RunState {
  /** Updates done. */
  readonly step: number;
  /** 0 unless the run was resumed with minibatches or data of another size. */
  readonly shift: number;
  /** The run's earlier parts, for what began in them; empty unless the run was resumed with another size. */
  readonly stretches: readonly Stretch[];
  /** The update before which the optimizer's arrays were zeros: 0 unless the run was resumed with another optimizer. */
  readonly optimizerFrom: number;
  /** Where a schedule that looks back begins to, and its factor there: another schedule may have come before. */
  readonly scheduleFrom: { readonly epochs: number; readonly factor: number };
  /** Sums over the current epoch. */
  readonly totals: Totals;
  readonly history: readonly EpochRecord[];
  /** Whether a step's weights have gone into the average, and how many steps' have. */
  readonly isAveraging: boolean;
  readonly averaged: number;
  readonly best?: Best & { readonly weights?: Weights };
  /** Validations since the best. */
  readonly misses: number;
  /** Why the run ended before its last epoch. */
  readonly stopped?: string;
  /** Time spent in training steps by this run and those it resumed, and the part of it that reading data cost. */
  readonly trainingMs: number;
  readonly waitingMs: number;
}

const NOTHING: Totals = { loss: 0, samples: 0, ms: 0 };

export const initialState: RunState = {
  step: 0,
  shift: 0,
  stretches: [],
  optimizerFrom: 0,
  scheduleFrom: { epochs: 0, factor: 1 },
  totals: NOTHING,
  history: [],
  isAveraging: false,
  averaged: 0,
  misses: 0,
  trainingMs: 0,
  waitingMs: 0,
};

export const accuracyOf = ({
  hits,
  samples,
  answers = samples,
}: Pick<Totals, 'hits' | 'answers' | 'samples'>): { readonly accuracy?: number } =>
  hits === undefined || answers === 0 ? {} : { accuracy: hits / answers };

/** Mean over the minibatches in which something counts; 0 if there are none. */
export const meanLossOf = ({ loss, samples, voids = 0 }: Totals): number =>
  voids === samples ? 0 : loss / (samples - voids);

/** The totals with one more step, the first of its epoch if they are empty. */
export function addStep(
  totals: Totals,
  { loss, hits, answers, samples, isVoid }: StepMetrics,
): Totals {
  const voids = (totals.voids ?? 0) + (isVoid ? samples : 0);
  return {
    loss: totals.loss + loss * samples,
    ...(hits === undefined ? {} : { hits: (totals.hits ?? 0) + hits }),
    ...(answers === undefined ? {} : { answers: (totals.answers ?? 0) + answers }),
    samples: totals.samples + samples,
    ...(voids > 0 ? { voids } : {}),
    ms: totals.ms,
  };
}

/** The numbers of samples and steps of a run. */
export interface RunSize {
  readonly epochs: number;
  /** Samples per epoch. */
  readonly samples: number;
  readonly stepsPerEpoch: number;
  /** Steps of the run. */
  readonly steps: number;
}

export function runSize({ epochSamples: samples, batch, epochs }: ResolvedSettings): RunSize {
  const stepsPerEpoch = Math.ceil(samples / batch);
  return { epochs, samples, stepsPerEpoch, steps: epochs * stepsPerEpoch };
}

/** The epoch (from 1) of the step after this many, and how many of its steps precede it. */
export function placeAt(
  { shift }: RunState,
  { stepsPerEpoch }: RunSize,
  step: number,
): { readonly epoch: number; readonly done: number } {
  const place = step - shift;
  return { epoch: Math.floor(place / stepsPerEpoch) + 1, done: place % stepsPerEpoch };
}

/** The place, in steps of the present size and perhaps between two, where the run was after `update` of its updates. */
export function placeOf(
  { shift, stretches }: RunState,
  { stepsPerEpoch }: RunSize,
  update: number,
): number {
  const earlier = stretches.find(({ until }) => update <= until);
  return earlier
    ? ((update - earlier.shift) / earlier.stepsPerEpoch) * stepsPerEpoch
    : update - shift;
}

/** The state with its epoch closed: the record goes into the history, and the totals start from zero. */
export const closeEpoch = (state: RunState, record: EpochRecord): RunState => ({
  ...state,
  totals: NOTHING,
  history: [...state.history, record],
});
