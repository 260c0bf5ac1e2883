/** Average and maximum pooling of N×C×H×W images. Windows that do not fit are dropped. Averages of whole planes. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import { checkPair, windows, type Pair } from './conv2d.js';

export interface PoolAttributes {
  readonly kernel: Pair;
  readonly stride: Pair;
}

/** The kernels' leading operands, from the input's shape. */
function leading(x: Shape, { kernel: [kh, kw], stride: [sh, sw] }: PoolAttributes) {
  const [N, C, H, W] = x as [number, number, number, number];
  return [N * C, H, W, kh, kw, sh, sw, windows(H, kh, sh, 0), windows(W, kw, sw, 0)] as const;
}

function outputShape(name: string, x: Tensor, attributes: PoolAttributes): { shape: Shape } {
  if (x.shape.length !== 4) {
    throw new ShapeError(name, `expected an input of N×C×H×W, found ${showShape(x.shape)}`);
  }
  checkPair(name, 'kernel', attributes.kernel, 1);
  checkPair(name, 'stride', attributes.stride, 1);
  const [, H, W, kh, kw, , , P, Q] = leading(x.shape, attributes);
  if (P < 1 || Q < 1) throw new ShapeError(name, `kernel ${kh}×${kw} does not fit input ${H}×${W}`);
  return { shape: [x.shape[0]!, x.shape[1]!, P, Q] };
}

const avgPool2dOp: Op<{ x: Tensor }, PoolAttributes> = defineOp({
  name: 'avgPool2d',
  shape: ({ x }, attributes) => outputShape('avgPool2d', x, attributes),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.avgPool2d(...leading(x.shape, attributes), at.inputs.x, at.output),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(avgPool2dGradientOp, { dy }, { ...attributes, shape: x.shape }),
  }),
});

const avgPool2dGradientOp = defineOp<{ dy: Tensor }, PoolAttributes & { shape: Shape }>({
  name: 'avgPool2dGradient',
  shape: (_, { shape }) => ({ shape }),
  forward: (k, { output, attributes }, at) =>
    k.avgPool2dGradient(...leading(output.shape, attributes), at.inputs.dy, at.output),
  backward: ({ attributes: { kernel, stride } }, g) => ({ dy: avgPool2d(g, { kernel, stride }) }),
});

const maxPool2dOp = defineOp<{ x: Tensor }, PoolAttributes>({
  name: 'maxPool2d',
  shape: ({ x }, attributes) => outputShape('maxPool2d', x, attributes),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.maxPool2d(...leading(x.shape, attributes), at.inputs.x, at.output),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(maxPool2dGradientOp, { x, dy }, attributes),
  }),
});

const maxPool2dGradientOp = defineOp<{ x: Tensor; dy: Tensor }, PoolAttributes>({
  name: 'maxPool2dGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.maxPool2dGradient(...leading(x.shape, attributes), at.inputs.x, at.inputs.dy, at.output),
});

/** The kernels' leading operands: planes and values of one. */
const planes = ([N, C, H, W]: Shape): [planes: number, area: number] => [N! * C!, H! * W!];

const globalAvgPool2dOp = defineOp<{ x: Tensor }, object>({
  name: 'globalAvgPool2d',
  shape({ x }) {
    if (x.shape.length !== 4) {
      throw new ShapeError(
        'globalAvgPool2d',
        `expected an input of N×C×H×W, found ${showShape(x.shape)}`,
      );
    }
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
export const avgPool2d = (x: Tensor, attributes: PoolAttributes): Tensor =>
  apply(avgPool2dOp, { x }, attributes);

/** Maximum over windows; its gradient goes to the first maximum. @throws ShapeError if the kernel does not fit. */
export const maxPool2d = (x: Tensor, attributes: PoolAttributes): Tensor =>
  apply(maxPool2dOp, { x }, attributes);
