/**
 * The random numbers of one sample's transforms. They are a function of the run's key, the step, the sample's place in
 * the minibatch and the transform's number, so every thread that gathers the sample draws the same ones.
 */
import { cosPi, log } from '../../base/arithmetic.js';
import { philox } from '../../random/philox.js';
import { purpose } from '../../random/purposes.js';

/** The words that distinguish one sample of one step from all others. */
export interface Place {
  key0: number;
  key1: number;
  step: number;
  place: number;
}

export interface Draw {
  readonly at: Readonly<Place>;
  /** Begins the draws of transform number `stream`. */
  begin(stream: number): void;
  /** Uniform in [0, 1), a multiple of 2⁻³². */
  uniform(): number;
  /** Uniform in [low, high), or low if both are the same. */
  between(low: number, high: number): number;
  /** A whole number in [0, n), n ≤ 2³²: the integer part of the product, with a bias below n·2⁻³². */
  integer(n: number): number;
  /** Normal with mean 0 and deviation 1, by Box and Muller (1958). */
  normal(): number;
}

/** The last counter word of the draws that kernels make for pixels in transform number `stream`. */
export const pixelStream = (stream: number): number => stream * 256 + purpose.augmentPixels;

/**
 * Draws for the current contents of `at`: word e is word e mod 4 of the block at (e div 4, place, step, stream·256 +
 * purpose).
 */
export function createDraw(at: Readonly<Place>): Draw {
  const block = new Uint32Array(4);
  let used = 0;
  let last = 0;
  const uniform = (): number => {
    if (used % 4 === 0) philox(used / 4, at.place, at.step, last, at.key0, at.key1, block);
    return block[used++ % 4]! / 2 ** 32;
  };
  return {
    at,
    begin(stream) {
      used = 0;
      last = stream * 256 + purpose.augment;
    },
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    integer: (n) => Math.floor(uniform() * n),
    normal() {
      const radius = Math.sqrt(-2 * log(1 - uniform()));
      return radius * cosPi(2 * uniform());
    },
  };
}
