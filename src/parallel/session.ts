/**
 * A run in progress: the memory with data, weights and state in it, and the pool that works on it. The
 * main thread writes orders and rates, hands out jobs, and reads metrics.
 */
import { checkDataset, type Dataset } from '../data/dataset.js';
import { LanewiseError } from '../errors.js';
import { allocateMemory, releaseMemory } from '../engine/memory.js';
import { instantiate, loadModule } from '../engine/wasm.js';
import { showShape } from '../graph/tensor.js';
import type { Model } from '../layers/index.js';
import { drawParameter } from './initialize.js';
import { baseOf } from './layout.js';
import { EVALUATION_CHUNK, extentsOf, planRun, type PlanRequest, type RunPlan } from './plan.js';
import { createLocalPool, createThreadPool } from './pool.js';

/** Trained values by parameter name. */
export type Weights = ReadonlyMap<string, Float32Array>;

export interface Evaluation {
  /** n×C, one row a sample. */
  readonly scores: Float32Array;
  /** One value a sample. */
  readonly losses: Float32Array;
}

/** A minibatch's mean loss and its number of right answers. */
export interface StepMetrics {
  readonly loss: number;
  readonly hits: number;
  readonly samples: number;
}

export interface Session {
  readonly plan: RunPlan;
  /** Draws initial weights: element e of parameter i is a function of (seed, i, e). */
  initialize(seed: number): void;
  readWeights(): Map<string, Float32Array>;
  writeWeights(weights: Weights): void;
  /** The epoch's order of samples. */
  writeOrder(order: Uint32Array): void;
  /** Trains minibatches [first, first + rates.length) of the order, one row of rates a step. */
  train(first: number, rates: readonly (readonly number[])[]): Promise<StepMetrics[]>;
  /** Exchanges weights and statistics with their average. */
  swapAverage(): void;
  /** Scores a whole data set. */
  evaluate(dataset: number): Promise<Evaluation>;
  close(): Promise<void>;
}

/** A plan's request with the data sets themselves. `workers` may be 0: the calling thread. */
export interface SessionRequest extends Omit<PlanRequest, 'datasets'> {
  readonly datasets: readonly Dataset[];
}

/**
 * Plans, allocates, loads data and starts `workers` threads (0: this thread).
 * @throws LanewiseError before anything starts if data and model do not fit, or memory is short.
 */
export async function createSession(request: SessionRequest): Promise<Session> {
  for (const data of request.datasets) checkFit(request.model, checkDataset(data));
  const datasets = request.datasets.map(extentsOf);
  const plan = planRun({ ...request, datasets, workers: Math.max(1, request.workers) });
  const threaded = request.workers > 0;
  const module = await loadModule(plan.numerics, threaded);
  const memory = allocateMemory(plan.memory.bytes, threaded);
  const kernels = instantiate(module, memory);
  const at = (name: string) => baseOf(plan.memory, name);
  request.datasets.forEach(({ samples, labels }, i) => {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    new Uint8Array(memory.buffer).set(bytes, at(`samples ${i}`));
    new Uint8Array(memory.buffer).set(labels, at(`labels ${i}`));
  });
  const pool = await (threaded ? createThreadPool : createLocalPool)(plan, module, memory);
  const viewOf = (name: string, offset: number, count: number) =>
    new Float32Array(memory.buffer, at(name) + offset, count);

  return {
    plan,
    initialize(seed) {
      request.model.parameters.forEach((spec, i) => {
        const { offset, count } = plan.parameters.entries[i]!;
        const values = viewOf('parameters', offset, count);
        drawParameter(kernels, spec, i, seed, at('parameters') + offset, values);
      });
    },
    readWeights: () =>
      new Map(
        plan.parameters.entries.map(({ name, offset, count }) => [
          name,
          viewOf('parameters', offset, count).slice(),
        ]),
      ),
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
    writeOrder(order) {
      new Uint32Array(memory.buffer, at('order'), order.length).set(order);
    },
    async train(first, rates) {
      rates.forEach((row, i) =>
        viewOf('rates', i * plan.update!.rateSlots * 4, row.length).set(row),
      );
      await pool.run({ kind: 'train', first, steps: rates.length });
      return rates.map((_, i) => readMetrics(plan, first + i, i, viewOf));
    },
    swapAverage() {
      const { gradientBytes } = plan.parameters;
      const weights = viewOf('parameters', 0, gradientBytes / 4);
      const average = viewOf('state', plan.update!.averageOffset!, gradientBytes / 4);
      const before = weights.slice();
      weights.set(average);
      average.set(before);
    },
    async evaluate(dataset) {
      const { count } = plan.datasets[dataset]!;
      const scores = new Float32Array(count * plan.outputs);
      const losses = new Float32Array(count);
      for (let from = 0; from < count; from += EVALUATION_CHUNK) {
        const size = Math.min(EVALUATION_CHUNK, count - from);
        new Uint32Array(memory.buffer, at('order'), size).forEach(
          (_, i, order) => (order[i] = from + i),
        );
        await pool.run({ kind: 'evaluate', dataset, count: size });
        scores.set(viewOf('scores', 0, size * plan.outputs), from * plan.outputs);
        losses.set(viewOf('losses', 0, size), from);
      }
      return { scores, losses };
    },
    async close() {
      await pool.close();
      releaseMemory(memory);
    },
  };
}

/** The shards' losses and hits, added in shard order. */
function readMetrics(
  plan: RunPlan,
  position: number,
  index: number,
  viewOf: (name: string, offset: number, count: number) => Float32Array,
): StepMetrics {
  const samples = Math.min(plan.batch, plan.datasets[0]!.count - position * plan.batch);
  const shards = plan.steps[samples]!.schedule.shards.length;
  const row = viewOf('metrics', index * plan.shards * 8, shards * 2);
  let loss = 0;
  let hits = 0;
  for (let s = 0; s < shards; s++) {
    loss += row[s * 2]!;
    hits += row[s * 2 + 1]!;
  }
  return { loss, hits, samples };
}

function checkFit({ architecture, outputs }: Model, data: Dataset): void {
  const [C, H, W] = architecture.input.shape;
  const [c, h, w] = data.shape;
  if (c !== C || h > H || w > W) {
    throw new LanewiseError(
      'data',
      `data set '${data.name}' has samples of ${showShape(data.shape)}, the model takes ${showShape(architecture.input.shape)} or smaller images of as many channels`,
    );
  }
  if (data.classes.length > outputs) {
    throw new LanewiseError(
      'data',
      `data set '${data.name}' has ${data.classes.length} classes, the model has ${outputs} outputs`,
    );
  }
}
