/** How a worker brings the norms of what counts (counts.ts) to their leaves. */
import type { Kernels } from '../engine/wasm.js';
import type { PlacedColumn } from './dataset-plan.js';

// Here, not in counts.ts: what a worker's script imports is loaded by every page that trains, and that file knows losses.
/** Answers over the sum of their weights; 0 where nothing counts, of which there is no mean. */
export const normOf = (answers: number, sum: number): number => (sum > 0 ? answers / sum : 0);

/** The norm of one column: of the whole data set, until a minibatch is measured. */
export interface Norm {
  /**
   * Takes the norm of the `size` samples at `positions`, a minibatch. Every worker does so for itself, and adds in the
   * minibatch's order: no sum depends on who adds it.
   */
  measure(positions: number, size: number): void;
  /** Writes it for `count` samples. */
  fill(count: number): void;
}

/** Of the columns that have one. @param batch where the worker's leaves stand */
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
