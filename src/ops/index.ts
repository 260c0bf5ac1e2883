/** The ops: functions from tensors to tensors. */
export { relu, scaledTanh, sigmoid, tanh } from './activation.js';
export { add } from './add.js';
export { attention, type AttentionAttributes } from './attention.js';
export { constant } from './constant.js';
export { conv2d, type Algorithm, type Conv2dAttributes } from './conv2d.js';
export { embedding } from './embedding.js';
export { correct, crossEntropy, oneHot, sumOfSquaredErrors } from './loss.js';
export { linear, matmul } from './matmul.js';
export { batchNorm, channelMoments, normalize, valuesPerChannel } from './norm.js';
export { avgPool2d, globalAvgPool2d, maxPool2d } from './pool2d.js';
export { lastState, recurrent, type Cell, type RecurrentWeights } from './recurrent.js';
export { reshape } from './reshape.js';
export { row, scale } from './scale.js';
export { softmax } from './softmax.js';
export { place, take } from './span.js';
export { sumChannels, sumRows, weightedSum } from './sum.js';
