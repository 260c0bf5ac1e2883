/** Parquet files of other writers: tables, images, what is refused, and damaged files. */
// slow: reads 20,000 damaged files
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { csvDataset } from '../../src/data/csv-dataset.js';
import type { StreamedDataset } from '../../src/data/dataset.js';
import { imageFolder } from '../../src/data/image-folder.js';
import { parquetDataset } from '../../src/data/parquet-dataset.js';
import { loadIntoMemory } from '../../src/crew/load.js';
import { decodeRuns } from '../../src/formats/rle.js';
import { endOfStruct, Unfinished } from '../../src/formats/thrift.js';
import { subset } from '../../src/data/subset.js';
import type { TableFormat } from '../../src/data/table-format.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { withFolder } from '../support/images.js';
import { extracted } from '../support/parquet-images.js';
import { refusal } from '../support/refusal.js';

/** Written by test/golden/make_parquet.mjs. */
const golden = fileURLToPath(new URL('../../../test/golden/parquet/', import.meta.url));
const tables = readdirSync(golden).filter((name) => name.startsWith('table-'));
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(join(golden, name)));

/** The table of the files, as CSV. */
const csv = [
  'count,big,width,small,wild,form,target',
  ...Array.from({ length: 60 }, (_, i) =>
    [
      i - 5,
      i * 10,
      i % 7 === 3 ? '' : i / 8,
      i / 4,
      i % 3 === 0,
      ['long', 'wide', 'round'][i % 3],
      i % 2 ? 'yes' : 'no',
    ].join(),
  ),
].join('\n');

test('every codec, encoding and version of pages gives the table that CSV gives', async () => {
  assert.ok(tables.length >= 9);
  const expected = await csvDataset(new TextEncoder().encode(csv), {
    target: 'target',
    missing: 0,
  });
  for (const name of tables) {
    const data = await parquetDataset(join(golden, name), {
      target: 'target',
      missing: 0,
      columns: { day: 'ignore' },
    });
    assert.equal(data.features, expected.features, name);
    assert.equal(data.inputs['input'], expected.inputs['input'], name);
    assert.equal([data.targets, data.classes], [expected.targets, expected.classes], name);
  }
});

test('columns of dates are dates, of several targets each has its name', async () => {
  for (const name of ['table-snappy.parquet', 'table-hyparquet.parquet']) {
    const data = await parquetDataset(join(golden, name), {
      target: ['target', 'small'],
      missing: 'impute',
      units: { width: 'cm' },
    });
    const rows = Array.from({ length: 60 }, (_, i) =>
      [i - 5, new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10), i % 2].join(),
    );
    const dated = await csvDataset(
      new TextEncoder().encode(`count,day,target\n${rows.join('\n')}`),
      {
        target: 'target',
        columns: { day: 'date' },
      },
    );
    const of = ({ table }: { table?: TableFormat }, column: string) =>
      table!.columns.find((one) => one.name === column);
    assert.equal(of(data, 'day'), of(dated, 'day'), name);
    assert.is(of(data, 'width')!.unit, 'cm');
    assert.equal(Object.keys(data.targets), ['target', 'small']);
    assert.equal(data.classes, { target: ['no', 'yes'] });
  }
});

test('a path, bytes, a Blob and shards are read alike', async () => {
  const [name] = tables;
  const options = { target: 'target', missing: 'drop', columns: { day: 'ignore' } } as const;
  const once = await parquetDataset(join(golden, name!), options);
  const { length } = once.inputs['input']!.values;
  for (const source of [bytesOf(name!), new Blob([bytesOf(name!) as BlobPart])])
    assert.equal((await parquetDataset(source, options)).inputs, once.inputs);
  const twice = await parquetDataset([join(golden, name!), join(golden, tables[1]!)], options);
  assert.is(twice.inputs['input']!.values.length, 2 * length);
});

test('what does not fit a table is refused by file, column and row', async () => {
  const table = bytesOf('table-snappy.parquet');
  const read = (options: object, source: Uint8Array | string[] = table) =>
    refusal(() => parquetDataset(source, options as { target: string }));
  assert.match(
    await read({ target: 'target' }),
    /'parquet' row 4, column 'width': the value is missing/,
  );
  assert.match(
    await read({ target: 'form', columns: { target: 'number' } }),
    /row 1, column 'target'/,
  );
  assert.match(
    await read({ target: 'sort' }),
    /'parquet' has no column 'sort', it has count, big, width/,
  );
  assert.match(await read({}), /target is undefined, expected the column to predict/);
  assert.match(await read({ target: 'form', header: false }), /header is false, expected nothing/);
  assert.match(await read({ target: 'form', speed: 1 }), /parquetDataset/);
  const lists = [join(golden, 'lists.parquet')];
  assert.match(
    await read({ target: 'target' }, lists),
    /column 'tokens' holds lists, expected a value a row\ncolumns: \{ "tokens": 'ignore' \}/,
  );
  assert.match(
    await read({ target: 'target', missing: 0 }, [join(golden, tables[0]!), lists[0]!]),
    /lists.parquet' has the columns tokens, target, /,
  );
  assert.match(await read({ target: 'x' }, [golden]), /it is not a file/);
  assert.match(
    await refusal(() =>
      parquetDataset(Uint8Array.from(Buffer.from('a,b\n1,2\n3,4\n')), { target: 'b' }),
    ),
    /'parquet': not a Parquet file, or cut short/,
  );
});

test('images are those of a folder with the same files: samples, labels, trained bits', async () => {
  const shards = ['train-00000-of-00002', 'train-00001-of-00002'].map((name) =>
    join(golden, `${name}.parquet`),
  );
  const data = await parquetDataset(golden, { size: 8, split: 'train' });
  assert.equal(data.classes, ['cat', 'dog', 'owl']);
  assert.equal([...data.labels], [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
  assert.is(data.reader.describe!(9), `'${shards[1]}: row 3'`);
  assert.equal((await parquetDataset(shards, { size: 8 })).fingerprint, data.fingerprint);
  const { samples } = await loadIntoMemory(data, { decoders: 2 });
  for (const [i, first] of [0, 7, 13].entries()) {
    const [name, count] = [
      [...shards, join(golden, 'test-00000-of-00001.parquet')][i]!,
      [7, 6, 4][i]!,
    ];
    // In memory, the main thread decodes.
    const one = await parquetDataset(bytesOf(name.slice(golden.length)), { size: 8 });
    assert.is(one.labels.length, count);
    const read = (await loadIntoMemory(one)).samples;
    if (i < 2) assert.equal(read, samples.slice(first * 192, (first + count) * 192));
  }
  // The pictures of the files, in a folder whose order is that of the rows.
  const files: Record<string, Uint8Array> = {};
  const sorted = (await extracted(shards)).toSorted((a, b) => a.label - b.label);
  for (const [i, { label, bytes }] of sorted.entries())
    files[`${data.classes[label]!}/${String(i).padStart(3, '0')}.png`] = bytes;
  await withFolder(files, async (path) => {
    const folder = await imageFolder(path, { size: 8 });
    const order = sorted.map(({ row }) => row);
    const same = subset(data, order);
    assert.equal((await loadIntoMemory(folder)).samples, (await loadIntoMemory(same)).samples);
    const run = async (one: StreamedDataset): Promise<string> => {
      const { model } = await train(mlp({ size: 8, channels: 3, classes: 3, hidden: 4 }), {
        data: one,
        optimizer: sgd({ lr: 0.1 }),
        epochs: 2,
        batch: 4,
        workers: 2,
        numerics: 'strict',
      });
      return model.sha256();
    };
    assert.is(await run(same), await run(folder));
  });
});

test('columns, classes and splits of images are found, or named', async () => {
  const file = bytesOf('test-00000-of-00001.parquet');
  const read = (options: object, source: Uint8Array | string = file) =>
    refusal(() => parquetDataset(source, { size: 8, ...options }));
  const named = await parquetDataset(file, { size: 8, classes: ['a', 'b', 'c'] });
  assert.equal(named.classes, ['a', 'b', 'c']);
  assert.match(
    await read({ classes: ['a', 'b'] }),
    /row 2 of column 'label': the class is '2', expected 0–1/,
  );
  assert.match(
    await read({ image: 'label' }),
    /has no column of images 'label', it has image.bytes/,
  );
  assert.match(await read({ target: 'kind' }), /has no column 'kind'/);
  assert.match(
    await read({}, golden),
    /are of the parts test, train, expected one part\nsplit: 'test'/,
  );
  assert.match(
    await read({ split: 'validation' }, golden),
    /no .parquet files of the part 'validation'/,
  );
  assert.match(await read({ size: 0 }), /size is 0/);
  assert.match(await read({ missing: 0 }), /missing/);
  assert.match(
    await read({}, join(golden, 'table-snappy.parquet')),
    /has no column of images, it has count/,
  );
});

test('rows without image or class are named', async () => {
  const read = (name: string) => refusal(() => parquetDataset(bytesOf(name), { size: 8 }));
  assert.match(
    await read('partial-image.parquet'),
    /'parquet', row 2: column 'image' has no image\nimages by path or address are not read/,
  );
  assert.match(
    await read('partial-label.parquet'),
    /row 2: column 'label' is missing, expected a class/,
  );
  assert.match(await read('partial-unlabelled.parquet'), /row 2: column 'label' is -1, expected/);
});

test('the temporary file of packed images goes with the process', async () => {
  await withFolder({}, async (path) => {
    const module = new URL('../../src/data/parquet-dataset.js', import.meta.url).href;
    const file = join(golden, 'train-00000-of-00002.parquet');
    const script = `
      const { parquetDataset } = await import(${JSON.stringify(module)});
      const { readdirSync } = await import('node:fs');
      await parquetDataset(${JSON.stringify(file)}, { size: 8 });
      console.log(readdirSync(${JSON.stringify(path)}).length);`;
    const env = { ...process.env, TMPDIR: path, TEMP: path, TMP: path };
    const args = ['--input-type=module', '--eval', script];
    assert.is(execFileSync(process.execPath, args, { env, encoding: 'utf8' }), '1\n');
    assert.equal(readdirSync(path), []);
  });
});

test('a file that changes after it was scanned is named', async () => {
  await withFolder({}, async (path) => {
    const file = join(path, 'train.parquet');
    copyFileSync(join(golden, 'test-00000-of-00001.parquet'), file);
    const data = await parquetDataset(file, { size: 8 });
    await utimes(file, 1, 2);
    assert.match(await refusal(() => loadIntoMemory(data)), /has changed since it was scanned/);
    await writeFile(file, '');
    assert.match(await refusal(() => parquetDataset(file, { size: 8 })), /it has 0 bytes/);
  });
});

test('a folder that lacks one of the files that its names count is refused, and so are two columns of a name', async () => {
  await withFolder({}, async (path) => {
    const copy = (name: string) =>
      copyFileSync(join(golden, 'train-00000-of-00002.parquet'), join(path, name));
    for (const name of ['train-00000-of-00003', 'train-00002-of-00003', 'test-0-of-1'])
      copy(`${name}.parquet`);
    assert.match(
      await refusal(() => parquetDataset(path, { size: 8, split: 'train' })),
      /has 2 of 3 files, 'train-00001-of-00003\.parquet' is missing/,
    );
    copy('train-00001-of-00003.parquet');
    await parquetDataset(path, { size: 8, split: 'train' });
    await parquetDataset(path, { size: 8, split: 'test' });
    assert.match(
      await refusal(() => parquetDataset(join(path, 'none.parquet'), { size: 8 })),
      /none\.parquet': there is no such file or folder/,
    );
  });
  // 'small' becomes a second 'width'.
  const text = Buffer.from(bytesOf(tables[0]!)).toString('latin1');
  const twice = Buffer.from(text.replaceAll('small', 'width'), 'latin1');
  assert.match(
    await refusal(() => parquetDataset(new Uint8Array(twice), { target: 'target', missing: 0 })),
    /two columns of the name 'width'/,
  );
});

test('runs and headers are bounded by their bytes', () => {
  assert.equal(
    [...decodeRuns(Uint8Array.of(3, 0b10001000, 0b11000110, 0b11111010), 3, 8)],
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  assert.equal([...decodeRuns(Uint8Array.of(6, 5, 2, 1), 3, 4)], [5, 5, 5, 1]);
  // A run of 2³⁰ values, of which three are wanted.
  assert.equal([...decodeRuns(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 8, 1), 1, 3)], [1, 1, 1]);
  for (const bytes of [[], [6], [3, 1], [0, 1], [255, 255, 255, 255, 255, 255]])
    assert.throws(() => decodeRuns(Uint8Array.from(bytes), 3, 8), /values|run/);
  assert.is(endOfStruct(Uint8Array.of(0x15, 4, 0, 9), 0), 3);
  // A list of 2²⁸ numbers in a few bytes, a text longer than what follows, structures without end.
  const bad = [[0x19, 0xf5, 0x80, 0x80, 0x80, 0x80, 1, 0], [0x18, 0x7f, 1], Array(40).fill(0x1c)];
  for (const bytes of bad)
    assert.throws(() => endOfStruct(Uint8Array.from(bytes as number[]), 0), /longer|deep/);
  assert.throws(
    () => endOfStruct(Uint8Array.of(0x15), 0),
    (error: unknown) => error instanceof Unfinished,
  );
});

/** The footer of a Parquet file is its end, where a header is elsewhere: damage goes there when files are turned round. */
const turned = (bytes: Uint8Array): Uint8Array => bytes.toReversed();

test('10,000 damaged tables are refused or read', async () => {
  await fuzz(
    tables.map((name) => turned(bytesOf(name))),
    fuzzCount(10_000),
    (bytes) =>
      parquetDataset(turned(bytes), { target: 'target', missing: 0, columns: { day: 'ignore' } }),
    ({ inputs, features }) => assert.is(inputs['input']!.values.length % features.length, 0),
  );
});

test('10,000 damaged files of images are refused or read', async () => {
  const names = readdirSync(golden).filter((name) => /^t(rain|est)-/.test(name));
  await fuzz(
    names.map((name) => turned(bytesOf(name))),
    fuzzCount(10_000),
    (bytes) => parquetDataset(turned(bytes), { size: 8 }),
    ({ labels, classes }) => assert.ok(labels.every((label) => label < classes.length)),
  );
});

test.run();
