/** Rows of a table given to `predict`: the bits of the encoded samples, and answers in the names of the targets. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvDataset } from '../../src/data/csv-dataset.js';
import type { Rows } from '../../src/data/encode-rows.js';
import { impute } from '../../src/data/impute.js';
import { samplesOf } from '../../src/data/forms.js';
import { quantileEdges } from '../../src/data/quantile-edges.js';
import { loadProgram } from '../../src/inference/index.js';
import { tabular } from '../../src/models/index.js';
import { standardize } from '../../src/data/standardize.js';
import { functional, input, linear, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { ensemble } from '../../src/trained/ensemble.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { train } from '../../src/train/train.js';
import { readHeader } from '../../src/formats/safetensors-header.js';
import { refusal } from '../support/refusal.js';

const bytes = (text: string) => new TextEncoder().encode(text);

const kinds = ['setosa', 'versicolor', 'virginica'];
const ports = ['C', 'Q', 'S'];
const lines = Array.from({ length: 60 }, (_, i) => {
  const kind = i % 3;
  const age = i % 7 ? String(10 * kind + ((i * 7) % 5)) : '';
  const at = `2024-0${1 + (i % 9)}-1${i % 10}`;
  return [age, ports[(i * 5) % 3], at, kinds[kind], kind * 2 + 0.5].join(',');
});
const TABLE = ['age,port,at,kind,size (mm)', ...lines].join('\n');

const settings = { optimizer: adam({ lr: 0.05 }), epochs: 8, batch: 16, workers: 0 } as const;

async function classifier(): Promise<TrainedModel> {
  const columns = { at: 'date', 'size (mm)': 'ignore' } as const;
  const options = { target: 'kind', missing: 'keep', columns } as const;
  const [data] = impute(await csvDataset(bytes(TABLE), options));
  const net = sequential([linear(data.features.length, 3)], standardize(data).input);
  return (await train(net, { ...settings, data, loss: 'crossEntropy' })).model;
}

const rows = [
  { age: 21, port: 'S', at: '2024-03-11', more: 'not read' },
  { age: null, port: 'C', at: '2024-09-19', more: 1 },
];

test('rows in any form have the same scores, with an answer each; a model file knows them', async () => {
  const model = await classifier();
  const { scores, classes, answers } = await model.predict(rows);
  assert.is(scores.length, 6);
  assert.equal(
    answers,
    [0, 1].map((row) => ({
      kind: kinds[classes[row]!],
      scores: Object.fromEntries(kinds.map((kind, c) => [kind, scores[3 * row + c]])),
    })),
  );
  assert.type(answers![0]!['kind'], 'string');
  const forms: Rows[] = [
    rows.map(({ age, port, at }) => [age, port, at]),
    { at: rows.map(({ at }) => at), age: [21, NaN], port: ['S', 'C'] },
  ];
  for (const form of forms) assert.equal(await model.predict(form), { scores, classes, answers });
  const again = decodeModel(encodeModel(model), 'again');
  assert.equal(again.table, model.table);
  assert.equal(await again.predict(rows), { scores, classes, answers });
  assert.equal((await ensemble([model, again]).predict(rows)).answers, answers);
  // Features, which programs encode themselves, are as good as ever.
  const data = await csvDataset(bytes(TABLE), {
    target: 'kind',
    missing: 'keep',
    columns: { at: 'date', 'size (mm)': 'ignore' },
  });
  const { values } = samplesOf(impute(data)[0]).inputs['input']!;
  const first = await model.predict(values.subarray(0, values.length / 60));
  const [age, port, at] = lines[0]!.split(',') as [string, string, string];
  const row = await model.predict([{ age: age === '' ? null : Number(age), port, at }]);
  assert.equal(first.scores, row.scores);
  assert.is(first.answers, undefined);
});

test('tabular takes the rows of csvDataset, and its program has the same bits', async () => {
  const options = { target: 'kind', missing: 'impute', columns: { at: 'date' } } as const;
  const data = await csvDataset(bytes(TABLE), options);
  const { mean, deviation } = standardize(data).input;
  const net = tabular({
    features: data.features.length,
    outputs: 3,
    hidden: 8,
    edges: quantileEdges(data),
    mean,
    deviation,
  });
  const { model } = await train(net, { ...settings, data, numerics: 'strict' });
  const row = [{ age: 21, port: 'S', at: '2024-03-11', 'size (mm)': 1 }];
  const { answers, scores } = await model.predict(row);
  const program = await loadProgram(encodeProgram(model));
  assert.equal(program.predict(row).answers, answers);
  assert.ok((await model.evaluate(data)).accuracy! > 0.9);
  assert.is(scores.length, 3);
});

test('what does not fit is refused before anything is scored', async () => {
  const model = await classifier();
  const right = rows[0]!;
  for (const [given, message] of [
    [
      [right, { ...right, port: 'X' }],
      /^rows\[1\], column 'port': 'X' is none of the classes C, Q, S/,
    ],
    [[{ ...right, age: 'old' }], /^rows\[0\], column 'age': 'old' is not a number/],
    [[{ ...right, port: null }], /^rows\[0\], column 'port': the value is missing/],
    [[{ age: 1, port: 'S' }], /^rows\[0\] has no column 'at'/],
    [[[1, 'S']], /^rows\[0\] has 2 values, expected 3/],
    [
      { ages: [1], port: ['S'], at: ['2024-01-01'] },
      /the rows have no column 'age'.*\ndid you mean 'ages'/i,
    ],
    [[null], /^rows\[0\] is null/],
    [Object.assign([], { 1: right }), /^rows\[0\] is undefined/],
    [[], /^there are no rows/],
    [[21, 'S', '2024-03-11'], /^rows\[0\] is 21, expected an object or a list\n.*\[\[ … \]\]/],
  ] as const)
    assert.match(await refusal(() => model.predict(given as never)), message);
  const narrow = { ...model.table!, columns: model.table!.columns.slice(1) };
  const { metadata } = readHeader(encodeModel(model), 'model');
  assert.ok(metadata['table']);
  const other = await train(sequential([linear(10, 3)], { input: [10] }), {
    ...settings,
    epochs: 1,
    batch: 2,
    data: {
      name: 'other',
      table: narrow,
      inputs: { input: { shape: [10], values: new Float32Array(20) } },
      targets: { output: { shape: [], values: Uint8Array.of(0, 1) } },
    },
  });
  assert.match(
    await refusal(() => other.model.predict([{ port: 'S', at: '2024-01-01' }])),
    /rows of the model's table have 8 features, and its input takes 10/,
  );
});

test('a number is answered as a number, several targets all together', async () => {
  const columns = { at: 'ignore' } as const;
  const one = await csvDataset(bytes(TABLE), {
    target: 'size (mm)',
    columns: { ...columns, kind: 'ignore' },
    missing: 'impute',
  });
  const net = sequential([linear(one.features.length, 1)], standardize(one).input);
  const { model } = await train(net, { ...settings, data: one, loss: 'meanSquaredError' });
  const { answers, scores } = await model.predict([{ age: 3, port: 'Q' }]);
  assert.equal(answers, [{ 'size (mm)': scores[0] }]);
  assert.is(model.table!.targets![0]!.unit, 'mm');

  const data = await csvDataset(bytes(TABLE), {
    target: ['size (mm)', 'kind'],
    columns,
    missing: 'impute',
  });
  const x = input([data.features.length]);
  const [size, kind] = [linear(data.features.length, 1), linear(data.features.length, 3)];
  const both = functional({
    inputs: x,
    outputs: { 'size (mm)': size(x), kind: kind(x) },
    layers: { size, kind },
  });
  const { model: several } = await train(both, {
    ...settings,
    data,
    loss: { 'size (mm)': 'meanSquaredError', kind: 'crossEntropy' },
  });
  const found = await several.predict([{ age: 3, port: 'Q' }]);
  const { scores: sizes } = await several.predict([{ age: 3, port: 'Q' }], undefined, 'size (mm)');
  const { scores: kindScores } = await several.predict([{ age: 3, port: 'Q' }], undefined, 'kind');
  const best = kindScores.indexOf(Math.max(...kindScores));
  assert.equal(found.answers, [
    {
      'size (mm)': sizes[0],
      kind: {
        kind: kinds[best],
        scores: Object.fromEntries(kinds.map((kind, c) => [kind, kindScores[c]])),
      },
    },
  ]);
});

test.run();
