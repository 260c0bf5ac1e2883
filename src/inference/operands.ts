/**
 * The kernels of the inference build with their operands: names alone are extents and settings, `x=N.C` is the address
 * of a buffer of N·C floats, `b?=O` may be 0 for none, `a=@a` is as long as the strides a0, a1, … reach within
 * the extents n0, n1, …, and `kh<H` is at most H, for loops that no buffer's size bounds. By these a program out of a file is checked, so that all it was given to read and write
 * lies within the memory that was planned for it. Names and order are those of src/program/kernels.ts.
 */
import type { KernelName } from '../program/kernels.js';

type Table = Readonly<Partial<Record<KernelName, string>>>;

// A call, which is left out of what needs no table.
export const inferenceKernels: Table = /* @__PURE__ */ describe();

function describe(): Table {
  const convolution = 'N C H W O kh kw sh sw ph pw P Q';
  const depthwise = 'N C H W O kh kw sh sw ph pw dilationH dilationW P Q';
  const grouped = `groups<C ${depthwise}`;
  const convolved = 'x=N.C.H.W w=O.C.kh.kw b?=O y=N.O.P.Q code workspace';
  const transposed = 'w=O.C.kh.kw dy=N.O.P.Q dx=N.C.H.W workspace';
  const pooling = 'planes H W kh<H kw<W sh sw P Q';
  const windows = 'planes H W kh kw sh sw ph pw P Q';
  const pooled = 'x=planes.H.W y=planes.P.Q';
  const resampling = 'planes H W P Q numH denH numW denW';
  const sameSize = 'x=count y=count';
  const recurrence = 'N T H reverse';
  const rows = 'n C x=n.C y=n.C';
  const axis = 'outer extent inner x=outer.extent.inner y=outer.inner';

  return {
    activation: `code ${sameSize} count`,
    add: 'a=count b=count y=count count',
    addActivation: 'a=count b=count y=count count code',
    attentionProduct: 'N heads T S d causal transposed p=N.heads.T.S x=N.S.heads.d y=N.T.heads.d',
    attentionScores:
      'N heads T S d causal normalize scale q=N.T.heads.d k=N.S.heads.d y=N.heads.T.S workspace',
    averagePlanes: 'planes area x=planes.area y=planes',
    avgPool2d: `${pooling} ${pooled}`,
    avgPoolWindows: `${windows} countPadding ${pooled}`,
    batchMatmul: 'batch transposeA transposeB m n k a=batch.m.k b=batch.k.n c=batch.m.n workspace',
    batchNorm: 'N C area x=N.C.area mean=C variance=C weight=C bias=C epsilon y=N.C.area code',
    binary: 'code n0 n1 n2 n3 a0 a1 a2 a3 b0 b1 b2 b3 a=@a b=@b y=n0.n1.n2.n3',
    channelAffine: 'N C area x=N.C.area weight=C bias?=C y=N.C.area',
    channelMoments: 'N C area x=N.C.area moments=2.C',
    conv2d: `${convolution} ${convolved}`,
    conv2dDepthwise: `${depthwise} x=N.C.H.W w=O.kh.kw b?=O y=N.O.P.Q code workspace`,
    conv2dDepthwiseInputGradient: `${depthwise} w=O.kh.kw dy=N.O.P.Q dx=N.C.H.W workspace`,
    conv2dGrouped: `${grouped} ${convolved.replace('kw', 'kw/groups')}`,
    conv2dGroupedInputGradient: `${grouped} ${transposed.replace('kw', 'kw/groups')}`,
    conv2dInputGradient: `${convolution} ${transposed}`,
    conv2dWinograd: 'N C H W O ph pw P Q flipped x=N.C.H.W w=O.C.9 b?=O y=N.O.P.Q code workspace',
    copyStrided: 'n0 n1 n2 n3 n4 n5 s0 s1 s2 s3 s4 s5 t0 t1 t2 t3 t4 t5 x=@s y=@t',
    elman: `${recurrence} code x=N.T.H w=H.H bias?=H y=N.T.H workspace`,
    embedding: 'count V D indices=count w=V.D y=count.D',
    fill: 'y=count count value',
    groupNorm: 'N C area groups x=N.C.area moments=2.N.groups weight?=C bias?=C epsilon y=N.C.area',
    gru: `${recurrence} x=N.T.H.3 w=H.H.3 bias?=H.3 record=N.T.H.5 workspace`,
    layerNorm: 'rows n x=rows.n moments=2.rows weight?=n bias?=n epsilon y=rows.n',
    localResponseNorm: 'N C area size alpha beta k x=N.C.area y=N.C.area',
    locallyConnected2d:
      'N C H W O kh kw sh sw P Q x=N.C.H.W w=P.Q.C.kh.kw.O b?=O.P.Q y=N.O.P.Q workspace',
    logSoftmax: rows,
    lstm: `${recurrence} x=N.T.H.4 w=H.H.4 bias?=H.4 record=N.T.H.6 workspace`,
    matmul: 'transposeA transposeB m n k a=m.k b=k.n bias?=n c=m.n code workspace',
    maxAxis: axis,
    maxPool2d: `${pooling} ${pooled}`,
    maxPoolWindows: `${windows} ${pooled}`,
    pad2d: 'planes H W top left height width mode value x=planes.H.W y=planes.height.width',
    rbf: 'n C F x=n.F w=C.F y=n.C',
    scale: `${sameSize} count weight`,
    smooth: `code ${sameSize} count p q`,
    softmax: rows,
    spread: 's=1 y=count count weight',
    sumAxis: axis,
    sumChannels: 'N C area x=N.C.area y=C',
    sumRows: 'rows columns x=rows.columns y=columns',
    unary: `code ${sameSize} count p q`,
    upsampleBilinear: `${resampling} corners ${pooled} workspace`,
    upsampleNearest: `${resampling} ${pooled} workspace`,
    weightedSum: 'x=count y=1 count weight',
  };
}

/** Floats that a buffer must have, of a kernel's operands by name; NaN where extents are none. */
export function floatsOf(size: string, values: ReadonlyMap<string, number>): number {
  if (size.startsWith('@')) return reachOf(size.slice(1), values);
  const [product, divisor] = size.split('/') as [string, string?];
  const floats = product.split('.').reduce((sum, name) => sum * extentOf(name, values), 1);
  return divisor === undefined ? floats : floats / extentOf(divisor, values);
}

function extentOf(name: string, values: ReadonlyMap<string, number>): number {
  const extent = values.get(name) ?? Number(name);
  return Number.isSafeInteger(extent) && extent >= 1 ? extent : NaN;
}

/** One more than the place of the last element that strides reach. */
function reachOf(strides: string, values: ReadonlyMap<string, number>): number {
  let last = 0;
  for (let i = 0; values.has(`n${i}`); i++) {
    const stride = values.get(`${strides}${i}`)!;
    if (!Number.isSafeInteger(stride) || stride < 0) return NaN;
    last += (extentOf(`n${i}`, values) - 1) * stride;
  }
  return last + 1;
}
