/** Deviates of the symmetric beta distribution, from counters, so that every thread draws the same. */
import { cosPi, exp, log } from '../base/arithmetic.js';
import { philox } from './philox.js';

/** Deviate `index` under a key. */
export type DrawBeta = (index: number, key0: number, key1: number) => number;

/**
 * Draws from Beta(alpha, alpha) with random words U and V in (0, 1); attempt t draws at counter (t, 0, index, purpose).
 *
 * alpha ≤ 1: Jöhnk (1964): X = U^(1/alpha), Y = V^(1/alpha), accepted if X + Y ≤ 1, which has probability ½ or more;
 * the deviate is X/(X + Y), by logarithms, since X and Y underflow for a small alpha.
 *
 * alpha > 1: Ulrich (1984): ½ + ½·√(1 − U^(2/(2·alpha − 1)))·cos(2πV), where Jöhnk would try 4^alpha times.
 */
export function createBeta(alpha: number, purpose: number): DrawBeta {
  const block = new Uint32Array(4);
  /** Never 0, which has no logarithm. */
  const unit = (word: number): number => (word + 0.5) / 2 ** 32;
  return (index, key0, key1) => {
    for (let attempt = 0; ; attempt++) {
      philox(attempt, 0, index, purpose, key0, key1, block);
      const [u, v] = [unit(block[0]!), unit(block[1]!)];
      if (alpha > 1) {
        const square = 1 - exp((2 * log(u)) / (2 * alpha - 1));
        return 0.5 + 0.5 * Math.sqrt(square) * cosPi(2 * v);
      }
      const [x, y] = [log(u) / alpha, log(v) / alpha];
      if (exp(x) + exp(y) <= 1) return 1 / (1 + exp(y - x));
    }
  };
}
