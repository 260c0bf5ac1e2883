/** A vector of given values, such as class weights. */
import { apply, defineOp } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';
import { advance } from '../program/program.js';

const literalOp = defineOp<object, { values: readonly number[] }>({
  name: 'literal',
  shape: (_, { values }) => ({ shape: [values.length] }),
  forward(k, { attributes: { values } }, at) {
    for (let from = 0, to; from < values.length; from = to) {
      to = from + 1;
      while (values[to] === values[from] && to < values.length) to++;
      k.fill(advance(at.output, from * 4), to - from, values[from]!);
    }
  },
});

/** A vector of given values; it takes a kernel call for each run of equal ones, so it suits short vectors only. */
export const literal = (values: readonly number[]): Tensor => apply(literalOp, {}, { values });
