/** Layers without settings: activations, arithmetic and flatten. */
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

type Binary = (a: Tensor, b: Tensor) => Tensor;

/** `op` with samples broadcast as in NumPy: missing axes are inserted after axis 0, the samples. */
const ofSamples =
  (op: Binary): Binary =>
  (a, b) => {
    const rank = Math.max(a.shape.length, b.shape.length);
    const raised = (x: Tensor): Tensor => {
      const [samples, ...rest] = x.shape;
      const ones = Array.from({ length: rank - x.shape.length }, () => 1);
      return ones.length === 0 ? x : ops.reshape(x, [samples!, ...ones, ...rest]);
    };
    return op(raised(a), raised(b));
  };

/* @__NO_SIDE_EFFECTS__ */
const ofMany = (kind: string, op: Binary) =>
  plain(kind, (...xs: Tensor[]) => xs.reduce((a, b) => ofSamples(op)(a, b)), many);

/* @__NO_SIDE_EFFECTS__ */
const ofTwo = (kind: string, op: Binary) => plain(kind, (a, b) => ofSamples(op)(a!, b!), 2);

/** The sum of two or more inputs, whose samples are broadcast as in NumPy: `add(a, b)`. */
export const add = ofMany('add', ops.add);
/** The product of two or more inputs, element by element, see `add`. */
export const multiply = ofMany('multiply', ops.multiply);
/** a − b, see `add`. */
export const subtract = ofTwo('subtract', ops.subtract);
/** a / b, see `add`. */
export const divide = ofTwo('divide', ops.divide);
/** The largest of two or more inputs, see `add`: maxout (Goodfellow et al. 2013). */
export const maximum = ofMany('maximum', ops.maximum);

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
