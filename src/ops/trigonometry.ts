/** Trigonometric and hyperbolic functions of numbers in radians, with their inverses; within 0.51 ulp of the exact value. */
import type { Tensor } from '../graph/tensor.js';
import { add, divide, multiply, subtract } from './binary.js';
import { constant } from './constant.js';
import { scale } from './scale.js';
import { abs, defineUnary, sqrt, square } from './unary.js';

// Codes of assembly/functions.ts.

/** 1 − x², which is exact where x is next to 1. */
function squareFromOne(x: Tensor): Tensor {
  const one = constant(1, []);
  return multiply(subtract(one, x), add(one, x));
}
/** x² + 1 */
const squarePlusOne = (x: Tensor): Tensor => add(square(x), constant(1, []));

/** sin x, as exact for large x as for small ones; NaN for ±∞. */
export const sin: (x: Tensor) => Tensor = defineUnary('sin', ['unary', 20], undefined, (x, _, dy) =>
  multiply(dy, cos(x)),
);
/** cos x, as exact for large x as for small ones; NaN for ±∞. */
export const cos: (x: Tensor) => Tensor = defineUnary('cos', ['unary', 21], undefined, (x, _, dy) =>
  scale(multiply(dy, sin(x)), -1),
);
/** sin x / cos x */
export const tan = (x: Tensor): Tensor => divide(sin(x), cos(x));
/** The angle from −π/2 to π/2 whose tangent is x. */
export const atan: (x: Tensor) => Tensor = defineUnary(
  'atan',
  ['unary', 22],
  undefined,
  (x, _, dy) => divide(dy, squarePlusOne(x)),
);
/** The angle from −π/2 to π/2 whose sine is x; NaN beyond ±1. */
export const asin: (x: Tensor) => Tensor = defineUnary(
  'asin',
  ['unary', 23],
  undefined,
  (x, _, dy) => divide(dy, sqrt(squareFromOne(x))),
);
/** The angle from 0 to π whose cosine is x; NaN beyond ±1. */
export const acos: (x: Tensor) => Tensor = defineUnary(
  'acos',
  ['unary', 24],
  undefined,
  (x, _, dy) => scale(divide(dy, sqrt(squareFromOne(x))), -1),
);

/** (eˣ − e⁻ˣ)/2 */
export const sinh: (x: Tensor) => Tensor = defineUnary(
  'sinh',
  ['unary', 25],
  undefined,
  (x, _, dy) => multiply(dy, cosh(x)),
);
/** (eˣ + e⁻ˣ)/2 */
export const cosh: (x: Tensor) => Tensor = defineUnary(
  'cosh',
  ['unary', 26],
  undefined,
  (x, _, dy) => multiply(dy, sinh(x)),
);
/** The number whose `sinh` is x. */
export const asinh: (x: Tensor) => Tensor = defineUnary(
  'asinh',
  ['unary', 27],
  undefined,
  (x, _, dy) => divide(dy, sqrt(squarePlusOne(x))),
);
/** The number from 0 on whose `cosh` is x; NaN below 1. */
export const acosh: (x: Tensor) => Tensor = defineUnary(
  'acosh',
  ['unary', 28],
  undefined,
  (x, _, dy) => {
    // √(x² − 1), exact next to 1.
    const [size, one] = [abs(x), constant(1, [])];
    return divide(dy, sqrt(multiply(subtract(size, one), add(size, one))));
  },
);
/** The number whose tanh is x: ±∞ for ±1, NaN beyond. */
export const atanh: (x: Tensor) => Tensor = defineUnary(
  'atanh',
  ['unary', 29],
  undefined,
  (x, _, dy) => divide(dy, squareFromOne(x)),
);
