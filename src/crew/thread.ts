/** The work of a worker thread on any platform: it receives its plan at the start, then runs jobs. */
import { allocateMemory } from '../engine/memory.js';
import { copyRegions, writeRegions, type Contents } from '../feed/layout.js';
import type { RunPlan } from '../step/run-plan.js';
import type { AnyJob } from './worker-pool.js';
import { createSplitWorker, type SplitPlan } from './split-program.js';
import { createWorker } from '../step/worker.js';

/** The setup that a worker thread receives when it starts. */
export interface WorkerSetup {
  readonly plan: RunPlan | SplitPlan;
  readonly module: WebAssembly.Module;
  /** Absent where memory cannot be shared: the thread then makes its own. */
  readonly memory?: WebAssembly.Memory;
  readonly spins: number;
  /** Initial contents of a memory of its own. */
  readonly contents?: Contents;
}

/** A message to a worker thread: a job, and the rank with which it is done. */
export interface WorkerTask {
  readonly rank: number;
  readonly job: AnyJob;
  /** For a memory of its own: the changes since the last task, and the regions to send back. */
  readonly contents?: Contents;
  readonly wanted?: readonly string[];
}

/** The result of a task: false if another worker's failure ended it; with the requested regions. */
export interface WorkerResult {
  readonly isDone: boolean;
  readonly contents: Contents;
}

/** A function that runs one task after another. */
export function createThread(setup: WorkerSetup): (task: WorkerTask) => WorkerResult {
  const { plan, contents = [] } = setup;
  const memory = setup.memory ?? allocateMemory(plan.memory.bytes, false);
  writeRegions(plan.memory, memory, contents);
  /** Linked workers by rank: usually one, as threads keep their rank. */
  const linked = new Map<number, (job: AnyJob) => boolean>();
  return ({ rank, job, contents = [], wanted = [] }) => {
    const run = linked.get(rank) ?? linkAs(rank, setup, memory);
    linked.set(rank, run);
    writeRegions(plan.memory, memory, contents);
    const isDone = run(job);
    return { isDone, contents: copyRegions(plan.memory, memory, wanted) };
  };
}

/** Links a worker; the pool sends a plan only jobs of its kind. */
function linkAs(
  rank: number,
  { plan, module, spins }: WorkerSetup,
  memory: WebAssembly.Memory,
): (job: AnyJob) => boolean {
  const run =
    'parts' in plan
      ? createSplitWorker(plan, module, memory, rank, spins)
      : createWorker(plan, module, memory, rank, spins);
  return run as (job: AnyJob) => boolean;
}
