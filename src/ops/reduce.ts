/**
 * Sums, means and maxima over any axes, and the repetition that is their gradient. Neighbouring axes are reduced
 * together, groups of them one after another from the last, each by a kernel for one axis.
 */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { reshape } from './reshape.js';
import { scale } from './scale.js';
import { axisOf, denseStrides, emitCopy } from './strided.js';

/** Axes [start, end), which are reduced to 1. */
interface Group {
  readonly start: number;
  readonly end: number;
}

const without = (shape: Shape, { start, end }: Group): Shape =>
  shape.map((extent, axis) => (axis >= start && axis < end ? 1 : extent));

/** The kernels' leading operands. */
const leading = (
  shape: Shape,
  { start, end }: Group,
): [outer: number, extent: number, inner: number] => [
  sizeOf(shape.slice(0, start)),
  sizeOf(shape.slice(start, end)),
  sizeOf(shape.slice(end)),
];

const sumAxesOp = defineOp<{ x: Tensor }, Group>({
  name: 'sum',
  shape: ({ x }, group) => ({ shape: without(x.shape, group) }),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.sumAxis(...leading(x.shape, attributes), at.inputs.x, at.output),
  backward: ({ inputs: { x } }, dy) => ({ x: expand(dy, x.shape) }),
  flops: ({ inputs: { x } }) => sizeOf(x.shape),
});

const maxAxesOp = defineOp<{ x: Tensor }, Group>({
  name: 'max',
  shape: ({ x }, group) => ({ shape: without(x.shape, group) }),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.maxAxis(...leading(x.shape, attributes), at.inputs.x, at.output),
  backward: ({ inputs: { x }, attributes }, dy) => ({
    x: apply(maxAxesGradientOp, { x, dy }, attributes),
  }),
});

const maxAxesGradientOp = defineOp<{ x: Tensor; dy: Tensor }, Group>({
  name: 'maxGradient',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { inputs: { x }, attributes }, at) =>
    k.maxAxisGradient(...leading(x.shape, attributes), at.inputs.x, at.inputs.dy, at.output),
});

/** Runs of neighbours among `axes`, the last one first. */
function groupsOf(axes: ReadonlySet<number>): Group[] {
  const groups: { start: number; end: number }[] = [];
  for (const axis of [...axes].toSorted((a, b) => b - a)) {
    const last = groups.at(-1);
    if (last?.start === axis + 1) last.start = axis;
    else groups.push({ start: axis, end: axis + 1 });
  }
  return groups;
}

/** Axes to reduce over: one, several, or all; negative ones count from the end. */
export type Axes = number | readonly number[] | undefined;

/** The axes that are meant, counted from 0. @throws ShapeError for unknown or repeated ones. */
export function axesOf(name: string, x: Tensor, axes: Axes): Set<number> {
  if (axes === undefined) return new Set(x.shape.keys());
  const list = typeof axes === 'number' ? [axes] : axes;
  const found = new Set(list.map((axis) => axisOf(name, x, axis)));
  if (found.size < list.length)
    throw new ShapeError(name, `axes ${list.join(', ')} of ${showShape(x.shape)} repeat one`);
  return found;
}

function reduce(
  op: Op<{ x: Tensor }, Group>,
  x: Tensor,
  axes: ReadonlySet<number>,
  keepDims: boolean,
): Tensor {
  const reduced = groupsOf(axes).reduce(
    (t, group) => (leading(t.shape, group)[1] === 1 ? t : apply(op, { x: t }, group)),
    x,
  );
  if (keepDims || axes.size === 0) return reduced;
  return reshape(
    reduced,
    x.shape.filter((_, axis) => !axes.has(axis)),
  );
}

/**
 * Σ x over `axes` (default: all), which are removed or, with `keepDims`, stay with extent 1.
 * @throws ShapeError for unknown or repeated axes.
 */
export const sum = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  reduce(sumAxesOp, x, axesOf('sum', x, axes), keepDims);

/** The mean over `axes`, see `sum`. */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  const over = axesOf('mean', x, axes);
  const count = sizeOf(x.shape.filter((_, axis) => over.has(axis)));
  return scale(reduce(sumAxesOp, x, over, keepDims), 1 / count);
}

/** The maximum over `axes`, see `sum`; the first of equal values gets the gradient. */
export const max = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  reduce(maxAxesOp, x, axesOf('max', x, axes), keepDims);

/** The minimum over `axes`, see `max`. */
export const min = (x: Tensor, axes?: Axes, keepDims = false): Tensor =>
  scale(max(scale(x, -1), axes, keepDims), -1);

/** Strides that read a tensor of `shape` as if it had shape `as`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, as: Shape): number[] {
  const own = denseStrides(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  return [...Array<number>(as.length - shape.length).fill(0), ...own];
}

const expandOp: Op<{ x: Tensor }, { shape: Shape }> = defineOp({
  name: 'expand',
  gives: 'inputs',
  integers: true,
  shape({ x }, { shape }) {
    const missing = shape.length - x.shape.length;
    const axis = x.shape.findIndex((extent, i) => extent !== 1 && extent !== shape[i + missing]);
    if (missing < 0 || axis >= 0) {
      const where = axis >= 0 ? `: axis ${axis} is neither 1 nor ${shape[axis + missing]}` : '';
      throw new ShapeError(
        'expand',
        `${showShape(x.shape)} does not broadcast to ${showShape(shape)}${where}`,
      );
    }
    return { shape, dtype: x.dtype };
  },
  forward: (k, { inputs: { x }, output: { shape } }, at) =>
    emitCopy(
      k,
      shape,
      { x: at.inputs.x, from: broadcastStrides(x.shape, shape) },
      { y: at.output, to: denseStrides(shape) },
    ),
  backward: ({ inputs: { x } }, g) => ({ x: sumTo(g, x.shape) }),
});

/** x repeated along its axes of extent 1 and along new leading ones. @throws ShapeError if that does not give `shape`. */
export const expand = (x: Tensor, shape: Shape): Tensor =>
  showShape(x.shape) === showShape(shape) ? x : apply(expandOp, { x }, { shape });

/** x summed to `shape`, over the axes along which that repeats: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (showShape(x.shape) === showShape(shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = [...x.shape.keys()].filter((axis) => axis < missing || shape[axis - missing] === 1);
  return reshape(sum(x, axes, true), shape);
}
