/**
 * Comparisons, element by element, which give 1 and 0; the choice between two tensors that they make; and what asks for the
 * kind of a number. Different shapes are broadcast as by `add`. Gradients do not pass a comparison, but the values that
 * are chosen.
 */
import type { Tensor } from '../graph/tensor.js';
import { abs } from './unary.js';
import { defineBinary, subtract } from './binary.js';
import { constant } from './constant.js';

// Codes of assembly/binary.ts. Gradients by what is compared are 0 where there are any.
const none = (): object => ({});

/** 1 where a = b, else 0. @throws ShapeError naming both shapes and the axis along which they do not fit. */
export const equal: (a: Tensor, b: Tensor) => Tensor = defineBinary('equal', 7, none);
/** 1 where a ≠ b, else 0; NaN differs from all. @throws ShapeError as `equal`. */
export const notEqual: (a: Tensor, b: Tensor) => Tensor = defineBinary('notEqual', 8, none);
/** 1 where a > b, else 0. @throws ShapeError as `equal`. */
export const greater: (a: Tensor, b: Tensor) => Tensor = defineBinary('greater', 9, none);
/** 1 where a ≥ b, else 0. @throws ShapeError as `equal`. */
export const greaterOrEqual: (a: Tensor, b: Tensor) => Tensor = defineBinary(
  'greaterOrEqual',
  10,
  none,
);
/** 1 where a < b, else 0. @throws ShapeError as `equal`. */
export const less: (a: Tensor, b: Tensor) => Tensor = defineBinary('less', 11, none);
/** 1 where a ≤ b, else 0. @throws ShapeError as `equal`. */
export const lessOrEqual: (a: Tensor, b: Tensor) => Tensor = defineBinary('lessOrEqual', 12, none);

/** a where the condition is not 0, else 0, bit by bit, so that a NaN that is not chosen leaves nothing. */
const keep: (a: Tensor, condition: Tensor) => Tensor = defineBinary(
  'where',
  13,
  ({ inputs: { b } }, dy) => ({ a: keep(dy, b) }),
);
/** a where the condition is 0, else 0. */
export const drop: (a: Tensor, condition: Tensor) => Tensor = defineBinary(
  'where',
  14,
  ({ inputs: { b } }, dy) => ({ a: drop(dy, b) }),
);
const either = defineBinary('where', 15, (_, dy) => ({ a: dy, b: dy }));

/**
 * a where the condition is not 0, else b, in the shape that the three broadcast to. Each gets the gradient of the
 * elements taken from it; the condition gets none.
 * @throws ShapeError naming two shapes and the axis along which they do not fit.
 */
export const where = (condition: Tensor, a: Tensor, b: Tensor): Tensor =>
  either(keep(a, condition), drop(b, condition));

/** 1 for a NaN, else 0. */
export const isNaN = (x: Tensor): Tensor => notEqual(x, x);
/** 1 for ∞ and −∞, else 0. */
export const isInfinite = (x: Tensor): Tensor => equal(abs(x), constant(Infinity, []));

/** 1 above 0, −1 below, else 0, NaN among them, with gradient 0. */
export function sign(x: Tensor): Tensor {
  const zero = constant(0, []);
  return subtract(greater(x, zero), less(x, zero));
}
