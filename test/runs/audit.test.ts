/** An audit passes honest runs, and names the step, the shards and the machine of what is not as it was computed. */
// slow: trains runs, and takes their steps again
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { digits } from '../../src/data/digits/index.js';
import { dropout, flatten, linear, sequential } from '../../src/layers/index.js';
import { adam, ema } from '../../src/optimizers/index.js';
import { auditRun } from '../../src/runs/audit.js';
import { CHECKPOINT, PREVIOUS } from '../../src/runs/checkpoint-files.js';
import { readPartsLog } from '../../src/runs/parts-log.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.js';
import { train, type TrainOptions } from '../../src/train/train.js';
import { lying, type Lie } from '../cluster/lying-transport.js';
import { scriptedWorker } from '../cluster/scripted-worker.js';

const test = suite('audits', { folder: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-audit-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const model = sequential(
  { flat: flatten(), drop: dropout(0.2), dense: linear(784, 10) },
  { input: [1, 28, 28] },
);
const settings = {
  data: digits({ count: 200, seed: 1 }),
  validation: digits({ count: 32, seed: 1, first: 9000 }),
  optimizer: adam({ lr: 0.01 }),
  average: ema({ decay: 0.9 }),
  keepBest: true,
  batch: 16,
  shards: 5,
  epochs: 3,
  workers: 0,
} as const;
const STEPS = 13;

const refusal = (work: Promise<unknown>): Promise<LanewiseError> =>
  work.then(
    () => assert.unreachable(),
    (error: LanewiseError) => error,
  ) as Promise<LanewiseError>;

/** Trains with two workers, the second of which may lie. */
async function trainShared(
  folder: string,
  epochs: number,
  lie?: Lie,
  options: Omit<TrainOptions, 'cluster' | 'folder'> = {},
): Promise<void> {
  const hub = createMemoryHub();
  const second = hub('second').transport;
  const workers = [
    scriptedWorker(hub('first').transport, 'first'),
    scriptedWorker(lie ? lying(second, lie) : second, 'second'),
  ];
  try {
    await train(
      model,
      { ...settings, epochs },
      {
        report: false,
        ...options,
        folder,
        cluster: { url: hub().transport, minWorkers: 2, check: 1e-9, share: 'always' },
      },
    );
  } finally {
    for (const { end } of workers) end();
  }
}

test('a run of one machine: from the previous checkpoint, from the start, and from a copy', async ({
  folder,
}) => {
  const copy = join(folder, 'copy');
  await train(model, settings, {
    folder,
    report: false,
    checkpoints: { everySteps: 5 },
    async onCheckpoint({ step }) {
      if (step === 10) await writeFile(copy, await readFile(join(folder, CHECKPOINT)));
    },
  });
  const taken: string[] = [];
  const { sha256, ...audit } = await auditRun(model, settings, {
    folder,
    onStep: (done, all) => void taken.push(`${done} of ${all}`),
  });
  const nothing = { parts: 0, sharedSteps: 0, machines: {} };
  assert.equal(audit, { isExact: true, from: 35, until: 39, ...nothing });
  assert.equal(taken, ['4 of 4']);
  assert.equal(await auditRun(model, settings, { folder, from: 'start' }), {
    isExact: true,
    from: 0,
    until: 39,
    sha256,
    ...nothing,
  });
  assert.equal(await auditRun(model, settings, { folder, from: copy }), {
    isExact: true,
    from: 10,
    until: 39,
    sha256,
    ...nothing,
  });
  const late = await refusal(auditRun(model, settings, { folder, from: join(folder, CHECKPOINT) }));
  assert.match(
    late.message,
    /of step 39, and the folder's checkpoint is of step 39: expected an earlier one/,
  );
});

test('a run with one checkpoint is audited from its start, and one that was resumed with other settings is not', async ({
  folder,
}) => {
  const short = { ...settings, epochs: 1 };
  await train(model, short, { folder, report: false });
  assert.equal((await auditRun(model, short, { folder })).from, 0);
  const slower = { ...settings, optimizer: adam({ lr: 0.001 }), batch: 20, epochs: 2 };
  const override = ['epochs', 'optimizer', 'batch'];
  await train(model, slower, { folder, report: false, resume: { override } });
  const audit = await auditRun(model, slower, { folder });
  assert.equal([audit.isExact, audit.from, audit.until], [true, STEPS, STEPS + 10]);
  const error = await refusal(auditRun(model, slower, { folder, from: 'start' }));
  assert.is(error.kind, 'argument');
  assert.match(
    error.message,
    /was resumed with other settings, and cannot be audited from its start/,
  );
});

test('a checkpoint with another value is found, and named', async ({ folder }) => {
  await train(model, settings, { folder, report: false });
  const path = join(folder, CHECKPOINT);
  const bytes = await readFile(path);
  for (const array of ['weights', 'arrays'] as const) {
    const checkpoint = await decodeCheckpoint(new Uint8Array(bytes), path);
    const [name, values] = [...checkpoint[array]].at(-1)!;
    new Uint32Array(values.buffer, values.byteOffset, values.length)[3]! ^= 1;
    await writeFile(path, Buffer.concat(await encodeCheckpoint(checkpoint)));
    const { isExact, other, wrong } = await auditRun(model, settings, { folder });
    assert.not.ok(isExact);
    assert.is(wrong, undefined);
    assert.is(other!.name, array === 'weights' ? `weights of '${name}'` : name);
    assert.is(other!.at, 3);
    assert.is.not(other!.stored, other!.computed);
  }
});

test('the parts of a shared run are compared, and the machines counted', async ({ folder }) => {
  await trainShared(folder, 3);
  const log = readPartsLog(join(folder, 'parts.jsonl'), 0, 99);
  const previous = await auditRun(model, settings, { folder });
  assert.equal([previous.isExact, previous.from, previous.until], [true, 26, 39]);
  const audit = await auditRun(model, settings, { folder, from: 'start' });
  assert.ok(audit.isExact);
  assert.is(audit.sharedSteps, log.length);
  assert.is(audit.parts, log.flatMap(({ parts }) => parts).length);
  assert.ok(audit.parts > previous.parts);
  assert.equal(Object.keys(audit.machines).toSorted(), ['first.x', 'second.x']);
  // The same with threads.
  assert.equal(
    await auditRun(model, { ...settings, workers: 2 }, { folder, from: 'start' }),
    audit,
  );
});

test('a line of the log that was changed is found: its hash, its machine’s shards, its place', async ({
  folder,
}) => {
  await trainShared(folder, 3);
  const path = join(folder, 'parts.jsonl');
  const log = readPartsLog(path, 0, 99);
  const line = log.find(({ step, parts }) => step > 2 && parts.length > 1)!;
  const [first, end, machine, sha256] = line.parts.at(-1)!;
  const change = (to: readonly unknown[]) =>
    writeFile(
      path,
      log
        .map((one) => (one === line ? { ...one, parts: [...one.parts.slice(0, -1), to] } : one))
        .map((one) => `${JSON.stringify(one)}\n`)
        .join(''),
    );
  await change([first, end, machine, sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))]);
  const { isExact, wrong, other } = await auditRun(model, settings, { folder, from: 'start' });
  assert.not.ok(isExact);
  assert.is(other, undefined);
  const { length } = line.parts;
  const { sha256: _, ...found } = wrong!;
  assert.equal(found, {
    step: line.step,
    shards: [first, end],
    machine,
    parts: length,
    right: length - 1,
  });
  await change([0, 7, machine, sha256]);
  const error = await refusal(auditRun(model, settings, { folder, from: 'start' }));
  assert.is(error.kind, 'data');
  assert.match(error.message, `step ${line.step}: shards 0 to 7 of 5 are not a part of it`);
  await change(line.parts[0]!);
  assert.match(
    (await refusal(auditRun(model, settings, { folder, from: 'start' }))).message,
    /are not a part of it/,
  );
  await appendFile(path, '{}\n');
  assert.match(
    (await refusal(auditRun(model, settings, { folder, from: 'start' }))).message,
    /line \d+: step is missing/,
  );
});

test('a lie that no check has met is found, with the step and the machine', async ({ folder }) => {
  const EPOCHS = 9;
  const told: number[] = [];
  // Neither in its first steps nor where an epoch ends, where all parts are checked.
  await trainShared(folder, EPOCHS, {
    from: 54,
    bit: 0,
    float: 4000,
    isOnce: true,
    isMeant: (step, served) => served > 50 && step % STEPS !== 0,
    onLie: (step) => told.push(step),
  });
  const longer = { ...settings, epochs: EPOCHS };
  const late = await auditRun(model, longer, { folder });
  const { isExact, wrong } = await auditRun(model, longer, { folder, from: 'start' });
  if (told.length === 0) return assert.ok(isExact && late.isExact);
  assert.not.ok(isExact);
  assert.is(wrong!.step, told[0]);
  assert.is(wrong!.machine, 'second.x');
  // From the checkpoint before, it is found again if it went on.
  assert.is(
    late.wrong?.step,
    told.find((step) => step > (EPOCHS - 1) * STEPS),
  );
});

test('another run’s model, data or settings are refused, and so is a folder without steps', async ({
  folder,
}) => {
  await train(model, settings, { folder, report: false });
  const other = sequential({ flat: flatten(), out: linear(784, 10) }, { input: [1, 28, 28] });
  const cases = [
    [() => auditRun(other, settings, { folder }), /^the run to audit is another one:\n {2}model/],
    [
      () => auditRun(model, { ...settings, batch: 32 }, { folder }),
      /batch: 16 in the checkpoint, 32 now/,
    ],
    [
      () => auditRun(model, settings, { folder: join(folder, 'none') }),
      /^there is no checkpoint in/,
    ],
    [
      () => auditRun(model, settings, {} as { folder: string }),
      /folder is undefined, expected a text/,
    ],
    [() => auditRun(model, settings, { folder, from: 'none' }), /there is no such file/],
    [
      () => auditRun(model, settings, { folder, signal: AbortSignal.abort() }),
      /stopped after step/,
    ],
  ] as const;
  for (const [work, message] of cases) assert.match((await refusal(work())).message, message);
  await writeFile(join(folder, PREVIOUS), 'damaged');
  assert.equal((await auditRun(model, settings, { folder })).from, 0);
});

test.run();
