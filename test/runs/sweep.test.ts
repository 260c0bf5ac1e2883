/** A sweep ends with the same table however often it is killed, and however many settings train at once. */
// slow: sweeps of 20 settings, and processes that are killed
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  digits,
  LanewiseError,
  loadModel,
  mlp,
  readMetrics,
  sgd,
  split,
  sweep,
  train,
  type SearchSpace,
  type SweepOptions,
  type SweepResult,
  type SweepRun,
} from '../../src/index.js';
import { randomStream } from '../../src/random/philox.js';
import { smallSweep, tableOf } from './small-sweep.js';

const program = fileURLToPath(new URL('small-sweep.js', import.meta.url));
let folder = '';
/** The table with halving, by one job in the calling thread. */
let halved: SweepResult;
let whole: SweepResult;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-sweep-'));
  halved = await smallSweep({ folder: at('halved'), halving: true, jobs: 1, workers: 0 });
  whole = await smallSweep({ folder: at('whole'), jobs: 1, workers: 0 });
});
test.after(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);

const scores = ({ rows }: SweepResult): (number | undefined)[] =>
  rows.filter(({ state }) => state === 'finished').map(({ score }) => score);

test('the table is sorted, diverged settings are rows of it, and the best is tested once', async () => {
  assert.is(whole.rows.length, 20);
  assert.equal(
    scores(whole),
    scores(whole).toSorted((a, b) => b! - a!),
  );
  const diverged = whole.rows.filter(({ state }) => state === 'diverged');
  assert.ok(diverged.length > 0 && diverged.length < 20);
  for (const row of diverged) {
    assert.match(row.message!, /became NaN|became Infinity|made '/);
    assert.is(row.score, undefined);
  }
  assert.equal(whole.rows.slice(-diverged.length), diverged);
  const { best } = whole;
  assert.is(best, whole.rows[0]);
  assert.is(best!.score, best!.history.at(-1)!.valAccuracy);
  const model = await loadModel(join(at('whole'), String(best!.number), 'model.safetensors'));
  const { loss, accuracy } = await model.evaluate(digits({ count: 60, seed: 3, first: 5000 }));
  assert.equal(whole.test, { loss, accuracy });
});

test('each setting’s run is in a folder, and its figures are those of train', async () => {
  const events = await readMetrics(join(at('whole'), '1', 'metrics.jsonl'));
  const [row] = whole.rows.filter(({ number }) => number === 1);
  const logged = events.filter((event) => event.event === 'epoch');
  assert.equal(
    logged.map(({ valLoss }) => valLoss),
    row!.history.map(({ valLoss }) => valLoss),
  );
});

test('halving promotes by validation, and goes on from checkpoints to the bits of whole runs', async () => {
  const byNumber = new Map(whole.rows.map((row) => [row.number, row]));
  for (const { number, state, history } of halved.rows) {
    const same = byNumber.get(number)!.history.slice(0, history.length);
    assert.equal(
      history.map(({ valLoss, valAccuracy }) => [valLoss, valAccuracy]),
      same.map(({ valLoss, valAccuracy }) => [valLoss, valAccuracy]),
      `setting ${number}`,
    );
    if (state !== 'finished') continue;
    const log = await readMetrics(join(at('halved'), String(number), 'metrics.jsonl'));
    const starts = log.filter((event) => event.event === 'start');
    assert.equal(
      starts.map(({ resumedAt }) => resumedAt),
      [undefined, 6],
    );
  }
  // One epoch for all, the rest for the six best after it, of which one may diverge.
  const scored = halved.rows.filter(({ history }) => history.length > 0);
  const dropped = scored.filter(({ state }) => state === 'dropped');
  const promoted = scored.filter(({ state }) => state !== 'dropped');
  assert.is(promoted.length, 6);
  assert.ok(promoted.every(({ state, history }) => state === 'diverged' || history.length === 4));
  assert.ok(dropped.every(({ history }) => history.length === 1));
  const after = (rows: typeof scored) => rows.map(({ history }) => history[0]!.valAccuracy!);
  assert.ok(Math.min(...after(promoted)) >= Math.max(...after(dropped)));
});

test('the same table with two jobs, and with one or two workers each', async () => {
  const two = await smallSweep({ folder: at('two'), halving: true, jobs: 2, workers: 1 });
  assert.equal(tableOf(two), tableOf(halved));
  const other = await smallSweep({ folder: at('workers'), halving: true, jobs: 1, workers: 2 });
  assert.equal(tableOf(other), tableOf(halved));
});

/** Runs the program until it ends, or until it is killed some milliseconds after its first line. */
async function runProgram(options: SweepOptions, killAfter?: number) {
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  let timer: NodeJS.Timeout | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (killAfter !== undefined) timer ??= setTimeout(() => child.kill('SIGKILL'), killAfter);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(timer);
  assert.ok(code === 0 || signal === 'SIGKILL', errors);
  return { last: output.trim().split('\n').at(-1)!, wasKilled: signal === 'SIGKILL' };
}

test('killed by SIGKILL at random moments and called again: the same table', async () => {
  const random = randomStream(Date.now(), 99, 0);
  const options = { folder: at('killed'), halving: true };
  let kills = 0;
  for (let attempt = 0; ; attempt++) {
    assert.ok(attempt < 60, `${attempt} attempts, ${kills} kills`);
    const { last, wasKilled } = await runProgram(
      { ...options, jobs: 1 + (attempt % 2) },
      kills < 4 ? 1 + random.integer(300) : undefined,
    );
    if (wasKilled) kills++;
    else {
      assert.equal(JSON.parse(last), tableOf(halved));
      break;
    }
  }
  assert.ok(kills > 0);
  // Nothing is left to do, and nothing is done again.
  const again = await smallSweep({
    ...options,
    onSetting: ({ number }) => assert.unreachable(`setting ${number} trained again`),
  });
  assert.equal(tableOf(again), tableOf(halved));
});

test('a signal stops it, and the same call goes on', async () => {
  const controller = new AbortController();
  let count = 0;
  const options = { folder: at('stopped'), halving: true, jobs: 2, workers: 1 };
  const stopped = await smallSweep({
    ...options,
    signal: controller.signal,
    onSetting: () => void (++count === 3 && controller.abort()),
  });
  assert.is(stopped.interrupted, true);
  assert.is(stopped.best, undefined);
  assert.is(stopped.test, undefined);
  assert.ok(stopped.rows.some(({ state }) => state === 'waiting'));
  assert.equal(tableOf(await smallSweep(options)), tableOf(halved));
});

const [data, validation] = split(digits({ count: 100 }), 0.8);
const tiny =
  (more: Partial<SweepRun['settings']> = {}) =>
  ({ lr, hidden = 4 }: { readonly lr?: unknown; readonly hidden?: unknown }): SweepRun => ({
    model: mlp({ hidden: Number(hidden) }),
    settings: {
      data,
      validation,
      optimizer: sgd({ lr: Number(lr) }),
      epochs: 1,
      workers: 0,
      ...more,
    },
  });

async function refused(
  message: RegExp,
  space: SearchSpace,
  make: (values: object) => SweepRun,
  options: Partial<SweepOptions> = {},
): Promise<void> {
  try {
    await sweep(space, make, { folder: at('refused'), report: false, ...options });
  } catch (error) {
    assert.instance(error, LanewiseError);
    return assert.match((error as LanewiseError).message, message);
  }
  assert.unreachable();
}

test('every setting is checked before the first one trains', async () => {
  await refused(
    /^setting 2 \(lr -1\): sgd: lr is -1, expected a number of at least 0/,
    { lr: [0.1, -1] },
    tiny(),
  );
  await refused(/batch is 1000, expected/, { lr: [0.1] }, tiny({ batch: 1000 }));
  await refused(/no validation data/, { lr: [0.1] }, tiny({ validation: undefined as never }));
  await refused(
    /figure is 'f1', expected one that all settings have of the validation data: valAccuracy, valLoss/,
    { lr: [0.1] },
    tiny(),
    { figure: 'f1' },
  );
  await refused(/lr is a range/, { lr: { from: 1, to: 2 } }, tiny());
  await refused(/drops none/, { lr: [0.1, 0.2] }, tiny(), { halving: true });
  await refused(/folder is undefined/, { lr: [0.1] }, tiny(), { folder: undefined as never });
  assert.not.ok(existsSync(at('refused')));
});

test('a folder that holds another sweep is refused; one of more settings goes on', async () => {
  const place = { folder: at('grown') };
  const space: SearchSpace = { lr: { from: 0.01, to: 0.1 } };
  const few = await sweep(space, tiny(), { ...place, report: false, random: 2 });
  await refused(/holds another sweep: 2 settings by valAccuracy/, space, tiny(), {
    ...place,
    random: 2,
    seed: 5,
  });
  await refused(/holds another sweep/, space, tiny(), { ...place, random: 2, figure: 'valLoss' });
  await refused(
    /the sweep in '.*grown' is another one:\n {2}batch: 64 there, 16 now/,
    space,
    tiny({ batch: 16 }),
    { ...place, random: 2 },
  );
  const trained: number[] = [];
  const more = await sweep(space, tiny(), {
    ...place,
    report: false,
    random: 4,
    onSetting: ({ number }) => trained.push(number),
  });
  assert.equal(trained.toSorted(), [3, 4]);
  assert.is(more.rows.length, 4);
  assert.ok(few.rows.every(({ number }) => more.rows.some((row) => row.number === number)));
  const anew = await sweep(space, tiny({ batch: 16 }), { ...place, random: 2, fresh: true });
  assert.is(anew.rows.length, 2);
  assert.not.ok(existsSync(join(place.folder, '4')));
});

test('a damaged file of a sweep is refused by name', async () => {
  const folderOf = { folder: at('damaged') };
  await sweep({ lr: [0.1] }, tiny(), { ...folderOf, report: false });
  const path = join(folderOf.folder, 'sweep.json');
  const good = await readFile(path, 'utf8');
  for (const [bad, message] of [
    [good.slice(0, 40), /sweep.json' is not JSON/],
    [good.replace('"number":1', '"number":2'), /setting 1 has the number 2/],
    [good.replace('"finished"', '"done"'), /rows\[0\].state is 'done', expected one of/],
  ] as const) {
    await writeFile(path, bad);
    await refused(message, { lr: [0.1] }, tiny(), folderOf);
  }
});

test('the report is one page with the table, a chart for each setting, and the curves', async () => {
  const { report } = await smallSweep({ folder: at('whole'), jobs: 1, report: true });
  const page = await readFile(report!, 'utf8');
  assert.match(page, /Sweep of 20 settings/);
  for (const { number } of whole.rows) assert.ok(page.includes(`href="${number}/report.html"`));
  const { charts } = JSON.parse(
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!,
  ) as { charts: { title: string; isLogX?: boolean; xNames?: string[] }[] };
  assert.equal(
    charts.map(({ title }) => title),
    ['lr', 'hidden', 'schedule', 'valAccuracy', 'valLoss', 'training loss'],
  );
  assert.equal(
    charts.map(({ isLogX }) => isLogX ?? false),
    [true, false, false, false, false, false],
  );
  assert.equal(charts[2]!.xNames, ['constant', 'cosine']);
  assert.is(
    page.match(/<polyline/g)!.length,
    whole.rows.filter(({ score }) => score !== undefined).length,
  );
});

test('the best is that of training it alone', async () => {
  const { rows } = await sweep({ lr: [0.01, 0.3] }, tiny({ epochs: 2 }), {
    folder: at('alone'),
    report: false,
  });
  const alone = await train(tiny()({ lr: 0.3 }).model, tiny({ epochs: 2 })({ lr: 0.3 }).settings);
  const row = rows.find(({ values }) => values['lr'] === 0.3)!;
  assert.is(row.score, alone.history.at(-1)!.valAccuracy);
  const model = await loadModel(join(at('alone'), String(row.number), 'model.safetensors'));
  assert.is(await model.sha256(), await alone.model.sha256());
});

test.run();
