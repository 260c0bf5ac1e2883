/** `--folds` and `--seeds`: several runs, a folder each, of which finished ones are not done again, and their table. */
// slow: trains several times
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { meanAndDeviation } from '../../src/base/mean-and-deviation.js';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repeatLines, repeatsRecord, type RepeatResult } from '../../src/cli/repeat-table.js';
import { repeatsName, repeatsOf } from '../../src/cli/repeats.js';
import type { TrainOptions } from '../../src/cli/train-options.js';
import { numbers } from '../support/numbers.js';
import { inFolder, lanewise } from './lanewise.js';

const options = (given: Partial<TrainOptions>) => ({ seed: 4, ...given }) as TrainOptions;

test('runs are of each seed, and in it of each fold', () => {
  const names = (given: Partial<TrainOptions>) => repeatsOf(options(given)).map(({ name }) => name);
  assert.equal(names({ folds: 3 }), ['fold-1', 'fold-2', 'fold-3']);
  assert.equal(names({ seeds: 2 }), ['seed-4', 'seed-5']);
  assert.equal(names({ seeds: 2, folds: 2 }), [
    'seed-4-fold-1',
    'seed-4-fold-2',
    'seed-5-fold-1',
    'seed-5-fold-2',
  ]);
  assert.equal(repeatsOf(options({ seeds: 2, folds: 2 }))[3], {
    name: 'seed-5-fold-2',
    seed: 5,
    fold: { k: 2, fold: 1 },
  });
  assert.equal(
    [{ folds: 5 }, { seeds: 3 }, { seeds: 3, folds: 5 }].map((one) => repeatsName(options(one))),
    ['5-folds', 'seeds', 'seeds-of-5-folds'],
  );
});

test('mean and deviation, and the verdict by the means', () => {
  assert.equal(meanAndDeviation([1, 2, 3]), { mean: 2, deviation: 1 });
  assert.equal(meanAndDeviation([5]), { mean: 5, deviation: 0 });
  const result = (value: number, rival: number, name: string): RepeatResult => ({
    name: 'fold-1',
    seed: 1,
    figure: 'accuracy',
    better: 'higher',
    value,
    samples: 10,
    baselines: [
      { name, value: 0.5 },
      { name: 'a linear model', value: rival },
    ],
  });
  const results = [result(0.9, 0.8, "always 'a'"), result(0.7, 0.6, "always 'b'")];
  const lines = repeatLines.all(results, 'runs/x').join('\n');
  assert.match(lines, /always the most frequent/);
  assert.match(lines, /test accuracy 80\.00 % ± 14\.14 \(mean and deviation of 2 runs\)/);
  assert.match(
    lines,
    /better than a linear model on average, 80\.00 % against 70\.00 %, and in 2 of 2 runs$/,
  );
  const [first] = (repeatsRecord(results) as { baselines: object[] }).baselines;
  assert.equal(first, { name: 'always the most frequent', mean: 0.5, deviation: 0, beatenIn: 2 });
  const beaten = [result(0.9, 0.8, "always 'a'"), result(0.3, 0.6, "always 'a'")];
  assert.match(
    repeatLines.all(beaten, '').at(-1)!,
    /^\nthe baseline is not beaten: a linear model .* 60\.00 % against 70\.00 %, and the model is better in 1 of 2 runs$/,
  );
});

test('folds: what is finished stays, what is missing is trained, and the table is the same', async () => {
  await inFolder(async (cwd) => {
    const x = numbers(180, 9);
    const rows = Array.from(
      { length: 90 },
      (_, i) => `${x[2 * i]},${x[2 * i + 1]},${x[2 * i]! > 0.1 ? 'a' : 'b'}`,
    );
    await writeFile(join(cwd, 't.csv'), `p,q,kind\n${rows.join('\n')}\n`);
    const words = [
      'train',
      'mlp',
      '--data',
      't.csv',
      '--epochs',
      '3',
      '--no-report',
      '--folds',
      '3',
    ];
    const run = await lanewise(words, { cwd });
    assert.is(run.code, 0, run.stderr);
    const tableOf = ({ stdout }: { stdout: string }) => stdout.slice(stdout.indexOf('\nrun '));
    assert.match(run.stdout, /\nmean +\d+\.\d\d % +\d+\.\d\d %/);
    assert.match(run.stdout, /test accuracy [\d.]+ % ± [\d.]+ \(mean and deviation of 3 runs\)/);
    const folder = join(cwd, 'runs', 'mlp-t-3-folds');
    const model = (fold: number) => join(folder, `fold-${fold}`, 'model.safetensors');
    const [bytes, time] = [await readFile(model(2)), (await stat(model(1))).mtimeMs];
    await rm(join(folder, 'fold-2'), { recursive: true });
    const again = await lanewise(words, { cwd });
    assert.match(again.stdout, /fold-1 \(1 of 3\): finished before, accuracy/);
    assert.match(again.stdout, /fold-2 \(2 of 3\): training in/);
    assert.is(tableOf(again), tableOf(run));
    assert.is((await stat(model(1))).mtimeMs, time);
    assert.ok(bytes.equals(await readFile(model(2))), 'the same bits');

    // Each model's file knows its fold.
    const scored = await lanewise(['eval', model(2), '--data', 't.csv'], { cwd });
    assert.match(scored.stdout, /the 30 of 90 samples that were held out at training/);
    const line = /fold-2 \(2 of 3\): accuracy ([\d.]+ %)/.exec(run.stdout)![1]!;
    assert.ok(scored.stdout.includes(`accuracy ${line}`), scored.stdout);

    const json = await lanewise([...words, '--json'], { cwd });
    const record = JSON.parse(json.stdout.trim().split('\n').at(-1)!) as {
      event: string;
      mean: number;
      runs: { value: number }[];
    };
    assert.is(record.event, 'repeats');
    assert.ok(
      Math.abs(record.mean - record.runs.reduce((sum, { value }) => sum + value, 0) / 3) < 1e-12,
    );

    const other = await lanewise([...words, '--batch', '8'], { cwd });
    assert.is(other.code, 1);
    assert.match(other.stderr, /holds runs of other options, whose figures are not comparable/);
    const both = await lanewise([...words, '--holdout', '0.2'], { cwd });
    assert.match(both.stderr, /--holdout 0\.2 and --folds 3 are both given/);
  });
});

test('seeds: one more is trained beside those that are there', async () => {
  await inFolder(async (cwd) => {
    const x = numbers(60, 9);
    const rows = Array.from({ length: 60 }, (_, i) => `${x[i]},${x[i]! > 0.1 ? 'a' : 'b'}`);
    await writeFile(join(cwd, 't.csv'), `p,kind\n${rows.join('\n')}\n`);
    const words = ['train', 'mlp', '--data', 't.csv', '--epochs', '1', '--no-report', '--seeds'];
    const two = await lanewise([...words, '2', '--seed', '7'], { cwd });
    assert.match(two.stdout, /seed-8 \(2 of 2\): accuracy/, two.stderr);
    const three = await lanewise([...words, '3', '--seed', '7'], { cwd });
    assert.match(three.stdout, /seed-8 \(2 of 3\): finished before/, three.stderr);
    assert.match(three.stdout, /seed-9 \(3 of 3\): training/);
    const digits = await lanewise(['train', 'mlp', '--folds', '2'], { cwd });
    assert.match(digits.stderr, /--folds 2 is for data that is not divided, and 'digits' has test/);
  });
});

test.run();
