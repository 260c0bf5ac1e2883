/** Dropout of elements (Srivastava et al. 2014), and of whole channels (Tompson et al. 2015). */
import { LanewiseError } from '../base/errors.js';
import { apply, defineOp, ShapeError, type Op } from '../graph/op.js';
import { showShape, sizeOf, type Tensor } from '../graph/tensor.js';

export interface DropoutAttributes {
  /** The probability with which an element becomes 0, from 0 up to, not including, 1. */
  readonly rate: number;
  /** A whole number below 2²⁴ that separates this dropout's draws from the model's others. */
  readonly stream: number;
  /** One draw for all elements of a channel (axis 1) of a sample; default one for each element. */
  readonly perChannel?: boolean;
}

/** The purpose `dropout` of src/random/purposes.ts, which ops may not import; a test compares. */
export const DROPOUT_PURPOSE = 4;

const dropoutOp: Op<{ x: Tensor; randomness: Tensor }, DropoutAttributes> = defineOp({
  name: 'dropout',
  integers: true,
  shape({ x, randomness }, { perChannel }) {
    const least = perChannel ? 2 : 1;
    if (x.shape.length < least) {
      const expected = perChannel ? 'N×C×…' : 'N×…';
      throw new ShapeError(
        'dropout',
        `expected an input of ${expected}, found ${showShape(x.shape)}`,
      );
    }
    if (showShape(randomness.shape) !== '4' || randomness.dtype !== 'i32') {
      throw new ShapeError(
        'dropout',
        `randomness is ${showShape(randomness.shape)} (${randomness.dtype}), expected 4 (i32): key (2), step, position`,
      );
    }
    return { shape: x.shape };
  },
  forward(k, { inputs: { x }, attributes: { rate, stream, perChannel } }, at) {
    const [N, ...rest] = x.shape as [number, ...number[]];
    const groups = perChannel ? rest[0]! : sizeOf(rest);
    k.dropout(
      N,
      groups,
      sizeOf(rest) / groups,
      at.inputs.x,
      at.inputs.randomness,
      at.output,
      stream * 256 + DROPOUT_PURPOSE,
      Math.floor(rate * 2 ** 32),
      1 / (1 - rate),
    );
  },
  backward: ({ inputs: { randomness }, attributes }, dy) => ({
    x: dropout(dy, randomness, attributes),
  }),
  inPlace: ['x'],
});

/**
 * x / (1 − rate) with probability 1 − rate, else 0, element by element. `randomness` (i32, 4 values, fed at run time)
 * holds the key's two words, the step, and the position of x's first sample in the minibatch. The draw for element e of
 * sample n is a function of (key, step, position + n, stream, e), however a minibatch is cut.
 * @throws LanewiseError kind 'argument' for a rate or stream out of range, ShapeError for shapes that do not fit.
 */
export function dropout(x: Tensor, randomness: Tensor, attributes: DropoutAttributes): Tensor {
  const { rate, stream } = attributes;
  if (!(rate >= 0 && rate < 1))
    throw new LanewiseError('argument', `dropout: rate is ${rate}, expected 0 ≤ rate < 1`);
  if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 24)
    throw new LanewiseError('argument', `dropout: stream is ${stream}, expected 0 … 2²⁴ − 1`);
  return apply(dropoutOp, { x, randomness }, attributes);
}
