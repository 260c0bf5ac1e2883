/** Data sets from arrays in memory and from NumPy's files. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrays, type ArraysOptions } from '../../src/data/arrays.js';
import { npyDataset } from '../../src/data/npy-set.js';
import { npzDataset } from '../../src/data/npz.js';
import type { Dataset, TensorDataset } from '../../src/data/dataset.js';
import { refusal } from '../support/refusal.js';

function images(data: Dataset | TensorDataset): Dataset {
  if ('inputs' in data) throw new Error('expected images');
  return data;
}

function fields(data: Dataset | TensorDataset): TensorDataset {
  if (!('inputs' in data)) throw new Error('expected fields');
  return data;
}

test('samples with labels are fields, or images where the shape has three extents', () => {
  const data = fields(arrays({ samples: [1, 2, 3, 4], labels: [1, 0] }));
  assert.equal(data.inputs, { input: { shape: [2], values: Float32Array.of(1, 2, 3, 4) } });
  assert.equal(data.targets, { output: { shape: [], values: Int32Array.of(1, 0) } });

  const samples = Uint8Array.of(1, 2, 3, 4);
  const pictures = images(
    arrays({ samples, labels: ['cat', 'ant'], shape: [1, 1, 2], name: 'pets' }),
  );
  assert.is(pictures.samples, samples);
  assert.equal(
    [pictures.name, pictures.classes, [...pictures.labels]],
    ['pets', ['ant', 'cat'], [1, 0]],
  );
  assert.equal(images(arrays({ samples, labels: Uint8Array.of(2, 0), shape: [1, 1, 2] })).classes, [
    '0',
    '1',
    '2',
  ]);
  const given = { samples, labels: ['b', 'a'], shape: [1, 2, 1], classes: ['b', 'a', 'c'] };
  assert.equal([...images(arrays(given)).labels], [0, 1]);
});

test('lists of arrays, one a sample; targets that are numbers', () => {
  const rows = [Float64Array.of(1, 2), [3, 4], new Uint8Array(2)];
  const data = fields(arrays({ samples: rows, targets: [5, 6, 7] }));
  assert.equal(data.inputs['input'], { shape: [2], values: Float32Array.of(1, 2, 3, 4, 0, 0) });
  assert.equal(data.targets['output'], { shape: [1], values: Float32Array.of(5, 6, 7) });
  const pairs = fields(
    arrays({
      samples: [9, 8],
      targets: [
        [1, 2],
        [3, 4],
      ],
    }),
  );
  assert.equal(pairs.inputs['input']!.shape, [1]);
  assert.equal(pairs.targets['output'], { shape: [2], values: Float32Array.of(1, 2, 3, 4) });
  const flat = fields(arrays({ samples: [9, 8, 7, 6], targets: [1, 2, 3, 4], shape: [2] }));
  assert.equal(flat.targets['output']!.shape, [2]);
  // Targets of bytes are numbers as they are, not parts of 255.
  const bytes = fields(arrays({ samples: [1, 2], targets: Uint8Array.of(0, 255) }));
  assert.equal(bytes.targets['output']!.values, Float32Array.of(0, 255));
});

const wrong: readonly (readonly [options: unknown, message: RegExp])[] = [
  [{ samples: [1] }, /neither labels nor targets are given/],
  [{ samples: [1], labels: [0], targets: [1] }, /labels and targets are both given/],
  [{ samples: [1, 2, 3], labels: [0, 1] }, /samples of 'arrays': 3 values are not 2 samples/],
  [{ samples: [1, 2, 3], labels: [0, 1], shape: [1] }, /samples of 'arrays': 3, expected 2/],
  [{ samples: [[1, 2], [3]], labels: [0, 1] }, /sample 1 has 1 values, sample 0 has 2/],
  [{ samples: [[1], [2]], labels: [0] }, /samples of 'arrays': 2, expected 1/],
  [{ samples: [1, NaN], labels: [0, 1] }, /NaN at 1, expected a finite number/],
  [{ samples: [1, 1e39], labels: [0, 1] }, /Infinity at 1/],
  [
    { samples: [1, 2], labels: [0, 0.5] },
    /label 0.5 of sample 1, expected a whole number of 0–65535/,
  ],
  [{ samples: [1, 2], labels: [0, -1] }, /label -1 of sample 1/],
  [{ samples: [1, 2], labels: [0, 2], classes: ['a', 'b'] }, /label 2 of sample 1, .* 0–1/],
  [
    { samples: [1, 2], labels: ['a', 'x'], classes: ['a', 'b'] },
    /label x of sample 1, expected one of a, b/,
  ],
  [{ samples: 7, labels: [0] }, /samples of 'arrays' are 7, expected a list/],
  [{ samples: [1], labels: 'a' }, /labels of 'arrays' are a, expected a list/],
  [{ samples: [], labels: [] }, /not 0 samples|has no samples/],
];

for (const [options, message] of wrong) {
  test(`refuses ${JSON.stringify(options)}`, async () => {
    assert.match(await refusal(() => arrays(options as ArraysOptions)), message);
  });
}

const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/npy.json', import.meta.url), 'utf8'),
) as {
  npz: { x: number[]; y: number[]; stored: string };
  arrays: { name: string; base64: string }[];
};
const npz = Uint8Array.from(Buffer.from(golden.npz.stored, 'base64'));

test('an NPZ file of samples and labels, in the shape that is wanted', async () => {
  const data = fields(await npzDataset(npz));
  assert.equal(data.inputs['input']!.shape, [3, 3]);
  assert.equal(data.targets['output'], { shape: [], values: Int32Array.of(0, 2, 1, 2) });
  const pictures = images(await npzDataset(npz, { shape: [1, 3, 3], classes: ['a', 'b', 'c'] }));
  assert.equal(pictures.samples, Uint8Array.from(golden.npz.x));
  assert.equal(
    [pictures.shape, pictures.classes],
    [
      [1, 3, 3],
      ['a', 'b', 'c'],
    ],
  );
  const run = (options: object) => refusal(() => npzDataset(npz, options));
  assert.match(await run({ samples: 'X' }), /'npz' has no array 'X', it has x, y/);
  assert.match(await run({ shape: [1, 28, 28] }), /holds samples of 3×3, which cannot .* 1×28×28/);
  assert.match(
    await run({ classes: ['a'] }),
    /label 2 of sample 1, expected a whole number of 0–0/,
  );
  assert.match(await run({ channelsLast: true }), /samples of 3×3, expected height × width × chan/);
});

test('NPY files: channels last, targets that are numbers, counts that differ', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-npy-'));
  const write = async (name: string, descr: string, shape: string, data: ArrayBufferView) => {
    const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}}`;
    const path = join(folder, name);
    const length = Uint8Array.of(header.length, 0);
    const values = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await writeFile(path, [
      Buffer.from('\x93NUMPY\x01\0', 'latin1'),
      length,
      Buffer.from(header),
      values,
    ]);
    return path;
  };
  try {
    const x = await write(
      'x.npy',
      '|u1',
      '(2, 1, 2, 3)',
      Uint8Array.from({ length: 12 }, (_, i) => i),
    );
    const y = await write('y.npy', '<f8', '(2,)', Float64Array.of(0.5, 2));
    const truth = await write('t.npy', '|b1', '(2, 1)', Uint8Array.of(1, 0));
    const three = await write('z.npy', '<i4', '(3,)', Int32Array.of(1, 2, 3));
    const none = await write('e.npy', '<f4', '(0, 3)', new Float32Array());
    const nan = await write('nan.npy', '<f4', '(2,)', Float32Array.of(1, NaN));
    const masks = await write('m.npy', '<i4', '(2, 2)', Int32Array.of(1, 2, 3, 4));

    const data = fields(await npyDataset(x, y, { channelsLast: true }));
    assert.equal(data.inputs['input'], {
      shape: [3, 1, 2],
      values: Uint8Array.of(0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11),
    });
    assert.equal(data.targets['output'], { shape: [1], values: Float32Array.of(0.5, 2) });
    assert.equal([...images(await npyDataset(x, truth)).labels], [1, 0]);
    const segmented = fields(await npyDataset(x, masks));
    assert.equal(segmented.targets['output'], { shape: [2], values: Int32Array.of(1, 2, 3, 4) });

    assert.match(
      await refusal(() => npyDataset(x, three)),
      /x\.npy' holds 2 samples, '.*z\.npy' 3/,
    );
    assert.match(await refusal(() => npyDataset(none, y)), /shape \(0, 3\), expected one or more/);
    assert.match(await refusal(() => npyDataset(nan, truth)), /nan\.npy': NaN at 1/);
    assert.match(await refusal(() => npyDataset(x, join(folder, 'no'))), /cannot read NPY '.*no'/);
    assert.match(await refusal(() => npzDataset(x)), /x\.npy': not a whole ZIP archive/);
    assert.match(
      await refusal(() => npzDataset(join(folder, 'no'))),
      /cannot read ZIP archive '.*no': there is no such/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
