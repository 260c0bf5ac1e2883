/** Learning-rate schedules: the factor on the learning rate at a step of a run, from exact arithmetic. */

export type Schedule = (step: number, steps: number) => number;

export const schedules = {
  /** 1 throughout. */
  constant: () => 1,
  /** From 1 at the first step down to 1/steps at the last. */
  linear: (step, steps) => (steps - step) / steps,
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof schedules;
