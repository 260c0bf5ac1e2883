/** Targets of tables on the command line: where a file holds those of a model, and how predictions of them are shown. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TargetFormat } from '../../src/data/table-format.js';
import { samplesOf } from '../../src/data/forms.js';
import { loadTable } from '../../src/cli/load-table.js';
import { figuresOfAll, judgedLines } from '../../src/cli/row-figures.js';
import type { TargetRows } from '../../src/cli/row-outputs.js';
import { createRowOutput } from '../../src/cli/row-predictions.js';
import { readRows } from '../../src/cli/row-readers.js';
import type { OutputScores } from '../../src/cli/row-scores.js';
import { columnsFor, decideTargets, knownTargets } from '../../src/cli/target-task.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';

const number = (name: string): TargetFormat => ({ name, type: 'number' });
const sides: TargetFormat = { name: 'labels', type: 'labels', classes: ['sunny', 'windy'] };
const names = (wanted: readonly TargetFormat[], asked?: string) =>
  columnsFor(wanted, asked).map((way) => way.names);
const column = (name: string, ...values: number[]) => ({
  name,
  values: Float32Array.from(values),
});
const refuses = (work: () => unknown, said: RegExp) =>
  assert.throws(work, (error: Error) => said.test(error.message));

test('targets in another order are those of their names', () => {
  const wanted = [number('weight'), number('waist')];
  assert.equal(names(wanted, 'waist, weight'), [['weight', 'waist']]);
  assert.equal(names(wanted, 'mass,waist'), [['mass', 'waist']]);
  assert.equal(names([number('size, m²')], 'size, m²'), [['size, m²']]);
  assert.equal(names([number('price')], '-1'), [[-1]]);
  assert.equal(names([number('a,b'), number('c')], 'a,b,c'), [['a,b', 'c']]);
});

test('labels of several columns are found by the names of the columns', () => {
  assert.equal(names([sides]), [['labels'], ['sunny', 'windy']]);
  assert.equal(names([sides], 'windy,sunny')[1], ['sunny', 'windy']);
  assert.equal(names([sides], 'tags'), [['tags']]);
  const { targets } = knownTargets('f', [sides], [column('s', 1, 0), column('w', 0, 1)]);
  assert.equal([...targets['output']!.values], [1, 0, 0, 1]);
});

test('more or fewer columns than targets are refused', () => {
  const few = [column('sunny', 1, 0)];
  refuses(
    () => knownTargets('f', [sides], few),
    /targets are sunny, and the model predicts sunny, windy/,
  );
  refuses(
    () => knownTargets('f', [number('a'), number('b')], few),
    /targets are sunny, and the model predicts a, b/,
  );
});

test('intervals of a column with the name of a bound are refused', () => {
  const asked = { intervals: { quantiles: [0.05, 0.5, 0.95] } };
  refuses(
    () => decideTargets('f', [column('low', 0.5, 1.5)], asked, () => true),
    /bounds 'low' and 'high'.* column 'low'/,
  );
});

const rowsOf = (...values: number[]): TargetRows => ({
  name: 'rows',
  inputs: {
    input: { shape: [1, 1, 1], values: Float32Array.from(values, (value) => value / 2) },
  },
  targets: { output: { shape: [1], values: Float32Array.from(values) } },
  table: { columns: [{ name: 'a', type: 'number' }], targets: [number('price')] },
});

test('values that do not vary are judged by their error, as R² says nothing of them', () => {
  const output = { name: 'output', type: 'number', targets: [number('price')] } as const;
  for (const truth of [[3], [3, 3]]) {
    const scores: OutputScores = {
      output,
      values: Float32Array.from(truth, () => 3.5),
      width: 1,
      truth: Float32Array.from(truth),
    };
    const figures = figuresOfAll([scores], rowsOf(...truth), rowsOf(1, 2, 4, 6));
    assert.match(judgedLines(figures)[0]!, /^MAE 0\.5[ ,].*the mean 0\.25, a linear model /);
    assert.match(figures[0]!.lines('net')[1]!, /^net +0\.5 +0\.5 +–$/);
  }
});

test('predictions have bounds only if the model has', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-targets-'));
  try {
    const path = join(folder, 'out.csv');
    const said: string[] = [];
    const { log } = console;
    console.log = (line: string) => void said.push(line);
    try {
      for (const csv of [path, undefined]) {
        const model = { terms: [] } as unknown as TrainedModel;
        const output = await createRowOutput(model, [number('low')], { top: 1, csv });
        await output.add('f.csv', 1, [{ low: 4.5 }]);
        await output.finish();
      }
    } finally {
      console.log = log;
    }
    assert.is(await readFile(path, 'utf8'), 'file,row,low\nf.csv,1,4.5\n');
    assert.match(said.at(-1)!, /^f\.csv row 1 +4\.5$/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a line of names is none of the rows, even if the names are numbers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-targets-'));
  const columns = ['0', '1'].map((name) => ({ name, type: 'number' }) as const);
  const count = async (text: string, target: string) => {
    const path = join(folder, 'new.csv');
    await writeFile(path, text);
    return (await readRows(path, { columns, targets: [number(target)] })).count;
  };
  try {
    assert.is(await count('0,1,price\n5,6,7\n', 'price'), 1);
    assert.is(await count('0,1,2\n5,6,7\n', '2'), 1);
    assert.is(await count('3,4,8\n5,6,7\n', '2'), 2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a column that counts the rows is no feature, unless it is asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-targets-'));
  const path = join(folder, 'counted.csv');
  const line = (i: number) => `${i},${(i * 7) % 11},${2000 + i},${i / 3}`;
  await writeFile(
    path,
    ['id,a,year,y', ...Array.from({ length: 30 }, (_, i) => line(i))].join('\n'),
  );
  const columns = async (request: object) => {
    const { data } = await loadTable(path, { target: 'y', ...request });
    return samplesOf(data).table!.columns.map(({ name }) => name);
  };
  try {
    assert.equal(await columns({}), ['a', 'year']);
    assert.equal(await columns({ columns: { id: 'number' } }), ['id', 'a', 'year']);
    assert.equal(await columns({ columns: { a: 'ignore', year: 'ignore' } }), ['id']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('labels asked for in texts that hold no lists are refused', () => {
  const texts = { ...column('tags', 0, 1), classes: ['sunny;windy', 'cold'] };
  refuses(
    () => decideTargets('f', [texts], { task: 'labels' }, () => false),
    /column 'tags' holds 'sunny;windy', expected lists of labels such as sport\|news/,
  );
});

test.run();
