/** The second promise: the weights are a function of model, data, seed and settings alone. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.js';
import { relaxedMaddIsFused } from '../../src/engine/features.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { adam, momentum, sgd } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

/** 28×28 noise with the label written into it as a bright bar: cheap, and learnable. */
function bars(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10);
  const samples = Uint8Array.from(numbers(count * 784, 5), (v) => (v + 1) * 60);
  labels.forEach((label, i) => samples.fill(250, i * 784 + label * 56, i * 784 + label * 56 + 56));
  return { name: 'bars', shape: [1, 28, 28], classes: [...'0123456789'], samples, labels };
}

const data = bars(333);
const base = { data, epochs: 2, seed: 3, schedule: 'linear', numerics: 'strict' } as const;
const hash = async (settings: TrainSettings, model = lenet5()) =>
  (await train(model, settings)).model.sha256();

test('LeNet-5’s weights are the same for 0, 1, 2, 3 and 5 workers', async () => {
  // 333 samples in minibatches of 48: the last one has 45, and 7 shards of them differ in size.
  const settings = { ...base, optimizer: momentum({ lr: 0.05 }), batch: 48, shards: 7 };
  const alone = await hash({ ...settings, workers: 0 });
  for (const workers of [1, 2, 3, 5])
    assert.is(await hash({ ...settings, workers }), alone, `${workers} workers`);
});

test('fewer shards than workers, or one, give the same', async () => {
  for (const shards of [1, 2, 3]) {
    const settings = {
      ...base,
      epochs: 1,
      validation: bars(70),
      optimizer: momentum({ lr: 0.05 }),
      batch: 24,
      shards,
    };
    const alone = await hash({ ...settings, workers: 0 });
    for (const workers of [2, 5]) assert.is(await hash({ ...settings, workers }), alone);
  }
});

test('the same holds for fused numerics, squared errors, SGD and Adam', async () => {
  const numerics = relaxedMaddIsFused() ? 'fused' : 'strict';
  for (const optimizer of [
    sgd({ lr: 0.1 }),
    adam({ lr: 0.001 }),
    momentum({ lr: 0.1, form: 'mean' }),
  ]) {
    const settings = { ...base, numerics, loss: 'squaredError', optimizer, batch: 32 } as const;
    assert.is(
      await hash({ ...settings, workers: 3 }, mlp()),
      await hash({ ...settings, workers: 0 }, mlp()),
    );
  }
});

test('seed, shards and batch are part of the result', async () => {
  const settings = { ...base, epochs: 1, optimizer: sgd({ lr: 0.1 }), batch: 32, workers: 0 };
  const hashes = await Promise.all(
    [{}, { seed: 4 }, { shards: 3 }, { batch: 33 }].map((other) => hash({ ...settings, ...other })),
  );
  assert.is(new Set(hashes).size, 4);
});

test('the last, smaller minibatch trains on exactly its samples', async () => {
  // One epoch of 10 samples in minibatches of 8 equals, for the mean over them, no other number of steps:
  // the losses reported are of 8 and of 2 samples, and together of all 10.
  const ten = {
    ...data,
    samples: data.samples.subarray(0, 7840),
    labels: data.labels.subarray(0, 10),
  };
  const { history, model } = await train(mlp(), {
    ...base,
    data: ten,
    epochs: 1,
    batch: 8,
    workers: 0,
    optimizer: sgd({ lr: 0 }),
    loss: 'squaredError',
  });
  // With a rate of 0 the weights never change, so the epoch's mean loss is the evaluation's.
  const { loss, accuracy } = await model.evaluate(ten, { workers: 0 });
  assert.ok(Math.abs(history[0]!.loss - loss) < 1e-5, `${history[0]!.loss} and ${loss}`);
  assert.is(history[0]!.accuracy, accuracy);
});

test('a sample’s scores do not depend on the samples beside it', async () => {
  const { model } = await train(lenet5(), {
    ...base,
    epochs: 1,
    optimizer: sgd({ lr: 0.1 }),
    workers: 0,
  });
  const many = await model.predict(data.samples.subarray(0, 784 * 70), data.shape);
  const one = await model.predict(data.samples.subarray(784 * 69, 784 * 70), data.shape);
  assert.equal([...one.scores], [...many.scores.subarray(690)]);
});

test('training learns: the bars are told apart', async () => {
  const { history } = await train(lenet5(), {
    ...base,
    validation: bars(100),
    epochs: 8,
    batch: 16,
    optimizer: momentum({ lr: 0.05 }),
  });
  assert.ok(history.at(-1)!.valAccuracy! > 0.95, `accuracy ${history.at(-1)!.valAccuracy}`);
  assert.ok(history.at(-1)!.loss < history[0]!.loss / 2);
});

test('an abort signal ends the run between steps, with the weights so far', async () => {
  const controller = new AbortController();
  const result = await train(
    lenet5(),
    { ...base, data: bars(2000), epochs: 100, optimizer: sgd({ lr: 0.05 }), workers: 1 },
    { signal: controller.signal, onProgress: () => controller.abort() },
  );
  assert.ok(result.interrupted);
  assert.is(result.history.length, 0);
  assert.match(await result.model.sha256(), /^[0-9a-f]{64}$/);
});

test.run();
