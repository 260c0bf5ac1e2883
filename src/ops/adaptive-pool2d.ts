/**
 * Pooling of N×C×H×W images to a given size. Window p of P takes rows ⌊p·H/P⌋ to ⌈(p + 1)·H/P⌉, so that windows cover
 * the image and overlap where P does not divide H. A single window is the whole plane.
 */
import { apply, defineOp, type Op } from '../graph/op.js';
import type { Shape, Tensor } from '../graph/tensor.js';
import { checkPair, type Pair } from './conv2d.js';
import { checkImages } from './pool2d.js';
import { reshape } from './reshape.js';

interface Attributes {
  /** Height and width of the output. */
  readonly size: Pair;
}

/** The kernels' leading operands; kernel extents, strides and paddings do not apply to adaptive windows. */
const leading = ([N, C, H, W]: Shape, { size: [P, Q] }: Attributes) =>
  [N! * C!, H!, W!, 0, 0, 0, 0, 0, 0, P, Q] as const;

function outputShape(name: string, x: Tensor, { size }: Attributes): { shape: Shape } {
  checkImages(name, x);
  checkPair(name, 'size', size, 1);
  return { shape: [x.shape[0]!, x.shape[1]!, ...size] };
}

const averageOp: Op<{ x: Tensor }, Attributes> = defineOp({
  name: 'adaptiveAvgPool2d',
  shape: ({ x }, attributes) => outputShape('adaptiveAvgPool2d', x, attributes),
  forward(k, { inputs: { x }, attributes }, at) {
    const [N, C, H, W] = x.shape as [number, number, number, number];
    const [P, Q] = attributes.size;
    // The sum of many chains, not of one, is far more exact for large planes.
    if (P === 1 && Q === 1) k.averagePlanes(N * C, H * W, at.inputs.x, at.output);
    else k.avgPoolWindows(...leading(x.shape, attributes), 0, at.inputs.x, at.output);
  },
  backward: ({ inputs: { x }, attributes: { size } }, dy) => ({
    x: apply(averageGradientOp, { dy }, { size, shape: x.shape }),
  }),
});

const averageGradientOp = defineOp<{ dy: Tensor }, Attributes & { readonly shape: Shape }>({
  name: 'adaptiveAvgPool2dGradient',
  shape: (_, { shape }) => ({ shape }),
  forward: (k, { output, attributes }, at) =>
    k.avgPoolWindowsGradient(...leading(output.shape, attributes), 0, at.inputs.dy, at.output),
  backward: ({ attributes: { size } }, g) => ({ dy: adaptiveAvgPool2d(g, size) }),
});

const maximumOp = defineOp<{ x: Tensor }, Attributes>({
  name: 'adaptiveMaxPool2d',
  shape: ({ x }, attributes) => outputShape('adaptiveMaxPool2d', x, attributes),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.maxPoolWindows(...leading(x.shape, attributes), at.inputs.x, at.output),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(maximumGradientOp, { x, dy }, attributes),
  }),
});

const maximumGradientOp = defineOp<{ x: Tensor; dy: Tensor }, Attributes>({
  name: 'adaptiveMaxPool2dGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output }) =>
    k.maxPoolWindowsGradient(...leading(x.shape, attributes), at.x, at.dy, output),
});

/** Means over windows that give an output of P×Q; x: N×C×H×W. @throws ShapeError unless x holds images. */
export const adaptiveAvgPool2d = (x: Tensor, size: Pair): Tensor =>
  apply(averageOp, { x }, { size });

/** Maxima over the same windows; the first maximum of a window gets the gradient. @throws ShapeError unless x holds images. */
export const adaptiveMaxPool2d = (x: Tensor, size: Pair): Tensor =>
  apply(maximumOp, { x }, { size });

/** Maximum of each whole plane; x: N×C×H×W, result N×C. @throws ShapeError unless x holds images. */
export function globalMaxPool2d(x: Tensor): Tensor {
  checkImages('globalMaxPool2d', x);
  return reshape(adaptiveMaxPool2d(x, [1, 1]), x.shape.slice(0, 2));
}
