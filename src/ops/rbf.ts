/** Radial basis functions: squared distances to centres, as in LeNet-5's output (LeCun et al. 1998, eq. 7). */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';

interface Inputs {
  readonly x: Tensor;
  readonly centres: Tensor;
}

/** The kernels' leading operands: samples, centres, features. */
const leading = ({ x, centres }: Inputs): [n: number, C: number, F: number] => [
  x.shape[0]!,
  centres.shape[0]!,
  x.shape[1]!,
];

const rbfOp = defineOp<Inputs, object>({
  name: 'rbf',
  gives: 'reals',
  shape({ x, centres }) {
    if (x.shape.length !== 2 || centres.shape.length !== 2 || x.shape[1] !== centres.shape[1]) {
      throw new ShapeError(
        'rbf',
        `input ${showShape(x.shape)} does not fit centres ${showShape(centres.shape)}, expected n×F and C×F`,
      );
    }
    return { shape: [x.shape[0]!, centres.shape[0]!] };
  },
  forward: (k, { inputs }, { inputs: at, output }) =>
    k.rbf(...leading(inputs), at.x, at.centres, output),
  backward: ({ inputs: { x, centres } }, dy) => ({
    x: apply(inputGradientOp, { x, centres, dy }, {}),
    centres: apply(centresGradientOp, { x, centres, dy }, {}),
  }),
  flops: ({ inputs }) => leading(inputs).reduce((product, extent) => product * extent, 3),
});

const inputGradientOp = defineOp<Inputs & { dy: Tensor }, object>({
  name: 'rbfInputGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs }, { inputs: at, output }) =>
    k.rbfInputGradient(...leading(inputs), at.x, at.centres, at.dy, output),
  flops: ({ inputs }) => leading(inputs).reduce((product, extent) => product * extent, 3),
});

const centresGradientOp = defineOp<Inputs & { dy: Tensor }, object>({
  name: 'rbfCentresGradient',
  shape: ({ centres }) => ({ shape: centres.shape }),
  forward: (k, { inputs }, { inputs: at, output }) =>
    k.rbfCentresGradient(...leading(inputs), at.x, at.centres, at.dy, output),
  flops: ({ inputs }) => leading(inputs).reduce((product, extent) => product * extent, 3),
});

/** Σ_f (x[i, f] − centres[c, f])²; x n×F, centres C×F, result n×C. */
export const rbf = (x: Tensor, centres: Tensor): Tensor => apply(rbfOp, { x, centres }, {});
