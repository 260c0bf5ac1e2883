/** Programs of tables: rows in every form, with the bits and the answers of the model, and files that were tampered with. */
// slow: hundreds of changed files are loaded
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { encodeSafetensors, decodeSafetensors } from '../../src/formats/safetensors.js';
import { LanewiseError } from '../../src/base/errors.js';
import { loadProgram } from '../../src/inference/index.js';
import { digits } from '../../src/data/digits/index.js';
import { textWindows } from '../../src/data/text.js';
import {
  embedding,
  flatten,
  functional,
  input,
  linear,
  sequential,
} from '../../src/layers/index.js';
import { quantile } from '../../src/losses/index.js';
import { adam } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { train } from '../../src/train/train.js';
import { mutations, STRANGE } from '../support/mutations.js';
import { refusal } from '../support/refusal.js';

const lines = Array.from({ length: 40 }, (_, i) =>
  [
    i % 7 ? (i * 3) % 11 : '',
    'xyz'[i % 3],
    `2024-0${1 + (i % 9)}-01 0${i % 7}:30`,
    i % 3 ? 'no' : 'yes',
    i / 8,
  ].join(','),
);
const text = ['age,port,at,kind,size', ...lines].join('\n');
const columns = { at: 'date' } as const;
const settings = { optimizer: adam({ lr: 0.05 }), epochs: 3, batch: 8, workers: 0 } as const;

const read = (target: string | string[], ignored: Readonly<Record<string, 'ignore'>> = {}) =>
  csvDataset(new TextEncoder().encode(text), {
    target,
    columns: { ...columns, ...ignored },
    missing: 'impute',
    units: { size: 'mm' },
  });

async function several(): Promise<TrainedModel> {
  const data = await read(['kind', 'size']);
  const x = input([data.features.length]);
  const [kind, size] = [linear(data.features.length, 2), linear(data.features.length, 3)];
  const net = functional({
    inputs: x,
    outputs: { kind: kind(x), size: size(x) },
    layers: { kind, size },
  });
  const loss = { kind: 'crossEntropy', size: quantile({ quantiles: [0.1, 0.5, 0.9] }) } as const;
  return (await train(net, { ...settings, data, loss })).model;
}

const rows = Array.from({ length: 19 }, (_, i) => ({
  age: i % 4 ? i : null,
  port: 'zyx'[i % 3]!,
  at: `2023-11-${10 + i} 18:45`,
}));

test('rows have the bits and the answers of the model, for all targets, in every form', async () => {
  const model = await several();
  const expected = await model.predict(rows);
  assert.equal(Object.keys(expected.answers![0]!), ['kind', 'size']);
  assert.equal(Object.keys(expected.answers![0]!['size'] as object), ['size', 'low', 'high']);
  const program = await loadProgram(encodeProgram(model, { batch: 4 }));
  assert.equal(program.table, model.table);
  assert.is(program.table!.targets![1]!.unit, 'mm');
  assert.equal(program.predict(rows), expected);
  assert.equal(program.predict(rows.map(({ age, port, at }) => [age, port, at])), expected);
  const byColumn = {
    age: rows.map(({ age }) => age),
    port: rows.map(({ port }) => port),
    at: rows.map(({ at }) => at),
  };
  assert.equal(program.predict(byColumn), expected);
  // A program file is a model file too.
  assert.equal(await decodeModel(encodeProgram(model), 'program').predict(rows), expected);
  for (const [given, message] of [
    [[{ ...rows[1], port: 'w' }], /^rows\[0\], column 'port': 'w' is none of the classes x, y, z/],
    [[rows[1], { age: 1, port: 'x' }], /^rows\[1\] has no column 'at'/],
    [{ age: [1], port: ['x'], at: [7] }, /^rows\[0\], column 'at': 7 is not a date/],
  ] as const)
    assert.match(await refusal(async () => program.predict(given as never)), message);
  // One output was asked for: the answers of several targets cannot be given.
  const one = await loadProgram(encodeProgram(model, { output: 'size' }));
  assert.match(
    await refusal(async () => one.predict(rows)),
    /no output 'kind' for the target of that name, it has size/,
  );
});

test('one target, a number with its interval: the same by model, file and program', async () => {
  const data = await read('size', { kind: 'ignore' });
  const net = sequential([linear(data.features.length, 3)], { input: [data.features.length] });
  const loss = quantile({ quantiles: [0.1, 0.5, 0.9] });
  const { model } = await train(net, { ...settings, data, loss });
  const expected = await model.predict(rows);
  const [low, size, high] = expected.scores;
  assert.equal(expected.answers![0], { size, low, high });
  assert.ok(low! <= size! && size! <= high!);
  assert.equal((await loadProgram(encodeProgram(model))).predict(rows), expected);
  assert.equal(await decodeModel(encodeModel(model), 'model').predict(rows), expected);
});

test('a file of an earlier version, with one target without its type, answers as well', async () => {
  const { model } = await train(sequential([linear(3, 2)], { input: [3] }), {
    ...settings,
    data: await csvDataset(new TextEncoder().encode(text), {
      target: 'kind',
      columns: { at: 'ignore', age: 'ignore', size: 'ignore' },
    }),
    loss: 'crossEntropy',
  });
  const expected = await model.predict([{ port: 'y' }]);
  const { targets: _, ...earlier } = model.table!;
  const table = JSON.stringify({ ...earlier, target: 'kind' });
  for (const file of [encodeModel(model), encodeProgram(model)]) {
    const { tensors, metadata } = decodeSafetensors(file, 'file');
    const old = encodeSafetensors(tensors, { ...metadata, table });
    assert.equal(await decodeModel(old, 'old').predict([{ port: 'y' }]), expected);
    if (metadata['program'])
      assert.equal((await loadProgram(old)).predict([{ port: 'y' }]), expected);
  }
});

test('the program of images and of texts has what the model knows of them', async () => {
  const images = { ...digits({ count: 16 }), fit: 'pad' as const };
  const net = sequential([flatten(), linear(784, 10)], { input: [1, 28, 28] });
  const { model } = await train(net, {
    ...settings,
    epochs: 1,
    data: images,
    loss: 'crossEntropy',
  });
  const program = await loadProgram(encodeProgram(model));
  assert.equal(program.classes, images.classes);
  assert.equal(program.samples, { shape: [1, 28, 28], type: 'uint8', fit: 'pad' });
  assert.is(program.table, undefined);
  const windows = textWindows('abcabcabcabcabcabcabcabc', { length: 4 });
  const { vocabulary } = windows;
  const letters = sequential([embedding(vocabulary!.length, 4), linear(4, vocabulary!.length)], {
    input: [4],
    vocabulary: vocabulary!.length,
  });
  const text = await train(letters, {
    ...settings,
    epochs: 1,
    batch: 4,
    data: windows,
    loss: 'crossEntropy',
  });
  const writer = await loadProgram(encodeProgram(text.model));
  assert.equal([writer.vocabulary, writer.samples!.type], [vocabulary, 'int32']);
});

test('files whose schema was changed in any one place are refused by name, or predict', async () => {
  const model = await several();
  const { tensors, metadata } = decodeSafetensors(encodeProgram(model, { batch: 1 }), 'file');
  const program = JSON.parse(metadata['program']!) as Record<string, unknown>;
  const others = (program['others'] as { output: object; programs: unknown }[]).map(
    ({ output }) => output,
  );
  let count = 0;
  const outcomes = { refused: 0, predicted: 0 };
  const attempt = async (changed: Readonly<Record<string, string>>): Promise<void> => {
    count++;
    const file = encodeSafetensors(tensors, { ...metadata, ...changed });
    for (const predict of [
      async () => (await loadProgram(file, { mostBytes: 2 ** 24 })).predict(rows),
      async () => (await decodeModel(file, 'changed')).predict(rows),
    ])
      try {
        await predict();
        outcomes.predicted++;
      } catch (error) {
        assert.instance(
          error,
          LanewiseError,
          `${JSON.stringify(changed).slice(0, 400)}: ${String(error)}`,
        );
        outcomes.refused++;
      }
  };
  for (const table of mutations(JSON.parse(metadata['table']!)))
    await attempt({ table: JSON.stringify(table) });
  for (const key of ['classes', 'samples'] as const)
    for (const one of mutations(JSON.parse(metadata[key] ?? '["a","b"]')))
      await attempt({ [key]: JSON.stringify(one) });
  for (const one of mutations(others[0])) {
    const [other] = program['others'] as [object];
    await attempt({ program: JSON.stringify({ ...program, others: [{ ...other, output: one }] }) });
  }
  for (const one of STRANGE)
    await attempt({ program: JSON.stringify({ ...program, others: one }) });
  assert.ok(count > 600, String(count));
  assert.ok(outcomes.refused > 600 && outcomes.predicted > 10, JSON.stringify(outcomes));
});

test.run();
