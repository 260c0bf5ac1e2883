/** What a run knows besides its weights: plain data, which a checkpoint stores and a failure returns to. */
import type { Weights } from '../crew/session.js';
import type { StepMetrics } from '../step/step-metrics.js';
import type { ResolvedSettings } from './settings.js';
import type { Best, EpochRecord } from './history.js';

/** Sums over an epoch so far. */
export interface Totals {
  readonly loss: number;
  /** Absent where the loss knows no right answers. */
  readonly hits?: number;
  /** What the hits are of; absent: the samples. */
  readonly answers?: number;
  readonly samples: number;
  /** Samples of minibatches of which nothing counts, which have no part in the mean loss; absent if there are none. */
  readonly voids?: number;
  /** Time spent in its training steps. */
  readonly ms: number;
}

/** Steps up to `until` (of the run) that were of another size: a resume began others. */
export interface Stretch extends Pick<RunState, 'shift'> {
  readonly until: number;
  readonly stepsPerEpoch: number;
}

/**
 * Updates are counted apart from the place in the data: `step` counts updates, whatever their minibatches were, and
 * never goes back; the run's place is `step − shift`, the steps that it would have taken had all its minibatches been as they are now.
 */
export interface RunState {
  /** Updates done. */
  readonly step: number;
  /** 0 unless the run was resumed with minibatches or data of another size. */
  readonly shift: number;
  /** The parts of the run before the present one, for what began in them; empty unless there was such a resume. */
  readonly stretches: readonly Stretch[];
  /** The update before which the optimizer's arrays began with zeros: 0 unless the run was resumed with another optimizer. */
  readonly optimizerFrom: number;
  /** Where a schedule that looks back begins to, and the factor it begins with: another may have come before. */
  readonly scheduleFrom: { readonly epochs: number; readonly factor: number };
  /** Over the epoch at hand. */
  readonly totals: Totals;
  readonly history: readonly EpochRecord[];
  /** A step's weights have gone into the average; and how many steps' have. */
  readonly isAveraging: boolean;
  readonly averaged: number;
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

/** The mean over the minibatches of which something counts; 0 if there is none. */
export const meanLossOf = ({ loss, samples, voids = 0 }: Totals): number =>
  voids === samples ? 0 : loss / (samples - voids);

/** The totals with one more step, which is the first of its epoch if they are empty. */
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

/** How many samples and steps a run has. */
export interface RunSize {
  readonly epochs: number;
  /** Of an epoch. */
  readonly samples: number;
  readonly stepsPerEpoch: number;
  /** Of the run. */
  readonly steps: number;
}

export function runSize({ epochSamples: samples, batch, epochs }: ResolvedSettings): RunSize {
  const stepsPerEpoch = Math.ceil(samples / batch);
  return { epochs, samples, stepsPerEpoch, steps: epochs * stepsPerEpoch };
}

/** The epoch, from 1, that the step after so many is of, and how many of its steps are done by then. */
export function placeAt(
  { shift }: RunState,
  { stepsPerEpoch }: RunSize,
  step: number,
): { readonly epoch: number; readonly done: number } {
  const place = step - shift;
  return { epoch: Math.floor(place / stepsPerEpoch) + 1, done: place % stepsPerEpoch };
}

/** The place in steps of the present size, perhaps between two, at which the run was after `update` of its updates. */
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

/** The state with its epoch closed: the record goes into the history, and the totals begin anew. */
export const closeEpoch = (state: RunState, record: EpochRecord): RunState => ({
  ...state,
  totals: NOTHING,
  history: [...state.history, record],
});
