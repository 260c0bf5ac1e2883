/** Layers without settings: activations, the sum of inputs, and flatten. */
import { sizeOf, type Tensor } from '../graph/tensor.js';
import * as ops from '../ops/index.js';
import { plain, type Constructors } from './layer.js';

/** max(x, 0) */
export const relu = plain('relu', ops.relu);
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = plain('sigmoid', ops.sigmoid);
/** tanh x */
export const tanh = plain('tanh', ops.tanh);
/** 1.7159·tanh(2x/3), LeCun et al. 1998. */
export const scaledTanh = plain('scaledTanh', ops.scaledTanh);
/** N×C×H×W to N×(C·H·W). */
export const flatten = plain('flatten', (x) =>
  ops.reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]),
);
/** The sum of two or more inputs of one shape: `add(a, b)`. */
export const add = plain('add', (...xs: Tensor[]) => xs.reduce((a, b) => ops.add(a, b)), [
  2,
  Infinity,
]);

export const elementwiseLayers: Constructors = { add, flatten, relu, scaledTanh, sigmoid, tanh };
