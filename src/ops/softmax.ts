/** Softmax over the last axis of a matrix. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';

const softmaxOp = defineOp<{ x: Tensor }, object>({
  name: 'softmax',
  shape({ x }) {
    if (x.shape.length !== 2)
      throw new ShapeError('softmax', `expected a matrix, found ${showShape(x.shape)}`);
    return { shape: x.shape };
  },
  forward: (k, { inputs: { x } }, at) =>
    k.softmax(x.shape[0]!, x.shape[1]!, at.inputs.x, at.output),
  backward: ({ output }, dy) => ({ x: apply(softmaxGradientOp, { y: output, dy }, {}) }),
});

const softmaxGradientOp = defineOp<{ y: Tensor; dy: Tensor }, object>({
  name: 'softmaxGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (k, { inputs: { y } }, at) =>
    k.softmaxGradient(y.shape[0]!, y.shape[1]!, at.inputs.y, at.inputs.dy, at.output),
});

/** e^x[i, c] / Σ_d e^x[i, d]; x: n×C. */
export const softmax = (x: Tensor): Tensor => apply(softmaxOp, { x }, {});
