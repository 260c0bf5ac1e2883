/** The layers: PyTorch's names, in camel case. */
export { conv2d, type Conv2dOptions } from './conv2d.js';
export { flatten, relu, scaledTanh, sigmoid, tanh } from './elementwise.js';
export type { Layer } from './layer.js';
export { linear } from './linear.js';
export { avgPool2d, maxPool2d } from './pool.js';
export {
  parameterCount,
  rebuild,
  sequential,
  type Architecture,
  type Model,
  type ModelGraph,
  type ParameterSpec,
} from './sequential.js';
