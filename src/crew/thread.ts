/** What a worker thread does, whatever platform it runs on: its plan comes when it starts, then it runs jobs. */
import { allocateMemory } from '../engine/memory.js';
import { copyRegions, writeRegions, type Contents } from '../feed/layout.js';
import type { RunPlan } from '../step/run-plan.js';
import type { AnyJob } from './worker-pool.js';
import { createSplitWorker, type SplitPlan } from './split-program.js';
import { createWorker } from '../step/worker.js';

/** What a worker thread is given when it starts. */
export interface WorkerSetup {
  readonly plan: RunPlan | SplitPlan;
  readonly module: WebAssembly.Module;
  /** Absent where memory cannot be shared: the thread makes its own. */
  readonly memory?: WebAssembly.Memory;
  readonly spins: number;
  /** Of a memory of its own: what it begins with. */
  readonly contents?: Contents;
}

/** What is posted to a worker thread: a job, and as which worker it does it. */
export interface WorkerTask {
  readonly rank: number;
  readonly job: AnyJob;
  /** For a memory of its own: what has changed since, and which regions are wanted afterwards. */
  readonly contents?: Contents;
  readonly wanted?: readonly string[];
}

/** False if another worker's failure ended it; with the regions that were wanted. */
export interface WorkerResult {
  readonly isDone: boolean;
  readonly contents: Contents;
}

/** A function that runs one task after another. */
export function createThread(setup: WorkerSetup): (task: WorkerTask) => WorkerResult {
  const { plan, contents = [] } = setup;
  const memory = setup.memory ?? allocateMemory(plan.memory.bytes, false);
  writeRegions(plan.memory, memory, contents);
  /** By rank: usually one, as threads keep to theirs. */
  const linked = new Map<number, (job: AnyJob) => boolean>();
  return ({ rank, job, contents = [], wanted = [] }) => {
    const run = linked.get(rank) ?? linkAs(rank, setup, memory);
    linked.set(rank, run);
    writeRegions(plan.memory, memory, contents);
    const isDone = run(job);
    return { isDone, contents: copyRegions(plan.memory, memory, wanted) };
  };
}

/** The pool sends a plan only jobs of its kind. */
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
