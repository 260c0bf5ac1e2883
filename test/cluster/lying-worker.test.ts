/** A worker that lies is caught and named, and the run ends with the weights of one process alone. */
// slow: trains for hundreds of steps
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import type { Transport } from '../../src/cluster/transport.js';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { readMetrics } from '../../src/runs/metrics-log.js';
import { readPartsLog } from '../../src/runs/parts-log.js';
import type { EventOf } from '../../src/train/events.js';
import { train, type TrainOptions } from '../../src/train/train.js';
import { lying, type Lie } from './lying-transport.js';
import { scriptedWorker } from './scripted-worker.js';

const test = suite('lying workers', { folder: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-lies-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const model = () =>
  sequential(
    { flat: flatten(), hidden: linear(784, 12), act: relu(), dense: linear(12, 10) },
    { input: [1, 28, 28] },
  );
const settings = {
  data: digits({ count: 256, seed: 4 }),
  validation: digits({ count: 64, seed: 4, first: 9000 }),
  optimizer: adam({ lr: 0.01 }),
  batch: 16,
  shards: 7,
  epochs: 8,
  seed: 3,
  numerics: 'strict',
  workers: 0,
} as const;
const expected = await (await train(model(), settings)).model.sha256();

interface Caught {
  readonly hash: string;
  readonly lies: readonly number[];
  readonly caught: readonly EventOf<'machine'>[];
  readonly recoveries: readonly EventOf<'recovery'>[];
  readonly warnings: readonly string[];
}

/** Trains with an honest worker and one that lies. */
async function trainWith(
  lie: Omit<Lie, 'onLie'>,
  check: number,
  options: Omit<TrainOptions, 'cluster'> = {},
): Promise<Caught> {
  const hub = createMemoryHub();
  const lies: number[] = [];
  const honest = hub('honest').transport;
  const liar = lying(hub('liar').transport, { ...lie, onLie: (step) => lies.push(step) });
  // On one thread whoever has more shards seems faster: the honest one is slow, so that the liar has work.
  const slow = {
    before: async () => {
      await setTimeout(5);
      return true;
    },
  };
  const workers = [scriptedWorker(honest, 'honest', slow), scriptedWorker(liar, 'liar')];
  const caught: EventOf<'machine'>[] = [];
  const recoveries: EventOf<'recovery'>[] = [];
  const warnings: string[] = [];
  try {
    const { model: trained } = await train(model(), settings, {
      ...options,
      cluster: { url: hub().transport as Transport, minWorkers: 2, check, share: 'always' },
      onMachine: (event) => void (event.change === 'caught' && caught.push(event)),
      onRecovery: (event) => void recoveries.push(event),
      onWarning: ({ message }) => void warnings.push(message),
    });
    return { hash: await trained.sha256(), lies, caught, recoveries, warnings };
  } finally {
    for (const { end } of workers) end();
  }
}

const kinds: Readonly<Record<string, Omit<Lie, 'onLie' | 'from'>>> = {
  'a bit of an exponent': { bit: 23, float: 100 },
  'the lowest bit of a mantissa': { bit: 0, float: 9000 },
  'a bit of a loss': { bit: 20, float: 'loss' },
};

for (const [name, lie] of Object.entries(kinds))
  test(`${name} of a part, from step 9 on`, async () => {
    const { hash, lies, caught, recoveries, warnings } = await trainWith({ ...lie, from: 9 }, 0.01);
    assert.is(hash, expected);
    const [news, ...others] = caught;
    assert.equal(others, []);
    assert.is(news!.machine, 'liar');
    assert.match(news!.reason!, /its part of shards \d to \d of step \d+ is wrong/);
    assert.is(recoveries.length, 1);
    const { step, from, reason } = recoveries[0]!;
    assert.ok(
      step >= lies[0]! && step <= lies.at(-1)! && from! < lies[0]!,
      `back to ${from} from ${step}`,
    );
    assert.match(
      reason,
      /^machine liar is put out: its part of shards \d to \d of step \d+ is wrong/,
    );
    assert.equal(warnings, []);
  });

test('a liar that begins after its probation, in one part of each step, is caught by a proof at the latest', async ({
  folder,
}) => {
  const isMeant = (_: number, served: number) => served > 50;
  const lie = { bit: 0, float: 9000, from: 60, isOnce: true, isMeant };
  const { hash, lies, caught, recoveries } = await trainWith(lie, 0.02, { folder, report: false });
  assert.is(hash, expected);
  assert.ok(lies[0]! >= 60, `first lie at step ${lies[0]}`);
  assert.is(caught.length, 1);
  const { step, from } = recoveries[0]!;
  assert.ok(step - lies[0]! <= 50, `${step} after ${lies[0]}`);
  assert.ok(from! < lies[0]!, `back to ${from}`);
  // The log names the parts of the run that ended, without those that were wrong.
  const parts = readPartsLog(join(folder, 'parts.jsonl'), 0, 128);
  const later = parts.filter((line) => line.step > from!);
  assert.ok(later.length > 0, JSON.stringify({ from, step, lies, last: parts.at(-1) }));
  assert.ok(
    later.every((line) => line.parts.every(([, , machine]) => machine.startsWith('honest'))),
  );
  assert.ok(parts.some((line) => line.parts.some(([, , machine]) => machine.startsWith('liar'))));
  const events = await readMetrics(join(folder, 'metrics.jsonl'));
  const at = events.findIndex(({ event }) => event === 'recovery');
  const next = events.slice(at + 1).find(({ event }) => event === 'checkpoint');
  assert.equal(next, {
    event: 'checkpoint',
    step: from,
    epoch: Math.max(1, Math.ceil(from! / 16)),
    file: 'checkpoint.safetensors',
  });
});

test('honest workers are not caught, whatever else is in the memory of this machine', async () => {
  const { caught, hash } = await trainWith({ bit: 0, float: 0, from: Infinity }, 1);
  assert.equal(caught, []);
  assert.is(hash, expected);
});

test('without checks nobody is caught, and the weights are others', async () => {
  const { hash, caught } = await trainWith({ bit: 23, float: 100, from: 9 }, 0);
  assert.is.not(hash, expected);
  assert.equal(caught, []);
});

test.run();
