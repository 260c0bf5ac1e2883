/** The log of parts holds whole lines in order, is cut where a run goes on, and nonsense in it is named by its line. */
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import type { StepParts } from '../../src/crew/machines.js';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { cutPartsLog, openPartsLog, readPartsLog } from '../../src/runs/parts-log.js';
import { train } from '../../src/train/train.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';

const test = suite('parts log', { folder: '', path: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-parts-'));
  context.path = join(context.folder, 'parts.jsonl');
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const hash = (step: number) => step.toString(16).padStart(64, '0');
/** Steps with ever more parts, so that lines have different lengths. */
const line = (step: number, parts = (step % 7) + 1): StepParts => ({
  step,
  parts: Array.from({ length: parts }, (_, i) => [i, i + 1, `pc-${i}.a1`, hash(step * 10 + i)]),
});
const lines = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, i) => line(first + i));

function writeAll(path: string, all: readonly StepParts[]): void {
  const log = openPartsLog(path);
  for (const one of all) log.write(one);
  log.close();
}

test('a stretch comes back as it was written, from a log longer than what is read at once', async ({
  path,
}) => {
  writeAll(path, lines(1, 900));
  assert.ok((await stat(path)).size > 200_000);
  assert.equal(readPartsLog(path, 0, 900), lines(1, 900));
  assert.equal(readPartsLog(path, 399, 402), lines(400, 402));
  assert.equal(readPartsLog(path, 900, 1000), []);
  // Longer than what is read at once.
  writeAll(path, [line(1000, 3000), line(1001)]);
  assert.equal(readPartsLog(path, 899, 1001), [line(900), line(1000, 3000), line(1001)]);
});

test('there is no file before the first line, and none is no log', async ({ path }) => {
  const log = openPartsLog(path);
  log.sync();
  log.cutAfter(3);
  log.close();
  cutPartsLog(path, 3);
  assert.equal(readPartsLog(path, 0, 9), []);
  assert.is(await stat(path).catch(() => 'none'), 'none');
});

test('a run that goes back cuts its own lines, and goes on behind what is left', async ({
  path,
}) => {
  writeAll(path, lines(1, 4));
  const log = openPartsLog(path);
  for (const one of lines(5, 300)) log.write(one);
  log.cutAfter(300);
  assert.equal(readPartsLog(path, 0, 999), lines(1, 300));
  log.cutAfter(2);
  // Steps that were taken alone have no line.
  log.write(line(4));
  log.close();
  assert.equal(readPartsLog(path, 0, 999), [line(1), line(2), line(4)]);
});

test('cut off at any byte, whole lines are read, and cutting keeps the bytes of those up to the step', async ({
  path,
}) => {
  writeAll(path, lines(1, 3));
  const whole = await readFile(path);
  const ends = [...whole.keys()].filter((i) => whole[i] === 10).map((i) => i + 1);
  for (let size = 0; size <= whole.length; size += 11) {
    await writeFile(path, whole);
    await truncate(path, size);
    const count = ends.filter((end) => end <= size).length;
    assert.equal(readPartsLog(path, 0, 9), lines(1, count), `${size} bytes`);
    writeAll(path, [line(8)]);
    assert.equal(readPartsLog(path, 0, 9), [...lines(1, count), line(8)], `${size} bytes`);
    cutPartsLog(path, 2);
    const kept = ends[Math.min(count, 2) - 1] ?? 0;
    assert.equal(await readFile(path), whole.subarray(0, kept), `${size} bytes`);
  }
});

test('what a power cut leaves behind the checkpoint is cut off', async ({ path }) => {
  writeAll(path, lines(1, 3));
  await appendFile(path, `${'\0'.repeat(200)}\n${JSON.stringify(line(5))}\n${'\0'.repeat(20)}`);
  cutPartsLog(path, 4);
  assert.equal(readPartsLog(path, 0, 9), lines(1, 3));
});

test('a resumed run cuts the log back to its checkpoint, and a new one removes it', async ({
  folder,
  path,
}) => {
  const model = sequential({ flat: flatten(), dense: linear(784, 10) }, { input: [1, 28, 28] });
  const settings = {
    data: digits({ count: 64, seed: 1 }),
    optimizer: sgd({ lr: 0.1 }),
    epochs: 1,
    batch: 16,
    workers: 0,
  };
  await train(model, settings, { folder, report: false });
  writeAll(path, lines(1, 9));
  const more = { ...settings, epochs: 2 };
  await train(model, more, { folder, report: false, resume: { override: ['epochs'] } });
  assert.equal(readPartsLog(path, 0, 9), lines(1, 4));
  await train(model, settings, { folder, report: false });
  assert.equal(readPartsLog(path, 0, 9), []);
});

test('nonsense is refused with its line, field and value', async ({ path }) => {
  const good = (step: number) => JSON.stringify(line(step, 1));
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{', /line 2 is not JSON/],
    ['', /line 2 is not JSON/],
    ['[]', /line 2: the whole is \[\], expected an object/],
    [good(2).replace('2', '0'), /line 2: step is 0, expected a whole number of at least 1/],
    ['{"step":2}', /line 2: parts is missing, expected a list of at most 65536/],
    ['{"step":2,"parts":[3]}', /line 2: parts\[0\] is 3, expected \[first, end, machine, sha256\]/],
    [good(2).replace('[0,1', '[-1,1'), /line 2: parts\[0\]: first is -1, expected a whole number/],
    [good(2).replace('[0,1', '[1,1'), /line 2: parts\[0\]: end is 1, expected more than 1/],
    [good(2).replace('"pc-0.a1"', '""'), /line 2: parts\[0\]: machine is '', expected a text/],
    [good(2).replace('pc-0', 'x'.repeat(300)), /line 2: parts\[0\]: machine is 'x.*at most 200/],
    [good(2).replace('000000', 'g00000'), /line 2: parts\[0\]: sha256 is 'g.*64 hexadecimal/],
    [good(4), /line 2: step 4 is before step 3, expected steps in order/],
  ];
  for (const [text, message] of cases) {
    await writeFile(path, `${good(1)}\n${text}\n${good(3)}\n`);
    assert.throws(
      () => readPartsLog(path, 0, 9),
      (error: LanewiseError) =>
        error.kind === 'data' && message.test(error.message) && error.message.includes(path),
      text,
    );
  }
});

test('damaged logs are refused, or hold steps in order', async ({ path }) => {
  const log = Buffer.from(
    lines(1, 5)
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(''),
  );
  await fuzz(
    [log],
    fuzzCount(500),
    async (bytes) => {
      await writeFile(path, bytes);
      return readPartsLog(path, 0, Infinity);
    },
    (found) => {
      found.forEach(({ step, parts }, i) => {
        assert.ok(Number.isInteger(step) && step > (found[i - 1]?.step ?? 0));
        for (const [first, end, machine] of parts) assert.ok(first < end && machine.length > 0);
      });
    },
  );
});

test('a disk that refuses is named once, and training goes on', async ({ folder }) => {
  const errors: string[] = [];
  const missing = join(folder, 'none', 'parts.jsonl');
  const log = openPartsLog(missing, { onError: ({ message }) => errors.push(message) });
  log.write(line(1));
  log.write(line(2));
  log.close();
  assert.equal(errors, [`cannot write '${missing}': there is no such folder`]);
  assert.throws(() => openPartsLog(missing).write(line(1)), /there is no such folder/);
});

test.run();
