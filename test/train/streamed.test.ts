/** Streamed data trains to the same bits as the same samples in memory, whichever thread reads them and when. */
// slow: trains with every number of readers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf, streamOf } from '../../src/data/forms.js';
import type { Dataset, SampleStream, StreamedDataset } from '../../src/data/dataset.js';
import { gaussianNoise, randomCrop } from '../../src/data/transforms/index.js';
import { imageFolder } from '../../src/data/image-folder.js';
import { shuffledOrder } from '../../src/data/shuffle.js';
import { LanewiseError } from '../../src/base/errors.js';
import { conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { momentum } from '../../src/optimizers/index.js';
import { loadIntoMemory } from '../../src/crew/load.js';
import { createSession, type SessionRequest } from '../../src/crew/session.js';
import { train } from '../../src/train/train.js';
import { imageFiles, withFolder } from '../support/images.js';

const model = sequential([conv2d(3, 4, 3), relu(), flatten(), linear(400, 3)], {
  input: [3, 12, 12],
});
const settings = {
  optimizer: momentum({ lr: 0.05 }),
  epochs: 2,
  batch: 16,
  numerics: 'strict',
} as const;
const files = await imageFiles(107, 3);

test('an image folder, with validation from one: 0, 1, 2 and 3 workers', async () => {
  await withFolder(files, async (path) => {
    const data = await imageFolder(path, { size: 12 });
    const loaded = await loadIntoMemory(data);
    assert.is(loaded.samples.length, 107 * 3 * 144);
    const expected = await train(model, {
      ...settings,
      data: loaded,
      validation: loaded,
      workers: 0,
    });
    for (const workers of [0, 1, 2, 3]) {
      const found = await train(model, { ...settings, data, validation: data, workers });
      assert.is(await found.model.sha256(), await expected.model.sha256(), `${workers} workers`);
      const losses = ({ history }: typeof found) =>
        history.map(({ loss, valLoss, valAccuracy }) => [loss, valLoss, valAccuracy]);
      assert.equal(losses(found), losses(expected));
    }
    // The samples of the last minibatch, which is left out, are others in each epoch.
    const dropped = { ...settings, dropLast: true, workers: 0 };
    const hash = await (await train(model, { ...dropped, data: loaded })).model.sha256();
    for (const workers of [0, 2]) {
      const { model: found } = await train(model, { ...dropped, data, workers });
      assert.is(await found.sha256(), hash, `dropLast, ${workers} workers`);
    }
    const scored = await expected.model.evaluate(loaded, { workers: 0 });
    assert.equal(await expected.model.evaluate(data, { workers: 2 }), scored);
  });
});

test('random transforms draw the same, in training and in validation', async () => {
  await withFolder(files, async (path) => {
    const transforms = [randomCrop({ size: 10, padding: 2 }), gaussianNoise(0.1)];
    const small = sequential([flatten(), linear(300, 3)], { input: [3, 10, 10] });
    const data = { ...(await imageFolder(path, { size: 12 })), transforms };
    const loaded = await loadIntoMemory(data);
    const run = async (set: typeof data | typeof loaded, workers: number) => {
      const { model: trained, history } = await train(small, {
        ...settings,
        data: set,
        validation: set,
        workers,
      });
      return [await trained.sha256(), history.map(({ loss, valLoss }) => [loss, valLoss])];
    };
    const expected = await run(loaded, 0);
    for (const workers of [0, 2]) assert.equal(await run(data, workers), expected);
  });
});

/** Weights after 11 steps in pieces of an epoch and a half, with the ring as small as it can be. */
async function trainPieces(
  data: Dataset | StreamedDataset | SampleStream,
  request: Partial<SessionRequest>,
): Promise<Map<string, Float32Array>> {
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', ['output']),
    numerics: 'strict',
    workers: 1,
    datasets: [samplesOf(data)],
    prefetchBytes: 1,
    training: { optimizer: momentum({ lr: 0.05 }), batch: 8, shards: 2 },
    ...request,
  });
  try {
    session.initialize(1);
    const steps = Math.ceil(107 / 8);
    const row = (count: number) => Array.from({ length: count }, () => [0.05, 0.9]);
    session.writeOrder(shuffledOrder(107, 1, 1), 1);
    await session.train(0, row(3), 0);
    const snapshot = session.snapshot();
    await session.train(3, row(6), 3);
    // Back to an earlier step, as after a failure, and on.
    session.restore(snapshot);
    await session.train(3, row(steps - 3), 3);
    session.writeOrder(shuffledOrder(107, 1, 2), 2);
    await session.train(0, row(5), steps);
    return session.readWeights();
  } finally {
    await session.close();
  }
}

test('any number of decoders, a small ring, and a step back', async () => {
  await withFolder(files, async (path) => {
    const data = await imageFolder(path, { size: 12 });
    const expected = await trainPieces(await loadIntoMemory(data, { decoders: 0 }), { workers: 0 });
    for (const [workers, decoders] of [
      [0, 0],
      [0, 2],
      [2, 0],
      [1, 1],
      [2, 3],
    ] as const)
      assert.equal(
        await trainPieces(data, { workers, decoders }),
        expected,
        `${workers} workers, ${decoders} decoders`,
      );
  });
});

test('the next epoch is read while this one trains', async () => {
  const read: number[] = [];
  const data = {
    name: 'rows',
    shape: [3, 12, 12] as const,
    classes: ['a', 'b', 'c'],
    labels: new Uint8Array(40),
    reader: {
      type: 'float32' as const,
      read(index: number, to: Uint8Array | Float32Array) {
        read.push(index);
        to.set(valuesOf(index, 0));
      },
    },
  };
  const { batch, numerics } = settings;
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', ['output']),
    numerics,
    workers: 0,
    datasets: [samplesOf(data)],
    training: { optimizer: momentum({ lr: 0.05 }), batch, shards: 2 },
  });
  session.initialize(1);
  const orders = [1, 2, 3].map((epoch) => shuffledOrder(40, 1, epoch));
  const rates = Array.from({ length: 3 }, () => [0.05, 0.9]);
  session.writeOrder(orders[0]!, 1, () => orders[1]!);
  await session.train(0, rates, 0);
  // The ring holds all 40 samples: the first minibatches are free, for those of the second epoch.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(read, [...orders[0]!, ...orders[1]!]);
  session.writeOrder(orders[1]!, 2, () => orders[2]!);
  await session.train(0, rates.slice(1), 3);
  // Another order than the one that was announced.
  session.writeOrder(orders[0]!, 3);
  await session.train(0, rates, 6);
  assert.equal(read.slice(-40), [...orders[0]!]);
  await session.close();
});

test('memory does not grow with the data set', async () => {
  const bytesOf = async (length: number) => {
    const session = await createSession({
      model,
      terms: lossTerms('crossEntropy', ['output']),
      numerics: 'strict',
      workers: 0,
      datasets: [samplesOf(streamed(length))],
      training: { optimizer: momentum({ lr: 0.05 }), batch: 64, shards: 4 },
    });
    await session.close();
    return session.plan.memory.bytes;
  };
  // But for the order: four bytes a sample.
  assert.is((await bytesOf(2_000_000)) - (await bytesOf(1_000_000)), 4_000_000);
  assert.ok((await bytesOf(1_000_000)) < 50 * 2 ** 20);
});

/** Samples of 3 × 12 × 12 whose values follow from their number and epoch. */
const valuesOf = (i: number, epoch: number): Float32Array =>
  Float32Array.from({ length: 432 }, (_, e) => (((i + epoch) * 31 + e * 7) % 50) / 25 - 1);

function streamed(length: number, count = length): SampleStream & { opened: number[] } {
  const opened: number[] = [];
  const stream = streamOf({
    name: 'numbers',
    shape: [3, 12, 12],
    classes: ['a', 'b', 'c'],
    length,
    type: 'float32',
    async *open(epoch) {
      opened.push(epoch);
      for (let i = 0; i < count; i++) yield { values: valuesOf(i, 0), label: i % 3 };
    },
  });
  return { ...stream, opened };
}

test('a stream trains in its own order, and is scored', async () => {
  const data = streamed(107);
  const loaded = await loadIntoMemory(streamed(107));
  const inOrder = (request: Partial<SessionRequest>, set: Dataset | SampleStream) => async () => {
    const session = await createSession({
      model,
      terms: lossTerms('crossEntropy', ['output']),
      numerics: 'strict',
      workers: 0,
      datasets: [samplesOf(set), samplesOf(set)],
      prefetchBytes: 1,
      training: { optimizer: momentum({ lr: 0.05 }), batch: 8, shards: 2 },
      ...request,
    });
    session.initialize(1);
    session.writeOrder(
      Uint32Array.from({ length: 107 }, (_, i) => i),
      7,
    );
    await session.train(
      0,
      Array.from({ length: 14 }, () => [0.05, 0.9]),
      0,
    );
    const result = [session.readWeights(), await session.evaluate(1, true)];
    await session.close();
    return result;
  };
  const expected = await inOrder({}, loaded)();
  assert.equal(await inOrder({}, data)(), expected);
  assert.equal(await inOrder({ workers: 2 }, data)(), expected);
  assert.equal(data.opened, [7, 0, 7, 0]);
});

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError, String((error as Error).stack));
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('streams of too few or too many samples, and of others, are refused', async () => {
  const run = (data: SampleStream, workers = 0) =>
    refusal(train(model, { ...settings, data, workers }));
  assert.match(
    await run(streamed(60, 50)),
    /'numbers': its stream ended after 50 samples, expected 60/,
  );
  assert.match(await run(streamed(60, 50), 2), /ended after 50 samples, expected 60/);
  assert.match(await run(streamed(60, 61)), /has more than the 60 samples/);
  const other = (sample: object): SampleStream => ({
    ...streamed(60),
    // eslint-disable-next-line require-yield
    async *open() {
      yield { values: valuesOf(0, 0), label: 0, ...sample };
    },
  });
  assert.match(
    await run(other({ values: new Float32Array(3) })),
    /sample 0: 3 values, expected 432/,
  );
  assert.match(await run(other({ values: new Uint8Array(432) })), /expected Float32Array/);
  assert.match(await run(other({ label: 3 })), /label 3, expected a whole number from 0 to 2/);
  assert.match(await run(other({ label: undefined })), /label undefined/);
  const failing: SampleStream = {
    ...streamed(60),
    async *open() {
      yield { values: valuesOf(0, 0), label: 0 };
      throw new Error('the line is dead');
    },
  };
  assert.match(await run(failing), /its stream failed at sample 1: the line is dead/);
});

test('a reader of one’s own runs in this thread, and its failure names the sample', async () => {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 3);
  const reader = {
    type: 'float32' as const,
    async read(index: number, to: Uint8Array | Float32Array) {
      if (index === 33) throw new Error('no such row');
      to.set(valuesOf(index, 0));
    },
  };
  const data = {
    name: 'rows',
    shape: [3, 12, 12] as const,
    classes: ['a', 'b', 'c'],
    labels,
    reader,
  };
  for (const workers of [0, 2])
    assert.is(
      await refusal(train(model, { ...settings, data, workers })),
      "data set 'rows': reading sample 33 failed: no such row",
    );
});

test.run();
