/** The matrix product with optional transposes, bias and activation; `linear` is its form in dense layers. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { activationCodes, type Activation } from './activation.js';
import { reshape } from './reshape.js';
import { slice } from './slice.js';
import { sumRows } from './sum.js';
import { matmulWorkspace } from './workspace.js';

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** Applied to the product plus bias; set by the compiler's fusion. */
  readonly activation: Activation;
}

interface Inputs {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor | undefined;
}

/** m, n and k of op(a)·op(b). */
function extents({ a, b }: Inputs, { transposeA, transposeB }: Attributes) {
  const [m, k] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [n, kOfB] = transposeB ? [b.shape[0]!, b.shape[1]!] : [b.shape[1]!, b.shape[0]!];
  return { m, n, k, kOfB };
}

const showOperand = (t: Tensor, transposed: boolean): string =>
  `${showShape(t.shape)}${transposed ? ' (transposed)' : ''}`;

export const matmulOp = defineOp<Inputs, Attributes>({
  name: 'matmul',
  gives: 'reals',
  appliesActivation: true,
  shape(inputs, attributes) {
    const { a, b, bias } = inputs;
    const both = `${showOperand(a, attributes.transposeA)} and ${showOperand(b, attributes.transposeB)}`;
    if (a.shape.length !== 2 || b.shape.length !== 2) {
      throw new ShapeError('matmul', `expected two matrices, found ${both}`);
    }
    const { m, n, k, kOfB } = extents(inputs, attributes);
    if (k !== kOfB)
      throw new ShapeError('matmul', `inner extents ${k} and ${kOfB} of ${both} differ`);
    checkBias('matmul', bias, n);
    return { shape: [m, n] };
  },
  forward(k, { inputs, attributes }, at) {
    const { m, n, k: inner } = extents(inputs, attributes);
    const { transposeA, transposeB, activation } = attributes;
    k.matmul(
      Number(transposeA),
      Number(transposeB),
      m,
      n,
      inner,
      at.inputs.a,
      at.inputs.b,
      at.inputs.bias ?? 0,
      at.output,
      activationCodes[activation],
      at.workspace,
    );
  },
  // With C = A·B: dA = dC·Bᵀ and dB = Aᵀ·dC; the transposed cases transpose both sides.
  backward: ({ inputs: { a, b, bias }, attributes: { transposeA, transposeB } }, dy) => ({
    a: transposeA ? matmul(b, dy, transposeB, true) : matmul(dy, b, false, !transposeB),
    b: transposeB ? matmul(dy, a, true, transposeA) : matmul(a, dy, !transposeA, false),
    bias: bias && sumRows(dy),
  }),
  workspace({ inputs, attributes }) {
    const { m, n, k } = extents(inputs, attributes);
    return matmulWorkspace(m, n, k);
  },
  flops({ inputs, attributes }) {
    const { m, n, k } = extents(inputs, attributes);
    return 2 * m * n * k + (inputs.bias ? m * n : 0);
  },
});

/** Checks that a bias has one value per feature or channel. */
export function checkBias(op: string, bias: Tensor | undefined, count: number): void {
  const expected: Shape = [count];
  if (bias && showShape(bias.shape) !== showShape(expected)) {
    throw new ShapeError(
      op,
      `bias has shape ${showShape(bias.shape)}, expected ${showShape(expected)}`,
    );
  }
}

/** op(a)·op(b) of two matrices, each transposed if asked. */
export const matmul = (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor =>
  apply(matmulOp, { a, b }, { transposeA, transposeB, activation: 'none' });

/**
 * For the gradient of a dense layer's weights, aᵀ·b of two matrices: the function that gives rows [from, to) of it, of the
 * same values; undefined for any other tensor.
 */
export function partOfProduct(product: Tensor): ((from: number, to: number) => Tensor) | undefined {
  const { source } = product;
  if (source.kind !== 'op' || (source.op as unknown) !== matmulOp) return undefined;
  const { a, b, bias } = source.inputs as unknown as Inputs;
  const { transposeA, transposeB, activation } = source.attributes as Attributes;
  if (!transposeA || transposeB || bias || activation !== 'none') return undefined;
  return (from, to) => matmul(slice(a, [[], [from, to]]), b, true, false);
}

/**
 * y = x·wᵀ + b over the last axis. x: n×in, or n×T×in and the like; w: out×in, b: out or null; y: n×out, or n×T×out.
 * @throws ShapeError naming both shapes.
 */
export function linear(x: Tensor, w: Tensor, b: Tensor | null): Tensor {
  const [inputs, rows] = [x.shape.at(-1), x.shape.slice(0, -1)];
  if (x.shape.length < 2 || w.shape.length !== 2 || inputs !== w.shape[1]) {
    throw new ShapeError(
      'linear',
      `input ${showShape(x.shape)} does not fit weight ${showShape(w.shape)} (out×in): expected n×${w.shape[1] ?? '?'}`,
    );
  }
  checkBias('linear', b ?? undefined, w.shape[0]!);
  const attributes = { transposeA: false, transposeB: true, activation: 'none' } as const;
  if (rows.length === 1) return apply(matmulOp, { a: x, b: w, bias: b ?? undefined }, attributes);
  const a = reshape(x, [sizeOf(rows), inputs!]);
  const y = apply(matmulOp, { a, b: w, bias: b ?? undefined }, attributes);
  return reshape(y, [...rows, w.shape[0]!]);
}
