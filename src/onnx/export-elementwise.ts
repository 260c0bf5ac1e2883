/** ONNX nodes of ops that compute element by element, and of constants. Forms are those that PyTorch writes. */
import { sizeOf, type Shape } from '../graph/tensor.js';
import type { Rule } from './export-writer.js';

/** The rule of an op that ONNX has too, for inputs in their order. */
const same =
  (op: string): Rule =>
  (w, values) =>
    w.node(op, Object.values(values));

/** The settings of functions of one tensor. */
interface Settings {
  readonly p: number;
  readonly q: number;
}

const clip: Rule = (w, { x }, { p, q }: Settings) =>
  w.node('Clip', [
    x,
    ...[p, q].map((bound) => (Number.isFinite(bound) ? w.floats(bound) : undefined)),
  ]);

/** Numbers of element types. */
export const FLOAT = 1;
export const INT32 = 6;
export const INT64 = 7;
export const BOOL = 9;

/** Most values of a repeated number that are listed. */
const MOST_LISTED = 4096;

/** Functions that ONNX has under the same name. */
const shared =
  'abs,acos,acosh,asin,asinh,atan,atanh,ceil,cos,cosh,erf,exp,floor,hardSwish,log,round,sin,sinh,softplus,sqrt';

export const elementwiseRules: Readonly<Record<string, Rule>> = {
  .../* @__PURE__ */ Object.fromEntries(
    /* @__PURE__ */ shared
      .split(',')
      .map((name) => [name, same(`${name[0]!.toUpperCase()}${name.slice(1)}`)]),
  ),
  trunc: (w, { x }) => w.node('Mul', [w.node('Sign', [x]), w.node('Floor', [w.node('Abs', [x])])]),
  activation(w, { x }, { kind }: { kind: string }) {
    if (kind === 'scaledTanh') {
      const inner = w.node('Tanh', [w.node('Mul', [x, w.floats(2 / 3)])]);
      return w.node('Mul', [inner, w.floats(1.7159)]);
    }
    return w.node(`${kind[0]!.toUpperCase()}${kind.slice(1)}`, [x]);
  },
  leakyRelu: (w, { x }, { p }: Settings) => w.node('LeakyRelu', [x], { alpha: p }),
  elu: (w, { x }, { p, q }: Settings) =>
    q === 1 ? w.node('Elu', [x], { alpha: p }) : w.node('Selu', [x], { alpha: p / q, gamma: q }),
  gelu(w, { x }) {
    const inner = w.node('Erf', [w.node('Div', [x, w.floats(Math.SQRT2)])]);
    const twice = w.node('Mul', [x, w.node('Add', [inner, w.floats(1)])]);
    return w.node('Mul', [twice, w.floats(0.5)]);
  },
  geluTanh(w, { x }) {
    const cube = w.node('Mul', [w.node('Pow', [x, w.floats(3)]), w.floats(0.044715)]);
    const inner = w.node('Mul', [w.node('Add', [x, cube]), w.floats(Math.sqrt(2 / Math.PI))]);
    const twice = w.node('Add', [w.node('Tanh', [inner]), w.floats(1)]);
    return w.node('Mul', [w.node('Mul', [x, w.floats(0.5)]), twice]);
  },
  silu: (w, { x }) => w.node('Mul', [x, w.node('Sigmoid', [x])]),
  hardSigmoid: (w, { x }) => w.node('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 }),
  hardTanh: clip,
  clamp: clip,
  subtract: same('Sub'),
  multiply: same('Mul'),
  divide: same('Div'),
  maximum: same('Max'),
  minimum: same('Min'),
  scale: (w, { x }, { weight }: { weight: number }) =>
    weight === -1 ? w.node('Neg', [x]) : w.node('Mul', [x, w.floats(weight)]),
  softmax: (w, { x }) => w.node('Softmax', [x], { axis: -1 }),
  logSoftmax: (w, { x }) => w.node('LogSoftmax', [x], { axis: -1 }),
  toFloats: (w, { x }) => w.node('Cast', [x], { to: FLOAT }),
  stopGradient: (_, { x }) => x!,
  constant(w, _, { value, shape }: { value: number; shape: Shape }) {
    const size = sizeOf(shape);
    if (size <= MOST_LISTED) return w.floats(new Float32Array(size).fill(value), shape);
    return w.node('Expand', [w.floats(value), w.shape(shape)]);
  },
  literal: (w, _, { values }: { values: readonly number[] }) => w.floats(values),
};
