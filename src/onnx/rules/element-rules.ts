/** Rules of ops element by element: arithmetic with broadcasting, functions of one tensor, activations. */
import type { Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  all,
  at,
  axisOf,
  flag,
  ignored,
  isTensor,
  isWholeType,
  scalarAt,
  oneOf,
  optional,
  raw,
  real,
  rule,
  typeOf,
  whole,
  type Rule,
  type RuleCall,
  type Rules,
} from './rule.js';

type Binary = (a: Tensor, b: Tensor) => Tensor;

const toBool = (): string => 'bool';
const one = (): Tensor => ops.constant(1, []);
const zero = (): Tensor => ops.constant(0, []);

/** Before opset 7, b is aligned at `axis` of a if it is broadcast. */
const LEGACY = { broadcast: flag(0), axis: whole(undefined), consumed_inputs: ignored };

function legacyOperand(call: RuleCall, a: Tensor, b: Tensor, axis: number | undefined): Tensor {
  if (call.version >= 7 || axis === undefined) return b;
  const after = a.shape.length - axisOf(call, axis, a.shape.length) - b.shape.length;
  return after > 0 ? ops.reshape(b, [...b.shape, ...Array<number>(after).fill(1)]) : b;
}

/** A function of two tensors, broadcast as in NumPy. */
/* @__NO_SIDE_EFFECTS__ */
export const binary = (op: (call: RuleCall, a: Tensor, b: Tensor) => Tensor, type?: Rule['type']) =>
  rule(
    LEGACY,
    (call, { axis }) => {
      const a = at(call, 0);
      return op(call, a, legacyOperand(call, a, at(call, 1), axis));
    },
    { type },
  );

/** A function of one tensor, without attributes. */
/* @__NO_SIDE_EFFECTS__ */
const unary = (op: (x: Tensor) => Tensor): Rule =>
  rule({ consumed_inputs: ignored }, (call) => op(at(call, 0)));

/** A function of many tensors, two by two. */
/* @__NO_SIDE_EFFECTS__ */
const many = (op: Binary, after = (x: Tensor, _count: number): Tensor => x): Rule =>
  rule({ consumed_inputs: ignored }, (call) => {
    const xs = all(call);
    return after(
      xs.reduce((a, b) => op(a, b)),
      xs.length,
    );
  });

/** The element type of input 0, if it is one of whole numbers or truth values. */
const wholeType = (call: RuleCall): string | undefined =>
  isWholeType(typeOf(call, 0)) ? typeOf(call, 0) : undefined;

/** Whole numbers of 8 or 16 bits, wrapped as the type does; wider ones are exact up to 2²⁴, being float32. */
function wrapped(call: RuleCall, y: Tensor): Tensor {
  const [, sign, bits] = /^(u?)int(8|16)$/.exec(typeOf(call, 0)) ?? [];
  if (!bits) return y;
  const [size, half] = [2 ** Number(bits), sign ? 0 : 2 ** (Number(bits) - 1)];
  const shifted = half ? ops.add(y, ops.constant(half, [])) : y;
  const rest = ops.remainder(shifted, ops.constant(size, []));
  return half ? ops.subtract(rest, ops.constant(half, [])) : rest;
}

/** Arithmetic that wraps in few bits. */
/* @__NO_SIDE_EFFECTS__ */
const arithmetic = (op: Binary): Rule => binary((call, a, b) => wrapped(call, op(a, b)));

/** A comparison or a function of truth values. */
/* @__NO_SIDE_EFFECTS__ */
const truth = (op: Binary): Rule => binary((_, a, b) => op(a, b), toBool);

/** min(max(x, low), high) as in the standard: high wins if it is below low. */
function clip(call: RuleCall, low: number | undefined, high: number | undefined): Tensor {
  const x = at(call, 0);
  const bounds = [1, 2].map((i) => call.operands[i]);
  if (call.version < 11 || bounds.every((bound) => !bound || !('source' in bound))) {
    const [least, most] = [scalarAt(call, 1) ?? low, scalarAt(call, 2) ?? high];
    const raisedTo = Math.min(least ?? -Infinity, most ?? Infinity);
    return ops.clamp(x, raisedTo, most);
  }
  const [least, most] = [optional(call, 1), optional(call, 2)];
  const raised = least ? ops.maximum(x, least) : x;
  return most ? ops.minimum(raised, most) : raised;
}

/** The slope broadcasts from the last axis; before opset 7 it is one per channel. */
function prelu(call: RuleCall): Tensor {
  const [x, slope] = [at(call, 0), at(call, 1)];
  const rank = x.shape.length;
  const perChannel = call.version < 7 && slope.shape.length === 1 && rank > 2;
  const weight = perChannel
    ? ops.reshape(slope, [slope.shape[0]!, ...Array<number>(rank - 2).fill(1)])
    : slope;
  return ops.add(ops.relu(x), ops.multiply(ops.clamp(x, -Infinity, 0), weight));
}

/** a to the power b. Known exponents that have ops of their own take those, which are exact. */
function power(call: RuleCall, a: Tensor, b: Tensor): Tensor {
  const given = call.operands[1];
  const k = given && !isTensor(given) && given.values.length === 1 ? given.values[0]! : undefined;
  const fits = k !== undefined && b.shape.length <= a.shape.length;
  if (fits && k === 0.5) return ops.sqrt(a);
  if (fits && k === -1) return ops.divide(one(), a);
  if (fits && Number.isInteger(k) && k >= 1 && k <= 8) return ops.power(a, k);
  const y = ops.pow(a, b);
  if (!wholeType(call)) return y;
  return isWholeType(typeOf(call, 1)) ? ops.round(y) : ops.trunc(y);
}

/** x + bias below −λ, x − bias above λ, else 0. */
function shrink(x: Tensor, bias: number, lambda: number): Tensor {
  const shift = ops.constant(bias, []);
  const above = ops.where(ops.greater(x, ops.constant(lambda, [])), ops.subtract(x, shift), zero());
  return ops.where(ops.less(x, ops.constant(-lambda, [])), ops.add(x, shift), above);
}

/** x·σ(alpha·x) */
const swish = (x: Tensor, alpha: number): Tensor =>
  alpha === 1 ? ops.silu(x) : ops.multiply(x, ops.sigmoid(ops.scale(x, alpha)));

const SIXTH = Math.fround(1 / 6);
const ALPHA = { alpha: real(1), consumed_inputs: ignored };

const activations: Rules = {
  Celu: rule(ALPHA, (call, { alpha }) => ops.celu(at(call, 0), alpha)),
  Elu: rule(ALPHA, (call, { alpha }) => ops.elu(at(call, 0), alpha)),
  Gelu: rule(
    { approximate: oneOf('none', 'tanh') },
    (call, { approximate }) => ops.gelu(at(call, 0), approximate),
    { since: 20 },
  ),
  HardSigmoid: rule(
    { alpha: real(0.2), beta: real(0.5), consumed_inputs: ignored },
    (call, { alpha, beta }) =>
      ops.slopedHardSigmoid(at(call, 0), alpha === SIXTH ? 1 / 6 : alpha, beta),
  ),
  HardSwish: unary(ops.hardSwish),
  LeakyRelu: rule({ alpha: real(0.01), consumed_inputs: ignored }, (call, { alpha }) =>
    ops.leakyRelu(at(call, 0), alpha),
  ),
  Mish: unary(ops.mish),
  PRelu: rule({ consumed_inputs: ignored }, prelu),
  Relu: unary(ops.relu),
  Selu: rule(
    { alpha: real(1.6732632423543772), gamma: real(1.0507009873554805), consumed_inputs: ignored },
    (call, { alpha, gamma }) => ops.scale(ops.elu(at(call, 0), alpha), gamma),
  ),
  Shrink: rule({ bias: real(0), lambd: real(0.5) }, (call, { bias, lambd }) =>
    shrink(at(call, 0), bias, lambd),
  ),
  Sigmoid: unary(ops.sigmoid),
  Softplus: unary(ops.softplus),
  Softsign: unary(ops.softsign),
  SwiGLU: rule({ alpha: real(1) }, (call, { alpha }) =>
    ops.multiply(swish(at(call, 0), alpha), at(call, 1)),
  ),
  Swish: rule({ alpha: real(1) }, (call, { alpha }) => swish(at(call, 0), alpha)),
  Tanh: unary(ops.tanh),
  ThresholdedRelu: rule(ALPHA, (call, { alpha }) => ops.thresholdedRelu(at(call, 0), alpha)),
};

export const elementRules: Rules = {
  ...activations,
  Abs: unary(ops.abs),
  Acos: unary(ops.acos),
  Acosh: unary(ops.acosh),
  Add: arithmetic(ops.add),
  And: truth(ops.multiply),
  Asin: unary(ops.asin),
  Asinh: unary(ops.asinh),
  Atan: unary(ops.atan),
  Atanh: unary(ops.atanh),
  Ceil: unary(ops.ceil),
  Clip: rule(
    { min: real(undefined), max: real(undefined), consumed_inputs: ignored },
    (call, { min, max }) => clip(call, min, max),
  ),
  Cos: unary(ops.cos),
  Cosh: unary(ops.cosh),
  Div: binary((call, a, b) => (wholeType(call) ? ops.trunc(ops.divide(a, b)) : ops.divide(a, b))),
  Equal: truth(ops.equal),
  Erf: unary(ops.erf),
  Exp: unary(ops.exp),
  Floor: unary(ops.floor),
  Greater: truth(ops.greater),
  GreaterOrEqual: truth(ops.greaterOrEqual),
  Identity: rule({}, (call) => raw(call, 0)),
  IsInf: rule(
    { detect_negative: flag(1), detect_positive: flag(1) },
    (call, given) => {
      const x = at(call, 0);
      const low = ops.constant(given.detect_negative ? -Infinity : NaN, []);
      const high = ops.constant(given.detect_positive ? Infinity : NaN, []);
      return ops.maximum(ops.equal(x, low), ops.equal(x, high));
    },
    { type: toBool },
  ),
  IsNaN: rule({}, (call) => ops.isNaN(at(call, 0)), { type: toBool }),
  Less: truth(ops.less),
  LessOrEqual: truth(ops.lessOrEqual),
  Log: unary(ops.log),
  Max: many(ops.maximum),
  Mean: many(ops.add, (x, count) => ops.scale(x, 1 / count)),
  Min: many(ops.minimum),
  Mod: rule({ fmod: flag(0) }, (call, { fmod }) =>
    (fmod ? ops.fmod : ops.remainder)(at(call, 0), at(call, 1)),
  ),
  Mul: arithmetic(ops.multiply),
  Neg: unary(ops.negate),
  Not: rule({}, (call) => ops.equal(at(call, 0), zero()), { type: toBool }),
  Or: truth(ops.maximum),
  Pow: binary(power),
  Reciprocal: unary((x) => ops.divide(one(), x)),
  Round: unary(ops.round),
  Sign: unary(ops.sign),
  Sin: unary(ops.sin),
  Sinh: unary(ops.sinh),
  Sqrt: unary(ops.sqrt),
  Sub: arithmetic(ops.subtract),
  Sum: many(ops.add),
  Tan: unary(ops.tan),
  Where: rule({}, (call) => ops.where(at(call, 0), at(call, 1), at(call, 2)), {
    type: ({ types }) => types?.[1] ?? 'float',
  }),
  Xor: truth(ops.notEqual),
};
