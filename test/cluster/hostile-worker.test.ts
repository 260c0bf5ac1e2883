/** A worker that sends whatever it likes neither changes a run's weights, nor takes its coordinator's memory, nor ends it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StepPiece, FromWorker, Welcome } from '../../src/cluster/cluster-messages.js';
import { createCollector } from '../../src/cluster/collect-parts.js';
import { encode } from '../../src/cluster/encode.js';
import { createMembers } from '../../src/cluster/members.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { fromCoordinator } from '../../src/cluster/read-message.js';
import { buildOf } from '../../src/cluster/same-build.js';
import {
  CALLS,
  runSubject,
  speakerOf,
  upSubject,
  workerSubject,
} from '../../src/cluster/subjects.js';
import { createTally } from '../../src/cluster/tally.js';
import type { Transport } from '../../src/cluster/transport.js';
import type { MachineNews } from '../../src/crew/machines.js';
import { digits } from '../../src/data/digits/index.js';
import { STEP_FIGURES } from '../../src/feed/layout.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { mutations } from '../support/mutations.js';
import { refusal } from '../support/refusal.js';
import { scriptedWorker } from './scripted-worker.js';

const settings = {
  data: digits({ count: 112, seed: 4 }),
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 4,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
  workers: 0,
} as const;

const alone = train(lenet5(), settings).then(({ model }) => model.sha256());

/** A worker in the run that says what it likes. */
interface Hostile {
  readonly run: string;
  readonly epoch: number;
  /** Sends a message as one of its processes. */
  say(message: object, bytes?: Uint8Array, id?: string): void;
  /** Sends bytes on a subject. */
  send(subject: string, body: Uint8Array): void;
}

type OnStep = (hostile: Hostile, step: StepPiece) => void;

/** Joins runs as `eve`, with these processes, and does something at each step. */
function hostileWorker(transport: Transport, ids: readonly string[], onStep: OnStep): () => void {
  let hostile: Hostile | undefined;
  const enter = async (run: string, epoch: number): Promise<void> => {
    const say: Hostile['say'] = (message, bytes = new Uint8Array(0), id = 'x') =>
      transport.publish(upSubject(run, 'eve', id), encode(message, bytes));
    hostile = { run, epoch, say, send: (subject, body) => transport.publish(subject, body) };
    const build = await buildOf('strict');
    for (const id of ids)
      say({ kind: 'hello', ...build, threads: 1, engine: 'eve' }, undefined, id);
  };
  const ends = [
    transport.subscribe(CALLS, ({ body }) => {
      const { message } = fromCoordinator(body);
      if (hostile || message.kind !== 'call') return;
      ends.push(
        transport.subscribe(runSubject(message.run), ({ body: piece }) => {
          const { message: step } = fromCoordinator(piece);
          if (step.kind === 'step' && step.piece === 0) onStep(hostile!, step);
        }),
      );
      void enter(message.run, message.epoch);
    }),
    ...ids.map((id) =>
      transport.subscribe(workerSubject('eve', id), ({ body }) => {
        const { message } = fromCoordinator(body);
        if (message.kind !== 'welcome') return;
        const { plan, epoch } = message as Welcome;
        hostile!.say(
          { kind: 'ready', epoch, plan: plan.sha256 } satisfies FromWorker,
          undefined,
          id,
        );
      }),
    ),
  ];
  return () => ends.forEach((end) => end());
}

/** Trains with an honest worker and a hostile one; the weights are those of one process. */
async function trainBeside(
  onStep: OnStep,
  { ids = ['x'], epochs = 2, deadline = 0.05 } = {},
): Promise<readonly MachineNews[]> {
  const hub = createMemoryHub();
  const news: MachineNews[] = [];
  const ends = [
    scriptedWorker(hub('ann').transport, 'ann').end,
    hostileWorker(hub('eve').transport, ids, onStep),
  ];
  const { model } = await train(
    lenet5(),
    { ...settings, epochs },
    {
      cluster: { url: hub('hub').transport, minWorkers: 1 + ids.length, deadline, share: 'always' },
      onMachine: (one) => void news.push(one),
    },
  ).finally(() => ends.forEach((end) => end()));
  assert.is(await model.sha256(), await alone);
  return news;
}

/** A piece of a part as it should be. */
const honest = ({ epoch }: Hostile, { serial, assignment }: StepPiece) => {
  const [first] = assignment?.['eve.x'] ?? [0];
  const piece = { serial, piece: 0, pieces: 1, bytes: 16 };
  return { kind: 'part', epoch, ...piece, node: [first, first + 1], ms: 1, shards: 1 };
};

test('messages that are none are refused by name, and the run goes on', async () => {
  const news = await trainBeside((eve, step) => {
    const up = upSubject(eve.run, 'eve', 'x');
    for (let i = 0; i < 20; i++) eve.send(up, crypto.getRandomValues(new Uint8Array(i * 50 + 1)));
    eve.send(up, encode({ kind: 'beat', epoch: 1, more: 'x'.repeat(900_000) }));
    for (const message of [
      { kind: 'call' },
      { kind: 'part' },
      { ...honest(eve, step), node: [2, 1] },
      { ...honest(eve, step), node: [0, 2 ** 40] },
      { ...honest(eve, step), ms: null },
      { kind: 'received', epoch: eve.epoch, serial: step.serial, piece: Number.MAX_SAFE_INTEGER },
      { kind: 'ready', epoch: eve.epoch, plan: '0'.repeat(64) },
      { kind: 'hello', threads: 1e9 },
    ])
      eve.say(message);
  });
  assert.ok(news.some(({ machine, change }) => machine === 'eve' && change === 'refused'));
  assert.not(
    news.some(({ machine, change }) => machine === 'ann' && ['refused', 'caught'].includes(change)),
  );
});

test('parts with lying sizes, of others’ shards or of none are left out', async () => {
  await trainBeside((eve, step) => {
    const part = honest(eve, step);
    const zeros = new Uint8Array(900_000);
    for (const change of [
      { bytes: 2 ** 50, pieces: 2 ** 20 },
      { bytes: 16, pieces: 16 },
      { pieces: 3, piece: 2 },
      { node: [0, 4] },
      { node: [0, 1] },
      { node: [3, 4] },
      { node: [1, 3] },
      { serial: step.serial + 1 },
      { epoch: eve.epoch + 1 },
      { ms: 1e300, shards: 2 ** 20 },
    ])
      for (const length of [0, 1, 16, 900_000])
        eve.say({ ...part, ...change }, zeros.subarray(0, length));
  });
});

test('messages with any field changed do no harm', async () => {
  let sent = 0;
  await trainBeside(
    (eve, step) => {
      const { epoch } = eve;
      const part = honest(eve, step);
      for (const message of [
        part,
        { ...part, bytes: step.bytes, pieces: 9 },
        { kind: 'received', epoch, serial: step.serial, piece: 0 },
        { kind: 'ready', epoch, plan: 'ab'.repeat(32) },
        { kind: 'beat', epoch },
        { kind: 'refused', epoch, reason: 'none', hint: 'none' },
        { kind: 'leave', epoch, reason: 'none' },
        { kind: 'hello', protocol: 1, version: '1', wasm: 'ab'.repeat(32), numerics: 'strict' },
      ])
        for (const changed of mutations(message)) {
          const bytes = new Uint8Array([0, 16, 900][sent++ % 3]!);
          eve.say(changed as object, bytes, sent % 2 ? 'x' : 'y');
        }
    },
    { deadline: 0.3 },
  );
  assert.ok(sent > 500, `${sent} messages`);
});

test('speeds that a machine makes up stay numbers', async () => {
  const hub = createMemoryHub();
  const { transport } = hub('ann');
  /** An honest worker, but for its times. */
  const boastful: Transport = {
    ...transport,
    publish(subject, body) {
      const view = new DataView(body.buffer, body.byteOffset);
      const end = 4 + view.getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(body.subarray(4, end))) as FromWorker;
      const told = header.kind === 'part' ? { ...header, ms: 5e-324, shards: 2 ** 20 } : header;
      transport.publish(subject, encode(told, body.subarray(end)));
    },
  };
  const { end } = scriptedWorker(boastful, 'ann');
  const { model } = await train(lenet5(), settings, {
    cluster: { url: hub('hub').transport, minWorkers: 1, deadline: 1, share: 'always' },
    onEpoch: ({ cluster }) => {
      for (const share of Object.values(cluster!.shares)) assert.ok(share >= 0 && share <= 1);
    },
  }).finally(end);
  assert.is(await model.sha256(), await alone);
});

test('processes without end are refused beyond a number, and fill no log', async () => {
  const build = await buildOf('strict');
  const members = createMembers(build, 1, undefined);
  const hello = { kind: 'hello', ...build, threads: 1, engine: 'eve' } as const;
  const answers = Array.from({ length: 2000 }, (_, i) => members.hear('eve', `x${i}`, hello)?.kind);
  assert.is(answers.filter((kind) => kind === 'welcome').length, 1024);
  assert.is(answers.at(-1), 'refused');
  assert.is(members.hear('ann', 'x', hello)?.kind, 'welcome');
  const news = await trainBeside(
    (eve) => {
      for (let i = 0; i < 1000; i++) {
        eve.say({ kind: 'leave', epoch: eve.epoch, reason: `${i}` });
        eve.say({ ...hello, version: `${Math.random()}` });
      }
    },
    { ids: ['x', 'y', 'z'] },
  );
  assert.ok(news.length <= 4096 + 60, `${news.length} events`);
});

test('who speaks is in the subject, if its words are words', () => {
  assert.equal(speakerOf('lw.up.r.eve.x'), { user: 'eve', id: 'x' });
  for (const subject of [
    'lw.up.r.eve.*',
    'lw.up.r.eve.>',
    'lw.up.r.eve',
    'lw.up.r.eve.x.y',
    'lw.up.r.eve.\u001b[2J',
    'lw.up.r.eve.é',
    `lw.up.r.eve.${'x'.repeat(65)}`,
    '$O.LW.C.abc',
    '',
  ])
    assert.is(speakerOf(subject), undefined, subject);
});

test('no memory is taken for a piece that does not fit', async () => {
  const gradientBytes = 2 ** 30;
  const collector = createCollector(gradientBytes, 4);
  const before = process.memoryUsage().arrayBuffers;
  const part = { kind: 'part', epoch: 1, serial: 1, piece: 0, ms: 1, shards: 1 } as const;
  const whole = gradientBytes + STEP_FIGURES * 4;
  for (const [bytes, pieces, length] of [
    [2 ** 50, 2 ** 20, 900],
    [whole, 2, 900],
    [whole, 1, 900],
    [whole + 4, 1200, 900_000],
    [0, 1, 0],
  ] as const) {
    const piece = { ...part, node: [0, 1], bytes, pieces } as const;
    await refusal(() => collector.add('eve.x', piece, new Uint8Array(length)));
  }
  const taken = process.memoryUsage().arrayBuffers - before;
  assert.ok(taken < 2 ** 26, `${taken} bytes`);
});

test('a machine may have any word as its name', () => {
  const tally = createTally();
  const names = ['__proto__', 'constructor', 'toString'];
  tally.took(1, 1, new Map(names.map((name) => [`${name}.x`, 2])));
  const present = { machines: 4, threads: 4 };
  const { shares } = tally.figures(present, (key) => key.split('.')[0]!);
  assert.equal(
    Object.entries(shares),
    names.map((name) => [name, 1 / 3]),
  );
});

test.run();
