/** Powers of one tensor by another, and remainders, element by element; different shapes are broadcast as by `add`. */
import type { Tensor } from '../graph/tensor.js';
import { defineBinary, divide, multiply, subtract } from './binary.js';
import { drop, equal, greaterOrEqual, notEqual } from './comparisons.js';
import { constant } from './constant.js';
import { round } from './rounding.js';
import { log } from './unary.js';

// Codes of assembly/functions.ts.

/**
 * aᵇ, within 0.51 ulp: 1 for b = 0 and for a = 1, even of NaN; NaN for a below 0 unless b is whole. The gradient by b is 0
 * for a = 0 and b from 0 on, as in PyTorch.
 * @throws ShapeError naming both shapes and the axis along which they do not fit.
 */
export const pow: (a: Tensor, b: Tensor) => Tensor = defineBinary(
  'pow',
  16,
  ({ inputs: { a, b }, output }, dy) => {
    const zero = constant(0, []);
    const less = pow(a, subtract(b, constant(1, [])));
    const stays = multiply(equal(a, zero), greaterOrEqual(b, zero));
    return {
      a: drop(multiply(dy, multiply(b, less)), equal(b, zero)),
      b: drop(multiply(dy, multiply(output, log(a))), stays),
    };
  },
);

/** By b it is minus the multiples that went into a: a/b itself may be rounded up to a whole number that they do not reach. */
const ofRest: Parameters<typeof defineBinary>[2] = ({ inputs: { a, b }, output }, dy) => {
  const rest = drop(output, notEqual(subtract(output, output), constant(0, [])));
  return { a: dy, b: multiply(dy, round(divide(subtract(rest, a), b))) };
};

/**
 * What is left of a after whole multiples of b towards 0, exactly, with a's sign, as `%` in JavaScript and C; NaN for
 * b = 0 and a = ±∞.
 * @throws ShapeError as `pow`.
 */
export const fmod: (a: Tensor, b: Tensor) => Tensor = defineBinary('fmod', 17, ofRest);

/** The same after whole multiples of b downwards, with b's sign, as `%` in Python. @throws ShapeError as `pow`. */
export const remainder: (a: Tensor, b: Tensor) => Tensor = defineBinary('remainder', 18, ofRest);
