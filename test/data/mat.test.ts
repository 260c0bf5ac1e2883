/** MATLAB's files as scipy writes them: arrays, images, what is refused, and damaged files; SVHN, STL-10, QMNIST. */
// slow: reads 20,000 damaged files
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { cifar10, cifar100 } from '../../src/data/cifar-sets.js';
import type { Dataset, TensorDataset } from '../../src/data/dataset.js';
import { matDataset, readMat } from '../../src/data/mat-set.js';
import { qmnist } from '../../src/data/qmnist.js';
import { stl10 } from '../../src/data/stl10.js';
import { svhn } from '../../src/data/svhn.js';
import { decodeIdxLabels } from '../../src/formats/idx.js';
import { idxOf, tarOf } from '../support/archives.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { withFolder } from '../support/images.js';
import { refusal } from '../support/refusal.js';

/** Written by test/golden/make_mat.py. */
const golden = fileURLToPath(new URL('../../../test/golden/mat/', import.meta.url));
const path = (name: string): string => join(golden, `${name}.mat`);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(path(name)));

const counted = (length: number): number[] => Array.from({ length }, (_, i) => i % 251);

test('arrays of every type come in row-major order', async () => {
  const arrays = await readMat(path('types'));
  for (const [name, { shape, dtype, values }] of arrays) {
    if (name === 'nothing') assert.equal([shape, values.length], [[0, 3], 0]);
    else if (name === 'b1') assert.equal([dtype, [...values]], ['b1', [1, 0]]);
    else assert.equal([name, shape, dtype, [...values]], [name, [2, 3], name, counted(6)]);
  }
  assert.is(arrays.size, 12);
  const { X } = Object.fromEntries(await readMat(bytesOf('images'), { names: ['X'] }));
  assert.equal([X!.shape, [...X!.values]], [[4, 5, 3, 6], counted(360)]);
});

/** Sample n of the images: element (y, x, c, n) of 4 × 5 × 3 × 6 counted in this order. */
const image = (n: number): number[] => {
  const pixels: number[] = [];
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < 4; y++)
      for (let x = 0; x < 5; x++) pixels.push((((y * 5 + x) * 3 + c) * 6 + n) % 251);
  return pixels;
};

test('images become channels × height × width, whichever extent counts them', async () => {
  const expected = Uint8Array.from([0, 1, 2, 3, 4, 5].flatMap(image));
  for (const name of ['images', 'images-plain', 'images-first']) {
    const data = (await matDataset(bytesOf(name))) as Dataset;
    assert.equal([data.shape, data.samples], [[3, 4, 5], expected], name);
    assert.equal([...data.labels], [0, 9, 1, 2, 9, 3]);
    assert.equal(data.classes, ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  }
  // Channels first would be images of 3 × 4 with 5 channels.
  for (const name of ['images-chw', 'images-chw-last']) {
    assert.match(
      await refusal(() => matDataset(path(name))),
      /has images of 3×4×5, expected height × width × channels\nshape: \[3, 4, 5\] takes/,
    );
    const data = (await matDataset(path(name), { shape: [3, 4, 5] })) as Dataset;
    assert.equal([data.shape, data.samples], [[3, 4, 5], expected], name);
  }
  const grey = (await matDataset(path('grey'))) as Dataset;
  assert.equal(
    [grey.shape, grey.classes.length, [...grey.labels]],
    [[1, 4, 5], 10, [0, 9, 1, 2, 9, 3]],
  );
  const names = [...'abcdefghij'];
  assert.equal(((await matDataset(path('images'), { classes: names })) as Dataset).classes, names);
});

test('rows are samples of values, or of classes', async () => {
  const price = (await matDataset(path('rows'), {
    samples: 'data',
    targets: 'price',
  })) as TensorDataset;
  assert.equal(price.inputs['input'], {
    shape: [7],
    values: Float32Array.from(counted(42), (value) => value / 2),
  });
  assert.equal(price.targets['output'], {
    shape: [1],
    values: Float32Array.from(counted(6), (value) => value * 1.5),
  });
  const kind = (await matDataset(path('rows'), {
    samples: 'data',
    targets: 'kind',
  })) as TensorDataset;
  assert.equal([...kind.targets['output']!.values], [0, 1, 0, 1, 1, 0]);
});

test('other versions and variables are refused by name', async () => {
  const wrong = (name: string, options: object = {}) => refusal(() => readMat(path(name), options));
  assert.match(await wrong('four'), /four.mat': not a MATLAB file of version 5.*\n.*loadmat/);
  const hdf = new Uint8Array(600);
  hdf.set(new TextEncoder().encode('MATLAB 7.3 MAT-file, Platform: GLNXA64'));
  assert.match(
    await refusal(() => readMat(hdf)),
    /'mat': a MATLAB file of version 7.3, which is HDF5.*\nin MATLAB: save\(FILE, '-v7'\)/,
  );
  assert.match(
    await wrong('others'),
    /variable 's' is a structure, expected an array.*\nnames: \["x"\]/,
  );
  for (const [name, is] of Object.entries({
    cell: 'a cell array',
    z: 'complex',
    text: 'text',
    sparse: 'a sparse matrix',
  }))
    assert.match(
      await wrong('others', { names: [name] }),
      new RegExp(`variable '${name}' is ${is}`),
    );
  assert.match(await wrong('others', { names: ['y'] }), /has no variable 'y', it has s, cell/);
  assert.match(
    await wrong('images', { limitBytes: 100 }),
    /variable 'X' claims \d+ bytes, expected at most 100/,
  );
  assert.match(await wrong('images', { speed: 1 }), /speed/);
  const set = (name: string, options: object) => refusal(() => matDataset(path(name), options));
  assert.match(await set('rows', {}), /has no variable 'y', it has data, price, kind/);
  assert.match(
    await set('rows', { samples: 'data', targets: 'price', as: 'classes' }),
    /class of sample 1 is 1.5/,
  );
  assert.match(
    await set('images', { classes: ['a', 'b'] }),
    /class of sample 1 is 10, expected a whole number of 1–2/,
  );
  assert.match(
    await set('images', { samples: 'y', targets: 'X' }),
    /is 4×5×3×6, expected a class a sample/,
  );
});

test('SVHN’s digits are those of its labels, 10 being 0', async () => {
  const make = await import('node:child_process');
  await withFolder({}, async (folder) => {
    const script = `import numpy as np, scipy.io as s
for n in ('train', 'test'): s.savemat('${folder}/%s_32x32.mat' % n, {'X': np.arange(32*32*3*3).reshape(32,32,3,3).astype(np.uint8), 'y': np.array([[1],[10],[9]], np.uint8)}, do_compression=True)`;
    const { status } = make.spawnSync('python3', ['-c', script]);
    if (status !== 0) {
      console.log('skipped: no python3 with scipy');
      return;
    }
    const { train, test: held } = await svhn({ directory: folder });
    assert.equal(
      [[...train.labels], train.classes, train.shape],
      [[1, 0, 9], [...'0123456789'], [3, 32, 32]],
    );
    assert.equal([...train.samples.subarray(0, 3)], [0, 9, 18]);
    assert.is(held.name, 'svhn test');
  });
  await withFolder({ 'train_32x32.mat': bytesOf('images') }, async (directory) =>
    assert.match(await refusal(() => svhn({ directory })), /images of 3×4×5, expected 3×32×32/),
  );
  assert.match(
    await refusal(() => svhn({ directory: '/nowhere' })),
    /no 'train_32x32.mat' in '\/nowhere'/,
  );
});

test('STL-10’s images are turned upright, from its archive or its files', async () => {
  const plane = 96 * 96;
  const images = new Uint8Array(2 * 3 * plane).map((_, i) => Math.floor(i / plane) + (i % 96));
  const files = {
    'stl10_binary/unlabeled_X.bin': new Uint8Array(70_000),
    'stl10_binary/train_X.bin': images,
    'stl10_binary/train_y.bin': Uint8Array.of(1, 10),
    'stl10_binary/test_X.bin': images.subarray(3 * plane),
    'stl10_binary/test_y.bin': Uint8Array.of(3),
  };
  const archive = gzipSync(tarOf(files));
  for (const folder of [files, { 'stl10_binary.tar.gz': archive }])
    await withFolder(folder, async (directory) => {
      const { train, test: held } = await stl10({ directory });
      assert.equal([train.shape, [...train.labels], [...held.labels]], [[3, 96, 96], [0, 9], [2]]);
      // Columns lie one behind the other: what grows along them grows downwards.
      assert.equal([...train.samples.subarray(0, 2), train.samples[96]], [0, 0, 1]);
      assert.is(train.samples[3 * plane], 3);
      assert.is(held.classes[2], 'car');
    });
  const refused = async (folder: Parameters<typeof withFolder>[0]) => {
    let message = '';
    await withFolder(folder, async (directory) => {
      message = await refusal(() => stl10({ directory }));
    });
    return message;
  };
  assert.match(await refused({}), /no 'train_X.bin' \(or 'stl10_binary.tar.gz'\)/);
  assert.match(
    await refused({ 'stl10_binary.tar.gz': archive.subarray(0, 300) }),
    /truncated or corrupt/,
  );
  assert.match(
    await refused({ 'stl10_binary.tar.gz': gzipSync(tarOf({})) }),
    /has no 'stl10_binary\/train_X.bin'/,
  );
  const wrong = { ...files, 'stl10_binary/train_y.bin': Uint8Array.of(1, 11) };
  assert.match(await refused(wrong), /label 1 is 11, expected 1–10/);
  assert.match(
    await refused({ ...files, 'stl10_binary/train_y.bin': Uint8Array.of(1) }),
    /2 images, .* 1 labels/,
  );
  assert.match(
    await refused({ ...files, 'stl10_binary/train_X.bin': images.subarray(1) }),
    /a multiple of 27648/,
  );
});

/** Labels of eight numbers each, of which the first is the class. */
function labelsOf(classes: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(12 + 32 * classes.length);
  bytes.set([0, 0, 12, 2]);
  bytes.writeInt32BE(classes.length, 4);
  bytes.writeInt32BE(8, 8);
  classes.forEach((label, row) => {
    for (let i = 0; i < 8; i++)
      bytes.writeInt32BE(i === 0 ? label : 1000 * i, 12 + 32 * row + 4 * i);
  });
  return Uint8Array.from(bytes);
}

test('QMNIST’s classes are the first of its numbers', async () => {
  const images = gzipSync(idxOf([2, 28, 28], new Uint8Array(2 * 784)));
  const files = {
    'qmnist-train-images-idx3-ubyte.gz': images,
    'qmnist-train-labels-idx2-int.gz': gzipSync(labelsOf([7, 0])),
    'qmnist-test-images-idx3-ubyte.gz': images,
    'qmnist-test-labels-idx2-int': labelsOf([9, 1]),
  };
  await withFolder(files, async (directory) => {
    const { train, test: held } = await qmnist({ directory });
    assert.equal(
      [[...train.labels], [...held.labels]],
      [
        [7, 0],
        [9, 1],
      ],
    );
    assert.equal(train.shape, [1, 28, 28]);
  });
  assert.match(await refusal(() => qmnist()), /qmnist is not downloaded, expected the `directory`/);
  assert.match(await refusal(() => qmnist({ directory: '/nowhere' })), /no 'qmnist-train-images/);
  const labels = (bytes: Uint8Array) => refusal(() => decodeIdxLabels(bytes, 'a.idx'));
  assert.match(await labels(labelsOf([1]).subarray(0, 40)), /says 1×8 = 32 bytes, 28 follow/);
  assert.match(await labels(labelsOf([256])), /label 0 is 256, expected 0–255/);
  assert.match(
    await labels(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0, 1, 1, 1, 1)),
    /not a table of int32/,
  );
});

test('CIFAR’s form for Python is refused, and the binary one named', async () => {
  await withFolder({ 'cifar-10-batches-py/data_batch_1': 'pickle' }, async (directory) =>
    assert.match(
      await refusal(() => cifar10({ directory })),
      /data_batch_1' is the form for Python, pickles, .* not read\n.*cifar-10-binary.tar.gz/,
    ),
  );
  await withFolder({ 'cifar-100-python.tar.gz': 'x' }, async (directory) =>
    assert.match(await refusal(() => cifar100({ directory })), /is the form for Python/),
  );
});

test('10,000 damaged .mat files are refused or read', async () => {
  const names = readdirSync(golden).map((name) => name.slice(0, -4));
  await fuzz(
    names.filter((name) => name !== 'four' && name !== 'others').map(bytesOf),
    fuzzCount(10_000),
    (bytes) => readMat(bytes),
    (arrays) => {
      for (const { shape, values } of arrays.values())
        assert.is(
          values.length,
          shape.reduce((product, extent) => product * extent, 1),
        );
    },
  );
});

test('10,000 damaged .mat files of images are refused or read', async () => {
  await fuzz(
    ['images', 'images-plain', 'images-first', 'grey'].map(bytesOf),
    fuzzCount(10_000),
    (bytes) => matDataset(bytes, { as: 'classes' }),
    (data) => {
      const { labels, classes } = data as Dataset;
      assert.ok(labels.every((label) => label < classes.length));
    },
  );
});

test.run();
