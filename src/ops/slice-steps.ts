/** Slices with steps, and axes turned round. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { axesOf } from './reduce.js';
import { slice, type Range } from './slice.js';
import { denseStrides, emitCopy } from './strided.js';

const flipOp: Op<{ x: Tensor }, { axis: number }> = defineOp({
  name: 'flip',
  gives: 'inputs',
  integers: true,
  shape: ({ x: { shape, dtype } }) => ({ shape, dtype }),
  forward(k, { attributes: { axis }, output: { shape } }, { inputs: at, output }) {
    const [outer, inner] = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis + 1))];
    const extent = shape[axis]!;
    if (inner === 1) k.flipPlanes(1, outer, extent, at.x, 1, 0, output);
    else k.flipPlanes(outer, extent, inner, at.x, 0, 1, output);
  },
  backward: ({ attributes }, dy) => ({ x: apply(flipOp, { x: dy }, attributes) }),
});

/**
 * x turned round along one axis or several: their last elements come first.
 * @throws ShapeError for unknown or repeated axes.
 */
export function flip(x: Tensor, axes: number | readonly number[]): Tensor {
  return [...axesOf('flip', x, axes)].reduce(
    (y, axis) => (x.shape[axis] === 1 ? y : apply(flipOp, { x: y }, { axis })),
    x,
  );
}

/** Every steps[k]-th element along each axis k, from the first. */
const everyOp: Op<{ x: Tensor }, { steps: readonly number[] }> = defineOp({
  name: 'every',
  gives: 'inputs',
  integers: true,
  shape: ({ x: { shape, dtype } }, { steps }) => ({
    shape: shape.map((extent, axis) => Math.ceil(extent / steps[axis]!)),
    dtype,
  }),
  forward(k, { inputs: { x }, attributes: { steps }, output: { shape } }, at) {
    const from = denseStrides(x.shape).map((stride, axis) => stride * steps[axis]!);
    emitCopy(k, shape, { x: at.inputs.x, from }, { y: at.output, to: denseStrides(shape) });
  },
  backward: ({ inputs: { x }, attributes: { steps } }, dy) => ({
    x: apply(spacedOp, { x: dy }, { steps, shape: x.shape }),
  }),
});

/** The gradient of every: x's elements `steps` apart, zeros between them. */
const spacedOp: Op<{ x: Tensor }, { steps: readonly number[]; shape: Shape }> = defineOp({
  name: 'spaced',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { x }, attributes: { steps, shape } }, at) {
    k.fill(at.output, sizeOf(shape), 0);
    const to = denseStrides(shape).map((stride, axis) => stride * steps[axis]!);
    emitCopy(k, x.shape, { x: at.inputs.x, from: denseStrides(x.shape) }, { y: at.output, to });
  },
  backward: ({ attributes: { steps } }, g) => ({ x: apply(everyOp, { x: g }, { steps }) }),
});

/**
 * From `start` up to, but not including, `stop`, every `step`-th; negative numbers count from the end. A negative step
 * goes backwards: from the end, down to the first element, where they are absent.
 */
export type SteppedRange = readonly [
  start?: number | undefined,
  stop?: number | undefined,
  step?: number | undefined,
];

/** The elements [first, end) that a range reads, the distance between them, and whether the last comes first. */
function reach(extent: number, [start, stop, step = 1]: SteppedRange) {
  const at = (index: number): number => (index < 0 ? index + extent : index);
  const size = Math.abs(step);
  if (step > 0) return { first: at(start ?? 0), end: at(stop ?? extent), size, back: false };
  const from = at(start ?? extent - 1);
  const count = Math.ceil((from - (stop === undefined ? -1 : at(stop))) / size);
  return { first: from - (count - 1) * size, end: from + 1, size, back: true };
}

/**
 * x[start₀:stop₀:step₀, start₁:stop₁:step₁, …], with a range for each axis from the first; axes without one stay whole.
 * @throws ShapeError naming the axis if a range is empty or extends outside x, or a step is 0 or no whole number.
 */
export function steppedSlice(x: Tensor, ranges: readonly SteppedRange[]): Tensor {
  if (ranges.every(([, , step = 1]) => step === 1)) return slice(x, ranges as readonly Range[]);
  const parts = x.shape.map((extent, axis) => {
    const range = ranges[axis] ?? [];
    const [start, stop, step = 1] = range;
    const part = Number.isInteger(step) && step !== 0 ? reach(extent, range) : undefined;
    const isWithin = part && [part.first, part.end].every(Number.isInteger) && part.first >= 0;
    if (isWithin && part.end <= extent && part.first < part.end) return part;
    throw new ShapeError(
      'slice',
      `${start ?? ''}:${stop ?? ''}:${step} along axis ${axis} of ${showShape(x.shape)} is empty or reaches outside, or its step is no whole number but 0`,
    );
  });
  const cut = slice(x, [
    ...parts.map(({ first, end }): Range => [first, end]),
    ...(ranges.slice(parts.length) as Range[]),
  ]);
  const steps = parts.map(({ size }) => size);
  const y = steps.some((size) => size > 1) ? apply(everyOp, { x: cut }, { steps }) : cut;
  return flip(
    y,
    [...parts.keys()].filter((axis) => parts[axis]!.back),
  );
}
