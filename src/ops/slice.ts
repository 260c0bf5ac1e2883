/** Slices of a tensor, and padding of a tensor: each is the other's gradient. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { axisOf, denseStrides, emitCopy } from './strided.js';

/** From `start` up to, but not including, `stop`; negative ones count from the end. Without numbers: the whole axis. */
export type Range = readonly [start?: number, stop?: number];

/** Offset in bytes of the element at `start` along each axis. */
const offsetOf = (start: readonly number[], strides: readonly number[]): number =>
  start.reduce((offset, index, axis) => offset + index * strides[axis]! * 4, 0);

const sliceOp: Op<{ x: Tensor }, { start: readonly number[]; shape: Shape }> = defineOp({
  name: 'slice',
  gives: 'inputs',
  integers: true,
  shape: ({ x }, { shape }) => ({ shape, dtype: x.dtype }),
  forward(k, { inputs: { x }, attributes: { start }, output: { shape } }, at) {
    const from = denseStrides(x.shape);
    const first = advance(at.inputs.x, offsetOf(start, from));
    emitCopy(k, shape, { x: first, from }, { y: at.output, to: denseStrides(shape) });
  },
  backward: ({ inputs: { x }, attributes: { start } }, dy) => ({
    x: place(dy, start, x.shape, 0),
  }),
});

/**
 * x[start₀:stop₀, start₁:stop₁, …], with a range for each axis from the first; axes without one stay whole.
 * @throws ShapeError naming the axis if a range is empty or extends outside x.
 */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  if (ranges.length > x.shape.length) {
    throw new ShapeError(
      'slice',
      `${ranges.length} ranges, ${showShape(x.shape)} has ${x.shape.length} axes`,
    );
  }
  const bounds = x.shape.map((extent, axis) => {
    const [start = 0, stop = extent] = ranges[axis] ?? [];
    const [first, end] = [start, stop].map((index) => (index < 0 ? index + extent : index));
    const whole = Number.isInteger(first) && Number.isInteger(end);
    if (!whole || first! < 0 || end! > extent || first! >= end!) {
      throw new ShapeError(
        'slice',
        `${start}:${stop} along axis ${axis} of ${showShape(x.shape)} is empty or reaches outside`,
      );
    }
    return [first!, end!] as const;
  });
  const shape = bounds.map(([first, end]) => end - first);
  return apply(sliceOp, { x }, { start: bounds.map(([first]) => first), shape });
}

/**
 * x split along an axis into parts of `sizes`: one number for equal parts (the last may be smaller), or one per part.
 * @throws ShapeError if the parts do not add up to the axis.
 */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  const along = axisOf('split', x, axis);
  const extent = x.shape[along]!;
  const parts =
    typeof sizes === 'number'
      ? Array.from({ length: Math.ceil(extent / sizes) }, (_, i) =>
          Math.min(sizes, extent - i * sizes),
        )
      : sizes;
  const total = parts.reduce((end, size) => end + size, 0);
  if (total !== extent || !parts.every((size) => Number.isInteger(size) && size > 0)) {
    throw new ShapeError(
      'split',
      `parts of ${parts.join(', ')} do not make up axis ${along} of ${showShape(x.shape)}`,
    );
  }
  let end = 0;
  return parts.map((size) => {
    const start = end;
    end += size;
    return slice(x, [...Array.from({ length: along }, (): Range => []), [start, end]]);
  });
}

interface Placement {
  /** Place of x's first element in the result. */
  readonly start: readonly number[];
  readonly shape: Shape;
  readonly value: number;
}

const padOp: Op<{ x: Tensor }, Placement> = defineOp({
  name: 'pad',
  shape: (_, { shape }) => ({ shape }),
  forward(k, { inputs: { x }, attributes: { start, value }, output: { shape } }, at) {
    k.fill(at.output, sizeOf(shape), value);
    const to = denseStrides(shape);
    const first = advance(at.output, offsetOf(start, to));
    emitCopy(k, x.shape, { x: at.inputs.x, from: denseStrides(x.shape) }, { y: first, to });
  },
  backward: ({ inputs: { x }, attributes: { start } }, g) => ({
    x: slice(
      g,
      start.map((first, axis) => [first, first + x.shape[axis]!]),
    ),
  }),
});

const place = (x: Tensor, start: readonly number[], shape: Shape, value: number): Tensor =>
  apply(padOp, { x }, { start, shape, value });

/**
 * x with `widths[k]` = [before, after] elements of `value` around axis k.
 * @throws ShapeError unless there is a pair of whole numbers of at least 0 for each axis.
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [before: number, after: number])[],
  value = 0,
): Tensor {
  const fine = widths.every((pair) => pair.every((w) => Number.isInteger(w) && w >= 0));
  if (widths.length !== x.shape.length || !fine) {
    throw new ShapeError(
      'pad',
      `widths ${widths.map((pair) => pair.join('+')).join(', ')} for ${showShape(x.shape)}: expected a pair from 0 for each axis`,
    );
  }
  const shape = x.shape.map((extent, axis) => extent + widths[axis]![0] + widths[axis]![1]);
  return place(
    x,
    widths.map(([before]) => before),
    shape,
    value,
  );
}
