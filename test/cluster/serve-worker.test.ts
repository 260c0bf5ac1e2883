/** A worker: what it computes, whom it serves, what it refuses, and what it keeps. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/base/sha256.js';
import { encode } from '../../src/cluster/encode.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { pieceSize } from '../../src/cluster/message-pieces.js';
import { encodePlan } from '../../src/cluster/plan-wire.js';
import { serveWorker, type WorkerOptions } from '../../src/cluster/serve-worker.js';
import { buildOf } from '../../src/cluster/same-build.js';
import { CALLS, workerSubject } from '../../src/cluster/subjects.js';
import { createSeats } from '../../src/cluster/worker-seat.js';
import type { WorkerEvent } from '../../src/cluster/worker-events.js';
import { computeTwice } from '../../src/cluster/worker-run.js';
import { WorkerFailure } from '../../src/crew/worker-pool.js';
import { digits } from '../../src/data/digits/index.js';
import { cutout, randomAffine } from '../../src/data/transforms/index.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import { smallVgg } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import type { Job } from '../../src/step/jobs.js';
import { partPlan } from '../../src/step/part-plan.js';
import { train } from '../../src/train/train.js';
import {
  BATCH,
  createStandIn,
  openOwn,
  SHARDS,
  welcomeOf,
  type Own,
} from './coordinator-stand-in.js';

type Hub = ReturnType<typeof createMemoryHub>;

let folder = '';
let own: Own;
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-worker-'));
  own = await openOwn();
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A worker on a hub, with what it says to its person. */
function startWorker(hub: Hub, options: WorkerOptions = {}) {
  const link = hub('hand');
  const stop = new AbortController();
  const events: WorkerEvent[] = [];
  const { transport } = link;
  const fetched: string[] = [];
  const blobs = {
    ...transport.blobs,
    get(hash: string, bytes: number) {
      fetched.push(hash);
      return transport.blobs.get(hash, bytes);
    },
  };
  const done = serveWorker(
    { ...transport, blobs },
    {
      threads: 2,
      cache: folder,
      signal: stop.signal,
      onEvent: (event) => void events.push(event),
      ...options,
    },
  );
  return {
    link,
    events,
    fetched,
    done,
    of: <K extends WorkerEvent['kind']>(kind: K) =>
      events.filter((event) => event.kind === kind) as Extract<WorkerEvent, { kind: K }>[],
    async end() {
      stop.abort();
      await done;
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function waitFor(isDone: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !isDone(); i++) await pause(25);
  assert.ok(isDone());
}

/** A coordinator and a worker that it has taken in. */
async function takenIn(options: WorkerOptions = {}, name = 'run', epoch = 5) {
  const hub = createMemoryHub();
  const worker = startWorker(hub, options);
  const boss = createStandIn(own, hub('boss').transport, name, epoch);
  await boss.takeIn();
  return { hub, worker, boss };
}

test('parts have the bits of one process, whole or by ranges, and come by credit', async () => {
  const hub = createMemoryHub({ maxBody: 50_000 });
  const worker = startWorker(hub);
  const boss = createStandIn(own, hub('boss').transport, 'run', 5);
  await boss.takeIn();
  const ranges = [
    [0, SHARDS],
    [1, SHARDS],
    [2, 3],
  ] as const;
  for (const [serial, range] of ranges.entries()) {
    boss.step(serial, range, 40_000, { room: 4 * pieceSize(50_000) });
    const expected = await boss.partsOf(range);
    const pieces = () => boss.find('part').filter((part) => part.serial === serial).length;
    await waitFor(() => pieces() >= 4);
    assert.is(pieces(), 4, 'a window of four pieces, and no more without credit');
    const isThere = () => {
      const found = boss.partsHeard(serial);
      return [...expected].every(([node, bytes]) => found.get(node)?.length === bytes.length);
    };
    while (!isThere()) {
      boss.tell({ kind: 'credit', epoch: 5, pieces: 2 });
      await pause(5);
    }
    assert.equal(boss.partsHeard(serial), expected, range.join('–'));
  }
  const computed = worker.of('computed');
  assert.equal(
    computed.map(({ step, samples }) => [step, samples]),
    [
      [3, 24],
      [3, 20],
      [3, 4],
    ],
  );
  await worker.end();
  assert.is(boss.find('leave')[0]?.reason, 'it was told to stop');
});

test('only the newest step counts, and what is to be redone of it is', async () => {
  const { worker, boss } = await takenIn();
  boss.step(1, [0, 6]);
  boss.step(2, [0, 6]);
  boss.step(3, [0, 2]);
  boss.tell({ kind: 'redo', epoch: 5, serial: 2, range: [4, 5] });
  boss.tell({ kind: 'redo', epoch: 5, serial: 3, range: [4, 6] });
  boss.tell({ kind: 'redo', epoch: 4, serial: 3, range: [2, 3] });
  const expected = new Map([...(await boss.partsOf([0, 2])), ...(await boss.partsOf([4, 6]))]);
  await waitFor(() => boss.partsHeard(3).size === 2);
  await pause(50);
  assert.equal(boss.partsHeard(3), expected);
  assert.is(boss.partsHeard(2).size, 0);
  await worker.end();
});

test('a machine that is given no shards computes none, until others owe some', async () => {
  const { worker, boss } = await takenIn();
  boss.step(1, [0, 0]);
  await pause(50);
  assert.is(boss.find('part').length, 0);
  boss.tell({ kind: 'redo', epoch: 5, serial: 1, range: [3, 4] });
  await waitFor(() => boss.partsHeard(1).size === 1);
  assert.equal(boss.partsHeard(1), await boss.partsOf([3, 4]));
  await worker.end();
});

test('a run of another build is refused, by name, at both ends', async () => {
  const hub = createMemoryHub();
  const worker = startWorker(hub);
  await waitFor(() => worker.of('connected').length === 1);
  const cases = [
    ['protocol', { protocol: 9 }, /^the worker speaks protocol 1, the coordinator 9$/],
    ['version', { version: '9.9.9' }, /^the worker has lanewise .*, the coordinator 9\.9\.9$/],
    ['wasm', { wasm: 'ab'.repeat(32) }, /^the kernels differ: SHA-256 .*, abababababab… at/],
    [
      'numerics',
      { numerics: 'fused', wasm: '0'.repeat(64) },
      /numerics are 'fused'|kernels differ/,
    ],
  ] as const;
  for (const [name, change, message] of cases) {
    const boss = createStandIn(own, hub('boss').transport, name, 1);
    await boss.call(change);
    await waitFor(() => boss.find('refused').length > 0);
    const [refused] = boss.find('refused');
    assert.match(refused!.reason, message);
    assert.ok(refused!.hint);
    await boss.call(change);
    await pause(20);
    assert.is(boss.heard.length, 1, 'it is said once');
    boss.end();
    const told = worker.of('refused').at(-1)!;
    assert.equal([told.run, told.by, told.reason], [name, 'worker', refused!.reason]);
  }
  await worker.end();
});

test('a coordinator that does not want it is not asked again', async () => {
  const hub = createMemoryHub();
  const worker = startWorker(hub);
  const boss = createStandIn(own, hub('boss').transport, 'run', 1);
  await boss.until('hello');
  boss.tell({ kind: 'refused', epoch: 1, reason: 'its parts were wrong', hint: 'look at it' });
  await waitFor(() => worker.of('refused').length === 1);
  assert.is(worker.of('refused')[0]!.by, 'coordinator');
  for (let i = 0; i < 3; i++) await boss.call();
  await pause(50);
  assert.is(boss.find('hello').length, 1);
  await worker.end();
});

test('a plan that needs more memory than it gives is refused before any is taken', async () => {
  const hub = createMemoryHub();
  const { bytes } = partPlan(own.plan, own.columns, 2).memory;
  const worker = startWorker(hub, { maxMemory: bytes - 1 });
  const { transport } = hub('boss');
  const boss = createStandIn(own, transport, 'run', 1);
  await boss.until('hello');
  boss.tell(await welcomeOf(own, transport, 2, 1));
  await boss.until('refused');
  const [refused] = boss.find('refused');
  assert.is(
    refused!.reason,
    `the plan needs ${bytes} bytes of memory, this machine gives at most ${bytes - 1}`,
  );
  assert.is(worker.of('refused')[0]!.reason, refused!.reason);
  await worker.end();
});

test('sizes that a coordinator invents are refused before memory is taken', async () => {
  const hub = createMemoryHub();
  const worker = startWorker(hub);
  const { transport } = hub('boss');
  const put = async (bytes: Uint8Array) => {
    const hash = await sha256(bytes);
    await transport.blobs.put(hash, bytes);
    return { sha256: hash, bytes: bytes.length };
  };
  const good = await welcomeOf(own, transport, 2, 1);
  const plan = JSON.parse(
    new TextDecoder().decode(encodePlan(partPlan(own.plan, own.columns, 2))),
  ) as any;
  plan.memory.regions[1].bytes = 2 ** 32;
  const [first] = good.contents;
  const cases = [
    [{ plan: { ...good.plan, bytes: 2 ** 40 } }, /^the plan has 1099511627776 bytes, expected at/],
    [{ plan: await put(Buffer.from(JSON.stringify(plan))) }, /memory\.regions\[\d\]\.b/],
    [
      { contents: [{ ...first!, bytes: 2 ** 40 }] },
      /^contents of 1099511627776 bytes at 0 of 'input x', expected at most|^contents of 1099511627776 bytes at 0 of/,
    ],
    [{ contents: [{ ...first!, region: 'control' }] }, /^contents are for the region 'control'/],
    [{ contents: [{ ...first!, bytes: 7 }] }, /have \d+ bytes, expected 7/],
  ] as const;
  for (const [i, [change, message]] of cases.entries()) {
    const boss = createStandIn(own, transport, `run${i}`, 1);
    await boss.until('hello');
    boss.tell({ ...good, ...change });
    await boss.until('refused');
    assert.match(boss.find('refused')[0]?.reason ?? 'nothing', message);
    boss.end();
  }
  await worker.end();
});

test('a step that the plan does not have ends the seat, with the reason', async () => {
  for (const [change, message] of [
    [{ size: 5 }, /^a step has 5 samples, expected 24$/],
    [{ assignment: { WORKER: [0, 7] } }, /asks for shards 0 to 7, and has 6$/],
  ] as const) {
    const { worker, boss } = await takenIn();
    const named = JSON.parse(JSON.stringify(change).replace('WORKER', boss.worker())) as object;
    boss.step(1, [0, 6], 100_000, named);
    await waitFor(() => boss.find('leave').length > 0);
    assert.match(boss.find('leave')[0]!.reason, message);
    assert.is(worker.of('left').length, 1);
    await worker.end();
  }
});

test('threads that die twice end the seat, and the worker serves the next run', async () => {
  const hub = createMemoryHub();
  const worker = startWorker(hub);
  const { transport } = hub('boss');
  const boss = createStandIn(own, transport, 'run', 1);
  await boss.until('hello');
  const plan = partPlan(own.plan, own.columns, 2);
  // Settings that the planner does not look at, and that the threads cannot use.
  const [column] = plan.datasets[0]!.columns;
  const kind = { kind: 'randomIntensity', settings: { scale: null, shift: null } };
  const wrong = { ...column!, augmentation: { shape: [1, 28, 28], transforms: [kind] } };
  const columns = [wrong, ...plan.datasets[0]!.columns.slice(1)];
  const augment = plan.memory.regions.find(({ name }) => name === 'augment')!;
  const memory = {
    regions: plan.memory.regions.map((region) =>
      region === augment ? { ...region, bytes: 2 ** 16 } : region,
    ),
    bytes: plan.memory.bytes + 2 ** 16,
  };
  const bytes = encodePlan({
    ...plan,
    memory,
    datasets: [{ ...plan.datasets[0]!, columns }],
  } as any);
  const hash = await sha256(bytes);
  await transport.blobs.put(hash, bytes);
  boss.tell({
    ...(await welcomeOf(own, transport, 2, 1)),
    plan: { sha256: hash, bytes: bytes.length },
  });
  await boss.until('ready');
  boss.step(1, [0, 6]);
  await waitFor(() => boss.find('leave').length > 0);
  assert.match(boss.find('leave')[0]!.reason, /^a worker thread failed: /);
  const next = createStandIn(own, transport, 'next', 2);
  await next.takeIn();
  next.step(1, [0, 2]);
  await waitFor(() => next.partsHeard(1).size === 1);
  assert.equal(next.partsHeard(1), await next.partsOf([0, 2]));
  await worker.end();
});

test('a range is computed once more when a thread dies, and no more often', async () => {
  const sums = async (failures: number): Promise<Buffer[]> => {
    let left = failures;
    const run = (job: Job): Promise<void> =>
      left-- > 0 ? Promise.reject(new WorkerFailure('it died')) : own.pool.run(job);
    const loaded = { ...own, hash: '', pool: { ...own.pool, run }, written: new Map() };
    const request = { size: BATCH, range: [1, 4], step: 3, key: [7, 9] } as const;
    const { nodes } = await computeTwice(loaded, request);
    return nodes.map(({ sum }) => Buffer.from(sum.slice().buffer));
  };
  const expected = await sums(0);
  assert.is(expected.length, 2);
  assert.equal(await sums(1), expected);
  const reason = await sums(2).catch((error: Error) => error.message);
  assert.is(reason, 'a worker thread failed: it died');
});

test('it outlives its coordinator, and keeps what is loaded for the next', async () => {
  const { hub, worker, boss } = await takenIn();
  assert.ok(worker.of('joined')[0]!.memory > 2 ** 20);
  const fetched = worker.fetched.length;
  // The coordinator dies. Another epoch of the run finds all loaded; the old one's messages are left out.
  boss.end();
  const again = createStandIn(own, hub('boss').transport, 'run', 6);
  await again.takeIn();
  boss.tellAll({ kind: 'leave', epoch: 5, reason: 'an old word' });
  again.step(1, [0, 2]);
  await waitFor(() => again.partsHeard(1).size === 1);
  assert.equal(again.partsHeard(1), await again.partsOf([0, 2]));
  assert.is(worker.fetched.length, fetched);
  // A run that ends in peace frees the seat at once, and calls of an old epoch do not take it.
  again.tellAll({ kind: 'leave', epoch: 6, reason: 'the run has ended' });
  await waitFor(() => worker.of('left').length === 1);
  const other = createStandIn(own, hub('boss').transport, 'other', 7);
  await other.takeIn();
  assert.is(worker.fetched.length, fetched, 'another run with the same data fetches nothing');
  await boss.call();
  await pause(50);
  assert.is(again.find('hello').length, 1);
  await worker.end();
});

test('a seat is kept for a coordinator that is silent, unless another calls', async () => {
  const { hub, worker, boss } = await takenIn();
  const other = createStandIn(own, hub('boss').transport, 'other', 9);
  await other.call();
  await pause(20);
  assert.is(other.heard.length, 0, 'a seat that is taken is not given away');
  // More than a second of silence: the other one gets it.
  await other.until('hello');
  assert.is(other.find('hello').length, 1);
  boss.step(1, [0, 6]);
  await pause(50);
  assert.is(boss.find('part').length, 0);
  await worker.end();
});

test('after a cut of the link it asks again, and computes on', async () => {
  const { worker, boss } = await takenIn();
  worker.link.cut();
  await pause(20);
  boss.step(1, [0, 6]);
  worker.link.restore();
  await waitFor(() => boss.find('hello').length === 2);
  boss.tell(await welcomeOf(own, { blobs: worker.link.transport.blobs } as any, 2, 5));
  await boss.until('ready', 2);
  boss.step(2, [0, 2]);
  await waitFor(() => boss.partsHeard(2).size === 1);
  assert.equal(boss.partsHeard(2), await boss.partsOf([0, 2]));
  assert.equal(
    worker.of('link').map(({ state }) => state),
    ['cut', 'restored'],
  );
  await worker.end();
});

test('what is loaded is given back after ten minutes without a coordinator', async () => {
  const hub = createMemoryHub();
  const { transport } = hub('hand');
  const events: WorkerEvent[] = [];
  const strict = await buildOf('strict');
  const loaded = () => events.filter(({ kind }) => kind === 'joined').length;
  const seats = createSeats({
    transport,
    user: 'hand',
    id: 'x',
    threads: 1,
    engine: 'a test',
    builds: { strict, fused: strict },
    canFuse: false,
    load: {
      blobs: transport.blobs,
      cache: { folder, maxBytes: 2 ** 30 },
      threads: 1,
      maxMemory: 2 ** 32,
      onUnkept: () => {},
    },
    onEvent: (event) => void events.push(event),
  });
  const ends = [CALLS, workerSubject('hand', 'x')].map((subject) =>
    transport.subscribe(subject, ({ body }) => seats.hear(body)),
  );
  const boss = createStandIn(own, hub('boss').transport, 'run', 5);
  await boss.takeIn();
  for (let tick = 0; tick < 2399; tick++) seats.tick();
  await pause(20);
  assert.ok(seats.isLoaded());
  seats.tick();
  await waitFor(() => !seats.isLoaded());
  // Its coordinator comes back after all.
  boss.heard.length = 0;
  await boss.takeIn();
  assert.is(loaded(), 2);
  assert.ok(seats.isLoaded());
  seats.leave('the test is over');
  for (const end of ends) end();
  await seats.close();
  assert.not(seats.isLoaded());
});

test('messages that are none are left out, and told once', async () => {
  const hub = createMemoryHub();
  const worker = startWorker(hub);
  await waitFor(() => worker.of('connected').length === 1);
  const { transport } = hub('stranger');
  for (let i = 0; i < 3; i++) transport.publish(CALLS, encode({ kind: 'nonsense' }));
  transport.publish(CALLS, new Uint8Array([255, 255, 255, 255, 0]));
  await waitFor(() => worker.of('ignored').length === 2);
  assert.match(worker.of('ignored')[0]!.reason, /is of kind 'nonsense'/);
  await worker.end();
});

test('it ends when no run has called for as long as it was told', async () => {
  const worker = startWorker(createMemoryHub(), { idleMinutes: 0.005 });
  await worker.done;
  assert.is(worker.of('connected').length, 1);
});

test('a run with batch norm, augmentation and mixup has the same bits with two workers', async () => {
  const data = digits({ count: 112, seed: 4 });
  const transforms = [randomAffine({ degrees: 10, translate: [0.1, 0.1] }), cutout({ size: 5 })];
  const settings = {
    data: transformed(data, transforms),
    validation: data,
    optimizer: momentum({ lr: 0.05 }),
    batch: 32,
    shards: 5,
    epochs: 2,
    mixup: { alpha: 0.4 },
    seed: 3,
    numerics: 'strict',
    workers: 1,
  } as const;
  const alone = await (await train(smallVgg(), settings)).model.sha256();
  const hub = createMemoryHub();
  const workers = [startWorker(hub, { threads: 1 }), startWorker(hub, { threads: 3 })];
  const cluster = { url: hub('boss').transport, minWorkers: 2 };
  const shared = await train(smallVgg(), settings, { cluster });
  await Promise.all(workers.map((worker) => worker.end()));
  assert.is(await shared.model.sha256(), alone);
  // Which of them computes, and how often, is a matter of their measured speeds.
  assert.ok(workers.every((worker) => worker.of('joined').length === 1));
  assert.ok(workers.some((worker) => worker.of('computed').length > 1));
});

test.run();
