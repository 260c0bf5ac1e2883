/** Texts on the command line: train, generate, eval and resume, with the figures of counting beside them. */
// slow: trains small models
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../../src/cli/text-source.js';
import { ngramLosses } from '../../src/metrics/ngram-losses.js';
import { loadModel } from '../../src/trained/model-store.js';
import { evalOf, eventsOf, inFolder, lanewise, main } from './lanewise.js';
import { loadData } from '../../src/cli/data-sources.js';
import { refusal } from '../support/refusal.js';

/** A text in which what follows is nearly known. */
const rhyme = Array.from(
  { length: 90 },
  (_, i) => `${['one', 'two', 'three', 'four'][i % 4]} ${['cats', 'dogs', 'hens'][i % 3]} ran.\n`,
).join('');

const quick = ['--window', '16', '--epochs', '1', '--no-report', '--json'];

async function withText(check: (folder: string) => Promise<void>, text = rhyme): Promise<void> {
  await inFolder(async (folder) => {
    await writeFile(join(folder, 'rhyme.txt'), text);
    await check(folder);
  });
}

test('a text trains its usual model, scored beside counting; the file writes and is scored again', () =>
  withText(async (cwd) => {
    const run = await lanewise(['train', '--data', 'rhyme.txt', ...quick], { cwd });
    assert.is(run.code, 0, run.stderr);
    const events = eventsOf(run);
    const scored = evalOf(run);
    const [start] = events as [{ model: string; data: { samples: number } }];
    assert.is(start.model, 'charlstm');
    const total = rhyme.length;
    const share = Math.round(total / 10);
    assert.is(start.data.samples, total - 2 * share - 16);
    assert.is(scored['scored'], 'test');
    assert.is(scored['characters'], Math.floor((share - 1) / 16) * 16);
    const { bigram, unigram } = scored['baselines'] as { bigram: number; unigram: number };
    assert.ok(bigram < 1 && unigram > 2.5, `${bigram} ${unigram}`);
    const loss = scored['loss'] as number;
    assert.ok(Math.abs((scored['perplexity'] as number) - Math.exp(loss)) < 1e-9);
    assert.ok(Math.abs((scored['bitsPerCharacter'] as number) - loss / Math.LN2) < 1e-9);

    const file = join(cwd, 'runs/charlstm-rhyme/model.safetensors');
    const { vocabulary, text, origin } = await loadModel(file);
    assert.equal([...vocabulary!].join(''), [...new Set(rhyme)].toSorted().join(''));
    assert.equal(text, { length: 16 });
    assert.is(origin!.samples, total);
    const again = JSON.parse(
      (await lanewise(['eval', file, '--data', 'rhyme.txt', '--json'], { cwd })).stdout,
    ) as Record<string, unknown>;
    assert.equal(
      [again['scored'], again['loss'], again['sha256']],
      ['heldOut', loss, scored['sha256']],
    );
    const { stdout } = await lanewise(['eval', file, '--data', 'rhyme.txt', '--all'], { cwd });
    assert.match(stdout, /all [\d,]+ characters, by --all; most of them are of the training part/);
    const written = await lanewise(['generate', file, '--prompt', 'one', '--length', '30'], {
      cwd,
    });
    assert.match(written.stdout, /^one[^]{30}\n$/);
  }));

test('data shows a text’s windows, characters and what counting gives', () =>
  withText(async (cwd) => {
    const { stdout, code } = await lanewise(['data', 'rhyme.txt', '--window', '16'], { cwd });
    assert.is(code, 0);
    assert.match(
      stdout,
      /^rhyme\.txt: windows of 16 characters: [\d,]+ train, 8 validation, 8 test\n\d+ different characters: \.acd.*\nloss of the test part in nats a character: a bigram model 0\./,
    );
    const [about] = eventsOf(
      await lanewise(['data', 'rhyme.txt', '--window', '16', '--json'], { cwd }),
    );
    assert.equal([about!['window'], about!['test']], [16, 8]);
  }));

test('lines say nats, perplexity and bits, and when counting is better', () =>
  withText(async (cwd) => {
    const args = ['train', 'gpt', '--data', 'rhyme.txt', '--window', '8', '--epochs', '1'];
    const { stdout, stderr } = await lanewise([...args, '--limit', '64', '--no-report'], { cwd });
    assert.match(stdout, /^gpt, [\d,]+ parameters, on 64 windows of rhyme\.txt$/m, stderr);
    assert.match(stdout, / windows\/s$/m);
    assert.match(
      stdout,
      /^test loss \d\.\d{3} nats a character \(95 % interval .*, perplexity .*, .* bits\), a bigram model \d\.\d{3}, frequencies alone/m,
    );
    assert.match(stdout, /next: npx lanewise generate runs\/gpt-rhyme\/model\.safetensors/);
    assert.match(
      stdout,
      /\nthe baseline is not beaten: a bigram model is better, \d\.\d{3} against \d\.\d{3}; more epochs .* may help\n$/,
    );
  }));

test('a run that was stopped resumes to the same bits', () =>
  withText(async (cwd) => {
    const args = [
      'train',
      'charrnn',
      '--data',
      'rhyme.txt',
      '--window',
      '16',
      '--no-report',
      '--json',
    ];
    const more = ['--epochs', '2', '--checkpoint-steps', '5', '--workers', '1'];
    const whole = await lanewise([...args, ...more, '--out', 'whole'], { cwd });
    const sha256 = eventsOf(whole).at(-1)!['sha256'];
    const child = spawn(process.execPath, [main, ...args, ...more, '--out', 'cut'], { cwd });
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
      if (stdout.includes('"checkpoint"')) child.kill('SIGKILL');
    });
    const signal = await new Promise((resolve) => child.on('close', (_, one) => resolve(one)));
    assert.is(signal, 'SIGKILL');
    const resumed = await lanewise([...args, ...more, '--out', 'cut', '--resume'], { cwd });
    assert.is(resumed.code, 0, resumed.stderr);
    assert.is(eventsOf(resumed).at(-1)!['sha256'], sha256);
  }));

test('what does not go with a text is refused, with the way out', () =>
  withText(async (cwd) => {
    await writeFile(join(cwd, 'short.txt'), 'too short');
    const refused = async (...args: string[]) => {
      const { code, stderr } = await lanewise(args, { cwd });
      assert.is(code, 1);
      return stderr;
    };
    assert.match(
      await refused('train', 'lenet5', '--data', 'rhyme.txt'),
      /lenet5 takes no text, and the data is one\n {2}charlstm, charrnn, gpt learn to write it/,
    );
    assert.match(
      await refused('train', '--data', 'short.txt'),
      /'short\.txt' has 9 characters, of which windows of 64 need 195: .*\n {2}a longer text, or shorter windows: --window 1/,
    );
    assert.match(
      await refused('train', '--data', 'rhyme.txt', '--mixup', '0.2'),
      /--mixup 0\.2 changes images or rows, and the data is a text/,
    );
    assert.match(await refused('train', 'gpt', '--data', 'digits', '--limit', '64'), /gpt/);
    assert.match(
      await refused('train', 'mlp', '--window', '9'),
      /--window 9 goes with .*a text file/,
    );
  }));

test('counting gives the entropy of what was seen, and no loss is infinite', async () => {
  const text = [...'abababab'];
  const tokens = text.map((one) => (one === 'a' ? 0 : 1));
  const pairs = { tokens: tokens.slice(0, -1), next: tokens.slice(1) };
  const { unigram, bigram } = ngramLosses(pairs, pairs, 3);
  // 7 of them, 4 and 3, each once more: b 5/10, a 4/10.
  assert.ok(Math.abs(unigram - -(4 * Math.log(0.5) + 3 * Math.log(0.4)) / 7) < 1e-12);
  const follow = (seen: number, alone: number, before: number) =>
    -Math.log((seen + 5 * alone) / (before + 5));
  assert.ok(Math.abs(bigram - (4 * follow(4, 0.5, 4) + 3 * follow(3, 0.4, 3)) / 7) < 1e-12);
  const unseen = ngramLosses(pairs, { tokens: [2, 0], next: [2, 2] }, 3);
  assert.ok(Number.isFinite(unseen.unigram) && Number.isFinite(unseen.bigram));
});

test('a file that is no text names the byte', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'x.txt');
    await writeFile(file, Uint8Array.of(97, 255, 97));
    assert.match(await refusal(() => readText(file)), /byte 1 is not UTF-8 text/);
    await writeFile(file, '');
    assert.match(await refusal(() => readText(file)), /is empty/);
  }));

test('one character over and over, and a share that leaves nothing to train on, are refused', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'x.txt');
    await writeFile(file, 'a'.repeat(300));
    const load = (request: object) => refusal(() => loadData(file, { window: 8, ...request }));
    assert.match(await load({}), /x\.txt' repeats one character/);
    await writeFile(file, 'ab'.repeat(150));
    assert.match(
      await load({ holdout: 0.6 }),
      /--holdout 0\.6 takes that share of .* and again for tests, and leaves no window of 8/,
    );
  }));

test('seeds of a text end in one table, beside what counting gives', () =>
  withText(async (cwd) => {
    const seeds = ['--seeds', '2', '--limit', '64', '--window', '16', '--epochs', '1'];
    const run = await lanewise(['train', '--data', 'rhyme.txt', ...seeds, '--out', 'o'], { cwd });
    assert.is(run.code, 0, run.stderr);
    assert.match(run.stdout, /run +samples +loss +a bigram model +frequencies alone\n/);
    assert.match(run.stdout, /test loss [\d.]+ ± [\d.]+ \(mean and deviation of 2 runs\)/);
    assert.match(run.stdout, /the baseline is not beaten: a bigram model .* in 0 of 2 runs/);
    const page = await readFile(join(cwd, 'o', 'seed-1', 'report.html'), 'utf8');
    assert.match(page, /Against baselines[^]*this model[^]*a bigram model[^]*frequencies alone/);
  }));

test.run();
