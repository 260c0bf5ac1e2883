/** Rules of ops that change the element type, or make tensors of one value or of consecutive ones. */
import type { Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import { ELEMENT_TYPES } from '../messages.js';
import {
  constantOf,
  fail,
  flag,
  ignored,
  isWholeType,
  known,
  scalarAt,
  range,
  raw,
  rule,
  typeOf,
  whole,
  within,
  wholesOf,
  at,
  type RuleCall,
  type Rules,
} from './rule.js';

/** x rounded to as many significant bits as a product by 2ᵏ + 1 leaves (Dekker 1971). */
function rounded(x: Tensor, k: number): Tensor {
  const product = ops.scale(x, 2 ** k + 1);
  const high = ops.subtract(product, ops.subtract(product, x));
  // What overflows there is large enough to be left as it is.
  return ops.where(ops.lessOrEqual(ops.abs(x), ops.constant(2 ** 100, [])), high, x);
}

/** x rounded to 11 significant bits, to multiples of 2⁻²⁴, and to infinity from 65520 on. */
function toHalf(x: Tensor): Tensor {
  const size = ops.abs(x);
  const magic = ops.constant(0.75, []);
  const small = ops.subtract(ops.add(x, magic), magic);
  const y = ops.where(ops.less(size, ops.constant(2 ** -14, [])), small, rounded(x, 13));
  const limit = ops.greaterOrEqual(size, ops.constant(65520, []));
  return ops.where(limit, ops.multiply(x, ops.constant(Infinity, [])), y);
}

/** x of another element type: to whole numbers towards zero, to truth values by comparison with zero. */
function cast(call: RuleCall, to: string): Tensor {
  const from = typeOf(call, 0);
  if (to === from || to === 'double' || to === 'float') return at(call, 0);
  if (to === 'bool') return ops.notEqual(at(call, 0), ops.constant(0, []));
  if (to === 'float16') return toHalf(at(call, 0));
  if (to === 'bfloat16') return rounded(at(call, 0), 16);
  if (!/^u?int(8|16|32|64)$/.test(to)) fail(call, `casts to ${to}, which is not supported`);
  return isWholeType(from) ? raw(call, 0) : ops.trunc(at(call, 0));
}

/** The name of an element type, which is a number, or its name in capitals before opset 6. */
export const typeName = (type: unknown): string =>
  typeof type === 'number'
    ? (ELEMENT_TYPES[type] ?? `type ${type}`)
    : typeof type === 'string'
      ? type.toLowerCase()
      : 'float';

/** Rows and columns of the last two axes: 1 where column ≥ row + k. */
const fromDiagonal = (rows: number, columns: number, k: number, op: typeof ops.equal): Tensor =>
  op(range(columns, 1, 2), ops.add(range(rows, 0, 2), ops.constant(k, [])));

export const castRules: Rules = {
  Cast: rule(
    { to: ignored, saturate: flag(1), round_mode: ignored },
    (call, { to }) => cast(call, typeName(to)),
    { type: ({ attributes }) => typeName(attributes['to']) },
  ),
  CastLike: rule(
    { saturate: flag(1), round_mode: ignored },
    (call) => cast(call, typeOf(call, 1)),
    { type: ({ types }) => types?.[1] ?? 'float' },
  ),
  ConstantOfShape: rule(
    { value: known(undefined) },
    (call, { value }) => {
      const shape = wholesOf(call, 0) ?? fail(call, 'has no shape');
      if (!shape.every((extent) => extent > 0)) fail(call, 'gives a tensor without elements');
      return ops.constant(value?.values[0] ?? 0, shape);
    },
    {
      host: [0],
      type: ({ attributes }) =>
        (attributes['value'] as { type?: string } | undefined)?.type ?? 'float',
    },
  ),
  EyeLike: rule(
    { dtype: ignored, k: whole(0) },
    (call, { k }) => {
      const { shape } = raw(call, 0);
      if (shape.length !== 2) fail(call, `has an input of ${shape.length} axes, expected 2`);
      return fromDiagonal(shape[0]!, shape[1]!, k, ops.equal);
    },
    {
      type: ({ attributes, types }) =>
        attributes['dtype'] === undefined ? (types?.[0] ?? 'float') : typeName(attributes['dtype']),
    },
  ),
  Range: rule(
    {},
    (call) => {
      const [start, limit, delta] = [0, 1, 2].map((i) => scalarAt(call, i) ?? NaN) as [
        number,
        number,
        number,
      ];
      const count = Math.max(0, Math.ceil((limit - start) / delta));
      if (!(within(call, count) > 0)) fail(call, 'gives a tensor without elements');
      return constantOf({
        type: '',
        shape: [count],
        values: Array.from({ length: count }, (_, i) => start + i * delta),
      });
    },
    { host: [0, 1, 2] },
  ),
  Trilu: rule(
    { upper: flag(1) },
    (call, { upper }) => {
      const x = at(call, 0);
      const [rows, columns] = x.shape.slice(-2);
      if (rows === undefined || columns === undefined)
        fail(call, 'has an input of fewer than 2 axes');
      const k = scalarAt(call, 1) ?? 0;
      const zero = ops.constant(0, []);
      const op = upper ? ops.greaterOrEqual : ops.lessOrEqual;
      return ops.where(fromDiagonal(rows, columns, k, op), x, zero);
    },
    { host: [1] },
  ),
};
