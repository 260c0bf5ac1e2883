/**
 * Learning-rate schedules: the factor on the learning rate at a step of a run, from exact arithmetic
 * (src/base/arithmetic.ts): the same bits on every engine. Two take no settings; schedules.ts makes the others.
 */
/**
 * Where in a run a step is. `step` is the place in the data: where a resume changed the minibatches, the steps that the
 * run would have taken had all been as they are now. So a share of the run or of an epoch goes on from what it was.
 */
export interface StepPlace {
  /** From 0. */
  readonly step: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** The finished epochs; those since the schedule began, if a resume brought it. */
  readonly history: readonly EpochMetrics[];
  /** Updates done, whatever their minibatches were; default `step`. */
  readonly updates?: number;
  /** The place at which the run was after so many updates; default their number. */
  placeOf?(updates: number): number;
  /** What a schedule that looks back had reached before `history`; default 1. */
  readonly carried?: number;
}

/** What an epoch ended with; `val…` are absent without validation data, accuracies where the loss knows no right answers. */
export interface EpochMetrics {
  readonly loss: number;
  readonly accuracy?: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
}

/** How the learning rate changes over a run: made by the functions of `schedule`. */
export interface Schedule {
  readonly kind: string;
  /** What it was made with, as it can be printed. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The figure of the epochs that it goes by, `validation` for the loss of validation data if there are any; absent where it
   * goes by the place in the run alone.
   */
  readonly follows?: keyof EpochMetrics | 'validation';
  /** What the learning rate is multiplied by at a step. */
  factor(at: StepPlace): number;
}

export const schedules = {
  /** 1 throughout. */
  constant: () => 1,
  /** From 1 at the first step down to 1/steps at the last. */
  linear: (step, steps) => (steps - step) / steps,
} as const satisfies Record<string, (step: number, steps: number) => number>;

/** Schedules that take no settings, by name. */
export type PlainSchedule = keyof typeof schedules;

/** The factor of a schedule or of one with a name. */
export const factorOf = (schedule: PlainSchedule | Schedule, at: StepPlace): number =>
  typeof schedule === 'string' ? schedules[schedule](at.step, at.steps) : schedule.factor(at);
