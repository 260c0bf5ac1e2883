/**
 * Threads: piscina owns them, and one task is a whole job, many steps long. With 0 workers the job runs
 * in the calling thread, on an unshared memory.
 */
import { availableParallelism } from 'node:os';
import { LanewiseError } from '../errors.js';
import { baseOf } from './layout.js';
import { CONTROL } from './meeting.js';
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
  /**
   * Resolves when all workers have done their share. After a failure the pool is whole again (a thread that
   * died is replaced), and the memory as the workers left it.
   * @throws WorkerFailure if a worker fails.
   */
  run(job: J): Promise<void>;
  close(): Promise<void>;
}

/** A worker thread died, or threw: what it was at is to be done again from a state that is known. */
export class WorkerFailure extends LanewiseError {
  constructor(reason: unknown) {
    const why = reason instanceof Error ? reason.message : String(reason);
    super('engine', `a worker thread failed: ${why}`, undefined, { cause: reason });
  }
}

/** Looks at the barrier before a worker parks: about 50 µs; and where threads that read samples want the processor, 2 µs. */
const SPINS = 20_000;
const SHORT_SPINS = 1000;

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

function spinsFor(workers: number, readers: number): number {
  if (workers > machineParallelism()) return 0;
  return workers + readers > machineParallelism() ? SHORT_SPINS : SPINS;
}

/** `plan.workers` threads beside `readers` others; piscina is loaded only here, where it is needed. */
export async function createThreadPool<Plan extends RunPlan | SplitPlan>(
  plan: Plan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  readers = 0,
): Promise<Pool<JobOf<Plan>>> {
  const { Piscina } = await import('piscina');
  const { workers } = plan;
  const spins = spinsFor(workers, readers);
  const piscina = new Piscina({
    filename: new URL('../../workers/worker.js', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    concurrentTasksPerWorker: 1,
    workerData: { plan, module, memory, spins } satisfies WorkerSetup,
  });
  // A thread that dies between two jobs is replaced, and nobody has missed it.
  piscina.on('error', () => {});
  const control = new Int32Array(memory.buffer, baseOf(plan.memory, 'control'), CONTROL.abort + 1);

  /** Wakes workers that wait at the barrier for one that will not come. */
  function giveUp(): void {
    Atomics.store(control, CONTROL.abort, 1);
    Atomics.notify(control, CONTROL.generation);
  }

  return {
    async run(job) {
      // The last job may have ended in a failure, with workers between two meetings.
      Atomics.store(control, CONTROL.arrived, 0);
      Atomics.store(control, CONTROL.abort, 0);
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
      if (failure) throw new WorkerFailure(failure.reason);
    },
    close: () => piscina.destroy(),
  };
}
