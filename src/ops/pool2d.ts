/**
 * Average and maximum pooling of N×C×H×W images, and averages of whole planes. Windows that do not fit are dropped,
 * unless `ceilMode` keeps them.
 */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import { checkPair, windows, type Pair } from './conv2d.js';

export interface PoolAttributes {
  readonly kernel: Pair;
  readonly stride: Pair;
  /** At most half of the kernel, so that no window is without an input; default 0. */
  readonly padding?: Pair | undefined;
  /** Whether a last window may extend beyond the padding, if it begins before its end; default false. */
  readonly ceilMode?: boolean | undefined;
}

export interface AvgPoolAttributes extends PoolAttributes {
  /** Whether a mean counts the padding's zeros; default true. */
  readonly countIncludePad?: boolean | undefined;
}

/** Number of windows along one axis, by PyTorch's rule: with `ceil` also a last one that begins inside input or padding. */
function places(extent: number, kernel: number, stride: number, padding: number, ceil = false) {
  if (!ceil) return windows(extent, kernel, stride, padding);
  const count = Math.ceil((extent + 2 * padding - kernel) / stride) + 1;
  return (count - 1) * stride >= extent + padding ? count - 1 : count;
}

/** The kernels' operands, from the input's shape. */
function extents(x: Shape, { kernel, stride, padding = [0, 0], ceilMode }: PoolAttributes) {
  const [N, C, H, W] = x as [number, number, number, number];
  const [[kh, kw], [sh, sw], [ph, pw]] = [kernel, stride, padding];
  const P = places(H, kh, sh, ph, ceilMode);
  const Q = places(W, kw, sw, pw, ceilMode);
  const isInside = ph === 0 && pw === 0 && (P - 1) * sh + kh <= H && (Q - 1) * sw + kw <= W;
  // Windows inside the image have two kernels, with the same bits: the plain one is made for 2×2 with stride 2, and the
  // other takes four windows at once if they are one or two apart.
  const apart = sw === 1 || (sw === 2 && !(kh === 2 && kw === 2));
  return {
    /** Whether one window covers the plane; the sum of many chains, not of one, is far more exact for large planes. */
    isPlane: isInside && kh === H && kw === W,
    plain: isInside && !apart,
    plainGradient: isInside && sw > 1,
    planes: N * C,
    H,
    W,
    kh,
    kw,
    sh,
    sw,
    ph,
    pw,
    P,
    Q,
  };
}

type Extents = ReturnType<typeof extents>;

/** Leading operands for windows inside the image. */
const leading = ({ planes, H, W, kh, kw, sh, sw, P, Q }: Extents) =>
  [planes, H, W, kh, kw, sh, sw, P, Q] as const;

/** Leading operands for windows that may extend beyond it. */
const leadingPadded = ({ planes, H, W, kh, kw, sh, sw, ph, pw, P, Q }: Extents) =>
  [planes, H, W, kh, kw, sh, sw, ph, pw, P, Q] as const;

function outputShape(name: string, x: Tensor, attributes: PoolAttributes): { shape: Shape } {
  checkImages(name, x);
  const { kernel, stride, padding = [0, 0] } = attributes;
  checkPair(name, 'kernel', kernel, 1);
  checkPair(name, 'stride', stride, 1);
  checkPair(name, 'padding', padding, 0);
  if (padding.some((extent, axis) => extent > kernel[axis]! / 2)) {
    throw new ShapeError(
      name,
      `padding ${padding.join('×')} is more than half of kernel ${kernel.join('×')}`,
    );
  }
  const { H, W, P, Q } = extents(x.shape, attributes);
  if (P < 1 || Q < 1) {
    const padded = padding.some((extent) => extent > 0) ? ` padded by ${padding.join('×')}` : '';
    throw new ShapeError(name, `kernel ${kernel.join('×')} does not fit input ${H}×${W}${padded}`);
  }
  return { shape: [x.shape[0]!, x.shape[1]!, P, Q] };
}

/** @throws ShapeError unless x is N×C×H×W. */
export function checkImages(name: string, x: Tensor): void {
  if (x.shape.length === 4) return;
  throw new ShapeError(name, `expected an input of N×C×H×W, found ${showShape(x.shape)}`);
}

const avgPool2dOp: Op<{ x: Tensor }, AvgPoolAttributes> = defineOp({
  name: 'avgPool2d',
  shape: ({ x }, attributes) => outputShape('avgPool2d', x, attributes),
  forward(k, { inputs: { x }, attributes }, at) {
    const e = extents(x.shape, attributes);
    const counted = Number(attributes.countIncludePad ?? true);
    if (e.isPlane) k.averagePlanes(e.planes, e.H * e.W, at.inputs.x, at.output);
    else if (e.plain) k.avgPool2d(...leading(e), at.inputs.x, at.output);
    else k.avgPoolWindows(...leadingPadded(e), counted, at.inputs.x, at.output);
  },
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(avgPool2dGradientOp, { dy }, { ...attributes, shape: x.shape }),
  }),
});

const avgPool2dGradientOp = defineOp<{ dy: Tensor }, AvgPoolAttributes & { shape: Shape }>({
  name: 'avgPool2dGradient',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { output, attributes }, at) {
    const e = extents(output.shape, attributes);
    const counted = Number(attributes.countIncludePad ?? true);
    if (e.plainGradient) k.avgPool2dGradient(...leading(e), at.inputs.dy, at.output);
    else k.avgPoolWindowsGradient(...leadingPadded(e), counted, at.inputs.dy, at.output);
  },
  backward: ({ attributes }, g) => ({ dy: avgPool2d(g, attributes) }),
});

const maxPool2dOp = defineOp<{ x: Tensor }, PoolAttributes>({
  name: 'maxPool2d',
  shape: ({ x }, attributes) => outputShape('maxPool2d', x, attributes),
  forward(k, { inputs: { x }, attributes }, at) {
    const e = extents(x.shape, attributes);
    if (e.plain) k.maxPool2d(...leading(e), at.inputs.x, at.output);
    else k.maxPoolWindows(...leadingPadded(e), at.inputs.x, at.output);
  },
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(maxPool2dGradientOp, { x, dy }, attributes),
  }),
});

const maxPool2dGradientOp = defineOp<{ x: Tensor; dy: Tensor }, PoolAttributes>({
  name: 'maxPool2dGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward(k, { inputs: { x }, attributes }, at) {
    const e = extents(x.shape, attributes);
    const places = [at.inputs.x, at.inputs.dy, at.output] as const;
    if (e.plain) k.maxPool2dGradient(...leading(e), ...places);
    else k.maxPoolWindowsGradient(...leadingPadded(e), ...places);
  },
});

/** The kernels' leading operands: the number of planes, and of values in each. */
const planes = ([N, C, H, W]: Shape): [planes: number, area: number] => [N! * C!, H! * W!];

const globalAvgPool2dOp = defineOp<{ x: Tensor }, object>({
  name: 'globalAvgPool2d',
  shape({ x }) {
    checkImages('globalAvgPool2d', x);
    return { shape: [x.shape[0]!, x.shape[1]!] };
  },
  forward: (k, { inputs: { x } }, at) =>
    k.averagePlanes(...planes(x.shape), at.inputs.x, at.output),
  backward: ({ inputs: { x } }, dy) => ({
    x: apply(globalAvgPool2dGradientOp, { dy }, { shape: x.shape }),
  }),
});

const globalAvgPool2dGradientOp: Op<{ dy: Tensor }, { shape: Shape }> = defineOp({
  name: 'globalAvgPool2dGradient',
  shape: (_, { shape }) => ({ shape }),
  forward: (k, { output }, at) =>
    k.averagePlanesGradient(...planes(output.shape), at.inputs.dy, at.output),
  backward: (_, g) => ({ dy: globalAvgPool2d(g) }),
});

/** Mean over each whole plane; x: N×C×H×W, result N×C. */
export const globalAvgPool2d = (x: Tensor): Tensor => apply(globalAvgPool2dOp, { x }, {});

/** Mean over windows; x: N×C×H×W. @throws ShapeError if the kernel does not fit. */
export const avgPool2d = (x: Tensor, attributes: AvgPoolAttributes): Tensor =>
  apply(avgPool2dOp, { x }, attributes);

/** Maximum over windows; its gradient goes to the first maximum. @throws ShapeError if the kernel does not fit. */
export const maxPool2d = (x: Tensor, attributes: PoolAttributes): Tensor =>
  apply(maxPool2dOp, { x }, attributes);
