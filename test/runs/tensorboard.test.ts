/** Event files hold what was written, as two other implementations read them, and resume as TensorBoard expects. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import type { ProbeEvent } from '../../src/train/events.js';
import { openTensorboard } from '../../src/runs/tensorboard.js';
import { crc32c, readEvents, type ReadEvent, type ReadValue } from '../support/read-tfevents.js';
import { everyEvent, stepEvent } from './sample-events.js';

const test = suite('tensorboard', { folder: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-tensorboard-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const python = '/usr/bin/python3';
const script = fileURLToPath(new URL('../../../test/support/read_tfevents.py', import.meta.url));
const hasProtobuf = spawnSync(python, ['-c', 'import google.protobuf']).status === 0;

const png = PNG.sync.write(new PNG({ width: 3, height: 2 }));
const probe = everyEvent.find(({ event }) => event === 'probe') as ProbeEvent;
const withHistogram = (min: number, max: number, counts: readonly number[]): ProbeEvent => ({
  ...probe,
  weights: [{ ...probe.weights[0]!, histogram: { min, max, counts } }],
});

/** A file with everything, read back by both. */
async function writeAll(folder: string): Promise<{ path: string; events: ReadEvent[] }> {
  const writer = openTensorboard(folder);
  for (const event of everyEvent) writer.write(event);
  writer.write({ ...stepEvent(3_000_000_000), loss: NaN, rate: Infinity });
  writer.write(withHistogram(0.5, 0.5, [4, 0, 0]));
  writer.write(withHistogram(NaN, NaN, [1]));
  writer.writeImage('filters/conv1', 10, { width: 3, height: 2, channels: 4, png });
  writer.close();
  const path = join(folder, writer.file);
  return { path, events: readEvents(await readFile(path)) };
}

const tagsOf = ({ values = [] }: ReadEvent): string[] => values.map(({ tag }) => tag);
const valueOf = ({ values }: ReadEvent, tag: string): ReadValue =>
  values!.find((value) => value.tag === tag)!;

test('the checksum is CRC-32C', () => {
  // The check value of every catalogue, and RFC 3720's 32 zeros.
  assert.is(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
});

test('every event is read back, with time, step and values', async ({ folder }) => {
  const before = Date.now() / 1000;
  const { path, events } = await writeAll(folder);
  assert.match(path, /events\.out\.tfevents\.\d{10}\..+\.0$/);
  const [version, step, epoch, validation, probed, large, flat, broken, image] = events;
  assert.is(events.length, 9);
  assert.is(version!.version, 'brain.Event:2');
  for (const { wallTime } of events) assert.ok(wallTime >= before && wallTime < before + 60);
  assert.is(step!.step, 10);
  assert.equal(step!.values, [
    { tag: 'train/loss', scalar: Math.fround(0.2) },
    { tag: 'train/accuracy', scalar: 0.25 },
    { tag: 'train/rate', scalar: Math.fround(0.05) },
    { tag: 'speed/imagesPerSecond', scalar: 5000 },
    { tag: 'speed/waiting', scalar: 0.125 },
    { tag: 'speed/wire', scalar: 0.375 },
  ]);
  assert.equal(tagsOf(epoch!), [
    'epoch/loss',
    'epoch/accuracy',
    'validation/loss',
    'validation/accuracy',
    'validation/f1',
    'validation/top5',
    'cluster/machines',
    'cluster/wire',
    'cluster/gain',
  ]);
  assert.equal(validation!.values, [
    { tag: 'validation/loss', scalar: 0.25 },
    { tag: 'validation/accuracy', scalar: 0.875 },
  ]);
  assert.equal(valueOf(probed!, 'activationNorm/conv1').scalar, 0.5);
  assert.equal(valueOf(probed!, 'weights/conv1.weight').histogram, {
    // min, max, count, and Σv and Σv² of bins' middles −¾, −¼, ¼, ¾.
    numbers: [-1, 1, 10, -0.75 + 7 * 0.25 + 2 * 0.75, 3 * 0.5625 + 7 * 0.0625],
    limits: [-0.5, 0, 0.5, 1],
    counts: [1, 0, 7, 2],
  });
  assert.is(large!.step, 3_000_000_000);
  assert.ok(Number.isNaN(valueOf(large!, 'train/loss').scalar));
  assert.is(valueOf(large!, 'train/rate').scalar, Infinity);
  assert.equal(valueOf(flat!, 'weights/conv1.weight').histogram, {
    numbers: [0.5, 0.5, 4, 2, 1],
    limits: [0.5],
    counts: [4],
  });
  assert.not.ok(tagsOf(broken!).includes('weights/conv1.weight'));
  assert.equal(image!.values, [
    {
      tag: 'filters/conv1',
      image: { height: 2, width: 3, channels: 4, png: png.toString('base64') },
    },
  ]);
});

test('Google’s own protocol buffers read the same', async ({ folder }) => {
  if (!hasProtobuf) return console.log('skipped: needs python3-protobuf');
  const { path, events } = await writeAll(folder);
  const { stdout, stderr, status } = spawnSync(python, [script, path], { encoding: 'utf8' });
  assert.is(status, 0, stderr);
  // Python's JSON has NaN and Infinity; JavaScript's has null for both.
  const plain = (text: string) => JSON.parse(text.replaceAll(/\b(NaN|Infinity)\b/g, 'null'));
  assert.equal(plain(stdout), plain(JSON.stringify(events)));
});

test('a changed byte is noticed: the readers check', async ({ folder }) => {
  const bytes = await readFile((await writeAll(folder)).path);
  for (let at = 0; at < bytes.length; at += 11) {
    const damaged = Uint8Array.from(bytes);
    damaged[at]! ^= 1;
    assert.throws(() => readEvents(damaged), /, expected|Invalid|Offset/, `byte ${at}`);
  }
});

/** What TensorBoard keeps: a restart at a step purges all that came before of that step and later ones. */
function shownSteps(events: readonly ReadEvent[]): number[] {
  let kept: ReadEvent[] = [];
  for (const event of events) {
    if (event.session === 1) kept = kept.filter(({ step }) => step < event.step);
    else if (event.values) kept.push(event);
  }
  return kept.map(({ step }) => step);
}

test('a resumed run begins a new file, and its steps replace those after the checkpoint', async ({
  folder,
}) => {
  const write = (steps: readonly number[], options = {}): void => {
    const writer = openTensorboard(folder, options);
    for (const step of steps) writer.write(stepEvent(step));
    writer.close();
  };
  write([10, 20, 30, 40]);
  write([30, 40, 50], { resumedAt: 20 });
  write([50, 60], { resumedAt: 40 });
  const names = (await readdir(folder)).toSorted();
  assert.is(names.length, 3);
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  assert.equal(shownSteps(files.flatMap(readEvents)), [10, 20, 30, 40, 50, 60]);
});

test('files are in order by their names, also where the clock was put back', async ({ folder }) => {
  const later = Math.floor(Date.now() / 1000) + 3600;
  await writeFile(join(folder, `events.out.tfevents.${later}.host.0`), '');
  const files = [0, 1, 2].map(() => {
    const writer = openTensorboard(folder);
    writer.close();
    return Number(writer.file.split('.')[3]);
  });
  assert.equal(files, [later + 1, later + 2, later + 3]);
});

test('a folder that cannot be written is named', async ({ folder }) => {
  const missing = join(folder, 'none');
  assert.throws(
    () => openTensorboard(missing),
    (error: LanewiseError) =>
      error instanceof LanewiseError &&
      error.kind === 'file' &&
      error.message.startsWith(`cannot write '${missing}/events.out.tfevents.`) &&
      error.message.endsWith('there is no such folder'),
  );
});

test.run();
