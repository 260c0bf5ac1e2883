/** The log's lines are whole, survive a kill, a full disk and a torn end, and nonsense is named by its line. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import type { LoggedEvent, StepEvent } from '../../src/train/events.js';
import { openMetricsLog, readMetrics, truncateAfter } from '../../src/runs/metrics-log.js';
import { fuzz, fuzzCount } from '../support/fuzz.js';
import { everyEvent, stepEvent } from './sample-events.js';

const test = suite('metrics log', { folder: '', path: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-metrics-'));
  context.path = join(context.folder, 'metrics.jsonl');
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

function writeAll(path: string, events: readonly LoggedEvent[]): void {
  const log = openMetricsLog(path);
  for (const event of events) log.write(event);
  log.close();
}

async function refusal(work: Promise<unknown>): Promise<LanewiseError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, LanewiseError);
    return error as LanewiseError;
  }
  throw new Error('nothing was refused');
}

test('every event comes back as it was written, one line each', async ({ path }) => {
  writeAll(path, everyEvent);
  assert.equal(await readMetrics(path), everyEvent);
  const text = await readFile(path, 'utf8');
  assert.is(text.split('\n').length, everyEvent.length + 1);
  assert.is(text.split('\n')[1], JSON.stringify(everyEvent[1]));
});

test('a line is in the file when write returns, and a second log appends', async ({ path }) => {
  const log = openMetricsLog(path);
  log.write(stepEvent(1));
  assert.is((await readMetrics(path)).length, 1);
  const second = openMetricsLog(path);
  second.write(stepEvent(2));
  second.close();
  log.close();
  assert.equal(await readMetrics(path), [stepEvent(1), stepEvent(2)]);
});

test('NULs of a power cut are dropped with a word, and what stands whole behind them is kept', async ({
  path,
}) => {
  const [nuls, line] = ['\0'.repeat(300), (step: number) => JSON.stringify(stepEvent(step))];
  await writeFile(
    path,
    `${line(1)}\n${nuls}\n${nuls}${line(2)}\n{"event":"st${nuls}\n${line(3)}\n`,
  );
  const whole = [1, 2, 3].map((step) => stepEvent(step));
  const told: string[] = [];
  assert.equal(await truncateAfter(path, 9, (message) => told.push(message)), whole);
  assert.equal(
    told.map((message) => /line (\d): NULs, as a power cut leaves them/.exec(message)?.[1]),
    ['2', '3', '4'],
  );
  assert.is(await readFile(path, 'utf8'), `${line(1)}\n${line(2)}\n${line(3)}\n`);
});

test('numbers that JSON lacks come back as NaN', async ({ path }) => {
  writeAll(path, [{ ...stepEvent(1), loss: NaN, rate: Infinity }]);
  const [event] = (await readMetrics(path)) as StepEvent[];
  assert.ok(Number.isNaN(event!.loss) && Number.isNaN(event!.rate));
});

test('cut off at any byte, the whole lines are read, and a new log goes on behind them', async ({
  path,
}) => {
  writeAll(path, [stepEvent(1), stepEvent(2)]);
  const whole = await readFile(path);
  const first = whole.indexOf('\n') + 1;
  for (let size = 0; size <= whole.length; size += 7) {
    await writeFile(path, whole);
    await truncate(path, size);
    const count = size === whole.length ? 2 : size >= first ? 1 : 0;
    assert.is((await readMetrics(path)).length, count, `${size} bytes`);
    writeAll(path, [stepEvent(9)]);
    const steps = (await readMetrics(path)).map((event) => (event as StepEvent).step);
    assert.equal(steps, [...[1, 2].slice(0, count), 9], `${size} bytes`);
  }
});

test('a torn line longer than what is looked at once is cut off', async ({ path }) => {
  writeAll(path, [stepEvent(1)]);
  await appendFile(path, 'x'.repeat(200_000));
  writeAll(path, [stepEvent(2)]);
  assert.equal(await readMetrics(path), [stepEvent(1), stepEvent(2)]);
});

test('a process killed while it writes leaves whole lines in order', async ({ path }) => {
  const program = fileURLToPath(new URL('log-process.js', import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 50));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const steps = (await readMetrics(path)).map((event) => (event as StepEvent).step);
  assert.ok(steps.length > 100, `${steps.length} lines`);
  assert.equal(
    steps,
    steps.map((_, i) => i + 1),
  );
});

test('nonsense is refused with its line, field and value', async ({ path }) => {
  const good = JSON.stringify(stepEvent(1));
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{', /line 2 is not JSON/],
    ['\0\0\0', /line 2 is not JSON/],
    ['', /line 2 is not JSON/],
    ['3', /line 2: the whole is 3, expected an object/],
    ['null', /line 2: the whole is null, expected an object/],
    ['{"event":"stop"}', /line 2: event is 'stop', expected one of start, step, /],
    ['{"event":"constructor"}', /line 2: event is 'constructor', expected/],
    [good.replace('"step":1', '"step":-1'), /line 2: step is -1, expected a whole number/],
    [good.replace('"rate":0.05', '"rate":"x"'), /line 2: rate is 'x', expected a number/],
    [good.replace('"loss":', '"lost":'), /line 2: loss is missing, expected a number/],
    [
      JSON.stringify(everyEvent[4]).replace('"counts":[1', '"counts":[1.5'),
      /line 2: weights\[0\]\.histogram\.counts\[0\] is 1.5, expected a whole number/,
    ],
    [
      JSON.stringify(everyEvent[2]).replace('"f1":', '"f1":"","g":'),
      /line 2: metrics\.f1 is '', expected a number/,
    ],
  ];
  for (const [line, message] of cases) {
    await writeFile(path, `${good}\n${line}\n${good}\n`);
    const error = await refusal(readMetrics(path));
    assert.is(error.kind, 'data');
    assert.match(error.message, message);
    assert.match(error.message, `'${path}', line 2`);
  }
  await rm(path);
  const { kind, message } = await refusal(readMetrics(path));
  assert.is(kind, 'file');
  assert.is(message, `cannot read metrics '${path}': there is no such file`);
});

test('damaged logs are refused, or hold events', async ({ path }) => {
  const log = Buffer.from(everyEvent.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const files = [log, ...everyEvent.map((event) => Buffer.from(`${JSON.stringify(event)}\n`))];
  await fuzz(
    files,
    fuzzCount(1500),
    async (bytes) => {
      await writeFile(path, bytes);
      return readMetrics(path);
    },
    (events) => {
      for (const event of events) {
        if (event.event === 'start') assert.type(event.data.name, 'string');
        else assert.ok(Number.isInteger(event.step) && event.step >= 0);
        if (event.event !== 'probe') continue;
        for (const { histogram } of event.weights)
          assert.ok(histogram.counts.every(Number.isInteger));
      }
    },
  );
});

test('a full disk is named once, and leaves training its choice', async ({ folder }) => {
  if (process.platform !== 'linux') return console.log('skipped: needs /dev/full');
  const strict = openMetricsLog('/dev/full');
  assert.throws(
    () => strict.write(stepEvent(1)),
    (error: LanewiseError) =>
      error.kind === 'file' &&
      error.message === "cannot write '/dev/full': no space is left on the device",
  );
  strict.close();
  const errors: string[] = [];
  const lenient = openMetricsLog('/dev/full', { onError: ({ message }) => errors.push(message) });
  for (let step = 1; step <= 3; step++) lenient.write(stepEvent(step));
  lenient.close();
  assert.equal(errors, ["cannot write '/dev/full': no space is left on the device"]);
  assert.is(lenient.lost, 3);
  const missing = join(folder, 'none', 'metrics.jsonl');
  assert.throws(
    () => openMetricsLog(missing),
    `cannot write '${missing}': there is no such folder`,
  );
});

test('a line that does not fit whole is taken back', async ({ path }) => {
  if (process.platform === 'win32') return console.log('skipped: needs ulimit');
  const program = fileURLToPath(new URL('full-disk-process.js', import.meta.url));
  // Files may grow to 8 blocks, 4 KiB or more; the write that passes that is cut short.
  const command = `trap '' XFSZ; ulimit -f 8; exec '${process.execPath}' '${program}' '${path}'`;
  const { stdout } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  const steps = (await readMetrics(path)).map((event) => (event as StepEvent).step);
  assert.ok(steps.length > 10 && steps.length < 100, `${steps.length} lines: ${stdout}`);
  assert.is((await readFile(path)).at(-1), 10);
  const [message, lost, ...more] = stdout.trim().split('\n');
  assert.match(message!, `cannot write '${path}': `);
  assert.is(Number(lost), 100 - steps.length);
  assert.equal(more, []);
});

test('a log of before, whose steps say neither samples nor seconds, is read and cut like one of now', async ({
  path,
}) => {
  const before = await readFile(
    fileURLToPath(new URL('../../../test/runs/log-of-before.jsonl', import.meta.url)),
  );
  await writeFile(path, before);
  const events = await readMetrics(path);
  assert.equal(
    events.map(({ event }) => event),
    'start probe validation step start step epoch probe checkpoint validation checkpoint done'.split(
      ' ',
    ),
  );
  for (const event of events)
    if (event.event === 'step') assert.equal([event.samples, event.seconds], [NaN, NaN]);
  const [start, done] = [events[0]!, events.at(-1)!];
  assert.is(start.event === 'start' && start.validation?.part, 'validation');
  assert.match(
    String(done.event === 'done' && done.stopped),
    /^valLoss has not been better than 1\.09885/,
  );
  const kept = await truncateAfter(path, 4);
  assert.is(kept.length, 4 + 1, 'up to step 4, and the start of the resume after it');
  // Bytes of lines stay as they are, without what is known now.
  assert.is(await readFile(path, 'utf8'), `${before}`.split('\n').slice(0, 5).join('\n') + '\n');
});

test('truncateAfter leaves what a run without interruption would have', async ({ path }) => {
  const [start, done] = [everyEvent[0], everyEvent.at(-1)];
  const before = everyEvent.filter(({ event }) => !['recovery', 'done'].includes(event));
  const resumed = { ...start!, resumedAt: 10 } as LoggedEvent;
  writeAll(path, [...before, stepEvent(11), done!]);
  assert.equal(await truncateAfter(path, 11), [...before, stepEvent(11)]);
  assert.equal(await truncateAfter(path, 10), before);
  writeAll(path, [resumed, stepEvent(11), stepEvent(12)]);
  await appendFile(path, '{"event":"st');
  assert.equal(await truncateAfter(path, 11), [...before, resumed, stepEvent(11)]);
  assert.equal(await readMetrics(path), [...before, resumed, stepEvent(11)]);
  assert.equal(await truncateAfter(path, 9), [start!]);
});

test('truncateAfter keeps the bytes of the lines that stay, and leaves no other file', async ({
  path,
  folder,
}) => {
  const line = JSON.stringify(stepEvent(1)).replace('"loss":', '"own": [1,  2], "loss" : ');
  await writeFile(path, `${line}\n${JSON.stringify(stepEvent(2))}\n`);
  await truncateAfter(path, 1);
  assert.is(await readFile(path, 'utf8'), `${line}\n`);
  assert.equal(await readdir(folder), ['metrics.jsonl']);
});

test('a log with nonsense in it is not truncated, one that is missing need not be', async ({
  path,
}) => {
  await writeFile(path, 'nonsense\n');
  const { message, hint } = await refusal(truncateAfter(path, 1));
  assert.match(message, /line 1 is not JSON/);
  assert.is(hint, 'move it away, and the run goes on with a new one');
  assert.is(await readFile(path, 'utf8'), 'nonsense\n');
  await rm(path);
  assert.equal(await truncateAfter(path, 1), []);
});

test.run();
