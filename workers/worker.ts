/** The entry of a piscina worker thread: its plan comes when it starts, then it runs jobs. */
import { workerData } from 'node:worker_threads';
import type { AnyJob, WorkerSetup, WorkerTask } from '../src/parallel/pool.js';
import { createSplitWorker } from '../src/parallel/split.js';
import { createWorker } from '../src/parallel/worker.js';

const { plan, module, memory, spins } = workerData as WorkerSetup;

/** By rank: usually one, as threads keep to theirs. */
const linked = new Map<number, (job: AnyJob) => boolean>();

/** Runs one job as worker `rank`; false if another worker's failure ended it. */
export default function work({ rank, job }: WorkerTask): boolean {
  const run = linked.get(rank) ?? linkAs(rank);
  linked.set(rank, run);
  return run(job);
}

/** The pool sends a plan only jobs of its kind. */
function linkAs(rank: number): (job: AnyJob) => boolean {
  const run =
    'parts' in plan
      ? createSplitWorker(plan, module, memory, rank, spins)
      : createWorker(plan, module, memory, rank, spins);
  return run as (job: AnyJob) => boolean;
}
