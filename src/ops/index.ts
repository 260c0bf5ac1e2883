/** The ops: functions from tensors to tensors. */
export { relu, scaledTanh, sigmoid, tanh } from './activation.js';
export { add } from './add.js';
export { constant } from './constant.js';
export { conv2d, type Algorithm, type Conv2dAttributes } from './conv2d.js';
export { agreeing, correct, crossEntropy, oneHot, sumOfSquaredErrors, toFloats } from './loss.js';
export {
  classesLast,
  distributionCrossEntropy,
  divergence,
  literal,
  mapLosses,
  margins,
  weightTargets,
} from './loss-classes.js';
export {
  absoluteErrors,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  binaryHinges,
  cosineDistances,
  huberErrors,
  sameSide,
} from './loss-values.js';
export { linear, matmul } from './matmul.js';
export { batchNorm, channelMoments, normalize, valuesPerChannel } from './norm.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool2d.js';
export { rbf } from './rbf.js';
export { reshape } from './reshape.js';
export { row, scale } from './scale.js';
export { softmax } from './softmax.js';
export { sumChannels, sumRows, weightedSum } from './sum.js';
