/** Matrix products of two stacks of matrices, pair by pair, as attention needs them. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { matmulWorkspace } from './workspace.js';

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface Inputs {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** The last two extents, swapped if transposed. */
function matrix(shape: Shape, transposed: boolean): readonly [rows: number, columns: number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

function extents({ a, b }: Inputs, { transposeA, transposeB }: Attributes) {
  const [m, k] = matrix(a.shape, transposeA);
  const [kOfB, n] = matrix(b.shape, transposeB);
  return { batch: sizeOf(a.shape.slice(0, -2)), m, n, k, kOfB };
}

const showOperand = (t: Tensor, transposed: boolean): string =>
  `${showShape(t.shape)}${transposed ? ' (transposed)' : ''}`;

const batchMatmulOp: Op<Inputs, Attributes> = defineOp({
  name: 'batchMatmul',
  gives: 'reals',
  shape(inputs, attributes) {
    const { a, b } = inputs;
    const both = `${showOperand(a, attributes.transposeA)} and ${showOperand(b, attributes.transposeB)}`;
    const leading = a.shape.slice(0, -2);
    if (a.shape.length < 3 || showShape(leading) !== showShape(b.shape.slice(0, -2))) {
      throw new ShapeError(
        'batchMatmul',
        `expected two stacks of equally many matrices, found ${both}`,
      );
    }
    const { m, n, k, kOfB } = extents(inputs, attributes);
    if (k !== kOfB)
      throw new ShapeError('batchMatmul', `inner extents ${k} and ${kOfB} of ${both} differ`);
    return { shape: [...leading, m, n] };
  },
  forward(k, { inputs, attributes }, at) {
    const { batch, m, n, k: inner } = extents(inputs, attributes);
    k.batchMatmul(
      batch,
      Number(attributes.transposeA),
      Number(attributes.transposeB),
      m,
      n,
      inner,
      at.inputs.a,
      at.inputs.b,
      at.output,
      at.workspace,
    );
  },
  // As in matmul.ts.
  backward: ({ inputs: { a, b }, attributes: { transposeA, transposeB } }, dy) => ({
    a: transposeA ? batchMatmul(b, dy, transposeB, true) : batchMatmul(dy, b, false, !transposeB),
    b: transposeB ? batchMatmul(dy, a, true, transposeA) : batchMatmul(a, dy, !transposeA, false),
  }),
  workspace({ inputs, attributes }) {
    const { m, n, k } = extents(inputs, attributes);
    return matmulWorkspace(m, n, k);
  },
  flops({ inputs, attributes }) {
    const { batch, m, n, k } = extents(inputs, attributes);
    return 2 * batch * m * n * k;
  },
});

/**
 * op(a[i])·op(b[i]) for each i of the leading axes; a: …×m×k and b: …×k×n, or transposed; result …×m×n.
 * @throws ShapeError naming both shapes.
 */
export const batchMatmul = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor =>
  apply(batchMatmulOp, { a, b }, { transposeA, transposeB });
