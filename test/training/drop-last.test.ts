/** The last minibatch of an epoch: what is wrong with one of a sample, said before a step, and leaving it out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as samplers from '../../src/data/samplers.js';
import type { TensorDataset } from '../../src/data/dataset.js';
import { batchNorm1d, linear, relu, sequential } from '../../src/layers/index.js';
import { momentum } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/training/settings.js';
import { train } from '../../src/training/train.js';
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

test.run();
