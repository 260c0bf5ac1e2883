/** The training and inference workloads of models: their batch sizes, and how a step is timed. */
import { samplesOf } from '../data/forms.js';
import type { Dataset, IndexedDataset } from '../data/dataset.js';
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
  type InputSettings,
  type Model,
} from '../layers/index.js';
import type { LossName } from '../losses/loss-kinds.js';
import { lossTerms } from '../losses/terms.js';
import {
  alexNet,
  charLstm,
  googLeNet,
  gpt,
  resNet18,
  resNet50,
  resnet20,
  vgg16,
} from '../models/index.js';
import { adam, momentum, sgd, type Optimizer } from '../optimizers/index.js';
import type { RunPlan } from '../step/run-plan.js';
import { createSession } from '../crew/session.js';
import { defaultShards } from '../step/shards.js';
import { sizeOf, type Shape } from '../graph/tensor.js';
import { CHUNK_REPEATS, timeChunks, timed } from './measure.js';
import type { Workload } from './workload.js';

export interface BenchmarkModel {
  readonly create: () => Model;
  readonly loss: LossName;
  readonly optimizer: Optimizer;
  /** What samples are counted as; default images. */
  readonly unit?: 'images/s' | 'rows/s' | 'windows/s';
}

/** A net for photographs, trained as those are: a small rate, and momentum. */
function imageNet(create: () => Model) {
  return { create, loss: 'crossEntropy', optimizer: momentum({ lr: 0.001 }) } as const;
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
  /** A table's net. */
  rows: {
    create: () =>
      sequential([linear(16, 64), relu(), linear(64, 64), relu(), linear(64, 3)], { input: [16] }),
    loss: 'crossEntropy',
    optimizer: adam({ lr: 0.001 }),
    unit: 'rows/s',
  },
  charlstm: {
    create: () => charLstm({ vocabulary: 64, length: 64 }),
    loss: 'crossEntropy',
    optimizer: adam({ lr: 0.002 }),
    unit: 'windows/s',
  },
  'resnet18-64': imageNet(() => resNet18({ size: 64, classes: 10 })),
  resnet18: imageNet(() => resNet18()),
  resnet50: imageNet(() => resNet50()),
  alexnet: imageNet(() => alexNet()),
  vgg16: imageNet(() => vgg16()),
  googlenet: imageNet(() => googLeNet({ auxiliary: false })),
  lstm: {
    create: () => charLstm({ vocabulary: 64, length: 64, hiddenSize: 256 }),
    loss: 'crossEntropy',
    optimizer: adam({ lr: 0.002 }),
    unit: 'windows/s',
  },
  gpt: {
    create: () => gpt({ vocabulary: 64, length: 128, layers: 4, heads: 4, features: 128 }),
    loss: 'crossEntropy',
    optimizer: adam({ lr: 0.001 }),
    unit: 'windows/s',
  },
} as const satisfies Record<string, BenchmarkModel>;

/** Samples of the kind that a model takes, with classes in turn. Their content does not affect the time. */
export function noise(model: Model, count: number): IndexedDataset {
  const [[name, { shape, vocabulary }]] = Object.entries(model.architecture.inputs) as [
    [string, InputSettings],
  ];
  const size = count * sizeOf(shape);
  const bits = (i: number) => (i * 2_654_435_761) >>> 24;
  const [[output, scores]] = [...model.outputs] as [[string, Shape]];
  if (vocabulary !== undefined) {
    const field = {
      shape,
      values: Int32Array.from({ length: size }, (_, i) => bits(i) % vocabulary),
    };
    return { name: 'noise', inputs: { [name]: field }, targets: { [output]: field } };
  }
  const classes = scores[0]!;
  const labels = Uint8Array.from({ length: count }, (_, i) => i % Math.min(classes, 10));
  if (shape.length === 1) {
    const values = Float32Array.from({ length: size }, (_, i) => bits(i) / 128 - 1);
    const targets = { [output]: { shape: [], values: labels } };
    return { name: 'noise', inputs: { [name]: { shape, values } }, targets };
  }
  return {
    name: 'noise',
    shape: shape as Dataset['shape'],
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    samples: Uint8Array.from({ length: size }, (_, i) => bits(i)),
    labels,
  };
}

/** Samples of large images repeat, lest the data set be the largest part of the memory. */
const MOST_PIXELS = 2 ** 24;

const bytesOf = ({ architecture: { inputs } }: Model, batch: number): number =>
  batch * sizeOf(Object.values(inputs)[0]!.shape);

/**
 * Training steps on minibatches of `batch`; one thread works in the calling thread. Several have at least a shard each,
 * as whoever trains large samples with them sets it.
 */
export const training =
  ({ create, loss, optimizer, unit = 'images/s' }: BenchmarkModel, batch: number): Workload =>
  async ({ threads, numerics, seconds }) => {
    const model = create();
    const samples = batch * Math.min(CHUNK_REPEATS, Math.ceil(MOST_PIXELS / bytesOf(model, batch)));
    const data = noise(model, samples);
    const session = await createSession({
      model,
      terms: lossTerms(loss, [...model.outputs.keys()]),
      numerics,
      workers: threads === 1 ? 0 : threads,
      datasets: [samplesOf(data)],
      training: { optimizer, batch, shards: Math.max(defaultShards(model, batch), threads) },
    });
    try {
      session.initialize(1);
      session.writeOrder(
        Uint32Array.from({ length: batch * CHUNK_REPEATS }, (_, i) => i % samples),
      );
      const rates = optimizer.rates(0, optimizer.learningRate);
      const timing = await timeChunks(async (steps) => {
        const chunk = Array.from({ length: steps }, () => rates);
        await session.train(0, chunk, 0);
      }, seconds);
      const gflops = flopsOf(session.plan, batch) / timing.medianMs / 1e6;
      return { ...timed(timing, unit, (ms) => (batch / ms) * 1000), gflops };
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
