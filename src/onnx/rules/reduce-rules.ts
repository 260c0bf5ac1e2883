/** Rules of reductions and of what is normalised along an axis: softmax, layer, group and batch norm. */
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import { hardmax } from './index-rules.js';
import {
  at,
  axesOf,
  axisOf,
  flag,
  scalarAt,
  part,
  rule,
  whole,
  wholes,
  wholesOf,
  type Rule,
  type Rules,
} from './rule.js';

/** A reduction over axes, which are an attribute or, in later opsets, input 1; none: over all. */
/* @__NO_SIDE_EFFECTS__ */
const reduction = (op: (x: Tensor, axes: readonly number[], keepDims: boolean) => Tensor): Rule =>
  rule(
    { axes: wholes(undefined), keepdims: flag(1), noop_with_empty_axes: flag(0) },
    (call, { axes, keepdims, noop_with_empty_axes }) => {
      const x = at(call, 0);
      const given = wholesOf(call, 1, axes) ?? [];
      const over =
        given.length > 0 || noop_with_empty_axes
          ? axesOf(call, given, x.shape.length)
          : [...x.shape.keys()];
      return op(x, over, keepdims === 1);
    },
    { host: [1] },
  );

/** A function along one axis; before opset 13 along all axes from `axis` on, by default 1. */
/* @__NO_SIDE_EFFECTS__ */
const along = (op: (x: Tensor) => Tensor): Rule =>
  rule({ axis: whole(undefined) }, (call, { axis = call.version < 13 ? 1 : -1 }) => {
    const x = at(call, 0);
    const rank = x.shape.length;
    if (call.version < 13) {
      const from = axis === rank ? rank : axisOf(call, axis, rank);
      const rows = sizeOf(x.shape.slice(0, from));
      return ops.reshape(op(ops.reshape(x, [rows, sizeOf(x.shape) / rows])), x.shape);
    }
    const place = axisOf(call, axis, rank);
    return place === rank - 1
      ? op(x)
      : ops.transpose(op(ops.transpose(x, place, rank - 1)), place, rank - 1);
  });

/** Running sums or products along a known axis. */
/* @__NO_SIDE_EFFECTS__ */
const running = (op: typeof ops.cumsum): Rule =>
  rule(
    { exclusive: flag(0), reverse: flag(0) },
    (call, { exclusive, reverse }) => {
      const x = at(call, 0);
      const axis = axisOf(call, scalarAt(call, 1) ?? NaN, x.shape.length);
      return op(x, axis, { exclusive: exclusive === 1, reverse: reverse === 1 });
    },
    { host: [1] },
  );

/** x with `fill` in front along an axis and as much less at its end. */
function shifted(x: Tensor, axis: number, by: number, fill: number): Tensor {
  const extent = x.shape[axis]!;
  if (by >= extent) return ops.constant(fill, x.shape);
  const kept = part(x, axis, 0, extent - by);
  return ops.pad(
    kept,
    x.shape.map((_, i) => (i === axis ? [by, 0] : [0, 0])),
    fill,
  );
}

/** Running products, by doubling. */
function cumprod(x: Tensor, axis: number, { exclusive, reverse }: ops.CumsumOptions = {}): Tensor {
  let y = reverse ? ops.flip(x, axis) : x;
  if (exclusive) y = shifted(y, axis, 1, 1);
  for (let by = 1; by < x.shape[axis]!; by *= 2) y = ops.multiply(y, shifted(y, axis, by, 1));
  return reverse ? ops.flip(y, axis) : y;
}

export const reduceRules: Rules = {
  CumProd: running(cumprod),
  CumSum: running(ops.cumsum),
  Hardmax: along(hardmax),
  LogSoftmax: along(ops.logSoftmax),
  ReduceL1: reduction((x, axes, keep) => ops.sum(ops.abs(x), axes, keep)),
  ReduceL2: reduction((x, axes, keep) => ops.sqrt(ops.sum(ops.square(x), axes, keep))),
  ReduceLogSum: reduction((x, axes, keep) => ops.log(ops.sum(x, axes, keep))),
  ReduceLogSumExp: reduction(ops.logsumexp),
  ReduceMax: reduction(ops.max),
  ReduceMean: reduction(ops.mean),
  ReduceMin: reduction(ops.min),
  ReduceProd: reduction(ops.prod),
  ReduceSum: reduction(ops.sum),
  ReduceSumSquare: reduction((x, axes, keep) => ops.sum(ops.square(x), axes, keep)),
  Softmax: along(ops.softmax),
};
