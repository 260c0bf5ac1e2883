/** Element-wise sum of two tensors of one shape. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';

const op = defineOp<{ a: Tensor; b: Tensor }, object>({
  name: 'add',
  shape({ a, b }) {
    if (showShape(a.shape) !== showShape(b.shape)) {
      throw new ShapeError('add', `shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ`);
    }
    return { shape: a.shape };
  },
  forward: (k, { output }, at) => k.add(at.inputs.a, at.inputs.b, at.output, sizeOf(output.shape)),
  backward: (_, dy) => ({ a: dy, b: dy }),
  inPlace: ['a', 'b'],
  flops: ({ output }) => sizeOf(output.shape),
});

/** a + b, same shapes. */
export const add = (a: Tensor, b: Tensor): Tensor => apply(op, { a, b }, {});
