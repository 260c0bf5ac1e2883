/** Local response normalisation across channels, as in AlexNet (Krizhevsky et al. 2012, §3.3). */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';

export interface ResponseAttributes {
  /** Number of channels in a sum. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

/** The kernels' leading operands. */
function leading({ shape: [N, C, ...area] }: Tensor, { size, alpha, beta, k }: ResponseAttributes) {
  return [N!, C!, sizeOf(area), size, alpha, beta, k] as const;
}

const localResponseNormOp = defineOp<{ x: Tensor }, ResponseAttributes>({
  name: 'localResponseNorm',
  shape({ x }, { size }) {
    if (x.shape.length < 2) {
      throw new ShapeError(
        'localResponseNorm',
        `expected an input of N×C or N×C×…, found ${showShape(x.shape)}`,
      );
    }
    if (!Number.isInteger(size) || size < 1) {
      throw new ShapeError(
        'localResponseNorm',
        `size is ${size}, expected a whole number of at least 1`,
      );
    }
    return { shape: x.shape };
  },
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.localResponseNorm(...leading(x, attributes), at.inputs.x, at.output),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(gradientOp, { x, dy }, attributes),
  }),
  flops: ({ output, attributes: { size } }) => 2 * (size + 1) * sizeOf(output.shape),
});

const gradientOp = defineOp<{ x: Tensor; dy: Tensor }, ResponseAttributes>({
  name: 'localResponseNormGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes }, { inputs: at, output, workspace }) =>
    k.localResponseNormGradient(...leading(x, attributes), at.x, at.dy, output, workspace),
  workspace: ({ inputs: { x } }) => sizeOf(x.shape.slice(1)) * 4,
});

/**
 * y[c] = x[c] / (k + alpha/size·Σ x[j]²)^beta, with j over those of the `size` channels around c (from c − ⌊size/2⌋ to
 * c + ⌊(size − 1)/2⌋) that exist. This is PyTorch's form: the paper does not divide alpha by size, so its n = 5, α =
 * 10⁻⁴, β = 0.75, k = 2 are size 5, alpha 5e-4 here. x: N×C×….
 * @throws ShapeError if x has no channels or size is not a whole number.
 */
export const localResponseNorm = (x: Tensor, attributes: ResponseAttributes): Tensor =>
  apply(localResponseNormOp, { x }, attributes);
