/**
 * The random generator Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A random
 * word is a function of (seed, purpose, index, element), so it does not matter who draws it or when. The same generator
 * is in assembly/random.ts; a test compares them.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The upper 32 bits of a 32×32-bit product, from 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Each sum stays below 2³², so all its bits are right and >>> is a division by 2¹⁶.
  const middle = (Math.imul(aHigh, bLow) >>> 0) + (Math.imul(aLow, bLow) >>> 16);
  const cross = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff);
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (cross >>> 16)) >>> 0;
}

/** Writes the four words of one block at counter (c0, c1, c2, c3) under key (k0, k1) to `out`. */
export function philox(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = multiplyHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** A sequence of random numbers. */
export interface RandomStream {
  /** The next 32 random bits. */
  word(): number;
  /** Uniform in [0, 1), a multiple of 2⁻³². */
  uniform(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** Uniform whole number in [0, n), n ≤ 2³²; unbiased, by rejection. */
  integer(n: number): number;
}

/** A seed, a whole number below 2⁵³, as the two words of a key. */
export const splitSeed = (seed: number): [number, number] => [
  seed >>> 0,
  Math.floor(seed / 2 ** 32) >>> 0,
];

/** Stream `index` of a purpose: word e is word e mod 4 of the block at counter (e div 4, index, 0, purpose). */
export function randomStream(seed: number, purpose: number, index: number): RandomStream {
  const [k0, k1] = splitSeed(seed);
  const block = new Uint32Array(4);
  let used = 0;
  const word = (): number => {
    if (used % 4 === 0) philox(used / 4, index, 0, purpose, k0, k1, block);
    return block[used++ % 4]!;
  };
  const uniform = (): number => word() / 2 ** 32;
  return {
    word,
    uniform,
    between: (low, high) => low + (high - low) * uniform(),
    integer(n) {
      // Words at or above the largest multiple of n would favour small remainders. That multiple is
      // above 2³² − n, so nearly every word is accepted without the slow remainder.
      let value = word();
      while (value >= 2 ** 32 - n && value >= 2 ** 32 - (2 ** 32 % n)) value = word();
      // value % n; exact, since a quotient of 32-bit numbers is at least 2⁻³² of its size away from a whole number.
      return value - Math.floor(value / n) * n;
    },
  };
}
