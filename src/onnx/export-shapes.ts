/** ONNX nodes of ops that move or reduce elements. */
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { ofRuns } from './export-norms.js';
import { madeBy, ofWindows, transposedConvolution } from './export-products.js';
import { bothWays, slicedRecurrence } from './export-sequences.js';
import { isOpen, type Rule, type Value, type Writer } from './export-writer.js';

type Pair = readonly [number, number];

/** The number of last axes that have so many elements together; 0 if none have. */
function lastAxes(shape: Shape, elements: number): number {
  for (let axes = 1; axes <= shape.length; axes++)
    if (sizeOf(shape.slice(-axes)) === elements) return axes;
  return 0;
}

/**
 * The result of a reshape that undoes one of an operand: the graph has rows and images of height 1 where ONNX's ops take
 * sequences as they are. Undefined if it is another reshape.
 */
function aroundReshapes(w: Writer, y: Tensor, { shape }: Tensor, layer: string): Value | undefined {
  const { source } = y;
  if (source.kind !== 'op' || source.layer !== layer) return undefined;
  const { op, inputs, attributes } = source;
  const before = (name: string): Tensor | undefined =>
    madeBy(inputs[name], 'reshape', layer)?.inputs['x'];
  const valueOf = (t: Tensor | undefined) => t && w.of(t);
  const x = before('x') ?? before('a');
  if (!x) return undefined;
  if (Object.hasOwn(ofRuns, op.name) && x.shape.join() === shape.join()) {
    const axes = lastAxes(shape, y.shape[1]!);
    return ofRuns[op.name]!(w, {
      x: w.of(x),
      weight: valueOf(before('weight')),
      bias: valueOf(before('bias')),
      shape: shape.slice(-axes),
      epsilon: (attributes as { readonly epsilon: number }).epsilon,
    });
  }
  if (op.name === 'matmul' && x.shape.slice(0, -1).join() === shape.slice(0, -1).join()) {
    const turned = w.node('Transpose', [w.of(inputs['b']!)], { perm: [1, 0] });
    const product = w.node('MatMul', [w.of(x), turned]);
    return inputs['bias'] ? w.node('Add', [product, w.of(inputs['bias'])]) : product;
  }
  if (x.shape.length !== 3 || shape.length !== 3 || inputs['x']?.shape[2] !== 1) return undefined;
  const node = { ...source, output: y };
  if (Object.hasOwn(ofWindows, op.name)) return ofWindows[op.name]!(w, w.of(x), node, 1);
  const kernels = before('w');
  if (op.name !== 'conv2d' || !kernels) return undefined;
  const { stride, padding, dilation, groups } = attributes as Readonly<Record<string, Pair>>;
  return w.node('Conv', [w.of(x), w.of(kernels), valueOf(inputs['b'])], {
    dilations: [dilation![1]],
    group: groups as unknown as number,
    kernel_shape: [kernels.shape[2]!],
    pads: [padding![1], padding![1]],
    strides: [stride![1]],
  });
}

/** Bounds of axes that are not whole. */
function slice(w: Writer, x: Value, from: Shape, start: readonly number[], to: Shape): Value {
  const axes = [...from.keys()].filter((axis) => from[axis] !== to[axis]);
  if (axes.length === 0) return x;
  const of = (f: (axis: number) => number) => w.ints(axes.map(f));
  const end = (axis: number) => start[axis]! + to[axis]!;
  return w.node('Slice', [x, of((axis) => start[axis]!), of(end), of((axis) => axis)]);
}

const reduceMaximum: Rule = (w, { x }, { start, end }) =>
  w.node('ReduceMax', [x], { axes: axesOf(start, end) });

const axesOf = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, i) => start + i);

interface Resampling {
  readonly size: Pair;
  readonly mode: string;
  readonly alignCorners: boolean;
  readonly ratios: readonly [Pair, Pair];
}

/** The pixel that each output pixel repeats, and whether a Resize of that scale, in single precision, takes the same ones. */
function nearest(extent: number, size: number, [numerator, denominator]: Pair) {
  const scale = Math.fround(denominator / numerator);
  const pixels = Array.from({ length: size }, (_, p) =>
    Math.min(Math.floor((p * numerator) / denominator), extent - 1),
  );
  const isSame = pixels.every((pixel, p) => Math.floor(Math.fround(p / scale)) === pixel);
  return { pixels, isSame };
}

function resize(w: Writer, x: Value, shape: Shape, { size, mode, ...settings }: Resampling): Value {
  const { alignCorners, ratios } = settings;
  const scales = ratios.map(([numerator, denominator]) => denominator / numerator);
  // Engines multiply in double or in single precision, and round down.
  const isScaled = size.every((pixels, i) => {
    const product = shape[i + 2]! * Math.fround(scales[i]!);
    return Math.floor(product) === pixels && Math.floor(Math.fround(product)) === pixels;
  });
  if (mode === 'nearest') {
    const along = size.map((pixels, i) => nearest(shape[i + 2]!, pixels, ratios[i]!));
    if (!isScaled || !along.every(({ isSame }) => isSame))
      return along.reduce(
        (y, { pixels }, i) => w.node('Gather', [y, w.ints(pixels)], { axis: i + 2 }),
        x,
      );
  }
  const to =
    alignCorners || !isScaled
      ? [undefined, w.shape([...shape.slice(0, 2), ...size])]
      : [w.floats([1, 1, ...scales])];
  return w.node('Resize', [x, undefined, ...to], {
    mode: mode === 'nearest' ? mode : 'linear',
    coordinate_transformation_mode:
      mode === 'nearest' ? 'asymmetric' : alignCorners ? 'align_corners' : 'half_pixel',
    nearest_mode: 'floor',
  });
}

export const shapeRules: Readonly<Record<string, Rule>> = {
  reshape: (w, values, { shape }: { shape: Shape }, { inputs, output, layer }) =>
    aroundReshapes(w, inputs['x']!, output, layer) ??
    w.reshape(values['x']!, inputs['x']!.shape, shape),
  permute: (w, { x }, { axes }) => w.node('Transpose', [x], { perm: axes }),
  concat: (w, values, attributes, node) =>
    bothWays(w, values, attributes, node) ??
    w.node('Concat', Object.values(values), { axis: attributes.axis }),
  slice: (w, values, attributes, node) =>
    slicedRecurrence(w, values, attributes, node) ??
    slice(w, values['x']!, node.inputs['x']!.shape, attributes.start, attributes.shape),
  row: (w, { x }, { index }) => w.node('Gather', [x, w.ints(index)], { axis: 0 }),
  pad(w, { x }, { start, shape, value }: { start: number[]; shape: Shape; value: number }, node) {
    const from = node.inputs['x']!.shape;
    const after = shape.map((extent, axis) => extent - start[axis]! - from[axis]!);
    return w.node('Pad', [x, w.ints([...start, ...after]), w.floats(value)], { mode: 'constant' });
  },
  pad2d(w, { x }, { sides, mode, value }: { sides: number[]; mode: string; value: number }) {
    const [left, right, top, bottom] = sides as [number, number, number, number];
    const modes: Readonly<Record<string, string>> = { zeros: 'constant', replicate: 'edge' };
    const operands = [x, w.ints([0, 0, top, left, 0, 0, bottom, right])];
    if (mode === 'zeros') operands.push(w.floats(value));
    return w.node('Pad', operands, { mode: modes[mode] ?? mode });
  },
  expand(w, { x }, { shape }: { shape: Shape }, { inputs }) {
    const from = inputs['x']!.shape;
    const missing = shape.length - from.length;
    // An extent of 1 leaves that of x as it is.
    const to = shape.map((extent, axis) =>
      isOpen(extent) && from[axis - missing] === extent ? 1 : extent,
    );
    return w.node('Expand', [x, w.shape(to)]);
  },
  sum: (w, { x }, { start, end }) => w.node('ReduceSum', [x, w.ints(axesOf(start, end))]),
  max: reduceMaximum,
  upsample2d: (w, { x }, attributes: Resampling, { inputs }) =>
    resize(w, x!, inputs['x']!.shape, attributes),
  /** The bias of a transposed convolution is an addition in the graph. */
  add(w, values, _, { inputs, layer }) {
    const convolution = madeBy(inputs['a'], 'conv2dInputGradient', layer);
    const bias = madeBy(inputs['b'], 'reshape', layer)?.inputs['x'];
    if (!convolution || bias?.shape.length !== 1) return w.node('Add', [values['a'], values['b']]);
    const { dy, w: kernels } = convolution.inputs;
    const operands = [w.of(dy!), w.of(kernels!), w.of(bias)];
    const node = { ...convolution, output: inputs['a']! };
    return transposedConvolution(w, operands, convolution.attributes, node);
  },
};
