/** The kernels: pointers and extents in, numbers out. They neither allocate nor remember. */
export { activation, activationGradient } from './activation';
export { maxAxis, maxAxisGradient, sumAxis } from './axis';
export { barrier } from './barrier';
export { binary } from './binary';
export { CEILING_MADDS, ceiling } from './ceiling';
export { conv2d, conv2dInputGradient, conv2dWeightGradient } from './conv2d';
export { conv2dWinograd, conv2dWinogradWeightGradient } from './conv2d-winograd';
export { dropout } from './dropout';
export { gatherLabels, gatherSamples } from './gather';
export {
  correct,
  crossEntropy,
  crossEntropyGradient,
  logSoftmax,
  logSoftmaxGradient,
  oneHot,
  softmax,
  softmaxGradient,
  squaredErrors,
  squaredErrorsGradient,
} from './loss';
export { KC, MC, NC, SPILL_BYTES, batchMatmul, matmul } from './matmul';
export { NR } from './microkernel';
export { batchNorm, batchNormGradient, batchNormSums, channelMoments, moveTowards } from './norm';
export { adam, momentum, sgd } from './optimizer';
export {
  averagePlanes,
  averagePlanesGradient,
  avgPool2d,
  avgPool2dGradient,
  maxPool2d,
  maxPool2dGradient,
} from './pool';
export { randomNormal, randomUniform } from './random';
export {
  add,
  addActivation,
  fill,
  scale,
  spread,
  sumChannels,
  sumRows,
  weightedSum,
} from './reduce';
export { SKINNY } from './skinny';
export { copyStrided } from './strided';
export { smooth, smoothGradient, unary, unaryGradient } from './unary';

/** First byte that is free of the module's own constants. */
export function heapBase(): usize {
  return __heap_base;
}
