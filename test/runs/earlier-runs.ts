/**
 * Small runs that an earlier release has begun (`golden-e4162b8`, written by its make.mjs with that release's library)
 * and today's release resumes. Everything uses the given library, through its public names alone.
 */
import type * as lanewise from '../../src/index.js';
import type { AnyDataset, Model, TrainSettings } from '../../src/index.js';

type Library = typeof lanewise;

export interface EarlierRun {
  readonly model: Model;
  readonly settings: TrainSettings;
  /** The step after which it was left; without one it went to its end. */
  readonly left?: number;
  /** Samples, one after another, whose outputs are compared. */
  readonly samples: Float32Array;
}

/** A name for every run, which is its folder's. */
export type EarlierRuns = Readonly<Record<string, EarlierRun>>;

/** Whole numbers of a linear congruential generator, below `below`: the same in every release. */
function numbers(count: number, below: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  });
}

const eighths = (count: number, seed: number) =>
  Float32Array.from(numbers(count, 32, seed), (value) => (value - 16) / 8);

export function earlierRuns(library: Library): EarlierRuns {
  const { digits, transforms, schedule } = library;
  const train = digits({ count: 160, seed: 3 });
  const validation = digits({ count: 48, seed: 3, first: 10_000 });
  const images = Float32Array.from(
    digits({ count: 2, first: 20_000 }).samples,
    (value) => value / 255,
  );
  const common = { batch: 16, epochs: 3, shards: 2, workers: 0, numerics: 'strict' } as const;
  return {
    dense: {
      model: dense(library),
      settings: {
        ...common,
        data: train,
        validation,
        optimizer: library.adam({ lr: 0.01, weightDecay: 0.01 }),
        schedule: schedule.warmup(5, schedule.cosine()),
        // As e4162b8's was, which knew no warmup.
        average: library.ema({ decay: 0.9, warmup: false }),
        mixup: { alpha: 0.4 },
        clipNorm: 1,
      },
      left: 17,
      samples: images,
    },
    conv: {
      model: conv(library),
      settings: {
        ...common,
        data: {
          ...train,
          transforms: [transforms.randomAffine({ degrees: 10, translate: [0.1, 0.1] })],
        },
        validation,
        metrics: ['top3', 'f1Micro'],
        keepBest: { monitor: 'valLoss' },
        optimizer: library.momentum({ lr: 0.02, nesterov: true, weightDecay: 1e-4 }),
        schedule: schedule.step({ every: 1, gamma: 0.5 }),
        average: library.swa({ from: 2 }),
        freeze: ['first'],
        accumulate: 2,
        batch: 8,
        shards: 1,
      },
      left: 24,
      samples: images,
    },
    table: {
      model: twoOutputs(library),
      settings: {
        ...common,
        data: table(96, 1),
        validation: table(32, 2),
        loss: { kind: 'crossEntropy', size: { loss: 'huber', weight: 0.5 } },
        optimizer: library.rmsprop({
          lr: 0.003,
          momentum: 0.9,
          groups: [{ match: '*.bias', lr: 0.006 }],
        }),
        schedule: schedule.reduceOnPlateau({ patience: 1 }),
        sampler: library.samplers.weighted(
          Float32Array.from({ length: 96 }, (_, i) => 1 + (i % 3)),
        ),
        earlyStopping: { patience: 4 },
        validateEvery: { steps: 4 },
        epochs: 4,
      },
      left: 15,
      samples: eighths(6, 9),
    },
    streamed: {
      model: dense(library),
      settings: {
        ...common,
        data: streamed(train),
        optimizer: library.lion({ lr: 0.001 }),
        schedule: 'linear',
        clipValue: 0.1,
      },
      left: 11,
      samples: images,
    },
    stream: {
      model: conv(library),
      settings: {
        ...common,
        data: stream(train),
        optimizer: library.adamW({ lr: 0.002 }),
        schedule: schedule.oneCycle(),
      },
      left: 13,
      samples: images,
    },
    whole: {
      model: library.mlp({ hidden: 6, size: 14, mean: 0.3, deviation: 0.4, activation: 'tanh' }),
      settings: {
        ...common,
        data: { ...train, transforms: [transforms.resize({ size: 14 })] },
        validation: { ...validation, transforms: [transforms.resize({ size: 14 })] },
        loss: 'meanSquaredError',
        optimizer: library.sgd({ lr: 0.1 }),
      },
      samples: eighths(2 * 14 * 14, 5),
    },
  };
}

/** 610 parameters. */
function dense({ avgPool2d, dropout, flatten, linear, relu, sequential }: Library): Model {
  return sequential(
    {
      pool: avgPool2d(4),
      flat: flatten(),
      hidden: linear(49, 10),
      act: relu(),
      drop: dropout(0.2),
      out: linear(10, 10),
    },
    { input: [1, 28, 28], mean: 0.13, deviation: 0.31 },
  );
}

/** A small convolutional net with running statistics. */
function conv(library: Library): Model {
  const { batchNorm2d, conv2d, flatten, linear, maxPool2d, relu, sequential } = library;
  return sequential(
    {
      first: conv2d(1, 3, 5, { stride: 2 }),
      norm: batchNorm2d(3),
      act: relu(),
      pool: maxPool2d(2),
      second: conv2d(3, 4, 3, { padding: 1 }),
      act2: relu(),
      pool2: maxPool2d(2),
      flat: flatten(),
      out: linear(36, 10),
    },
    { input: [1, 28, 28] },
  );
}

/** A class and a number of three. */
function twoOutputs({ functional, input, linear, tanh }: Library): Model {
  const at = input([3]);
  const layers = { hidden: linear(3, 8), kind: linear(8, 3), size: linear(8, 1) };
  const hidden = tanh(layers.hidden(at));
  return functional({
    inputs: { input: at },
    outputs: { kind: layers.kind(hidden), size: layers.size(hidden) },
    layers,
  });
}

function table(count: number, seed: number): AnyDataset {
  const values = eighths(3 * count, seed);
  const sum = (i: number) => values[3 * i]! - values[3 * i + 1]! + values[3 * i + 2]!;
  const kinds = Int32Array.from({ length: count }, (_, i) =>
    sum(i) > 1 ? 2 : sum(i) > -1 ? 1 : 0,
  );
  return {
    name: `table ${seed}`,
    inputs: { input: { shape: [3], values } },
    targets: {
      kind: { shape: [], values: kinds },
      size: { shape: [1], values: Float32Array.from({ length: count }, (_, i) => sum(i) / 2) },
    },
    weights: Float32Array.from({ length: count }, (_, i) => 1 + (i % 2)),
  };
}

type Images = ReturnType<Library['digits']>;

const sampleOf = ({ samples }: Images, i: number) => samples.subarray(784 * i, 784 * (i + 1));

/** Samples that are read when they are wanted. */
const streamed = (images: Images): AnyDataset => ({
  name: 'digits, read',
  shape: images.shape,
  classes: images.classes,
  labels: images.labels,
  fingerprint: 'digits of seed 3',
  reader: { type: 'uint8', read: (index, to) => to.set(sampleOf(images, index)) },
});

/** Samples that come in an order of their own. */
const stream = (images: Images): AnyDataset => ({
  name: 'digits, one after another',
  shape: images.shape,
  classes: images.classes,
  length: images.labels.length,
  type: 'uint8',
  async *open(epoch) {
    for (let i = 0; i < images.labels.length; i++) {
      const at = (i * 7 + epoch) % images.labels.length;
      yield { values: sampleOf(images, at), label: images.labels[at]! };
    }
  },
});
