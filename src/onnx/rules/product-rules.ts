/** Rules of products of matrices. */
import { showShape, sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import { at, fail, flag, optional, raised, real, rule, type RuleCall, type Rules } from './rule.js';

/** The product as NumPy's: 1-D operands are a row or a column, which is dropped; leading axes broadcast. */
export function matmul(call: RuleCall, a: Tensor, b: Tensor): Tensor {
  if (a.shape.length === 0 || b.shape.length === 0) fail(call, 'has a scalar operand');
  const row = a.shape.length === 1 ? ops.reshape(a, [1, ...a.shape]) : a;
  const column = b.shape.length === 1 ? ops.reshape(b, [...b.shape, 1]) : b;
  if (row.shape.at(-1) !== column.shape.at(-2))
    fail(call, `has operands ${showShape(a.shape)} and ${showShape(b.shape)}`);
  const y = product(call, row, column);
  const shape = [...y.shape];
  if (b.shape.length === 1) shape.pop();
  if (a.shape.length === 1) shape.splice(b.shape.length === 1 ? -1 : -2, 1);
  return ops.reshape(y, shape);
}

function product(call: RuleCall, a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  if (b.shape.length === 2) {
    if (a.shape.length === 2) return ops.matmul(a, b);
    const rows = ops.reshape(a, [sizeOf(a.shape) / k, k]);
    return ops.reshape(ops.matmul(rows, b), [...a.shape.slice(0, -1), n]);
  }
  const rank = Math.max(a.shape.length, b.shape.length);
  const [left, right] = [raised(a, rank), raised(b, rank)];
  const leading = left.shape.slice(0, -2).map((extent, axis) => {
    const other = right.shape[axis]!;
    if (extent !== other && extent !== 1 && other !== 1)
      fail(call, `has operands ${showShape(a.shape)} and ${showShape(b.shape)}`);
    return extent === 1 ? other : extent;
  });
  return ops.batchMatmul(
    ops.expand(left, [...leading, m, k]),
    ops.expand(right, [...leading, k, n]),
  );
}

function gemm(
  call: RuleCall,
  given: { alpha: number; beta: number; transA: number; transB: number },
): Tensor {
  const [a, b, c] = [at(call, 0), at(call, 1), optional(call, 2)];
  if (a.shape.length !== 2 || b.shape.length !== 2)
    fail(call, `has operands ${showShape(a.shape)} and ${showShape(b.shape)}, expected matrices`);
  const y = ops.matmul(a, b, given.transA === 1, given.transB === 1);
  const scaled = given.alpha === 1 ? y : ops.scale(y, given.alpha);
  if (!c || given.beta === 0) return scaled;
  return ops.add(scaled, given.beta === 1 ? c : ops.scale(c, given.beta));
}

export const productRules: Rules = {
  Gemm: rule(
    { alpha: real(1), beta: real(1), transA: flag(0), transB: flag(0), broadcast: flag(0) },
    gemm,
  ),
  MatMul: rule({}, (call) => matmul(call, at(call, 0), at(call, 1))),
};
