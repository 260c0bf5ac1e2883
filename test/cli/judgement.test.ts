/** What the last lines of train and eval say of a score: its interval, its baselines, and whether they are beaten. */
// slow: trains and evaluates
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgeClasses } from '../../src/cli/class-baselines.js';
import {
  AS_PERCENT,
  judge,
  judgedWords,
  verdictOf,
  type Judgement,
} from '../../src/cli/judgement.js';
import type { Dataset } from '../../src/data/dataset.js';
import { split } from '../../src/data/split-samples.js';
import { meanOver } from '../../src/metrics/bootstrap.js';
import { numbers } from '../support/numbers.js';
import { inFolder, lanewise } from './lanewise.js';

/** Two classes of points, which a line tells apart but for some. */
const rows = (count: number, seed: number): string[] => {
  const x = numbers(3 * count, seed);
  return Array.from({ length: count }, (_, i) => {
    const [a, b, noise] = x.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    return `${a.toFixed(3)},${b.toFixed(3)},${a + 2 * b + 0.4 * noise > 0.6 ? 'yes' : 'no'}`;
  });
};

const hits = (share: number, count: number, every = 1) =>
  Uint8Array.from({ length: count }, (_, i) => Number(((i * every) % count) / count < share));
const between = (own: number, rival: number, count: number): Judgement =>
  judge({
    name: 'accuracy',
    better: 'higher',
    isShare: true,
    samples: count,
    figure: meanOver(hits(own, count)),
    rivals: [
      { name: "always 'no'", figure: meanOver(hits(0.1, count)) },
      { name: 'a linear model', figure: meanOver(hits(rival, count, 3)) },
    ],
  });

test('a sentence has the figure, its interval and the baselines’', () => {
  const judgement = between(0.9, 0.7, 100);
  const words = judgedWords(judgement, AS_PERCENT);
  assert.match(
    words,
    /^90\.00 % \(95 % interval 8[345][.\d]*–9[456][.\d]*\), always 'no' 10\.00 %, a linear model 70\.00 %$/,
  );
  assert.is(verdictOf(judgement, AS_PERCENT), undefined);
  assert.equal(between(0.9, 0.7, 100), judgement);
});

test('the verdict: beaten, as good, perhaps by chance, or nothing to say', () => {
  const verdict = (own: number, rival: number, count: number) =>
    verdictOf(between(own, rival, count), AS_PERCENT);
  assert.match(
    verdict(0.5, 0.9, 1000)!,
    /^the baseline is not beaten: a linear model is better, 90\.00 % against 50\.00 %$/,
  );
  assert.match(
    verdict(0.85, 0.9, 20)!,
    /not beaten: a linear model is better, 90\.00 % against 85\.00 %; of 20 samples that may be chance: the 95 % interval of the difference is −[\d.]+ to \d+ points$/,
  );
  assert.match(verdict(1, 1, 10)!, /a linear model is as good, 100\.00 % against 100\.00 %$/);
  assert.match(
    verdict(0.9, 0.85, 20)!,
    /^better than a linear model by 5 points, which may be chance: the 95 % interval/,
  );
  assert.is(verdict(0.9, 0.5, 1000), undefined);
});

test('a verdict names what was drawn', () => {
  const horizons = { ...AS_PERCENT, drawn: 'horizons side by side' };
  assert.match(
    verdictOf(between(0.85, 0.9, 20), horizons)!,
    /; of 20 horizons side by side that may be chance:/,
  );
});

test('lower may be better, and without rivals there is no verdict', () => {
  const errors = Float64Array.from({ length: 50 }, (_, i) => i);
  const question = {
    name: 'error',
    better: 'lower',
    samples: 50,
    figure: meanOver(errors),
  } as const;
  const worse = judge({
    ...question,
    rivals: [{ name: 'the mean', figure: meanOver(errors.map((e) => e / 2)) }],
  });
  assert.ok(worse.rivals[0]!.lead.high < 0);
  assert.is(verdictOf(judge({ ...question, rivals: [] }), AS_PERCENT), undefined);
});

test('images have a linear model if all of them can be used, weights count, and no class does not', () => {
  const images = (count: number): Dataset => ({
    name: 'images',
    shape: [1, 20, 50],
    classes: ['a', 'b'],
    samples: Uint8Array.from(numbers(count * 1000, 3), (x) => 128 + 100 * x),
    labels: Int32Array.from({ length: count }, (_, i) => i % 2),
  });
  const names = (data: Dataset) =>
    judgeClasses(data, images(10), { predictions: new Uint32Array(10) }).rivals.map(
      ({ name }) => name,
    );
  assert.equal(names(images(20)), ["always 'a'", 'a linear model']);
  assert.equal(names(images(5001)), ["always 'a'"]);
  const [weights, labels] = [Float32Array.of(3, 1, 5), Int32Array.of(0, 1, -1)];
  const test = { ...images(3), labels, weights };
  const found = judgeClasses(undefined, test, { predictions: new Uint32Array(3) });
  assert.equal([found.samples, found.value], [2, 0.75]);
});

test('train and eval say the same of a model, and the run’s folder keeps it', async () => {
  await inFolder(async (cwd) => {
    await writeFile(join(cwd, 'p.csv'), `a,b,c\n${rows(300, 5).join('\n')}\n`);
    const run = await lanewise(
      ['train', '--data', 'p.csv', '--epochs', '3', '--out', 'run', '--validation', '0.2'],
      { cwd },
    );
    assert.is(run.code, 0, run.stderr);
    const [, line] = /\ntest accuracy (.*)\n/.exec(run.stdout)!;
    assert.match(
      line!,
      /^\d+\.\d\d % \(95 % interval [\d.]+–[\d.]+\), always 'no' \d+\.\d\d %, a linear model \d+\.\d\d %$/,
    );
    const scored = await lanewise(['eval', 'run/model.safetensors', '--data', 'p.csv'], { cwd });
    assert.ok(scored.stdout.includes(`\naccuracy ${line!}\n`), scored.stdout);
    const kept = JSON.parse(await readFile(join(cwd, 'run', 'judgement.json'), 'utf8')) as {
      value: number;
      samples: number;
      baselines: { name: string; value: number; lead: number }[];
    };
    const json = await lanewise(['eval', 'run/model.safetensors', '--data', 'p.csv', '--json'], {
      cwd,
    });
    const record = JSON.parse(json.stdout) as {
      testAccuracy: number;
      interval: { low: number };
      baselines: { name: string; accuracy: number }[];
    };
    assert.is(kept.samples, 60);
    assert.ok(Math.abs(kept.value - record.testAccuracy) < 1e-6);
    assert.equal(
      record.baselines.map(({ name, accuracy }) => [name, accuracy]),
      kept.baselines.map(({ name, value }) => [name, value]),
    );
    // Of all rows the baseline is made of the rows themselves.
    const all = await lanewise(['eval', 'run/model.safetensors', '--data', 'p.csv', '--all'], {
      cwd,
    });
    assert.match(all.stdout, /always 'no' \d+\.\d\d %\n/);
  });
});

test('where nothing can be learned the last line says that the baseline is not beaten', async () => {
  await inFolder(async (cwd) => {
    const noise = numbers(200, 7);
    const lines = Array.from(
      { length: 200 },
      (_, i) => `${noise[i]!.toFixed(4)},${i % 10 < 7 ? 'no' : 'yes'}`,
    );
    await writeFile(join(cwd, 'n.csv'), `a,c\n${lines.join('\n')}\n`);
    const { stdout } = await lanewise(['train', '--data', 'n.csv', '--epochs', '2'], { cwd });
    assert.match(stdout.trimEnd().split('\n').at(-1)!, /^the baseline is not beaten: .* 70\.00 %/);
  });
});

test('the split is the data’s own in training', () => {
  // judgeClasses looks at the training part alone: what is in the test part alone does not change the majority.
  const [train, rest] = split(
    {
      name: 'd',
      shape: [1, 1, 1] as const,
      classes: ['a', 'b'],
      samples: Float32Array.of(1, 2, 3, 4, 5, 6),
      labels: Int32Array.of(0, 0, 0, 1, 1, 1),
    } as Dataset,
    { count: 4, shuffled: false },
  );
  const [majority] = judgeClasses(train, rest, { predictions: Uint32Array.of(1, 1) }).rivals;
  assert.equal([majority!.name, majority!.value], ["always 'a'", 0]);
});

test.run();
