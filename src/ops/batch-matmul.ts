/** Matrix products of two stacks of matrices, pair by pair, as attention needs them. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { matmul } from './matmul.js';
import { expand } from './reduce.js';
import { reshape } from './reshape.js';
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

const showBoth = (a: Tensor, b: Tensor, { transposeA, transposeB }: Attributes): string =>
  `${showOperand(a, transposeA)} and ${showOperand(b, transposeB)}`;

const batchMatmulOp: Op<Inputs, Attributes> = defineOp({
  name: 'batchMatmul',
  gives: 'reals',
  shape(inputs, attributes) {
    const { a, b } = inputs;
    const { m, n, k, kOfB } = extents(inputs, attributes);
    if (k !== kOfB) {
      const both = showBoth(a, b, attributes);
      throw new ShapeError('batchMatmul', `inner extents ${k} and ${kOfB} of ${both} differ`);
    }
    return { shape: [...a.shape.slice(0, -2), m, n] };
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
    a: transposeA ? pairwise(b, dy, transposeB, true) : pairwise(dy, b, false, !transposeB),
    b: transposeB ? pairwise(dy, a, true, transposeA) : pairwise(a, dy, !transposeA, false),
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

/** Of stacks with the same leading extents. */
const pairwise = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor =>
  apply(batchMatmulOp, { a, b }, { transposeA, transposeB });

/** The leading extents of both, broadcast; undefined if they do not fit. */
function leadingOf({ shape: a }: Tensor, { shape: b }: Tensor): Shape | undefined {
  const rank = Math.max(a.length, b.length) - 2;
  const extents = (shape: Shape) => [
    ...Array<number>(rank + 2 - shape.length).fill(1),
    ...shape.slice(0, -2),
  ];
  const [ofA, ofB] = [extents(a), extents(b)];
  const both = ofA.map((extent, axis) => (extent === 1 ? ofB[axis]! : extent));
  return both.every((extent, axis) => ofB[axis] === 1 || ofB[axis] === extent) ? both : undefined;
}

/**
 * op(a[i])·op(b[i]) for each i of the leading axes; a: …×m×k and b: …×k×n, or transposed; result …×m×n. Leading axes
 * are broadcast as in NumPy: aligned at the last, an extent of 1 or a missing axis repeats.
 * @throws ShapeError naming both shapes.
 */
export function batchMatmul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  const leading = a.shape.length > 1 && b.shape.length > 1 ? leadingOf(a, b) : undefined;
  if (!leading) {
    throw new ShapeError(
      'batchMatmul',
      `expected two stacks of equally many matrices, or one of them to repeat, found ${showBoth(a, b, { transposeA, transposeB })}`,
    );
  }
  const own = (t: Tensor): string => showShape(t.shape.slice(0, -2));
  if (own(a) === own(b) && leading.length > 0) return pairwise(a, b, transposeA, transposeB);
  if (leading.length === 0) return matmul(a, b, transposeA, transposeB);
  // One matrix for all rows of a is one product.
  if (b.shape.length === 2 && !transposeA) {
    const y = matmul(reshape(a, [-1, a.shape.at(-1)!]), b, false, transposeB);
    return reshape(y, [...leading, a.shape.at(-2)!, y.shape[1]!]);
  }
  const repeated = [a, b].map((t) => expand(t, [...leading, ...t.shape.slice(-2)]));
  return pairwise(repeated[0]!, repeated[1]!, transposeA, transposeB);
}
