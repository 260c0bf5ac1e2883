/** safetensors: the same bytes as the reference implementation, and each breach of its rules by name. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';

interface Golden {
  readonly base64: string;
  readonly tensors: Record<string, { shape: number[]; values: number[] }>;
}
const goldenFile = new URL('../../../test/golden/safetensors-files.json', import.meta.url);
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Record<'floats' | 'mixed', Golden>;
const bytesOf = ({ base64 }: Golden): Uint8Array => Buffer.from(base64, 'base64');

/** A file with the given header, padded or not, and `dataBytes` bytes of data. */
function file(header: string | Uint8Array, dataBytes: number): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (name: string, shape: string, offsets: string, dtype = '"F32"') =>
  `"${name}":{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;

function refusal(bytes: Uint8Array): string {
  try {
    decodeSafetensors(bytes, 'w.safetensors');
  } catch (error) {
    assert.instance(error, LanewiseError);
    assert.is((error as LanewiseError).kind, 'file');
    return (error as LanewiseError).message;
  }
  throw new Error('the file was accepted');
}

const sameBits = (a: Float32Array, b: Float32Array) =>
  assert.equal(new Uint32Array(a.buffer), new Uint32Array(b.buffer));

test('writes the bytes that the reference implementation writes', () => {
  const { tensors } = golden.floats;
  // It sorts tensors by name.
  const sorted = Object.entries(tensors).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const stored = sorted.map(
    ([name, { shape, values }]) => [name, { shape, data: Float32Array.from(values) }] as const,
  );
  const bytes = encodeSafetensors(new Map(stored), { format: 'pt' });
  assert.ok(Buffer.from(bytes).equals(bytesOf(golden.floats)));
});

test('reads what the reference implementation wrote, other floats as float32', () => {
  for (const { base64, tensors } of Object.values(golden)) {
    const read = decodeSafetensors(Buffer.from(base64, 'base64'), 'golden');
    assert.equal([...read.tensors.keys()].toSorted(), Object.keys(tensors).toSorted());
    for (const [name, { shape, values }] of Object.entries(tensors)) {
      assert.equal(read.tensors.get(name)!.shape, shape);
      sameBits(read.tensors.get(name)!.data, Float32Array.from(values));
    }
  }
  assert.equal(decodeSafetensors(bytesOf(golden.floats), 'golden').metadata, { format: 'pt' });
});

test('reads every one of the 65,536 half-precision values exactly', () => {
  const header = `{${entry('h', '[65536]', '[0,131072]', '"F16"')}}`;
  const bytes = file(header, 131072);
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  bytes.set(new Uint8Array(halves.buffer), 8 + header.length);
  const { data } = decodeSafetensors(bytes, 'h').tensors.get('h')!;
  for (let half = 0; half < 65536; half++) {
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const size =
      exponent === 31
        ? fraction
          ? NaN
          : Infinity
        : exponent
          ? (1 + fraction / 1024) * 2 ** (exponent - 15)
          : (fraction / 1024) * 2 ** -14;
    const expected = half & 0x8000 ? -size : size;
    if (!Object.is(data[half], expected)) assert.is(data[half], expected, `half ${half}`);
  }
});

test('tensors of types that weights are not stored in are named alone', () => {
  const header = [
    entry('steps', '[1]', '[0,8]', '"I64"'),
    entry('mask', '[3]', '[8,11]', '"BOOL"'),
    entry('w', '[1]', '[11,15]'),
  ];
  const { tensors, others } = decodeSafetensors(file(`{${header.join()}}`, 15), 'w.safetensors');
  assert.equal([...tensors.keys()], ['w']);
  assert.equal(
    [...others],
    [
      ['steps', 'I64'],
      ['mask', 'BOOL'],
    ],
  );
});

test('keeps order, names, metadata and every bit through a round trip', () => {
  const values = Uint32Array.from([0x7fc00001, 0x80000000, 1, 0xff800000, 0x3f800000, 42]);
  const tensors = new Map([
    ['10', { shape: [2, 3], data: new Float32Array(values.buffer) }],
    ['2', { shape: [], data: Float32Array.of(7) }],
    ['__proto__', { shape: [0, 4], data: new Float32Array() }],
  ]);
  const metadata = { architecture: '{"layers":[{"name":"c1\\n"}]}', b: '数' };
  const bytes = encodeSafetensors(tensors, metadata);
  assert.is(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
  const read = decodeSafetensors(bytes, 'round trip');
  assert.equal(read.metadata, metadata);
  // An empty tensor may come before or after its neighbour: it has no bytes.
  assert.equal([...read.tensors.keys()], ['10', '2', '__proto__']);
  sameBits(read.tensors.get('10')!.data, tensors.get('10')!.data);
  assert.equal(read.tensors.get('2')!.shape, []);
  assert.equal(encodeSafetensors(read.tensors, read.metadata), bytes);
});

test('reads from the middle of a larger buffer and gives copies', () => {
  const bytes = encodeSafetensors(new Map([['x', { shape: [1], data: Float32Array.of(3) }]]), {});
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  const { tensors } = decodeSafetensors(larger.subarray(3), 'middle');
  larger.fill(0);
  assert.is(tensors.get('x')!.data[0], 3);
});

test('will not write what cannot be read back', () => {
  const one = { shape: [1], data: Float32Array.of(1) };
  const write = (name: string, tensor = one, metadata = {}) =>
    encodeSafetensors(new Map([[name, tensor]]), metadata);
  assert.throws(() => write('x', { ...one, shape: [2] }), /shape \[2\]: it holds 1 values/);
  assert.throws(() => write('__metadata__'), /'__metadata__'.* its name is reserved/);
  assert.throws(() => write('\ud800'), /not valid Unicode/);
  assert.throws(() => write('x', one, { key: '\udc00' }), /not valid Unicode/);
});

const refusals: readonly (readonly [what: string, bytes: Uint8Array, message: RegExp])[] = [
  ['a file of 5 bytes', new Uint8Array(5), /not a safetensors file: it has 5 bytes/],
  ['an empty header', file('', 0), /header starts with "", not '\{'/],
  [
    'a header longer than allowed',
    Uint8Array.of(1, 0xe1, 0xf5, 5, 0, 0, 0, 0, 0x7b),
    /header would have 100000001 bytes, at most 100000000/,
  ],
  [
    'another kind of file',
    Buffer.from('#!/bin/sh\nexit'),
    /; it begins with '#!\/bin\/sh\\u\{a\}exit'$/,
  ],
  [
    'a header of 17 MB',
    Uint8Array.of(0, 0, 4, 1, 0, 0, 0, 0, 0x7b),
    /has a header of 17039360 bytes, at most 16777216 are read/,
  ],
  ['brackets in brackets', file(`{"x":${'['.repeat(2 ** 23)}`, 0), /nests brackets 10001 deep/],
  [
    'a type of a million characters',
    file(`{${entry('x', '[1]', '[0,4]', `"${'F'.repeat(1e6)}"`)}}`, 4),
    /^'w\.safetensors': tensor 'x' has the unknown dtype "F{99}… \(1000002 characters\)$/,
  ],
  [
    'a tensor of a name of a million characters',
    file(`{${entry('x'.repeat(1e6), '[1]', '[0,4]', '"Q"')}}`, 4),
    /tensor 'x{100}… \(1000000 characters\)' has the unknown dtype "Q"$/,
  ],
  [
    'a shape of a million numbers',
    file(`{${entry('x', `[${'1,'.repeat(1e6)}2]`, '[0,4]')}}`, 4),
    /shape \[(1, ){33}1… \(3000001 characters\)\] needs/,
  ],
  [
    'a length of 2⁶⁴ − 1',
    new Uint8Array(20).fill(255),
    /would have 18446744073709551615 bytes, at most 100000000/,
  ],
  [
    'a header beyond the end',
    file(`{${entry('x', '[1]', '[0,4]')}}`, 4).subarray(0, 30),
    /is cut short: its header has 54 bytes, the file 22/,
  ],
  [
    'data beyond the end',
    file(`{${entry('x', '[1]', '[0,4]')}}`, 3),
    /is cut short: tensor 'x' ends at byte 4 of the data, the file has 3/,
  ],
  ['bytes behind the data', file(`{${entry('x', '[1]', '[0,4]')}}`, 9), /9 bytes .* cover 4/],
  ['data without tensors', file('{}', 1), /1 bytes of data, its tensors cover 0/],
  ['UTF-8 that is not', file(Uint8Array.of(0x7b, 0xff, 0x7d), 0), /not valid UTF-8/],
  ['a byte order mark', file('\ufeff{}', 0), /header starts with/],
  ['a header that is a list', file('[]', 0), /header starts with "\[", not '\{'/],
  ['broken JSON', file('{"x":', 0), /header is not JSON/],
  ['two JSON values', file('{}{}', 0), /header is not JSON/],
  ['padding by line feeds', file('{}  \n', 0), /padded with other characters than spaces/],
  [
    'a tensor twice',
    file(`{${entry('x', '[1]', '[0,4]')},${entry('x', '[1]', '[4,8]')}}`, 8),
    /key 'x' twice/,
  ],
  [
    'a tensor twice, once escaped',
    file(`{${entry('x', '[1]', '[0,4]')},${entry('\\u0078', '[1]', '[4,8]')}}`, 8),
    /key 'x' twice/,
  ],
  [
    'a key of a tensor twice',
    file('{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
    /key 'dtype' twice/,
  ],
  ['metadata twice', file('{"__metadata__":{},"__metadata__" :{}}', 0), /'__metadata__' twice/],
  ['a metadata key twice', file('{"__metadata__":{"a":"}","a":"1"}}', 0), /key 'a' twice/],
  ['metadata that is a list', file('{"__metadata__":[]}', 0), /__metadata__ is not an object/],
  ['metadata that is null', file('{"__metadata__":null}', 0), /__metadata__ is not an object/],
  ['a metadata number', file('{"__metadata__":{"a":1}}', 0), /has 1 for 'a', not a text/],
  [
    'half a surrogate',
    file('{"__metadata__":{"a":"\\ud800"}}', 0),
    /'a' that is not valid Unicode/,
  ],
  ['half a surrogate as a name', file('{"\\udc00":{}}', 0), /key that is not valid Unicode/],
  ['a tensor that is a number', file('{"x":1}', 0), /'x' is described by something else/],
  ['an unknown dtype', file(`{${entry('x', '[1]', '[0,4]', '"F31"')}}`, 4), /dtype "F31"/],
  [
    'a dtype called like a method',
    file(`{${entry('x', '[1]', '[0,4]', '"toString"')}}`, 4),
    /unknown dtype "toString"/,
  ],
  ['no dtype', file('{"x":{"shape":[],"data_offsets":[0,4]}}', 4), /unknown dtype none/],
  ['no shape', file('{"x":{"dtype":"F32","data_offsets":[0,4]}}', 4), /shape none/],
  ['no offsets', file('{"x":{"dtype":"F32","shape":[]}}', 4), /data_offsets none/],
  ['a negative extent', file(`{${entry('x', '[-1]', '[0,4]')}}`, 4), /number -1, expected digits/],
  ['a fractional extent', file(`{${entry('x', '[1.0]', '[0,4]')}}`, 4), /number 1\.0/],
  ['an extent as 1e0', file(`{${entry('x', '[1e0]', '[0,4]')}}`, 4), /number 1e0/],
  ['an extent as text', file(`{${entry('x', '["1"]', '[0,4]')}}`, 4), /shape \["1"\]/],
  [
    'a shape that overflows',
    file(`{${entry('x', '[4294967296,4294967296,0]', '[0,0]')}}`, 0),
    /'x' of shape \[4294967296, 4294967296, 0\] has more elements than can be counted/,
  ],
  [
    'an extent beyond 2⁵³',
    file(`{${entry('x', '[18446744073709551616]', '[0,0]')}}`, 0),
    /shape \[18446744073709552000\], expected whole numbers/,
  ],
  ['three offsets', file(`{${entry('x', '[1]', '[0,4,8]')}}`, 4), /data_offsets \[0,4,8\]/],
  ['offsets backwards', file(`{${entry('x', '[1]', '[4,0]')}}`, 4), /ends at byte 0, before .* 4/],
  [
    'offsets that disagree with the shape',
    file(`{${entry('x', '[2,3]', '[0,20]')}}`, 20),
    /'x' of F32 and shape \[2, 3\] needs 24 bytes, its data_offsets \[0, 20\] give it 20/,
  ],
  [
    'values that do not fill their bytes',
    file(`{${entry('x', '[3]', '[0,2]', '"F4"')}}`, 2),
    /'x' of F4 and shape \[3\] needs 1\.5 bytes/,
  ],
  [
    'a hole',
    file(`{${entry('x', '[1]', '[0,4]')},${entry('y', '[1]', '[8,12]')}}`, 12),
    /'y' leaves a hole: it begins at byte 8 of the data, expected 4/,
  ],
  ['a hole at the start', file(`{${entry('x', '[1]', '[4,8]')}}`, 8), /'x' leaves a hole/],
  [
    'overlapping tensors',
    file(`{${entry('y', '[2]', '[4,12]')},${entry('x', '[2]', '[0,8]')}}`, 12),
    /'y' overlaps another tensor: it begins at byte 4 of the data, expected 8/,
  ],
];

for (const [what, bytes, message] of refusals) {
  test(`refuses ${what}`, () => {
    const found = refusal(bytes);
    assert.match(found, message);
    assert.match(found, /'w\.safetensors'/);
  });
}

test('refuses a valid file cut at any byte, and a header of brackets without end', () => {
  const bytes = bytesOf(golden.floats);
  for (let length = 0; length < bytes.length; length++) refusal(bytes.subarray(0, length));
  refusal(file(`{"x":${'['.repeat(100_000)}`, 0));
  assert.match(
    refusal(file(`{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`, 0)),
    /'x' is described by something else/,
  );
});

test.run();
