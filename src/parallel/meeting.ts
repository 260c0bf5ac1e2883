/** Where workers wait for each other: the barrier of assembly/barrier.ts on a plan's `control` region. */
import type { Kernels } from '../engine/wasm.js';
import { baseOf, type MemoryMap } from './layout.js';

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
