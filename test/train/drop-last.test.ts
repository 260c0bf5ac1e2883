/** The last minibatch of an epoch: what is wrong with one of a sample, said before a step, and leaving it out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as samplers from '../../src/data/samplers.js';
import type { AnyDataset, TensorDataset } from '../../src/data/dataset.js';
import { streamOf } from '../../src/data/forms.js';
import { batchNorm1d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { momentum } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';

const model = sequential(
  { a: linear(2, 3), bn: batchNorm1d(3), act: relu(), out: linear(3, 2) },
  { input: [2] },
);
const points = (n: number): TensorDataset => ({
  name: 'points',
  inputs: {
    input: { shape: [2], values: Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(i)) },
  },
  targets: { output: { shape: [], values: Int32Array.from({ length: n }, (_, i) => i % 2) } },
});
const base = {
  optimizer: momentum({ lr: 0.05 }),
  epochs: 3,
  numerics: 'strict',
  workers: 0,
} as const;
const run = (n: number, changes: Partial<TrainSettings> = {}) =>
  train(model, { ...base, data: points(n), ...changes });

test('a last minibatch of one sample is refused by name, with what to take instead', async () => {
  const refused = async (n: number, changes: Partial<TrainSettings>, expected: RegExp) =>
    assert.match(await refusal(() => run(n, changes)), expected);
  await refused(
    65,
    {},
    /batchNorm 'bn': .*the last minibatch of each epoch has 1 sample \(65 = 64 \+ 1\)\ntake batch 65 or 13, or dropLast: true/,
  );
  await refused(129, {}, /\(129 = 2·64 \+ 1\)\ntake batch 129|take batch \d+ or 43, or dropLast/);
  await refused(10, { batch: 1 }, /minibatches have 1 sample\ntake batch 2 or more/);
  await refused(1, {}, /the data set has 1 sample\ntrain on more/);
  await refused(
    64,
    { shards: 64 },
    /a minibatch of 64 samples is cut into 64 shards, some of 1\ntake shards 32 or fewer/,
  );
  for (const batch of [65, 13]) await run(65, { batch });
});

test('dropLast leaves the smaller last minibatch out, by the order of each epoch', async () => {
  const hash = async (n: number, changes: Partial<TrainSettings>) =>
    (await run(n, changes)).model.sha256();
  // In their order, the one that is left out is the last sample: as if it were not there.
  const sampler = samplers.sequential();
  assert.is(await hash(65, { dropLast: true, sampler }), await hash(64, { sampler }));
  // Shuffled, it is another one in each epoch.
  assert.is.not(await hash(65, { dropLast: true }), await hash(64, {}));
  const all = await hash(65, { dropLast: true, batch: 16 });
  for (const workers of [1, 3])
    assert.is(await hash(65, { dropLast: true, batch: 16, workers }), all);
  // Where nothing is left over, nothing changes.
  assert.is(await hash(64, { dropLast: true, batch: 16 }), await hash(64, { batch: 16 }));
  // Minibatches put together: what is left out is a minibatch, not an update. 70 = 4·16 + 6.
  const together = { sampler, batch: 16, accumulate: 3 };
  assert.is(await hash(70, { ...together, dropLast: true }), await hash(64, together));
  assert.match(
    await refusal(() => run(64, { dropLast: 1 as never })),
    /dropLast is 1, expected true or false/,
  );
});

test('stepsPerEpoch takes so many updates of each epoch, the first of its order', async () => {
  const hash = async (n: number, changes: Partial<TrainSettings>) =>
    (await run(n, changes)).model.sha256();
  const sampler = samplers.sequential();
  const two = { stepsPerEpoch: 2, batch: 16 };
  assert.is(await hash(65, { ...two, sampler }), await hash(32, { batch: 16, sampler }));
  // Shuffled, each epoch takes others.
  const some = await hash(65, two);
  assert.is.not(some, await hash(32, { batch: 16 }));
  for (const workers of [1, 3]) assert.is(await hash(65, { ...two, workers }), some);
  // An update may be of several minibatches, and the last one a smaller one.
  const together = { sampler, batch: 16, accumulate: 2 };
  assert.is(await hash(70, { ...together, stepsPerEpoch: 1 }), await hash(32, together));
  assert.is(await hash(70, { ...together, stepsPerEpoch: 3 }), await hash(70, together));
  const { history } = await run(65, { ...two, epochs: 5, validation: points(8) });
  assert.is(history.filter(({ valLoss }) => valLoss !== undefined).length, 5);
  assert.is(
    await refusal(() => run(70, { ...together, stepsPerEpoch: 4 })),
    'train: stepsPerEpoch is 4, expected a whole number from 1 to 3',
  );
});

test('stepsPerEpoch of samples that are read or come as a stream: those of memory', async () => {
  const net = sequential({ flat: flatten(), out: linear(4, 2) }, { input: [1, 2, 2] });
  const labels = Uint8Array.from({ length: 20 }, (_, i) => i % 2);
  const samples = Uint8Array.from({ length: 80 }, (_, i) => (i * 37) % 256);
  const images = { name: 'images', shape: [1, 2, 2] as const, classes: ['a', 'b'], labels };
  const valuesOf = (i: number) => samples.subarray(i * 4, i * 4 + 4);
  const reader = {
    type: 'uint8' as const,
    read: (i: number, to: Uint8Array | Float32Array) => to.set(valuesOf(i)),
  };
  const stream = streamOf({
    ...images,
    length: 20,
    type: 'uint8',
    async *open() {
      for (const [i, label] of labels.entries()) yield { values: valuesOf(i), label };
    },
  });
  const sampler = samplers.sequential();
  const hash = async (data: AnyDataset) =>
    (
      await train(net, { ...base, data, sampler, batch: 4, shards: 1, stepsPerEpoch: 2 })
    ).model.sha256();
  const expected = await hash({ ...images, samples });
  assert.is(await hash({ ...images, reader }), expected);
  assert.is(await hash(stream), expected);
});

test.run();
