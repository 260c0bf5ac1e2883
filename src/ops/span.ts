/** Some consecutive slices along an axis, and their place among zeros: each the other's gradient. */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Shape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';

interface Attributes {
  readonly axis: number;
  /** Number of the first slice, in the longer of input and output. */
  readonly from: number;
  /** Slices of the output. */
  readonly count: number;
}

/** Floats of one slice, and how often the axis is gone through. */
function strides(shape: Shape, axis: number): { inner: number; outer: number } {
  return { inner: sizeOf(shape.slice(axis + 1)), outer: sizeOf(shape.slice(0, axis)) };
}

function checkSpan(name: string, x: Tensor, axis: number, from: number, end: number, most: number) {
  if (axis < x.shape.length && from >= 0 && end > from && end <= most) return;
  throw new ShapeError(
    name,
    `slices ${from} to ${end} of axis ${axis} do not lie in ${showShape(x.shape)}`,
  );
}

const takeOp: Op<{ x: Tensor }, Attributes> = defineOp({
  name: 'take',
  shape({ x }, { axis, from, count }) {
    checkSpan('take', x, axis, from, from + count, x.shape[axis]!);
    return { shape: x.shape.with(axis, count) };
  },
  forward(k, { inputs: { x }, output, attributes: { axis, from, count } }, at) {
    const { inner, outer } = strides(output.shape, axis);
    const start = advance(at.inputs.x, from * inner * 4);
    k.copyRows(outer, count * inner, start, x.shape[axis]! * inner, at.output, count * inner);
  },
  backward: ({ inputs: { x }, attributes: { axis, from } }, dy) => ({
    x: place(dy, axis, from, x.shape[axis]!),
  }),
});

const placeOp: Op<{ x: Tensor }, Attributes> = defineOp({
  name: 'place',
  shape({ x }, { axis, from, count }) {
    checkSpan('place', x, axis, from, from + x.shape[axis]!, count);
    return { shape: x.shape.with(axis, count) };
  },
  forward(k, { inputs: { x }, output, attributes: { axis, from, count } }, at) {
    const { inner, outer } = strides(output.shape, axis);
    const columns = x.shape[axis]! * inner;
    const start = advance(at.output, from * inner * 4);
    k.fill(at.output, sizeOf(output.shape), 0);
    k.copyRows(outer, columns, at.inputs.x, columns, start, count * inner);
  },
  backward: ({ inputs: { x }, attributes: { axis, from } }, g) => ({
    x: take(g, axis, from, x.shape[axis]!),
  }),
});

/** Slices `from` to `from + count` of `axis`. @throws ShapeError if x does not have them. */
export const take = (x: Tensor, axis: number, from: number, count: number): Tensor =>
  apply(takeOp, { x }, { axis, from, count });

/** x as slices `from` and following of an axis of `count`, the others zero. @throws ShapeError if it does not fit. */
export const place = (x: Tensor, axis: number, from: number, count: number): Tensor =>
  apply(placeOp, { x }, { axis, from, count });
