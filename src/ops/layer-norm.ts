/**
 * Layer normalisation (Ba, Kiros & Hinton 2016). Each run of the last axes gets mean 0 and variance 1, then is
 * multiplied by a weight and shifted by a bias for each place in a run.
 */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { reshape } from './reshape.js';
import { sumRows } from './sum.js';

interface Attributes {
  /** Added to the variance under the root. */
  readonly epsilon: number;
}

interface Inputs {
  /** rows×n, each row a run. */
  readonly x: Tensor;
  /** `runMoments` of x: part of the function, not an independent input, so it has no gradient. */
  readonly moments: Tensor;
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
}

/** The kernels' leading operands. */
const leading = (x: Tensor) => [x.shape[0]!, x.shape[1]!] as const;

const runMomentsOp = defineOp<{ x: Tensor }, { readonly runs: number }>({
  name: 'runMoments',
  shape: (_, { runs }) => ({ shape: [2, runs] }),
  // The runs are one sample's channels.
  forward: (k, { inputs: { x }, attributes: { runs } }, at) =>
    k.channelMoments(1, runs, sizeOf(x.shape) / runs, at.inputs.x, at.output),
});

/** Mean (row 0) and biased variance (row 1) of each of the `runs` equal runs of x's elements. */
export const runMoments = (x: Tensor, runs: number): Tensor => apply(runMomentsOp, { x }, { runs });

const layerNormOp = defineOp<Inputs, Attributes>({
  name: 'layerNorm',
  gives: 'reals',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { epsilon } }, { inputs: at, output }) =>
    k.layerNorm(...leading(x), at.x, at.moments, at.weight ?? 0, at.bias ?? 0, epsilon, output),
  backward: ({ inputs: { x, moments, weight, bias }, attributes }, dy) => ({
    x: apply(gradientOp, { x, moments, weight, dy }, attributes),
    weight: weight && apply(weightGradientOp, { x, moments, dy }, attributes),
    bias: bias && sumRows(dy),
  }),
  inPlace: ['x'],
  flops: ({ output }) => 4 * sizeOf(output.shape),
});

const gradientOp = defineOp<Omit<Inputs, 'bias'> & { dy: Tensor }, Attributes>({
  name: 'layerNormGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes: { epsilon } }, { inputs: at, output }) =>
    k.layerNormGradient(...leading(x), at.x, at.moments, at.weight ?? 0, at.dy, epsilon, output),
  inPlace: ['dy', 'x'],
});

const weightGradientOp = defineOp<{ x: Tensor; moments: Tensor; dy: Tensor }, Attributes>({
  name: 'layerNormWeightGradient',
  shape: ({ x }) => ({ shape: [x.shape[1]!] }),
  forward: (k, { inputs: { x }, attributes: { epsilon } }, { inputs: at, output }) =>
    k.layerNormWeightGradient(...leading(x), at.x, at.moments, at.dy, epsilon, output),
});

/**
 * x as rows of `normalizedShape`'s values, and the parameters for the places of a row as one row; null stays null.
 * @throws ShapeError if x does not end in `normalizedShape`, or a parameter has another shape.
 */
export function asRuns<Name extends string>(
  op: string,
  x: Tensor,
  normalizedShape: Shape,
  parameters: Readonly<Record<Name, Tensor | null>>,
): { readonly x: Tensor } & { readonly [P in Name]: Tensor | undefined } {
  const expected = showShape(normalizedShape);
  const axes = normalizedShape.length;
  if (axes === 0 || x.shape.length < axes || showShape(x.shape.slice(-axes)) !== expected) {
    throw new ShapeError(
      op,
      `expected an input that ends in ${expected}, found ${showShape(x.shape)}`,
    );
  }
  const n = sizeOf(normalizedShape);
  const flat = Object.entries<Tensor | null>(parameters).map(([name, t]) => {
    if (t && showShape(t.shape) !== expected)
      throw new ShapeError(op, `${name} has shape ${showShape(t.shape)}, expected ${expected}`);
    return [name, t ? reshape(t, [n]) : undefined];
  });
  return { x: reshape(x, [sizeOf(x.shape) / n, n]), ...Object.fromEntries(flat) };
}

/**
 * (x − mean)/√(variance + epsilon)·weight + bias over runs of `normalizedShape`, the last axes of x. weight and bias
 * have that shape, or are null for ones and zeros.
 * @throws ShapeError if x does not end in `normalizedShape`, or weight or bias have another shape.
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: Shape,
  weight: Tensor | null,
  bias: Tensor | null,
  epsilon: number,
): Tensor {
  const runs = asRuns('layerNorm', x, normalizedShape, { weight, bias });
  const moments = runMoments(runs.x, runs.x.shape[0]!);
  return reshape(apply(layerNormOp, { ...runs, moments }, { epsilon }), x.shape);
}
