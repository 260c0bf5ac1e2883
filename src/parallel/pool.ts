/**
 * Threads: piscina owns them, and one task is a whole job, many steps long. With 0 workers the job runs
 * in the calling thread, on an unshared memory.
 */
import { availableParallelism } from 'node:os';
import { LanewiseError } from '../errors.js';
import { baseOf } from './layout.js';
import type { RunPlan } from './plan.js';
import type { RepeatJob, SplitPlan } from './split.js';
import { createWorker, type Job } from './worker.js';

/** What a worker thread is given when it starts. */
export interface WorkerSetup {
  readonly plan: RunPlan | SplitPlan;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly spins: number;
}

/** What is posted to a worker thread: a job, and as which worker it does it. */
export interface WorkerTask {
  readonly rank: number;
  readonly job: AnyJob;
}

export type AnyJob = Job | RepeatJob;

type JobOf<Plan> = Plan extends SplitPlan ? RepeatJob : Job;

export interface Pool<J extends AnyJob = Job> {
  /** Resolves when all workers have done their share. */
  run(job: J): Promise<void>;
  close(): Promise<void>;
}

/** Looks at the barrier before a worker parks: about 50 µs. */
const SPINS = 20_000;

export const machineParallelism = (): number => availableParallelism();

/** The pool of the calling thread alone. */
export function createLocalPool(
  plan: RunPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Pool {
  const work = createWorker(plan, module, memory, 0, 0);
  return {
    async run(job) {
      work(job);
      // Let timers and signals through between jobs.
      await new Promise((resolve) => setImmediate(resolve));
    },
    async close() {},
  };
}

/** `plan.workers` threads; piscina is loaded only here, where it is needed. @throws LanewiseError kind 'engine' from `run` if a worker fails. */
export async function createThreadPool<Plan extends RunPlan | SplitPlan>(
  plan: Plan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<Pool<JobOf<Plan>>> {
  const { Piscina } = await import('piscina');
  const { workers } = plan;
  const spins = workers <= machineParallelism() ? SPINS : 0;
  const piscina = new Piscina({
    filename: new URL('../../workers/worker.js', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    workerData: { plan, module, memory, spins } satisfies WorkerSetup,
  });
  const control = new Int32Array(memory.buffer, baseOf(plan.memory, 'control'), 3);

  /** Wakes workers that wait at the barrier for one that will not come. */
  function giveUp(): void {
    Atomics.store(control, 2, 1);
    Atomics.notify(control, 1);
  }

  let failed = false;

  return {
    async run(job) {
      if (failed) throw new LanewiseError('engine', 'a worker thread of this run failed before');
      const tasks = Array.from({ length: workers }, async (_, rank) => {
        const task: WorkerTask = { rank, job };
        try {
          return await piscina.run(task);
        } catch (error) {
          giveUp();
          throw error;
        }
      });
      const settled = await Promise.allSettled(tasks);
      const failure = settled.find((outcome) => outcome.status === 'rejected');
      // Without one everybody has met at every barrier, so nobody can have given up.
      if (!failure) return;
      failed = true;
      const reason =
        failure.reason instanceof Error ? failure.reason.message : String(failure.reason);
      throw new LanewiseError('engine', `a worker thread failed: ${reason}`, undefined, {
        cause: failure.reason,
      });
    },
    close: () => piscina.destroy(),
  };
}
