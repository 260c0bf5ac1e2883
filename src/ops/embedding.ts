/** Rows of a table by index, such as vectors for words, characters and positions. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';

interface Inputs {
  readonly indices: Tensor;
  readonly weight: Tensor;
}

const embeddingOp = defineOp<Inputs, object>({
  name: 'embedding',
  gives: 'reals',
  integers: true,
  shape({ indices, weight }) {
    if (weight.shape.length !== 2 || indices.shape.length < 1) {
      throw new ShapeError(
        'embedding',
        `indices ${showShape(indices.shape)} and weight ${showShape(weight.shape)}, expected n or n×T and rows×features`,
      );
    }
    if (indices.dtype !== 'i32')
      throw new ShapeError('embedding', `indices are ${indices.dtype}, expected i32`);
    return { shape: [...indices.shape, weight.shape[1]!] };
  },
  forward(k, { inputs: { indices, weight } }, { inputs: at, output }) {
    const [V, D] = weight.shape as [number, number];
    k.embedding(sizeOf(indices.shape), V, D, at.indices, at.weight, output);
  },
  backward: ({ inputs: { indices, weight } }, dy) => ({
    weight: apply(gradientOp, { indices, dy }, { rows: weight.shape[0]! }),
  }),
});

const gradientOp = defineOp<{ indices: Tensor; dy: Tensor }, { rows: number }>({
  name: 'embeddingGradient',
  integers: true,
  shape: ({ dy }, { rows }) => ({ shape: [rows, dy.shape.at(-1)!] }),
  forward(k, { inputs: { indices }, output: { shape } }, { inputs: at, output }) {
    const [V, D] = shape as [number, number];
    k.embeddingGradient(sizeOf(indices.shape), V, D, at.indices, at.dy, output);
  },
});

/**
 * weight[indices[i]] at each position i; indices n or n×T (i32), weight V×D, result n×D or n×T×D. An index outside the
 * table gives zeros and has no gradient: data sets are checked where they are read. The gradient of a row adds its
 * positions in order.
 * @throws ShapeError if weight is not a matrix, or indices are not i32.
 */
export const embedding = (indices: Tensor, weight: Tensor): Tensor =>
  apply(embeddingOp, { indices, weight }, {});
