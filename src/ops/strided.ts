/** Walks through memory: operands of the kernels that take strides, and the copy that most layouts reduce to. */
import { ShapeError } from '../graph/op.js';
import { showShape, type Shape, type Tensor } from '../graph/tensor.js';
import { advance, type Address, type Emitter } from '../program/program.js';

/** Axes with an extent each, and each operand's number of elements per step along each axis. */
export interface Walk {
  readonly extents: readonly number[];
  readonly strides: readonly (readonly number[])[];
}

/** Elements between neighbours along each axis of a dense tensor. */
export function denseStrides(shape: Shape): number[] {
  let size = 1;
  return shape
    .toReversed()
    .map((extent) => {
      const stride = size;
      size *= extent;
      return stride;
    })
    .toReversed();
}

/** The same walk with the fewest axes: without extents of 1, and with neighbours joined where all operands cross them evenly. */
function merge({ extents, strides }: Walk): Walk {
  const kept: number[] = [];
  const steps: number[][] = strides.map(() => []);
  extents.forEach((extent, axis) => {
    if (extent === 1) return;
    const even = strides.every(
      (stride, i) => kept.length > 0 && steps[i]!.at(-1) === stride[axis]! * extent,
    );
    if (even) kept[kept.length - 1]! *= extent;
    else kept.push(extent);
    strides.forEach((stride, i) => {
      if (even) steps[i]!.pop();
      steps[i]!.push(stride[axis]!);
    });
  });
  return { extents: kept, strides: steps };
}

/**
 * Calls `emit` for parts of a walk with exactly `axes` axes, with each operand's offset in bytes: once, unless the
 * merged walk has more axes.
 */
export function emitWalk(
  walk: Walk,
  axes: number,
  emit: (piece: Walk, offsets: readonly number[]) => void,
): void {
  const visit = ({ extents, strides }: Walk, offsets: readonly number[]): void => {
    if (extents.length <= axes) {
      const missing = axes - extents.length;
      const fill = (value: number, values: readonly number[]) => [
        ...Array<number>(missing).fill(value),
        ...values,
      ];
      emit({ extents: fill(1, extents), strides: strides.map((s) => fill(0, s)) }, offsets);
      return;
    }
    const inner = { extents: extents.slice(1), strides: strides.map((s) => s.slice(1)) };
    for (let i = 0; i < extents[0]!; i++) {
      visit(
        inner,
        offsets.map((offset, operand) => offset + i * strides[operand]![0]! * 4),
      );
    }
  };
  visit(
    merge(walk),
    walk.strides.map(() => 0),
  );
}

/** Emits y[Σ iₖ·to[k]] = x[Σ iₖ·from[k]] for all i within `extents`. */
export function emitCopy(
  k: Emitter,
  extents: Shape,
  { x, from }: { x: Address; from: readonly number[] },
  { y, to }: { y: Address; to: readonly number[] },
): void {
  emitWalk({ extents, strides: [from, to] }, 6, (piece, [xOffset, yOffset]) => {
    type Six = [number, number, number, number, number, number];
    k.copyStrided(
      ...(piece.extents as Six),
      ...(piece.strides[0] as Six),
      ...(piece.strides[1] as Six),
      advance(x, xOffset!),
      advance(y, yOffset!),
    );
  });
}

/**
 * `axis` of x, counted from the end if negative.
 * @throws ShapeError if there is no such axis.
 */
export function axisOf(op: string, x: Tensor, axis: number): number {
  const rank = x.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(
      op,
      `axis ${axis} is outside of ${showShape(x.shape)}, which has ${rank} axes`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}
