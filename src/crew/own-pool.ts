/**
 * A pool of one worker thread with its own memory, for pages that may not share memory (no cross-origin isolation). The
 * session's memory is the host's copy: the host's writes are sent with each job, and the worker's results come back.
 */
import { createThreads } from '#platform/threads';
import { LanewiseError } from '../base/errors.js';
import type { Job } from '../step/jobs.js';
import { copyRegions, writeRegions, type Contents } from '../feed/layout.js';
import type { RunPlan } from '../step/run-plan.js';
import { WorkerFailure, type Pool } from './worker-pool.js';
import type { WorkerResult, WorkerSetup, WorkerTask } from './thread.js';

/** The regions that a job needs from the host, beside samples, and those that the host needs back. */
const REGIONS = {
  train: {
    written: ['control', 'order', 'rates', 'parameters', 'state', 'digests'],
    wanted: ['metrics', 'parameters', 'state', 'control', 'digests'],
  },
  gradients: {
    written: ['control', 'order', 'parameters'],
    wanted: ['metrics', 'gradients', 'control'],
  },
  reduce: { written: ['gradients'], wanted: ['gradients'] },
  update: {
    written: ['rates', 'gradients', 'parameters', 'state', 'digests'],
    wanted: ['parameters', 'state', 'control', 'digests'],
  },
  score: { written: ['order', 'parameters'], wanted: ['scores', 'losses', 'shares'] },
  prepare: { written: [], wanted: [] },
  touch: { written: [], wanted: [] },
} as const satisfies Record<Job['kind'], unknown>;

/** Jobs that read samples. */
const READING: readonly Job['kind'][] = ['train', 'gradients', 'score'];

/**
 * A pool for a plan of one worker. `memory` is the host's; among its regions, `stored` hold data sets, and `streamed`
 * the rings of those read during training.
 */
export async function createOwnPool(
  plan: RunPlan,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  stored: readonly string[],
  streamed: readonly string[],
): Promise<Pool> {
  const contents = copyRegions(plan.memory, memory, stored);
  const setup: WorkerSetup = { plan, module, spins: 0, contents };
  const threads = await createThreads({ entry: 'worker', count: 1, setup });
  const buffersOf = (contents: Contents) => contents.map(([, { buffer }]) => buffer);
  return {
    async run(job) {
      const { written, wanted } = REGIONS[job.kind];
      const samples = READING.includes(job.kind) ? streamed : [];
      const contents = copyRegions(plan.memory, memory, [...written, ...samples]);
      const task: WorkerTask = { rank: 0, job, contents, wanted };
      try {
        const { contents: made } = (await threads.run(task, buffersOf(contents))) as WorkerResult;
        writeRegions(plan.memory, memory, made);
      } catch (error) {
        // An error that names its own cause, such as refused memory, would occur again.
        throw error instanceof LanewiseError ? error : new WorkerFailure(error);
      }
    },
    close: () => threads.close(),
  };
}
