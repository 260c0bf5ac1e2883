/** NPY and NPZ files as NumPy writes them (test/golden/make_npy.py), and each way in which they can be wrong. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readNpz } from '../../src/data/npz.js';
import { zipOf } from '../support/archives.js';
import { crc32 } from '../../src/formats/crc32.js';
import { decodeNpy } from '../../src/formats/npy.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

interface Golden {
  readonly arrays: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: number[];
    readonly values: number[];
    readonly base64: string;
  }[];
  readonly refused: Readonly<Record<string, string>>;
  readonly npz: { readonly x: number[]; readonly y: number[]; stored: string; deflated: string };
}
const golden = JSON.parse(
  readFileSync(new URL('../../../test/golden/npy.json', import.meta.url), 'utf8'),
) as Golden;
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

for (const { name, dtype, shape, values, base64 } of golden.arrays) {
  test(`reads what NumPy wrote: ${name}`, () => {
    const read = decodeNpy(bytesOf(base64), 'a.npy');
    assert.equal(read.shape, shape);
    assert.is(read.dtype, dtype.slice(1));
    assert.equal(Array.from(read.values), values);
  });
}

/** A file with the given header. */
function file(header: string, dataBytes: number, version = [1, 0], length = header.length) {
  const size = version[0] === 1 ? 2 : 4;
  const bytes = new Uint8Array(8 + size + header.length + dataBytes);
  bytes.set([0x93, ...Buffer.from('NUMPY'), ...version]);
  const view = new DataView(bytes.buffer);
  if (size === 2) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(Buffer.from(header, 'latin1'), 8 + size);
  return bytes;
}
const header = (descr: string, shape: string, rest = '') =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, ${rest}}`;

test('other spellings of the same header are read', () => {
  for (const text of [
    `{"shape":(2,),"descr":"<i2","fortran_order":False}`,
    `  {'fortran_order' : False,'shape' : ( 2L , ),'descr':'<i2',  }  \n`,
    header("'=i2'", '(1, 2)'),
  ])
    assert.is(decodeNpy(file(text, 4), 'x').values.length, 2);
});

const refused: readonly (readonly [bytes: Uint8Array, message: RegExp])[] = [
  [bytesOf(golden.refused['complex']!), /elements of type '<c8', expected bool/],
  [bytesOf(golden.refused['text']!), /elements of type '<U2'/],
  [bytesOf(golden.refused['date']!), /elements of type '<M8\[D\]'/],
  [bytesOf(golden.refused['object']!), /elements of type '\|O'/],
  [bytesOf(golden.refused['record']!), /describes records/],
  [bytesOf(golden.refused['large i8']!), /element 0 is 2147483648, expected what int32 can hold/],
  [bytesOf(golden.refused['large u8']!), /element 0 is 9223372036854775808/],
  [new Uint8Array(), /not an NPY file: it starts with ""/],
  [Uint8Array.of(0x50, 0x4b, 3, 4), /not an NPY file/],
  [file('{}', 0, [4, 0]), /NPY version 4\.0/],
  [file('{}', 0, [1, 1]), /NPY version 1\.1/],
  [file('{}', 0).subarray(0, 9), /9 bytes are too short/],
  [file('{}', 0, [2, 0], 2 ** 32 - 1), /header would have 4294967295 bytes/],
  [file('{}', 0, [1, 0], 100), /cut short: its header has 100 bytes/],
  [file('{}', 0), /lacks 'descr'/],
  [file('descr', 0), /is not a dictionary/],
  [file(header("'<f4'", '(2,)'), 7), /\(2\) of '<f4' = 8 bytes, 7 follow/],
  [file(header("'<f4'", '(2,)'), 9), /= 8 bytes, 9 follow/],
  [file(header("'<f4'", '(1152921504606846976, 16)'), 8), /no tuple of whole numbers as 'shape'/],
  [file(header("'<f4'", '(4503599627370496, 4503599627370496)'), 8), /8 follow/],
  [file(header("'<f4'", '(2)'), 8), /no tuple of whole numbers as 'shape'/],
  [file(header("'<f4'", '(-2,)'), 8), /is not as NumPy writes it/],
  [file(header("'<f4'", '(2.0,)'), 8), /is not as NumPy writes it/],
  [file(header("'<f4'", '(2,,)'), 8), /no tuple/],
  [file(header("'<f4'", `(${'1,'.repeat(33)})`), 4), /no tuple/],
  [file(header("'<f4'", '(2,)', "'shape': (2,)"), 8), /has 'shape' twice/],
  [file(header("'<f4'", '(2,)', "'x': ''"), 8), /lacks .* or has more/],
  [file(header("__import__('os')", '(2,)'), 8), /is not as NumPy writes it/],
  [file(header("'|f4'", '(2,)'), 8), /elements of type '\|f4'/],
  [file(header("'<toString'", '(2,)'), 8), /elements of type '<toString'/],
  [file(header("''", '(2,)'), 8), /elements of type ''/],
];

for (const [i, [bytes, message]] of refused.entries()) {
  test(`refuses ${i}: ${message.source}`, async () => {
    const found = await refusal(() => decodeNpy(bytes, 'a.npy'));
    assert.match(found, /^'a\.npy'/);
    assert.match(found, message);
  });
}

test('the checksum is that of the standard', () => {
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
  assert.is(crc32(new Uint8Array()), 0);
});

for (const kind of ['stored', 'deflated'] as const) {
  const bytes = bytesOf(golden.npz[kind]);

  test(`reads an NPZ file, ${kind}`, async () => {
    const arrays = await readNpz(bytes);
    assert.equal([...arrays.keys()], ['x', 'y']);
    assert.equal(arrays.get('x')!.shape, [4, 3, 3]);
    assert.equal([...arrays.get('x')!.values], golden.npz.x);
    assert.equal([...arrays.get('y')!.values], golden.npz.y);
    assert.equal([...(await readNpz(bytes, { names: ['y'] })).keys()], ['y']);
    assert.match(
      await refusal(() => readNpz(bytes, { names: ['Y'] })),
      /^'npz' has no array 'Y', it has x, y/,
    );
    assert.match(
      await refusal(() => readNpz(bytes, { limitBytes: 200 })),
      /'y\.npy' in it claims 160 bytes, expected at most 200/,
    );
  });

  test(`refuses an NPZ file, ${kind}, that is cut anywhere`, async () => {
    for (let length = 0; length < bytes.length; length++)
      assert.match(
        await refusal(() => readNpz(bytes.subarray(0, length))),
        /^'npz': not a whole ZIP/,
      );
  });
}

test('elements that changed in an archive differ from their checksum', async () => {
  const changed = bytesOf(golden.npz.stored);
  const at = Buffer.from(changed).indexOf('\n', 130) + 5;
  changed[at]! ^= 1;
  assert.match(await refusal(() => readNpz(changed)), /'x\.npy' in it is corrupt: its checksum/);
});

test('an archive bomb is refused by what it claims, and one that lies by what comes out', async () => {
  const bytes = bytesOf(golden.npz.deflated);
  const directory = Buffer.from(bytes).indexOf('PK\x01\x02', 0, 'latin1');
  const claim = (size: number) => {
    const changed = Uint8Array.from(bytes);
    new DataView(changed.buffer).setUint32(directory + 24, size, true);
    return changed;
  };
  assert.match(
    await refusal(() => readNpz(claim(2 ** 31))),
    /'x\.npy' in it claims 2147483648 bytes, expected at most \d+/,
  );
  const pointer = Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00');
  assert.match(
    await refusal(() => readNpz(pointer)),
    /whole ZIP archive: it is a Git LFS pointer, not the file itself\ngit lfs pull fetches it$/,
  );
  assert.match(await refusal(() => readNpz(claim(100))), /not a whole ZIP archive: too many bytes/);
  assert.match(await refusal(() => readNpz(claim(300))), /not a whole ZIP archive: not enough/);
});

test('damaged NPY files are refused, or read as arrays of their shape', async () => {
  const files = golden.arrays.map(({ base64 }) => bytesOf(base64));
  await fuzz(
    files,
    fuzzCount(10_000),
    (bytes) => decodeNpy(bytes, 'x'),
    ({ shape, values }) =>
      assert.is(
        values.length,
        shape.reduce((a, b) => a * b, 1),
      ),
  );
});

test('damaged NPZ files are refused, or read as arrays of their shape', async () => {
  const files = [bytesOf(golden.npz.stored), bytesOf(golden.npz.deflated)];
  await fuzz(
    files,
    fuzzCount(10_000),
    (bytes) => readNpz(bytes),
    (arrays) => {
      for (const { shape, values } of arrays.values())
        assert.is(
          values.length,
          shape.reduce((a, b) => a * b, 1),
        );
    },
  );
});

test('an archive of other files is told from one of arrays', async () => {
  const torch = zipOf({
    'archive/data.pkl': Uint8Array.of(128),
    'archive/data/0': new Uint8Array(8),
  });
  assert.match(
    await refusal(() => readNpz(torch)),
    /has no array: it is a PyTorch file, with archive\/data\.pkl[^]*readPyTorch of 'lanewise\/import'/,
  );
  assert.match(
    await refusal(() => readNpz(zipOf({ 'a.txt': Uint8Array.of(1) }))),
    /has no array: in it there is a\.txt/,
  );
  const array = Uint8Array.from(
    Buffer.concat([
      Buffer.from('\u0093NUMPY\u0001\0\u0076\0', 'latin1'),
      Buffer.from("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }".padEnd(117) + '\n'),
      Uint8Array.of(3, 4),
    ]),
  );
  const mixed = zipOf({ 'x.npy': array, 'readme.txt': Uint8Array.of(1) });
  assert.match(
    await refusal(() => readNpz(mixed)),
    /has 'readme\.txt' in it, which is not an array/,
  );
  assert.equal([...(await readNpz(mixed, { names: ['x'] })).get('x')!.values], [3, 4]);
});

test.run();
