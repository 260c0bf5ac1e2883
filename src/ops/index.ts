/** The ops: functions from tensors to tensors. Those for users are in checked.ts. */
export { cumsum, logsumexp, prod, type CumsumOptions } from './accumulate.js';
export { relu, scaledTanh, sigmoid, tanh } from './activation.js';
export { adaptiveAvgPool2d, adaptiveMaxPool2d, globalMaxPool2d } from './adaptive-pool2d.js';
export { attention, type AttentionAttributes } from './attention.js';
export { batchMatmul } from './batch-matmul.js';
export { add, divide, maximum, minimum, multiply, subtract } from './binary.js';
export {
  equal,
  greater,
  greaterOrEqual,
  isInfinite,
  isNaN,
  less,
  lessOrEqual,
  notEqual,
  sign,
  where,
} from './comparisons.js';
export {
  celu,
  mish,
  slopedHardSigmoid,
  softsign,
  thresholdedRelu,
} from './composed-activations.js';
export { concat } from './concat.js';
export { expandConnections, type ConnectionTable } from './connections.js';
export { constant } from './constant.js';
export { convTranspose2d, type ConvTranspose2dAttributes } from './conv-transpose2d.js';
export { conv1d, type Conv1dAttributes } from './conv1d.js';
export { undividedBy } from './conv2d-extents.js';
export { conv2d, type Algorithm, type Conv2dAttributes } from './conv2d.js';
export { dropout, DROPOUT_PURPOSE, type DropoutAttributes } from './dropout.js';
export { einsum } from './einsum.js';
export { embedding } from './embedding.js';
export { fakeQuantize, fakeQuantizeChannels, type QuantizedRange } from './fake-quantize.js';
export { groupNorm, instanceNorm } from './group-norm.js';
export { layerNorm } from './layer-norm.js';
export { literal } from './literal.js';
export { localResponseNorm, type ResponseAttributes } from './local-response-norm.js';
export {
  locallyConnected2d,
  places,
  type LocallyConnected2dAttributes,
} from './locally-connected2d.js';
export { distributionCrossEntropy, divergence, mapLosses, margins } from './loss-classes.js';
export {
  absoluteErrors,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  binaryHinges,
  cosineDistances,
  huberErrors,
  sameSide,
} from './loss-values.js';
export {
  agreeing,
  correct,
  crossEntropy,
  oneHot,
  pick,
  sumOfSquaredErrors,
  toFloats,
} from './loss.js';
export { linear, matmul } from './matmul.js';
export { batchNorm, channelMoments, normalize, valuesPerChannel } from './norm.js';
export { pad2d, type PaddingMode, type Sides } from './pad2d.js';
export { pixelShuffle, pixelUnshuffle } from './pixel-shuffle.js';
export { avgPool1d, globalAvgPool1d, globalMaxPool1d, maxPool1d } from './pool1d.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool2d.js';
export { fmod, pow, remainder } from './powers.js';
export { rbf } from './rbf.js';
export { gatesOf, type Cell } from './recurrence.js';
export {
  checkSequence,
  lastState,
  recurrent,
  RECURRENT_ACTIVATIONS,
  recurrentStates,
  type RecurrentActivation,
  type RecurrentRun,
  type RecurrentWeights,
} from './recurrent.js';
export { expand, max, mean, min, sum, sumTo, type Axes } from './reduce.js';
export { flatten, reshape } from './reshape.js';
export { resize, type ResizeOptions } from './resample.js';
export { rmsNorm } from './rms-norm.js';
export { ceil, floor, round, trunc } from './rounding.js';
export { row, scale } from './scale.js';
export { pad, slice, split, type Range } from './slice.js';
export { flip, steppedSlice, type SteppedRange } from './slice-steps.js';
export { logSoftmax, softmax } from './softmax.js';
export { checkLengths, lastSteps, meanOfSteps, ownSteps } from './steps.js';
export { stopGradient } from './stop-gradient.js';
export { channelAffine, subsampling2d } from './subsample.js';
export { sumChannels, sumRows, weightedSum } from './sum.js';
export { gather, gatherNd, scatter, scatterNd, takeAlong, type ScatterOptions } from './take.js';
export { argMax, argMin, topK, type ArgOptions, type TopKOptions } from './top.js';
export { permute, transpose } from './transpose.js';
export {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  cos,
  cosh,
  sin,
  sinh,
  tan,
} from './trigonometry.js';
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
  reciprocal,
  selu,
  silu,
  softplus,
  sqrt,
  square,
  type Approximation,
} from './unary.js';
export {
  avgPool3d,
  conv3d,
  maxPool3d,
  type AvgPool3dAttributes,
  type Conv3dAttributes,
  type Pool3dAttributes,
} from './volumes.js';
export { upsample2d, type UpsampleOptions } from './upsample.js';
