/** The ops for layers of one's own: those whose names and arguments users may rely on. */
export { relu, scaledTanh, sigmoid, tanh } from './activation.js';
export { adaptiveAvgPool2d, adaptiveMaxPool2d, globalMaxPool2d } from './adaptive-pool2d.js';
export { attention } from './attention.js';
export { batchMatmul } from './batch-matmul.js';
export { add, divide, maximum, minimum, multiply, subtract } from './binary.js';
export { concat } from './concat.js';
export { constant } from './constant.js';
export { convTranspose2d } from './conv-transpose2d.js';
export { conv1d } from './conv1d.js';
export { conv2d } from './conv2d.js';
export { dropout } from './dropout.js';
export { embedding } from './embedding.js';
export { groupNorm, instanceNorm } from './group-norm.js';
export { layerNorm } from './layer-norm.js';
export { literal } from './literal.js';
export { localResponseNorm } from './local-response-norm.js';
export { locallyConnected2d } from './locally-connected2d.js';
export { oneHot, pick, toFloats } from './loss.js';
export { linear, matmul } from './matmul.js';
export { pad2d } from './pad2d.js';
export { pixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
export { avgPool1d, globalAvgPool1d, globalMaxPool1d, maxPool1d } from './pool1d.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool2d.js';
export { rbf } from './rbf.js';
export { expand, max, mean, min, sum } from './reduce.js';
export { flatten, reshape } from './reshape.js';
export { scale } from './scale.js';
export { pad, slice, split } from './slice.js';
export { logSoftmax, softmax } from './softmax.js';
export { stopGradient } from './stop-gradient.js';
export { subsampling2d } from './subsample.js';
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
} from './unary.js';
export { upsample2d } from './upsample.js';
