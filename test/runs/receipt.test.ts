/** The receipt of a run: its bytes follow from the run alone, through kills, resumes and dying threads. */
// slow: trains, and a process whose threads die
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanewiseError } from '../../src/base/errors.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { digits } from '../../src/data/digits/index.js';
import { batchNorm1d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { adam, ema, momentum } from '../../src/optimizers/index.js';
import { readCheckpoint } from '../../src/runs/checkpoint-files.js';
import { entriesOf, openReceipt } from '../../src/runs/receipt-file.js';
import { isLinked, receiptHash } from '../../src/runs/receipt-format.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { scriptedWorker } from '../cluster/scripted-worker.js';
import { train, type TrainOptions } from '../../src/train/train.js';

const model = sequential([flatten(), linear(784, 12), batchNorm1d(12), relu(), linear(12, 10)], {
  input: [1, 28, 28],
});

/** 140 steps, with a smaller minibatch at the end of each epoch. */
const settings: TrainSettings = {
  data: digits({ count: 270, seed: 1 }),
  optimizer: adam({ lr: 0.002 }),
  average: ema(),
  freeze: ['1.bias'],
  clipNorm: 1,
  epochs: 10,
  batch: 20,
  shards: 3,
  workers: 0,
  numerics: 'strict',
};

const root = mkdtempSync(join(tmpdir(), 'lanewise-receipt-'));
let folders = 0;
const newFolder = () => join(root, String(folders++));
const bytesOf = (folder: string) => readFileSync(join(folder, 'receipt'));
const isSame = (a: string, b: string) => bytesOf(a).equals(bytesOf(b));

async function run(
  given: Partial<TrainSettings> = {},
  options: TrainOptions = {},
): Promise<string> {
  const folder = options.folder ?? newFolder();
  await train(
    model,
    { ...settings, ...given },
    { report: false, receipt: true, checkpoints: { everyEpoch: false }, ...options, folder },
  );
  return folder;
}

let whole = '';

test.before(async () => {
  whole = await run({}, { checkpoints: { everySteps: 128, everyEpoch: false } });
});

test.after(() => rmSync(root, { recursive: true, force: true }));

test('each entry follows from the one before, and done has the hash of all', async () => {
  const receipt = openReceipt(join(whole, 'receipt'));
  const { every, steps, run: ofRun } = receipt;
  assert.equal([every, steps], [128, 140]);
  const entries = [...entriesOf(join(whole, 'receipt'), receipt)];
  entries.forEach((entry, i) => {
    assert.is(entry.step, i);
    assert.ok(isLinked(entry, entries[i - 1]?.chain, every), `${i}`);
    assert.equal(entry.epoch, i === 0 ? 0 : Math.ceil(i / 14));
    assert.equal(entry.place, i === 0 ? 0 : (i - 1) % 14);
    assert.is(entry.state !== undefined, i % 128 === 0);
  });
  assert.equal(await receipt.entry(129), entries[129]);
  for (const key of ['digest', 'loss', 'samples', 'chain'] as const)
    assert.is(new Set(entries.map((entry) => entry[key])).size, 141, key);
  const lines = readFileSync(join(whole, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const done = JSON.parse(lines.at(-1)!) as { readonly receipt: string };
  assert.is(done.receipt, receipt.sha256);
  assert.is(receipt.sha256, receiptHash(ofRun, entries[140]!.chain));
});

test('an altered entry breaks the chain', async () => {
  const receipt = openReceipt(join(whole, 'receipt'));
  const [before, entry] = [await receipt.entry(127), await receipt.entry(128)];
  assert.ok(isLinked(entry, before.chain, 128));
  for (const altered of [
    { ...entry, loss: entry.loss + 1e-9 },
    { ...entry, place: entry.place + 1 },
    { ...entry, step: 256 },
    { ...entry, state: before.chain },
    { ...entry, samples: '00'.repeat(8) },
    { ...entry, digest: before.digest },
  ])
    assert.not(isLinked(altered, before.chain, 128));
});

test('the hash of the state is that of a checkpoint’s arrays', async () => {
  const folder = newFolder();
  cpSync(whole, folder, { recursive: true });
  rmSync(join(folder, 'checkpoint.safetensors'));
  const { checkpoint } = await readCheckpoint(folder);
  assert.is(checkpoint.state.step, 128);
  const hash = createHash('sha256');
  const { weights, arrays } = checkpoint;
  const named = (prefix: string) =>
    [...weights.keys()].flatMap((name) => arrays.get(`${prefix}.${name}`) ?? []);
  for (const values of [
    ...weights.values(),
    ...named('optimizer.0'),
    ...named('optimizer.1'),
    ...named('average'),
  ])
    hash.update(values);
  const { state } = await openReceipt(join(whole, 'receipt')).entry(128);
  assert.is(hash.digest('hex'), state);
});

test('the same bytes from any number of workers, and through chunks of any length', async () => {
  for (const workers of [1, 3])
    assert.ok(isSame(await run({ workers }), whole), `${workers} workers`);
  assert.ok(isSame(await run({}, { stepsPerEvent: 9 }), whole));
});

test('the same bytes from machines that share the steps', async () => {
  const hub = createMemoryHub();
  const workers = ['w0', 'w1'].map((name) => scriptedWorker(hub(name).transport, name));
  const cluster = { url: hub().transport, minWorkers: 2 };
  const shared = await run({}, { cluster });
  for (const { end } of workers) end();
  assert.ok(isSame(shared, whole));
});

test('other bytes from another seed, and other ones from the step at which a rate differs', async () => {
  const other = openReceipt(join(await run({ seed: 2 }), 'receipt'));
  const own = openReceipt(join(whole, 'receipt'));
  assert.is.not((await other.entry(0)).chain, (await own.entry(0)).chain);
  assert.is.not(other.run, own.run);
});

test('updated at once, with frozen layers', async () => {
  const given = { shards: 1, clipNorm: undefined, optimizer: momentum({ lr: 0.1 }), freeze: ['1'] };
  const [alone, shared] = [await run(given), await run({ ...given, workers: 2 })];
  assert.ok(isSame(alone, shared));
});

test('killed and resumed, it is cut back and goes on to the same bytes', async () => {
  const killed = newFolder();
  const folder = newFolder();
  await run(
    {},
    {
      folder,
      stepsPerEvent: 1,
      checkpoints: { everySteps: 10, everyEpoch: false },
      onStep({ step }) {
        if (step !== 37) return;
        const isKept = (path: string) => !/lock[^/]*$/.test(path);
        cpSync(folder, killed, { recursive: true, filter: isKept });
      },
    },
  );
  assert.ok(isSame(folder, whole));
  assert.is(openReceipt(join(killed, 'receipt')).steps, 30);
  appendFileSync(join(killed, 'receipt'), bytesOf(whole).subarray(0, 50));
  assert.is(openReceipt(join(killed, 'receipt')).steps, 30);
  await run({ workers: 2 }, { folder: killed, resume: true });
  assert.ok(isSame(killed, whole));
});

/** Resumes a copy of the run, stopped after 30 steps, with another receipt in it. */
async function refusalOf(
  change: (path: string) => void,
  given: Partial<TrainSettings> = {},
  options: TrainOptions = {},
): Promise<LanewiseError> {
  const folder = newFolder();
  cpSync(stopped, folder, { recursive: true });
  change(join(folder, 'receipt'));
  try {
    await run(given, { folder, resume: true, ...options });
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  throw new Error('not refused');
}

let stopped = '';

test('stopped by a signal and resumed, the same bytes', async () => {
  const stop = new AbortController();
  stopped = await run(
    {},
    {
      stepsPerEvent: 15,
      signal: stop.signal,
      onProgress: ({ step }) => step === 30 && stop.abort(),
    },
  );
  assert.is(openReceipt(join(stopped, 'receipt')).steps, 30);
  const folder = newFolder();
  cpSync(stopped, folder, { recursive: true });
  await run({}, { folder, resume: true });
  assert.ok(isSame(folder, whole));
});

test('a resume without the run’s own receipt is refused before work', async () => {
  const missing = await refusalOf((path) => rmSync(path));
  assert.match(missing.message, /is not there, and the run to resume has taken 30 steps/);
  assert.match(missing.hint!, /resume without receipt, or start over/);
  const short = await refusalOf((path) => writeFileSync(path, bytesOf(whole).subarray(0, 2000)));
  assert.match(short.message, /ends with step \d+, and the run to resume has taken 30 steps/);
  const other = await run({ seed: 2 });
  const another = await refusalOf((path) => writeFileSync(path, bytesOf(other)));
  assert.match(another.message, /is another run's/);
  const altered = await refusalOf((path) => {
    const bytes = bytesOf(stopped);
    bytes[bytes.length - 72]! ^= 1;
    writeFileSync(path, bytes);
  });
  assert.match(altered.message, /has another state after step 30 than the checkpoint/);
  const text = await refusalOf((path) => writeFileSync(path, 'no receipt'.repeat(20)));
  assert.match(text.message, /its first bytes/);
  const longer = await refusalOf(() => {}, { epochs: 6 }, { resume: { override: ['epochs'] } });
  assert.match(longer.message, /goes on with another epochs than its receipt began with/);
});

test('a resume that keeps none says that the receipt is not gone on with', async () => {
  const folder = newFolder();
  cpSync(stopped, folder, { recursive: true });
  const messages: string[] = [];
  const onWarning = ({ message }: { readonly message: string }) => void messages.push(message);
  await run({}, { folder, resume: true, receipt: false, onWarning });
  assert.match(messages.join(), /receipt' is not gone on with, as receipt is not given/);
  const begun = openReceipt(join(folder, 'receipt'));
  assert.is(begun.steps, 30);
});

test('a receipt needs a folder', async () => {
  try {
    await train(model, settings, { receipt: true });
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /receipt is given, and no folder/);
  }
});

test('a thread’s death takes back what is done again', () => {
  const program = fileURLToPath(new URL('small-run.js', import.meta.url));
  const dying = new URL('dying-thread.js', import.meta.url).href;
  const deaths = newFolder();
  mkdirSync(deaths);
  const start = (folder: string, environment: Record<string, string>, args: string[]) =>
    execFileSync(
      process.execPath,
      [...args, program, JSON.stringify({ folder, receipt: true, workers: 2, everySteps: 7 })],
      { env: { ...process.env, ...environment }, encoding: 'utf8' },
    );
  const [healthy, survivor] = [newFolder(), newFolder()];
  start(healthy, {}, []);

  const events = start(survivor, { LANEWISE_DEATH: 'adam,25,1', LANEWISE_DEATHS: deaths }, [
    '--import',
    dying,
  ]);
  assert.match(events, /"event":"recovery"/);
  assert.ok(isSame(healthy, survivor));
});

test.run();
