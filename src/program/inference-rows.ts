/**
 * The rows of the kernels that scoring programs call, which are all that `lanewise/inference` has. Their notation is
 * explained in kernel-table.ts.
 */

// Leading operands that several kernels share.
export const convolution = 'N C H W O kh kw sh sw ph pw P Q';
export const depthwise = 'N C H W O kh kw sh sw ph pw dilationH dilationW P Q';
export const winograd = 'N C H W O ph pw P Q';
export const unshared = 'N C H W O kh kw sh sw P Q';
export const pooling = 'planes H W kh kw sh sw P Q';
export const windows = 'planes H W kh kw sh sw ph pw P Q';
export const resampling = 'planes H W P Q numH+ denH+ numW+ denW+';
export const recurrence = 'N T H mode';
export const response = 'N C area size alpha~ beta~ k~';
export const along = 'n0 n1 n2 extent p0 p1 p2';
export const padding = 'planes H W top left height width mode<2';

// A call, so that bundles without the table can drop it.
export const inferenceKernels = /* @__PURE__ */ describe();

function describe() {
  const pooled = 'x=planes.H.W y>planes.P.Q';
  const sameSize = 'x=count y>count';
  const axis = 'outer extent inner x=outer.extent.inner y>outer.inner';

  return {
    activation: `code<6 ${sameSize} count`,
    add: 'a=count b=count y>count count',
    addActivation: 'a=count b=count y>count count code<4',
    attentionProduct:
      'N heads T S d causal transposed<0 p=N.heads.T.S x=N.S.heads.d y>N.T.heads.d lengths?=N',
    attentionScores:
      'N heads T S d causal normalize scale~ q=N.T.heads.d k=N.S.heads.d y>N.heads.T.S workspace lengths?=N',
    averagePlanes: 'planes area x=planes.area y>planes',
    avgPool2d: `${pooling} ${pooled}`,
    avgPoolWindows: `${windows} countPadding ${pooled}`,
    batchMatmul: 'batch transposeA transposeB m n k a=batch.m.k b=batch.k.n c>batch.m.n workspace',
    batchNorm: 'N C area x=N.C.area mean=C variance=C weight=C bias=C epsilon~ y>N.C.area code<4',
    binary: 'code n0 n1 n2 n3 a0 a1 a2 a3<1 b0 b1 b2 b3<1 a=@a b=@b y>n0.n1.n2.n3',
    channelAffine: 'N C area x=N.C.area weight=C bias?=C y>N.C.area',
    channelMoments: 'N C area x=N.C.area moments>2.C',
    conv2d: `${convolution} x=N.C.H.W w=O.C.kh.kw b?=O y>N.O.P.Q code<4 workspace`,
    conv2dDepthwise: `${depthwise} x=N.C.H.W w=O.kh.kw b?=O y>N.O.P.Q code<4 workspace`,
    conv2dDepthwiseInputGradient: `${depthwise} w=O.kh.kw dy=N.O.P.Q dx>N.C.H.W workspace`,
    conv2dGrouped: `groups ${depthwise} x=N.C.H.W w=O.C/groups.kh.kw b?=O y>N.O.P.Q code<4 workspace`,
    conv2dGroupedInputGradient: `groups ${depthwise} w=O.C/groups.kh.kw dy=N.O.P.Q dx>N.C.H.W workspace`,
    conv2dInputGradient: `${convolution} w=O.C.kh.kw dy=N.O.P.Q dx>N.C.H.W workspace`,
    conv2dWinograd: `${winograd} flipped x=N.C.H.W w=O.C/groups.k.k b?=O y>N.O.P.Q code<4 workspace groups k tile`,
    copyStrided: 'n0 n1 n2 n3 n4 n5 s0 s1 s2 s3 s4 s5 t0 t1 t2 t3 t4 t5 x=@s y>@t',
    elman: `${recurrence} code<4 x=N.T.H w=H.H bias?=H y>N.T.H workspace lengths?=N`,
    embedding: 'count V D indices=count w=V.D y>count.D',
    fill: 'y>count count value~',
    flatPlaces: 'count extent x=count before?=count y>count',
    flipPlanes: 'C h w x=C.h.w across down y>C.h.w',
    groupNorm:
      'N C area groups x=N.C.area moments=2.N.groups weight?=C bias?=C epsilon~ y>N.C.area',
    gru: `${recurrence} x=N.T.H.3 w=H.H.3 bias?=H.3 record>N.T.H.5 workspace lengths?=N`,
    keepSteps: 'N T F mode lengths=N x=N.T.F y>N.T.F',
    layerNorm: 'rows n x=rows.n moments=2.rows weight?=n bias?=n epsilon~ y>rows.n',
    localResponseNorm: `${response} x=N.C.area y>N.C.area`,
    locallyConnected2d: `${unshared} x=N.C.H.W w=P.Q.C.kh.kw.O b?=O.P.Q y>N.O.P.Q workspace`,
    logSoftmax: 'n C x=n.C y>n.C',
    lstm: `${recurrence} x=N.T.H.4 w=H.H.4 bias?=H.4 record>N.T.H.6 workspace lengths?=N`,
    matmul: 'transposeA transposeB m n k a=m.k b=k.n bias?=n c>m.n code<4 workspace',
    maxAxis: axis,
    maxPool2d: `${pooling} ${pooled}`,
    maxPoolWindows: `${windows} ${pooled}`,
    pad2d: `${padding} value~ x=planes.H.W y>planes.height.width`,
    putAlong: `code<4 ${along} x?=n0.extent.n2 places=@p updates=n0.n1.n2 y>n0.extent.n2`,
    rbf: 'n C F x=n.F w=C.F y>n.C',
    rmsNorm: 'rows n x=rows.n weight?=n epsilon~ y>rows.n',
    scale: `${sameSize} count weight~`,
    smooth: `code ${sameSize} count p~ q~`,
    softmax: 'n C x=n.C y>n.C',
    spread: 's=1 y>count count weight~',
    sumAxis: axis,
    sumChannels: 'N C area x=N.C.area y>C',
    sumRows: 'rows columns x=rows.columns y>columns',
    takeAlong: `${along} x=n0.extent.n2 places=@p y>n0.n1.n2`,
    toFloats: 'x=count y>count count',
    topPlaces: 'outer extent inner count smallest last x=outer.extent.inner y>outer.count.inner',
    unary: `code ${sameSize} count p~ q~`,
    upsampleBilinear: `${resampling} corners ${pooled} workspace`,
    upsampleNearest: `${resampling} ${pooled} workspace`,
    weightedSum: 'x=count y>1 count weight~',
  } as const;
}
