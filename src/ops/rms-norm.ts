/**
 * Root-mean-square normalisation (Zhang & Sennrich 2019), which is layer normalisation without mean and bias. Each run
 * of the last axes is divided by its root mean square, then multiplied by a weight.
 */
import { apply, defineOp, type Op } from '../graph/op.js';
import { sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { multiply } from './binary.js';
import { asRuns } from './layer-norm.js';
import { reshape } from './reshape.js';
import { sumRows } from './sum.js';

interface Attributes {
  /** Added to the mean square under the root. */
  readonly epsilon: number;
}

interface Inputs {
  /** rows×n, each row a run. */
  readonly x: Tensor;
  readonly weight?: Tensor | undefined;
}

const rmsNormOp: Op<Inputs, Attributes> = defineOp<Inputs, Attributes>({
  name: 'rmsNorm',
  gives: 'reals',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { epsilon } }, { inputs: at, output }) =>
    k.rmsNorm(x.shape[0]!, x.shape[1]!, at.x, at.weight ?? 0, epsilon, output),
  backward: ({ inputs: { x, weight }, attributes }, dy) => ({
    x: apply(gradientOp, { x, weight, dy }, attributes),
    weight: weight && sumRows(multiply(dy, apply(rmsNormOp, { x }, attributes))),
  }),
  inPlace: ['x'],
  flops: ({ output }) => 4 * sizeOf(output.shape),
});

const gradientOp = defineOp<Inputs & { readonly dy: Tensor }, Attributes>({
  name: 'rmsNormGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { epsilon } }, { inputs: at, output }) =>
    k.rmsNormGradient(x.shape[0]!, x.shape[1]!, at.x, at.weight ?? 0, at.dy, epsilon, output),
  inPlace: ['dy', 'x'],
});

/**
 * x/√(mean of x² + epsilon)·weight over runs of `normalizedShape`, the last axes of x. weight has that shape, or is
 * null for ones.
 * @throws ShapeError if x does not end in `normalizedShape`, or weight has another shape.
 */
export function rmsNorm(
  x: Tensor,
  normalizedShape: Shape,
  weight: Tensor | null,
  epsilon: number,
): Tensor {
  const runs = asRuns('rmsNorm', x, normalizedShape, { weight });
  return reshape(apply(rmsNormOp, runs, { epsilon }), x.shape);
}
