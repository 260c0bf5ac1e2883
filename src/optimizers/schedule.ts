/**
 * Learning-rate schedules: factors on the learning rate at each step of a run. Their arithmetic is exact
 * (src/base/arithmetic.ts), with the same bits on every engine. Two have no settings; schedules.ts makes the others.
 */
/**
 * The place of a step in a run. `step` is the place in the data: where a resume changed the minibatches, it is the
 * steps that the run would have taken with its present ones, so that a share of the run or of an epoch goes on
 * unchanged.
 */
export interface StepPlace {
  /** From 0. */
  readonly step: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** The finished epochs, or those since the schedule began, if a resume brought it. */
  readonly history: readonly EpochMetrics[];
  /** Number of updates, however large their minibatches; default `step`. */
  readonly updates?: number;
  /** The run's place after this many updates; default their number. */
  placeOf?(updates: number): number;
  /** The factor that a schedule which looks back had reached before `history`; default 1. */
  readonly carried?: number;
}

/** An epoch's figures; `val…` are absent without validation data, accuracies where the loss knows no right answers. */
export interface EpochMetrics {
  readonly loss: number;
  readonly accuracy?: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
}

/** A learning rate's changes over a run, made by the functions of `schedule`. */
export interface Schedule {
  readonly kind: string;
  /** The schedule's options, in printable form. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The figure of the epochs that it depends on, `validation` for the validation loss if there is one; absent where it
   * depends on the place in the run alone.
   */
  readonly follows?: keyof EpochMetrics | 'validation';
  /** The factor on the learning rate at a step. */
  factor(at: StepPlace): number;
}

export const schedules = {
  /** Always 1. */
  constant: () => 1,
  /** From 1 at the first step down to 1/steps at the last. */
  linear: (step, steps) => (steps - step) / steps,
} as const satisfies Record<string, (step: number, steps: number) => number>;

/** Schedules without settings, by name. */
export type PlainSchedule = keyof typeof schedules;

/** The factor of a schedule, or of one given by name. */
export const factorOf = (schedule: PlainSchedule | Schedule, at: StepPlace): number =>
  typeof schedule === 'string' ? schedules[schedule](at.step, at.steps) : schedule.factor(at);
