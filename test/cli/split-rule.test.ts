/** `--split`: parts by groups and by time, found again by eval, and what it refuses. */
// slow: trains and evaluates
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadData } from '../../src/cli/data-sources.js';
import { splitRule } from '../../src/cli/split-rule.js';
import { withValidation } from '../../src/cli/validation.js';
import type { TrainOptions } from '../../src/cli/train-options.js';
import type { Dataset } from '../../src/data/dataset.js';
import { refusal } from '../support/refusal.js';
import { inFolder, lanewise } from './lanewise.js';

/** 120 rows of 24 patients, whose number is the first feature, a day each, and two classes. */
const table = [
  'x,patient,day,kind',
  ...Array.from({ length: 120 }, (_, i) => {
    const patient = (i * 7) % 24;
    const day = new Date(Date.UTC(2024, 0, 1 + ((i * 11) % 60))).toISOString().slice(0, 10);
    return `${patient + (i % 5) / 10},p${patient},${day},${(i % 7) % 2 ? 'a' : 'b'}`;
  }),
].join('\n');
const dayOf = table
  .split('\n')
  .slice(1)
  .map((line) => line.split(',')[2]!);

/** What the parts' samples hold: patients, by the whole part of the first feature. */
const patients = (data: unknown) =>
  new Set(
    Array.from((data as Dataset).samples)
      .filter((_, i) => i % (data as Dataset).shape[0] === 0)
      .map(Math.floor),
  );

test('rows of a group are in one part, of validation too, and the column is no feature', async () => {
  await inFolder(async (cwd) => {
    const path = join(cwd, 't.csv');
    await writeFile(path, `${table}\n`);
    const split = splitRule('group:patient');
    const request = { split, columns: { day: 'ignore' as const }, seed: 3 };
    const found = await loadData(path, request);
    const parts = withValidation(found, { validation: 0.25, seed: 3 } as TrainOptions);
    const [train, validation, last] = [parts.train, parts.validation!, parts.test].map(
      patients,
    ) as [Set<number>, Set<number>, Set<number>];
    assert.is((parts.train as Dataset).shape[0], 1);
    assert.is(train.size + validation.size + last.size, 24);
    assert.equal(
      [...last, ...validation].filter((one) => train.has(one)),
      [],
    );
    assert.equal(
      [...last].filter((one) => validation.has(one)),
      [],
    );
    assert.ok(last.size >= 4 && last.size <= 6 && validation.size >= 4 && validation.size <= 6);
    // A column that is asked for is a feature as well.
    const kept = await loadData(path, { split, columns: { day: 'ignore', patient: 'class' } });
    assert.is((kept.train as Dataset).shape[0], 25);
    const limited = await loadData(path, { ...request, limit: 50 });
    assert.is(limited.keys!.values.length, 50);
    assert.is(
      withValidation(limited, { validation: 0.5, seed: 1 } as TrainOptions).keys!.values.length,
      50,
    );
  });
});

test('by time the latest rows are the test, and train, eval and export agree on them', async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, 't.csv'), `${table}\n`);
    const words = ['--data', 't.csv', '--ignore', 'patient'];
    const run = await lanewise(
      [
        'train',
        ...words,
        '--split',
        'time:day',
        '--holdout',
        '0.25',
        '--epochs',
        '2',
        '--out',
        'r',
      ],
      { cwd },
    );
    assert.is(run.code, 0, run.stderr);
    const [, line] = /\ntest accuracy (.*)\n/.exec(run.stdout)!;
    assert.match(
      run.stdout,
      /\n {2}npx lanewise export r\/model\.safetensors --data t\.csv --ignore patient/,
    );
    const scored = await lanewise(['eval', 'r/model.safetensors', '--data', 't.csv'], { cwd });
    assert.match(scored.stdout, /the 30 of 120 samples that were held out at training/);
    assert.ok(scored.stdout.includes(`\naccuracy ${line!}\n`), `${scored.stdout} ${line}`);
    const written = await lanewise(
      ['export', 'r/model.safetensors', '--data', 't.csv', '--out', 'p.csv'],
      { cwd },
    );
    assert.is(written.code, 0, written.stderr);
    assert.is((await readFile(join(cwd, 'p.csv'), 'utf8')).trim().split('\n').length, 31);
    const latest = dayOf.toSorted().slice(90)[0]!;
    const { test: last } = await loadData(join(cwd, 't.csv'), {
      split: splitRule('time:day'),
      columns: { patient: 'ignore' },
      holdout: 0.25,
    });
    const rows = table.split('\n').slice(1);
    assert.equal(
      Array.from((last as Dataset).samples),
      rows
        .filter((_, i) => dayOf[i]! >= latest)
        .map((row) => Math.fround(Number(row.split(',')[0]))),
    );
  });
});

test('random is without proportions, and what does not fit is refused', async () => {
  assert.equal(splitRule('Stratified'), { by: 'stratified' });
  assert.equal(splitRule('group:a:b'), { by: 'group', column: 'a:b' });
  assert.throws(() => splitRule('groups'), /Expected random, stratified, group:COLUMN/);
  await inFolder(async (cwd) => {
    const path = join(cwd, 't.csv');
    await writeFile(path, `${table}\n`);
    const of = (text: string) => ({ split: splitRule(text) });
    const labels = ({ test: last }: { test: unknown }) =>
      (last as Dataset).labels.filter((label) => label === 0).length;
    const [random, stratified] = [
      await loadData(path, of('random')),
      await loadData(path, of('stratified')),
    ];
    assert.is(
      labels(stratified),
      Math.round(
        (24 *
          ((stratified.train as Dataset).labels.filter((l) => l === 0).length +
            labels(stratified))) /
          120,
      ),
    );
    assert.not.equal(random.test, stratified.test);
    assert.match(await refusal(() => loadData(path, of('group:patent'))), /has no column 'patent'/);
    assert.match(
      await refusal(() => loadData(path, of('time:patient'))),
      /times\[\d+\] is 'p\d+', expected a number or a date/,
    );
    assert.match(
      await refusal(() => loadData(path, { ...of('time:day'), fold: { k: 3, fold: 0 } })),
      /--folds 3 with --split time:day: each fold but the last would be predicted from later/,
    );
    assert.match(
      await refusal(() => loadData('digits', of('random'))),
      /--split random is for data that is not divided, and 'digits' has test samples/,
    );
    await writeFile(join(cwd, 'gap.csv'), `${table}\n1,,2024-01-01,a\n`);
    assert.match(
      await refusal(() => loadData(join(cwd, 'gap.csv'), of('group:patient'))),
      /line 122, column 'patient': the value is missing \(''\), and it decides which part/,
    );
    const dropped = await loadData(join(cwd, 'gap.csv'), {
      ...of('group:patient'),
      missing: 'drop',
    });
    assert.is(
      (dropped.train as Dataset).labels.length + (dropped.test as Dataset).labels.length,
      120,
    );
  });
});

test.run();
