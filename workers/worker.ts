/** The entry of a piscina worker thread: links a plan the first time it sees it, then runs jobs. */
import type { AnyJob, WorkerTask } from '../src/parallel/pool.js';
import { createSplitWorker } from '../src/parallel/split.js';
import { createWorker } from '../src/parallel/worker.js';

let linked: { readonly id: string; readonly run: (job: AnyJob) => boolean } | undefined;

/** Runs one job as worker `rank`; false if another worker's failure ended it. */
export default function work(task: WorkerTask): boolean {
  const id = `${task.plan.id} ${task.rank}`;
  if (linked?.id !== id) linked = { id, run: linkTask(task) };
  return linked.run(task.job);
}

/** The pool sends a plan only jobs of its kind. */
function linkTask({ plan, module, memory, rank, spins }: WorkerTask): (job: AnyJob) => boolean {
  const run =
    'parts' in plan
      ? createSplitWorker(plan, module, memory, rank, spins)
      : createWorker(plan, module, memory, rank, spins);
  return run as (job: AnyJob) => boolean;
}
