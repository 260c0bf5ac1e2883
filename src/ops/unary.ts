/**
 * Element-wise functions whose gradient is written in their input, or as a graph. At kinks the gradient is PyTorch's.
 * Functions whose gradient is written in the output, so that they fuse, are in activation.ts.
 */
import { apply, defineOp, ShapeError, type Gives, type Op } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { relu } from './activation.js';
import { add, divide, multiply } from './binary.js';
import { constant } from './constant.js';
import { reshape } from './reshape.js';
import { scale } from './scale.js';
import { SMOOTH_BYTES } from './workspace.js';

/** The kernel and code of a function, in assembly/unary.ts (exp and log: assembly/activation.ts). */
type Kernel = readonly [kernel: 'unary' | 'smooth' | 'activation', code: number];

/** The function's settings, 0 where it has none. */
interface Settings {
  readonly p: number;
  readonly q: number;
}

/** The gradient by x, given y = f(x); undefined where it is 0 everywhere. */
type Slope = (x: Tensor, y: Tensor, dy: Tensor, settings: Settings) => Tensor | undefined;

const gradientOp = defineOp<{ x: Tensor; dy: Tensor }, Settings & { by: Kernel }>({
  name: 'unaryGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward(k, { output, attributes: { by, p, q } }, { inputs: { x, dy }, output: dx, workspace }) {
    const [kernel, code] = by;
    const count = sizeOf(output.shape);
    if (kernel === 'smooth') k.smoothGradient(code, x, dy, dx, count, p, q, workspace);
    else k.unaryGradient(code, x, dy, dx, count, p, q);
  },
  workspace: ({ attributes }) => (attributes.by[0] === 'smooth' ? SMOOTH_BYTES : 0),
  inPlace: ['dy', 'x'],
});

/** A function of one tensor; `gives` is the range of its results. */
/* @__NO_SIDE_EFFECTS__ */
export function defineUnary(
  name: string,
  by: Kernel,
  gives?: Gives,
  slope: Slope = (x, _, dy, settings) => apply(gradientOp, { x, dy }, { ...settings, by }),
): (x: Tensor, p?: number, q?: number) => Tensor {
  const op: Op<{ x: Tensor }, Settings> = defineOp({
    name,
    gives,
    shape: ({ x }) => ({ shape: x.shape }),
    forward(k, { output, attributes: { p, q } }, { inputs: { x }, output: y }) {
      const [kernel, code] = by;
      const count = sizeOf(output.shape);
      if (kernel === 'activation') k.activation(code, x, y, count);
      else k[kernel](code, x, y, count, p, q);
    },
    backward({ inputs: { x }, output, attributes }, dy) {
      const dx = slope(x, output, dy, attributes);
      return dx ? { x: dx } : {};
    },
    inPlace: ['x'],
  });
  return (x, p = 0, q = 0) => apply(op, { x }, { p, q });
}

const unary = {
  leakyRelu: defineUnary('leakyRelu', ['unary', 0], 'reals'),
  elu: defineUnary('elu', ['smooth', 1], 'reals'),
  gelu: defineUnary('gelu', ['smooth', 2], 'reals'),
  geluTanh: defineUnary('geluTanh', ['smooth', 3], 'reals'),
  hardTanh: defineUnary('hardTanh', ['unary', 8]),
  clamp: defineUnary('clamp', ['unary', 9]),
};

/** x above 0, else slope·x (Maas et al. 2013). */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => unary.leakyRelu(x, slope);

/** x above 0, else alpha·(eˣ − 1) (Clevert et al. 2016). */
export const elu = (x: Tensor, alpha = 1): Tensor => unary.elu(x, alpha, 1);

/** λ·x above 0, else λ·α·(eˣ − 1), with the α and λ that keep mean and variance (Klambauer et al. 2017). */
export function selu(x: Tensor): Tensor {
  const [alpha, lambda] = [1.6732632423543772, 1.0507009873554805];
  return unary.elu(x, lambda * alpha, lambda);
}

/** The form of Φ in GELU: by erf, or ½(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
export type Approximation = 'none' | 'tanh';

/** x·Φ(x), with Φ of the normal distribution (Hendrycks & Gimpel 2016). */
export const gelu = (x: Tensor, approximate: Approximation = 'none'): Tensor =>
  approximate === 'tanh' ? unary.geluTanh(x) : unary.gelu(x);

/** x / (1 + e⁻ˣ), also called swish (Elfwing et al. 2018). */
export const silu: (x: Tensor) => Tensor = defineUnary('silu', ['smooth', 4], 'reals');
/** ln(1 + eˣ) (Dugas et al. 2001). */
export const softplus: (x: Tensor) => Tensor = defineUnary('softplus', ['smooth', 5], 'reals');
/** min(max(x + 3, 0), 6) / 6 */
export const hardSigmoid: (x: Tensor) => Tensor = defineUnary(
  'hardSigmoid',
  ['unary', 6],
  'shares',
);
/** x·hardSigmoid(x) (Howard et al. 2019). */
export const hardSwish: (x: Tensor) => Tensor = defineUnary('hardSwish', ['unary', 7], 'reals');

/** min(max(x, low), high), with gradient 0 at both ends. */
export const hardTanh = (x: Tensor, low = -1, high = 1): Tensor => unary.hardTanh(x, low, high);

/** min(max(x, low), high), with the gradient passed on at both ends. */
export const clamp = (x: Tensor, low = -Infinity, high = Infinity): Tensor =>
  unary.clamp(x, low, high);

/**
 * x above 0, else weight·x (He et al. 2015); weight: one value, or one per channel (axis 1).
 * @throws ShapeError if the weight does not broadcast that way.
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const axes = x.shape.slice(2).map(() => 1);
  const single = weight.shape[0] === 1;
  const w = single ? weight : reshape(weight, [...weight.shape, ...axes]);
  return add(relu(x), multiply(clamp(x, -Infinity, 0), w));
}

/** eˣ */
export const exp: (x: Tensor) => Tensor = defineUnary(
  'exp',
  ['activation', 5],
  undefined,
  (_, y, dy) => multiply(dy, y),
);
/** ln x; NaN below 0. */
export const log: (x: Tensor) => Tensor = defineUnary(
  'log',
  ['activation', 6],
  undefined,
  (x, _, dy) => divide(dy, x),
);
/** √x; NaN below 0. */
export const sqrt: (x: Tensor) => Tensor = defineUnary(
  'sqrt',
  ['unary', 12],
  undefined,
  (_, y, dy) => divide(dy, scale(y, 2)),
);
/** |x|, with gradient 0 at 0. */
export const abs: (x: Tensor) => Tensor = defineUnary('abs', ['unary', 13]);
/** 2/√π ∫₀ˣ e^(−t²) dt */
export const erf: (x: Tensor) => Tensor = defineUnary('erf', ['smooth', 14]);
/** −x */
export const negate = (x: Tensor): Tensor => scale(x, -1);
/** 1/x */
export const reciprocal = (x: Tensor): Tensor => divide(constant(1, []), x);
/** x² */
export const square = (x: Tensor): Tensor => multiply(x, x);

/**
 * xᵏ for a whole number k from 1, by squaring.
 * @throws ShapeError for any other k.
 */
export function power(x: Tensor, k: number): Tensor {
  if (!Number.isInteger(k) || k < 1)
    throw new ShapeError('power', `exponent ${k}, expected a whole number of at least 1`);
  if (k === 1) return x;
  const half = square(power(x, Math.floor(k / 2)));
  return k % 2 ? multiply(half, x) : half;
}
