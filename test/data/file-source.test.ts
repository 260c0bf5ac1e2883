/** Files that are in memory: bytes and Blobs are read like paths, under the names they have. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gzipSync } from 'node:zlib';
import { digits } from '../../src/data/digits/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { sourceInPieces, type FileSource } from '../../src/data/file-source.js';
import { idxDataset } from '../../src/data/idx-set.js';
import { readNpy } from '../../src/data/npy-set.js';
import { textFile } from '../../src/data/text-file.js';
import { lenet5 } from '../../src/models/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { loadModel, loadWeights } from '../../src/trained/model-store.js';
import { train } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40);
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1);

test('IDX files that were dropped on a page, compressed or not, and their bytes', async () => {
  const dropped = new File([gzipSync(images)], 'digits.gz');
  const data = await idxDataset(dropped, new Blob([labels]));
  assert.is(data.name, 'digits.gz');
  assert.equal(data.shape, [1, 1, 2]);
  assert.equal([...data.samples], [10, 20, 30, 40]);
  assert.equal([...data.labels], [0, 1]);
  assert.is((await idxDataset(images, labels)).name, 'images');
  assert.is((await idxDataset(images, labels, { name: 'mine' })).name, 'mine');
  assert.match(
    await refusal(() => idxDataset(dropped, new File([images], 'oops'))),
    /^'oops' holds 2×1×2, expected a list of labels/,
  );
  assert.match(
    await refusal(() => idxDataset(images, new Uint8Array(3))),
    /^'labels': 3 bytes are too short/,
  );
});

test('what is no source is refused by what it is', async () => {
  const none = undefined as unknown as FileSource;
  assert.match(
    await refusal(() => idxDataset(none, labels)),
    /^IDX file is undefined, expected a path, a Uint8Array or a Blob/,
  );
  assert.match(await refusal(() => textFile([1] as never)), /^text file is an array, expected/);
});

test('a Blob that can no longer be read says so', async () => {
  const blob = new Blob([images]);
  const gone = { arrayBuffer: { value: async () => Promise.reject(new Error('it is gone')) } };
  assert.match(
    await refusal(() => idxDataset(Object.defineProperties(blob, gone), labels)),
    /^cannot read IDX 'Blob': it is gone/,
  );
});

test('a model, weights, NPY, text and CSV from bytes and Blobs', async () => {
  const settings = {
    data: digits({ count: 8 }),
    optimizer: sgd({ lr: 0.1 }),
    epochs: 1,
    workers: 0,
  };
  const { model: trained } = await train(lenet5(), settings);
  const bytes = encodeModel(trained);
  const again = await loadModel(new File([bytes as Uint8Array<ArrayBuffer>], 'lenet5.safetensors'));
  assert.equal(encodeModel(again), bytes);
  assert.equal(encodeModel(decodeModel(bytes, 'x')), bytes);
  assert.equal(
    (await loadWeights(lenet5(), bytes)).weights,
    (await loadWeights(lenet5(), new Blob([bytes as Uint8Array<ArrayBuffer>]))).weights,
  );
  const npy = "\x93NUMPY\x01\0\x3b\0{'descr':'>i2','fortran_order':False,'shape':(2,)}".padEnd(69);
  const file = Uint8Array.from([...Buffer.from(npy, 'latin1'), 1, 2, 0xff, 0xfe]);
  assert.equal([...(await readNpy(new Blob([file]))).values], [258, -2]);
  const text = 'ab'.repeat(100);
  assert.equal(
    (await textFile(new Blob([text]))).vocabulary,
    (await textFile(Buffer.from(text))).vocabulary,
  );
  const csv = 'a,b\n1,x\n2,y\n';
  const streams = [new Blob([csv]), Buffer.from(csv), new Blob([csv]).stream()];
  for (const source of streams) {
    const data = await csvDataset(source, { target: 'b' });
    assert.equal([data.name, data.classes], ['csv', ['x', 'y']]);
  }
});

test('a stream that is left early is let go', async () => {
  let isCancelled = false;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(images),
    cancel: () => void (isCancelled = true),
  });
  for await (const piece of sourceInPieces('text', endless)) {
    assert.equal(piece, images);
    break;
  }
  assert.ok(isCancelled);
});

test.run();
