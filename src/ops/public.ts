/** The ops for layers of one's own: those whose names and arguments users may rely on, by family. */
export {
  add,
  divide,
  maximum,
  minimum,
  multiply,
  subtract,
  abs,
  clamp,
  erf,
  exp,
  log,
  negate,
  power,
  scale,
  sqrt,
  square,
} from './index.js';
export {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  leakyRelu,
  logSoftmax,
  prelu,
  relu,
  scaledTanh,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  tanh,
} from './index.js';
export {
  concat,
  expand,
  flatten,
  pad,
  pad2d,
  permute,
  reshape,
  slice,
  split,
  stopGradient,
  transpose,
} from './index.js';
export { max, mean, min, sum } from './index.js';
export { attention, batchMatmul, embedding, linear, matmul, rbf } from './index.js';
export { conv1d, conv2d, convTranspose2d, locallyConnected2d } from './index.js';
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
  pixelShuffle,
  pixelUnshuffle,
  subsampling2d,
  upsample2d,
} from './index.js';
export { groupNorm, instanceNorm, layerNorm, localResponseNorm } from './index.js';
export { constant, dropout, literal, oneHot, pick, toFloats } from './index.js';
