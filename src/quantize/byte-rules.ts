/**
 * The rules by which ops are computed on bytes, one row an op. A rule gives the step, or why the op stays float: it finds
 * bytes in the tensors that earlier steps have computed, and only products may begin with floats, which are quantised.
 */
import { apply } from '../graph/op.js';
import { sizeOf, type Application, type Tensor } from '../graph/tensor.js';
import {
  extents as convolutionExtents,
  type Geometry as Convolution,
} from '../ops/conv2d-extents.js';
import type { Geometry, Layout, IntegerStep, Norm, Pointwise } from './byte-steps.js';

/** What rules know of the graph. */
export interface Context {
  /** The layout of a tensor that is held in bytes. */
  layoutOf(tensor: Tensor): Layout | undefined;
  /** Whether a tensor follows from parameters alone. */
  isConstant(tensor: Tensor): boolean;
  /** The only application that reads a tensor which is no output, unless it has to stay float. */
  soleReader(tensor: Tensor): Tensor | undefined;
}

/** A step without what the walk adds; of each kind by itself. */
type Unnamed<S> = S extends IntegerStep ? Omit<S, 'name' | 'kind' | 'output'> : never;

/** A step that computes a tensor, with the layout of its bytes. */
export interface Found {
  readonly step: Unnamed<IntegerStep>;
  readonly output: Tensor;
  readonly layout: Layout;
}

type Rule = (t: Tensor, source: Application, context: Context) => Found | string;

/** Products of a sum; with 127·127 each, and a bias of 2³⁰, it stays within 32 bits. */
const MOST_PRODUCTS = 65_536;

const isPlain = ({ channels, area }: Layout): boolean => channels === 1 || area === 1;

export const isAlike = (a: Layout, b: Layout): boolean =>
  (a.rows === b.rows && a.channels === b.channels && a.area === b.area) ||
  (isPlain(a) && isPlain(b) && a.rows * a.channels * a.area === b.rows * b.channels * b.area);

/** The layout that a tensor of floats gets when it is quantised: images by channels, all else row by row. */
export function layoutOfFloats({ shape }: Tensor): Layout {
  const [rows = 1, channels = 1, ...area] = shape;
  return shape.length === 4
    ? { rows, channels, area: sizeOf(area) }
    : { rows: sizeOf(shape.slice(0, -1)), channels: shape.at(-1) ?? 1, area: 1 };
}

const NO_BYTES = 'its input is float';

/** The functions that ops apply value by value. */
export function pointwiseOf({ op, inputs, attributes }: Application): Pointwise | undefined {
  const { kind, p = 0, q = 0 } = attributes as { kind?: string; p?: number; q?: number };
  const clamp = (low: number, high: number): Pointwise => ({ kind: 'clamp', low, high });
  if (op.name === 'activation' && kind === 'relu') return clamp(0, Infinity);
  if (op.name === 'hardTanh' || op.name === 'clamp') return clamp(p, q);
  const isLooked = op.name === 'activation' ? kind !== 'none' : LOOKED_UP.has(op.name);
  if (!isLooked || !inputs['x'] || Object.keys(inputs).length !== 1) return undefined;
  return { kind: 'table', of: (x) => apply(op, { x }, attributes) };
}

const LOOKED_UP = new Set(
  'leakyRelu elu gelu geluTanh silu softplus hardSigmoid hardSwish abs erf scale'.split(' '),
);

/** The tensor after `t` along applications that nothing else reads: a normalisation, then a function; views between them pass. */
function chainOf(t: Tensor, channels: number, context: Context, foldsNorm: boolean) {
  const applied: Tensor[] = [t];
  let raw = t;
  let norm: Norm | undefined;
  const after = (): Tensor | undefined => {
    let next = context.soleReader(applied.at(-1)!);
    // What a one-dimensional convolution and a dense layer of sequences end with.
    while (next && isView(next, channels)) {
      applied.push(next);
      next = context.soleReader(next);
    }
    return next;
  };
  let next = after();
  if (foldsNorm && next?.source.kind === 'op' && NORMS.has(next.source.op.name)) {
    norm = normOf(next.source, context);
    if (norm && next.source.inputs['x'] === applied.at(-1)) {
      applied.push(next);
      next = after();
    } else norm = undefined;
  }
  raw = applied.at(-1)!;
  const pointwise = next?.source.kind === 'op' ? pointwiseOf(next.source) : undefined;
  if (pointwise) applied.push(next!);
  return { raw, norm, pointwise, applied, output: applied.at(-1)! };
}

const NORMS = new Set(['normalize', 'batchNorm']);

function isView({ source, shape }: Tensor, channels: number): boolean {
  if (source.kind !== 'op' || source.op.name !== 'reshape') return false;
  const { shape: from } = source.inputs['x']!;
  // Channels stay where they are: second in images, last in matrices.
  return from.length === 4
    ? shape.length > 2 && shape[0] === from[0] && shape[1] === channels
    : from.length === 2 && shape.at(-1) === channels && shape.length !== 4;
}

/** The constants of a normalisation; in a graph of training, the moments are those of the samples. */
function normOf({ inputs, attributes }: Application, context: Context): Norm | undefined {
  const { mean, variance, moments, weight, bias } = inputs;
  const given = {
    mean: mean ?? moments!,
    variance: variance ?? moments!,
    weight: weight!,
    bias: bias!,
  };
  const areConstant = [given.weight, given.bias, ...(mean ? [given.mean, given.variance] : [])];
  if (!areConstant.every((tensor) => context.isConstant(tensor))) return undefined;
  return { ...given, epsilon: (attributes as { epsilon: number }).epsilon };
}

/** A product's step, if its sums fit. */
function product(
  t: Tensor,
  x: Tensor,
  geometry: Geometry,
  [weight, bias]: readonly [Tensor | undefined, Tensor | undefined],
  context: Context,
): Found | string {
  const { N, C, H, W, O, P, Q, kh, kw, groups } = geometry;
  const products = (kh * kw * C) / groups;
  if (products > MOST_PRODUCTS) return `its sums have ${products} products, more than 32 bits hold`;
  if (x.dtype !== 'f32') return 'its input is whole numbers';
  const isDense = t.shape.length === 2;
  const found = context.layoutOf(x);
  const needed = isDense
    ? { rows: N, channels: C, area: 1 }
    : { rows: N, channels: C, area: H * W };
  const isFlattened = isDense && found?.rows === N && found.channels * found.area === C;
  if (found && !isFlattened && !isAlike(found, needed)) return 'its input lies otherwise in memory';
  const chain = chainOf(t, O, context, weight !== undefined);
  const layout = isDense
    ? { rows: N, channels: O, area: 1 }
    : { rows: N, channels: O, area: P * Q };
  const { output, ...rest } = chain;
  return { step: { is: 'product', x, geometry, weight, bias, ...rest }, output, layout };
}

const conv2d: Rule = (t, { inputs: { x, w, b }, attributes }, context) => {
  if (!context.isConstant(w!) || (b && !context.isConstant(b))) return 'its weights are computed';
  const geometry = convolutionExtents(x!.shape, w!.shape, attributes as Convolution);
  return product(t, x!, geometry, [w, b], context);
};

/** A geometry of single taps. */
const taps = (N: number, C: number, H: number, O: number, groups: number): Geometry => ({
  N,
  C,
  H,
  W: 1,
  O,
  kh: 1,
  kw: 1,
  sh: 1,
  sw: 1,
  ph: 0,
  pw: 0,
  dilationH: 1,
  dilationW: 1,
  groups,
  P: H,
  Q: 1,
});

const matmul: Rule = (t, { inputs: { a, b, bias }, attributes }, context) => {
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  if (!context.isConstant(b!) || (bias && !context.isConstant(bias)))
    return 'both factors are computed';
  if (transposeA || !transposeB) return 'its weights are not out×in';
  const [rows, C] = a!.shape as [number, number];
  return product(t, a!, taps(rows, C, 1, t.shape[1]!, 1), [b, bias], context);
};

/** A normalisation that follows no product is one itself, of each channel alone. */
const normalize: Rule = (t, source, context) => {
  const x = source.inputs['x']!;
  const norm = normOf(source, context);
  const layout = context.layoutOf(x);
  if (!layout) return NO_BYTES;
  if (!norm) return 'it has no constant scale';
  const { rows, channels, area } = layout;
  if (channels !== t.shape[1]) return 'its input lies otherwise in memory';
  const geometry = taps(rows, channels, area, channels, channels);
  const { output, ...rest } = chainOf(t, channels, context, false);
  return { step: { is: 'product', x, geometry, ...rest, norm }, output, layout };
};

const add: Rule = (t, { inputs: { a, b } }, context) => {
  const [first, second] = [context.layoutOf(a!), context.layoutOf(b!)];
  if (a!.shape.join() !== b!.shape.join()) return 'its inputs have different shapes';
  if (!first || !second) return 'one of its inputs is float';
  if (!isAlike(first, second)) return 'its inputs lie differently in memory';
  const next = context.soleReader(t);
  const pointwise = next?.source.kind === 'op' ? pointwiseOf(next.source) : undefined;
  const clamp = pointwise?.kind === 'clamp' ? pointwise : undefined;
  return { step: { is: 'sum', a: a!, b: b!, clamp }, output: clamp ? next! : t, layout: first };
};

type Pair = readonly [number, number];

/** N H W C kh kw sh sw ph pw P Q, as pools' kernels take them. */
function pool(
  t: Tensor,
  x: Tensor,
  is: 'maxPool' | 'averagePool',
  [kernel, stride, padding, counted]: readonly [Pair, Pair, Pair, boolean],
  context: Context,
): Found | string {
  const layout = context.layoutOf(x);
  if (!layout) return NO_BYTES;
  const [N, C, H, W] = x.shape as [number, number, number, number];
  if (!isAlike(layout, { rows: N, channels: C, area: H * W }))
    return 'its input lies otherwise in memory';
  const [P, Q] = t.shape.length === 4 ? (t.shape.slice(2) as [number, number]) : [1, 1];
  const windows = [N, H, W, C, ...kernel, ...stride, ...padding, P, Q];
  return {
    step: { is, x, windows, counted },
    output: t,
    layout: { rows: N, channels: C, area: P * Q },
  };
}

const pooling =
  (is: 'maxPool' | 'averagePool'): Rule =>
  (t, { inputs: { x }, attributes }, context) => {
    const {
      kernel,
      stride,
      padding = [0, 0],
      countIncludePad = true,
    } = attributes as {
      kernel: Pair;
      stride: Pair;
      padding?: Pair;
      countIncludePad?: boolean;
    };
    return pool(t, x!, is, [kernel, stride, padding, countIncludePad], context);
  };

/** Windows of equal size, or one for the whole plane. */
const adaptive =
  (is: 'maxPool' | 'averagePool'): Rule =>
  (t, { inputs: { x } }, context) => {
    const [H, W] = x!.shape.slice(2) as [number, number];
    const [P, Q] = t.shape.length === 4 ? (t.shape.slice(2) as [number, number]) : [1, 1];
    if (H % P !== 0 || W % Q !== 0) return 'its windows have different sizes';
    const size = [H / P, W / Q] as const;
    return pool(t, x!, is, [size, size, [0, 0], false], context);
  };

const concat: Rule = (t, { inputs, attributes }, context) => {
  const parts = Object.values(inputs);
  if ((attributes as { axis: number }).axis !== 1) return 'it does not join channels';
  const layouts = parts.map((part) => context.layoutOf(part));
  if (layouts.some((layout) => !layout)) return 'one of its inputs is float';
  const isImages = t.shape.length === 4;
  const [rows, channels, ...area] = t.shape as [number, number, ...number[]];
  if (!isImages && t.shape.length !== 2) return 'it does not join channels';
  const fits = layouts.every(
    (layout, i) =>
      layout && isAlike(layout, { rows, channels: parts[i]!.shape[1]!, area: sizeOf(area) }),
  );
  if (!fits) return 'its inputs lie otherwise in memory';
  return {
    step: { is: 'concat', parts },
    output: t,
    layout: { rows, channels, area: sizeOf(area) },
  };
};

const lookup: Rule = (t, source, context) => {
  const x = source.inputs['x']!;
  const pointwise = pointwiseOf(source);
  const layout = context.layoutOf(x);
  if (!pointwise) return 'it has no integer form';
  if (!layout) return NO_BYTES;
  return { step: { is: 'lookup', x, pointwise }, output: t, layout };
};

const reshape: Rule = (t, { inputs: { x } }, context) => {
  const layout = context.layoutOf(x!);
  if (!layout) return NO_BYTES;
  if (isPlain(layout)) {
    const plain = layoutOfFloats(t);
    return { step: { is: 'view', x: x! }, output: t, layout: isPlain(plain) ? plain : layout };
  }
  if (t.shape[0] !== layout.rows) return 'its input lies otherwise in memory';
  return { step: { is: 'view', x: x! }, output: t, layout };
};

/** Dropout, which only graphs of training have. */
const dropout: Rule = (t, { inputs: { x } }, context) => {
  const layout = context.layoutOf(x!);
  return layout ? { step: { is: 'view', x: x! }, output: t, layout } : NO_BYTES;
};

const rules: Readonly<Record<string, Rule>> = {
  conv2d,
  matmul,
  normalize,
  batchNorm: normalize,
  add,
  maxPool2d: pooling('maxPool'),
  avgPool2d: pooling('averagePool'),
  globalAvgPool2d: adaptive('averagePool'),
  adaptiveAvgPool2d: adaptive('averagePool'),
  adaptiveMaxPool2d: adaptive('maxPool'),
  concat,
  reshape,
  dropout,
};

/** The step that computes a tensor on bytes, or why it stays float. */
export function findStep(t: Tensor, source: Application, context: Context): Found | string {
  const { name } = source.op;
  return (Object.hasOwn(rules, name) ? rules[name]! : lookup)(t, source, context);
}
