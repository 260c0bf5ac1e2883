/** Random numbers for a lab's own draws: the same bits in every engine. */
import { checkLists, natural, wholeFrom } from '../base/check.js';
import { log } from '../base/arithmetic.js';
import { permutation } from '../data/shuffle.js';
import { purpose } from '../random/purposes.js';
import { randomStream } from '../random/philox.js';

/** A sequence of random numbers that its seed decides. */
export interface RandomNumbers {
  /** Uniform in [0, 1): a multiple of 2⁻²⁴, so exact in float32. */
  next(): number;
  /** Normal with mean 0 and deviation 1, by Marsaglia and Bray's polar method (1964). */
  normal(): number;
  /** A uniform whole number from 0 to n − 1. */
  below(n: number): number;
  /** The list's entries in random order, as a new list; every order is as likely. */
  shuffled<T>(list: ArrayLike<T>): T[];
}

const count = wholeFrom(1, 2 ** 32);

/**
 * Random numbers from a seed, a whole number of at least 0, that are the same in every engine: for a lab's data, starts and
 * orders.
 * @throws LanewiseError kind 'argument' for another seed, for `below` of what is no whole number from 1 to 2³².
 */
export function randomNumbers(seed: number): RandomNumbers {
  natural('randomNumbers', 'seed', seed);
  const stream = randomStream(seed, purpose.lab, 0);
  let spare: number | undefined;
  const next = (): number => (stream.word() >>> 8) / 2 ** 24;
  const below = (n: number): number => {
    count('randomNumbers', 'n of below', n);
    return stream.integer(n);
  };
  return {
    next,
    below,
    normal() {
      if (spare !== undefined) {
        const kept = spare;
        spare = undefined;
        return kept;
      }
      for (;;) {
        const [u, v] = [2 * stream.uniform() - 1, 2 * stream.uniform() - 1];
        const s = u * u + v * v;
        if (s >= 1 || s === 0) continue;
        const factor = Math.sqrt((-2 * log(s)) / s);
        spare = v * factor;
        return u * factor;
      }
    },
    shuffled<T>(list: ArrayLike<T>): T[] {
      checkLists('randomNumbers', { 'list of shuffled': list });
      return Array.from(permutation(list.length, stream), (place) => list[place]!);
    },
  };
}
