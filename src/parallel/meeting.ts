/** Where workers wait for each other: the barrier of assembly/barrier.ts on a plan's `control` region. */
import type { Kernels } from '../engine/wasm.js';
import { baseOf, type MemoryMap } from './layout.js';

/**
 * Words of a `control` region. The first three are the barrier's (assembly/barrier.ts); `step` is the number of
 * the training step that worker 0 is at, and `diverged` is set by whoever finds a loss that is no number.
 */
export const CONTROL = { arrived: 0, generation: 1, abort: 2, step: 3, diverged: 4 } as const;

/** Parked workers look this often (nanoseconds) whether the run was given up. */
const PARK_NANOSECONDS = 1e9;

/**
 * A function that returns when all workers have called it; false if the run was given up meanwhile.
 * @param spins looks at the barrier before parking; 0 where workers outnumber cores.
 */
export function createMeeting(
  { memory, workers }: { readonly memory: MemoryMap; readonly workers: number },
  kernels: Kernels,
  spins: number,
): () => boolean {
  const control = baseOf(memory, 'control');
  return () => kernels.barrier(control, workers, spins, PARK_NANOSECONDS) === 0;
}
