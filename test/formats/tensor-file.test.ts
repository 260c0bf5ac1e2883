/** Files of tensors: each format of the table is known by its first bytes, and a new format is a new row. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  readTensors,
  TENSOR_FORMATS,
  writeTensors,
  type TensorFormat,
} from '../../src/formats/tensor-file.js';
import { refusal } from '../support/refusal.js';

const tensors = new Map([['a.weight', { shape: [2], data: Float32Array.of(1.5, -2) }]]);

test('what a format writes begins as it says, and is read back', () => {
  for (const { begins, write, ending } of TENSOR_FORMATS) {
    if (!write) continue;
    const bytes = writeTensors(`model${ending}`, tensors, { made: 'here' });
    assert.ok(begins(bytes));
    const file = readTensors(bytes, 'model');
    assert.equal([...file.tensors], [...tensors]);
    assert.equal(file.metadata, { made: 'here' });
  }
});

/** Numbers as text, the names of tensors in front. */
const lines: TensorFormat = {
  name: 'lines',
  ending: '.lines',
  begins: (bytes) => bytes[0] === 0x23,
  read: (bytes) => ({
    tensors: new Map(
      new TextDecoder()
        .decode(bytes)
        .split('#')
        .slice(1)
        .map((line) => {
          const [name, ...values] = line.split(' ');
          return [name!, { shape: [values.length], data: Float32Array.from(values, Number) }];
        }),
    ),
    others: new Map(),
    integers: new Map(),
    metadata: {},
  }),
  write: (all) =>
    new TextEncoder().encode(
      [...all].map(([name, { data }]) => `#${name} ${data.join(' ')}`).join(''),
    ),
};

test('a further format is a row: by its ending, and by its first bytes', () => {
  const formats = [...TENSOR_FORMATS, lines];
  const written = writeTensors('model.LINES', tensors, {}, formats);
  assert.is(new TextDecoder().decode(written), '#a.weight 1.5 -2');
  assert.equal([...readTensors(written, 'model.bin', formats).tensors], [...tensors]);
  const other = writeTensors('model.bin', tensors, {}, formats);
  assert.ok(TENSOR_FORMATS[0]!.begins(other));
  assert.equal([...readTensors(other, 'model.lines', formats).tensors], [...tensors]);
});

test('files of other formats are named, or refused by the first format', async () => {
  const gzip = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0);
  assert.match(
    await refusal(() => readTensors(gzip, 'm', [...TENSOR_FORMATS, lines])),
    /'m' is compressed by gzip, expected a safetensors or lines file/,
  );
  assert.match(await refusal(() => readTensors(Uint8Array.of(1, 2, 3), 'm')), /'m'/);
  assert.match(await refusal(() => readTensors('x' as never, 'm')), /content is 'x', expected/);
});

test.run();
