/** The kernels: pointers and extents in, numbers out. They neither allocate nor remember. */
export { activation, activationGradient } from './activation';
export { adadelta, adagrad, lion, rmsprop } from './adaptive';
export { attentionProduct, attentionScores, attentionScoresGradient } from './attention';
export { addNoise, blend, cropPlanes, fillBox, flipPlanes, mixChannels, turnHue } from './augment';
export { maxAxis, maxAxisGradient, sumAxis } from './axis';
export { binary } from './binary';
export { ceiling, CEILING_MADDS } from './ceiling';
export { channelAffine, channelProducts } from './channel-affine';
export { conv2d, conv2dInputGradient, conv2dWeightGradient } from './conv2d';
export { dropout } from './dropout';
export {
  conv2dGrouped,
  conv2dGroupedInputGradient,
  conv2dGroupedWeightGradient,
} from './conv2d-grouped';
export { conv2dWinograd, conv2dWinogradWeightGradient } from './conv2d-winograd';
export {
  conv2dDepthwise,
  conv2dDepthwiseInputGradient,
  conv2dDepthwiseWeightGradient,
} from './depthwise';
export { elasticField } from './elastic';
export { embedding, embeddingGradient } from './embedding';
export { gatherIntegers, gatherSamples, gatherScaled } from './gather';
export { groupNorm, groupNormGradient, groupNormSums } from './group-norm';
export { gru, gruGradient, gruHiddenGradient } from './gru';
export { layerNorm, layerNormGradient, layerNormWeightGradient } from './layer-norm';
export { spellLoads } from './loads';
export { localResponseNorm, localResponseNormGradient } from './local-response-norm';
export {
  locallyConnected2d,
  locallyConnected2dInputGradient,
  locallyConnected2dWeightGradient,
} from './locally-connected';
export {
  agreeing,
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
export {
  distributionLosses,
  distributionLossesGradient,
  mapLosses,
  mapLossesGradient,
  marginLosses,
  marginLossesGradient,
} from './loss-classes';
export {
  cosineLosses,
  cosineLossesGradient,
  sameSide,
  toFloats,
  valueLosses,
  valueLossesGradient,
} from './loss-values';
export { lstm, lstmGradient } from './lstm';
export { batchMatmul, KC, matmul, MC, NC, SPILL_BYTES } from './matmul';
export { NR } from './microkernel';
export { batchNorm, batchNormGradient, batchNormSums, channelMoments, moveTowards } from './norm';
export { adam, momentum, nesterov, sgd } from './optimizer';
export { pad2d, pad2dGradient } from './pad';
export {
  addSigns,
  average,
  clipFactor,
  clipValues,
  lars,
  multiply,
  shrink,
  sumSquares,
} from './penalty';
export {
  averagePlanes,
  averagePlanesGradient,
  avgPool2d,
  avgPool2dGradient,
  maxPool2d,
  maxPool2dGradient,
} from './pool';
export {
  avgPoolWindows,
  avgPoolWindowsGradient,
  maxPoolWindows,
  maxPoolWindowsGradient,
} from './pool-windows';
export { multiplyAdd } from './probe';
export { randomNormal, randomUniform } from './random';
export { rbf, rbfCentresGradient, rbfInputGradient } from './rbf';
export { elman, elmanGradient } from './recurrent';
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
export { resizePlanes } from './resize';
export { SKINNY } from './skinny';
export { keepSteps } from './steps';
export { copyStrided } from './strided';
export { smooth, smoothGradient, unary, unaryGradient } from './unary';
export {
  upsampleBilinear,
  upsampleBilinearGradient,
  upsampleNearest,
  upsampleNearestGradient,
} from './upsample';
export { warp } from './warp';

/** First byte that is free of the module's own constants. */
export function heapBase(): usize {
  return __heap_base;
}
