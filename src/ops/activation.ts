/**
 * Element-wise non-linearities. Their gradients are written in the output y, so that the compiler may fuse the function
 * into the product or convolution that computes its input (see compiler/fuse.ts).
 */
import { apply, defineOp } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';

/** Codes of assembly/activation.ts. */
export const activationCodes = { none: 0, relu: 1, sigmoid: 2, tanh: 3, scaledTanh: 4 } as const;
export type Activation = keyof typeof activationCodes;

export const activationOp = defineOp<{ x: Tensor }, { kind: Activation }>({
  name: 'activation',
  gives: ({ kind }) => (kind === 'sigmoid' ? 'shares' : kind === 'none' ? 'inputs' : 'reals'),
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { output, attributes }, at) =>
    k.activation(activationCodes[attributes.kind], at.inputs.x, at.output, sizeOf(output.shape)),
  backward: ({ output, attributes }, dy) => ({
    x: apply(activationGradientOp, { y: output, dy }, attributes),
  }),
  inPlace: ['x'],
});

const activationGradientOp = defineOp<{ y: Tensor; dy: Tensor }, { kind: Activation }>({
  name: 'activationGradient',
  shape: ({ y }) => ({ shape: y.shape }),
  forward: (k, { output, attributes }, at) =>
    k.activationGradient(
      activationCodes[attributes.kind],
      at.inputs.y,
      at.inputs.dy,
      at.output,
      sizeOf(output.shape),
    ),
  inPlace: ['dy', 'y'],
});

/* @__NO_SIDE_EFFECTS__ */
const activate = (kind: Activation) => (x: Tensor) => apply(activationOp, { x }, { kind });

/** max(x, 0) */
export const relu = activate('relu');
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = activate('sigmoid');
/** tanh x */
export const tanh = activate('tanh');
/** 1.7159·tanh(2x/3), LeCun et al. 1998, appendix A. */
export const scaledTanh = activate('scaledTanh');
