/**
 * Pools of a run's workers, threads on one shared memory whose tasks are whole jobs of many steps. With 0 workers the
 * job runs in the calling thread; where memory cannot be shared, in a thread with its own (own-pool.ts).
 */
import { pause } from '#platform/system';
import { createThreads, machineParallelism } from '#platform/threads';
import { LanewiseError } from '../base/errors.js';
import type { Job } from '../step/jobs.js';
import { baseOf } from '../feed/layout.js';
import { CONTROL } from '../step/meeting.js';
import type { RunPlan } from '../step/run-plan.js';
import type { RepeatJob, SplitPlan } from './split-program.js';
import type { WorkerSetup, WorkerTask } from './thread.js';
import { createWorker } from '../step/worker.js';

export type AnyJob = Job | RepeatJob;

type JobOf<Plan> = Plan extends SplitPlan ? RepeatJob : Job;

export interface Pool<J extends AnyJob = Job> {
  /**
   * Resolves when all workers have done their share. After a failure the pool is whole again (a thread that died is
   * replaced), and the memory is as the workers left it.
   */
  run(job: J): Promise<void>;
  close(): Promise<void>;
}

/** A worker thread died or threw; its work must be repeated from a known state. */
export class WorkerFailure extends LanewiseError {
  constructor(reason: unknown, what = 'a worker thread failed') {
    const why = reason instanceof Error ? reason.message : String(reason);
    super('engine', `${what}: ${why}`, undefined, { cause: reason });
  }
}

/** Another machine's part of a step was wrong; steps must be repeated from a state without its parts. */
export class MachineCaught extends WorkerFailure {
  constructor(
    /** The machine's name. */
    readonly machine: string,
    /** The step of the part, counted from 1. */
    readonly step: number,
    /** The first step with a part of its that may be wrong as well. */
    readonly since: number,
    /** What was wrong. */
    what: string,
  ) {
    super(what, `machine ${machine} is put out`);
  }
}

/**
 * Iterations of polling the barrier before a worker parks: about 50 µs; and where threads that read samples want the
 * processor, 2 µs.
 */
const SPINS = 20_000;
const SHORT_SPINS = 1000;

/**
 * Longest time, unless one step or block takes longer, for which the calling thread is kept from timers, signals and
 * clicks.
 */
const TURN_MS = 20;

/** A pool of the calling thread alone. */
export function createLocalPool(
  plan: RunPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Pool {
  const work = createWorker(plan, module, memory, 0, 0);

  return {
    async run(job) {
      let turn = performance.now();
      for (const part of partsOf(job, plan.evaluationBlock)) {
        if (!work(part)) break;
        if (performance.now() - turn < TURN_MS) continue;
        await pause();
        turn = performance.now();
      }
      await pause();
    },
    async close() {},
  };
}

/** Parts of one step or one block of samples each; other jobs are no longer than a step. */
function* partsOf(job: Job, block: number): Generator<Job> {
  if (job.kind === 'train') {
    const { row = 0 } = job;
    for (let i = 0; i < job.steps; i++)
      yield { ...job, first: job.first + i, step: job.step + i, row: row + i, steps: 1 };
  } else if (job.kind === 'score') {
    for (let from = job.from ?? 0; from < job.count; from += block)
      yield { ...job, from, count: Math.min(job.count, from + block) };
  } else yield job;
}

function spinsFor(workers: number, readers: number): number {
  if (workers > machineParallelism()) return 0;
  return workers + readers > machineParallelism() ? SHORT_SPINS : SPINS;
}

/** `plan.workers` threads on one shared memory, beside `readers` others. */
export async function createThreadPool<Plan extends RunPlan | SplitPlan>(
  plan: Plan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  readers = 0,
): Promise<Pool<JobOf<Plan>>> {
  const { workers } = plan;
  const setup: WorkerSetup = { plan, module, memory, spins: spinsFor(workers, readers) };
  const threads = await createThreads({ entry: 'worker', count: workers, setup });
  const control = new Int32Array(memory.buffer, baseOf(plan.memory, 'control'), CONTROL.abort + 1);

  /** Wakes workers that wait at the barrier for one that will never arrive. */
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
          return await threads.run(task);
        } catch (error) {
          giveUp();
          throw error;
        }
      });
      const settled = await Promise.allSettled(tasks);
      const failure = settled.find((outcome) => outcome.status === 'rejected');
      // Without a failure everybody has met at every barrier, so nobody can have aborted.
      if (failure) throw new WorkerFailure(failure.reason);
    },
    close: () => threads.close(),
  };
}
