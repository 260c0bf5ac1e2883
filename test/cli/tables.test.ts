/** CSV files on the command line: what they are taken for, what is left out with a word, and what is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadData, type DataRequest } from '../../src/cli/data-sources.js';
import { refusal } from '../support/refusal.js';
import { inFolder } from './lanewise.js';

type Row = readonly (string | number)[];

/** 200 rows; the columns' values are functions of the row. */
const table = (columns: Readonly<Record<string, (row: number) => string | number>>): string =>
  [
    Object.keys(columns),
    ...Array.from({ length: 200 }, (_, row): Row => Object.values(columns).map((of) => of(row))),
  ]
    .map((row) => row.join(','))
    .join('\n');

/** A data set of the file, and what was said meanwhile. */
async function load(text: string, request: DataRequest = {}) {
  const said: unknown[] = [];
  const { error } = console;
  console.error = (line) => said.push(line);
  try {
    return await inFolder(async (folder) => {
      const path = join(folder, 't.csv');
      await writeFile(path, text);
      return { ...(await loadData(path, request)), said };
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

test('dates and identifiers are left out, and that is said with the way back', async () => {
  const text = table({
    at: (i) => new Date(i * 8.64e7).toISOString().slice(0, 10),
    name: (i) => `leaf ${i}`,
    ...numbers,
  });
  const { train, said } = await load(text);
  assert.is(
    train.shape.reduce((a, b) => a * b),
    2,
  );
  assert.equal(said, [
    "note: column 'at' is left out: it holds dates ('1970-01-01'), which would become 200 features; --columns at=class makes a class of each text",
    "note: column 'name' is left out: it has 200 different texts in 200 rows ('leaf 0'), which would become 200 features; --columns name=class makes a class of each text",
  ]);
  const told = await load(text, { columns: { at: 'ignore', name: 'class' } });
  assert.equal([told.train.shape.reduce((a, b) => a * b), told.said], [202, []]);
  assert.match(await refusal(() => load(text, { target: 'name' })), /would become 200 classes/);
});

test('an odd cell is refused in the words of the command line', async () => {
  const text = table({ ...numbers, b: (i) => (i === 150 ? '2O' : i), kind: (i) => i % 2 });
  assert.match(
    await refusal(() => load(text)),
    /column 'b': 199 of 200 values are numbers, line 152 has '2O'\n--missing 2O leaves such rows out; --columns b=class makes a class of each text, --ignore b leaves the column out$/,
  );
  const { train, test: held } = await load(text, { missing: ['2O'] });
  assert.is(train.labels.length + held.labels.length, 199);
  const gap = table({ ...numbers, a: (i) => (i === 3 ? '' : i) });
  assert.match(await refusal(() => load(gap)), /value is missing \(''\)\n--missing drop leaves/);
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
    assert.match(
      await refusal(() => load(of(quantity))),
      /the target holds \d+ different whole numbers from \d+ to \d+ in 200 samples, a quantity rather than classes\nthe command line trains classifiers; .*--columns <target>=class/,
    );
  }
  const told = await load(
    of((i) => i % 25),
    { columns: { kind: 'class' } },
  );
  assert.is(told.train.classes.length, 25);
  assert.match(
    await refusal(() => load(of((i) => i / 4))),
    /label 0\.25 of sample 1, expected a whole/,
  );
});

test.run();
