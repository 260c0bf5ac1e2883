/** `lanewise predict` for rows: every kind of file, the names of targets, scores where they are known, and refusals. */
// slow: trains on tables
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { parquetDataset } from '../../src/data/parquet-dataset.js';
import { standardize } from '../../src/data/standardize.js';
import { linear, sequential } from '../../src/layers/index.js';
import { quantile } from '../../src/losses/index.js';
import { adam } from '../../src/optimizers/index.js';
import { loadModel, saveModel } from '../../src/trained/model-store.js';
import { train } from '../../src/train/train.js';
import { zipOf } from '../support/archives.js';
import { eventsOf, lanewise } from './lanewise.js';

const COLOURS = ['red', 'green', 'blue'];
const rowOf = (i: number) => ({
  width: ((i * 7) % 13) / 4,
  colour: COLOURS[i % 3]!,
  age: i % 5 ? i % 11 : null,
  kind: i % 3 === 0 ? 'small' : 'large',
});
const rows = Array.from({ length: 60 }, (_, i) => rowOf(i));
const csv = (names: readonly string[], by = ',', list: readonly object[] = rows): string =>
  [names, ...list.map((row) => names.map((name) => (row as Record<string, unknown>)[name] ?? ''))]
    .map((line) => line.join(by))
    .join('\n');

let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-rows-'));
  const settings = { optimizer: adam({ lr: 0.05 }), epochs: 5, batch: 16, workers: 0 } as const;
  const text = new TextEncoder().encode(csv(['width', 'colour', 'age', 'kind']));
  const data = await csvDataset(text, { target: 'kind', missing: 'impute' });
  const net = sequential([linear(data.features.length, 2)], standardize(data).input);
  const { model } = await train(net, { ...settings, data, loss: 'crossEntropy' });
  await saveModel(model, join(folder, 'kind.safetensors'));
  const sizes = await csvDataset(text, {
    target: 'width',
    missing: 'impute',
    units: { width: 'cm' },
  });
  const widths = sequential([linear(sizes.features.length, 3)], standardize(sizes).input);
  const loss = quantile({ quantiles: [0.1, 0.5, 0.9] });
  const found = await train(widths, { ...settings, data: sizes, loss });
  await saveModel(found.model, join(folder, 'width.safetensors'));
});

test.after(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, content: string | Uint8Array) =>
  writeFile(join(folder, name), content);
const predict = (model: string, ...args: string[]) =>
  lanewise(['predict', `${model}.safetensors`, ...args], { cwd: folder });

/** A NumPy file. */
function npyOf(type: string, shape: readonly number[], values: ArrayBufferView): Uint8Array {
  const head = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const padded = `${head.padEnd(64 * Math.ceil((head.length + 11) / 64) - 11)}\n`;
  const start = [0x93, 78, 85, 77, 80, 89, 1, 0, padded.length & 255, padded.length >> 8];
  return Buffer.concat([
    Uint8Array.from(start),
    Buffer.from(padded),
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  ]);
}

const npy = (shape: readonly number[], values: readonly number[]): Uint8Array =>
  npyOf('<f8', shape, Float64Array.from(values));

test('the same rows in CSV, TSV and JSON lines have the answers of the API, to the bit', async () => {
  const { answers } = await (await loadModel(join(folder, 'kind.safetensors'))).predict(rows);
  await write('new.csv', csv(['more', 'age', 'kind', 'colour', 'width']));
  await write('new.tsv', csv(['colour', 'width', 'age'], '\t'));
  await write('new.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  await write(
    'lists.ndjson',
    rows.map(({ width, colour, age }) => JSON.stringify([width, colour, age])).join('\n\n'),
  );
  for (const file of ['new.csv', 'new.tsv', 'new.jsonl', 'lists.ndjson']) {
    const run = await predict('kind', file, '--json');
    assert.is(run.code, 0, run.stderr);
    const events = eventsOf(run);
    const found = events.filter(({ event }) => event === 'predict');
    assert.equal(
      found,
      answers!.map((answer, i) => ({ event: 'predict', file, row: i + 1, answer })),
    );
    const scores = events.filter(({ event }) => event === 'score');
    const isTold = ['new.csv', 'new.jsonl'].includes(file);
    assert.is(scores.length, isTold ? 1 : 0);
    if (isTold) {
      const right = rows.filter(({ kind }, i) => answers![i]!['kind'] === kind).length;
      assert.equal(scores[0], {
        event: 'score',
        file,
        target: 'kind',
        rows: 60,
        accuracy: right / 60,
        accuracyOfMajority: 40 / 60,
      });
    }
    assert.is(
      run.stderr.trim(),
      file === 'new.csv' ? 'note: not used, as the model was not trained on it: more' : '',
    );
  }
});

test('rows of an NPZ file are a table whose columns have the names of their places', async () => {
  const values = Array.from({ length: 120 }, (_, i) => ((i * 37) % 41) / 4 + (i % 3 ? 0 : i % 2));
  const labels = Array.from({ length: 40 }, (_, i) => i % 2);
  const file = zipOf({
    'x.npy': npy([40, 3], values),
    'y.npy': npyOf('<i4', [40], Int32Array.from(labels)),
  });
  await write('rows.npz', file);
  const options = ['--epochs', '2', '--workers', '0', '--no-report', '--out', 'npz'];
  const run = await lanewise(['train', 'mlp', '--data', 'rows.npz', ...options], { cwd: folder });
  assert.is(run.code, 0, run.stderr);
  const model = await loadModel(join(folder, 'npz', 'model.safetensors'));
  assert.equal(
    model.table!.columns.map(({ name }) => name),
    ['0', '1', '2'],
  );
  assert.equal(model.table!.targets, [{ name: 'y', type: 'class', classes: ['0', '1'] }]);
  const path = join('npz', 'model.safetensors');
  const evaluated = await lanewise(['eval', path, '--data', 'rows.npz', '--json'], { cwd: folder });
  assert.is(eventsOf(evaluated)[0]!['scored'], 'heldOut', evaluated.stderr);
  const given = [
    [1, 2, 3.5],
    [0.25, 8, 7],
  ];
  const { answers } = await model.predict(given);
  await write('x.npy', npy([2, 3], given.flat()));
  await write('bare.csv', '1,2,3.5\n0.25,8,7\n');
  for (const name of ['x.npy', 'bare.csv']) {
    const events = eventsOf(await predict('npz/model', name, '--json'));
    assert.equal(
      events.map(({ answer }) => answer),
      answers,
      name,
    );
  }
});

test('a table to read has the target’s name; numbers have intervals and the unit', async () => {
  await write('two.csv', csv(['colour', 'width', 'age'], ',', rows.slice(0, 2)));
  const classes = await predict('kind', 'two.csv');
  assert.match(
    classes.stdout,
    /^row {12}kind +next best\ntwo\.csv row 1 {2}(small|large) {2}[\d.]+ % {2}(small|large) [\d.]+ %\ntwo\.csv row 2 /,
  );
  await write('sizes.csv', csv(['kind', 'colour', 'width', 'age']));
  const numbers = await predict('width', 'sizes.csv');
  assert.match(
    numbers.stdout,
    /^row +width \(cm\)\nsizes\.csv row 1 +[-\d.e]+ {2}[-\d.e]+ to [-\d.e]+\n/,
  );
  assert.match(
    numbers.stdout,
    /\n\nRMSE [\d.]+ cm, MAE [\d.]+ cm on 60 rows with width, trained on or not; always their mean: RMSE [\d.]+ cm\n$/,
  );
});

test('a CSV file has every figure', async () => {
  const { answers } = await (
    await loadModel(join(folder, 'width.safetensors'))
  ).predict(rows.slice(0, 3));
  await write('three.csv', csv(['kind', 'colour', 'age'], ',', rows.slice(0, 3)));
  const run = await predict('width', 'three.csv', '--csv', 'out.csv');
  assert.is(run.stdout, 'wrote 3 predictions to out.csv\n');
  const [head, ...lines] = (await readFile(join(folder, 'out.csv'), 'utf8')).trim().split('\n');
  assert.is(head, 'file,row,width,width low,width high');
  lines.forEach((line, i) => {
    const cells = line.split(',');
    assert.equal(cells.slice(0, 2), ['three.csv', String(i + 1)]);
    assert.equal(
      cells.slice(2).map((cell) => Math.fround(Number(cell))),
      ['width', 'low', 'high'].map((key) => Math.fround(answers![i]![key] as number)),
    );
  });
  await predict('kind', 'two.csv', '--csv', 'kinds.csv');
  const [kinds] = (await readFile(join(folder, 'kinds.csv'), 'utf8')).split('\n');
  assert.is(kinds, 'file,row,kind,score of large,score of small');
});

test('arrays have the model’s columns by their places', async () => {
  const text = 'a,b,y\n1,2,p\n2,1,q\n3,0,q\n0,3,p\n';
  const data = await csvDataset(new TextEncoder().encode(text), { target: 'y' });
  const settings = { optimizer: adam({ lr: 0.1 }), epochs: 3, batch: 4, workers: 0 } as const;
  const net = sequential([linear(2, 2)], { input: [2] });
  const { model } = await train(net, { ...settings, data, loss: 'crossEntropy' });
  await saveModel(model, join(folder, 'plain.safetensors'));
  const { answers } = await model.predict([
    [1, 2.5],
    [3, 0],
  ]);
  await write('x.npy', npy([2, 2], [1, 2.5, 3, 0]));
  const events = eventsOf(await predict('plain', 'x.npy', '--json'));
  assert.equal(
    events.map(({ answer }) => answer),
    answers,
  );
  await write('wide.npy', npy([1, 3], [1, 2, 3]));
  assert.match(
    (await predict('plain', 'wide.npy')).stderr,
    /'wide\.npy' holds an array of 1×3, expected rows × 2: a, b/,
  );
});

test('the rows of a Parquet file have the features that they had in training', async () => {
  const golden = new URL('../../../test/golden/parquet/table-snappy.parquet', import.meta.url);
  const path = fileURLToPath(golden);
  const options = { missing: 'impute', columns: { day: 'date', wild: 'ignore' } } as const;
  const data = await parquetDataset(path, { target: 'target', ...options });
  const net = sequential([linear(data.features.length, 2)], standardize(data).input);
  const settings = { optimizer: adam({ lr: 0.1 }), epochs: 2, batch: 8, workers: 0 } as const;
  const { model } = await train(net, { ...settings, data, loss: 'crossEntropy' });
  await saveModel(model, join(folder, 'parquet.safetensors'));
  const { scores } = await model.predict(data.inputs['input']!.values);
  await copyFile(path, join(folder, 't.parquet'));
  const run = await predict('parquet', 't.parquet', '--json');
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stderr, /note: not used.*: wild$/m);
  const events = eventsOf(run);
  const names = data.classes as readonly string[];
  assert.equal(
    events
      .filter(({ event }) => event === 'predict')
      .flatMap(({ answer }) =>
        names.map((name) => (answer as { scores: Record<string, number> }).scores[name]),
      ),
    [...scores],
  );
  assert.is(events.at(-1)!['event'], 'score');
});

test('rows that do not fit are refused by file, row and column, and nothing is written', async () => {
  for (const [name, text, message] of [
    [
      'a.csv',
      'width,colour\n1,red\n',
      /'a\.csv' has no column 'age', which the model has; there are width, colour/,
    ],
    [
      'b.csv',
      'width,colour,age\n1,red,2\n1,pink,2\n',
      /'b\.csv' line 3, column 'colour': 'pink' is none of the classes blue, green, red/,
    ],
    [
      'c.csv',
      'width,colour,age\nwide,red,2\n',
      /'c\.csv' line 2, column 'width': 'wide' is not a number/,
    ],
    [
      'd.csv',
      'width,colour,age\nNA,red,2\n',
      /'d\.csv' line 2, column 'width': the value is missing/,
    ],
    ['e.csv', 'width,colour,age\n1,red\n', /'e\.csv' line 2 has 2 fields, expected 3/],
    ['f.csv', 'width,colour,age\n', /'f\.csv' has no rows/],
    ['g.csv', 'width,colour,width\n1,red,2\n', /'g\.csv' has two columns 'width'/],
    [
      'h.jsonl',
      '{"width":1,"colour":"red","age":2}\n{"width":1,"colour":"red"}\n',
      /'h\.jsonl' line 2 has no column 'age'/,
    ],
    [
      'i.jsonl',
      '{"width":"1","colour":"red","age":2}\n',
      /'i\.jsonl' line 1, column 'width': '1' is not a number/,
    ],
    ['j.jsonl', '{"width":1\n', /'j\.jsonl' line 1 is not JSON/],
    ['k.jsonl', '7\n', /'k\.jsonl' line 1 is 7, expected an object or a list/],
    ['l.txt', 'x', /'l\.txt' holds no rows.*\n.*CSV, TSV, Parquet, JSON lines, NPY, NPZ/],
  ] as const) {
    await write(name, text);
    const { code, stdout, stderr } = await predict('kind', name, '--csv', 'none.csv');
    assert.is(code, 1, name);
    assert.is(stdout, '', name);
    assert.match(stderr, message);
    assert.not(
      (await readFile(join(folder, 'none.csv'), 'utf8').catch(() => undefined)) !== undefined,
    );
  }
});

test.run();
