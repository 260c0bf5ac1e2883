/** A tensor of one repeated value, such as the seed of the gradient. */
import { apply, defineOp } from '../graph/op.js';
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';

const op = defineOp<object, { value: number; shape: Shape }>({
  name: 'constant',
  shape: (_, { shape }) => ({ shape }),
  forward: (k, { output, attributes }, at) =>
    k.fill(at.output, sizeOf(output.shape), attributes.value),
});

/** A tensor whose elements are all `value`. */
export const constant = (value: number, shape: Shape): Tensor => apply(op, {}, { value, shape });
