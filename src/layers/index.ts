/** The layers: PyTorch's names, in camel case. */
export { batchNorm2d, type BatchNormOptions } from './batch-norm.js';
export { chain, residual, type ResidualOptions } from './chain.js';
export { conv2d, type Conv2dOptions } from './conv2d.js';
export { flatten, relu, scaledTanh, sigmoid, tanh } from './elementwise.js';
export * as init from './init.js';
export { drawingFor, type Initializer } from './initializer.js';
export type { Layer, Layers, Mode } from './layer.js';
export { linear } from './linear.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool.js';
export {
  parameterCount,
  rebuild,
  sequential,
  type Architecture,
  type Model,
  type ModelGraph,
  type ParameterSpec,
} from './sequential.js';
