/** The layers: PyTorch's names, in camel case. */
export { batchNorm2d, type BatchNormOptions } from './batch-norm.js';
export { block, chain, residual, type ResidualOptions } from './compose.js';
export { conv2d, type Conv2dOptions } from './conv2d.js';
export { add, flatten, relu, scaledTanh, sigmoid, tanh } from './elementwise.js';
export type { ModelGraph, ParameterSpec } from './graph.js';
export * as init from './init.js';
export type { Initializer } from './initializer.js';
export { defineLayer, type Layer, type Layers, type Mode, type Scope } from './layer.js';
export { linear } from './linear.js';
export {
  functional,
  input,
  parameterCount,
  sequential,
  type Architecture,
  type Model,
} from './model.js';
export type { LayerTree } from './net.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool.js';
export { rbf } from './rbf.js';
export { rebuild } from './registry.js';
export type { InputSettings, Wire } from './wire.js';
