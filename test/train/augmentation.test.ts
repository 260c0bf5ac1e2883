/** Transforms in training: the same bits for any number of workers, new draws every epoch, and what is refused. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import type { Dataset, SampleReader, TensorDataset } from '../../src/data/dataset.js';
import * as t from '../../src/data/transforms/index.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import { conv2d, sequential } from '../../src/layers/index.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { momentum, sgd } from '../../src/optimizers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { columnsOf } from '../../src/feed/columns.js';
import { gatherAll } from '../../src/feed/gather.js';
import { train } from '../../src/train/train.js';
import { availableNumerics } from '../kernels/instance.js';

const plain = digits({ count: 150, seed: 4 });
const list = [
  t.randomAffine({ degrees: 10, translate: [0.1, 0.1], scale: [0.9, 1.1], shear: 5 }),
  t.elastic({ alpha: 34, sigma: 4 }),
  t.randomApply([t.gaussianNoise(0.05)]),
  t.cutout({ size: 5 }),
];
const data = transformed(plain, list);
const settings = {
  data,
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 5,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
} as const;

/** One step's loss tells what was seen: with a rate of 0 the weights stay as drawn. */
const still = { ...settings, optimizer: sgd({ lr: 0 }), workers: 0 };

test('weights and validation are the same for 0, 1, 2, 3 and 5 workers, in both numerics', async () => {
  const validation = transformed(digits({ count: 131, seed: 5 }), list);
  for (const numerics of availableNumerics) {
    const runs = [];
    for (const workers of [0, 1, 2, 3, 5]) {
      const { model, history } = await train(lenet5(), {
        ...settings,
        validation,
        numerics,
        workers,
      });
      runs.push(`${await model.sha256()} ${history.map(({ valLoss }) => valLoss).join(' ')}`);
    }
    assert.is(new Set(runs).size, 1, runs.join('\n'));
  }
});

test('the recorded bits: the same in every engine', async () => {
  const { model } = await train(lenet5(), { ...settings, workers: 0 });
  assert.is(
    await model.sha256(),
    '7b53830e7892e414a648b01b1b848aa8db36c1800db779c25c71a3c40d66762b',
  );
});

test('every epoch and every seed draws differently, samples that are only scored are always the same', async () => {
  const { history } = await train(mlp(), { ...still, validation: data, batch: 150, shards: 1 });
  const [first, second] = history;
  assert.is.not(first!.loss, second!.loss);
  assert.is(first!.valLoss, second!.valLoss);
  const other = await train(mlp(), { ...still, data: plain, batch: 150, shards: 1 });
  assert.is(other.history[0]!.loss, other.history[1]!.loss);
  assert.is.not(first!.loss, other.history[0]!.loss);
});

test('a sample that is scored is the same wherever it stands among blocks', async () => {
  const { model } = await train(mlp(), { ...still, epochs: 1 });
  const { loss } = await model.evaluate(data, { workers: 0 });
  const [column] = columnsOf(mlp(), [], samplesOf(data)).columns;
  const samples = (await gatherAll(column!, 150)) as Float32Array;
  // What was gathered at once is scored as it is.
  const { mean, deviation } = Object.values(mlp().architecture.inputs)[0]!;
  const seen = {
    ...plain,
    shape: column!.shape as unknown as Dataset['shape'],
    samples: samples.map((v) => v * (deviation as number) + (mean as number)),
  };
  const direct = await model.evaluate(seen, { workers: 2 });
  assert.ok(Math.abs(direct.loss - loss) < 1e-5, `${direct.loss} and ${loss}`);
});

test('samples that are read when they are wanted are transformed like those in memory', async () => {
  const size = 784;
  const reader: SampleReader = {
    type: 'uint8',
    read: (i, to) => to.set(plain.samples.subarray(i * size, (i + 1) * size)),
  };
  const { samples: _, ...rest } = data;
  const streamed = { ...rest, reader };
  const runs = [];
  for (const which of [data, streamed]) {
    const { model, history } = await train(lenet5(), {
      ...settings,
      data: which,
      validation: which,
      workers: 2,
    });
    runs.push([await model.sha256(), ...history.map(({ valLoss }) => valLoss)]);
  }
  assert.equal(runs[1], runs[0]);
});

test('inputs and targets with the same list move alike', async () => {
  const { shape, samples: values } = plain;
  const field = { shape, values, as: 'values', transforms: list.slice(0, 2) } as const;
  const pairs: TensorDataset = {
    name: 'pairs',
    inputs: { input: field },
    targets: { output: field },
  };
  const model = sequential({ c: conv2d(1, 1, 1) }, { input: [1, 28, 28] });
  const terms = lossTerms('squaredError', [...model.outputs.keys()]);
  const { columns } = columnsOf(model, terms, samplesOf(pairs));
  const [input, target] = await Promise.all(columns.map((column) => gatherAll(column, 150)));
  assert.ok(input!.some((v) => v > 0.5));
  assert.equal(target, input);
});

test('whole numbers and arrays that are no images have no transforms', () => {
  const wrong = { ...data, shape: [784, 1, 1], transforms: [t.grayscale()] } as unknown as Dataset;
  assert.throws(() => columnsOf(mlp(), [], samplesOf(wrong)), /grayscale of samples of 784×1×1/);
  assert.throws(() => transformed(plain, [t.randomCrop({ size: 40 })]), /randomCrop of 40×40/);
  const shrunk = transformed(plain, [t.resize({ size: 40 })]);
  assert.throws(
    () => columnsOf(lenet5(), [], samplesOf(shrunk)),
    /samples of 1×40×40, the model takes 1×32×32/,
  );
});

test.run();
