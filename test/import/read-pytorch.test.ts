/** PyTorch's files: what PyTorch says is in them, what is refused and how, and files that are damaged. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bfloat16Values, halfValues } from '../../src/formats/half.js';
import type { TensorFile } from '../../src/formats/tensor-file.js';
import { readPyTorch } from '../../src/import/index.js';
import { batchNorm2d, conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { decodeModel } from '../../src/trained/model-file.js';
import { decodeWeights } from '../../src/trained/weights-file.js';
import { zipOf } from '../support/archives.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

const folder = fileURLToPath(new URL('../../../test/golden/torch/', import.meta.url));
const bytesOf = (name: string) => new Uint8Array(readFileSync(folder + name));
const read = (name: string, at?: string) =>
  readPyTorch(bytesOf(name), { name, ...(at === undefined ? {} : { at }) });

type Expected = Record<string, { shape: number[]; dtype: string; values: (number | string)[] }>;
const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Record<
  string,
  Expected | string
>;
const contentsOf = (name: string): Expected => {
  const found = expected[name]!;
  return typeof found === 'string' ? contentsOf(found) : found;
};

/** Our names of PyTorch's types of whole numbers. */
const WHOLE: Readonly<Record<string, string>> = {
  bool: 'BOOL',
  uint8: 'U8',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int64: 'I64',
};

function checkContents(file: TensorFile, contents: Expected, what: string): void {
  const names = [...file.tensors.keys(), ...file.integers.keys()];
  assert.equal(names.toSorted(), Object.keys(contents).toSorted(), what);
  for (const [name, { shape, dtype, values }] of Object.entries(contents)) {
    const whole = file.integers.get(name);
    assert.is(whole?.dtype, WHOLE[dtype], `${what} ${name}`);
    const { shape: own, data } = file.tensors.get(name) ?? { ...whole!, data: whole!.read()! };
    assert.equal(own, shape, `${what} ${name}`);
    assert.equal(data, Float32Array.from(values, Number), `${what} ${name}`);
  }
}

test('every form of file has the tensors, shapes and values that PyTorch says', () => {
  const names = Object.keys(expected);
  assert.ok(names.length > 20);
  for (const name of names) checkContents(read(name), contentsOf(name), name);
});

test('16-bit floats are widened bit by bit, and −0 stays', () => {
  const { tensors } = read('types.pt');
  assert.ok(Object.is(tensors.get('f16')!.data[1], -0));
  const half = Uint16Array.of(0, 0x8000, 0x3e00, 0xc080, 0x7bff, 1, 0x7c00, 0xfc00);
  assert.equal(tensors.get('f16')!.data, halfValues(half));
  const brain = Uint16Array.of(0, 0x8000, 0x3fc0, 0xc010, 0x4780, 0x3381, 0x7f80, 0xff80);
  assert.equal(tensors.get('bf16')!.data, bfloat16Values(brain));
});

test('tied tensors share their values; whole numbers past float32 and complex ones are only named', () => {
  const { tensors } = read('tied.pt');
  assert.is(tensors.get('emb.weight')!.data, tensors.get('out.weight')!.data);
  assert.is(read('large-integer.pt').integers.get('i64')!.read(), undefined);
  assert.equal([...read('complex.pt').others], [['c64', 'C64']]);
});

test('what a file gives is a copy: changing it changes no other reading', () => {
  const bytes = bytesOf('state.pt');
  const first = readPyTorch(bytes).tensors.get('fc.bias')!.data;
  const before = first.slice();
  first.fill(9);
  assert.equal(readPyTorch(bytes).tensors.get('fc.bias')!.data, before);
});

test('the bytes may stand anywhere in their buffer', () => {
  for (const name of ['state.pt', 'views.pt', 'legacy.pt', 'types.pt']) {
    const bytes = bytesOf(name);
    for (const shift of [1, 2, 5]) {
      const all = new Uint8Array(bytes.length + 16);
      all.set(bytes, shift);
      const part = all.subarray(shift, shift + bytes.length);
      checkContents(readPyTorch(part), contentsOf(name), `${name} + ${shift}`);
    }
  }
});

test('the bytes may be a Buffer of Node, whose slices are views', () => {
  for (const name of ['views.pt', 'views-legacy.pt']) {
    const buffer = readFileSync(folder + name);
    const before = Uint8Array.from(buffer);
    checkContents(readPyTorch(buffer), contentsOf(name), name);
    assert.equal(Uint8Array.from(buffer), before);
  }
});

test('the part of a checkpoint that is meant is found, named and can be chosen', async () => {
  assert.equal(read('state.pt').notes, []);
  assert.equal(read('checkpoint.pt').notes, [
    `'checkpoint.pt': the tensors at 'state_dict' of the checkpoint`,
  ]);
  assert.match(read('deep.pt').notes![0]!, /at 'run\.model\.state_dict' of the checkpoint/);
  assert.match(read('two.pt').notes![0]!, /at 'generator', 'discriminator', named after them/);
  assert.equal([...read('two.pt', 'generator').tensors.keys()], ['fc.weight']);
  assert.match(
    await refusal(() => read('two.pt', 'generater')),
    /has no tensors at 'generater', it has some at 'generator', 'discriminator'\ndid you mean 'generator'/,
  );
  assert.match(await refusal(() => read('state.pt', 'model')), /outside of any dictionary/);
  assert.match(
    await refusal(() => read('no-tensors.pt')),
    /holds no tensors of a model\nin Python: torch\.save/,
  );
});

test('every form of a net’s weights goes into the net', async () => {
  const net = sequential(
    {
      conv: conv2d(2, 3, 3),
      norm: batchNorm2d(3),
      act: relu(),
      flat: flatten(),
      fc: linear(12, 4),
    },
    { input: [2, 4, 4] },
  );
  for (const [name, note] of [
    ['state.pt', undefined],
    ['legacy.pt', undefined],
    ['deflated.pt', undefined],
    ['model.pt', /at 'model' of the checkpoint/],
    ['parallel.pt', /at 'state_dict'[^]*'module\.conv\.weight' are those of a wrapped model/],
  ] as const) {
    const { weights, notes } = decodeWeights(net, bytesOf(name), name);
    if (note) assert.match(notes.join('\n'), note);
    else assert.equal(notes, []);
    const { tensors } = read(name);
    const prefix = name === 'parallel.pt' ? 'module.' : '';
    for (const [key, values] of weights)
      assert.equal(values, tensors.get(prefix + key)!.data, `${name} ${key}`);
  }
  const fc = sequential({ fc: linear(2, 2, { bias: false }) }, { input: [2] });
  const names = { generator: '', discriminator: null };
  assert.equal(
    decodeWeights(fc, bytesOf('two.pt'), 'two.pt', { names }).weights.get('fc.weight'),
    read('two.pt', 'generator').tensors.get('fc.weight')!.data,
  );
  assert.match(await refusal(() => decodeModel(bytesOf('state.pt'), 's')), /loadWeights reads/);
});

test('what is not read is named, with the line of Python that makes a readable file', async () => {
  const refusals: [string, RegExp, RegExp][] = [
    [
      'module.pt',
      /is a whole pickled object of torch\.nn\.modules\.container\.Sequential/,
      /torch\.save\(torch\.load\('module\.pt', .*\)\.state_dict\(\), 'weights\.pt'\)/,
    ],
    ['own-module.pt', /is a whole pickled object of __main__\.Net/, /\.state_dict\(\)/],
    [
      'legacy-module.pt',
      /whole pickled object of torch\.nn\.modules\.linear\.Linear/,
      /state_dict/,
    ],
    [
      'object.pt',
      /holds __main__\.Settings, expected nothing but/,
      /\['state_dict'\]; torch\.save/,
    ],
    ['evil.pt', /holds posix\.system, expected nothing but/, /torch\.save/],
    ['script.pt', /is a TorchScript archive/, /torch\.jit\.load\('script\.pt'/],
    ['quantised.pt', /quantised tensors \(.*_rebuild_qtensor/, /float model/],
    ['sparse.pt', /holds .*torch\._utils\._rebuild_sparse_tensor/, /v\.to_dense\(\) for/],
    ['plain.pkl', /is a pickle that torch\.save did not write/, /pickle\.load/],
  ];
  for (const [name, message, hint] of refusals) {
    const [said, way] = (await refusal(() => read(name))).split('\n') as [string, string];
    assert.match(said, message);
    assert.match(way, hint);
  }
});

/** Archives have checksums, behind which only the older form shows what the reader of pickles does. */
const fuzzed = ['state.pt', 'legacy.pt', 'types.pt', 'legacy-4.pt', 'views-legacy.pt'].map(bytesOf);

test('every beginning of a file is refused', async () => {
  for (const bytes of fuzzed) {
    for (let length = 0; length < bytes.length; length += length < 400 ? 1 : 37)
      await refusal(() => readPyTorch(bytes.slice(0, length)));
  }
});

test('damaged files are refused by name, or give tensors of their shapes in bounded memory', () =>
  fuzz(
    fuzzed,
    fuzzCount(10_000),
    (bytes) => ({ file: readPyTorch(bytes), length: bytes.length }),
    ({ file, length }) => {
      let total = 0;
      for (const { shape, data } of file.tensors.values()) {
        assert.is(
          shape.reduce((a, b) => a * b, 1),
          data.length,
        );
        total += data.byteLength;
      }
      assert.ok(total <= 8 * length + 2 ** 26);
    },
  ));

test('a tensor that repeats one value endlessly is refused before memory is taken', async () => {
  // The strided view `expanded`, of shape [2, 3], claims 255 × 255 × … values: its sizes stand in the pickle.
  const bytes = bytesOf('views-legacy.pt');
  const shape = Uint8Array.of(0x4b, 12, 0x4b, 4, 0x86);
  const at = bytes.findIndex((_, i) => shape.every((byte, j) => bytes[i + j] === byte));
  const stride = at + bytes.subarray(at + shape.length).indexOf(0x4b) + shape.length;
  assert.ok(at > 0 && stride > at);
  const big = (n: number) => [0x4a, n & 0xff, (n >> 8) & 0xff, (n >> 16) & 0xff, n >> 24];
  const made = Uint8Array.from([
    ...bytes.subarray(0, at),
    ...big(65_536),
    ...big(65_536),
    0x86,
    ...bytes.subarray(at + shape.length, stride),
    0x4b,
    0,
    0x4b,
    0,
    ...bytes.subarray(stride + 4),
  ]);
  assert.match(
    await refusal(() => readPyTorch(made, { name: 'w' })),
    /tensor 'transposed' of shape 65536×65536 repeats what is stored too often/,
  );
});

/** A file of one pickle and a storage of two floats. */
const pickled = (...code: (string | readonly number[])[]): Uint8Array => {
  const parts = code.map((one) =>
    typeof one === 'string' ? Buffer.from(one, 'latin1') : Uint8Array.from(one),
  );
  return zipOf({
    'a/data.pkl': Buffer.concat([Uint8Array.of(0x80, 2), ...parts, Uint8Array.of(0x2e)]),
    'a/data/0': new Uint8Array(8),
  });
};
const word = (text: string) => [0x58, text.length, 0, 0, 0, ...Buffer.from(text)];
const storage = ['(', word('storage'), 'ctorch\nFloatStorage\n', word('0'), word('cpu'), 'K\x02tQ'];
const rebuild = (...shapeAndStride: (string | readonly number[])[]) => [
  'ctorch._utils\n_rebuild_tensor\n(',
  ...storage,
  'K\x00',
  ...shapeAndStride,
  'tR',
];
const great = [0x8a, 7, 0, 0, 0, 0, 0, 0, 0x10];

test('pickles of odd values are refused by name, or read', async () => {
  const read = (...code: (string | readonly number[])[]) =>
    readPyTorch(pickled(...code), { name: 'w' });
  const plain = read('}', word('v'), ...rebuild('K\x02\x85', 'K\x01\x85'), 's');
  assert.equal(plain.tensors.get('v'), { shape: [2], data: new Float32Array(2) });
  // Lists that hold themselves, as a key, a size, and an id of a storage.
  assert.equal(
    [...read('}', '(', ']q\x00h\x00at', 'Ns', word('v'), ...rebuild('))'), 's').tensors.keys()],
    ['v'],
  );
  for (const code of [
    ['}', word('v'), ...rebuild(']q\x00h\x00a', ')'), 's'],
    [']q\x00h\x00aQ'],
    [']'.repeat(50_000) + 'a'.repeat(49_999) + 'Q'],
  ])
    assert.match(await refusal(() => read(...code)), /'w' has /);
  // 2⁵⁴ × 2⁵⁴ × … × 0 elements are none, and open no door for those that follow.
  const none = rebuild('(', great, great, great, great, 'K\x00t', '(', 'K\0K\0K\0K\0K\0t');
  const endless = rebuild(great, '\x85', 'K\0\x85');
  assert.match(
    await refusal(() => read('}', word('n'), ...none, 's', word('v'), ...endless, 's')),
    /tensor 'v' of shape 4503599627370496 repeats what is stored too often/,
  );
  // Empty dictionaries, and stored places, take a byte each here and hundreds in memory.
  assert.match(
    await refusal(() => read('}\x94'.repeat(2 ** 19 + 1))),
    /has more than 1048576 objects, expected the weights of a model/,
  );
  for (const [code, message] of [
    ['N', /holds no tensors/],
    ['\x85', /takes more from its stack/],
    ['t', /has no mark/],
    ['h\x01', /recalls 1, which it has not stored/],
    ['K\x01K\x02R', /calls with something else than a tuple/],
    ['K\x01)R', /calls something else than a global/],
    ['Ns', /./],
    ['NNNs', /sets items of something else/],
    ['NNa', /appends to something else/],
    ['\xff', /has the opcode 255 at byte 2, which no PyTorch file needs/],
    ['X\xff\xff\xff\xff', /is cut short: 4294967295 bytes are to follow/],
  ] as const)
    assert.match(await refusal(() => read(code)), message);
});

test('wrong arguments are refused', async () => {
  assert.match(await refusal(() => readPyTorch('x' as never)), /bytes is 'x', expected/);
  assert.match(await refusal(() => readPyTorch(fuzzed[0]!, { at: 3 } as never)), /at/);
  assert.match(await refusal(() => readPyTorch(new Uint8Array(4))), /is no PyTorch file/);
});

test.run();
