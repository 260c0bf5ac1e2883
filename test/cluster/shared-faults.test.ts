/** Machines that die, are late, lie, or come late: the weights are those of one process alone. */
// slow: waits for what is late
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryHub, type MemoryLink } from '../../src/cluster/memory-transport.js';
import type { ClusterOptions } from '../../src/cluster/cluster-options.js';
import { digits } from '../../src/data/digits/index.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import type { MachineEvent } from '../../src/train/events.js';
import { train, type TrainOptions } from '../../src/train/train.js';
import { LanewiseError } from '../../src/base/errors.js';
import { scriptedWorker, type Script } from './scripted-worker.js';

const data = digits({ count: 112, seed: 4 });
/** 7 steps of 16 shards. */
const settings = {
  data,
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 16,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
  workers: 0,
} as const;
const alone = await (await train(lenet5(), settings)).model.sha256();

interface Found {
  readonly sha256: string;
  readonly events: readonly MachineEvent[];
  readonly refusals: readonly (readonly string[])[];
}

/** Trains with a worker for each script; scripts may use the workers' links, and that of the coordinator. */
async function shared(
  scripts: (links: readonly MemoryLink[], own: MemoryLink) => readonly Script[],
  cluster: Omit<ClusterOptions, 'url'> = {},
  options: TrainOptions = {},
  changed: object = {},
): Promise<Found> {
  const hub = createMemoryHub({ maxBody: 2 ** 17 });
  const links: MemoryLink[] = [];
  const own = hub('coordinator');
  const given = scripts(links, own);
  const workers = given.map((script, i) => {
    links.push(hub(`w${i}`));
    return scriptedWorker(links[i]!.transport, `w${i}`, script);
  });
  const events: MachineEvent[] = [];
  try {
    const { model } = await train(
      lenet5(),
      { ...settings, ...changed },
      {
        stepsPerEvent: 1,
        ...options,
        cluster: { url: own.transport, minWorkers: given.length, share: 'always', ...cluster },
        onMachine: (event) => void events.push(event),
      },
    );
    const refusals = workers.map((worker) => worker.refusals);
    return { sha256: await model.sha256(), events, refusals };
  } finally {
    for (const { end } of workers) end();
  }
}

const told = ({ events }: Found): string[] =>
  events.map(({ machine, change, step }) => `${step} ${machine} ${change}`);

test('what a machine owes that dies in a step is redone, by the others in smaller nodes', async () => {
  const found = await shared((links) => [
    {},
    {
      before(step) {
        if (step === 3) links[1]!.die();
        return step !== 3;
      },
    },
    {},
  ]);
  assert.is(found.sha256, alone);
  assert.equal(told(found), [
    '0 w0 joined',
    '0 w1 joined',
    '0 w2 joined',
    '3 w1 left',
    '3 w1 redone',
  ]);
});

test('when the last machine is gone, the run goes on alone', async () => {
  const found = await shared((links) => [
    {
      before(step) {
        if (step === 2) links[0]!.die();
        return step !== 2;
      },
    },
  ]);
  assert.is(found.sha256, alone);
  assert.equal(told(found), ['0 w0 joined', '2 w0 left', '2 w0 redone']);
});

test('a machine that is late stays, and what it sends late changes nothing', async () => {
  const found = await shared(
    () => [
      {
        async before(step) {
          if (step === 2) await new Promise((resolve) => setTimeout(resolve, 400));
          return true;
        },
      },
      {},
    ],
    { deadline: 0.1 },
  );
  assert.is(found.sha256, alone);
  assert.ok(told(found).includes('2 w0 redone'));
  assert.not.ok(told(found).some((one) => one.endsWith('left')));
});

test('parts of another sending, another epoch and another machine’s shards are left out', async () => {
  const found = await shared(() => [
    {
      forged: (header) => [
        { ...header, serial: header.serial - 1 },
        { ...header, epoch: header.epoch - 1 },
        { ...header, epoch: header.epoch + 1 },
        { ...header, node: [0, 1] },
        { ...header, node: [1, 3] },
        { ...header, node: [16, 32] },
      ],
    },
    {},
  ]);
  assert.is(found.sha256, alone);
  assert.equal(told(found), ['0 w0 joined', '0 w1 joined']);
});

test('a message that is none is left out, and told of a few times only', async () => {
  const found = await shared(() => [
    {
      forged: (header) => [
        { ...header, ms: -header.serial },
        { ...header, shards: 0 },
      ],
    },
  ]);
  assert.is(found.sha256, alone);
  const reasons = found.events.slice(1).map(({ machine, change, reason }) => {
    assert.equal([machine, change], ['w0', 'refused']);
    return reason!;
  });
  assert.is(reasons.length, 3);
  assert.match(reasons[0]!, /^a message of w0\.x: ms is -1, expected a number of at least 0/);
  assert.ok(found.refusals[0]!.length > 3);
});

test('a part that is not finite is caught before the update, and its machine is shut out', async () => {
  for (const value of [NaN, Infinity]) {
    const found = await shared(() => [
      {},
      { change: (step, part) => void (step === 2 && (part[part.length - 7] = value)) },
    ]);
    assert.is(found.sha256, alone);
    assert.equal(told(found), ['0 w0 joined', '0 w1 joined', '2 w1 caught']);
    assert.match(
      found.events.at(-1)!.reason!,
      /of step 2 is wrong: it has values that are not finite/,
    );
  }
});

test('a loss that is said not to be finite is not believed', async () => {
  const found = await shared(() => [
    { change: (step, part) => void (step === 2 && (part[0] = NaN)) },
  ]);
  assert.is(found.sha256, alone);
  assert.equal(told(found), ['0 w0 joined', '2 w0 caught']);
});

test('a loss that is not finite ends the run as alone', async () => {
  const optimizer = momentum({ lr: 1e38 });
  const failed = async (run: Promise<unknown>): Promise<string> => {
    try {
      await run;
      return 'nothing';
    } catch (error) {
      assert.instance(error, LanewiseError);
      return `${(error as Error).message} ${(error as LanewiseError).hint}`;
    }
  };
  const expected = await failed(train(lenet5(), { ...settings, optimizer }));
  assert.match(expected, /loss/);
  assert.is(await failed(shared(() => [{}, {}], {}, {}, { optimizer })), expected);
});

test('a machine that comes late takes part from then on', async () => {
  let late: ReturnType<typeof scriptedWorker> | undefined;
  const hub = createMemoryHub();
  const events: MachineEvent[] = [];
  const { model } = await train(lenet5(), settings, {
    stepsPerEvent: 1,
    cluster: { url: hub().transport },
    async onStep() {
      late ??= scriptedWorker(hub('late').transport, 'late');
      await new Promise((resolve) => setTimeout(resolve, 100));
    },
    onMachine: (event) => void events.push(event),
  });
  late!.end();
  assert.is(await model.sha256(), alone);
  assert.is(events.length, 1);
  assert.is(events[0]!.change, 'joined');
  assert.ok(events[0]!.step > 1 && events[0]!.step < 7);
});

test('a machine of another version is refused at both ends, by name', async () => {
  const found = await shared(() => [{ version: '0.0.1' }, {}], { minWorkers: 1 });
  assert.is(found.sha256, alone);
  assert.equal(told(found).toSorted(), ['0 w0 refused', '0 w1 joined']);
  const reason = found.events.find(({ change }) => change === 'refused')!.reason!;
  assert.match(reason, /^the worker has lanewise 0\.0\.1, the coordinator \d/);
  assert.is(found.refusals[0]!.length, 1);
  assert.match(reason, found.refusals[0]![0]!);
});

test.run();
