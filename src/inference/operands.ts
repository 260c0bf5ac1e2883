/**
 * The kernels of the inference build with their operands. Names alone are extents and settings, whole numbers; `code<4` is
 * one from 0 to 4, `epsilon~` any number and `denH+` one above 0. `x=N.C` is the address of a buffer of N·C floats that is read,
 * `y>N.C` of one that is written, all of it; `b?=O` may be 0 for none, `a=@a` is as long as the strides a0, a1, … reach within
 * the extents n0, n1, …. What marks cannot say, `fits` below does. By these a program out of a file is checked, so that
 * all it reads and writes lies within the memory that was planned for it, and nothing is read that was not written before:
 * test/kernels/operands.test.ts holds every kernel against its row. Names and order are those of src/program/kernels.ts.
 */
import type { KernelName } from '../program/kernels.js';
import type { Operand } from '../program/program.js';
import type { StoredSegment } from './stored.js';

type Table = Readonly<Partial<Record<KernelName, string>>>;

// A call, which is left out of what needs no table.
export const inferenceKernels: Table = /* @__PURE__ */ describe();

function describe(): Table {
  const convolution = 'N C H W O kh kw sh sw ph pw P Q';
  const depthwise = 'N C H W O kh kw sh sw ph pw dilationH dilationW P Q';
  const grouped = `groups ${depthwise}`;
  const convolved = 'x=N.C.H.W w=O.C.kh.kw b?=O y>N.O.P.Q code<4 workspace';
  const transposed = 'w=O.C.kh.kw dy=N.O.P.Q dx>N.C.H.W workspace';
  const pooling = 'planes H W kh kw sh sw P Q';
  const windows = 'planes H W kh kw sh sw ph pw P Q';
  const pooled = 'x=planes.H.W y>planes.P.Q';
  const resampling = 'planes H W P Q numH+ denH+ numW+ denW+';
  const sameSize = 'x=count y>count';
  const recurrence = 'N T H reverse';
  const rows = 'n C x=n.C y>n.C';
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
    binary: 'code<6 n0 n1 n2 n3 a0 a1 a2 a3<1 b0 b1 b2 b3<1 a=@a b=@b y>n0.n1.n2.n3',
    channelAffine: 'N C area x=N.C.area weight=C bias?=C y>N.C.area',
    channelMoments: 'N C area x=N.C.area moments>2.C',
    conv2d: `${convolution} ${convolved}`,
    conv2dDepthwise: `${depthwise} x=N.C.H.W w=O.kh.kw b?=O y>N.O.P.Q code<4 workspace`,
    conv2dDepthwiseInputGradient: `${depthwise} w=O.kh.kw dy=N.O.P.Q dx>N.C.H.W workspace`,
    conv2dGrouped: `${grouped} ${convolved.replace('kw', 'kw/groups')}`,
    conv2dGroupedInputGradient: `${grouped} ${transposed.replace('kw', 'kw/groups')}`,
    conv2dInputGradient: `${convolution} ${transposed}`,
    conv2dWinograd: 'N C H W O ph pw P Q flipped x=N.C.H.W w=O.C.9 b?=O y>N.O.P.Q code<4 workspace',
    copyStrided: 'n0 n1 n2 n3 n4 n5 s0 s1 s2 s3 s4 s5 t0 t1 t2 t3 t4 t5 x=@s y>@t',
    elman: `${recurrence} code<4 x=N.T.H w=H.H bias?=H y>N.T.H workspace lengths?=N`,
    embedding: 'count V D indices=count w=V.D y>count.D',
    fill: 'y>count count value~',
    groupNorm:
      'N C area groups x=N.C.area moments=2.N.groups weight?=C bias?=C epsilon~ y>N.C.area',
    gru: `${recurrence} x=N.T.H.3 w=H.H.3 bias?=H.3 record>N.T.H.5 workspace lengths?=N`,
    keepSteps: 'N T F mode lengths=N x=N.T.F y>N.T.F',
    layerNorm: 'rows n x=rows.n moments=2.rows weight?=n bias?=n epsilon~ y>rows.n',
    localResponseNorm: 'N C area size alpha~ beta~ k~ x=N.C.area y>N.C.area',
    locallyConnected2d:
      'N C H W O kh kw sh sw P Q x=N.C.H.W w=P.Q.C.kh.kw.O b?=O.P.Q y>N.O.P.Q workspace',
    logSoftmax: rows,
    lstm: `${recurrence} x=N.T.H.4 w=H.H.4 bias?=H.4 record>N.T.H.6 workspace lengths?=N`,
    matmul: 'transposeA transposeB m n k a=m.k b=k.n bias?=n c>m.n code<4 workspace',
    maxAxis: axis,
    maxPool2d: `${pooling} ${pooled}`,
    maxPoolWindows: `${windows} ${pooled}`,
    pad2d: 'planes H W top left height width mode<2 value~ x=planes.H.W y>planes.height.width',
    rbf: 'n C F x=n.F w=C.F y>n.C',
    scale: `${sameSize} count weight~`,
    smooth: `code ${sameSize} count p~ q~`,
    softmax: rows,
    spread: 's=1 y>count count weight~',
    sumAxis: axis,
    sumChannels: 'N C area x=N.C.area y>C',
    sumRows: 'rows columns x=rows.columns y>columns',
    unary: `code ${sameSize} count p~ q~`,
    upsampleBilinear: `${resampling} corners ${pooled} workspace`,
    upsampleNearest: `${resampling} ${pooled} workspace`,
    weightedSum: 'x=count y>1 count weight~',
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

/** Elements that a walk by these strides leaves out; NaN if it comes by one twice, and so may take for ever. */
function leftOut(strides: string, values: ReadonlyMap<string, number>): number {
  const steps: [stride: number, extent: number][] = [];
  for (let i = 0; values.has(`n${i}`); i++) {
    const extent = values.get(`n${i}`)!;
    if (extent > 1) steps.push([values.get(`${strides}${i}`)!, extent]);
  }
  let [reach, count] = [1, 1];
  for (const [stride, extent] of steps.toSorted(([a], [b]) => a - b)) {
    if (stride < reach) return NaN;
    reach += (extent - 1) * stride;
    count *= extent;
  }
  return reach - count;
}

/** A buffer that a call is given: bytes [begin, end) of a segment. */
export interface Buffer {
  readonly name: string;
  readonly segment: StoredSegment;
  readonly begin: number;
  readonly end: number;
  readonly isWritten: boolean;
  /** Whether all of it is written; strides may leave some out. */
  readonly isWhole: boolean;
}

const isWhole32 = (value: unknown): boolean =>
  Number.isInteger(value) && ((value as number) | 0) === value;

/** Whether a number may stand for an operand of this mark. */
function allows(mark: string | undefined, size: string | undefined, value: number): boolean {
  if (mark === '~') return true;
  if (mark === '+') return value >= 0 && value < Infinity;
  return isWhole32(value) && (mark === undefined || (value >= 0 && value <= Number(size)));
}

/** The extents and settings of a call by name. */
export function scalarsOf(
  names: readonly string[],
  operands: readonly Operand[],
): ReadonlyMap<string, number> {
  const scalars = new Map<string, number>();
  names.forEach((name, i) => {
    const operand = operands[i]!;
    if (typeof operand === 'number') scalars.set(name.replace(/[<~+].*/, ''), operand);
  });
  return scalars;
}

/**
 * The buffers among a call's operands, each within its segment; `outside` throws for the first operand that is out of
 * range.
 */
export function buffersOf(
  names: readonly string[],
  operands: readonly Operand[],
  bytes: Readonly<Record<StoredSegment, number>>,
  outside: (name: string, i: number) => never,
): readonly Buffer[] {
  const scalars = scalarsOf(names, operands);
  return names.flatMap((name, i): Buffer[] => {
    const operand = operands[i]!;
    const [plain, mark, size] = name.split(/([=<>~+])/) as [string, string?, string?];
    const isBuffer = mark === '=' || mark === '>';
    if (typeof operand === 'number') {
      const fits = isBuffer ? operand === 0 && plain.endsWith('?') : allows(mark, size, operand);
      return fits && name !== 'workspace' ? [] : outside(name, i);
    }
    const segment = operand.segment as StoredSegment;
    const begin = operand.offset;
    // Kernels alone know how much of the workspace they need: it is the last segment, and nothing else is put there.
    const isWorkspace = segment === 'workspace';
    if (name === 'workspace' && isWorkspace && begin <= bytes.workspace && begin % 16 === 0)
      return [];
    const end = begin + (isBuffer ? floatsOf(size!, scalars) : NaN) * 4;
    const isWritten = mark === '>';
    const rest = isWritten && size!.startsWith('@') ? leftOut(size!.slice(1), scalars) : 0;
    // Not a number where an extent is none: not within.
    if (isWorkspace || begin % 4 !== 0 || !(end <= bytes[segment]) || !(rest >= 0))
      return outside(name, i);
    return [{ name, segment, begin, end, isWritten, isWhole: rest === 0 }];
  });
}

/** Whether a kernel's extents, each in range, go together. */
export function fits(kernel: KernelName, scalars: ReadonlyMap<string, number>): boolean {
  const get = (name: string, other: number): number => scalars.get(name) ?? other;
  const [C, O] = [get('C', 1), get('O', 0)];
  // Depthwise: a group for each channel.
  const groups = get('groups', scalars.has('dilationH') ? C : 1);
  if (C % groups !== 0 || O % groups !== 0) return false;
  // Its panels are of four channels.
  if (kernel === 'conv2dWinograd' && (C % 4 !== 0 || O % 4 !== 0)) return false;
  if (kernel === 'binary') return get('n3', 1) === 1 || get('a3', 0) + get('b3', 0) > 0;
  if (kernel === 'pad2d')
    return isBorder(scalars, 'top', 'H', 'height') && isBorder(scalars, 'left', 'W', 'width');
  if (!scalars.has('P') || scalars.has('numH')) return true;
  // Pooling over cut windows: those that begin within the image or the padding before it.
  const isCut = kernel.endsWith('PoolWindows');
  return ['P H kh sh ph dilationH', 'Q W kw sw pw dilationW'].every((names) => {
    const [p, h, k, s, padding, d] = names.split(' ') as [string, ...string[]];
    const [count, extent] = [get(p, 1), get(h!, 1)];
    // Winograd's filters are 3×3.
    const [kernelExtent, stride] = [get(k!, 3), get(s!, 1)];
    const [pad, dilation] = [get(padding!, 0), get(d!, 1)];
    if (isCut && kernelExtent === 0) return stride === 0 && pad === 0 && count * extent < 2 ** 31;
    const reach = (kernelExtent - 1) * dilation + 1;
    const isPlaced = isCut
      ? (count - 1) * stride < extent + pad && 2 * pad <= kernelExtent
      : count === Math.floor((extent + 2 * pad - reach) / stride) + 1;
    const isKernel = kernelExtent >= 1 && dilation >= 1 && stride >= 1 && pad >= 0;
    const isBounded = extent + 2 * pad + kernelExtent * dilation < 2 ** 30;
    return isKernel && isPlaced && isBounded;
  });
}

/** Whether the image lies within its frame, and reflects no further than it reaches. */
function isBorder(
  scalars: ReadonlyMap<string, number>,
  before: string,
  extent: string,
  frame: string,
): boolean {
  const [first, inner, all] = [before, extent, frame].map((name) => scalars.get(name)!);
  const last = all! - inner! - first!;
  const most = scalars.get('mode') === 2 ? inner! - 1 : Infinity;
  return first! >= 0 && last >= 0 && first! <= most && last <= most;
}
