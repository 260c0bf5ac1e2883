/** Update rules, in order of increasing complexity. */
export { sgd, type SgdOptions } from './sgd.js';
export { momentum, type MomentumOptions } from './momentum.js';
export { adam, type AdamOptions } from './adam.js';
export type { Optimizer } from './optimizer.js';
export { schedules, type Schedule, type ScheduleName } from './schedule.js';
