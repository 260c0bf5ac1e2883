/** Runs on samples that are read when they are needed: interrupted amid an epoch, and on files that change. */
// slow: trains whole runs and resumes them
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyDataset } from '../../src/data/dataset.js';
import { randomCrop } from '../../src/data/transforms/index.js';
import { imageFolder } from '../../src/data/image-folder.js';
import { streamOf } from '../../src/data/forms.js';
import { mlp } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import type { RunEvent } from '../../src/train/events.js';
import { train, trainEvents, type TrainOptions } from '../../src/train/train.js';
import { imageFiles, withFolder } from '../support/images.js';
import { refusal } from '../support/refusal.js';

const files = await imageFiles(60, 3);
const model = mlp({ size: 10, channels: 3, classes: 3, hidden: 8 });
const settings = {
  optimizer: adam({ lr: 0.01 }),
  epochs: 3,
  batch: 8,
  numerics: 'strict',
} as const;

let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanewise-streamed-'));
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** Runs to the end, or until `leave` says so; the weights' hash if the run ended. */
async function run(
  data: AnyDataset,
  name: string,
  options: TrainOptions = {},
  leave: (event: RunEvent) => boolean | Promise<boolean> = () => false,
  workers = 0,
): Promise<string | undefined> {
  const given = { folder: join(folder, name), report: false, stepsPerEvent: 1, ...options };
  for await (const event of trainEvents(model, { ...settings, data, workers }, given)) {
    if (event.event === 'done') return event.result().model.sha256();
    if (await leave(event)) return undefined;
  }
  return undefined;
}

const at = (step: number) => (event: RunEvent) => event.event === 'step' && event.step === step;

async function leftAndResumed(data: AnyDataset, name: string): Promise<void> {
  const whole = await train(model, { ...settings, data, workers: 0 });
  const expected = await whole.model.sha256();
  for (const [workers, step] of [
    [0, 5],
    [2, 11],
  ] as const) {
    const run1 = `${name} ${workers}`;
    assert.is(await run(data, run1, {}, at(step), workers), undefined);
    assert.is(await run(data, run1, { resume: true }, undefined, workers), expected);
  }
}

test('an image folder’s run that is left amid an epoch goes on to the same weights', async () => {
  await withFolder(files, async (path) => {
    const images = await imageFolder(path, { size: 12 });
    await leftAndResumed({ ...images, transforms: [randomCrop({ size: 10 })] }, 'images');
  });
});

test('so does a stream’s, with transforms', async () => {
  const opened: number[] = [];
  const stream = streamOf({
    name: 'numbers',
    shape: [3, 12, 12],
    classes: ['a', 'b', 'c'],
    length: 60,
    type: 'uint8',
    transforms: [randomCrop({ size: 10 })],
    async *open(epoch) {
      opened.push(epoch);
      for (let i = 0; i < 60; i++)
        yield {
          values: Uint8Array.from({ length: 432 }, (_, e) => (i + epoch) * 31 + e * 7),
          label: (i * epoch) % 3,
        };
    },
  });
  await leftAndResumed(stream, 'stream');
  // The whole run, then for each resumed one the epoch that was left, twice.
  assert.equal(opened, [1, 2, 3, 1, 1, 2, 3, 1, 2, 2, 3]);
});

test('a file that vanishes ends the run with its name and a checkpoint, which goes on when it is back', async () => {
  await withFolder(files, async (path) => {
    const scan = () => imageFolder(path, { size: 10 });
    const data = await scan();
    const expected = await (await train(model, { ...settings, data, workers: 0 })).model.sha256();
    const victim = join(path, data.files[20]!.path);
    const message = await refusal(() =>
      run({ ...data, reader: slow(data) }, 'vanished', {}, async (event) => {
        if (at(9)(event)) await rename(victim, `${victim}.away`);
        return false;
      }),
    );
    assert.match(message, /has changed since it was scanned: it is gone/);
    assert.ok(message.includes(data.files[20]!.path));
    await rename(`${victim}.away`, victim);
    assert.is(await run(await scan(), 'vanished', { resume: true }), expected);
    const log = await readFile(join(folder, 'vanished', 'metrics.jsonl'), 'utf8');
    assert.match(log, /"resumedAt":(9|1\d)/);
  });
});

/** The folder's reader without its threads, so that no more than the ring is read ahead. */
function slow({ reader }: Awaited<ReturnType<typeof imageFolder>>) {
  const { module: _module, ...rest } = reader;
  return rest;
}

test.run();
