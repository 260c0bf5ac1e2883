/** ONNX nodes of matrix products, convolutions and pooling. */
import type { Shape, Tensor } from '../graph/tensor.js';
import type { Rule, Unchecked, Value, Writer } from './export-writer.js';

type Pair = readonly [number, number];

/** The application that gave a tensor, if it is of the op `name`, by the layer `layer`. */
export function madeBy(tensor: Tensor | undefined, name: string, layer: string) {
  const source = tensor?.source;
  return source?.kind === 'op' && source.op.name === name && source.layer === layer
    ? (source as typeof source & { readonly attributes: Unchecked })
    : undefined;
}

/** The order of axes with the last two exchanged. */
const lastTwo = (rank: number): number[] =>
  Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding?: Pair;
  readonly ceilMode?: boolean;
  readonly countIncludePad?: boolean;
}

/** A pooling node's attributes; `from` is 1 for sequences, which are images of height 1 in the graph. */
const windowOf = ({ kernel, stride, padding = [0, 0], ceilMode }: Window, from: number) => ({
  kernel_shape: kernel.slice(from),
  strides: stride.slice(from),
  pads: [...padding.slice(from), ...padding.slice(from)],
  ...(ceilMode ? { ceil_mode: 1 } : {}),
});

/** Pooling and convolution of images, or from axis 1 on of sequences. */
export const ofWindows: Readonly<
  Record<string, (w: Writer, x: Value, node: Parameters<Rule>[3], from: number) => Value>
> = {
  maxPool2d: (w, x, { attributes }, from) =>
    w.node('MaxPool', [x], windowOf(attributes as Window, from)),
  avgPool2d: (w, x, { attributes }, from) =>
    w.node('AveragePool', [x], {
      ...windowOf(attributes as Window, from),
      count_include_pad: Number((attributes as Window).countIncludePad ?? true),
    }),
};

interface Geometry {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/** The attributes of a convolution with kernels w, and its padding left, right, top and bottom. */
const geometryOf = (
  w: Shape,
  { stride, dilation, groups }: Geometry,
  [left, right, top, bottom]: readonly number[],
) => ({
  dilations: dilation,
  group: groups,
  kernel_shape: w.slice(2),
  pads: [top!, left!, bottom!, right!],
  strides: stride,
});

/** x, without zeros that the same layer puts around it, and these and `padding` together on all sides. */
function unpadded(x: Tensor, layer: string, [ph, pw]: Pair) {
  const padded = madeBy(x, 'pad2d', layer);
  const isZeros = padded?.attributes.mode === 'zeros' && padded.attributes.value === 0;
  const sides: readonly number[] = isZeros ? padded.attributes.sides : [0, 0, 0, 0];
  return {
    x: isZeros ? padded.inputs['x']! : x,
    sides: sides.map((side, i) => side + (i < 2 ? pw : ph)),
  };
}

/** Windows of `size` places along an axis: ⌊p·extent/size⌋ to ⌈(p + 1)·extent/size⌉. */
const adaptiveWindows = (extent: number, size: number): Pair[] =>
  Array.from({ length: size }, (_, p) => [
    Math.floor((p * extent) / size),
    Math.ceil(((p + 1) * extent) / size),
  ]);

/** Adaptive pooling by windows that divide the image, and by `apart` where they do not. */
const adaptive =
  (op: string, apart: (w: Writer, x: Value, image: Pair, size: Pair) => Value): Rule =>
  (w, { x }, { size }: { size: Pair }, { inputs }) => {
    const [H, W] = inputs['x']!.shape.slice(2) as [number, number];
    const [P, Q] = size;
    if (P === 1 && Q === 1) return w.node(`Global${op}`, [x]);
    if (H % P || W % Q) return apart(w, x!, [H, W], size);
    const kernel = [H / P, W / Q];
    return w.node(op, [x], { kernel_shape: kernel, strides: kernel });
  };

/** Means as products with constant matrices, rows of P×H and columns of W×Q. */
function meansApart(w: Writer, x: Value, [H, W]: Pair, [P, Q]: Pair): Value {
  const shares = (extent: number, size: number) =>
    adaptiveWindows(extent, size).map(([from, to]) =>
      Array.from({ length: extent }, (_, i) => (i >= from && i < to ? 1 / (to - from) : 0)),
    );
  const columns = shares(W, Q);
  const turned = Array.from({ length: W }, (_, i) => columns.map((column) => column[i]!));
  const rows = w.node('MatMul', [w.floats(shares(H, P).flat(), [P, H]), x]);
  return w.node('MatMul', [rows, w.floats(turned.flat(), [W, Q])]);
}

/** Maxima of slices, first along the height. */
const maximaApart = (w: Writer, x: Value, image: Pair, size: Pair): Value =>
  image.reduce((from, extent, i) => {
    const parts = adaptiveWindows(extent, size[i]!).map(([start, end]) => {
      const bounds = [w.ints([start]), w.ints([end]), w.ints([i + 2])];
      return w.node('ReduceMax', [w.node('Slice', [from, ...bounds])], { axes: [i + 2] });
    });
    return w.node('Concat', parts, { axis: i + 2 });
  }, x);

export const productRules: Readonly<Record<string, Rule>> = {
  matmul: (w, { a, b, bias }, { transposeA, transposeB }) =>
    w.node('Gemm', [a, b, bias], { transA: Number(transposeA), transB: Number(transposeB) }),
  batchMatmul(w, { a, b }, { transposeA, transposeB }, { inputs }) {
    const turned = (x: Value, t: Tensor, isTurned: boolean) =>
      isTurned ? w.node('Transpose', [x], { perm: lastTwo(t.shape.length) }) : x;
    return w.node('MatMul', [
      turned(a!, inputs['a']!, transposeA),
      turned(b!, inputs['b']!, transposeB),
    ]);
  },
  conv2d(w, values, attributes: Geometry, { inputs, layer }) {
    const { x, sides } = unpadded(inputs['x']!, layer, attributes.padding);
    const operands = [w.of(x), values['w'], values['b']];
    return w.node('Conv', operands, geometryOf(inputs['w']!.shape, attributes, sides));
  },
  conv2dInputGradient: (w, values, attributes, node) =>
    transposedConvolution(w, [values['dy']!, values['w']!], attributes, node),
  expandConnections(w, values, { inputs, table }: { inputs: number; table: number[][] }, node) {
    const [connections, kh, kw] = node.inputs['w']!.shape as [number, number, number];
    const none = w.floats(new Float32Array(kh * kw), [1, kh, kw]);
    let next = 0;
    const places = table.flatMap((maps) => {
      const row = Array<number>(inputs).fill(connections);
      for (const c of maps) row[c] = next++;
      return row;
    });
    const all = w.node('Concat', [values['w'], none], { axis: 0 });
    return w.node('Gather', [all, w.ints(places, [table.length, inputs])], { axis: 0 });
  },
  locallyConnected2d(
    w,
    values,
    { kernel, stride }: { kernel: Pair; stride: Pair },
    { inputs, output },
  ) {
    const [, C, H, W] = inputs['x']!.shape as [number, number, number, number];
    const [N, , P, Q] = output.shape as [number, number, number, number];
    const [[kh, kw], [sh, sw]] = [kernel, stride];
    const grid = (
      a: number,
      b: number,
      c: number,
      f: (i: number, j: number, k: number) => number,
    ) =>
      Array.from({ length: a * b * c }, (_, at) =>
        f(Math.floor(at / (b * c)), Math.floor(at / c) % b, at % c),
      );
    // The pixel of each place and tap, in a plane after another.
    const first = w.ints(
      grid(1, P, Q, (_, p, q) => p * sh * W + q * sw),
      [P, Q, 1],
    );
    const taps = w.ints(grid(C, kh, kw, (c, i, j) => (c * H + i) * W + j));
    const pixels = w.reshape(values['x']!, inputs['x']!.shape, [N, C * H * W]);
    const seen = w.node('Gather', [pixels, w.node('Add', [first, taps])], { axis: 1 });
    const places = w.node('Transpose', [seen], { perm: [1, 2, 0, 3] });
    const sums = w.node('MatMul', [places, values['w']]);
    const y = w.node('Transpose', [sums], { perm: [2, 3, 0, 1] });
    return values['b'] === undefined ? y : w.node('Add', [y, values['b']]);
  },
  rbf(w, { x, centres }) {
    const apart = w.node('Sub', [w.node('Unsqueeze', [x, w.ints([1])]), centres]);
    const squares = w.node('Mul', [apart, apart]);
    return w.node('ReduceSum', [squares, w.ints([-1])], { keepdims: 0 });
  },
  embedding: (w, { weight, indices }) => w.node('Gather', [weight, indices], { axis: 0 }),
  maxPool2d: (w, { x }, _, node) => ofWindows['maxPool2d']!(w, x!, node, 0),
  avgPool2d: (w, { x }, _, node) => ofWindows['avgPool2d']!(w, x!, node, 0),
  globalAvgPool2d: (w, { x }) => w.node('Flatten', [w.node('GlobalAveragePool', [x])], { axis: 1 }),
  adaptiveAvgPool2d: adaptive('AveragePool', meansApart),
  adaptiveMaxPool2d: adaptive('MaxPool', maximaApart),
};

/** ConvTranspose, whose `output_padding` is what its output has more than its input and windows say. */
export function transposedConvolution(
  w: Writer,
  operands: readonly Value[],
  attributes: Geometry,
  { inputs, output }: Parameters<Rule>[3],
): Value {
  const { stride, padding, dilation } = attributes;
  const [ph, pw] = padding;
  const kernels = inputs['w']!.shape;
  const more = [0, 1].map((at) => {
    const least = (inputs['dy']!.shape[at + 2]! - 1) * stride[at]! - 2 * padding[at]!;
    return output.shape[at + 2]! - least - dilation[at]! * (kernels[at + 2]! - 1) - 1;
  });
  return w.node('ConvTranspose', operands, {
    ...geometryOf(kernels, attributes, [pw, pw, ph, ph]),
    output_padding: more,
  });
}
