/**
 * Fake quantisation (Jacob et al. 2018, "Quantization and training of neural networks for efficient integer-arithmetic-only
 * inference"): floats that take only the values that integers will hold in their place. Gradients go straight through the
 * rounding (Bengio et al. 2013).
 */
import { apply, defineOp } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';

/** The whole numbers q of values scale·(q − zero): low ≤ q ≤ high. */
export interface QuantizedRange {
  readonly scale: number;
  readonly zero: number;
  readonly low: number;
  readonly high: number;
}

/** The kernels' last operands. */
const bounds = ({ scale, zero, low, high }: QuantizedRange) =>
  [scale, low - zero, high - zero] as const;

const op = defineOp<{ x: Tensor }, QuantizedRange>({
  name: 'fakeQuantize',
  gives: 'inputs',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { output, attributes }, at) =>
    k.fakeQuantize(sizeOf(output.shape), at.inputs.x, at.output, ...bounds(attributes)),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(gradientOp, { x, dy }, attributes),
  }),
  inPlace: ['x'],
});

const gradientOp = defineOp<{ x: Tensor; dy: Tensor }, QuantizedRange>({
  name: 'fakeQuantizeGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { output, attributes }, { inputs: { x, dy }, output: dx }) =>
    k.fakeQuantizeGradient(sizeOf(output.shape), x, dy, dx, ...bounds(attributes)),
  inPlace: ['dy', 'x'],
});

/**
 * scale·(clamp(nearest(x/scale) + zero, low, high) − zero), nearest to even, 1/scale rounded to float32: PyTorch's
 * `fake_quantize_per_tensor_affine`. The gradient is that of x between the ends, which count as inside, and 0 beyond them.
 */
export const fakeQuantize = (x: Tensor, range: QuantizedRange): Tensor => apply(op, { x }, range);

const rowsOp = defineOp<{ x: Tensor }, object>({
  name: 'fakeQuantizeChannels',
  gives: 'inputs',
  shape: ({ x }) => ({ shape: x.shape }),
  forward(k, { output: { shape } }, at) {
    const rows = shape[0]!;
    k.fakeQuantizeRows(rows, sizeOf(shape) / rows, at.inputs.x, at.output);
  },
  // Nothing is cut off.
  backward: (_, dy) => ({ x: dy }),
});

/**
 * Each x[c] in 255 steps from −max|x[c]| to max|x[c]|, as int8 weights are held: scale·nearest(x/scale), scale =
 * max|x[c]|/127. The gradient is passed on as it is.
 */
export const fakeQuantizeChannels = (x: Tensor): Tensor => apply(rowsOp, { x }, {});
