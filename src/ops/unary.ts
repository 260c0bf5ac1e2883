/**
 * Element-wise functions whose gradient is written in their input, or as a graph. At kinks the gradient is PyTorch's.
 * Functions whose gradient is written in the output, so that they fuse, are in activation.ts.
 */
import { apply, defineOp, ShapeError, type Gives, type Op } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { relu } from './activation.js';
import { add, divide, multiply } from './binary.js';
import { reshape } from './reshape.js';
import { scale } from './scale.js';

/**
 * The kernel and code of each function, in assembly/unary.ts (exp and log: assembly/activation.ts), and the range of
 * its results.
 */
const kernels = {
  leakyRelu: ['unary', 0, 'reals'],
  elu: ['smooth', 1, 'reals'],
  gelu: ['smooth', 2, 'reals'],
  geluTanh: ['smooth', 3, 'reals'],
  silu: ['smooth', 4, 'reals'],
  softplus: ['smooth', 5, 'reals'],
  hardSigmoid: ['unary', 6, 'shares'],
  hardSwish: ['unary', 7, 'reals'],
  hardTanh: ['unary', 8],
  clamp: ['unary', 9],
  exp: ['activation', 5],
  log: ['activation', 6],
  sqrt: ['unary', 12],
  abs: ['unary', 13],
  erf: ['smooth', 14],
} as const satisfies Record<string, readonly [kernel: string, code: number, gives?: Gives]>;
type Kind = keyof typeof kernels;

/** The function's settings, 0 where it has none. */
interface Settings {
  readonly p: number;
  readonly q: number;
}

/** The gradient by x, given y = f(x). */
type Slope = (x: Tensor, y: Tensor, dy: Tensor, settings: Settings) => Tensor;

const gradientOp = defineOp<{ x: Tensor; dy: Tensor }, Settings & { kind: Kind }>({
  name: 'unaryGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward(k, { output, attributes: { kind, p, q } }, { inputs: { x, dy }, output: dx }) {
    const [kernel, code] = kernels[kind];
    const count = sizeOf(output.shape);
    if (kernel === 'smooth') k.smoothGradient(code, x, dy, dx, count, p, q);
    else k.unaryGradient(code, x, dy, dx, count, p, q);
  },
  inPlace: ['dy', 'x'],
});

/* @__NO_SIDE_EFFECTS__ */
function define(
  kind: Kind,
  slope: Slope = (x, _, dy, settings) => apply(gradientOp, { x, dy }, { ...settings, kind }),
): (x: Tensor, p?: number, q?: number) => Tensor {
  const op: Op<{ x: Tensor }, Settings> = defineOp({
    name: kind,
    gives: kernels[kind][2],
    shape: ({ x }) => ({ shape: x.shape }),
    forward(k, { output, attributes: { p, q } }, { inputs: { x }, output: y }) {
      const [kernel, code] = kernels[kind];
      const count = sizeOf(output.shape);
      if (kernel === 'activation') k.activation(code, x, y, count);
      else k[kernel](code, x, y, count, p, q);
    },
    backward: ({ inputs: { x }, output, attributes }, dy) => ({
      x: slope(x, output, dy, attributes),
    }),
    inPlace: ['x'],
  });
  return (x, p = 0, q = 0) => apply(op, { x }, { p, q });
}

const unary = {
  leakyRelu: define('leakyRelu'),
  elu: define('elu'),
  gelu: define('gelu'),
  geluTanh: define('geluTanh'),
  hardTanh: define('hardTanh'),
  clamp: define('clamp'),
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
export const silu: (x: Tensor) => Tensor = define('silu');
/** ln(1 + eˣ) (Dugas et al. 2001). */
export const softplus: (x: Tensor) => Tensor = define('softplus');
/** min(max(x + 3, 0), 6) / 6 */
export const hardSigmoid: (x: Tensor) => Tensor = define('hardSigmoid');
/** x·hardSigmoid(x) (Howard et al. 2019). */
export const hardSwish: (x: Tensor) => Tensor = define('hardSwish');

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
export const exp: (x: Tensor) => Tensor = define('exp', (_, y, dy) => multiply(dy, y));
/** ln x; NaN below 0. */
export const log: (x: Tensor) => Tensor = define('log', (x, _, dy) => divide(dy, x));
/** √x; NaN below 0. */
export const sqrt: (x: Tensor) => Tensor = define('sqrt', (_, y, dy) => divide(dy, scale(y, 2)));
/** |x|, with gradient 0 at 0. */
export const abs: (x: Tensor) => Tensor = define('abs');
/** 2/√π ∫₀ˣ e^(−t²) dt */
export const erf: (x: Tensor) => Tensor = define('erf');
/** −x */
export const negate = (x: Tensor): Tensor => scale(x, -1);
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
