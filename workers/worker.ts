/** The entry of a piscina worker thread: links a plan the first time it sees it, then runs jobs. */
import type { WorkerTask } from '../src/parallel/pool.js';
import { createWorker, type RunJob } from '../src/parallel/worker.js';

let linked: { readonly id: string; readonly run: RunJob } | undefined;

/** Runs one job as worker `rank`; false if another worker's failure ended it. */
export default function work({ plan, module, memory, rank, spins, job }: WorkerTask): boolean {
  const id = `${plan.id} ${rank}`;
  if (linked?.id !== id) linked = { id, run: createWorker(plan, module, memory, rank, spins) };
  return linked.run(job);
}
