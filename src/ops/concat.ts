/** Concatenation of tensors along an axis. */
import { apply, defineOp, ShapeError } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';
import { slice, type Range } from './slice.js';
import { axisOf, denseStrides, emitCopy } from './strided.js';

/** The tensors as `a0`, `a1`, … in order. */
type Parts = Readonly<Record<string, Tensor>>;

/** Each part with its starting index along the axis. */
function placed(parts: Parts, axis: number): [name: string, part: Tensor, start: number][] {
  let end = 0;
  return Object.entries(parts).map(([name, part]) => {
    const start = end;
    end += part.shape[axis]!;
    return [name, part, start];
  });
}

const concatOp = defineOp<Parts, { axis: number }>({
  name: 'concat',
  gives: 'inputs',
  integers: true,
  shape(parts, { axis }) {
    const [first, ...others] = Object.values(parts) as [Tensor, ...Tensor[]];
    for (const { shape, dtype } of others) {
      const at = shape.findIndex((extent, i) => i !== axis && extent !== first.shape[i]);
      if (shape.length !== first.shape.length || at >= 0 || dtype !== first.dtype) {
        const where = at >= 0 ? `differ along axis ${at}` : 'differ in rank or type';
        throw new ShapeError(
          'concat',
          `shapes ${showShape(first.shape)} and ${showShape(shape)} ${where}, joined along axis ${axis}`,
        );
      }
    }
    const extent = [first, ...others].reduce((total, { shape }) => total + shape[axis]!, 0);
    return { shape: first.shape.with(axis, extent), dtype: first.dtype };
  },
  forward(k, { inputs, attributes: { axis }, output }, at) {
    const to = denseStrides(output.shape);
    for (const [name, { shape }, start] of placed(inputs, axis)) {
      const y = advance(at.output, start * to[axis]! * 4);
      emitCopy(k, shape, { x: at.inputs[name]!, from: denseStrides(shape) }, { y, to });
    }
  },
  backward: ({ inputs, attributes: { axis } }, dy) =>
    Object.fromEntries(
      placed(inputs, axis).map(([name, { shape }, start]) => [
        name,
        slice(dy, [
          ...Array.from({ length: axis }, (): Range => []),
          [start, start + shape[axis]!],
        ]),
      ]),
    ),
});

/**
 * Tensors joined along `axis` (negative: from the end); their other extents must be equal.
 * @throws ShapeError naming both shapes and the axis along which they differ.
 */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (!first) throw new ShapeError('concat', 'expected at least one tensor');
  const named = Object.fromEntries(parts.map((part, i) => [`a${i}`, part]));
  return apply(concatOp, named, { axis: axisOf('concat', first, axis) });
}
