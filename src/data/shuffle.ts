/** The shuffled order of an epoch, a function of (count, seed, epoch). */
import { purpose } from '../random/purposes.js';
import { randomStream, type RandomStream } from '../random/philox.js';

/** A permutation of 0 … count − 1. */
export const shuffledOrder = (count: number, seed: number, epoch: number): Uint32Array =>
  permutation(count, randomStream(seed, purpose.shuffle, epoch));

/** A permutation of 0 … count − 1 by Fisher and Yates (Durstenfeld 1964), unbiased. */
export function permutation(count: number, random: Pick<RandomStream, 'integer'>): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const other = order[j]!;
    order[j] = order[i]!;
    order[i] = other;
  }
  return order;
}
