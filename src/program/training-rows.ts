/** The rows of the kernels that only training calls. Their notation is explained in kernel-table.ts. */
import {
  along,
  convolution,
  depthwise,
  padding,
  pooling,
  recurrence,
  resampling,
  response,
  unshared,
  windows,
  winograd,
} from './inference-rows.js';

/** Update rules and related kernels. */
const updates = {
  adadelta: 'p&count g=count s&count u&count count%4 rates=1 rho~ oneMinusRho~ epsilon~ decay~',
  adagrad: 'p&count g=count s&count count%4 rates=1 initial~ epsilon~ decay~',
  adam: 'p&count g=count m&count v&count count%4 rates=2 beta1~ oneMinusBeta1~ beta2~ oneMinusBeta2~ epsilon~ decay~',
  adamax:
    'p&count g=count m&count u&count count%4 rates=1 beta1~ oneMinusBeta1~ beta2~ epsilon~ decay~',
  addSigns: 'p=count g&count count%4 weight~',
  average: 'r&count x=count count%4 share=1',
  clipFactor: 'sums=2.blocks blocks most~ factor>1',
  clipValues: 'x&count count%4 most~',
  digest: 'x=count count line keys=1024 sums&4',
  lars: 'p&count g=count v&count count%4 rates=1 weightSums=2.blocks gradientSums=2.blocks blocks momentum~ decay~ trust~',
  lion: 'p&count g=count m&count count%4 rates=1 beta1~ oneMinusBeta1~ beta2~ oneMinusBeta2~',
  momentum: 'p&count g=count v&count count%4 rates=1 beta~ share~ decay~',
  moveTowards: 'r&count g=count count%4 momentum~',
  multiply: 'x&count count%4 factor=1',
  nesterov: 'p&count g=count v&count count%4 rates=1 beta~ share~ decay~',
  rmsprop:
    'p&count g=count s&count m?&count v?&count count%4 rates=1 alpha~ oneMinusAlpha~ epsilon~ momentum~ decay~',
  sgd: 'p&count g=count count%4 rates=1 decay~',
  shrink: 'p&count count%4 rate=1 decay~',
  sumSquares: 'x=count count block y>2.count/block',
} as const;

/** Losses, and figures of classes. */
const losses = {
  agreeing: 'n C x=n.C t=n.C y>n',
  correct: 'n C x=n.C labels=n y>n',
  cosineLosses: 'n C y=n.C t=n.C loss>n',
  cosineLossesGradient: 'n C y=n.C t=n.C dloss=n dy>n.C',
  crossEntropy: 'n C x=n.C labels=n loss>n workspace',
  crossEntropyGradient: 'n C x=n.C labels=n dloss=n dx>n.C',
  distributionLosses: 'n C x=n.C q=n.C relative loss>n workspace',
  distributionLossesGradient: 'n C x=n.C q=n.C dloss=n dx>n.C',
  mapLosses: 'n C x=n.C labels=n j~ loss>n workspace',
  mapLossesGradient: 'n C x=n.C labels=n j~ dloss=n dx>n.C',
  marginLosses: 'n C x=n.C labels=n margin~ power<2 loss>n',
  marginLossesGradient: 'n C x=n.C labels=n margin~ power<2 dloss=n dx>n.C',
  oneHot: 'n C labels=n y>n.C',
  sameSide: 'n C y=n.C t=n.C threshold~ targetThreshold~ hits>n',
  squaredErrors: 'n C y=n.C t=n.C loss>n',
  squaredErrorsGradient: 'n C y=n.C t=n.C dloss=n dy>n.C',
  valueLosses: 'code<4 n C y=n.C t=n.C parameter~ weight~ loss>n',
  valueLossesGradient: 'code<4 n C y=n.C t=n.C parameter~ weight~ dloss=n dy>n.C',
} as const;

/** From the data set to a minibatch: gathering, transforms, random numbers. */
function samples() {
  const random = 'key0# key1#';
  const drawn = `${random} place# step# stream#` as const;
  const gathered = 'samples=* isBytes order=count count C h w H W';
  return {
    addNoise: `count x=count deviation~ ${drawn} y>count`,
    blend: 'count x&count y=count share~ rest~',
    cropPlanes: 'C h w x=C.h.w top left H W fill~ y>C.H.W',
    dropout: 'N groups area x=N.groups.area randomness=4 y>N.groups.area stream threshold# scale~',
    elasticField: `H W weights=radius+1 radius alpha~ ${drawn} workspace field>2.H.W/4.4`,
    fillBox: 'C h w x&C.h.w top left height width value~',
    gatherIntegers: 'values=* isBytes order=count count length y>count.length',
    gatherSamples: `${gathered} scale~ shift~ border~ y>count.C.H.W`,
    gatherScaled: `${gathered} unit~ scales=2.C y>count.C.H.W`,
    mixChannels: 'C O area x=C.area m=O.C+O low~ high~ y>O.area',
    randomNormal: `y>count count mean~ deviation~ ${random} index# purpose#`,
    randomUniform: `y>count count low~ high~ ${random} index# purpose#`,
    resizePlanes: 'C h w x=C.h.w top left height width H W antialias workspace y>C.H.W',
    turnHue: 'area x=3.area shift~ y>3.area',
    warp: 'C h w x=C.h.w H W map=6 field?=2.H.W/4.4 fill~ workspace y>C.H.W',
  } as const;
}

/** Gradients of ops, in terms of the kernels whose rows are in inference-rows.ts, and fake quantisation. */
function gradients() {
  const pooled = 'dy=planes.P.Q dx>planes.H.W';
  const pooledByPlace = 'x=planes.H.W dy=planes.P.Q dx>planes.H.W';
  const slope = 'x=count dy=count dx>count count';
  const rowSlope = 'n C y=n.C dy=n.C dx>n.C';
  return {
    activationGradient: 'code<6 y=count dy=count dx>count count',
    attentionGradient:
      'N heads T S d causal scale~ p=N.heads.T.S dy=N.T.heads.d v=N.S.heads.d q=N.T.heads.d k=N.S.heads.d dq>N.T.heads.d dk>N.S.heads.d workspace lengths?=N',
    attentionScoresGradient:
      'N heads T S causal scale~ p=N.heads.T.S dp=N.heads.T.S dx>N.heads.T.S lengths?=N',
    averagePlanesGradient: 'planes area dy=planes dx>planes.area',
    avgPool2dGradient: `${pooling} ${pooled}`,
    avgPoolWindowsGradient: `${windows} countPadding ${pooled}`,
    batchNormGradient:
      'N C area x=N.C.area moments=2.C weight=C sums=2.C dy=N.C.area epsilon~ dx>N.C.area',
    batchNormSums: 'N C area x=N.C.area moments=2.C dy=N.C.area epsilon~ sums>2.C',
    channelProducts: 'N C area x=N.C.area dy=N.C.area dw>C',
    conv2dDepthwiseWeightGradient: `${depthwise} x=N.C.H.W dy=N.O.P.Q dw>O.kh.kw workspace`,
    conv2dGroupedWeightGradient: `groups ${depthwise} x=N.C.H.W dy=N.O.P.Q dw>O.C/groups.kh.kw workspace`,
    conv2dWeightGradient: `${convolution} x=N.C.H.W dy=N.O.P.Q dw>O.C.kh.kw workspace`,
    conv2dWinogradWeightGradient: `${winograd} x=N.C.H.W dy=N.O.P.Q dw>O.C/groups.k.k workspace groups k tile`,
    elmanGradient: `${recurrence} code<4 w=H.H y=N.T.H dy=N.T.H dx>N.T.H workspace lengths?=N`,
    embeddingGradient: 'count V D indices=count dy=count.D dw>V.D',
    fakeQuantize: 'count x=count y>count scale~ low~ high~',
    fakeQuantizeGradient: 'count x=count dy=count dx>count scale~ low~ high~',
    fakeQuantizeRows: 'rows n x=rows.n y>rows.n',
    groupNormGradient:
      'N C area groups x=N.C.area moments=2.N.groups weight?=C sums=2.N.C dy=N.C.area epsilon~ dx>N.C.area',
    groupNormSums: 'N C area groups x=N.C.area moments=2.N.groups dy=N.C.area epsilon~ sums>2.N.C',
    gruGradient: `${recurrence} w=H.H.3 record=N.T.H.5 dy=N.T.H dx>N.T.H.3 workspace lengths?=N`,
    gruHiddenGradient: 'rows H d=rows.H.3 r=rows.H y>rows.H.3',
    layerNormGradient: 'rows n x=rows.n moments=2.rows weight?=n dy=rows.n epsilon~ dx>rows.n',
    layerNormWeightGradient: 'rows n x=rows.n moments=2.rows dy=rows.n epsilon~ dw>n',
    localResponseNormGradient: `${response} x=N.C.area dy=N.C.area dx>N.C.area workspace`,
    locallyConnected2dInputGradient: `${unshared} w=P.Q.C.kh.kw.O dy=N.O.P.Q dx>N.C.H.W workspace`,
    locallyConnected2dWeightGradient: `${unshared} x=N.C.H.W dy=N.O.P.Q dw>P.Q.C.kh.kw.O workspace`,
    logSoftmaxGradient: rowSlope,
    lstmGradient: `${recurrence} w=H.H.4 record=N.T.H.6 dy=N.T.H dx>N.T.H.4 workspace lengths?=N`,
    maxAxisGradient: 'outer extent inner x=outer.extent.inner dy=outer.inner dx>outer.extent.inner',
    maxPool2dGradient: `${pooling} ${pooledByPlace}`,
    maxPoolWindowsGradient: `${windows} ${pooledByPlace}`,
    pad2dGradient: `${padding} dy=planes.height.width dx>planes.H.W`,
    putAlongGradient: `${along} places=@p dy=n0.extent.n2 d>n0.n1.n2 workspace`,
    rbfCentresGradient: 'n C F x=n.F w=C.F dy=n.C dw>C.F',
    rbfInputGradient: 'n C F x=n.F w=C.F dy=n.C dx>n.F',
    rmsNormGradient: 'rows n x=rows.n weight?=n dy=rows.n epsilon~ dx>rows.n',
    smoothGradient: `code ${slope} p~ q~ workspace`,
    softmaxGradient: rowSlope,
    unaryGradient: `code ${slope} p~ q~`,
    upsampleBilinearGradient: `${resampling} corners ${pooled} workspace`,
    upsampleNearestGradient: `${resampling} ${pooled} workspace`,
  } as const;
}

// A call, so that bundles without the table can drop it.
export const trainingKernels = /* @__PURE__ */ (() => ({
  ...updates,
  ...losses,
  ...samples(),
  ...gradients(),
}))();
