/** The training and inference workloads of models: their batch sizes, and how a step is timed. */
import { samplesOf } from '../data/forms.js';
import type { Dataset } from '../data/dataset.js';
import {
  avgPool2d,
  conv2d,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
  sigmoid,
  tanh,
  type Model,
} from '../layers/index.js';
import type { LossName } from '../losses/loss-kinds.js';
import { lossTerms } from '../losses/terms.js';
import { resnet20 } from '../models/index.js';
import { adam, momentum, sgd, type Optimizer } from '../optimizers/index.js';
import type { RunPlan } from '../step/run-plan.js';
import { createSession } from '../crew/session.js';
import { defaultShards } from '../step/shards.js';
import { sizeOf } from '../graph/tensor.js';
import { CHUNK_REPEATS, timeChunks, timed } from './measure.js';
import type { Workload } from './workload.js';

export interface BenchmarkModel {
  readonly create: () => Model;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
}

export const benchmarkModels = {
  mlp: {
    create: () =>
      sequential([flatten(), linear(784, 100), sigmoid(), linear(100, 10)], { input: [1, 28, 28] }),
    loss: 'squaredError',
    optimizer: sgd({ lr: 0.01 }),
  },
  lenet5: {
    create: () =>
      sequential(
        {
          c1: conv2d(1, 6, 5),
          a1: tanh(),
          s2: avgPool2d(2),
          c3: conv2d(6, 16, 5),
          a3: tanh(),
          s4: avgPool2d(2),
          flat: flatten(),
          c5: linear(400, 120),
          a5: tanh(),
          f6: linear(120, 84),
          a6: tanh(),
          out: linear(84, 10),
        },
        { input: [1, 32, 32] },
      ),
    loss: 'crossEntropy',
    optimizer: momentum({ lr: 0.01, beta: 0.9 }),
  },
  'vgg-small': {
    create: () =>
      sequential(
        {
          c1: conv2d(3, 32, 3, { padding: 1 }),
          a1: relu(),
          c2: conv2d(32, 32, 3, { padding: 1 }),
          a2: relu(),
          p1: maxPool2d(2),
          c3: conv2d(32, 64, 3, { padding: 1 }),
          a3: relu(),
          c4: conv2d(64, 64, 3, { padding: 1 }),
          a4: relu(),
          p2: maxPool2d(2),
          flat: flatten(),
          f1: linear(4096, 256),
          a5: relu(),
          out: linear(256, 10),
        },
        { input: [3, 32, 32] },
      ),
    loss: 'crossEntropy',
    optimizer: adam({ lr: 0.0001 }),
  },
  resnet20: {
    create: resnet20,
    loss: 'crossEntropy',
    optimizer: momentum({ lr: 0.1, weightDecay: 0.0001 }),
  },
} as const satisfies Record<string, BenchmarkModel>;

/** Bytes like an image's, with labels in turn. Their content does not affect the time. */
export function noise(model: Model, count: number): Dataset {
  const shape = Object.values(model.architecture.inputs)[0]!.shape as Dataset['shape'];
  const classes = [...model.outputs.values()][0]![0]!;
  const samples = new Uint8Array(count * sizeOf(shape));
  for (let i = 0; i < samples.length; i++) samples[i] = (i * 2_654_435_761) >>> 24;
  return {
    name: 'noise',
    shape,
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    samples,
    labels: Uint8Array.from({ length: count }, (_, i) => i % classes),
  };
}

/** Training steps on minibatches of `batch`; one thread works in the calling thread. */
export const training =
  ({ create, loss, optimizer }: BenchmarkModel, batch: number): Workload =>
  async ({ threads, numerics, seconds }) => {
    const model = create();
    const data = noise(model, batch * CHUNK_REPEATS);
    const session = await createSession({
      model,
      terms: lossTerms(loss, [...model.outputs.keys()]),
      numerics,
      workers: threads === 1 ? 0 : threads,
      datasets: [samplesOf(data)],
      training: { optimizer, batch, shards: defaultShards(model, batch) },
    });
    try {
      session.initialize(1);
      session.writeOrder(Uint32Array.from(data.labels, (_, i) => i));
      const rates = optimizer.rates(0, optimizer.learningRate);
      const timing = await timeChunks(async (steps) => {
        const chunk = Array.from({ length: steps }, () => rates);
        await session.train(0, chunk, 0);
      }, seconds);
      const gflops = flopsOf(session.plan, batch) / timing.medianMs / 1e6;
      return { ...timed(timing, 'images/s', (ms) => (batch / ms) * 1000), gflops };
    } finally {
      await session.close();
    }
  };

/** Multiplications and additions of one step. */
function flopsOf(plan: RunPlan, batch: number): number {
  const { schedule, programs } = plan.steps[batch]!;
  return schedule.shards.reduce(
    (sum, { count }) => sum + programs[count]!.calls.reduce((total, { flops }) => total + flops, 0),
    0,
  );
}
