/** Softmax and its logarithm over the last axis. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';

/** The kernels' leading operands: the number of rows, and of values in each. */
const leading = (shape: Shape): [n: number, C: number] => [
  sizeOf(shape.slice(0, -1)),
  shape.at(-1)!,
];

function checkRank(name: string, x: Tensor): { shape: Shape } {
  if (x.shape.length === 0)
    throw new ShapeError(name, 'expected at least one axis, found a scalar');
  return { shape: x.shape };
}

const softmaxOp = defineOp<{ x: Tensor }, object>({
  name: 'softmax',
  gives: 'shares',
  shape: ({ x }) => checkRank('softmax', x),
  forward: (k, { inputs: { x } }, at) => k.softmax(...leading(x.shape), at.inputs.x, at.output),
  backward: ({ output }, dy) => ({ x: apply(softmaxGradientOp, { y: output, dy }, {}) }),
});

const softmaxGradientOp = defineOp<{ y: Tensor; dy: Tensor }, object>({
  name: 'softmaxGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (k, { inputs: { y } }, at) =>
    k.softmaxGradient(...leading(y.shape), at.inputs.y, at.inputs.dy, at.output),
});

/** e^x[…, c] / Σ_d e^x[…, d]; x of any shape but a scalar. */
export const softmax = (x: Tensor): Tensor => apply(softmaxOp, { x }, {});

const logSoftmaxOp = defineOp<{ x: Tensor }, object>({
  name: 'logSoftmax',
  gives: 'reals',
  shape: ({ x }) => checkRank('logSoftmax', x),
  forward: (k, { inputs: { x } }, at) => k.logSoftmax(...leading(x.shape), at.inputs.x, at.output),
  backward: ({ output }, dy) => ({ x: apply(logSoftmaxGradientOp, { y: output, dy }, {}) }),
});

const logSoftmaxGradientOp = defineOp<{ y: Tensor; dy: Tensor }, object>({
  name: 'logSoftmaxGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (k, { inputs: { y } }, at) =>
    k.logSoftmaxGradient(...leading(y.shape), at.inputs.y, at.inputs.dy, at.output),
  inPlace: ['dy'],
});

/** x[…, c] − log Σ_d e^x[…, d]; x of any shape but a scalar. */
export const logSoftmax = (x: Tensor): Tensor => apply(logSoftmaxOp, { x }, {});
