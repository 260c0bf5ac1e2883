/** Parquet files, tar archives and MATLAB's files on the command line: whole, divided by name, trained on, refused. */
// slow: trains on small files of each kind
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadData } from '../../src/cli/data-sources.js';
import { countOf, labelledSets } from '../../src/cli/task.js';
import { tarOf } from '../support/archives.js';
import { encodeImage, picture } from '../support/images.js';
import { refusal } from '../support/refusal.js';
import { evalOf, inFolder, lanewise } from './lanewise.js';

const golden = fileURLToPath(new URL('../../../test/golden/', import.meta.url));
const parquet = (name: string): string => join(golden, 'parquet', `${name}.parquet`);

const load = async (...args: Parameters<typeof loadData>) =>
  labelledSets(await loadData(...args), 'the test');

const png = await encodeImage('png', picture(8, 8, 1));

test('images of Parquet files: one is divided, a folder is divided by its names', async () => {
  const shape = [3, 8, 8] as const;
  const one = await load(parquet('train-00000-of-00002'), { shape });
  assert.ok(one.isHeldOut);
  assert.equal(
    [one.train.shape, one.train.classes],
    [
      [3, 8, 8],
      ['cat', 'dog', 'owl'],
    ],
  );
  await inFolder(async (folder) => {
    for (const name of ['train-00000-of-00002', 'train-00001-of-00002', 'test-00000-of-00001'])
      await copyFile(parquet(name), join(folder, `${name}.parquet`));
    const { train, test: held, isHeldOut } = await load(folder, { shape, target: 'label' });
    assert.equal([train.labels.length, held.labels.length, isHeldOut], [13, 4, undefined]);
    assert.is(held.name, `${folder} test`);
    assert.match(
      await refusal(() => loadData(folder, { holdout: 0.3 })),
      /has test samples of its own/,
    );
    const { code, stdout } = await lanewise([
      'train',
      'mlp',
      '--data',
      folder,
      '--shape',
      '3x8x8',
      '--epochs',
      '1',
      '--out',
      join(folder, 'run'),
    ]);
    assert.is(code, 0);
    assert.match(stdout, /test/);
    const scored = await lanewise([
      'eval',
      join(folder, 'run', 'model.safetensors'),
      '--data',
      folder,
      '--json',
    ]);
    assert.is(scored.code, 0);
    assert.is(evalOf(scored)['data'], `${folder} test`);
  });
  assert.match(
    await refusal(() => loadData(parquet('lists'), { shape: [2, 8, 8] })),
    /tokens|target/,
  );
});

test('tables of Parquet files: classes, numbers, and parts by name', async () => {
  const request = { target: 'target', missing: 0, columns: { day: 'ignore' } } as const;
  const { train, test: held } = await load(parquet('table-snappy'), request);
  assert.equal([train.labels.length + held.labels.length, train.classes], [60, ['no', 'yes']]);
  const small = await loadData(parquet('table-snappy'), { ...request, target: 'small' });
  assert.is(small.task!.kind, 'values');
  await inFolder(async (folder) => {
    await copyFile(parquet('table-snappy'), join(folder, 'train.parquet'));
    await copyFile(parquet('table-plain'), join(folder, 'test.parquet'));
    const parts = await load(folder, request);
    assert.equal([parts.train.labels.length, parts.test.labels.length], [60, 60]);
    assert.equal(parts.test.classes, parts.train.classes);
    const values = await loadData(folder, { ...request, target: 'small' });
    assert.equal([values.task!.kind, countOf(values.test)], ['values', 60]);
  });
  assert.match(
    await refusal(() => loadData(parquet('table-snappy'), { header: true })),
    /--header goes with a CSV file, and the data is/,
  );
});

test('tar archives: one, or a folder of them by their names', async () => {
  const archive = (labels: readonly number[]) =>
    tarOf(
      Object.fromEntries(
        labels.flatMap((label, i) => [
          [`${i}.png`, png],
          [`${i}.cls`, new TextEncoder().encode(String(label))],
        ]),
      ),
    );
  await inFolder(async (folder) => {
    const one = join(folder, 'one.tar');
    await writeFile(one, archive([0, 1, 0, 1, 0, 1, 0, 1, 0, 1]));
    const { train, test: held, isHeldOut } = await load(one, { size: 8 });
    assert.equal([train.labels.length, held.labels.length, isHeldOut], [8, 2, true]);
    await mkdir(join(folder, 'parts'));
    await writeFile(join(folder, 'parts', 'train-000.tar'), archive([0, 1, 2]));
    await writeFile(join(folder, 'parts', 'val-000.tar'), archive([2]));
    const parts = await load(join(folder, 'parts'), {});
    assert.equal(
      [parts.train.shape, parts.validation!.classes],
      [
        [3, 32, 32],
        ['0', '1', '2'],
      ],
    );
    assert.equal([...parts.test.labels], [2]);
    const { stdout } = await lanewise(['data', join(folder, 'parts')]);
    assert.match(stdout, /3 training and 1 validation samples of 3×32×32/);
  });
});

test('MATLAB’s files: arrays by their usual names', async () => {
  const mat = (name: string): string => join(golden, 'mat', `${name}.mat`);
  const { train, test: held } = await load(mat('images'));
  assert.equal([train.labels.length + held.labels.length, train.shape], [6, [3, 4, 5]]);
  const rows = await load(mat('rows'), { target: 'kind' });
  assert.equal([rows.train.shape, rows.train.classes.length], [[7, 1, 1], 2]);
  assert.match(
    await refusal(() => loadData(mat('rows'))),
    /has variables data, price, kind, expected samples in X, .* and classes in y/,
  );
  assert.match(await refusal(() => loadData(mat('four'))), /not a MATLAB file of version 5/);
});

test.run();
