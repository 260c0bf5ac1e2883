/**
 * The barrier on which workers wait for each other between the phases of a step. It is in a plan's `control` region.
 * The last to arrive opens the next generation; the others spin for a while, then park.
 *
 * It is in JavaScript, because Node 20's baseline compiler (V8 11.3, Liftoff) loses a function's variables at a
 * `memory.atomic.wait32` that times out: a worker that had waited for a second went on before the others had arrived.
 */
import { baseOf, type MemoryMap } from '../feed/layout.js';

/**
 * Words of a `control` region. The first three are the barrier's; `step` is the number of the training step that worker
 * 0 is at, `diverged` is set by a worker that finds a loss that is not finite, and `updating` by a worker that begins
 * to write weights.
 */
export const CONTROL = {
  arrived: 0,
  generation: 1,
  abort: 2,
  step: 3,
  diverged: 4,
  updating: 5,
} as const;

/** Milliseconds after which parked workers check whether the run was aborted. */
const PARK_MS = 1000;

/**
 * A function that returns when all workers have called it; false if the run was aborted in the meantime.
 * @param spins iterations of polling the barrier before parking; 0 where workers outnumber cores.
 * @param parkMs how long a worker stays parked between two checks
 */
export function createMeeting(
  { memory: map, workers }: { readonly memory: MemoryMap; readonly workers: number },
  memory: WebAssembly.Memory,
  spins: number,
  parkMs = PARK_MS,
): () => boolean {
  const control = new Int32Array(memory.buffer, baseOf(map, 'control'), CONTROL.abort + 1);
  const isGoingOn = () => Atomics.load(control, CONTROL.abort) === 0;
  if (workers === 1) return isGoingOn;
  return () => {
    const generation = Atomics.load(control, CONTROL.generation);
    if (Atomics.add(control, CONTROL.arrived, 1) === workers - 1) {
      Atomics.store(control, CONTROL.arrived, 0);
      Atomics.add(control, CONTROL.generation, 1);
      Atomics.notify(control, CONTROL.generation);
      return isGoingOn();
    }
    for (let i = 0; i < spins; i++)
      if (Atomics.load(control, CONTROL.generation) !== generation) return isGoingOn();
    while (Atomics.load(control, CONTROL.generation) === generation) {
      if (!isGoingOn()) return false;
      Atomics.wait(control, CONTROL.generation, generation, parkMs);
    }
    return isGoingOn();
  };
}
