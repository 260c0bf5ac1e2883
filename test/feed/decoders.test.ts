/** Threads that decode: one that dies is replaced and its task redone; a sample that kills twice is named. */
// slow: threads are started and killed
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StreamedDataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { loadIntoMemory } from '../../src/crew/load.js';
import { train } from '../../src/train/train.js';
import { createReader, type FaultySettings } from '../support/faulty-reader.js';

const url = new URL('../support/faulty-reader.js', import.meta.url).href;
const count = 100;

/** 100 samples; those of `deaths` end their thread so many times. */
function dataOf(deaths: Readonly<Record<number, number>>, how: FaultySettings['how']) {
  const left = new Int32Array(new SharedArrayBuffer(count * 4));
  for (const [sample, times] of Object.entries(deaths)) left[Number(sample)] = times;
  const settings: FaultySettings = { deaths: left, how };
  return {
    name: 'rows',
    shape: [3, 12, 12],
    classes: ['a', 'b'],
    labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
    reader: { ...createReader(settings), module: { url, settings } },
  } satisfies StreamedDataset;
}

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    assert.instance(error, LanewiseError, String((error as Error).stack));
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

const model = mlp({ size: 12, channels: 3, classes: 2, hidden: 8 });
const settings = { optimizer: sgd({ lr: 0.1 }), epochs: 1, batch: 16, numerics: 'strict' } as const;
const expected = await loadIntoMemory(dataOf({}, 'exit'), { decoders: 0 });

test('decoder threads read what the calling thread reads', async () => {
  for (const decoders of [1, 3])
    assert.equal(
      (await loadIntoMemory(dataOf({}, 'exit'), { decoders })).samples,
      expected.samples,
    );
});

test('threads that die once for some samples are replaced', async () => {
  const data = dataOf({ 3: 1, 50: 1, 51: 1, 99: 1 }, 'exit');
  assert.equal((await loadIntoMemory(data, { decoders: 2 })).samples, expected.samples);
});

test('one that dies between samples, with an answer outstanding, is replaced too', async () => {
  const data = dataOf({ 20: 1 }, 'throw');
  assert.equal((await loadIntoMemory(data, { decoders: 2 })).samples, expected.samples);
});

test('a run with dying decoders ends with the same weights', async () => {
  const undisturbed = await train(model, { ...settings, data: expected, workers: 0 });
  for (const workers of [0, 2]) {
    const data = dataOf({ 7: 1, 64: 1 }, 'exit');
    const { model: found } = await train(model, { ...settings, data, workers });
    assert.is(await found.sha256(), await undisturbed.model.sha256());
  }
});

test('a sample that ends its thread again is named', async () => {
  for (const [how, reason] of [
    ['exit', /exited with code: 3/],
    ['memory', /memory limit/],
  ] as const) {
    const message = await refusal(loadIntoMemory(dataOf({ 42: 9 }, how), { decoders: 2 }));
    assert.match(message, /'rows': reading row 42 ended its decoder thread twice/);
    assert.match(message, reason);
  }
});

test('a module that cannot be loaded, or makes another reader, is refused', async () => {
  const data = dataOf({}, 'exit');
  const withModule = (module: { url: string; settings: unknown }): StreamedDataset => ({
    ...data,
    reader: { ...data.reader, module },
  });
  const load = (other: StreamedDataset) => refusal(loadIntoMemory(other, { decoders: 1 }));
  assert.match(
    await load(withModule({ url: 'file:///no/such/file.js', settings: {} })),
    /createReader of 'file:\/\/\/no\/such\/file.js' failed: Cannot find/,
  );
  const { settings: good } = data.reader.module;
  assert.match(
    await load({ ...data, reader: { ...data.reader, type: 'float32' } as never }),
    /made a reader of uint8, expected float32/,
  );
  assert.match(await load(withModule({ url, settings: undefined })), /createReader of .* failed/);
  assert.ok(good);
});

test.run();
