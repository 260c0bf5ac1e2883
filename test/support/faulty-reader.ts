/** A reader whose threads die as the test wants: `createReader` is what decoder threads call. */
import type { SampleReader } from '../../src/data/dataset.js';

export interface FaultySettings {
  /** Deaths left of each sample, in shared memory. */
  readonly deaths: Int32Array;
  readonly how: 'exit' | 'throw' | 'memory';
}

/** Sample i has 432 values that follow from i. */
export function createReader({ deaths, how }: FaultySettings): SampleReader {
  return {
    type: 'uint8',
    read(index, to) {
      if (Atomics.load(deaths, index) > 0) {
        Atomics.sub(deaths, index, 1);
        if (how === 'exit') process.exit(3);
        if (how === 'throw') setImmediate(() => process.exit(4));
        if (how === 'throw') return new Promise<void>(() => {});
        const hoard: number[][] = [];
        for (;;) hoard.push(Array<number>(1e6).fill(hoard.length + 0.5));
      }
      to.forEach((_, e) => (to[e] = index * 31 + e * 7));
    },
    describe: (index) => `row ${index}`,
  };
}
