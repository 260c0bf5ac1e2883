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
  isTensor,
  scalarAt,
  oneOf,
  part,
  real,
  raw,
  rule,
  whole,
  wholes,
  wholesOf,
  within,
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
  const ranges = x.shape.map((): ops.SteppedRange => []);
  axesOf(call, axes, x.shape.length);
  axes.forEach((given, i) => {
    const axis = axisOf(call, given, x.shape.length);
    const [extent, step] = [x.shape[axis]!, steps[i]!];
    if (step === 0) fail(call, 'has step 0');
    // Going backwards, one before the first is a bound.
    const [low, high] = step > 0 ? [0, extent] : [-1, extent - 1];
    const bound = (index: number): number =>
      Math.max(low, Math.min(high, index < 0 ? index + extent : index));
    const [start, end] = [bound(starts[i]!), bound(ends[i]!)];
    if (step > 0 ? start >= end : start <= end) fail(call, 'gives a tensor without elements');
    ranges[axis] = [start, end < 0 ? undefined : end, step];
  });
  return ops.steppedSlice(x, ranges);
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
  const count = within(call, parts ?? call.outputs);
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
  if (!repeats.every((count) => count > 0)) fail(call, 'gives a tensor without elements');
  const apart = x.shape.flatMap((extent) => [1, extent]);
  const wide = x.shape.flatMap((extent, axis) => [repeats[axis]!, extent]);
  return ops.reshape(
    ops.expand(ops.reshape(x, apart), wide),
    x.shape.map((extent, axis) => extent * repeats[axis]!),
  );
}

/** How indices outside an extent are mirrored, clamped or wrapped. */
const INDEX = {
  constant: (i: number) => i,
  edge: (i: number, extent: number) => Math.max(0, Math.min(extent - 1, i)),
  reflect(i: number, extent: number) {
    const period = Math.max(1, 2 * (extent - 1));
    const place = ((i % period) + period) % period;
    return place < extent ? place : period - place;
  },
  wrap: (i: number, extent: number) => ((i % extent) + extent) % extent,
};

/** x with elements around it, or without some at its ends where numbers are negative. */
function pad(
  call: RuleCall,
  mode: keyof typeof INDEX,
  attribute: readonly number[] | undefined,
  value: number,
): Tensor {
  const x = at(call, 0);
  const given = wholesOf(call, 1, attribute) ?? fail(call, 'has no pads');
  const rank = x.shape.length;
  const axes = wholesOf(call, 3) ?? [...x.shape.keys()];
  axesOf(call, axes, rank);
  if (given.length !== 2 * axes.length)
    fail(call, `has ${given.length} pads for ${axes.length} axes`);
  const widths = x.shape.map((): [number, number] => [0, 0]);
  axes.forEach(
    (axis, i) => (widths[axisOf(call, axis, rank)] = [given[i]!, given[i + axes.length]!]),
  );
  const kept = widths.map(([before, after], axis): [number, number] => [
    Math.max(0, -before),
    x.shape[axis]! + Math.min(0, after),
  ]);
  if (kept.some(([from, to]) => from >= to)) fail(call, 'gives a tensor without elements');
  const inner = ops.slice(x, kept);
  const more = widths.map(([before, after]): [number, number] => [
    Math.max(0, before),
    Math.max(0, after),
  ]);
  if (mode !== 'constant') return repeated(call, inner, more, INDEX[mode]);
  const fill = call.operands[2];
  if (!fill || !isTensor(fill)) return ops.pad(inner, more, scalarAt(call, 2) ?? value);
  const outside = ops.pad(ops.constant(0, inner.shape), more, 1);
  return ops.where(outside, ops.reshape(at(call, 2), []), ops.pad(inner, more));
}

/** x with copies of its own elements around it. */
const repeated = (
  call: RuleCall,
  x: Tensor,
  widths: readonly (readonly [number, number])[],
  index: (i: number, extent: number) => number,
): Tensor =>
  widths.reduce((y, [before, after], axis) => {
    if (before + after === 0) return y;
    const extent = x.shape[axis]!;
    const list = Array.from({ length: within(call, before + extent + after) }, (_, i) =>
      index(i - before, extent),
    );
    return ops.gather(y, ops.literal(list), axis);
  }, x);

/** Channels to blocks of pixels: DCR has the block's place before the channel, CRD behind. */
function depthToSpace(call: RuleCall, r: number, mode: 'DCR' | 'CRD'): Tensor {
  const x = at(call, 0);
  if (mode === 'CRD') return ops.pixelShuffle(x, r);
  const [N, C, H, W] = imageOf(call, x);
  const channels = C / (r * r);
  if (r < 1 || !Number.isInteger(channels)) fail(call, `has blocksize ${r} for ${C} channels`);
  const blocks = ops.permute(ops.reshape(x, [N, r, r, channels, H, W]), [0, 3, 4, 1, 5, 2]);
  return ops.reshape(blocks, [N, channels, H * r, W * r]);
}

function spaceToDepth(call: RuleCall, r: number): Tensor {
  const x = at(call, 0);
  const [N, C, H, W] = imageOf(call, x);
  if (r < 1 || H % r || W % r) fail(call, `has blocksize ${r} for ${H}×${W}`);
  const blocks = ops.permute(ops.reshape(x, [N, C, H / r, r, W / r, r]), [0, 3, 5, 1, 2, 4]);
  return ops.reshape(blocks, [N, C * r * r, H / r, W / r]);
}

function imageOf(call: RuleCall, { shape }: Tensor): [number, number, number, number] {
  if (shape.length !== 4) fail(call, `has an input ${shape.join('×')}, expected N×C×H×W`);
  return shape as unknown as [number, number, number, number];
}

/** The middle of x, or x in the middle of zeros, along axes. */
function centerCropPad(call: RuleCall, given: readonly number[] | undefined): Tensor {
  const x = at(call, 0);
  const shape = wholesOf(call, 1) ?? fail(call, 'has no shape');
  const axes = given ?? [...x.shape.keys()];
  axesOf(call, axes, x.shape.length);
  if (axes.length !== shape.length)
    fail(call, `has ${shape.length} extents for ${axes.length} axes`);
  return axes.reduce((y, axis, i) => {
    const along = axisOf(call, axis, x.shape.length);
    const [extent, wanted] = [x.shape[along]!, shape[i]!];
    const first = Math.floor(Math.abs(extent - wanted) / 2);
    if (wanted <= extent) return part(y, along, first, first + wanted);
    return ops.pad(
      y,
      y.shape.map((_, k) => (k === along ? [first, wanted - extent - first] : [0, 0])),
    );
  }, x);
}

export const shapeRules: Rules = {
  CenterCropPad: rule({ axes: wholes(undefined) }, (call, { axes }) => centerCropPad(call, axes), {
    since: 18,
    host: [1],
  }),
  Concat: rule({ axis: whole(undefined) }, (call, { axis = call.version < 4 ? 1 : undefined }) => {
    if (axis === undefined) fail(call, 'has no axis');
    const xs = call.operands.map((_, i) => raw(call, i));
    const mixed = xs.some(({ dtype }) => dtype !== xs[0]?.dtype);
    const parts = mixed ? xs.map((_, i) => at(call, i)) : xs;
    return ops.concat(parts, axisOf(call, axis, xs[0]?.shape.length ?? 0));
  }),
  DepthToSpace: rule(
    { blocksize: whole(0), mode: oneOf('DCR', 'CRD') },
    (call, { blocksize, mode }) => depthToSpace(call, blocksize, mode),
  ),
  Dropout: rule(
    { ratio: ignored, seed: ignored, is_test: flag(0), consumed_inputs: ignored },
    (call, { is_test, ratio }) => {
      const x = at(call, 0);
      const training = call.version < 7 ? !is_test : (scalarAt(call, 2) ?? 0) !== 0;
      if (training && (call.version < 12 ? ratio : scalarAt(call, 1)) !== 0)
        fail(call, 'is in training mode: export the model in evaluation mode');
      return call.output === 0 ? x : ops.constant(1, x.shape);
    },
    { host: [2], type: ({ types, output }) => (output > 0 ? 'bool' : (types?.[0] ?? 'float')) },
  ),
  Expand: rule({}, expand, { host: [1] }),
  Flatten: rule({ axis: whole(1) }, (call, { axis }) => flatten(call, axis)),
  Pad: rule(
    {
      mode: oneOf('constant', 'reflect', 'edge', 'wrap'),
      pads: wholes(undefined),
      paddings: wholes(undefined),
      value: real(0),
    },
    (call, { mode, pads, paddings, value }) => pad(call, mode, pads ?? paddings, value),
    { host: [1, 3] },
  ),
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
  SpaceToDepth: rule({ blocksize: whole(0) }, (call, { blocksize }) =>
    spaceToDepth(call, blocksize),
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
