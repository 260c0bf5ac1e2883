/** Ops on numbers that are known while a file is read: shapes, and what is computed of shapes and constants. */
import {
  broadcast,
  expanded,
  listAt,
  MOST,
  moving,
  one,
  type HostCall,
  type HostOp,
} from './host-moves.js';
import { numberAt } from './attributes.js';
import { FLOAT_TYPES } from './messages.js';
import { typeName } from './rules/cast-rules.js';
import { isWholeType, type Host } from './rules/rule.js';

/** Arithmetic of two; whole numbers are divided towards zero, floats rounded to float32. */
const binary =
  (compute: (a: number, b: number, isWhole: boolean) => number, type?: string): HostOp =>
  ({ inputs }) => {
    const shape = broadcast(inputs.map((input) => input!.shape));
    const [a, b] = shape ? inputs.map((input) => expanded(input!, shape)) : [];
    if (!shape || !a || !b) return undefined;
    const isWhole = isWholeType(a.type);
    const values = Float64Array.from(a.values, (value, i) => {
      const result = compute(value, b.values[i]!, isWhole);
      return isWhole || type ? result : Math.fround(result);
    });
    return [{ type: type ?? a.type, shape, values }];
  };

const unary =
  (compute: (x: number) => number, type?: string): HostOp =>
  ({ inputs: [x] }) => [
    {
      type: type ?? x!.type,
      shape: x!.shape,
      values: Float64Array.from(x!.values, (value) =>
        isWholeType(x!.type) ? compute(value) : Math.fround(compute(value)),
      ),
    },
  ];

const bit = (compute: (a: number, b: number) => boolean): HostOp =>
  binary((a, b) => Number(compute(a, b)), 'bool');

/** A fold of all numbers, or along the one axis of a vector. */
const fold =
  (start: number, compute: (sum: number, x: number) => number): HostOp =>
  (call) => {
    const x = call.inputs[0]!;
    const axes = listAt(call, 'axes', 1) ?? [...x.shape.keys()];
    if (axes.length !== x.shape.length || !isWholeType(x.type)) return undefined;
    const shape = numberAt(call, 'keepdims', 1) ? x.shape.map(() => 1) : [];
    return [{ type: x.type, shape, values: [Array.from(x.values).reduce(compute, start)] }];
  };

/** To whole numbers, truth values or float32, in which floats of all widths are computed. */
function cast({ inputs: [x], attributes }: HostCall): readonly Host[] | undefined {
  const type = typeName(attributes['to']);
  const isWhole = /^(bool|u?int(8|16|32|64))$/.test(type);
  if (!isWhole && !FLOAT_TYPES.has(type)) return undefined;
  const values = Float64Array.from(x!.values, (value) =>
    type === 'bool' ? Number(value !== 0) : isWhole ? Math.trunc(value) : Math.fround(value),
  );
  // What a float beyond its range becomes differs between runtimes.
  const most = type.includes('64') ? 2 ** 63 : 2 ** 31;
  const fits = !isWhole || values.every((value) => Math.abs(value) <= most);
  return fits ? [{ type, shape: x!.shape, values }] : undefined;
}

const modulo = binary((a, b) => a - b * Math.floor(a / b));

/** All ops on known numbers. */
export const hostOps: Readonly<Record<string, HostOp>> = {
  ...moving,
  Abs: unary(Math.abs),
  Add: binary((a, b) => a + b),
  And: bit((a, b) => a !== 0 && b !== 0),
  Cast: cast,
  Ceil: unary(Math.ceil),
  ConstantOfShape({ inputs: [shape], attributes }) {
    const value = (attributes['value'] as Host | undefined) ?? {
      type: 'float',
      shape: [1],
      values: [0],
    };
    return one(expanded({ ...value, shape: [] }, Array.from(shape!.values)));
  },
  Div: binary((a, b, isWhole) => (isWhole ? Math.trunc(a / b) : a / b)),
  Equal: bit((a, b) => a === b),
  Expand({ inputs: [x, shape] }) {
    const to = broadcast([x!.shape, Array.from(shape!.values)]);
    return to && one(expanded(x!, to));
  },
  Floor: unary(Math.floor),
  Greater: bit((a, b) => a > b),
  GreaterOrEqual: bit((a, b) => a >= b),
  Less: bit((a, b) => a < b),
  LessOrEqual: bit((a, b) => a <= b),
  Max: binary((a, b) => Math.max(a, b)),
  Min: binary((a, b) => Math.min(a, b)),
  Mod: (call) => (numberAt(call, 'fmod', 0) ? undefined : modulo(call)),
  Mul: binary((a, b) => a * b),
  Neg: unary((x) => -x),
  Not: unary((x) => Number(x === 0), 'bool'),
  Or: bit((a, b) => a !== 0 || b !== 0),
  Range({ inputs }) {
    const [start, limit, delta] = inputs.map((input) => input!.values[0]!) as [
      number,
      number,
      number,
    ];
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    if (!(count <= MOST)) return undefined;
    return [
      {
        type: inputs[0]!.type,
        shape: [count],
        values: Float64Array.from({ length: count }, (_, i) => start + i * delta),
      },
    ];
  },
  ReduceMax: fold(-Infinity, (a, b) => Math.max(a, b)),
  ReduceMin: fold(Infinity, (a, b) => Math.min(a, b)),
  ReduceProd: fold(1, (a, b) => a * b),
  ReduceSum: fold(0, (a, b) => a + b),
  Sqrt: unary(Math.sqrt),
  Sub: binary((a, b) => a - b),
  Where({ inputs }) {
    const shape = broadcast(inputs.map((input) => input!.shape));
    const [c, a, b] = shape ? inputs.map((input) => expanded(input!, shape)) : [];
    if (!shape || !c || !a || !b) return undefined;
    return [
      {
        type: a.type,
        shape,
        values: Float64Array.from(c.values, (is, i) => (is ? a.values[i]! : b.values[i]!)),
      },
    ];
  },
};

/** Required numbers of inputs of ops that take more than one; the others take one. */
const REQUIRED: Readonly<Record<string, number>> = { Range: 3, Where: 3, Gather: 2, Expand: 2 };

/** The outputs of an op on known numbers; undefined if it is not computed here. */
export function compute(call: HostCall, table = hostOps): readonly Host[] | undefined {
  const op = Object.hasOwn(table, call.op) ? table[call.op] : undefined;
  const needed =
    REQUIRED[call.op] ??
    (call.op in hostOps && /^(Add|And|Div|Equal|Greater|Less|Max|Min|Mod|Mul|Or|Sub)/.test(call.op)
      ? 2
      : 1);
  if (!op || call.inputs.slice(0, needed).some((input) => !input) || call.inputs.length < needed)
    return undefined;
  if (/^(Max|Min)$/.test(call.op) && call.inputs.length !== 2) return undefined;
  return op(call);
}
