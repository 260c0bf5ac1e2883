/** The losses: PyTorch's names, in camel case. */
export { crossEntropy, hinge, klDivergence, mapCriterion } from './classes.js';
export { gaussian, quantile } from './distributions.js';
export type { LossFunction, NamedTensors } from './function.js';
export { type Loss, type LossName } from './loss-kinds.js';
export { distillation, type DistillationOptions } from './distillation.js';
export { type LossSetting, type WeightedLoss } from './terms.js';
export * from './values.js';
