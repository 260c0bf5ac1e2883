/** Rules of ops that move elements: reshaping, transposing, slicing, joining, padding, repeating. */
import { sizeOf, type Shape, type Tensor } from '../../graph/tensor.js';
import * as ops from '../../ops/index.js';
import {
  at,
  axesOf,
  axisOf,
  fail,
  flag,
  ignored,
  raw,
  rule,
  whole,
  wholes,
  wholesOf,
  type RuleCall,
  type Rules,
} from './rule.js';

/** The extents of a Reshape: 0 copies the input's unless `allowZero`, −1 takes the rest. */
function reshaped(call: RuleCall, x: Tensor, shape: readonly number[], allowZero: boolean): Shape {
  return shape.map((extent, axis) => {
    if (extent !== 0) return extent;
    if (allowZero) fail(call, 'gives a tensor without elements');
    return x.shape[axis] ?? fail(call, `copies extent ${axis} of ${x.shape.length} axes`);
  });
}

/** Joins the axes before and after `axis`. */
function flatten(call: RuleCall, axis: number): Tensor {
  const x = raw(call, 0);
  const rank = x.shape.length;
  if (axis < -rank || axis > rank) fail(call, `has axis ${axis} of a tensor of ${rank} axes`);
  const from = axis < 0 ? axis + rank : axis;
  return ops.reshape(x, [sizeOf(x.shape.slice(0, from)), sizeOf(x.shape.slice(from))]);
}

function squeeze(call: RuleCall, attribute: readonly number[] | undefined): Tensor {
  const x = raw(call, 0);
  const given = wholesOf(call, 1, attribute);
  const axes = given && axesOf(call, given, x.shape.length);
  const wide = axes?.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) fail(call, `removes axis ${wide}, whose extent is ${x.shape[wide]}`);
  return ops.reshape(
    x,
    x.shape.filter((extent, axis) => (axes ? !axes.includes(axis) : extent !== 1)),
  );
}

function unsqueeze(call: RuleCall, attribute: readonly number[] | undefined): Tensor {
  const x = raw(call, 0);
  const given = wholesOf(call, 1, attribute) ?? fail(call, 'has no axes');
  const rank = x.shape.length + given.length;
  const axes = axesOf(call, given, rank);
  const rest = [...x.shape];
  const shape = Array.from({ length: rank }, (_, axis) =>
    axes.includes(axis) ? 1 : rest.shift()!,
  );
  return ops.reshape(x, shape);
}

/** x[start:end:step] along axes; bounds beyond the ends are the ends. */
function slice(
  call: RuleCall,
  given: { [Name in 'starts' | 'ends' | 'axes']?: readonly number[] | undefined },
): Tensor {
  const x = raw(call, 0);
  const starts = wholesOf(call, 1, given.starts) ?? fail(call, 'has no starts');
  const ends = wholesOf(call, 2, given.ends) ?? fail(call, 'has no ends');
  const axes = wholesOf(call, 3, given.axes) ?? [...starts.keys()];
  const steps = wholesOf(call, 4) ?? starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length))
    fail(call, 'has starts, ends, axes and steps of different lengths');
  const ranges = x.shape.map((extent): [number, number] => [0, extent]);
  axesOf(call, axes, x.shape.length);
  axes.forEach((given, i) => {
    const axis = axisOf(call, given, x.shape.length);
    const extent = x.shape[axis]!;
    if (steps[i] !== 1) fail(call, `has step ${steps[i]}`);
    const bound = (index: number): number =>
      Math.max(0, Math.min(extent, index < 0 ? index + extent : index));
    ranges[axis] = [bound(starts[i]!), bound(ends[i]!)];
    if (ranges[axis][0] >= ranges[axis][1]) fail(call, 'gives a tensor without elements');
  });
  return ops.slice(x, ranges);
}

/** One part of x along an axis. */
function split(
  call: RuleCall,
  axis: number,
  attribute?: readonly number[],
  parts?: number,
): Tensor {
  const x = raw(call, 0);
  const along = axisOf(call, axis, x.shape.length);
  const extent = x.shape[along]!;
  const count = parts ?? call.outputs;
  const size = Math.ceil(extent / count);
  const sizes =
    wholesOf(call, 1, attribute) ??
    Array.from({ length: count }, (_, i) => Math.min(size, extent - i * size));
  if (
    !parts &&
    call.version < 18 &&
    !sizes.every((one) => one > 0 && (one === sizes[0] || attribute || call.operands[1]))
  )
    fail(call, `splits ${extent} into ${count} equal parts`);
  return ops.split(x, sizes, along)[call.output] ?? fail(call, `has no part ${call.output}`);
}

function expand(call: RuleCall): Tensor {
  const x = raw(call, 0);
  const shape = wholesOf(call, 1) ?? fail(call, 'has no shape');
  const rank = Math.max(shape.length, x.shape.length);
  const extents = Array.from({ length: rank }, (_, i) => {
    const own = x.shape[i - rank + x.shape.length] ?? 1;
    const wanted = shape[i - rank + shape.length] ?? 1;
    return wanted === 1 ? own : wanted;
  });
  return ops.expand(x, extents);
}

function tile(call: RuleCall): Tensor {
  const x = raw(call, 0);
  const repeats = wholesOf(call, 1) ?? fail(call, 'has no repeats');
  if (call.version < 6) fail(call, 'is not supported before opset 6');
  if (repeats.length !== x.shape.length) fail(call, 'has not one number of repeats for each axis');
  return repeats.reduce((y, count, axis) => {
    if (count < 1) fail(call, 'gives a tensor without elements');
    return count === 1 ? y : ops.concat(Array<Tensor>(count).fill(y), axis);
  }, x);
}

export const shapeRules: Rules = {
  Concat: rule({ axis: whole(undefined) }, (call, { axis = call.version < 4 ? 1 : undefined }) => {
    if (axis === undefined) fail(call, 'has no axis');
    const xs = call.operands.map((_, i) => raw(call, i));
    const mixed = xs.some(({ dtype }) => dtype !== xs[0]?.dtype);
    const parts = mixed ? xs.map((_, i) => at(call, i)) : xs;
    return ops.concat(parts, axisOf(call, axis, xs[0]?.shape.length ?? 0));
  }),
  Expand: rule({}, expand, { host: [1] }),
  Flatten: rule({ axis: whole(1) }, (call, { axis }) => flatten(call, axis)),
  Reshape: rule(
    { shape: wholes(undefined), allowzero: flag(0), consumed_inputs: ignored },
    (call, { shape, allowzero }) => {
      const x = raw(call, 0);
      const given = wholesOf(call, 1, shape) ?? fail(call, 'has no shape');
      return ops.reshape(x, reshaped(call, x, given, allowzero === 1));
    },
    { host: [1] },
  ),
  Slice: rule(
    { starts: wholes(undefined), ends: wholes(undefined), axes: wholes(undefined) },
    slice,
    { host: [1, 2, 3, 4] },
  ),
  Split: rule(
    { axis: whole(0), split: wholes(undefined), num_outputs: whole(undefined) },
    (call, { axis, split: sizes, num_outputs }) => split(call, axis, sizes, num_outputs),
    { host: [1] },
  ),
  Squeeze: rule({ axes: wholes(undefined) }, (call, { axes }) => squeeze(call, axes), {
    host: [1],
  }),
  Tile: rule({}, tile, { host: [1] }),
  Transpose: rule({ perm: wholes(undefined) }, (call, { perm }) => {
    const x = raw(call, 0);
    return ops.permute(x, perm ?? [...x.shape.keys()].toReversed());
  }),
  Unsqueeze: rule({ axes: wholes(undefined) }, (call, { axes }) => unsqueeze(call, axes), {
    host: [1],
  }),
};
