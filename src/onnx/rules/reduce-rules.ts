/** Rules of reductions and of what is normalised along an axis: softmax, layer, group and batch norm. */
import { sizeOf, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  axesOf,
  axisOf,
  flag,
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

export const reduceRules: Rules = {
  LogSoftmax: along(ops.logSoftmax),
  ReduceL1: reduction((x, axes, keep) => ops.sum(ops.abs(x), axes, keep)),
  ReduceL2: reduction((x, axes, keep) => ops.sqrt(ops.sum(ops.square(x), axes, keep))),
  ReduceLogSum: reduction((x, axes, keep) => ops.log(ops.sum(x, axes, keep))),
  ReduceMax: reduction(ops.max),
  ReduceMean: reduction(ops.mean),
  ReduceMin: reduction(ops.min),
  ReduceSum: reduction(ops.sum),
  ReduceSumSquare: reduction((x, axes, keep) => ops.sum(ops.square(x), axes, keep)),
  Softmax: along(ops.softmax),
};
