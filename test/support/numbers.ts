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

/** −½, −½ + 1/n, … in an order that a generator draws: no two closer than 1/n, for what has a kink where two tie. */
export function spacedNumbers(count: number, seed: number): Float32Array {
  const keys = numbers(count, seed);
  const order = [...keys.keys()].toSorted((a, b) => keys[a]! - keys[b]!);
  const values = new Float32Array(count);
  order.forEach((at, rank) => (values[at] = rank / count - 0.5));
  return values;
}
