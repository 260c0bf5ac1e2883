/** CSV: what spreadsheets and programs write is read right, and what is wrong is refused by line and column. */
// slow: reads files of many sizes
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCsv, type CsvOptions } from '../../src/data/csv-table.js';
import { csvDataset } from '../../src/data/csv-dataset.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { refusal } from '../support/refusal.js';

/** A stream of the bytes in pieces of `size`. */
async function* pieces(content: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

const read = (text: string, options: CsvOptions = {}) =>
  readCsv(pieces(text), { name: 't.csv', ...options });

/** Columns as `name type values`, classes by name. */
async function shown(text: string, options?: CsvOptions): Promise<string[]> {
  const { columns } = await read(text, options);
  return columns.map((column) =>
    [
      column.name,
      column.type,
      ...Array.from(column.values, (v) => (column.type === 'class' ? column.classes[v] : v)),
    ].join(' '),
  );
}

const IRIS = 'length,width,sort\n5.1,3.5,setosa\n7,3.2,versicolor\n6.3,3.3,setosa\n';

test('numbers and classes by what a column holds; classes in order', async () => {
  assert.equal(await shown('b,c,n\nx,2,1e1\ny,10,-.5\nx,2,+3.\n'), [
    'b class x y x',
    'c number 2 10 2',
    'n number 10 -0.5 3',
  ]);
  const { columns } = await read('c,d\n10,b\n9,a\n10,é\n', { columns: { c: 'class' } });
  assert.equal(
    columns.map((column) => column.type === 'class' && [...column.classes, ...column.values]),
    [
      ['9', '10', 1, 0, 1],
      ['a', 'b', 'é', 1, 0, 2],
    ],
  );
});

test('quotes, line ends of all systems, a byte order mark, empty lines, space around fields', async () => {
  const expected = ['a class p,q "r" two\nlines', 'b number 1 2'];
  for (const end of ['\n', '\r\n', '\r']) {
    const text = `\ufeffa , b${end}"p,q ""r""",1${end}${end}"two\nlines", 2 ${end}`;
    assert.equal(await shown(text), expected);
    assert.equal(await shown(text.slice(0, -end.length)), expected);
  }
});

test('other delimiters, no header, columns left out', async () => {
  assert.equal(await shown('1;x\n2;y\n', { delimiter: ';', header: false }), [
    '0 number 1 2',
    '1 class x y',
  ]);
  assert.equal(await shown('a\tb\n1\tx\n', { delimiter: '\t', columns: { b: 'ignore' } }), [
    'a number 1',
  ]);
  // Names that objects have of their own are names like others.
  assert.equal(await shown('__proto__,constructor\n1,2\n'), [
    '__proto__ number 1',
    'constructor number 2',
  ]);
});

test('missing values: refused, left out, or a number', async () => {
  const text = 'a,b\n1,x\n,y\n3,x\nNA,x\n';
  assert.match(
    await refusal(() => read(text)),
    /^'t\.csv' line 3, column 'a': the value is missing \(''\)\nmissing: 'drop'/,
  );
  assert.equal(await shown(text, { missing: 'drop' }), ['a number 1 3', 'b class x x']);
  assert.equal(await shown(text, { missing: -1 }), ['a number 1 -1 3 -1', 'b class x y x x']);
  assert.equal(await shown(text, { missing: 0, columns: { a: 'number' } }), [
    'a number 1 0 3 0',
    'b class x y x x',
  ]);
  // A gap in a column that is left out does not count.
  assert.equal(await shown(text, { columns: { a: 'ignore' } }), ['b class x y x x']);
  assert.equal(await shown('a,b\n1,x\n?,y\n', { missingTexts: [] }), [
    'a class 1 ?',
    'b class x y',
  ]);
  for (const columns of [{}, { b: 'class' as const }] as CsvOptions['columns'][])
    assert.match(
      await refusal(() => read('a,b\n1,x\n2,\n', { missing: 0, ...(columns ? { columns } : {}) })),
      /line 3, column 'b': a class is missing/,
    );
});

const wrong: readonly (readonly [text: string, options: CsvOptions, message: RegExp])[] = [
  ['a,b\n1,2\n3\n', {}, /^'t\.csv' line 3 has 1 fields, expected 2 as in the first line/],
  [
    'a,width\n1,2\n"x\r\ny",2\n1,abc\n',
    { columns: { width: 'number' } },
    /^'t\.csv' line 5, column 'width': 'abc' is not a number\nmissing: \['abc'\] leaves such rows out/,
  ],
  [
    'a\n"x\ny"\nz\n',
    { columns: { a: ['z'] } },
    /line 2, column 'a': 'x\\u\{a\}y' is none of the classes z/,
  ],
  ['a\n0x10\n', { columns: { a: 'number' } }, /'0x10' is not a number \(hexadecimal\)/],
  ['a\nInfinity\n', { columns: { a: 'number' } }, /'Infinity' is not a number \(not finite\)/],
  ['a\n1e39\n', {}, /line 2, column 'a': 1e39 is too large for a float32/],
  ['a\n256\n', { columns: { a: 'byte' } }, /'256' is not a whole number of 0–255/],
  ['a\n1.5\n', { columns: { a: 'byte' } }, /'1.5' is not a whole number/],
  ['', {}, /'t\.csv' has no rows/],
  ['a,b\n', {}, /has no rows/],
  ['a\n\n\n', { missing: 'drop' }, /has no rows/],
  ['a,a\n1,2\n', {}, /two columns 'a'\nif the first line is data: header: false/],
  [
    '5.1,x\n1,2\n',
    {},
    /first line should name the columns, and '5.1' is a number\nheader: false if it is data/,
  ],
  [
    'a;b\n1;2\n',
    { columns: { a: 'number' } },
    /no column 'a', it has a;b\nperhaps the delimiter is ";"/,
  ],
  [
    'width\n1\n',
    { columns: { widht: 'number' } },
    /no column 'widht', it has width\ndid you mean 'width'/,
  ],
  ['a\n"1\n2\n', {}, /line 2: a quote is opened and never closed/],
  ['a\n"1"2\n', {}, /line 2: a closing quote is followed by more/],
  ['a\nx"1"\n', {}, /line 2: a quote stands inside a field/],
  ['a\n1\n', { delimiter: '' }, /delimiter "", expected/],
  ['a\n1\n', { missing: NaN }, /missing is NaN, expected 'drop'/],
  ['a\n1\n', { columns: { a: 'numbr' as 'number' } }, /column 'a' is 'numbr', expected 'number'/],
  ['a\n1\n', { columns: { a: ['x', 'x'] } }, /column 'a' names a class twice/],
];

for (const [text, options, message] of wrong) {
  test(`refuses ${JSON.stringify(text)} ${JSON.stringify(options)}`, async () => {
    assert.match(await refusal(() => read(text, options)), message);
  });
}

test('bytes that are not UTF-8 are named by their place, wherever the pieces are cut', async () => {
  const bytes = Uint8Array.from([...Buffer.from('a\né€😀\n'), 0xe2, 0x82, 0x41, 0x0a]);
  for (let size = 1; size < 20; size++) {
    const run = () => readCsv(pieces(bytes, size), { name: 'x' });
    assert.match(await refusal(run), /^'x': byte 12 is not UTF-8 text/);
    const { columns } = await readCsv(pieces(bytes.subarray(0, 12), size));
    assert.equal(columns[0]!.type === 'class' && columns[0]!.classes, ['é€😀']);
  }
  assert.match(await refusal(() => readCsv(pieces(bytes.subarray(0, 9)))), /byte 7 is not/);
});

test('a column of many numbers stays one; with a text among them it is refused, or as it is told', async () => {
  const many = Array.from({ length: 5000 }, (_, i) => i / 8);
  const text = (last: string) => `a\n${many.join('\n')}\n${last}\n`;
  const { columns, rows } = await read(text('7'));
  assert.is(rows, 5001);
  assert.equal(Array.from(columns[0]!.values.subarray(-2)), [4999 / 8, 7]);
  assert.match(
    await refusal(() => read(text('seven'))),
    /^'t\.csv', column 'a': 5000 of 5001 values are numbers, line 5002 has 'seven'/,
  );
  const ids = `id\n${many.map((v) => `p${v}`).join('\n')}\n`;
  assert.match(
    await refusal(() => read(ids)),
    /line 2, column 'id': 'p0' is not a number, and the column has more than 4096 different texts/,
  );
  const asClasses = (await read(ids, { columns: { id: 'class' } })).columns[0]!;
  assert.is(asClasses.type === 'class' && asClasses.classes.length, 5000);
});

/** A table of 300 rows, of which `height` has the cells given. */
const withHeight = (cell: (height: number, row: number) => string) =>
  `height,kind\n${Array.from({ length: 300 }, (_, i) => `"${cell(((i * 53) % 97) / 10, i)}",${i % 2 ? 'a' : 'b'}`).join('\n')}\n`;

test('one odd cell in a column of numbers is refused with its line and the way out', async () => {
  const odd = {
    '2.5cm': '',
    '2O': '',
    inf: ' (not finite)',
    '-Infinity': ' (not finite)',
    '5%': ' (a percent sign)',
    '1,234': ' (a comma in it)',
    '2,5': ' (a comma in it)',
    '€3': ' (a currency sign)',
    '0x1f': ' (hexadecimal)',
    '1 234': ' (a separator of thousands)',
    '-': '',
    tall: '',
  };
  for (const [cell, reason] of Object.entries(odd)) {
    const text = withHeight((height, row) => (row === 250 ? cell : String(height)));
    const expected = `'t.csv', column 'height': 299 of 300 values are numbers, line 252 has '${cell}'${reason}\nmissing: ['${cell}'] leaves such rows out; columns: { height: 'class' } makes a class of each text, columns: { height: 'ignore' } leaves the column out`;
    assert.is(await refusal(() => read(text)), expected);
    assert.is(
      await refusal(() => csvDataset(pieces(text), { name: 't.csv', target: 'kind' })),
      expected,
    );
    // Each of the ways out is one.
    const options = { name: 't.csv', target: 'kind' };
    const without = await csvDataset(pieces(text), { ...options, missing: [cell] });
    assert.equal([without.features, without.targets['output']!.values.length], [['height'], 299]);
    const ignored = { ...options, columns: { height: 'ignore' } } as const;
    assert.match(await refusal(() => csvDataset(pieces(text), ignored)), /no column besides/);
    const asClass = { ...options, columns: { height: 'class' } } as const;
    assert.is((await csvDataset(pieces(text), asClass)).features.length, 98);
  }
  const large = withHeight((height, row) => (row === 250 ? '1e400' : String(height)));
  assert.match(await refusal(() => read(large)), /line 252, .*1e400 is too large for a float32/);
  const fine = withHeight((height, row) => (row % 2 ? `+${height}` : ` ${height}e0 `));
  assert.is((await csvDataset(pieces(fine), { target: 'kind' })).features.length, 1);
});

test('what is missing by the habit of the field is missing, and not a class', async () => {
  for (const gap of ['', 'NA', 'N/A', 'n/a', '<NA>', 'NaN', 'nan', 'null', 'NULL', 'None', '?']) {
    const text = withHeight((height, row) => (row === 250 ? gap : String(height)));
    const message = await refusal(() => read(text));
    assert.ok(
      message.startsWith(`'t.csv' line 252, column 'height': the value is missing ('${gap}')`),
    );
    assert.is((await read(text, { missing: 'drop' })).rows, 299);
  }
});

test('columns of numbers of which one cell is not a number are refused, for every kind of odd cell', async () => {
  const forms: ((height: number) => string)[] = [
    (height) => String(height).replace('.', ','),
    (height) => `${height}%`,
    (height) => `${height} cm`,
    (height) => `${Math.floor(height) + 1},000`,
  ];
  for (const form of forms) {
    const text = withHeight(form);
    assert.match(
      await refusal(() => csvDataset(pieces(text), { name: 't.csv', target: 'kind' })),
      /column 'height': (?:its values look like numbers, and are not read as such|\d+ of 300 values are numbers), line \d+ has '/,
    );
  }
  // Classes that begin with a figure are classes.
  for (const cells of [
    ['1st', '2nd', '3rd'],
    ['18-24', '25-34', '65+'],
    ['2WD', '4WD', 'FWD'],
  ]) {
    const text = withHeight((_, row) => cells[row % 3]!);
    assert.is((await csvDataset(pieces(text), { target: 'kind' })).features.length, 3);
  }
});

test('dates and identifiers do not become a feature each', async () => {
  const day = (i: number) => new Date(Date.UTC(2012, 0, 1 + i));
  const dates: ((i: number) => string)[] = [
    (i) => day(i).toISOString(),
    (i) => day(i).toISOString().slice(0, 10),
    (i) => day(i).toISOString().slice(0, 10).replaceAll('-', '/'),
    (i) => day(i).toISOString().slice(0, 16).replace('T', ' '),
    (i) => `${1 + (i % 12)}/${1 + (i % 28)}/2012`,
    (i) => `${1 + (i % 28)}.${1 + (i % 12)}.12`,
    (i) => day(i).toUTCString().slice(5, 16),
    (i) => `Jan ${1 + (i % 28)} ${1990 + (i % 20)}`,
    (i) => `${10 + (i % 10)}:30`,
  ];
  for (const form of dates) {
    const text = withHeight((_, row) => form(row));
    assert.match(
      await refusal(() => csvDataset(pieces(text), { name: 't.csv', target: 'kind' })),
      /^'t\.csv', column 'height': it holds dates \('.*'\), which would become \d+ features\ncolumns: \{ height: 'ignore' \} leaves it out, columns: \{ height: 'class' \}/,
    );
    assert.is((await read(text)).columns.length, 2);
  }
  const names = withHeight((_, row) => `person ${row}`);
  const run = (target: string, options = {}) =>
    csvDataset(pieces(names), { name: 't.csv', target, ...options });
  assert.match(
    await refusal(() => run('kind')),
    /column 'height': it has 300 different texts in 300 rows \('person 0'\), which would become 300 features/,
  );
  assert.match(await refusal(() => run('height')), /which would become 300 classes/);
  assert.is((await run('kind', { columns: { height: 'class' } })).features.length, 300);
  // So many texts that they are not even kept.
  const hours = `at,kind\n${Array.from({ length: 8759 }, (_, i) => `${new Date(i * 3.6e6).toISOString()},${i % 2 ? 'a' : 'b'}`).join('\n')}`;
  assert.match(
    await refusal(() => csvDataset(pieces(hours, 65_536), { target: 'kind' })),
    /column 'at': it holds dates .*, which would become more than 4096 features/,
  );
  assert.match(
    await refusal(() => readCsv(pieces(hours, 65_536), { name: 't.csv' })),
    /^'t\.csv' line 2, column 'at': .* is not a number, and the column has more than 4096 different texts, all of them dates\ncolumns: \{ at: 'ignore' \}/,
  );
});

test('options in the wrong form are refused by name', async () => {
  const run = (options: unknown) =>
    refusal(() => csvDataset(pieces(IRIS), options as { target: string }));
  assert.match(await run(undefined), /^csvDataset: options are undefined, expected an object/);
  assert.match(await run({}), /^csvDataset: target is undefined, expected the column to predict/);
  assert.match(
    await run({ target: 'sort', sep: ';' }),
    /unknown option 'sep'.*\ndid you mean 'delimiter'/,
  );
  assert.match(await run({ target: 'sort', ignore: ['a'] }), /columns: \{ name: 'ignore' \}/);
  assert.match(await run({ target: 'sort', missing: [1] }), /missing is \[1\], expected 'drop'/);
  assert.match(
    await run({ target: 'sort', columns: ['a'] }),
    /columns is \[.*\], expected an object/,
  );
});

test('a quote that is never closed does not collect the rest of a large file', async () => {
  let sent = 0;
  async function* endless(): AsyncGenerator<string> {
    yield 'a\n"';
    for (; ; sent += 2 ** 20) yield 'x'.repeat(2 ** 20);
  }
  const message = await refusal(() => readCsv(endless(), { name: 'x' }));
  assert.match(message, /^'x' line 2: a record of more than 16777216 bytes/);
  assert.ok(sent < 2 ** 26, `${sent} bytes were read`);
});

test('a file is read from disk; a missing one and a folder are refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-csv-'));
  try {
    const path = join(folder, 'iris.csv');
    await writeFile(path, IRIS);
    assert.is((await readCsv(path)).rows, 3);
    assert.match(
      await refusal(() => readCsv(`${path}x`)),
      /cannot read CSV '.*': there is no such/,
    );
    assert.match(
      await refusal(() => readCsv(folder)),
      /cannot read CSV '.*': it is a folder, expected a file/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('features and a target: a class, or a number', async () => {
  const iris = await csvDataset(pieces(IRIS), { name: 'iris', target: 'sort' });
  assert.equal(iris.features, ['length', 'width']);
  assert.equal(iris.classes, ['setosa', 'versicolor']);
  assert.equal(iris.inputs['input'], {
    shape: [2],
    values: Float32Array.of(5.1, 3.5, 7, 3.2, 6.3, 3.3),
  });
  assert.equal(iris.targets['output'], { shape: [], values: Int32Array.of(0, 1, 0) });

  const width = await csvDataset(pieces(IRIS), { target: 1 });
  assert.equal(width.features, ['length', 'sort=setosa', 'sort=versicolor']);
  assert.equal(
    [...width.inputs['input']!.values],
    [Math.fround(5.1), 1, 0, 7, 0, 1, Math.fround(6.3), 1, 0],
  );
  assert.equal(width.targets['output'], { shape: [1], values: Float32Array.of(3.5, 3.2, 3.3) });
  assert.is(width.classes, undefined);

  const order = ['versicolor', 'setosa'];
  const given = await csvDataset(pieces(IRIS), { target: -1, columns: { sort: order } });
  assert.equal(given.classes, order);
  assert.equal([...given.targets['output']!.values], [1, 0, 1]);
});

test('targets that are no column are refused before the file is read', async () => {
  const run = (target: string | number, columns = {}) =>
    refusal(() => csvDataset(pieces(IRIS), { name: 'iris.csv', target, columns }));
  assert.match(await run('sorte'), /'iris\.csv' has no column 'sorte'.*\ndid you mean 'sort'/);
  assert.match(await run(3), /target is 3, expected .* its place among 3/);
  assert.match(await run(0.5), /target is 0.5/);
  assert.match(await run('sort', { sort: 'ignore' }), /'sort' is the target, and is ignored/);
  assert.match(
    await refusal(() => csvDataset(pieces('a\n1\n'), { target: 'a' })),
    /no column besides the target/,
  );
});

test('images whose pixels are columns, as bytes or floats', async () => {
  const text = 'label,a,b,c,d\n7,0,255,3,4\n0,5,6,7,8\n';
  const shape = [1, 2, 2] as const;
  const bytes = await csvDataset(pieces(text), { target: 'label', shape });
  assert.equal(bytes.samples, Uint8Array.of(0, 255, 3, 4, 5, 6, 7, 8));
  assert.equal(
    [bytes.classes, [...bytes.labels]],
    [
      ['0', '7'],
      [1, 0],
    ],
  );
  const floats = await csvDataset(pieces(text), { target: 0, shape, values: 'floats' });
  assert.instance(floats.samples, Float32Array);
  const run = (content: string, options = {}) =>
    refusal(() =>
      csvDataset(pieces(content), { name: 'm.csv', target: 'label', shape, ...options }),
    );
  assert.match(
    await run('label,a,b,c,d\n7,0,256,3,4\n'),
    /line 2, column 'b': '256' is not a whole/,
  );
  assert.match(
    await run('label,a,b\n7,0,2\n'),
    /has 2 columns besides the target, .* 1×2×2 takes 4/,
  );
  assert.match(await run(text, { shape: [4] }), /shape is 4, expected channels/);
  assert.match(await run(text, { columns: { a: 'class' } }), /'a' is a pixel, expected 'byte'/);
  assert.match(
    await run(text, { columns: { label: 'number' } }),
    /'label' is the target of images/,
  );
});

test('damaged files are refused, or read as tables of whole columns', async () => {
  const files = [IRIS, 'a,b\r\n"x,""y""",1\r\n"z\n",-2e3\r\n', '\ufefflabel;é\n1;2\n3;4\n'];
  await fuzz(
    files.map((text) => new TextEncoder().encode(text)),
    fuzzCount(10_000),
    (bytes) => readCsv(pieces(bytes, 16), { missing: 'drop' }),
    ({ rows, columns }) => {
      assert.ok(columns.length > 0);
      for (const column of columns) {
        assert.is(column.values.length, rows);
        const limit = column.type === 'class' ? column.classes.length : Infinity;
        assert.ok(column.values.every((v) => Number.isFinite(v) && v < limit));
      }
    },
  );
});

test.run();
