/** IDX, Fashion-MNIST, EMNIST and CIFAR from folders of small files of their formats. */
// slow: writes whole archives of data sets
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cifar10, cifar100 } from '../../src/data/cifar-sets.js';
import { emnist } from '../../src/data/emnist.js';
import { fashionMnist } from '../../src/data/fashion-mnist.js';
import { idxDataset } from '../../src/data/idx-set.js';
import { kmnist } from '../../src/data/kmnist.js';
import { decodeCifar } from '../../src/formats/cifar.js';
import { gunzip } from '../../src/formats/gzip.js';
import { decodeIdx } from '../../src/formats/idx.js';
import { readTar } from '../../src/formats/tar.js';
import { idxOf, tarOf, zipOf } from '../support/archives.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

type Files = Readonly<Record<string, Uint8Array>>;

/** Runs `check` with a folder of these files. */
async function withFiles(files: Files, check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-published-'));
  try {
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('IDX files of one’s own: grey or several channels, compressed or not', async () => {
  const files = {
    'grey.idx': idxOf([2, 1, 3], [1, 2, 3, 4, 5, 6]),
    'colour.idx.gz': gzipSync(idxOf([2, 3, 1, 1], [1, 2, 3, 4, 5, 6])),
    'labels.idx': idxOf([2], [3, 0]),
    'three.idx': idxOf([3], [1, 2, 3]),
  };
  await withFiles(files, async (folder) => {
    const path = (name: string) => join(folder, name);
    const grey = await idxDataset(path('grey.idx'), path('labels.idx'));
    assert.equal(
      [grey.shape, grey.classes],
      [
        [1, 1, 3],
        ['0', '1', '2', '3'],
      ],
    );
    assert.equal(
      [grey.samples, grey.labels],
      [Uint8Array.of(1, 2, 3, 4, 5, 6), Uint8Array.of(3, 0)],
    );
    const classes = ['a', 'b', 'c', 'd'];
    const colour = await idxDataset(path('colour.idx.gz'), path('labels.idx'), { classes });
    assert.equal([colour.shape, colour.classes], [[3, 1, 1], classes]);
    const run = (images: string, labels: string, options = {}) =>
      refusal(() => idxDataset(path(images), path(labels), options));
    assert.match(
      await run('grey.idx', 'three.idx'),
      /grey\.idx' holds 2 images, '.*three\.idx' 3 labels/,
    );
    assert.match(await run('labels.idx', 'labels.idx'), /holds 2, expected images/);
    assert.match(await run('grey.idx', 'grey.idx'), /holds 2×1×3, expected a list of labels/);
    assert.match(
      await run('grey.idx', 'labels.idx', { classes: ['a'] }),
      /label 0 is 3, expected 0–0/,
    );
    assert.match(
      await run('none.idx', 'labels.idx'),
      /cannot read IDX '.*none\.idx': there is no such/,
    );
  });
});

const square = (first: number) => Uint8Array.from({ length: 784 }, (_, i) => (first + i) % 251);

for (const [read, name, first, last] of [
  [fashionMnist, 'fashion-mnist', 'T-shirt/top', 'Ankle boot'],
  [kmnist, 'kmnist', 'o', 'wo'],
] as const) {
  test(`${name} has its own classes`, async () => {
    const files = {
      'train-images-idx3-ubyte.gz': gzipSync(idxOf([2, 28, 28], [...square(0), ...square(5)])),
      'train-labels-idx1-ubyte.gz': gzipSync(idxOf([2], [9, 0])),
      't10k-images-idx3-ubyte': idxOf([1, 28, 28], square(9)),
      't10k-labels-idx1-ubyte': idxOf([1], [8]),
    };
    await withFiles(files, async (directory) => {
      const { train, test: held } = await read({ directory });
      assert.equal([train.name, held.name], [`${name} train`, `${name} test`]);
      assert.equal(
        [...train.labels].map((l) => train.classes[l]),
        [last, first],
      );
      assert.is(new Set(train.classes).size, 10);
      assert.equal(held.samples, square(9));
      await rm(join(directory, 't10k-labels-idx1-ubyte'));
      assert.match(
        await refusal(() => read({ directory })),
        /no 't10k-labels-idx1-ubyte' .*\nname the folder that holds the four files$/,
      );
    });
  });
}

/** The four files of a split of EMNIST. */
const emnistFiles = (split: string, labels: number[], folder = ''): Files => ({
  [`${folder}emnist-${split}-train-images-idx3-ubyte.gz`]: gzipSync(
    idxOf(
      [labels.length, 28, 28],
      labels.flatMap((label) => [...square(label)]),
    ),
  ),
  [`${folder}emnist-${split}-train-labels-idx1-ubyte.gz`]: gzipSync(idxOf([labels.length], labels)),
  [`${folder}emnist-${split}-test-images-idx3-ubyte.gz`]: gzipSync(idxOf([1, 28, 28], square(7))),
  [`${folder}emnist-${split}-test-labels-idx1-ubyte.gz`]: gzipSync(idxOf([1], [1])),
});

test('EMNIST: from the archive or its files, upright, letters from 0', async () => {
  const archive = zipOf({
    ...emnistFiles('letters', [1, 26], 'gzip/'),
    ...emnistFiles('balanced', [0, 36, 46], 'gzip/'),
    'gzip/readme.txt': Uint8Array.of(1),
  });
  for (const files of [{ 'gzip.zip': archive }, emnistFiles('letters', [1, 26])]) {
    await withFiles(files, async (directory) => {
      const { train, test: held } = await emnist({ directory, split: 'letters' });
      assert.equal(
        [...train.labels].map((l) => train.classes[l]),
        ['a', 'z'],
      );
      assert.is(train.classes.length, 26);
      // Row 2, column 3 is what the file has at row 3, column 2.
      assert.is(held.samples[2 * 28 + 3], square(7)[3 * 28 + 2]);
      assert.is(train.samples[784 + 27 * 28], square(26)[27]);
    });
  }
  await withFiles({ 'gzip.zip': archive }, async (directory) => {
    const { train } = await emnist({ directory });
    assert.equal(
      [...train.labels].map((l) => train.classes[l]),
      ['0', 'a', 't'],
    );
    assert.is(train.classes.length, 47);
    assert.match(
      await refusal(() => emnist({ directory, split: 'digits' })),
      /emnist-digits-train-images.*too short/,
    );
    assert.match(
      await refusal(() => emnist({ directory, split: 'leters' as 'letters' })),
      /unknown EMNIST split 'leters'.*\ndid you mean 'letters'/,
    );
  });
  await withFiles(emnistFiles('letters', [0]), async (directory) => {
    assert.match(
      await refusal(() => emnist({ directory, split: 'letters' })),
      /label 0 is 0, expected 1–26/,
    );
  });
});

/** Images with these labels; all bytes of image i are i + 1. */
const cifarFile = (labels: readonly number[][]): Uint8Array =>
  Uint8Array.from(labels.flatMap((bytes, i) => [...bytes, ...new Uint8Array(3072).fill(i + 1)]));

const batches = (folder = ''): Files =>
  Object.fromEntries([
    ...[1, 2, 3, 4, 5].map((n) => [`${folder}data_batch_${n}.bin`, cifarFile([[n], [n - 1]])]),
    [`${folder}test_batch.bin`, cifarFile([[9]])],
  ]);

test('CIFAR-10: from its files, their folder, or the archive', async () => {
  const folder = 'cifar-10-batches-bin/';
  const archive = {
    'cifar-10-binary.tar.gz': gzipSync(
      tarOf({ [`${folder}readme.html`]: Uint8Array.of(1), ...batches(folder) }),
    ),
  };
  for (const files of [batches(), batches(folder), archive]) {
    await withFiles(files, async (directory) => {
      const { train, test: held } = await cifar10({ directory });
      assert.equal([...train.labels], [1, 0, 2, 1, 3, 2, 4, 3, 5, 4]);
      assert.equal([train.shape, held.classes[held.labels[0]!]], [[3, 32, 32], 'truck']);
      assert.equal([train.samples[0], train.samples[3072], train.samples.length], [1, 2, 30_720]);
    });
  }
  await withFiles({ 'cifar-10-binary.tar.gz': gzipSync(tarOf({})) }, async (directory) => {
    assert.match(
      await refusal(() => cifar10({ directory })),
      /has no 'cifar-10-batches-bin\/data_batch_1\.bin'/,
    );
  });
  await withFiles({}, async (directory) => {
    assert.match(
      await refusal(() => cifar10({ directory })),
      /no 'data_batch_1\.bin' \(or 'cifar-10-binary\.tar\.gz'\)/,
    );
  });
  await withFiles({ ...batches(), 'data_batch_3.bin': cifarFile([[10]]) }, async (directory) => {
    assert.match(
      await refusal(() => cifar10({ directory })),
      /data_batch_3\.bin': the label of image 0 is 10, expected 0–9/,
    );
  });
  await withFiles({ ...batches(), 'test_batch.bin': new Uint8Array(3072) }, async (directory) => {
    assert.match(
      await refusal(() => cifar10({ directory })),
      /has 3072 bytes, expected a multiple of 3073/,
    );
  });
});

test('CIFAR-100: fine and coarse classes', async () => {
  const files = {
    'train.bin': cifarFile([
      [0, 4],
      [19, 99],
    ]),
    'test.bin': cifarFile([[1, 1]]),
  };
  await withFiles(files, async (directory) => {
    const names = async (labels: 'fine' | 'coarse') => {
      const { train, test: held } = await cifar100({ directory, labels });
      return [...train.labels, ...held.labels].map((label) => train.classes[label]);
    };
    assert.equal(await names('fine'), ['beaver', 'worm', 'aquarium_fish']);
    assert.equal(await names('coarse'), ['aquatic_mammals', 'vehicles_2', 'fish']);
    assert.is((await cifar100({ directory })).train.classes.length, 100);
    assert.match(await refusal(() => names('all' as 'fine')), /labels are all, expected 'fine' or/);
  });
});

test('a damaged tar archive is refused', async () => {
  const tar = tarOf({ 'a.bin': Uint8Array.of(1, 2, 3), b: new Uint8Array(600) });
  assert.equal(
    [...readTar(tar, 'x')].map(([name, { length }]) => [name, length]),
    [
      ['a.bin', 3],
      ['b', 600],
    ],
  );
  assert.match(
    await refusal(() => readTar(tar.subarray(0, 1024), 'x')),
    /'x': the tar archive is cut short: it has no end/,
  );
  assert.match(
    await refusal(() => readTar(tar.subarray(0, 1600), 'x')),
    /'b' in it is cut short: it should have 600 bytes/,
  );
  const changed = Uint8Array.from(tar);
  changed[124]! ^= 1;
  assert.match(await refusal(() => readTar(changed, 'x')), /checksum of the header at 0 differs/);
  await fuzz(
    [tar],
    fuzzCount(10_000),
    (bytes) => readTar(bytes, 'x'),
    (files) => assert.ok([...files.values()].every(({ length }) => length <= 1024)),
  );
});

test('damaged IDX files are refused, or read as arrays of their shape', async () => {
  const files = [idxOf([2, 3, 3], square(0).subarray(0, 18)), idxOf([5], [1, 2, 3, 4, 5])];
  await fuzz(
    [...files, ...files.map((bytes) => Uint8Array.from(gzipSync(bytes)))],
    fuzzCount(10_000),
    async (bytes) => decodeIdx(await gunzip(bytes, 'x', 1000), 'x'),
    ({ shape, data }) =>
      assert.is(
        data.length,
        shape.reduce((a, b) => a * b, 1),
      ),
  );
});

test('damaged CIFAR files are refused, or read as whole images with labels of the classes', async () => {
  await fuzz(
    [cifarFile([[0], [9]])],
    fuzzCount(10_000),
    (bytes) => decodeCifar([['x', bytes]], 1, 0, 10),
    ({ samples, labels }) => {
      assert.is(samples.length, labels.length * 3072);
      assert.ok(labels.every((label) => label < 10));
    },
  );
});

test.run();
