/** The norms of counts (counts.ts), written by a worker to their leaves. */
import type { Kernels } from '../engine/wasm.js';
import type { PlacedColumn } from './dataset-plan.js';

// These are here, not in counts.ts: every page that trains loads a worker script's imports, and that file knows losses.
/** Answers over the sum of their weights; 0 where nothing counts and there is no mean. */
export const normOf = (answers: number, sum: number): number => (sum > 0 ? answers / sum : 0);

/** The norm of one column: over the whole data set, until a minibatch is measured. */
export interface Norm {
  /**
   * Computes the norm of a minibatch, the `size` samples at `positions`. Every worker does so itself and adds in the
   * minibatch's order, so no sum depends on who computes it.
   */
  measure(positions: number, size: number): void;
  /** Writes the norm for `count` samples. */
  fill(count: number): void;
}

/** The norms of all columns that have one. @param batch address of the worker's leaves */
export function createNorms(
  columns: readonly PlacedColumn[],
  kernels: Kernels,
  memory: WebAssembly.Memory,
  batch: number,
): Norm[] {
  const floats = new Float32Array(memory.buffer);
  const places = new Uint32Array(memory.buffer);
  return columns.flatMap(({ values, norm }) => {
    if (!norm) return [];
    const { to, size: each, whole } = norm;
    let value = whole;
    return {
      measure(positions, size) {
        let sum = 0;
        for (let i = 0; i < size; i++) {
          const from = values / 4 + places[positions / 4 + i]! * each;
          for (let k = from; k < from + each; k++) sum += floats[k]!;
        }
        value = normOf(size * each, sum);
      },
      fill: (count) => kernels.fill(batch + to, count, value),
    };
  });
}
