/** The kernels that programs of scores call: a build of its own, a fraction of the whole (see index.ts). */
export { activation } from './activation';
export { attentionProduct, attentionScores } from './attention';
export { maxAxis, sumAxis } from './axis';
export { binary } from './binary';
export { channelAffine } from './channel-affine';
export { conv2d, conv2dInputGradient } from './conv2d';
export { conv2dGrouped, conv2dGroupedInputGradient } from './conv2d-grouped';
export { conv2dWinograd } from './conv2d-winograd';
export { conv2dDepthwise, conv2dDepthwiseInputGradient } from './depthwise';
export { embedding } from './embedding';
export { groupNorm } from './group-norm';
export { gru } from './gru';
export { layerNorm } from './layer-norm';
export { spellLoads } from './loads';
export { localResponseNorm } from './local-response-norm';
export { locallyConnected2d } from './locally-connected';
export { logSoftmax, softmax } from './loss';
export { lstm } from './lstm';
export { batchMatmul, matmul } from './matmul';
export { batchNorm, channelMoments } from './norm';
export { pad2d } from './pad';
export { averagePlanes, avgPool2d, maxPool2d } from './pool';
export { avgPoolWindows, maxPoolWindows } from './pool-windows';
export { rbf } from './rbf';
export { elman } from './recurrent';
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
export { keepSteps } from './steps';
export { copyStrided } from './strided';
export { smooth, unary } from './unary';
export { upsampleBilinear, upsampleNearest } from './upsample';

/** First byte that is free of the module's own constants. */
export function heapBase(): usize {
  return __heap_base;
}
