/** The same elements under another shape: a view, no kernel runs. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';

const op = defineOp<{ x: Tensor }, { shape: Shape }>({
  name: 'reshape',
  shape({ x }, { shape }) {
    if (sizeOf(shape) !== sizeOf(x.shape)) {
      throw new ShapeError(
        'reshape',
        `${showShape(x.shape)} has ${sizeOf(x.shape)} elements, ${showShape(shape)} has ${sizeOf(shape)}`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  backward: ({ inputs }, dy) => ({ x: reshape(dy, inputs.x.shape) }),
});

/** x with its elements, in order, under `shape`. */
export const reshape = (x: Tensor, shape: Shape): Tensor => apply(op, { x }, { shape });
