/** Update rules, in order of increasing complexity, and what goes with them. */
export { sgd, type SgdOptions } from './sgd.js';
export { momentum, type MomentumOptions } from './momentum.js';
export { adagrad, type AdagradOptions } from './adagrad.js';
export { rmsprop, type RmspropOptions } from './rmsprop.js';
export { adadelta, type AdadeltaOptions } from './adadelta.js';
export { adam, adamW, type AdamOptions } from './adam.js';
export { lion, type LionOptions } from './lion.js';
export { lars, type LarsOptions } from './lars.js';
export {
  ema,
  swa,
  type Average,
  type AverageCounts,
  type EmaOptions,
  type SwaOptions,
} from './average.js';
export { averageFor, optimizerFor, type AverageName, type OptimizerName } from './named.js';
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
