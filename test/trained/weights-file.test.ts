/**
 * Weights of other programs' files: names mapped to the model's, files with some of the tensors or others besides,
 * shapes that do not fit; and files damaged at random, which end in a named refusal or in the weights they hold.
 */
// slow: writes and reads many files
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { digits } from '../../src/data/digits/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import {
  batchNorm2d,
  conv2d,
  embedding,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
} from '../../src/layers/index.js';
import { loadPartialWeights, loadWeights } from '../../src/trained/model-store.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import type { NameMap } from '../../src/trained/name-map.js';
import { decodePartialWeights, decodeWeights } from '../../src/trained/weights-file.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { createDraw, numbers } from '../support/numbers.js';

/** Trained by test/golden/make_pretrained.py: digits 0 to 4. */
const path = fileURLToPath(new URL('../../../test/golden/pytorch.safetensors', import.meta.url));
const bytes = new Uint8Array(readFileSync(path));
const file = decodeSafetensors(bytes, 'pytorch');

const netOf = (classes: number) =>
  sequential(
    {
      conv1: conv2d(1, 8, 5),
      norm1: batchNorm2d(8),
      act1: relu(),
      pool1: maxPool2d(2),
      conv2: conv2d(8, 16, 5),
      norm2: batchNorm2d(16),
      act2: relu(),
      pool2: maxPool2d(2),
      flat: flatten(),
      fc1: linear(256, 64),
      act3: relu(),
      fc2: linear(64, classes),
    },
    { input: [1, 28, 28], mean: 0.1307, deviation: 0.3081 },
  );
const net = netOf(5);
const names: NameMap = {
  'features.0': 'conv1',
  'features.1': 'norm1',
  'features.4': 'conv2',
  'features.5': 'norm2',
  'classifier.0': 'fc1',
  'classifier.2': 'fc2',
};

test('a net that PyTorch trained is as good here', async () => {
  const model = await loadWeights(net, path, { names, numerics: 'strict' });
  const all = digits({ count: 2000, seed: 3 });
  const keep = [...all.labels.keys()].filter((i) => all.labels[i]! < 5);
  const samples = new Uint8Array(keep.length * 784);
  keep.forEach((i, to) => samples.set(all.samples.subarray(i * 784, (i + 1) * 784), to * 784));
  const labels = Uint8Array.from(keep, (i) => all.labels[i]!);
  const classes = all.classes.slice(0, 5);
  const { accuracy } = await model.evaluate({ ...all, classes, samples, labels });
  // A sample between two classes may fall to the other side.
  assert.ok(Math.abs(accuracy - Number(file.metadata['accuracy'])) < 1.5 / keep.length);
  assert.ok(accuracy > 0.98);
});

test('a table of names, a function and patterns say the same', async () => {
  const { weights } = decodeWeights(net, bytes, 'f', { names });
  const table = names as Record<string, string>;
  const same: NameMap[] = [
    (name) => {
      const [stage, layer, value] = name.split('.');
      return `${table[`${stage}.${layer}`]}.${value}`;
    },
    { ...table, 'features.0.weight': 'conv1.weight' },
    {
      'classifier.*': 'fc*',
      'classifier.0': 'fc1',
      'features.*': 'stage*',
      'features.0': 'conv1',
      'features.1': 'norm1',
      'features.4': 'conv2',
      'features.5': 'norm2',
    },
  ];
  for (const other of same) {
    const found = decodeWeights(net, bytes, 'f', { names: other }).weights;
    assert.equal([...found.keys()], [...weights.keys()]);
    for (const [name, values] of found) assert.equal(values, weights.get(name), name);
  }
});

test('some of the tensors: what is missing and what is too many is said, shapes are held to', async () => {
  const all = await loadPartialWeights(net, path, { names });
  assert.is(all.model, net);
  assert.equal([all.missing, all.unexpected], [[], []]);
  assert.is(all.weights.size, net.parameters.length);

  const without = {
    ...(names as object),
    classifier: null,
    'classifier.0': 'fc1',
    'classifier.2': null,
  };
  const ten = decodePartialWeights(netOf(10), bytes, 'f', { names: without });
  assert.equal([ten.missing, ten.unexpected], [['fc2.weight', 'fc2.bias'], []]);

  const none = decodePartialWeights(net, bytes, 'f');
  assert.is(none.weights.size, 0);
  assert.is(none.missing.length, net.parameters.length);
  assert.equal(none.unexpected.slice(0, 3), [
    'features.0.weight',
    'features.0.bias',
    'features.1.weight',
  ]);
  // The counters of its batch normalisation are nobody's.
  assert.is(none.unexpected.length, file.tensors.size);

  assert.throws(
    () => decodePartialWeights(netOf(10), bytes, 'f', { names }),
    /'f': tensor 'fc2.weight' has shape 5×64, the model needs 10×64/,
  );
  const integers = {
    ...(names as object),
    'features.1.num_batches_tracked': 'norm1.weight',
    'features.1.weight': null,
  };
  assert.throws(
    () => decodePartialWeights(net, bytes, 'f', { names: integers }),
    /tensor 'norm1.weight' has shape 1, the model needs 8/,
  );
});

test('names that cannot be are refused', () => {
  const refusals: [NameMap, RegExp][] = [
    [
      { 'feature.0': 'conv1' },
      /^names: the file has no tensor 'feature.0' did you mean 'features.0'/,
    ],
    [
      { 'features.0': 'x', 'features.1': 'x' },
      /^names: 'features.0.weight' and 'features.1.weight' both become 'x.weight'/,
    ],
    [{ 'features.0': 'conv*' }, /'features.0' becomes 'conv\*', with more stars/],
    [{ 'features.0': 7 as never }, /'features.0' becomes 7, expected a name or null/],
    [(() => undefined) as never, /^names: 'features.0.weight' becomes undefined, expected a name/],
    ['features' as never, /^names are features, expected a table or a function/],
    // A part of a part does not count as one.
    [{ feat: 'x' }, /no tensor 'feat'/],
  ];
  for (const [given, message] of refusals) {
    let found = '';
    try {
      decodeWeights(net, bytes, 'f', { names: given });
    } catch (error) {
      assert.instance(error, LanewiseError);
      const { message: said, hint, kind } = error as LanewiseError;
      assert.is(kind, 'argument');
      found = `${said} ${hint ?? ''}`;
    }
    assert.match(found, message);
  }
});

/** A file of tensors [6, 8] by these names, and of others of whole numbers. */
function fileOf(
  keys: readonly string[],
  metadata: Record<string, string> = {},
  integers: Readonly<
    Record<string, readonly [dtype: string, values: ArrayBufferView, shape: number[]]>
  > = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const pieces: Uint8Array[] = [];
  let end = 0;
  const put = (key: string, dtype: string, shape: number[], values: ArrayBufferView) => {
    header[key] = { dtype, shape, data_offsets: [end, (end += values.byteLength)] };
    pieces.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  };
  keys.forEach((key, i) => put(key, 'F32', [6, 8], numbers(48, i + 1)));
  for (const [key, [dtype, values, shape]] of Object.entries(integers))
    put(key, dtype, shape, values);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return new Uint8Array(Buffer.concat([size, text, ...pieces]));
}

/** Two tensors of one shape, by the names of a language model. */
const pair = sequential(
  { emb: embedding(6, 8), out: linear(8, 6, { bias: false }) },
  { input: [4], vocabulary: 6 },
);

test('what wrappers put before names is taken off, and said', () => {
  const [first, second] = [numbers(48, 1), numbers(48, 2)];
  const prefixes: [string, RegExp][] = [
    ['module.', /'module\.emb\.weight' are those of a wrapped model, taken as 'emb\.weight'/],
    ['_orig_mod.', /wrapped model/],
    ['_orig_mod.module.', /wrapped model/],
    ['module._orig_mod.', /wrapped model/],
    ['_fsdp_wrapped_module._checkpoint_wrapped_module.', /wrapped model/],
    ['model.', /all names begin with 'model\.', which the model's lack/],
    ['net.', /'net\.'/],
    ['state.student.', /'state\.student\.'/],
    ['module.model.', /model\./],
  ];
  for (const [prefix, said] of prefixes) {
    const stored = fileOf(
      [`${prefix}emb.weight`, `${prefix}out.weight`],
      {},
      {
        n_averaged: ['I64', BigInt64Array.of(3n), []],
      },
    );
    const { weights, notes } = decodeWeights(pair, stored, 'f');
    assert.equal([...weights.values()], [first, second], prefix);
    assert.is(notes.length, 1);
    assert.match(notes[0]!, said);
    const partial = decodePartialWeights(pair, stored, 'f');
    assert.equal([partial.missing, partial.unexpected], [[], []]);
    assert.equal(partial.notes, notes);
  }
  const inner = sequential({ net: pair }, { input: [4], vocabulary: 6 });
  for (const keys of [
    ['emb.weight', 'out.weight'],
    ['module.emb.weight', 'module.out.weight'],
    ['model.emb.weight', 'model.out.weight'],
  ]) {
    const { weights, notes } = decodeWeights(inner, fileOf(keys), 'f');
    assert.equal(
      [...weights],
      [
        ['net.emb.weight', first],
        ['net.out.weight', second],
      ],
    );
    assert.match(notes[0]!, /model's names begin with 'net\.'/);
  }
  // DataParallel around a part of a model.
  const part = decodeWeights(pair, fileOf(['emb.module.weight', 'out.weight']), 'f');
  assert.equal([...part.weights.values()], [first, second]);
  assert.equal(decodeWeights(pair, fileOf(['emb.weight', 'out.weight']), 'f').notes, []);
});

test('a prefix that not all names share is named with the way out, and names take it off', () => {
  const stored = fileOf(['model.emb.weight', 'model.out.weight', 'criterion.weight']);
  const refusal = (options: { names?: NameMap }): LanewiseError => {
    try {
      decodeWeights(pair, stored, 'f', options);
    } catch (error) {
      return error as LanewiseError;
    }
    throw new Error('nothing was refused');
  };
  assert.match(refusal({}).hint!, /the file has 'model\.emb\.weight': names: { 'model': '' }/);
  const extra = refusal({ names: { model: '' } });
  assert.match(extra.message, /'criterion\.weight' belongs to no layer/);
  assert.match(extra.hint!, /names: { 'criterion\.weight': null }/);
  for (const [from, to] of [
    ['model', ''],
    ['model.', ''],
    ['model.*', '*'],
  ] as const) {
    const names = { [from]: to };
    const { weights } = decodeWeights(pair, stored, 'f', { names: { ...names, criterion: null } });
    assert.equal([...weights.values()], [numbers(48, 1), numbers(48, 2)]);
  }
  const inner = sequential({ net: pair }, { input: [4], vocabulary: 6 });
  const put = decodeWeights(inner, fileOf(['emb.weight', 'out.weight']), 'f', {
    names: { '': 'net' },
  });
  assert.equal([...put.weights.keys()], ['net.emb.weight', 'net.out.weight']);
});

test('tied tensors are found by the file’s metadata, and one tensor goes to two names', () => {
  const shared = numbers(48, 1);
  const files = [
    ['emb.weight', { format: 'pt', 'out.weight': 'emb.weight' }],
    ['module.emb.weight', { 'module.out.weight': 'module.emb.weight' }],
    [
      'model.emb.weight',
      { 'model.out.weight': 'model.emb.weight', 'model.lm.weight': 'model.emb.weight' },
    ],
  ] as const;
  for (const [key, metadata] of files) {
    const { weights, notes } = decodeWeights(pair, fileOf([key], metadata), 'f');
    assert.equal([...weights.values()], [shared, shared]);
    assert.match(
      notes.at(-1)!,
      /'out\.weight' is tied to 'emb\.weight', as the file's metadata says/,
    );
  }
  const tables: NameMap[] = [
    { 'emb.weight': ['emb.weight', 'out.weight'] },
    { emb: ['emb', 'out'] },
    (key) => [key, 'out.weight'],
  ];
  for (const names of tables) {
    const { weights } = decodeWeights(pair, fileOf(['emb.weight']), 'f', { names });
    assert.equal([...weights.values()], [shared, shared]);
  }
});

test('whole numbers are read where the model has them, else passed over', () => {
  const model = sequential({ norm: batchNorm2d(2) }, { input: [2, 1, 1] });
  const integers = {
    'norm.weight': ['I64', BigInt64Array.of(-3n, 16_777_216n), [2]],
    'norm.bias': ['U8', Uint8Array.of(7, 255), [2]],
    'norm.running_mean': ['I16', Int16Array.of(-5, 5), [2]],
    'norm.running_var': ['BOOL', Uint8Array.of(1, 1), [2]],
    'norm.num_batches_tracked': ['I64', BigInt64Array.of(9n), []],
    mask: ['BOOL', Uint8Array.of(1), [1]],
    position_ids: ['I32', Int32Array.of(1, 2), [2]],
  } as const;
  const stored = fileOf([], {}, integers as never);
  const { weights, notes } = decodeWeights(model, stored, 'f');
  assert.equal(Object.fromEntries([...weights].map(([key, values]) => [key, [...values]])), {
    'norm.weight': [-3, 16_777_216],
    'norm.bias': [7, 255],
    'norm.running_mean': [-5, 5],
    'norm.running_var': [1, 1],
  });
  assert.is(notes.length, 4);
  assert.equal(decodePartialWeights(model, stored, 'f').unexpected, []);
  const large = { ...integers, 'norm.bias': ['I64', BigInt64Array.of(1n, 16_777_217n), [2]] };
  assert.throws(
    () => decodeWeights(model, fileOf([], {}, large as never), 'f'),
    /tensor 'norm\.bias' is of dtype I64, the model needs 2 of F32.*whole numbers that float32 holds/,
  );
});

test('files of other formats are named by their first bytes, with the way to read them', () => {
  const zipOf = (first: string) => {
    const start = Buffer.alloc(30);
    start.write('PK\u0003\u0004', 'latin1');
    start.writeUInt16LE(first.length, 26);
    return Buffer.concat([start, Buffer.from(first), Buffer.alloc(20)]);
  };
  const files: [Uint8Array, RegExp, RegExp][] = [
    [zipOf('archive/data.pkl'), /is a PyTorch file/, /import 'lanewise\/import'/],
    [zipOf('net/data/0'), /is a PyTorch file/, /import 'lanewise\/import'/],
    [zipOf('weight.npy'), /is a NumPy archive/, /import 'lanewise\/import'/],
    [zipOf('metadata.json'), /is a Keras file/, /readKeras of 'lanewise\/import'/],
    [zipOf('notes.txt'), /a ZIP archive that begins with 'notes\.txt'/, /./],
    [
      Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex'),
      /is a pickle, as PyTorch/,
      /import 'lanewise\/import'/,
    ],
    [
      Buffer.from('894844460d0a1a0a0000', 'hex'),
      /is an HDF5 file/,
      /readKeras of 'lanewise\/import'/,
    ],
    [
      Buffer.from('08071207707974 6f726368'.replace(' ', ''), 'hex'),
      /is an ONNX file/,
      /readOnnx of 'lanewise\/onnx'/,
    ],
    [Buffer.from('GGUF\u0003\0\0\0\0\0'), /is a GGUF file/, /./],
    [Buffer.from('\u0093NUMPY\u0001\0', 'latin1'), /is a NumPy array/, /numpy/],
    [Buffer.from('version https://git-lfs.github.com/spec/v1'), /Git LFS pointer/, /git lfs pull/],
    [Buffer.from('<!DOCTYPE html><html>'), /is a web page/, /./],
    [Buffer.from('{"modelTopology":{}}'), /is JSON/, /./],
    [Buffer.from('1f8b0800000000', 'hex'), /is compressed by gzip/, /gunzip/],
  ];
  const readers = [
    (bytes: Uint8Array) => decodeWeights(pair, bytes, 'w'),
    (bytes: Uint8Array) => decodePartialWeights(pair, bytes, 'w'),
    (bytes: Uint8Array) => decodeModel(bytes, 'w'),
  ];
  for (const [foreign, message, hint] of files) {
    for (const read of readers) {
      try {
        read(new Uint8Array(foreign));
        throw new Error('nothing was refused');
      } catch (error) {
        assert.instance(error, LanewiseError);
        const { kind, message: said, hint: way } = error as LanewiseError;
        assert.is(kind, 'file');
        assert.match(said, message);
        assert.match(way!, hint);
      }
    }
  }
});

/** A file of several types and shapes, as small as there is. */
const small = sequential(
  { conv: conv2d(1, 2, 3), norm: batchNorm2d(2), act: relu(), flat: flatten(), fc: linear(8, 3) },
  { input: [1, 4, 4] },
);
const filled = new Map(
  small.parameters.map(({ name, shape }, i) => [name, numbers(sizeOf(shape), i)] as const),
);
const ours = encodeModel(withWeights(small, filled, { numerics: 'strict' }));
const theirs = encodeSafetensors(
  new Map(small.parameters.map(({ name, shape }) => [name, { shape, data: filled.get(name)! }])),
  { format: 'pt' },
);

/** Words that headers hold, and worse. */
const words = [
  '"F16"',
  '"F64"',
  '"I64"',
  '[',
  ']',
  '{',
  '}',
  ',',
  '-1',
  '0',
  '1e99',
  'null',
  '""',
  '9007199254740993',
  '1152921504606846976',
  '"__proto__"',
  '"shape"',
  '"data_offsets"',
  '\\u0000',
];

/** The file with one to four changes: bytes, bits, words, numbers, lengths, parts moved, doubled or lost. */
function damaged(original: Uint8Array, draw: (low: number, high: number) => number): Uint8Array {
  let found = Uint8Array.from(original);
  const headerEnd = 8 + new DataView(original.buffer, original.byteOffset).getUint32(0, true);
  const place = () =>
    draw(0, draw(0, 3) === 0 ? found.length - 1 : Math.min(headerEnd, found.length) - 1);
  const splice = (at: number, remove: number, put: Uint8Array) =>
    Uint8Array.from(Buffer.concat([found.subarray(0, at), put, found.subarray(at + remove)]));
  for (let changes = draw(1, 4); changes > 0 && found.length > 0; changes--) {
    const at = place();
    switch (draw(0, 8)) {
      case 0:
        found[at] = draw(0, 255);
        break;
      case 1:
        found[at] = found[at]! ^ (1 << draw(0, 7));
        break;
      case 2:
        found = splice(at, draw(0, 8), new TextEncoder().encode(words[draw(0, words.length - 1)]));
        break;
      case 3: {
        // A digit becomes another one.
        const digit = found.findIndex((byte, i) => i >= at && byte >= 48 && byte <= 57);
        if (digit >= 0) found[digit] = draw(48, 57);
        break;
      }
      case 4:
        found = found.slice(0, at);
        break;
      case 5:
        found = splice(at, draw(1, 20), new Uint8Array(0));
        break;
      case 6:
        found = splice(at, 0, found.subarray(at, at + draw(1, 40)));
        break;
      case 7:
        found[draw(0, Math.min(7, found.length - 1))] = draw(0, 255);
        break;
      case 8:
        found.set(found.subarray(place(), place() + 8).slice(0, found.length - at), at);
        break;
    }
  }
  return found;
}

const FILES = Number(process.env['LANEWISE_FUZZ'] ?? 10_000);

test(`${FILES} damaged files of each kind are refused by name, or hold what they say`, () => {
  const shapes = new Map(small.parameters.map(({ name, shape }) => [name, sizeOf(shape)]));
  const readers: [string, Uint8Array, (bytes: Uint8Array) => ReadonlyMap<string, Float32Array>][] =
    [
      ['model', ours, (changed) => decodeModel(changed, 'f').weights],
      ['weights', theirs, (changed) => decodeWeights(small, changed, 'f').weights],
      ['some weights', theirs, (changed) => decodePartialWeights(small, changed, 'f').weights],
    ];
  for (const [kind, original, read] of readers) {
    const draw = createDraw(kind.length);
    let [refused, accepted] = [0, 0];
    for (let i = 0; i < FILES; i++) {
      const changed = damaged(original, draw);
      try {
        const weights = read(changed);
        accepted++;
        let values = 0;
        for (const [name, { length }] of weights) {
          values += length;
          if (kind !== 'model') assert.is(length, shapes.get(name), name);
        }
        // No more than the file has bytes for; a half has two.
        assert.ok(values * 2 <= changed.length);
        if (kind === 'weights') assert.is(weights.size, shapes.size);
      } catch (error) {
        refused++;
        if (error instanceof LanewiseError && error.message.startsWith("'f'")) continue;
        throw new Error(
          `${kind}, file ${i}: ${String(error)} of ${Buffer.from(changed).toString('base64')}`,
          { cause: error },
        );
      }
    }
    assert.ok(refused > FILES / 2, `${kind}: ${refused} refused`);
    assert.ok(accepted > FILES / 200, `${kind}: ${accepted} accepted`);
  }
});

test.run();
