/** The ops: functions from tensors to tensors. Those that are not public follow. */
export * from './public.js';
export { type AttentionAttributes } from './attention.js';
export { expandConnections, type ConnectionTable } from './connections.js';
export { type ConvTranspose2dAttributes } from './conv-transpose2d.js';
export { type Conv1dAttributes } from './conv1d.js';
export { undividedBy } from './conv2d-extents.js';
export { type Algorithm, type Conv2dAttributes } from './conv2d.js';
export { DROPOUT_PURPOSE, type DropoutAttributes } from './dropout.js';
export { type ResponseAttributes } from './local-response-norm.js';
export { places, type LocallyConnected2dAttributes } from './locally-connected2d.js';
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
export { agreeing, correct, crossEntropy, sumOfSquaredErrors } from './loss.js';
export { batchNorm, channelMoments, normalize, valuesPerChannel } from './norm.js';
export { type PaddingMode, type Sides } from './pad2d.js';
export {
  checkSequence,
  gatesOf,
  lastState,
  recurrent,
  type Cell,
  type RecurrentWeights,
} from './recurrent.js';
export { sumTo, type Axes } from './reduce.js';
export { row } from './scale.js';
export { type Range } from './slice.js';
export { checkLengths, lastSteps, meanOfSteps, ownSteps } from './steps.js';
export { channelAffine } from './subsample.js';
export { sumChannels, sumRows, weightedSum } from './sum.js';
export { type Approximation } from './unary.js';
export { type UpsampleOptions } from './upsample.js';
