/**
 * A session: a run in progress, with its memory of data, weights and state, and the pool that works on it. The main
 * thread writes orders and rates, hands out jobs, and reads metrics.
 */
import { machineParallelism, threadMode } from '#platform/threads';
import type { Samples } from '../data/samples.js';
import { LanewiseError } from '../base/errors.js';
import { releaseMemory } from '../engine/memory.js';
import type { ThreadMode } from '../platform/threads.js';
import { splitSeed } from '../random/philox.js';
import { createMeter } from '../feed/data-cost.js';
import { checkFit } from '../feed/check-fit.js';
import { columnsOf, matchColumns, type Columns } from '../feed/columns.js';
import { scoringTerms } from '../step/scored-terms.js';
import { writeColumns, type ColumnRegions } from '../feed/dataset-plan.js';
import { answersOf } from '../feed/counts.js';
import type { RunKey, ScoreJob } from '../step/jobs.js';
import { baseOf } from '../feed/layout.js';
import type * as Digests from '../step/digests.js';
import { CONTROL } from '../step/meeting.js';
import type { Machines, SharedPool } from './machines.js';
import { createOwnPool } from './own-pool.js';
import { planRun, type PlanRequest, type RunPlan } from '../step/run-plan.js';
import { TOUCHED } from '../step/slots.js';
import { createLocalPool, createThreadPool, WorkerFailure, type Pool } from './worker-pool.js';
import { openMemory, type RunMemory } from '../step/run-memory.js';
import {
  sessionState,
  sessionWeights,
  type SessionState,
  type SessionWeights,
} from './session-weights.js';
import { readMetrics, type StepMetrics } from '../step/step-metrics.js';
import { createStreams, defaultDecoders, type Streams } from './streams.js';

export type { Snapshot, Weights } from './session-weights.js';

export interface Evaluation {
  /** One row per sample; empty if they were not requested. */
  readonly scores: Float32Array;
  /** One value per sample; absent without a loss. */
  readonly losses?: Float32Array;
  /** Each sample's share of right answers, where that is defined, multiplied by how much of it counts. */
  readonly hits?: Float32Array;
  /** How much each sample counts for the hits; absent if all count the same. */
  readonly answers?: Float32Array;
}

/** A session's functions for training. */
interface SessionTraining {
  /**
   * Writes the epoch's order of samples. A stream has its own order, that of the epoch of the given number (default 1).
   * `next` returns the order of the epoch after, whose streamed samples are read ahead.
   */
  writeOrder(order: Uint32Array, epoch?: number, next?: () => Uint32Array): void;
  /**
   * Trains minibatches [first, first + rates.length) of the order, one row of rates per step; `step` is the number of
   * steps before them. At a loss that is not finite, that step's update and all later steps are left out, and its
   * metrics are the last.
   * @throws WorkerFailure if a worker fails; weights and state may then be anything.
   */
  train(first: number, rates: readonly (readonly number[])[], step: number): Promise<StepMetrics[]>;
  /** Milliseconds that reading streamed samples has added to the steps, in total: see data-cost.ts. */
  waitingMs(): number;
  /**
   * Writes a word of each page of a large run's memory that training will write, so that the system gives the pages before
   * the first step, to all workers at once. Nothing is changed by it.
   */
  touch(): Promise<void>;
  /** The digest of the state, or of what no step changes alone, between two calls of `train`; for runs with digests. */
  digestNow(part: 'all' | 'fixed'): Digests.Digest;
  /** The number of the step that worker 0 was at when a worker last failed. */
  stepAtHand(): number;
  /** Whether a worker has begun to write weights in the last steps: if they failed, the weights may be anything. */
  isWriting(): boolean;
}

/** A session's functions for scoring. */
interface SessionScoring {
  /** Losses and hits of a whole data set that is not trained on, and its scores if requested; overwrites the order. */
  evaluate(dataset: number, withScores: boolean): Promise<Evaluation>;
  /** Replaces the data sets by others of the same form. */
  load(datasets: readonly Columns[]): void;
}

export interface Session extends SessionWeights, SessionState, SessionTraining, SessionScoring {
  readonly plan: RunPlan;
  /** The pool with the machines that share its steps, if there are any. */
  readonly shared?: SharedPool;
  close(): Promise<void>;
}

/**
 * A plan's request with the data sets themselves. `workers` may be 0, the calling thread. Where memory cannot be
 * shared, there is one worker regardless of the number; the results are the same.
 */
export interface SessionRequest extends Omit<PlanRequest, 'datasets' | 'isShared'> {
  readonly datasets: readonly Samples[];
  /** Number of threads that read streamed samples; default the machine's parallelism, at most 8. 0 is this thread. */
  readonly decoders?: number;
  /** Other machines that share its training steps. */
  readonly machines?: Machines;
}

/** A data set's columns, and how much each sample counts for the hits. */
interface FittedColumns extends Columns {
  readonly answers: Float32Array | undefined;
}

/**
 * Plans, allocates, loads data and starts `workers` threads (0: this thread).
 * @throws LanewiseError before anything starts if data and model do not fit, or memory is short.
 */
export async function createSession(request: SessionRequest): Promise<Session> {
  const datasets = fitColumns(request);
  const mode = await modeOf(request.workers);
  const workers = mode === 'shared' ? request.workers : 1;
  const { machines } = request;
  const plan = await planFor({ ...request, datasets, workers, isShared: machines !== undefined });
  const run = await openMemory(plan, mode === 'shared');
  const digests = request.training?.digests;
  digests?.writeKeys(run);
  const regions = writeColumns(plan.memory, run.memory, datasets);
  const reading = await createStreams(
    plan,
    datasets,
    run.memory,
    request.decoders ?? defaultDecoders(),
  );
  const own = await openPool(mode, run, regions, reading.threads).catch((error) =>
    reading.close().then(() => Promise.reject(error)),
  );
  const shared = await machines?.share({ run, own, datasets }).catch(async (error) => {
    await reading.close();
    await own.close();
    throw error;
  });
  const pool = shared ?? own;
  const key = { value: splitSeed(0) };
  const weights = sessionWeights(run, request.model.parameters);
  let isClosed = false;
  return {
    plan,
    ...(shared ? { shared } : {}),
    ...weights,
    initialize(seed) {
      key.value = splitSeed(seed);
      weights.initialize(seed);
    },
    readWeights(averaged) {
      // The memory may belong to another run by now.
      if (isClosed) throw new LanewiseError('argument', 'weights of a run that is over');
      return weights.readWeights(averaged);
    },
    ...sessionState(run),
    ...sessionTraining(run, pool, reading, key, digests),
    ...sessionScoring(run, pool, reading, datasets),
    async close() {
      isClosed = true;
      await reading.close();
      await shared?.close();
      await own.close();
      releaseMemory(run.memory);
    },
  };
}

/** The run's plan. @throws LanewiseError kind 'memory' for one that is too large, with the largest batch that fits. */
async function planFor(request: PlanRequest): Promise<RunPlan> {
  try {
    return planRun(request);
  } catch (error) {
    if (!(error instanceof LanewiseError) || error.kind !== 'memory') throw error;
    // Loaded only then.
    const { withWhatFits } = await import('../step/what-fits.js');
    throw withWhatFits(request, error);
  }
}

/** Checks each data set against the model and fits its columns. */
function fitColumns({ model, terms, datasets, training }: SessionRequest): FittedColumns[] {
  const found = datasets.map((data, i) => {
    const isTraining = i === 0 && training !== undefined;
    const scored = isTraining ? terms : scoringTerms(terms, data);
    const columns = columnsOf(model, scored, data);
    checkFit(model, scored, data, columns.columns, isTraining);
    return { ...columns, answers: answersOf(scored[0], columns.columns, columns.count) };
  });
  return found.map((columns, i) =>
    i === 0 ? columns : { ...matchColumns(found[0]!, columns), answers: columns.answers },
  );
}

/** The thread mode for `workers` on this platform; 0 is the calling thread. */
export const modeOf = async (workers: number): Promise<ThreadMode> =>
  workers > 0 ? threadMode() : 'none';

/** Opens a pool of the plan's workers, beside `readers` other threads. */
export async function openPool(
  mode: ThreadMode,
  { plan, module, memory }: RunMemory,
  { stored, streamed }: ColumnRegions,
  readers = 0,
): Promise<Pool> {
  switch (mode) {
    case 'shared':
      return createThreadPool(plan, module, memory, readers);
    case 'own':
      return createOwnPool(plan, module, memory, stored, streamed);
    case 'none':
      return createLocalPool(plan, module, memory);
  }
}

/** Bytes of memory from which on it is touched before the first step: less takes milliseconds, wherever it is. */
const TOUCHED_BYTES = 2 ** 26;

const touchedBytes = ({ memory }: RunPlan): number =>
  memory.regions.reduce((sum, { name, bytes }) => sum + (TOUCHED.includes(name) ? bytes : 0), 0);

function sessionTraining(
  run: RunMemory,
  pool: Pool,
  { streams, decoderMs }: Streams,
  key: { readonly value: RunKey },
  digests: typeof Digests | undefined,
): SessionTraining {
  const { plan, memory, control, viewOf } = run;
  const [stream] = streams;
  const meter =
    stream &&
    createMeter(
      () => ({ waitedMs: stream.waitingMs(), decoderMs: decoderMs() }),
      plan.workers,
      machineParallelism(),
    );

  async function train(
    first: number,
    rates: readonly (readonly number[])[],
    step: number,
  ): Promise<StepMetrics[]> {
    control[CONTROL.diverged] = 0;
    control[CONTROL.updating] = 0;
    const metrics: StepMetrics[] = [];
    // Streamed samples arrive a few steps at a time.
    for (let done = 0; done < rates.length;) {
      const left = rates.length - done;
      const steps = stream ? await stream.steps(first + done, left) : left;
      rates
        .slice(done, done + steps)
        .forEach((row, i) => viewOf('rates', i * plan.update!.rateSlots * 4, row.length).set(row));
      const job = { kind: 'train', first: first + done, steps, step: step + done } as const;
      await pool.run({ ...job, key: key.value });
      for (let i = 0; i < steps; i++) {
        const place = (first + done + i) * plan.batch;
        const samples = Math.min(plan.batch, plan.epochSamples - place);
        const digest = digests && { digest: digests.readDigest(run, i) };
        metrics.push({ ...readMetrics(plan, samples, i, viewOf), ...digest });
        if (!Number.isFinite(metrics.at(-1)!.loss)) return metrics;
      }
      done += steps;
      stream?.trained(first + done);
    }
    return metrics;
  }

  return {
    writeOrder(order, epoch = 1, next) {
      if (stream) stream.writeOrder(order, epoch, next);
      else orderAt(plan, memory, order.length).set(order);
    },
    train(first, rates, step) {
      const steps = () => train(first, rates, step);
      return meter ? meter.run(steps) : steps();
    },
    touch: () =>
      touchedBytes(plan) < TOUCHED_BYTES ? Promise.resolve() : pool.run({ kind: 'touch' }),
    waitingMs: () => meter?.costMs() ?? 0,
    digestNow: (part) => digests!.digestNow(run, part),
    stepAtHand: () => control[CONTROL.step]!,
    isWriting: () => control[CONTROL.updating] !== 0,
  };
}

function sessionScoring(
  { plan, memory, viewOf }: RunMemory,
  pool: Pool,
  { streams }: Streams,
  datasets: readonly FittedColumns[],
): SessionScoring {
  return {
    async evaluate(dataset, withScores) {
      const { count } = plan.datasets[dataset]!;
      const scores = new Float32Array(withScores ? count * plan.outputs : 0);
      const losses = new Float32Array(count);
      const hits = new Float32Array(count);
      const { answers } = datasets[dataset]!;
      const stream = streams[dataset];
      for (let from = 0, size = 0; from < count; from += size) {
        size = stream ? await stream.block(from) : Math.min(plan.evaluationChunk, count - from);
        if (!stream) orderAt(plan, memory, size).forEach((_, i, order) => (order[i] = from + i));
        await runTwice(pool, { kind: 'score', dataset, first: from, count: size });
        if (withScores) scores.set(viewOf('scores', 0, size * plan.outputs), from * plan.outputs);
        losses.set(viewOf('losses', 0, size), from);
        hits.set(viewOf('shares', 0, size), from);
      }
      return {
        scores,
        ...(plan.hasLosses ? { losses } : {}),
        ...(plan.hasHits ? { hits } : {}),
        ...(plan.hasHits && answers ? { answers } : {}),
      };
    },
    load: (others) => void writeColumns(plan.memory, memory, others),
  };
}

/** The first `count` places of the order region. */
export const orderAt = (plan: RunPlan, { buffer }: WebAssembly.Memory, count: number) =>
  new Uint32Array(buffer, baseOf(plan.memory, 'order'), count);

/** Runs a job twice if it fails, which is safe as it changes nothing but its results. */
const runTwice = (pool: Pool, job: ScoreJob): Promise<void> =>
  pool.run(job).catch((error: unknown) => {
    if (!(error instanceof WorkerFailure)) throw error;
    return pool.run(job);
  });
