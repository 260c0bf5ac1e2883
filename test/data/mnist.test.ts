/** MNIST files: good ones in every spelling, and each kind of bad one refused by name and numbers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { idxDataset } from '../../src/data/idx-set.js';
import { mnist } from '../../src/data/mnist.js';
import { LanewiseError } from '../../src/base/errors.js';
import { gunzip } from '../../src/formats/gzip.js';
import { decodeIdx } from '../../src/formats/idx.js';

/** An IDX file of bytes. */
function idx(
  shape: number[],
  data: ArrayLike<number>,
  magic = [0, 0, 8, shape.length],
): Uint8Array {
  const header = new Uint8Array(4 + 4 * shape.length);
  header.set(magic);
  shape.forEach((extent, axis) => new DataView(header.buffer).setUint32(4 + 4 * axis, extent));
  return Uint8Array.from([...header, ...Array.from(data)]);
}

const images = (count: number) => idx([count, 28, 28], new Uint8Array(count * 784).fill(7));
const labels = (...values: number[]) => idx([values.length], values);

type Files = Record<string, Uint8Array>;
const good: Files = {
  'train-images-idx3-ubyte': images(3),
  'train-labels-idx1-ubyte': labels(1, 2, 9),
  't10k-images-idx3-ubyte': images(2),
  't10k-labels-idx1-ubyte': labels(0, 5),
};

/** Loads from a folder with these files; resolves to the data or the message of the refusal. */
async function load(files: Files) {
  const directory = await mkdtemp(join(tmpdir(), 'lanewise-mnist-'));
  try {
    for (const [name, bytes] of Object.entries(files))
      await writeFile(join(directory, name), bytes);
    return await mnist({ directory });
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function refusal(files: Files): Promise<string> {
  try {
    await load(files);
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('plain and gzip files, with a hyphen or a dot, are read', async () => {
  const zipped = Object.fromEntries(
    Object.entries(good).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]),
  );
  const dotted = Object.fromEntries(
    Object.entries(good).map(([name, bytes]) => [name.replace('-idx', '.idx'), bytes]),
  );
  for (const files of [good, zipped, dotted]) {
    const { train, test } = await load(files);
    assert.equal([train.name, test.name, ...train.shape], ['mnist train', 'mnist test', 1, 28, 28]);
    assert.equal([...train.labels], [1, 2, 9]);
    assert.is(train.samples.length, 3 * 784);
    assert.is(test.samples.at(-1), 7);
  }
});

test('a truncated gzip file', async () => {
  const { 'train-images-idx3-ubyte': plain, ...rest } = good;
  const zipped = gzipSync(plain!);
  const cut = { ...rest, 'train-images-idx3-ubyte.gz': zipped.subarray(0, zipped.length - 9) };
  assert.match(
    await refusal(cut),
    /train-images-idx3-ubyte\.gz': the gzip data is truncated or corrupt/,
  );
});

test('a gzip file that inflates without end is cut off at the bound', async () => {
  const bomb = gzipSync(new Uint8Array(10_000_000));
  let message = '';
  await gunzip(bomb, 'bomb.gz', 1000).catch((error: Error) => (message = error.message));
  assert.match(message, /'bomb.gz' inflates to more than the 1000 bytes/);
});

test('a wrong magic number, and another element type', async () => {
  const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3, 4);
  assert.match(
    await refusal({ ...good, 'train-images-idx3-ubyte': png }),
    /train-images-idx3-ubyte': not an IDX file: it starts with 89 50 4e 47/,
  );
  const floats = idx([1, 28, 28], new Uint8Array(784), [0, 0, 0x0d, 3]);
  assert.match(
    await refusal({ ...good, 'train-images-idx3-ubyte': floats }),
    /elements of type float32, expected unsigned bytes/,
  );
});

test('a count that disagrees with the length', async () => {
  const short = images(3).subarray(0, 2000);
  assert.match(
    await refusal({ ...good, 'train-images-idx3-ubyte': short }),
    /its header says 3×28×28 = 2352 bytes, 1984 follow/,
  );
  const huge = idx([0xffffffff, 0xffffffff, 0xffffffff], []);
  assert.throws(
    () => decodeIdx(huge, 'huge'),
    /'huge': its header says 4294967295×4294967295×4294967295/,
  );
  assert.throws(
    () => decodeIdx(Uint8Array.of(0, 0, 8, 3, 0), 'cut'),
    /'cut': 5 bytes are too short for a header of rank 3/,
  );
  assert.throws(() => decodeIdx(new Uint8Array(2), 'tiny'), /'tiny': 2 bytes are too short/);
});

test('a label beyond the classes', async () => {
  assert.match(
    await refusal({ ...good, 't10k-labels-idx1-ubyte': labels(3, 10) }),
    /t10k-labels-idx1-ubyte': label 1 is 10, expected 0–9/,
  );
});

test('different counts of images and labels', async () => {
  assert.match(
    await refusal({ ...good, 'train-labels-idx1-ubyte': labels(1, 2) }),
    /train-images-idx3-ubyte' holds 3 images, '.*train-labels-idx1-ubyte' 2 labels/,
  );
});

test('images of another size, and a missing file', async () => {
  assert.match(
    await refusal({ ...good, 'train-images-idx3-ubyte': idx([3, 8, 8], new Uint8Array(192)) }),
    /holds 3×8×8, expected images of 28×28/,
  );
  const { 't10k-labels-idx1-ubyte': _, ...three } = good;
  assert.match(
    await refusal(three),
    /no 't10k-labels-idx1-ubyte' \(or 't10k-labels-idx1-ubyte.gz'\) in/,
  );
});

const real = process.env['LANEWISE_DATA'] ?? '../shared/data/mnist';
if (existsSync(real)) {
  test('the real MNIST: 60,000 and 10,000 digits', async () => {
    const { train, test } = await mnist({ directory: real });
    assert.equal([train.labels.length, test.labels.length], [60_000, 10_000]);
    assert.equal([...train.labels.subarray(0, 5)], [5, 0, 4, 1, 9]);
    assert.equal([...test.labels.subarray(0, 5)], [7, 2, 1, 0, 4]);
  });
} else {
  console.log(`skipped: no MNIST in '${real}' (LANEWISE_DATA)`);
}

test('files in a folder make a data set, compressed or not', async () => {
  const dataset = await idxDataset(gzipSync(images(3)), labels(1, 2, 9));
  assert.equal(dataset.shape, [1, 28, 28]);
  assert.is(dataset.samples.length, 3 * 784);
  assert.equal([...dataset.labels], [1, 2, 9]);
  await idxDataset(images(3), labels(1, 2)).then(
    () => assert.unreachable(),
    (error: LanewiseError) => assert.match(error.message, /holds 3 images, .* 2 labels/),
  );
});

test.run();
