/** Layers without settings: activations, arithmetic, and flatten. */
import type { Tensor } from '../graph/tensor.js';
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
export const flatten = plain('flatten', (x) => ops.flatten(x!));

const many = [2, Infinity] as const;

/** The sum of two or more inputs, broadcast as in NumPy: `add(a, b)`. */
export const add = plain('add', (...xs: Tensor[]) => xs.reduce((a, b) => ops.add(a, b)), many);
/** The product of two or more inputs, element by element, see `add`. */
export const multiply = plain(
  'multiply',
  (...xs: Tensor[]) => xs.reduce((a, b) => ops.multiply(a, b)),
  many,
);
/** a − b, see `add`. */
export const subtract = plain('subtract', (a, b) => ops.subtract(a!, b!), 2);
/** a / b, see `add`. */
export const divide = plain('divide', (a, b) => ops.divide(a!, b!), 2);
/** The largest of two or more inputs, see `add`: maxout (Goodfellow et al. 2013). */
export const maximum = plain(
  'maximum',
  (...xs: Tensor[]) => xs.reduce((a, b) => ops.maximum(a, b)),
  many,
);

export const elementwiseLayers: Constructors = {
  add,
  divide,
  flatten,
  maximum,
  multiply,
  relu,
  scaledTanh,
  sigmoid,
  subtract,
  tanh,
};
