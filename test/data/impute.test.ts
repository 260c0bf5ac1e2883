/** Missing values and dates of tables: kept, replaced by the training part's values, and matched with other tables. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvDataset, type CsvDatasetOptions } from '../../src/data/csv-dataset.js';
import { readCsv } from '../../src/data/csv-table.js';
import { dateOf, writeDate } from '../../src/data/dates.js';
import { encodeRows } from '../../src/data/encode-rows.js';
import { samplesOf } from '../../src/data/forms.js';
import { quantileEdges } from '../../src/data/quantile-edges.js';
import { standardize } from '../../src/data/standardize.js';
import { impute } from '../../src/data/impute.js';
import { originOf } from '../../src/data/origin.js';
import { split } from '../../src/data/split-samples.js';
import { subset } from '../../src/data/subset.js';
import { withColumnsOf } from '../../src/data/table-tools.js';
import { refusal } from '../support/refusal.js';

const bytes = (text: string) => new TextEncoder().encode(text);

const read = (text: string, options: Partial<CsvDatasetOptions> = {}) =>
  csvDataset(bytes(text), { target: 'y', name: 't.csv', missing: 'keep', ...options });

const GAPS = 'age,port,y\n10,S,0\n,C,1\n30,,0\n50,S,1\n';

test('kept gaps are not numbers, and class −1 in a table', async () => {
  const { columns } = await readCsv(bytes(GAPS), { missing: 'keep' });
  assert.equal(
    columns.map(({ values }) => [...values]),
    [
      [10, NaN, 30, 50],
      [1, 0, -1, 1],
      [0, 1, 0, 1],
    ],
  );
  const data = await read(GAPS);
  assert.equal([...data.inputs['input']!.values], [10, 0, 1, NaN, 1, 0, 30, NaN, NaN, 50, 0, 1]);
  assert.match(await refusal(() => read(GAPS, { missing: undefined })), /value is missing \(''\)/);
});

test('the median of the training part stands for missing numbers, and is said; missing classes are one of their own', async () => {
  const whole = await read(GAPS);
  const [train, test] = impute(subset(whole, [0, 1, 2]), subset(whole, [3, 1]));
  assert.equal(train.table.columns, [
    { name: 'age', type: 'number', missing: 20, flag: true },
    { name: 'port', type: 'class', classes: ['C', 'S', ''], missing: '' },
  ]);
  assert.equal(train.features, ['age', 'age is missing', 'port=C', 'port=S', 'port is missing']);
  assert.equal(
    [...train.inputs['input']!.values],
    [10, 0, 0, 1, 0, 20, 1, 1, 0, 0, 30, 0, 0, 0, 1],
  );
  assert.equal([...test!.inputs['input']!.values], [50, 0, 0, 1, 0, 20, 1, 1, 0, 0]);
  // A table that is imputed by its own values, and one that never was, become the same.
  for (const missing of ['keep', 'impute'] as const) {
    const again = withColumnsOf(samplesOf(await read(GAPS, { missing })), train.table, 'the model');
    assert.equal(
      [...again.inputs['input']!.values].slice(0, 10),
      [...train.inputs['input']!.values].slice(0, 10),
    );
  }
  const rows = [
    { age: 10, port: 'S' },
    { age: null, port: 'C' },
    { age: 30, port: undefined },
  ];
  assert.equal(encodeRows(train.table, rows).values, train.inputs['input']!.values);
});

test('a column without gaps in the training part: no feature, its usual value; without any, no rule', async () => {
  const whole = await read('a,b,c,y\n1,p,1,0\n2,q,1,1\n9,q,1,0\n,,1,1\n');
  const [train, test] = impute(subset(whole, [0, 1, 2]), subset(whole, [3]));
  assert.equal(train.features, ['a', 'b=p', 'b=q', 'c']);
  assert.equal([...test!.inputs['input']!.values], [2, 0, 1, 1]);
  const known = await read('a,y\n1,0\n2,1\n');
  const other = samplesOf(await read('a,y\n,0\n2,1\n'));
  assert.match(
    await refusal(() => withColumnsOf(other, known.table, 'the model')),
    /column 'a' has missing values, and none in the model/,
  );
  assert.is(impute(known)[0], known);
  const plain = { name: 'x', inputs: known.inputs, targets: known.targets };
  assert.match(await refusal(() => impute(plain)), /data set 'x' is not made of a table/);
});

test('samples are known again by what was read, whatever part was trained on', async () => {
  const whole = await read(GAPS);
  const parts = split(whole, 0.5);
  const [train] = impute(...parts);
  assert.equal(train.origin, parts[0].origin);
  assert.is(train.origin!.fingerprint, originOf(samplesOf(await read(GAPS)))!.fingerprint);
  assert.is(
    samplesOf(impute(whole)[0]).origin!.fingerprint,
    originOf(samplesOf(whole))!.fingerprint,
  );
});

test('rows without a target are left out where gaps are kept; a number for gaps is a rule as well', async () => {
  const data = await read('a,y\n1,0\n2,\n,1\n');
  assert.equal([...data.inputs['input']!.values], [1, NaN]);
  const zero = await read('a,y\n1,0\n,1\n', { missing: 0 });
  assert.equal(zero.table.columns, [{ name: 'a', type: 'number', missing: 0 }]);
  assert.equal([...encodeRows(zero.table, [[null], [4]]).values], [0, 4]);
});

test('several targets have the names of their columns, and units stand in the table', async () => {
  const text = 'a [mm],price (€),kind,y\n1,2.5,p,0\n3,4.5,q,1\n';
  const data = await csvDataset(bytes(text), { target: ['kind', 1], units: { y: 's' } });
  assert.equal(data.features, ['a [mm]', 'y']);
  assert.equal(data.table, {
    columns: [
      { name: 'a [mm]', type: 'number', unit: 'mm' },
      { name: 'y', type: 'number', unit: 's' },
    ],
    targets: [
      { name: 'kind', type: 'class', classes: ['p', 'q'] },
      { name: 'price (€)', type: 'number', unit: '€' },
    ],
  });
  assert.equal(data.classes, { kind: ['p', 'q'] });
  assert.equal([...data.targets['kind']!.values], [0, 1]);
  assert.equal([...data.targets['price (€)']!.values], [2.5, 4.5]);
  for (const [target, message] of [
    [[], /target is \[\], expected the column to predict/],
    [['y', -1], /column 'y' is a target twice/],
    [['y', 'z'], /no column 'z'/],
  ] as const)
    assert.match(await refusal(() => csvDataset(bytes(text), { target: [...target] })), message);
});

test('dates are read as their clock shows them, and only if they exist', () => {
  for (const [text, date] of [
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2024/2/9 18:30', Date.UTC(2024, 1, 9, 18, 30)],
    ['1999-12-31T23:59:59.5+02:00', Date.UTC(1999, 11, 31, 23, 59, 59, 500)],
    ['0050-01-01', Date.parse('0050-01-01')],
    ['2024-05', Date.UTC(2024, 4, 1)],
    ['6:05', 6 * 3_600_000 + 5 * 60_000],
  ] as const)
    assert.is(dateOf(text), date, text);
  for (const text of [
    '2023-02-29',
    '2024-13-01',
    '2024-01-01 24:00',
    '24:00',
    '01/02/2024',
    '2024',
    '',
  ])
    assert.is(dateOf(text), undefined, text);
});

test('the places of dates in year, week and day are points of circles', () => {
  for (const at of [0, 1, 86_399_000, 951_782_400_000, 1_709_210_096_789, -86_400_000 * 400]) {
    const found = new Float32Array(7);
    writeDate(at, ['time', 'year', 'week', 'day'], found, 0);
    const date = new Date(at);
    const [begin, end] = [0, 1].map((more) => Date.UTC(date.getUTCFullYear() + more, 0, 1));
    const turns = [
      (at - begin!) / (end! - begin!),
      ((((at / 86_400_000 + 3) % 7) + 7) % 7) / 7,
      (((at / 86_400_000) % 1) + 1) % 1,
    ];
    const expected = turns.flatMap((turn) => [
      Math.cos(turn * 2 * Math.PI),
      Math.sin(turn * 2 * Math.PI),
    ]);
    expected.forEach((value, i) =>
      assert.ok(Math.abs(value - found[i + 1]!) < 1e-6, `${at}: ${[...found]}, ${expected}`),
    );
  }
});

test('columns of dates become features, gaps included, and another table of them is read alike', async () => {
  const text = 'at,y\n2024-01-01,0\n2024-07-01,1\n,1\n2024-12-31,0\n';
  const columns = { at: 'date' } as const;
  const [data] = impute(await read(text, { columns }));
  assert.equal(data.features, [
    'at: time',
    'at: cos of year',
    'at: sin of year',
    'at: cos of week',
    'at: sin of week',
    'at is missing',
  ]);
  const [at] = data.table.columns;
  assert.equal([at!.parts, at!.flag], [['time', 'year', 'week'], true]);
  assert.match(String(at!.missing), /^2024-0(6-30|7-01)T/);
  const rows = ['2024-01-01', new Date(Date.UTC(2024, 6, 1)), null, '2024-12-31'].map((one) => [
    one,
  ]);
  assert.equal(encodeRows(data.table, rows).values, data.inputs['input']!.values);
  // With times of day there is one part more; where they are all at midnight, it is the same.
  const timed = await read('at,y\n2024-01-01 00:00,0\n2024-07-01 06:00,1\n', { columns });
  assert.equal(timed.table.columns[0]!.parts, ['time', 'year', 'week', 'day']);
  const days = withColumnsOf(
    samplesOf(await read('at,y\n2024-01-01,0\n', { columns })),
    timed.table,
    'the model',
  );
  assert.equal([...days.inputs['input']!.values], [...timed.inputs['input']!.values].slice(0, 7));
  assert.match(
    await refusal(() => read(text, { columns, target: 'at' })),
    /is a target and holds dates/,
  );
  assert.match(
    await refusal(() => read('at,y\n31.12.2024,0\n', { columns })),
    /line 2, column 'at': '31.12.2024' is not a date\ndates are as/,
  );
});

test('many dates, and columns without any value', async () => {
  const day = (i: number) => new Date(i * 3_600_000).toISOString().slice(0, 16);
  const text = [
    'at,y',
    ...Array.from({ length: 5000 }, (_, i) => `${i % 9 ? day(i) : ''},${i % 2}`),
  ];
  const { columns } = await readCsv(bytes(text.join('\n')), {
    missing: 'keep',
    columns: { at: 'date' },
  });
  assert.is(columns[0]!.values[4999], 4999 * 3_600_000);
  assert.ok(Number.isNaN(columns[0]!.values[0]));
  assert.match(
    await refusal(() => read('a,b,y\n1,,0\n2,,1\n')),
    /column 'b': all of its values are missing\ncolumns: \{ b: 'ignore' \}/,
  );
});

test('rows are refused by their place and column', async () => {
  const { table } = await read('age,port,at,y\n10,S,2024-01-01,0\n20,C,2024-01-02,1\n', {
    columns: { at: 'date' },
  });
  const at = '2024-05-05';
  const right = { age: 1, port: 'S', at };
  for (const [rows, message] of [
    [[right, { ...right, age: '1' }], /^rows\[1\], column 'age': '1' is not a number/],
    [[{ ...right, age: Infinity }], /^rows\[0\], column 'age': Infinity is not finite/],
    [[{ ...right, age: 1e39 }], /column 'age': 1e\+39 is not finite in float32/],
    [[{ ...right, age: NaN }], /column 'age': the value is missing, as none was in training/],
    [[{ ...right, port: 'Q' }], /column 'port': 'Q' is none of the classes C, S/],
    [[{ ...right, port: '' }], /column 'port': the value is missing/],
    [[{ ...right, at: 'soon' }], /column 'at': 'soon' is not a date/],
    [[{ ...right, at: new Date(NaN) }], /column 'at': .* is not a date/],
    [
      [right, { age: 1, prt: 'S', at }],
      /^rows\[1\] has no column 'port', .* there are age, prt, at\ndid you mean 'prt'/i,
    ],
    [[[1, 'S']], /^rows\[0\] has 2 values, expected 3: age, port, at/],
    [[right, 7], /^rows\[1\] is 7, expected an object or a list/],
    [[], /there are no rows/],
    ['a,b', /rows are 'a,b', expected a list/],
    [null, /rows are null/],
    [{ age: [1], port: ['S'] }, /the rows have no column 'at'/],
    [
      { age: [1], port: ['S'], at },
      /column 'at' is '2024-05-05', expected a list of its values\none row is/,
    ],
    [{ age: [1, 2], port: ['S'], at: [at] }, /column 'port' has 1 values, column 'age' 2/],
    [{ age: [], port: [], at: [] }, /there are no rows/],
  ] as const)
    assert.match(await refusal(() => encodeRows(table, rows as never)), message);
  const columns = { at: [at], more: [1], port: ['S'], age: Float32Array.of(1) };
  const { values } = encodeRows(table, [right]);
  assert.equal(encodeRows(table, columns).values, values);
  assert.equal(encodeRows(table, [[1n, 'S', at]]).values, values);
});

test('categories that are numbers are met by their value', async () => {
  const { table } = await read('zip,y\n1.0,0\n20,1\n', { columns: { zip: 'class' } });
  assert.equal([...encodeRows(table, [[1], ['20'], [' 1.0 ']]).values], [1, 0, 0, 1, 1, 0]);
});

test('gaps that stand for nothing yet are not scaled, units are those of columns, and dates may be features', async () => {
  const read = (text: string, options: object) =>
    csvDataset(bytes(text), { target: 'y', ...options }) as ReturnType<typeof csvDataset>;
  const gaps = await read('a,y\n1,2\n,3\n4,5\n', { missing: 'keep' });
  for (const use of [standardize, quantileEdges])
    assert.match(
      await refusal(() => use(gaps)),
      /data set 'csv': NaN of sample 1, expected a finite number\nimpute puts/,
    );
  assert.match(
    await refusal(() => read('area,y\n1,2\n3,4\n', { units: { aera: 'm²' } })),
    /units: 'csv' has no column 'aera' that is read\n.*'area'/,
  );
  const dated = 'at,y\n2024-01-01,2\n2024-02-01,3\n';
  assert.match(
    await refusal(() => read(dated, {})),
    /it holds dates .*\n.*columns: \{ at: 'date' \} makes features of the dates$/,
  );
  assert.match(
    await refusal(() => read(dated, { target: 'at' })),
    /classes\n.* makes a class of each text$/,
  );
});

test.run();
