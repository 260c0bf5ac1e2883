/** Permutations of a tensor's axes. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { axisOf, denseStrides, emitCopy } from './strided.js';

const permuteOp: Op<{ x: Tensor }, { axes: readonly number[] }> = defineOp({
  name: 'permute',
  gives: 'inputs',
  integers: true,
  shape({ x }, { axes }) {
    if (axes.length !== x.shape.length || new Set(axes).size < axes.length) {
      throw new ShapeError(
        'permute',
        `axes ${axes.join(', ')} are not an order of the ${x.shape.length} axes of ${showShape(x.shape)}`,
      );
    }
    return { shape: axes.map((axis) => x.shape[axis]!), dtype: x.dtype };
  },
  forward(k, { inputs: { x }, attributes: { axes }, output: { shape } }, at) {
    const strides = denseStrides(x.shape);
    const from = axes.map((axis) => strides[axis]!);
    emitCopy(k, shape, { x: at.inputs.x, from }, { y: at.output, to: denseStrides(shape) });
  },
  backward: ({ attributes: { axes } }, dy) => ({
    x: permute(
      dy,
      axes.map((_, axis) => axes.indexOf(axis)),
    ),
  }),
});

/**
 * y[i₀, i₁, …], where axis k of y is axis axes[k] of x; negative axes count from the end.
 * @throws ShapeError if `axes` does not name each axis of x once.
 */
export const permute = (x: Tensor, axes: readonly number[]): Tensor =>
  apply(permuteOp, { x }, { axes: axes.map((axis) => axisOf('permute', x, axis)) });

/** x with two axes exchanged. @throws ShapeError for an axis that x does not have. */
export function transpose(x: Tensor, axis0: number, axis1: number): Tensor {
  const [p, q] = [axisOf('transpose', x, axis0), axisOf('transpose', x, axis1)];
  return permute(
    x,
    [...x.shape.keys()].map((axis) => (axis === p ? q : axis === q ? p : axis)),
  );
}
