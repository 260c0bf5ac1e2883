// Random numbers whose bits are the same in every engine, fast enough for playouts: Marsaglia's xorshift (2003), started
// from a seed and a stream's numbers by the mixing function of MurmurHash3.

function mix(word) {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** A generator for a seed and the numbers of a stream, such as a round and a game. */
export function randomOf(...numbers) {
  let state = numbers.reduce((h, n) => mix(Math.imul(h, 31) + n + 0x9e3779b9), 1) || 1;
  const word = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 4; i++) word();
  const next = () => (word() >>> 8) / 2 ** 24;
  return {
    /** Uniform in [0, 1), a multiple of 2⁻²⁴. */
    next,
    /** A whole number from 0 to n − 1. */
    below: (n) => Math.floor(next() * n),
    /** Nearly normal: the sum of twelve uniform numbers, which needs neither logarithm nor cosine. */
    normal() {
      let sum = -6;
      for (let i = 0; i < 12; i++) sum += next();
      return sum;
    },
    /** The place of a number drawn in proportion to `weights`. */
    choose(weights) {
      let left = next() * weights.reduce((sum, w) => sum + w, 0);
      const at = weights.findIndex((w) => (left -= w) < 0);
      return at < 0 ? weights.findLastIndex((w) => w > 0) : at;
    },
  };
}
