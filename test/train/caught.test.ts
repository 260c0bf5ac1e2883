/** A machine that is caught: the run goes back to a state without its parts, says so, and ends with the same bits. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sha256 } from '../../src/base/sha256.js';
import type { Machines, MachineFigures, SharedPool } from '../../src/crew/machines.js';
import { MachineCaught } from '../../src/crew/worker-pool.js';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { readEarlier, saveCheckpoint } from '../../src/runs/checkpoint-files.js';
import type { Checkpoint } from '../../src/train/checkpoint.js';
import { trainChunk } from '../../src/train/chunks.js';
import type { RunEvent } from '../../src/train/events.js';
import { openRun, takeSnapshot, type Run, type RunOptions } from '../../src/train/live-run.js';
import { trainingLoop } from '../../src/train/loop.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import { takeUp } from '../../src/train/resume.js';

const test = suite('caught machines', { folder: '' });
test.before.each(async (context) => {
  context.folder = await mkdtemp(join(tmpdir(), 'lanewise-caught-'));
});
test.after.each(({ folder }) => rm(folder, { recursive: true }));

const model = sequential({ flat: flatten(), dense: linear(784, 10) }, { input: [1, 28, 28] });
const settings = resolveSettings(model, {
  data: digits({ count: 128, seed: 1 }),
  validation: digits({ count: 16, seed: 1, first: 9000 }),
  optimizer: adam({ lr: 0.01 }),
  epochs: 3,
  batch: 16,
  workers: 0,
});

const figures: MachineFigures = {
  machines: 2,
  threads: 2,
  wire: 0,
  sent: 0,
  received: 0,
  gain: 1,
  redone: 0,
  shares: {},
};

interface Lies {
  /** The first step that it spoils, counted from 1, and the one in which it is caught. */
  readonly from: number;
  readonly caught: number;
  /** What is said to be the first doubtful step. */
  readonly since?: number;
  /** Steps that are proven, if not those before the first lie. */
  readonly isProven?: (step: number) => boolean;
}

/** A machine that adds to a weight in each step from one on, until it is caught. */
function lying({ from, caught, since = from, isProven = (step) => step < from }: Lies) {
  let [isHere, last] = [true, 0];
  const proofs: number[] = [];
  let isProof = false;
  const machines: Machines = {
    async share({ run, own }) {
      return {
        async run(job) {
          if (job.kind !== 'train') return own.run(job);
          for (let i = 0; i < job.steps; i++) {
            last = job.step + i + 1;
            if (isHere && last === caught) {
              isHere = false;
              throw new MachineCaught('pc-3', last, since, `shards 0–2 of step ${last} are wrong`);
            }
            await own.run({ ...job, first: job.first + i, step: last - 1, row: i, steps: 1 });
            if (isHere && last >= from) run.viewOf('parameters', 0, 1)[0]! += 1;
          }
          if (isProof) proofs.push(last);
          isProof = false;
        },
        begin: () => {},
        news: () => [],
        figures: () => figures,
        prove: () => void (isProof = true),
        isProven: () =>
          (!isHere || isProven(last)) && ((own as Partial<SharedPool>).isProven?.() ?? true),
        close: () => Promise.resolve(),
      };
    },
    close: () => Promise.resolve(),
  };
  return { machines, proofs };
}

const hashOf = (run: Run) => sha256(...[...run.session.viewWeights().values()].map(bytesOf));
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** All events of a run and the hash of its weights. */
async function trained(options: RunOptions) {
  const loop = trainingLoop(model, settings, options);
  const events: RunEvent[] = [];
  for (;;) {
    const { done, value } = await loop.next();
    if (done) return { events, hash: await sha256(...[...value.weights.values()].map(bytesOf)) };
    events.push(...value);
  }
}

const { hash: expected } = await trained({});

const of = <Name extends RunEvent['event']>(events: readonly RunEvent[], name: Name) =>
  events.filter((event): event is Extract<RunEvent, { event: Name }> => event.event === name);

test('a run goes back to its last proven state, and its weights are those of one machine', async () => {
  const saves: number[] = [];
  const { machines } = lying({ from: 11, caught: 15 });
  const { events, hash } = await trained({
    machines,
    stepsPerEvent: 1,
    checkpoints: {
      async save({ state }) {
        saves.push(state.step);
        return 'a';
      },
    },
  });
  assert.is(hash, expected);
  const [recovery, ...more] = of(events, 'recovery');
  assert.equal(more, []);
  const { from, step, reason } = recovery!;
  assert.is(step, 15);
  assert.ok(from! >= 8 && from! <= 10, `step ${from}`);
  assert.is(reason, 'machine pc-3 is put out: shards 0–2 of step 15 are wrong');
  assert.equal(of(events, 'warning'), []);
  // At the end of the epoch, at once behind the recovery, and at the ends of the others.
  assert.equal(saves, [8, from, 16, 24]);
  const at = events.indexOf(recovery!);
  assert.is(events[at + 1]!.event, 'checkpoint');
  // Each step is reported once.
  assert.equal(
    of(events, 'step').map((one) => one.step),
    Array.from({ length: 24 }, (_, i) => i + 1),
  );
});

test('a machine that is caught at the first step, or twice in a row, ends no run', async () => {
  const { machines } = lying({ from: 1, caught: 1 });
  assert.is((await trained({ machines })).hash, expected);
  const [one, other] = [lying({ from: 5, caught: 6 }), lying({ from: 6, caught: 6 })];
  const both: Machines = {
    async share(request) {
      const own = await one.machines.share(request);
      return other.machines.share({ ...request, own });
    },
    close: () => Promise.resolve(),
  };
  const { hash, events } = await trained({ machines: both, stepsPerEvent: 1 });
  assert.is(hash, expected);
  assert.is(of(events, 'recovery').length, 2);
});

test('what is due is proven first: ends of epochs, validations and checkpoints', async () => {
  const { machines, proofs } = lying({ from: 99, caught: 99 });
  const save = () => Promise.resolve('a');
  await trained({ machines, checkpoints: { everySteps: 5, save } });
  assert.equal(proofs, [5, 8, 10, 15, 16, 20, 24]);
  const alone = lying({ from: 99, caught: 99 });
  await trained({ machines: alone.machines, stepsPerEvent: 1 });
  assert.equal(alone.proofs, [8, 16, 24]);
});

/** A run of single steps, its snapshot taken where `keeps` says so. */
async function stepping(options: RunOptions, keeps: (step: number) => boolean) {
  const run = await openRun(model, settings, options, undefined);
  const events: RunEvent[] = [];
  const step = async () => {
    events.push(...(await trainChunk(run)));
    if (keeps(run.state.step)) takeSnapshot(run);
  };
  return { run, events, step };
}

/** The checkpoint of an honest run after so many steps. */
async function honest(folder: string, steps: number): Promise<void> {
  const stop = new AbortController();
  const loop = trainingLoop(model, settings, {
    stepsPerEvent: 1,
    signal: stop.signal,
    checkpoints: {
      everyEpoch: false,
      async save(checkpoint) {
        await saveCheckpoint(folder, {
          ...checkpoint,
          description: { epochs: 3, batch: 16 },
        } as Checkpoint);
        return 'a';
      },
    },
  });
  for await (const events of loop)
    if (events.some((event) => event.event === 'step' && event.step === steps)) stop.abort();
}

const earlierIn = (folder: string) => async (step: number) => {
  const checkpoint = await readEarlier(folder, step);
  return checkpoint && { checkpoint, changed: [], takeUp };
};

test('without a snapshot from before, it goes back to the newest checkpoint from before', async ({
  folder,
}) => {
  const alone = await stepping({ stepsPerEvent: 1 }, () => true);
  while (alone.run.state.step < 7) await alone.step();
  const want = await hashOf(alone.run);
  await alone.run.session.close();
  await honest(folder, 4);
  for (const isLarge of [false, true]) {
    const { machines } = lying({ from: 5, caught: 7, isProven: () => true });
    const options = { machines, stepsPerEvent: 1, earlier: earlierIn(folder) };
    const { run, events, step } = await stepping(options, () => !isLarge);
    if (isLarge) run.saved = undefined;
    for (let i = 0; i < 7; i++) await step();
    assert.is(run.state.step, 4, 'it is back');
    assert.equal(of(events, 'recovery')[0]!.from, 4);
    assert.equal(of(events, 'warning'), []);
    assert.ok(run.savesAnew);
    while (run.state.step < 7) await step();
    assert.is(await hashOf(run), want);
    await run.session.close();
  }
});

test('if nothing is from before, the run says from which step on it is doubtful, or ends', async ({
  folder,
}) => {
  await honest(folder, 6);
  const options = (lies: Lies) => ({
    machines: lying(lies).machines,
    stepsPerEvent: 1,
    earlier: earlierIn(folder),
  });
  const lies: Lies = { from: 5, caught: 7, isProven: () => true };
  const { run, events, step } = await stepping(options(lies), () => true);
  for (let i = 0; i < 7; i++) await step();
  assert.is(run.state.step, 6);
  assert.is(
    of(events, 'warning')[0]!.message,
    'the weights may hold wrong parts of machine pc-3 from step 5 on: no state from before is kept',
  );
  await run.session.close();
  const large = await stepping(options(lies), () => false);
  large.run.saved = undefined;
  for (let i = 0; i < 6; i++) await large.step();
  const error = await large.step().catch((one: unknown) => one);
  assert.match(
    (error as Error).message,
    'machine pc-3 is put out: shards 0–2 of step 7 are wrong: from step 5 on the weights may hold wrong parts of it, and of so large a net no copy is kept',
  );
  assert.match((error as { hint: string }).hint, 'start the run over (fresh: true)');
  assert.ok(large.run.isSpoiled);
  await large.run.session.close();
});

test.run();
