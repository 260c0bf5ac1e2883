/** Rules of ops element by element: arithmetic with broadcasting, functions of one tensor, activations. */
import type { Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  all,
  at,
  axisOf,
  fail,
  flag,
  ignored,
  isWholeType,
  numberAt,
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

/** x of whole numbers in few bits, wrapped as the type does; others are exact up to 2²⁴ as float32. */
const isWhole = (call: RuleCall): boolean => isWholeType(typeOf(call, 0));

/** min(max(x, low), high) as in the standard: high wins if it is below low. */
function clip(call: RuleCall, low: number | undefined, high: number | undefined): Tensor {
  const x = at(call, 0);
  const bounds = [1, 2].map((i) => call.operands[i]);
  if (call.version < 11 || bounds.every((bound) => !bound || !('source' in bound))) {
    const [least, most] = [numberAt(call, 1) ?? low, numberAt(call, 2) ?? high];
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

const GELU = { approximate: oneOf('none', 'tanh') };

export const elementRules: Rules = {
  Abs: unary(ops.abs),
  Add: binary((_, a, b) => ops.add(a, b)),
  Clip: rule(
    { min: real(undefined), max: real(undefined), consumed_inputs: ignored },
    (call, { min, max }) => clip(call, min, max),
  ),
  Div: binary((call, a, b) => {
    if (isWhole(call)) fail(call, 'divides whole numbers, which is not supported');
    return ops.divide(a, b);
  }),
  Elu: rule({ alpha: real(1), consumed_inputs: ignored }, (call, { alpha }) =>
    ops.elu(at(call, 0), alpha),
  ),
  Erf: unary(ops.erf),
  Exp: unary(ops.exp),
  Gelu: rule(GELU, (call, { approximate }) => ops.gelu(at(call, 0), approximate), { since: 20 }),
  HardSwish: unary(ops.hardSwish),
  Identity: rule({}, (call) => raw(call, 0)),
  LeakyRelu: rule({ alpha: real(0.01), consumed_inputs: ignored }, (call, { alpha }) =>
    ops.leakyRelu(at(call, 0), alpha),
  ),
  Log: unary(ops.log),
  Max: many(ops.maximum),
  Mean: many(ops.add, (x, count) => ops.scale(x, 1 / count)),
  Min: many(ops.minimum),
  Mul: binary((_, a, b) => ops.multiply(a, b)),
  Neg: unary(ops.negate),
  PRelu: rule({ consumed_inputs: ignored }, prelu),
  Relu: unary(ops.relu),
  Sigmoid: unary(ops.sigmoid),
  Softplus: unary(ops.softplus),
  Sqrt: unary(ops.sqrt),
  Sub: binary((_, a, b) => ops.subtract(a, b)),
  Sum: many(ops.add),
  Tanh: unary(ops.tanh),
};
