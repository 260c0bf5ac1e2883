/** CSV files on the command line: how they are read, what is left out with a note, and what is refused. */
// slow: trains on tables
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadData, type DataRequest, type DataSets } from '../../src/cli/data-sources.js';
import { labelledSets } from '../../src/cli/task.js';
import { refusal } from '../support/refusal.js';
import type { Dataset } from '../../src/data/dataset.js';
import { loadModel } from '../../src/trained/model-store.js';
import { evalOf, eventsOf, inFolder, lanewise } from './lanewise.js';

type Row = readonly (string | number)[];

/** 200 rows; the columns' values are functions of the row. */
const table = (columns: Readonly<Record<string, (row: number) => string | number>>): string =>
  [
    Object.keys(columns),
    ...Array.from({ length: 200 }, (_, row): Row => Object.values(columns).map((of) => of(row))),
  ]
    .map((row) => row.join(','))
    .join('\n');

/** The parts of the file, whatever there is to learn. */
const tableOf = (text: string, request: DataRequest = {}): Promise<DataSets> =>
  inFolder(async (folder) => {
    const path = join(folder, 't.csv');
    await writeFile(path, text);
    return loadData(path, request);
  });

/** A data set of the file, and what was said meanwhile. */
async function load(text: string, request: DataRequest = {}) {
  const said: unknown[] = [];
  const { error } = console;
  console.error = (line) => said.push(line);
  try {
    return await inFolder(async (folder) => {
      const path = join(folder, 't.csv');
      await writeFile(path, text);
      return { ...labelledSets(await loadData(path, request), 'the test'), said };
    });
  } finally {
    console.error = error;
  }
}

const numbers = {
  a: (i: number) => i % 7,
  b: (i: number) => (i * 13) % 31,
  kind: (i: number) => i % 2,
};

test('dates become features, identifiers are left out, and that is said with the way back', async () => {
  const text = table({
    at: (i) => new Date(i * 8.64e7).toISOString().slice(0, 10),
    name: (i) => `leaf ${i}`,
    ...numbers,
  });
  const { train, said } = await load(text);
  assert.is(
    train.shape.reduce((a, b) => a * b),
    7,
  );
  assert.equal(said, [
    "note: column 'name' is left out: it has 200 different texts in 200 rows ('leaf 0'), which would become 200 features; --columns name=class makes a class of each text",
    "note: column 'at' holds dates, which become features: time, year, week; --ignore at leaves it out",
  ]);
  const told = await load(text, { columns: { at: 'ignore', name: 'class' } });
  assert.equal([told.train.shape.reduce((a, b) => a * b), told.said], [202, []]);
  assert.match(await refusal(() => load(text, { target: 'name' })), /would become 200 classes/);
});

test('an odd cell is refused in the words of the command line', async () => {
  const text = table({ ...numbers, b: (i) => (i === 150 ? '2O' : -i), kind: (i) => i % 2 });
  assert.match(
    await refusal(() => load(text)),
    /column 'b': 199 of 200 values are numbers, line 152 has '2O'\n--missing 2O leaves such rows out; --columns b=class makes a class of each text, --ignore b leaves the column out$/,
  );
  const { train, test: held } = await load(text, { missing: ['2O'] });
  assert.is(train.labels.length + held.labels.length, 199);
  const gap = table({ ...numbers, a: (i) => (i === 3 ? '' : i) });
  const kept = await load(gap);
  assert.is(kept.train.labels.length + kept.test.labels.length, 200);
  const samples = [kept.train, kept.test].map((part) => (part as Dataset).samples);
  assert.is(samples.flatMap((values) => [...values]).filter(Number.isNaN).length, 1);
});

test('whole numbers are classes by their values, unless they are plainly a quantity', async () => {
  const of = (target: (row: number) => string | number) => table({ ...numbers, kind: target });
  const marks = await load(of((i) => 3 + (i % 6)));
  assert.equal(marks.train.classes, ['3', '4', '5', '6', '7', '8']);
  assert.equal((await load(of((i) => (i % 2 ? 1 : -1)))).train.classes, ['-1', '1']);
  for (const quantity of [
    (i: number) => 25 + ((i * 37) % 322),
    (i: number) => 100 * (i % 25),
    (i: number) => i,
    (i: number) => i % 21,
  ]) {
    const { task } = await tableOf(of(quantity));
    assert.is(task?.kind, 'values');
    assert.is(task?.said, 'kind holds numbers: regression; --task classes makes a class of each');
  }
  const told = await load(
    of((i) => i % 25),
    { columns: { kind: 'class' } },
  );
  assert.is(told.train.classes.length, 25);
  assert.is((await tableOf(of((i) => i / 4))).task?.kind, 'values');
  assert.is((await tableOf(of((i) => i % 5))).task?.kind, 'classes');
  const asked = await load(
    of((i) => (i % 8) / 4),
    { task: 'classes' },
  );
  assert.equal(asked.train.classes, ['0', '0.25', '0.5', '0.75', '1', '1.25', '1.5', '1.75']);
});

test('a table of a model is read by its columns and categories, by name', async () => {
  const columns = {
    a: (i: number) => i % 7,
    sort: (i: number) => ['x', 'y', 'z'][i % 3]!,
    b: (i: number) => (i * 13) % 31,
    kind: (i: number) => ['no', 'yes'][i % 2]!,
  };
  const { train } = await load(table(columns));
  assert.equal(train.shape, [5, 1, 1]);
  const known = { table: train.table!, classes: train.classes };
  const asKnown = (text: string, more: DataRequest = {}) =>
    load(text, { known, shape: train.shape, type: 'float32', ...more });
  const { a, sort, b, kind } = columns;
  const moved = await asKnown(table({ kind, b, at: (i) => i, sort, a }));
  assert.equal(moved.said, ['note: not used, as the model was not trained on it: at']);
  assert.equal(moved.train, { ...train, name: moved.train.name, origin: moved.train.origin! });
  // Fewer categories and classes than the model knows keep its places.
  const few = await asKnown(table({ a, sort: () => 'z', b, kind: () => 'yes' }));
  assert.equal(few.train.classes, ['no', 'yes']);
  assert.equal([...(few.train as Dataset).samples.subarray(0, 5)], [0, 0, 0, 1, 0]);
  assert.ok(few.train.labels.every((label) => label === 1));
  for (const [other, message] of [
    [{ a, sort, kind }, /has no column 'b', it has a, sort, kind/],
    [{ a, sort: () => 'w', b, kind }, /line 2, column 'sort': 'w' is none of the classes x, y, z/],
    [{ a: () => 'w', sort, b, kind }, /line 2, column 'a': 'w' is not a number/],
    [{ a, sort, b, kind: () => 'maybe' }, /column 'kind': 'maybe' is none of the classes no, yes/],
  ] as const)
    assert.match(await refusal(() => asKnown(table(other as typeof columns))), message);
  const without = await asKnown(table({ a, sort: (i) => (i < 20 ? 'w' : sort(i)), b, kind }), {
    missing: ['w'],
  });
  assert.is(without.train.labels.length + without.test.labels.length, 180);
});

test('a small table is learnt at the defaults, its scale in the model; permuted columns and raw rows are scored right', async () => {
  await inFolder(async (cwd) => {
    // Two columns of scales that are far apart, a third that does not vary.
    const noise = (i: number) => (((i * 7919) % 200) / 200 - 0.5) * 0.4;
    const columns = {
      far: (i: number) => 1500 + 300 * (Math.cos(i % 3) + noise(i)),
      near: (i: number) => 0.01 * (Math.sin(2 * (i % 3)) + noise(i + 77)),
      same: () => 3,
      kind: (i: number) => ['red', 'green', 'blue'][i % 3]!,
    };
    await writeFile(join(cwd, 't.csv'), table(columns));
    const run = await lanewise(
      ['train', 'mlp', '--data', 't.csv', '--seed', '3', '--no-report', '--workers', '0', '--json'],
      { cwd },
    );
    assert.is(run.code, 0, run.stderr);
    assert.ok((evalOf(run)['testAccuracy'] as number) >= 0.97, run.stdout.slice(-500));
    const file = join('runs', 'mlp-t', 'model.safetensors');
    const model = await loadModel(join(cwd, file));
    const { mean, deviation } = model.model.architecture.inputs['input']!;
    assert.equal([(mean as number[]).length, (deviation as number[])[2]], [3, 1]);
    assert.equal(
      model.table!.columns.map(({ name }) => name),
      ['far', 'near', 'same'],
    );
    const rows = Float32Array.from(
      { length: 9 },
      (_, i) => Object.values(columns)[i % 3]!(Math.floor(i / 3)) as number,
    );
    const { classes } = await model.predict(rows);
    assert.equal(
      Array.from(classes, (c) => model.classes![c]),
      ['red', 'green', 'blue'],
    );
    const { far, near, same, kind } = columns;
    await writeFile(join(cwd, 'permuted.csv'), table({ kind, same, near, far }));
    // The split of seed 3 is found again, and not that of seed 1.
    const [again] = eventsOf(
      await lanewise(['eval', file, '--data', 't.csv', '--json', '--workers', '0'], { cwd }),
    );
    assert.is(again!['loss'], eventsOf(run).findLast((e) => e['valLoss'])!['valLoss']);
    const [scored] = eventsOf(
      await lanewise(['eval', file, '--data', 'permuted.csv', '--json', '--workers', '0'], { cwd }),
    );
    assert.ok((scored!['testAccuracy'] as number) >= 0.97);
    const refused = await lanewise(['train', 'lenet5', '--data', 't.csv'], { cwd });
    assert.match(
      refused.stderr,
      /lenet5 takes images, and the data holds rows of numbers\n {2}mlp, mlp300, mlp3, tabular take rows/,
    );
  });
});

test.run();
