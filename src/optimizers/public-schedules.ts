/** The schedules with settings, as `schedule.cosine()`. */
export {
  cosine,
  exponential,
  oneCycle,
  polynomial,
  reduceOnPlateau,
  step,
  warmup,
  type CosineOptions,
  type ExponentialOptions,
  type OneCycleOptions,
  type PlateauOptions,
  type StepOptions,
} from './schedules.js';
