/** Everything public of the update rules, their schedules and averages. */
export * from './rules.js';
export {
  ema,
  swa,
  type Average,
  type AverageCounts,
  type EmaOptions,
  type SwaOptions,
} from './average.js';
export {
  averageFor,
  optimizerFor,
  usualRates,
  type AverageName,
  type OptimizerName,
} from './named.js';
export { ratesOfStep, type Optimizer, type ParameterGroup } from './optimizer.js';
export type { Pattern } from './names.js';
export {
  factorOf,
  type EpochMetrics,
  type PlainSchedule,
  type Schedule,
  type StepPlace,
} from './schedule.js';
export { scheduleFor, type ScheduleName } from './schedules.js';
export * as schedule from './public-schedules.js';
