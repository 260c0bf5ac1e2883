/** `lanewise sweep` and `lanewise lr-find`: options of train, tried and checked; a table, a test, a picture. */
// slow: trains several nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sweepCommand } from '../../src/cli/sweep-command.js';
import { triedOf, triedSpace } from '../../src/cli/tried-options.js';
import { wordsWithout } from '../../src/cli/words.js';
import { LanewiseError } from '../../src/base/errors.js';
import { readSweep } from '../../src/runs/sweep/sweep-file.js';
import { inFolder, lanewise } from './lanewise.js';

/** A table of three classes, easily told apart. */
const table = (): string => {
  const rows = Array.from({ length: 90 }, (_, i) => {
    const [kind, noise] = [i % 3, ((i * 37) % 17) / 17];
    return `${kind + noise},${2 * kind - noise},${['a', 'b', 'c'][kind]}`;
  });
  return ['x,y,kind', ...rows].join('\n');
};

const spaceOf = (...texts: string[]) =>
  triedSpace(
    texts.reduce<ReturnType<typeof triedOf>>((before, text) => triedOf(text, before), []),
    sweepCommand(),
  );

test('--try takes options of train: lists, ranges, whole ones, and values with commas', () => {
  assert.equal(spaceOf('lr=0.01,0.1', '--batch=16,32', 'keep-best=true,false'), {
    lr: [0.01, 0.1],
    batch: [16, 32],
    'keep-best': [true, false],
  });
  assert.equal(spaceOf('lr=log:0.001..1e-1', 'batch=8..64', 'mixup=0..1', 'epochs=log:1..100'), {
    lr: { from: 0.001, to: 0.1, log: true },
    batch: { from: 8, to: 64, whole: true },
    mixup: { from: 0, to: 1 },
    epochs: { from: 1, to: 100, log: true, whole: true },
  });
  assert.equal(spaceOf('optimizer=adam,sgd', 'schedule=constant|cosine'), {
    optimizer: ['adam', 'sgd'],
    schedule: ['constant', 'cosine'],
  });
});

test('--try refuses what train would refuse, by name', () => {
  for (const [text, message, hint] of [
    ['lr=0.1,fast', /--try lr=fast: Expected a/, undefined],
    ['batch=0', /--try batch=0: Expected a whole number/, undefined],
    ['optimizer=adamm', /--try optimizer=adamm: Allowed choices are/, undefined],
    ['keep-best=maybe', /--try keep-best=maybe: Expected true or false/, undefined],
    ['optimizer=0..1', /--try optimizer=0: Allowed choices/, undefined],
    ['batsh=1', /--try batsh: train has no such option, expected one of/, /did you mean 'batch'/],
    ['batch-size=1', /train has no such option/, /did you mean batch/],
    ['target=a', /--try target: the data is read once/, undefined],
    ['workers=1,2', /--try workers: no result depends on it/, undefined],
    ['out=a', /--try out: /, undefined],
  ] as const) {
    try {
      spaceOf(text);
      assert.unreachable(text);
    } catch (error) {
      assert.instance(error, LanewiseError, text);
      assert.match((error as LanewiseError).message, message);
      if (hint) assert.match((error as LanewiseError).hint!, hint);
    }
  }
});

test('words of a command without some options', () => {
  const words = ['mlp', '--try', 'lr=1', '--data', 'a', '--jobs=2', '--json', '--epochs', '3'];
  assert.equal(wordsWithout(words, ['--try', '--jobs', '--json']), [
    'mlp',
    '--data',
    'a',
    '--epochs',
    '3',
  ]);
  const halving = ['--halving', '--out', 'a', '--halving', '3', '--lr', '1'];
  assert.equal(wordsWithout(halving, ['--halving', '--out']), ['--lr', '1']);
});

test('a sweep of a table: sorted, the best tested, reports; again, and nothing is trained', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'kinds.csv'), table());
    const words = ['sweep', 'mlp', '--data', 'kinds.csv', '--epochs', '4', '--workers', '1'];
    const tried = ['--try', 'lr=0.001,0.1', '--try', 'batch=8,16'];
    const first = await lanewise([...words, ...tried], { cwd });
    assert.is(first.code, 0, first.stderr);
    assert.match(first.stdout, /set aside from training \(sweep\)/);
    assert.match(first.stdout, /setting +lr +batch +valAccuracy +valLoss +epochs +time +state/);
    assert.match(first.stdout, /test accuracy/);
    assert.match(first.stdout, /the same setting alone: npx lanewise train mlp --data kinds\.csv/);
    const folder = join(cwd, 'runs', 'sweep-mlp-kinds');
    const sweep = (await readSweep(folder))!;
    assert.is(sweep.rows.length, 4);
    assert.ok(sweep.test!['accuracy']! >= 0);
    for (const name of ['report.html', '1/report.html', '4/model.safetensors'])
      assert.ok(existsSync(join(folder, name)), name);
    const again = await lanewise([...words, ...tried, '--jobs', '1'], { cwd });
    assert.not.match(again.stdout, /setting \d+: lr/);
    const tableIn = (text: string) => text.slice(text.indexOf('setting  '));
    assert.is(tableIn(again.stdout), tableIn(first.stdout));
    const report = await lanewise(['report', folder, '--out', 'again.html'], { cwd });
    assert.is(report.code, 0, report.stderr);
    assert.match(readFileSync(join(cwd, 'again.html'), 'utf8'), /Sweep of 4 settings/);
    const other = await lanewise([...words, '--try', 'lr=0.5'], { cwd });
    assert.is(other.code, 1);
    assert.match(other.stderr, /holds another sweep: 4 settings/);
    assert.match(other.stderr, /--fresh/);
  }));

test('a target of numbers is chosen by its validation loss', () =>
  inFolder(async (cwd) => {
    const rows = Array.from({ length: 80 }, (_, i) => `${i / 80},${(i * 7) % 80},${i / 3 + 0.1}`);
    writeFileSync(join(cwd, 'numbers.csv'), ['a,b,price', ...rows].join('\n'));
    const { code, stdout, stderr } = await lanewise(
      ['sweep', '--data', 'numbers.csv', '--epochs', '3', '--try', 'lr=0.001,0.01', '--jobs', '1'],
      { cwd },
    );
    assert.is(code, 0, stderr);
    assert.match(stdout, /setting +lr +valLoss +epochs/);
    assert.not.match(stdout, /valAccuracy|NaN/);
  }));

test('the same setting alone has the sweep’s bits', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'kinds.csv'), table());
    const data = ['mlp', '--data', 'kinds.csv', '--epochs', '2', '--workers', '1'];
    const swept = await lanewise(['sweep', ...data, '--try', 'lr=0.05', '--no-report'], { cwd });
    assert.is(swept.code, 0, swept.stderr);
    const command = /the same setting alone: npx lanewise (.*)/.exec(swept.stdout)![1]!;
    const alone = await lanewise([...command.split(' '), '--out', 'alone'], { cwd });
    assert.is(alone.code, 0, alone.stderr);
    const weights = (path: string) => readFileSync(join(cwd, path));
    assert.equal(
      weights('alone/model.safetensors'),
      weights('runs/sweep-mlp-kinds/1/model.safetensors'),
    );
  }));

test('lr-find suggests a rate, names the command, and draws the curve', () =>
  inFolder(async (cwd) => {
    writeFileSync(join(cwd, 'kinds.csv'), table());
    const { code, stdout, stderr } = await lanewise(
      ['lr-find', '--data', 'kinds.csv', '--steps', '60', '--workers', '1'],
      { cwd },
    );
    assert.is(code, 0, stderr);
    const [, rate] = /suggested learning rate ([\d.e-]+)/.exec(stdout)!;
    assert.ok(Number(rate) > 1e-5 && Number(rate) < 10, rate);
    assert.ok(
      stdout.includes(`next: npx lanewise train --data kinds.csv --workers 1 --lr ${rate}`),
      stdout,
    );
    const [, picture] = /picture: (.*)/.exec(stdout)!;
    const page = readFileSync(join(cwd, picture!), 'utf8');
    assert.match(page, /"isLogX":true/);
    assert.match(page, /suggestion/);
  }));

test('sweep asks what is tried, and ranges need --random', () =>
  inFolder(async (cwd) => {
    const nothing = await lanewise(['sweep', 'mlp'], { cwd });
    assert.match(nothing.stderr, /nothing is tried\n {2}say what: --try/);
    const range = await lanewise(['sweep', 'mlp', '--limit', '50', '--try', 'lr=0.1..1'], { cwd });
    assert.match(range.stderr, /lr is a range.*\n.*--random 20/);
  }));

test.run();
