/** HDF5 files as h5py writes them (test/golden/make_hdf5.py). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { openHdf5, type Hdf5Dataset, type Hdf5Group } from '../../src/import/hdf5/hdf5.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { loadGolden } from '../support/golden.js';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly tensors: Readonly<Record<string, { shape: number[]; values: number[] }>>;
  readonly refuses?: string;
}

const cases = loadGolden<Case>('hdf5');
const bytesOf = ({ file }: Case): Uint8Array => Uint8Array.from(Buffer.from(file, 'base64'));

function* datasetsIn(group: Hdf5Group, before = ''): Generator<[string, Hdf5Dataset]> {
  for (const [name, object] of group.members) {
    if (object.kind === 'group') yield* datasetsIn(object, `${before}${name}/`);
    if (object.kind === 'dataset') yield [`${before}${name}`, object];
  }
}

const valuesIn = (bytes: Uint8Array): [string, Float32Array][] =>
  [...datasetsIn(openHdf5(bytes, 'a.h5'))].map(([name, one]) => [name, one.values()]);

for (const one of cases) {
  const { name, tensors, refuses } = one;
  test(refuses ? `'${name}' is refused by name` : `'${name}' has h5py's values`, () => {
    if (refuses) {
      assert.throws(
        () => valuesIn(bytesOf(one)),
        (error: unknown) => error instanceof LanewiseError && error.message.includes(refuses),
      );
      return;
    }
    // In a buffer of something else, at an odd place, as files are read in Node.
    const bytes = Buffer.concat([Buffer.alloc(1), bytesOf(one)]).subarray(1);
    const found = new Map(datasetsIn(openHdf5(bytes, 'a.h5')));
    for (const [path, { shape, values }] of Object.entries(tensors)) {
      assert.equal(found.get(path)?.shape, shape, path);
      assert.equal([...found.get(path)!.values()], values, path);
    }
  });
}

test('attributes are texts and numbers of every form', () => {
  const { attributes, members } = openHdf5(
    bytesOf(cases.find(({ name }) => name === 'attributes')!),
    'a.h5',
  );
  assert.equal(attributes.get('bytes'), ['plain text']);
  assert.equal(attributes.get('text'), ['täxt']);
  assert.equal(attributes.get('long'), ['x'.repeat(40_000)]);
  assert.equal(attributes.get('fixed'), ['kernel:0', 'bias:0']);
  assert.equal(attributes.get('lists'), ['a', 'bb', 'ü'.repeat(20)]);
  assert.equal([...attributes.get('number')!], [2.5]);
  assert.equal([...attributes.get('numbers')!], [0, 1, 2]);
  const inner = members.get('of')!.attributes;
  assert.is(inner.size, 30);
  assert.is(inner.get('attribute29')![19], 'layer_29_19');
});

test('a part of a file, and 10,000 damaged files, are refused by name or read', async () => {
  const files = cases.filter(({ name }) => name !== 'attributes' && name !== 'many').map(bytesOf);
  await fuzz(files, fuzzCount(10_000), valuesIn, (found) => {
    for (const [, values] of found) assert.instance(values, Float32Array);
  });
});

test.run();
