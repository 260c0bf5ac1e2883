/** IDX and gzip beyond MNIST: every rank, views into larger buffers, and what a gzip file may hide. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gzipSync } from 'node:zlib';
import { LanewiseError } from '../../src/base/errors.js';
import { gunzip } from '../../src/formats/gzip.js';
import { decodeIdx } from '../../src/formats/idx.js';

/** A header with small extents, and 0, 1, 2 … as elements. */
function idx(type: number, extents: readonly number[]): Uint8Array {
  const size = extents.reduce((product, extent) => product * extent, 1);
  const header = [0, 0, type, extents.length, ...extents.flatMap((extent) => [0, 0, 0, extent])];
  return Uint8Array.from([...header, ...Array.from({ length: size }, (_, i) => i)]);
}

test('ranks 1 to 4 are read, others are refused', () => {
  for (const extents of [[3], [2, 3], [2, 3, 4], [2, 1, 3, 2]]) {
    const { shape, data } = decodeIdx(idx(8, extents), 'good');
    assert.equal(shape, extents);
    assert.equal(
      [...data],
      Array.from({ length: data.length }, (_, i) => i),
    );
  }
  for (const extents of [[], [1, 1, 1, 1, 1]]) {
    assert.throws(() => decodeIdx(idx(8, extents), 'rank'), /'rank': not an IDX file/);
  }
});

test('a view that starts inside a larger buffer is read from its own start', () => {
  const file = idx(8, [2, 2]);
  const larger = new Uint8Array(file.length + 12).fill(0xee);
  larger.set(file, 5);
  const { shape, data } = decodeIdx(larger.subarray(5, 5 + file.length), 'view');
  assert.equal(shape, [2, 2]);
  assert.equal([...data], [0, 1, 2, 3]);
});

test('each other element type is named', () => {
  for (const [type, name] of [
    [0x09, 'int8'],
    [0x0b, 'int16'],
    [0x0c, 'int32'],
    [0x0d, 'float32'],
    [0x0e, 'float64'],
    [0x77, '0x77'],
  ] as const) {
    assert.throws(() => decodeIdx(idx(type, [1]), 'typed'), new RegExp(`of type ${name},`));
  }
});

test('one byte too many is as wrong as one too few', () => {
  const file = idx(8, [5]);
  assert.throws(() => decodeIdx(file.subarray(0, -1), 'short'), /= 5 bytes, 4 follow/);
  assert.throws(() => decodeIdx(Uint8Array.from([...file, 9]), 'long'), /= 5 bytes, 6 follow/);
});

/** The message with which gunzip refuses the bytes. */
async function refusal(bytes: Uint8Array, limitBytes = 1000): Promise<string> {
  try {
    await gunzip(bytes, 'x.gz', limitBytes);
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('gzip contents come back; what is not gzip passes through', async () => {
  const plain = Uint8Array.of(1, 2, 3, 250);
  assert.equal([...(await gunzip(gzipSync(plain), 'x.gz', 4))], [...plain]);
  assert.is(await gunzip(plain, 'x', 1), plain);
});

test('a gzip file cut anywhere, changed, or followed by garbage is refused by name', async () => {
  const zipped = gzipSync(Uint8Array.from({ length: 200 }, (_, i) => (i * i) % 251));
  for (const length of [2, 9, 40, zipped.length - 8, zipped.length - 1]) {
    assert.match(
      await refusal(zipped.subarray(0, length)),
      /^'x.gz': the gzip data is truncated or corrupt/,
    );
  }
  const changed = Uint8Array.from(zipped);
  changed[zipped.length - 6]! ^= 1;
  assert.match(await refusal(changed), /truncated or corrupt/);
  assert.match(await refusal(Uint8Array.from([...zipped, 7, 7, 7, 7])), /truncated or corrupt/);
});

test('the bound on the inflated size holds to the byte', async () => {
  const zipped = gzipSync(new Uint8Array(1000));
  assert.is((await gunzip(zipped, 'x.gz', 1000)).length, 1000);
  assert.match(await refusal(zipped, 999), /inflates to more than the 999 bytes/);
});

test.run();
