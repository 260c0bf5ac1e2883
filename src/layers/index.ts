/** The layers, with PyTorch's names in camel case. */
export * as initializers from './initializers.js';
export {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSoftmax,
  prelu,
  scale,
  selu,
  silu,
  softmax,
  softplus,
  type HardTanhOptions,
  type PreluOptions,
} from './activations.js';
export { multiheadAttention, type AttentionOptions } from './attention.js';
export { batchNorm1d, batchNorm2d, type BatchNormOptions } from './batch-norm.js';
export { block, chain, residual, type ResidualOptions } from './compose.js';
export {
  conv1d,
  conv2d,
  convTranspose2d,
  depthwiseConv2d,
  type Conv2dOptions,
  type ConvOptions,
  type ConvTranspose2dOptions,
  type DepthwiseConv2dOptions,
} from './conv2d.js';
export {
  add,
  divide,
  flatten,
  maximum,
  multiply,
  relu,
  scaledTanh,
  sigmoid,
  subtract,
  tanh,
} from './elementwise.js';
export { embedding, positionEmbedding, type EmbeddingOptions } from './embedding.js';
export {
  piecewiseLinear,
  smoothClip,
  type PiecewiseLinearOptions,
  type SmoothClipOptions,
} from './encodings.js';
export { dropout, dropout2d, squeezeExcitation } from './gates.js';
export { type ModelGraph, type ParameterSpec } from './graph.js';
export { type Initializer } from './initializer.js';
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
export { type LayerTree } from './net.js';
export {
  groupNorm,
  instanceNorm2d,
  layerNorm,
  localResponseNorm,
  rmsNorm,
  type LocalResponseNormOptions,
  type NormOptions,
  type RmsNormOptions,
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
export { rbf, type RbfOptions } from './rbf.js';
export {
  gru,
  lstm,
  rnn,
  type GruOptions,
  type LstmOptions,
  type RecurrentOptions,
  type RnnOptions,
} from './recurrent.js';
export { max, mean, sum, type ReductionOptions } from './reductions.js';
export { rebuild, registerLayer } from './registry.js';
export { rescale, type RescaleOptions } from './rescale.js';
export { pixelShuffle, pixelUnshuffle, upsample2d, type Upsample2dOptions } from './resample.js';
export { concat, pad, permute, reshape, slice, stopGradient, transpose } from './shapes.js';
export { connectedConv2d, locallyConnected2d, pad2d } from './unshared.js';
export type { PerChannel } from '../graph/input-scale.js';
export { type InputSettings, type Wire } from './wire.js';
