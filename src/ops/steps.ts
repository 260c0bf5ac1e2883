/**
 * Sequences of unequal length in one tensor N×T×F. `lengths`, N whole numbers from 1 to T, is the number of each
 * sample's own steps. The values after these are padding, and may be anything, even NaN.
 */
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, type Tensor } from '../graph/tensor.js';
import { sum } from './reduce.js';

/** Codes of assembly/steps.ts: all of a sample's own steps, its last one, or all divided by their number. */
const modes = { own: 0, last: 1, share: 2 } as const;

interface Attributes {
  readonly mode: keyof typeof modes;
}

const keepStepsOp: Op<{ x: Tensor; lengths: Tensor }, Attributes> = defineOp<
  { x: Tensor; lengths: Tensor },
  Attributes
>({
  name: 'keepSteps',
  integers: true,
  shape: ({ x }) => ({ shape: x.shape }),
  forward(k, { inputs: { x }, attributes: { mode } }, { inputs: at, output }) {
    const [N, T, F] = x.shape as [number, number, number];
    k.keepSteps(N, T, F, modes[mode], at.lengths, at.x, output);
  },
  backward: ({ inputs: { lengths }, attributes }, dy) => ({
    x: apply(keepStepsOp, { x: dy, lengths }, attributes),
  }),
});

/** @throws ShapeError unless x is N×T×F and `lengths` come from an input of lengths up to T. */
export function checkLengths(op: string, x: Tensor, lengths: Tensor): void {
  const { shape, dtype, source } = lengths;
  const [N, T] = x.shape;
  if (x.shape.length !== 3 || x.dtype !== 'f32')
    throw new ShapeError(op, `lengths are of N×T×F, found ${showShape(x.shape)}`);
  const most = source.kind === 'input' ? source.lengths : undefined;
  if (dtype === 'i32' && shape.length === 1 && shape[0] === N && most === T) return;
  const found =
    most === undefined ? `${dtype} ${showShape(shape)}` : `lengths up to ${most}, for ${T} steps`;
  throw new ShapeError(op, `found ${found}, expected lengths: input([], { lengths: ${T} })`);
}

const keep = (x: Tensor, lengths: Tensor, mode: keyof typeof modes): Tensor => {
  checkLengths('keepSteps', x, lengths);
  return apply(keepStepsOp, { x, lengths }, { mode });
};

/** x with zeros in the padding. @throws ShapeError unless x is N×T×F and lengths are for its samples. */
export const ownSteps = (x: Tensor, lengths: Tensor): Tensor => keep(x, lengths, 'own');

/** The last own step of each sample, N×F. */
export const lastSteps = (x: Tensor, lengths: Tensor): Tensor => sum(keep(x, lengths, 'last'), 1);

/** The mean of each sample's own steps, N×F. */
export const meanOfSteps = (x: Tensor, lengths: Tensor, keepDims = false): Tensor =>
  sum(keep(x, lengths, 'share'), 1, keepDims);
