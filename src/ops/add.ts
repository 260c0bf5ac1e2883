/** Element-wise sum of two tensors of one shape. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';
import { activationCodes, type Activation } from './activation.js';

/** `activation` is applied to the sum; set by the compiler's fusion. */
export const addOp = defineOp<{ a: Tensor; b: Tensor }, { readonly activation: Activation }>({
  name: 'add',
  shape({ a, b }) {
    if (showShape(a.shape) !== showShape(b.shape)) {
      throw new ShapeError('add', `shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ`);
    }
    return { shape: a.shape };
  },
  forward(k, { output, attributes: { activation } }, { inputs: { a, b }, output: y }) {
    const count = sizeOf(output.shape);
    if (activation === 'none') k.add(a, b, y, count);
    else k.addActivation(a, b, y, count, activationCodes[activation]);
  },
  backward: (_, dy) => ({ a: dy, b: dy }),
  inPlace: ['a', 'b'],
  flops: ({ output }) => sizeOf(output.shape),
});

/** a + b, same shapes. */
export const add = (a: Tensor, b: Tensor): Tensor => apply(addOp, { a, b }, { activation: 'none' });
