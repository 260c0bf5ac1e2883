/** Reshaping: the same elements under another shape, as a view without a kernel. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';

const op = defineOp<{ x: Tensor }, { shape: Shape }>({
  name: 'reshape',
  gives: 'inputs',
  integers: true,
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

/** x with its elements, in order, under `shape`, in which one extent may be −1: it takes the rest. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const open = shape.indexOf(-1);
  if (open < 0) return apply(op, { x }, { shape });
  const others = sizeOf(shape.filter((_, axis) => axis !== open));
  const rest = sizeOf(x.shape) / others;
  if (!Number.isInteger(rest) || rest < 1) {
    throw new ShapeError(
      'reshape',
      `the ${sizeOf(x.shape)} elements of ${showShape(x.shape)} do not divide by ${showShape(shape)}`,
    );
  }
  return apply(op, { x }, { shape: shape.with(open, rest) });
}

/** Joins all axes from `startAxis` on; N×C×H×W becomes N×(C·H·W). */
export const flatten = (x: Tensor, startAxis = 1): Tensor =>
  reshape(x, [...x.shape.slice(0, startAxis), sizeOf(x.shape.slice(startAxis))]);
