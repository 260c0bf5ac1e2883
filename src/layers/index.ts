/** The layers: PyTorch's names, in camel case. */
export { batchNorm1d, batchNorm2d, type BatchNormOptions } from './batch-norm.js';
export { block, chain, residual, type ResidualOptions } from './compose.js';
export { conv2d, type Conv2dOptions } from './conv2d.js';
export { add, flatten, relu, scaledTanh, sigmoid, tanh } from './elementwise.js';
export type { ModelGraph, ParameterSpec } from './graph.js';
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
export {
  groupNorm,
  instanceNorm2d,
  layerNorm,
  localResponseNorm,
  type LocalResponseNormOptions,
  type NormOptions,
} from './norm.js';
export {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  globalAvgPool1d,
  globalAvgPool2d,
  globalMaxPool1d,
  globalMaxPool2d,
  maxPool1d,
  maxPool2d,
  subsampling2d,
  type AvgPoolOptions,
  type PoolOptions,
} from './pool.js';
export { rbf } from './rbf.js';
export { rebuild } from './registry.js';
export { pixelShuffle, pixelUnshuffle, upsample2d, type Upsample2dOptions } from './resample.js';
export type { InputSettings, Wire } from './wire.js';
