/** Runs in folders: what they write, how they go on, what they refuse. */
// slow: runs in folders, of one thread and of several
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { adam, ema, momentum, schedule, sgd } from '../../src/optimizers/index.js';
import type { RunEvent } from '../../src/train/events.js';
import { train, trainEvents, type TrainOptions } from '../../src/train/train.js';
import { readMetrics } from '../../src/runs/metrics-log.js';
import { loadModel } from '../../src/trained/model-store.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { refusal } from '../support/refusal.js';

const settings: TrainSettings = {
  data: digits({ count: 640, seed: 1 }),
  validation: digits({ count: 200, seed: 1, first: 10_000 }),
  optimizer: adam({ lr: 0.002 }),
  schedule: schedule.cosine(),
  average: ema({ decay: 0.9 }),
  epochs: 3,
  batch: 32,
  workers: 0,
};

let folder = '';
let expected = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-fit-'));
  expected = await (await train(lenet5(), settings)).model.sha256();
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** Runs to the end, or until `leave` says so; the weights' hash if the run ended. */
async function run(
  name: string,
  options: TrainOptions = {},
  changes: Partial<TrainSettings> = {},
  leave: (event: RunEvent) => boolean = () => false,
): Promise<string | undefined> {
  const given = { folder: join(folder, name), report: false, stepsPerEvent: 1, ...options };
  for await (const event of trainEvents(lenet5(), { ...settings, ...changes }, given)) {
    if (event.event === 'done') return event.result().model.sha256();
    if (leave(event)) return undefined;
  }
  return undefined;
}

const leaveAt = (step: number) => (event: RunEvent) =>
  event.event === 'step' && event.step === step;

test('a run with a folder has the weights of one without, and leaves model, log, events and checkpoint', async () => {
  assert.is(await run('whole'), expected);
  const at = (name: string) => join(folder, 'whole', name);
  assert.is(await (await loadModel(at('model.safetensors'))).sha256(), expected);
  const events = await readMetrics(at('metrics.jsonl'));
  assert.equal(
    [...new Set(events.map(({ event }) => event))],
    ['start', 'probe', 'step', 'epoch', 'checkpoint', 'done'],
  );
  assert.is(events.filter(({ event }) => event === 'epoch').length, 3);
  const done = events.at(-1)!;
  assert.is(done.event === 'done' && done.sha256, expected);
  assert.ok(existsSync(at('checkpoint.safetensors')));
  assert.not.ok(existsSync(at('lock')));
});

test('a large net has no probe, which would need its memory once more', async () => {
  const namesOf = async (units: number) => {
    const net = sequential([flatten(), linear(784, units), linear(units, 10)], {
      input: [1, 28, 28],
    });
    const given = { folder: join(folder, String(units)), signal: AbortSignal.abort() };
    const names: string[] = [];
    const { average: _, ...others } = settings;
    const plain = { ...others, optimizer: sgd({ lr: 0.1 }) };
    for await (const { event } of trainEvents(net, plain, given)) names.push(event);
    return names;
  };
  assert.ok((await namesOf(10)).includes('probe'));
  assert.not.ok((await namesOf(43_000)).includes('probe'));
});

test('left at any step and resumed, it has the same weights, and a log that tells each step once', async () => {
  const leaves = [1, 19, 20, 21, 37, 40, 59];
  for (const step of leaves) {
    assert.is(await run('left', { resume: step > 1 }, {}, leaveAt(step)), undefined);
  }
  assert.is(await run('left', { resume: true }), expected);
  const events = await readMetrics(join(folder, 'left', 'metrics.jsonl'));
  const told = events.flatMap((event) => (event.event === 'epoch' ? [event.epoch] : []));
  assert.equal(told, [1, 2, 3]);
  const resumed = events.flatMap((event) =>
    event.event === 'start' && event.resumedAt !== undefined ? [event.resumedAt] : [],
  );
  assert.equal(resumed, leaves);
  const strip = (list: typeof events) =>
    list.flatMap((event) =>
      event.event === 'epoch' || event.event === 'step'
        ? [{ ...event, seconds: 0, imagesPerSecond: 0 }]
        : [],
    );
  const whole = await readMetrics(join(folder, 'whole', 'metrics.jsonl'));
  assert.equal(strip(events), strip(whole));
});

test('resumed with other workers, it has the same weights', async () => {
  await run('workers', {}, { workers: 2 }, leaveAt(25));
  assert.is(await run('workers', { resume: true }, { workers: 3 }), expected);
});

test('early stopping and the best weights survive being left', async () => {
  const changes: Partial<TrainSettings> = {
    validateEvery: { steps: 7 },
    earlyStopping: { monitor: 'valAccuracy', patience: 2 },
    keepBest: true,
    metrics: ['f1'],
  };
  const whole = await run('stopping', {}, changes);
  await run('stopping2', {}, changes, leaveAt(8));
  assert.is(await run('stopping2', { resume: true }, changes), whole);
});

test('what differs from the run to resume is spelled out, and can be meant', async () => {
  await run('other', {}, {}, leaveAt(20));
  const resume = { resume: true };
  assert.is(
    await refusal(() => run('other', resume, { optimizer: adam({ lr: 0.01 }), seed: 3 })),
    'the run to resume is another one:\n  optimizer.lr: 0.002 in the checkpoint, 0.01 now\n  seed: 1 in the checkpoint, 3 now\nresume it with what it began with, or say that this is meant: override optimizer,seed',
  );
  assert.match(
    await refusal(() => run('other', resume, { data: digits({ count: 640, seed: 2 }) })),
    /^the run to resume is another one:\n {2}data\.sha256: /,
  );
  assert.match(
    await refusal(() => run('other', { resume: { override: ['model'] } })),
    /^'model' cannot be overridden, expected one of data, /,
  );
  assert.match(
    await refusal(async () => {
      for await (const event of trainEvents(mlp(), settings, {
        folder: join(folder, 'other'),
        ...resume,
      }))
        void event;
    }),
    /^the run to resume is another one:\n {2}model\./,
  );
  const hash = await run('other', { resume: { override: ['epochs'] } }, { epochs: 1 });
  assert.ok(hash !== undefined && hash !== expected);
});

test('an unfinished run is not lost by starting another in its folder', async () => {
  await run('unfinished', {}, {}, leaveAt(5));
  assert.match(
    await refusal(() => run('unfinished')),
    /holds an unfinished run: 5 of 60 steps\ngo on with it \(resume: true\)/,
  );
  assert.is(await run('unfinished', { fresh: true }), expected);
  // A finished one may be replaced.
  assert.is(await run('unfinished'), expected);
});

test('a damaged checkpoint is not used: the one before is, and the run says so', async () => {
  await run('damaged', { checkpoints: { everySteps: 4 } }, {}, leaveAt(14));
  const path = join(folder, 'damaged', 'checkpoint.safetensors');
  const bytes = await readFile(path);
  bytes[bytes.length - 5]! ^= 1;
  await writeFile(path, bytes);
  let warning = '';
  const hash = await run('damaged', { resume: true }, {}, (event) => {
    if (event.event === 'warning') warning = event.message;
    return false;
  });
  assert.is(hash, expected);
  assert.match(warning, /checkpoint\.safetensors' was changed or cut short: its SHA-256 is /);
  await run('damaged', { fresh: true }, {}, leaveAt(3));
  for (const name of ['checkpoint.safetensors', 'checkpoint-previous.safetensors'])
    await copyFile(join(folder, 'whole', 'model.safetensors'), join(folder, 'damaged', name));
  assert.match(
    await refusal(() => run('damaged', { resume: true })),
    /^no checkpoint in '.*' can be used: '.*' is not a checkpoint: .*\nstart the run over/,
  );
});

test('one run at a time has the folder', async () => {
  const first = trainEvents(lenet5(), settings, { folder: join(folder, 'locked'), report: false });
  await first.next();
  assert.match(await refusal(() => run('locked')), /locked' is in use by /);
  await first.return(undefined as never);
  assert.is(await run('locked', { resume: true }), expected);
});

test('a loss that is NaN ends the run with layer and step, and the last good checkpoint stays', async () => {
  const wild: Partial<TrainSettings> = { optimizer: sgd({ lr: 3e38 }), schedule: 'constant' };
  const message = await refusal(() => run('wild', { checkpoints: { everySteps: 1 } }, wild));
  assert.match(message, /^the loss became (NaN|Infinity) in epoch 1, step \d+: /);
  const path = join(folder, 'wild', 'checkpoint.safetensors');
  const { weights } = await loadModel(path);
  for (const values of weights.values()) assert.ok(values.every(Number.isFinite));
});

test('minibatches that accumulate are a larger one in as many times as many shards', async () => {
  const base = { ...settings, optimizer: momentum({ lr: 0.05 }), epochs: 1 };
  const hash = async (changes: Partial<TrainSettings>) =>
    (await train(lenet5(), { ...base, ...changes })).model.sha256();
  assert.is(
    await hash({ batch: 16, shards: 2, accumulate: 3 }),
    await hash({ batch: 48, shards: 6 }),
  );
});

test.run();
