/** Multiples of a tensor, and rows of a matrix. */
import { apply, defineOp } from '../graph/op.js';
import { sizeOf, type Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';

const scaleOp = defineOp<{ x: Tensor }, { weight: number }>({
  name: 'scale',
  shape: ({ x }) => ({ shape: x.shape }),
  forward: (k, { output, attributes }, at) =>
    k.scale(at.inputs.x, at.output, sizeOf(output.shape), attributes.weight),
  backward: ({ attributes }, dy) => ({ x: scale(dy, attributes.weight) }),
  inPlace: ['x'],
});

/** weight · x. */
export const scale = (x: Tensor, weight: number): Tensor => apply(scaleOp, { x }, { weight });

const rowOp = defineOp<{ x: Tensor }, { index: number }>({
  name: 'row',
  shape: ({ x }) => ({ shape: [x.shape[1]!] }),
  forward: (k, { output, attributes }, at) => {
    const columns = output.shape[0]!;
    k.scale(advance(at.inputs.x, attributes.index * columns * 4), at.output, columns, 1);
  },
});

/** x[index] of an n×m matrix; m values. */
export const row = (x: Tensor, index: number): Tensor => apply(rowOp, { x }, { index });
