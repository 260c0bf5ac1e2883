/**
 * Learning-rate schedules: the factor on the learning rate at a step of a run, from exact arithmetic
 * (src/arithmetic.ts): the same bits on every engine. Two take no settings; schedules.ts makes the others.
 */
/** Where in a run a step is. */
export interface StepPlace {
  /** From 0. */
  readonly step: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** The finished epochs. */
  readonly history: readonly EpochMetrics[];
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
