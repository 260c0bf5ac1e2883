/** Test inputs that need no storing: the same in every run, and in test/golden/make.py. */

/** Numbers in [−1, 1), the same in every run. */
export function numbers(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Draws whole numbers from `low` to `high`, both included, the same in every run. */
export function createDraw(seed: number): (low: number, high: number) => number {
  let state = seed;
  return (low, high) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return low + (Math.floor(state / 65_536) % (high - low + 1));
  };
}
