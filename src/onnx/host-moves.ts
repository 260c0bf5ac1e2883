/**
 * Moving elements of numbers that are known while a file is read, by which shapes are computed and weights are traced
 * (weights.ts); and the rules from shape to shape.
 */
import { sizeOf } from '../graph/tensor.js';
import { numberAt, type Attributes } from './attributes.js';
import type { Host } from './rules/rule.js';

/** An application to known numbers. */
export interface HostCall {
  readonly op: string;
  readonly version: number;
  readonly attributes: Attributes;
  readonly inputs: readonly (Host | undefined)[];
  readonly outputs: number;
}

export type HostOp = (call: HostCall) => readonly Host[] | undefined;

/** More elements are not computed here. */
export const MOST = 2 ** 22;

/** Attribute or, in later opsets, input `i`, as numbers. */
export const listAt = (
  { attributes, inputs }: HostCall,
  name: string,
  i: number,
): number[] | undefined => {
  const given = inputs[i] ? Array.from(inputs[i].values) : attributes[name];
  return Array.isArray(given) ? (given as number[]) : undefined;
};

/** An axis counted from the start; undefined if there is none. */
const axisIn = (axis: number, rank: number): number | undefined =>
  Number.isInteger(axis) && axis >= -rank && axis < rank ? (axis + rank) % rank : undefined;

const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** A tensor of `shape` whose element at each index is that of `x` at start + Σ index·step. */
function pick(
  x: Host,
  shape: readonly number[],
  steps: readonly number[],
  start = 0,
): Host | undefined {
  const size = sizeOf(shape);
  if (!(size <= MOST || size <= x.values.length)) return undefined;
  const values = x.values instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  const index = shape.map(() => 0);
  for (let e = 0, at = start; e < size; e++) {
    values[e] = x.values[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { type: x.type, shape, values };
}

/** The shape to which all are broadcast, as in NumPy. */
export function broadcast(shapes: readonly (readonly number[])[]): number[] | undefined {
  const rank = Math.max(0, ...shapes.map(({ length }) => length));
  const result = Array.from({ length: rank }, (_, i) =>
    shapes.reduce((most, shape) => {
      const extent = shape[i - rank + shape.length] ?? 1;
      return extent === 1 || extent === most ? most : most === 1 ? extent : NaN;
    }, 1),
  );
  return result.includes(NaN) ? undefined : result;
}

export function expanded(x: Host, shape: readonly number[]): Host | undefined {
  const missing = shape.length - x.shape.length;
  const own = rowMajor(x.shape);
  return pick(
    x,
    shape,
    shape.map((_, i) => (i < missing || x.shape[i - missing] === 1 ? 0 : own[i - missing]!)),
  );
}

export const one = (host: Host | undefined): readonly Host[] | undefined => host && [host];

/** The same elements in another shape. */
function reshaped(x: Host, shape: readonly number[] | undefined): readonly Host[] | undefined {
  return shape && sizeOf(shape) === x.values.length ? [{ ...x, shape }] : undefined;
}

/** The extents that a Reshape asks for. */
export function wantedShape(
  from: readonly number[],
  wanted: readonly number[],
  allowZero: boolean,
): number[] | undefined {
  const copied = wanted.map((extent, i) =>
    extent === 0 && !allowZero ? (from[i] ?? NaN) : extent,
  );
  const rest = copied.indexOf(-1);
  if (rest < 0) return copied;
  const extent = sizeOf(from) / sizeOf(copied.toSpliced(rest, 1));
  return Number.isInteger(extent) ? copied.with(rest, extent) : undefined;
}

/** The shape without the axes of extent 1 that are named, or without all. */
export function squeezed(
  shape: readonly number[],
  axes: readonly number[] | undefined,
): number[] | undefined {
  const named = axes?.map((axis) => axisIn(axis, shape.length));
  if (named?.some((axis) => axis === undefined || shape[axis] !== 1)) return undefined;
  return shape.filter((extent, axis) => (named ? !named.includes(axis) : extent !== 1));
}

/** The shape with axes of extent 1 at the named places. */
export function unsqueezed(
  shape: readonly number[],
  axes: readonly number[] | undefined,
): number[] | undefined {
  if (!axes) return undefined;
  const rank = shape.length + axes.length;
  const named = axes.map((axis) => axisIn(axis, rank));
  if (named.includes(undefined) || new Set(named).size < named.length) return undefined;
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (named.includes(axis) ? 1 : rest.shift()!));
}

/** The axes of which a Transpose makes the result's. */
export function permutation(rank: number, given: unknown): number[] | undefined {
  const axes = Array.isArray(given)
    ? (given as number[])
    : Array.from({ length: rank }, (_, i) => rank - 1 - i);
  return axes.toSorted((a, b) => a - b).every((axis, i) => axis === i) && axes.length === rank
    ? axes
    : undefined;
}

/** Begin, end and step of each axis of a Slice. */
export function ranges(
  call: HostCall,
  shape: readonly number[],
): [start: number, count: number, step: number][] | undefined {
  const later = call.version >= 10;
  const [starts, ends] = [
    listAt(call, 'starts', later ? 1 : 9),
    listAt(call, 'ends', later ? 2 : 9),
  ];
  const axes = listAt(call, 'axes', later ? 3 : 9) ?? [...(starts ?? []).keys()];
  const steps = listAt(call, 'steps', later ? 4 : 9) ?? axes.map(() => 1);
  if (!starts || !ends || [starts, ends, steps].some(({ length }) => length !== axes.length))
    return undefined;
  const all = shape.map((extent): [number, number, number] => [0, extent, 1]);
  for (const [i, given] of axes.entries()) {
    const axis = axisIn(given, shape.length);
    const step = steps[i]!;
    if (axis === undefined || !Number.isInteger(step) || step === 0) return undefined;
    const extent = shape[axis]!;
    const bound = (value: number, low: number, high: number) =>
      Math.max(low, Math.min(high, value < 0 ? value + extent : value));
    const start = step > 0 ? bound(starts[i]!, 0, extent) : bound(starts[i]!, 0, extent - 1);
    const end = step > 0 ? bound(ends[i]!, 0, extent) : bound(ends[i]!, -1, extent - 1);
    all[axis] = [start, Math.max(0, Math.ceil((end - start) / step)), step];
  }
  return all;
}

function sliced(x: Host, parts: readonly (readonly [number, number, number])[]): Host | undefined {
  const own = rowMajor(x.shape);
  const start = parts.reduce((sum, [from], axis) => sum + from * own[axis]!, 0);
  return pick(
    x,
    parts.map(([, count]) => count),
    parts.map(([, , step], axis) => step * own[axis]!),
    start,
  );
}

/** Slices along one axis. */
const along = (x: Host, axis: number, from: number, count: number): Host | undefined =>
  sliced(
    x,
    x.shape.map((extent, i) => (i === axis ? [from, count, 1] : [0, extent, 1])),
  );

function concat(parts: readonly Host[], axis: number): Host | undefined {
  const [first] = parts;
  const shape = first!.shape.with(
    axis,
    parts.reduce((sum, part) => sum + part.shape[axis]!, 0),
  );
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  if (parts.some((part) => part.values.length !== outer * part.shape[axis]! * inner))
    return undefined;
  const values = parts.every((part) => part.values instanceof Float32Array)
    ? new Float32Array(sizeOf(shape))
    : new Float64Array(sizeOf(shape));
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (const { shape: own, values: from } of parts) {
      const run = own[axis]! * inner;
      for (let i = 0; i < run; i++) values[at++] = from[o * run + i]!;
    }
  return { type: first!.type, shape, values };
}

function gather(x: Host, indices: Host, axis: number): Host | undefined {
  const extent = x.shape[axis]!;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const outer = sizeOf(x.shape.slice(0, axis));
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  if (sizeOf(shape) > MOST) return undefined;
  const places = Array.from(indices.values, (index) => (index < 0 ? index + extent : index));
  if (!places.every((place) => place >= 0 && place < extent)) return undefined;
  const values: number[] = [];
  for (let o = 0; o < outer; o++)
    for (const place of places)
      for (let i = 0; i < inner; i++) values.push(x.values[(o * extent + place) * inner + i]!);
  return { type: x.type, shape, values };
}

/** Sizes of the parts of a Split. */
export function splitSizes(call: HostCall, extent: number): number[] | undefined {
  const given = listAt(call, 'split', 1);
  const count = numberAt(call, 'num_outputs', call.outputs);
  const size = Math.ceil(extent / count);
  const sizes = given ?? Array.from({ length: count }, (_, i) => Math.min(size, extent - i * size));
  return sizes.every((part) => part > 0) && sizes.reduce((sum, part) => sum + part, 0) === extent
    ? sizes
    : undefined;
}

/** Ops that move elements and compute nothing. */
export const moving: Readonly<Record<string, HostOp>> = {
  Identity: ({ inputs: [x] }) => one(x),
  Concat(call) {
    const parts = call.inputs as readonly Host[];
    const axis = axisIn(numberAt(call, 'axis', 0), parts[0]?.shape.length ?? 0);
    if (axis === undefined || parts.some((part) => part?.shape.length !== parts[0]!.shape.length))
      return undefined;
    return one(concat(parts, axis));
  },
  Flatten(call) {
    const x = call.inputs[0]!;
    const given = numberAt(call, 'axis', 1);
    const axis = given < 0 ? given + x.shape.length : given;
    return reshaped(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
  },
  Gather(call) {
    const [x, indices] = call.inputs;
    const axis = axisIn(numberAt(call, 'axis', 0), x!.shape.length);
    return axis === undefined || !indices ? undefined : one(gather(x!, indices, axis));
  },
  Reshape(call) {
    const wanted = listAt(call, 'shape', 1);
    const x = call.inputs[0]!;
    return (
      wanted && reshaped(x, wantedShape(x.shape, wanted, numberAt(call, 'allowzero', 0) === 1))
    );
  },
  Slice(call) {
    const x = call.inputs[0]!;
    const parts = ranges(call, x.shape);
    return parts && one(sliced(x, parts));
  },
  Split(call) {
    const x = call.inputs[0]!;
    const axis = axisIn(numberAt(call, 'axis', 0), x.shape.length);
    const sizes = axis === undefined ? undefined : splitSizes(call, x.shape[axis]!);
    let from = 0;
    const parts = sizes?.map((size) => along(x, axis!, (from += size) - size, size));
    return parts?.includes(undefined) ? undefined : (parts as Host[] | undefined);
  },
  Squeeze: (call) =>
    reshaped(call.inputs[0]!, squeezed(call.inputs[0]!.shape, listAt(call, 'axes', 1))),
  Transpose(call) {
    const x = call.inputs[0]!;
    const axes = permutation(x.shape.length, call.attributes['perm']);
    const own = rowMajor(x.shape);
    return (
      axes &&
      one(
        pick(
          x,
          axes.map((axis) => x.shape[axis]!),
          axes.map((axis) => own[axis]!),
        ),
      )
    );
  },
  Unsqueeze: (call) =>
    reshaped(call.inputs[0]!, unsqueezed(call.inputs[0]!.shape, listAt(call, 'axes', 1))),
};
