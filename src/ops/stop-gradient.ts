/** A tensor that gradients do not pass, as a view without a kernel. */
import { apply, defineOp } from '../graph/op.js';
import type { Tensor } from '../graph/tensor.js';

const op = defineOp<{ x: Tensor }, object>({
  name: 'stopGradient',
  gives: 'inputs',
  integers: true,
  shape: ({ x }) => ({ shape: x.shape, dtype: x.dtype }),
  // Contributes nothing, where an op without a rule would be refused.
  backward: () => ({}),
});

/** x, treated as a constant in differentiation. */
export const stopGradient = (x: Tensor): Tensor => apply(op, { x }, {});
