/** The ops: functions from tensors to tensors. */
export { relu, scaledTanh, sigmoid, tanh } from './activation.js';
export { batchMatmul } from './batch-matmul.js';
export { add, divide, maximum, minimum, multiply, subtract } from './binary.js';
export { concat } from './concat.js';
export { constant } from './constant.js';
export { conv2d, type Algorithm, type Conv2dAttributes } from './conv2d.js';
export { dropout, DROPOUT_PURPOSE, type DropoutAttributes } from './dropout.js';
export { correct, crossEntropy, oneHot, sumOfSquaredErrors } from './loss.js';
export { linear, matmul } from './matmul.js';
export { batchNorm, channelMoments, normalize, valuesPerChannel } from './norm.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool2d.js';
export { expand, max, mean, sum, sumTo, type Axes } from './reduce.js';
export { flatten, reshape } from './reshape.js';
export { row, scale } from './scale.js';
export { pad, slice, split, type Range } from './slice.js';
export { logSoftmax, softmax } from './softmax.js';
export { stopGradient } from './stop-gradient.js';
export { sumChannels, sumRows, weightedSum } from './sum.js';
export { permute, transpose } from './transpose.js';
export {
  abs,
  clamp,
  elu,
  erf,
  exp,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  log,
  negate,
  power,
  prelu,
  selu,
  silu,
  softplus,
  sqrt,
  square,
  type Approximation,
} from './unary.js';
