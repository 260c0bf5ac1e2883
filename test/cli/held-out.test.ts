/** `eval` and `export` score what training held out, and say what else they score. */
// slow: trains and evaluates
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplesOf } from '../../src/data/forms.js';
import { choose, examine, type Choice } from '../../src/cli/held-out.js';
import type { Dataset } from '../../src/data/dataset.js';
import { originOf } from '../../src/data/origin.js';
import { kFold } from '../../src/data/folds.js';
import { split } from '../../src/data/split-samples.js';
import { subset } from '../../src/data/subset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { evalOf, eventsOf, inFolder, lanewise } from './lanewise.js';

const dataOf = (count: number, offset = 0): Dataset => ({
  name: 'points',
  shape: [1, 1, 1],
  classes: ['a', 'b', 'c'],
  samples: Float32Array.from({ length: count }, (_, i) => i + offset),
  labels: Int32Array.from({ length: count }, (_, i) => i % 3),
});
const data = dataOf(120);

/** A model that was trained on this. */
const model = (trainedOn?: Dataset, file = 'm') => ({
  file,
  ...(trainedOn ? { origin: originOf(samplesOf(trainedOn)) } : {}),
});
const valuesOf = (part: unknown): number[] => [...(part as Dataset).samples];
const summary = ({ test: part, scored, trainedOn, words }: Choice<Dataset>) => [
  part.labels.length,
  scored,
  trainedOn,
  words,
];
const [train, held] = split(data, { fraction: 0.8, stratified: true, seed: 2 });

test('what was held out is found again: splits of any kind, folds, parts of parts', () => {
  const found = choose(data, [model(train)]);
  assert.equal(valuesOf(found.test), valuesOf(held));
  assert.is(found.test.name, 'points test');
  assert.equal(summary(found), [
    24,
    'heldOut',
    0,
    'the 24 of 120 samples that were held out at training',
  ]);
  const [plain, rest] = split(data, { count: 50, seed: 7 });
  assert.equal(valuesOf(choose(data, [model(plain)]).test), valuesOf(rest));
  assert.equal(valuesOf(choose(data, [model(rest)]).test), valuesOf(plain));
  const [first] = split(train, { fraction: 0.5 });
  assert.equal(valuesOf(choose(data, [model(first)]).test), valuesOf(held));
  const [[others, fold]] = [...kFold(data, 5, { seed: 3 })] as [[Dataset, Dataset]];
  assert.equal(valuesOf(choose(data, [model(others)]).test), valuesOf(fold));
});

test('other data is scored whole, and so is what was trained on, with a word', () => {
  assert.equal(summary(choose(dataOf(4), [model(train)])), [
    4,
    'other',
    undefined,
    'all 4 samples: the model was trained on other data',
  ]);
  assert.is(choose(dataOf(120, 1), [model(train)]).scored, 'other');
  const all = [120, 'trainedOn', 120, 'all 120 samples; 120 of them are of the training part'];
  assert.equal(summary(choose(data, [model(data)])), all);
  const chosen = subset(
    data,
    Array.from({ length: 30 }, (_, i) => i),
  );
  assert.equal(summary(choose(data, [model(chosen)])).slice(1, 3), ['trainedOn', 30]);
  assert.equal(summary(choose(data, [model()])), [
    24,
    'unknown',
    undefined,
    "24 of 120 samples, held out at random: 'm' does not say what it was trained on, and --all scores every sample",
  ]);
  assert.is(choose(dataOf(2), [model()]).test.labels.length, 2);
});

test('samples that were added behind those of training are new', () => {
  const grown = dataOf(150);
  const found = choose(grown, [model(train)]);
  assert.equal(valuesOf(found.test), [...valuesOf(held), ...valuesOf(grown).slice(120)]);
  assert.equal(summary(found), [
    54,
    'heldOut',
    0,
    'the 54 of 150 samples that were held out at training, or added since',
  ]);
  assert.is(choose(grown, [model(train)], { all: true }).trainedOn, 96);
  assert.is(choose(grown, [model(data)]).trainedOn, 120);
  assert.is(choose(dataOf(100), [model(train)]).scored, 'other');
});

test('--all and --holdout are followed, and what they take of the training part is counted', () => {
  assert.equal(summary(choose(data, [model(train)], { all: true })), [
    120,
    'asked',
    96,
    'all 120 samples, by --all; 96 of them are of the training part',
  ]);
  const half = choose(data, [model(train)], { holdout: 0.5 });
  const seen = valuesOf(half.test).filter((value) => valuesOf(train).includes(value)).length;
  assert.equal([half.scored, half.trainedOn, half.test.labels.length], ['asked', seen, 60]);
  assert.ok(seen >= 36);
  // The share of training means the samples that training held out.
  const same = choose(data, [model(train)], { holdout: 0.2 });
  assert.equal([same.scored, valuesOf(same.test)], ['heldOut', valuesOf(held)]);
  assert.is(
    choose(data, [model()], { holdout: 0.25 }).words,
    "30 of 120 samples, by --holdout 0.25; 'm' does not say what it was trained on",
  );
});

test('models that held out different samples are not scored together, unless it is said on what', () => {
  const models = [model(train, 'a'), model(split(data, { fraction: 0.8, seed: 5 })[0], 'b')];
  for (const together of [models, [models[0]!, model(data, 'b')]]) {
    try {
      choose(data, together);
      assert.unreachable();
    } catch (error) {
      assert.match(
        (error as LanewiseError).message,
        /^the models 'a', 'b' held out different samples of 'points'/,
      );
    }
    assert.is(choose(data, together, { all: true }).trainedOn! >= 96, true);
  }
  const both = choose(data, [model(train, 'a'), model(train, 'b')]);
  assert.equal([both.scored, both.trainedOn], ['heldOut', 0]);
  const mixed = choose(data, [model(train, 'a'), model(dataOf(9, 1), 'b'), model(undefined, 'c')]);
  assert.equal(valuesOf(mixed.test), valuesOf(held));
  assert.match(mixed.words, /held out at training; 'c' does not say what it was trained on$/);
});

test('test samples that the data names itself are scored in silence, unless they were trained on', () => {
  assert.equal(summary(examine(data, [model(dataOf(50, 1))])), [120, 'test', undefined, '']);
  assert.equal(summary(examine(data, [model(train)])), [
    120,
    'trainedOn',
    96,
    '96 of them are of the training part',
  ]);
});

test('the command line: any seed and share of training, files of other rows, several models', async () => {
  await inFolder(async (cwd) => {
    // Labels that cannot be learnt: an accuracy above chance is that of samples seen.
    const row = (i: number) =>
      `${(i * 7919) % 101},${(i * 104_729) % 103},${(i * i * 31 + 7 * i) % 5 > 2 ? 'yes' : 'no'}`;
    const lines = Array.from({ length: 120 }, (_, i) => row(i));
    await writeFile(join(cwd, 'noise.csv'), ['a,b,kind', ...lines].join('\n'));
    await writeFile(
      join(cwd, 'four.csv'),
      ['a,b,kind', '1,2,yes', '3,4,no', '5,6,no', '7,8,yes'].join('\n'),
    );
    const trained = async (seed: string, ...more: string[]) => {
      const run = await lanewise(
        [
          'train',
          'mlp3',
          '--data',
          'noise.csv',
          '--seed',
          seed,
          '--epochs',
          '1',
          '--out',
          seed,
          '--no-report',
          '--workers',
          '0',
          '--json',
          ...more,
        ],
        { cwd },
      );
      assert.is(run.code, 0, run.stderr);
      return { file: join(seed, 'model.safetensors'), done: evalOf(run) };
    };
    const two = await trained('2');
    const three = await trained('3', '--holdout', '0.1');
    const score = async (...args: string[]) => {
      const run = await lanewise(['eval', ...args, '--json', '--workers', '0'], { cwd });
      assert.is(run.code, 0, run.stderr);
      const { samples, scored, trainedOn, testAccuracy } = eventsOf(run)[0]!;
      return { samples, scored, trainedOn, testAccuracy };
    };
    for (const [{ file, done }, samples] of [
      [two, 24],
      [three, 12],
    ] as const)
      assert.equal(await score(file, '--data', 'noise.csv'), {
        samples,
        scored: 'heldOut',
        trainedOn: 0,
        testAccuracy: done['testAccuracy'],
      });
    const all = await score(two.file, '--data', 'noise.csv', '--all');
    assert.equal([all.samples, all.scored, all.trainedOn], [120, 'asked', 96]);
    const four = await score(two.file, '--data', 'four.csv');
    assert.equal([four.samples, four.scored, four.trainedOn], [4, 'other', undefined]);
    const exported = await lanewise(
      ['export', two.file, '--data', 'noise.csv', '-o', 'p.csv', '--workers', '0'],
      { cwd },
    );
    assert.match(
      exported.stdout,
      /^wrote 24 predictions .*\nthe 24 of 120 samples that were held out at training\n$/,
    );
    assert.is((await readFile(join(cwd, 'p.csv'), 'utf8')).trim().split('\n').length, 25);
    const several = await lanewise(['eval', two.file, three.file, '--data', 'noise.csv'], { cwd });
    assert.is(several.code, 1);
    assert.match(several.stderr, /held out different samples of 'noise\.csv'.*\n.*--all/);
    const both = await lanewise(
      ['eval', two.file, '--data', 'noise.csv', '--all', '--holdout', '0.1'],
      { cwd },
    );
    assert.match(both.stderr, /'--all' cannot be used with option '--holdout/);
    const one = await lanewise(['eval', two.file, '--holdout', '1'], { cwd });
    assert.match(one.stderr, /Expected a number between 0 and 1; --all scores every sample\./);
    const divided = await lanewise(['eval', two.file, '--data', 'digits', '--all'], { cwd });
    assert.match(
      divided.stderr,
      /--all is for data that is not divided, and 'digits' has test samples/,
    );
  });
});

test.run();
