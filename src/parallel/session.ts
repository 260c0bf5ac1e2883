/**
 * A run in progress: the memory with data, weights and state in it, and the pool that works on it. The
 * main thread writes orders and rates, hands out jobs, and reads metrics.
 */
import { machineParallelism, threadMode } from '#platform/threads';
import type { AnyDataset } from '../data/dataset.js';
import { LanewiseError } from '../errors.js';
import { allocateMemory, releaseMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { splitSeed } from '../random/philox.js';
import type { ParameterSpec } from '../layers/index.js';
import { createMeter } from './data-cost.js';
import { checkFit } from './check-fit.js';
import { columnsOf, matchColumns, type Columns } from './columns.js';
import { scoringTerms } from './scoring.js';
import { writeColumns } from './dataset-plan.js';
import { drawParameter } from './initialize.js';
import { baseOf } from './layout.js';
import { answersOf } from './counts.js';
import { CONTROL } from './meeting.js';
import { createOwnPool } from './own-pool.js';
import { planRun, type PlanRequest, type RunPlan } from './plan.js';
import { createLocalPool, createThreadPool, WorkerFailure } from './pool.js';
import { stateEntries } from './state.js';
import { readMetrics, type StepMetrics } from './step-metrics.js';
import { createStreams, defaultDecoders } from './streams.js';
import type { EvaluateJob } from './worker.js';

/** Trained values by parameter name. */
export type Weights = ReadonlyMap<string, Float32Array>;

export interface Evaluation {
  /** One row a sample; empty if they were not asked for. */
  readonly scores: Float32Array;
  /** One value a sample; absent without a loss. */
  readonly losses?: Float32Array;
  /** Each sample's share of right answers, where there is such a thing, times what of them counts. */
  readonly hits?: Float32Array;
  /** How much of each sample counts for the hits; absent if they all count the same. */
  readonly answers?: Float32Array;
}

export interface Session {
  readonly plan: RunPlan;
  /** Draws initial weights: element e of parameter i is a function of (seed, i, e), by `specs` in the model's place. */
  initialize(seed: number, specs?: readonly ParameterSpec[]): void;
  /** Copies; `averaged`: of their average, if the plan has one. @throws LanewiseError kind 'argument' after `close`. */
  readWeights(averaged?: boolean): Map<string, Float32Array>;
  writeWeights(weights: Weights): void;
  /**
   * The epoch's order of samples. A stream of samples has its own, of the epoch of that number (default 1). `next` gives the
   * order of the epoch after, of which streamed samples are read ahead.
   */
  writeOrder(order: Uint32Array, epoch?: number, next?: () => Uint32Array): void;
  /**
   * Trains minibatches [first, first + rates.length) of the order, one row of rates a step; `step` counts the
   * steps of the run before them. At a loss that is no number, that step's update and all after it are left out,
   * and its metrics are the last.
   * @throws WorkerFailure if a worker fails; weights and state may then be anything.
   */
  train(first: number, rates: readonly (readonly number[])[], step: number): Promise<StepMetrics[]>;
  /** Milliseconds that reading streamed samples has cost the steps, in all: see data-cost.ts. */
  waitingMs(): number;
  /** The number of the step at which the last failure of a worker found worker 0. */
  stepAtHand(): number;
  /** Weights and all state, as bytes to return to; into the arrays of an earlier snapshot, if one is given. */
  snapshot(into?: Snapshot): Snapshot;
  restore(snapshot: Snapshot): void;
  /** The optimizer's arrays and the average by name (state.ts). */
  readState(): Map<string, Float32Array>;
  /** Arrays that `state` lacks keep their values. */
  writeState(state: Weights): void;
  /** Exchanges weights and statistics with their average. */
  swapAverage(): void;
  /** Losses and hits of a whole data set that is not trained on, and its scores if asked for; the order is lost. */
  evaluate(dataset: number, withScores: boolean): Promise<Evaluation>;
  /** Puts data sets of the same form in the place of those at hand. */
  load(datasets: readonly Columns[]): void;
  close(): Promise<void>;
}

/** What training changes. */
export interface Snapshot {
  readonly parameters: Uint8Array;
  readonly state: Uint8Array;
}

/**
 * A plan's request with the data sets themselves. `workers` may be 0: the calling thread. Where memory cannot be shared,
 * there is one whatever their number; the results are the same.
 */
export interface SessionRequest extends Omit<PlanRequest, 'datasets'> {
  readonly datasets: readonly AnyDataset[];
  /** Threads that read streamed samples; default the machine's parallelism, at most 8. 0: this thread. */
  readonly decoders?: number;
}

/**
 * Plans, allocates, loads data and starts `workers` threads (0: this thread).
 * @throws LanewiseError before anything starts if data and model do not fit, or memory is short.
 */
export async function createSession(request: SessionRequest): Promise<Session> {
  const { model, terms } = request;
  const found = request.datasets.map((data, i) => {
    const isTraining = i === 0 && request.training !== undefined;
    const scored = isTraining ? terms : scoringTerms(terms, data);
    const columns = columnsOf(model, scored, data);
    checkFit(model, scored, data, columns.columns, isTraining);
    return { ...columns, answers: answersOf(scored[0], columns.columns, columns.count) };
  });
  const datasets = found.map((columns, i) =>
    i === 0 ? columns : matchColumns(found[0]!, columns),
  );
  const mode = request.workers > 0 ? await threadMode() : 'none';
  const isThreaded = mode === 'shared';
  const plan = planRun({ ...request, datasets, workers: isThreaded ? request.workers : 1 });
  const module = await loadModule(plan.numerics, isThreaded);
  const memory = allocateMemory(plan.memory.bytes, isThreaded);
  const kernels = instantiate(module, memory);
  const at = (name: string) => baseOf(plan.memory, name);
  const { stored, streamed } = writeColumns(plan.memory, memory, datasets);
  const {
    streams,
    decoderMs,
    threads,
    close: closeStreams,
  } = await createStreams(plan, datasets, memory, request.decoders ?? defaultDecoders());
  const create = {
    shared: () => createThreadPool(plan, module, memory, threads),
    own: () => createOwnPool(plan, module, memory, stored, streamed),
    none: async () => createLocalPool(plan, module, memory),
  }[mode];
  const pool = await create().catch((error) => closeStreams().then(() => Promise.reject(error)));
  const viewOf = (name: string, offset: number, count: number) =>
    new Float32Array(memory.buffer, at(name) + offset, count);

  const regionOf = (name: string) => {
    const { base, bytes } = plan.memory.regions.find((region) => region.name === name)!;
    return new Uint8Array(memory.buffer, base, bytes);
  };
  const control = new Int32Array(memory.buffer, at('control'), CONTROL.diverged + 1);
  /** A job that changes nothing but its results can be done once more. */
  const runTwice = (job: EvaluateJob) =>
    pool.run(job).catch((error: unknown) => {
      if (!(error instanceof WorkerFailure)) throw error;
      return pool.run(job);
    });

  const meter =
    streams[0] &&
    createMeter(
      () => ({ waitedMs: streams[0]!.waitingMs(), decoderMs: decoderMs() }),
      plan.workers,
      machineParallelism(),
    );

  let isClosed = false;
  let key: readonly [number, number] = [0, 0];
  async function train(
    first: number,
    rates: readonly (readonly number[])[],
    step: number,
  ): Promise<StepMetrics[]> {
    control[CONTROL.diverged] = 0;
    const metrics: StepMetrics[] = [];
    // Streamed samples come a few steps at a time.
    for (let done = 0; done < rates.length;) {
      const left = rates.length - done;
      const steps = streams[0] ? await streams[0].steps(first + done, left) : left;
      rates
        .slice(done, done + steps)
        .forEach((row, i) => viewOf('rates', i * plan.update!.rateSlots * 4, row.length).set(row));
      await pool.run({ kind: 'train', first: first + done, steps, step: step + done, key });
      for (let i = 0; i < steps; i++) {
        metrics.push(readMetrics(plan, first + done + i, i, viewOf));
        if (!Number.isFinite(metrics.at(-1)!.loss)) return metrics;
      }
      done += steps;
      streams[0]?.trained(first + done);
    }
    return metrics;
  }

  return {
    plan,
    initialize(seed, specs = model.parameters) {
      key = splitSeed(seed);
      specs.forEach((spec, i) => {
        const { offset, count } = plan.parameters.entries[i]!;
        const values = viewOf('parameters', offset, count);
        drawParameter(kernels, spec, i, seed, at('parameters') + offset, values);
      });
    },
    readWeights(averaged = false) {
      // The memory may be another run's by now.
      if (isClosed) throw new LanewiseError('argument', 'weights of a run that is over');
      return new Map(
        plan.parameters.entries.map(({ name, role, offset, count }) => {
          const values =
            averaged && role !== 'fixed'
              ? viewOf('state', plan.update!.averageOffset! + offset, count)
              : viewOf('parameters', offset, count);
          return [name, values.slice()];
        }),
      );
    },
    writeWeights(weights) {
      for (const { name, offset, count } of plan.parameters.entries) {
        const values = weights.get(name);
        if (values?.length !== count) {
          throw new LanewiseError(
            'argument',
            `weights of '${name}': ${values?.length ?? 'none'} values, expected ${count}`,
          );
        }
        viewOf('parameters', offset, count).set(values);
      }
    },
    writeOrder(order, epoch = 1, next) {
      if (streams[0]) streams[0].writeOrder(order, epoch, next);
      else new Uint32Array(memory.buffer, at('order'), order.length).set(order);
    },
    train(first, rates, step) {
      const steps = () => train(first, rates, step);
      return meter ? meter.run(steps) : steps();
    },
    waitingMs: () => meter?.costMs() ?? 0,
    stepAtHand: () => control[CONTROL.step]!,
    snapshot(into) {
      if (!into)
        return { parameters: regionOf('parameters').slice(), state: regionOf('state').slice() };
      into.parameters.set(regionOf('parameters'));
      into.state.set(regionOf('state'));
      return into;
    },
    restore(snapshot) {
      regionOf('parameters').set(snapshot.parameters);
      regionOf('state').set(snapshot.state);
    },
    readState: () =>
      new Map(
        stateEntries(plan).map(({ name, offset, count }) => [
          name,
          viewOf('state', offset, count).slice(),
        ]),
      ),
    writeState(state) {
      for (const { name, offset, count } of stateEntries(plan)) {
        const values = state.get(name);
        if (values) viewOf('state', offset, count).set(values);
      }
    },
    swapAverage() {
      const { gradientBytes } = plan.parameters;
      const weights = viewOf('parameters', 0, gradientBytes / 4);
      const average = viewOf('state', plan.update!.averageOffset!, gradientBytes / 4);
      const before = weights.slice();
      weights.set(average);
      average.set(before);
    },
    async evaluate(dataset, withScores) {
      const { count } = plan.datasets[dataset]!;
      const scores = new Float32Array(withScores ? count * plan.outputs : 0);
      const losses = new Float32Array(count);
      const hits = new Float32Array(count);
      const { answers } = found[dataset]!;
      const stream = streams[dataset];
      for (let from = 0, size = 0; from < count; from += size) {
        size = stream ? await stream.block(from) : Math.min(plan.evaluationChunk, count - from);
        if (!stream) {
          new Uint32Array(memory.buffer, at('order'), size).forEach(
            (_, i, order) => (order[i] = from + i),
          );
        }
        await runTwice({ kind: 'evaluate', dataset, first: from, count: size });
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
    async close() {
      isClosed = true;
      await closeStreams();
      await pool.close();
      releaseMemory(memory);
    },
  };
}
