/** A coordinator that sends whatever it likes takes a worker's time and the memory that it gives, and no more. */
// slow: a worker with threads, and a job without end
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../src/base/sha256.js';
import { encode } from '../../src/cluster/encode.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { encodePlan } from '../../src/cluster/plan-wire.js';
import { serveWorker } from '../../src/cluster/serve-worker.js';
import { runSubject } from '../../src/cluster/subjects.js';
import type { WorkerEvent } from '../../src/cluster/worker-events.js';
import { partPlan } from '../../src/step/part-plan.js';
import { mutations } from '../support/mutations.js';
import { until } from '../support/until.js';
import { createStandIn, openOwn, SHARDS, welcomeOf, BATCH } from './coordinator-stand-in.js';

const own = openOwn();

/** A worker and a coordinator that lies; whatever it does, an honest one then gets its parts from the same worker. */
async function survives(
  lie: (at: {
    readonly boss: ReturnType<typeof createStandIn>;
    readonly transport: ReturnType<ReturnType<typeof createMemoryHub>>['transport'];
    readonly events: readonly WorkerEvent[];
    readonly of: (kind: WorkerEvent['kind']) => readonly { readonly reason: string }[];
  }) => Promise<void>,
): Promise<void> {
  const cache = await mkdtemp(join(tmpdir(), 'lanewise-hostile-'));
  const hub = createMemoryHub();
  const stop = new AbortController();
  const events: WorkerEvent[] = [];
  const done = serveWorker(hub('hand').transport, {
    threads: 1,
    cache,
    maxMemory: 2 ** 28,
    signal: stop.signal,
    onEvent: (event) => events.push(event),
  });
  try {
    const { transport } = hub('liar');
    const boss = createStandIn(await own, transport, 'lies', 5);
    await boss.until('hello');
    await lie({
      boss,
      transport,
      events,
      of: (kind) => events.filter((event) => event.kind === kind) as never,
    });
    boss.tell({ kind: 'leave', epoch: 5, reason: 'enough' });
    boss.end();
    const honest = createStandIn(await own, hub('boss').transport, 'honest', 1);
    await honest.takeIn();
    honest.step(1, [0, SHARDS]);
    await until(() => honest.partsHeard(1).size > 0, 'answer');
    assert.equal(honest.partsHeard(1), await honest.partsOf([0, SHARDS]));
    honest.end();
  } finally {
    stop.abort();
    await done;
    await rm(cache, { recursive: true, force: true });
  }
}

test('what is no message is left out, and said once', () =>
  survives(async ({ transport, of }) => {
    const deep = encode({ kind: 'leave', epoch: 5, reason: 1 });
    for (let i = 0; i < 50; i++) {
      transport.publish(runSubject('lies'), crypto.getRandomValues(new Uint8Array(i + 1)));
      transport.publish(runSubject('lies'), deep);
    }
    await until(() => of('ignored').some(({ reason }) => /reason is 1/.test(reason)), 'answer');
    assert.is(of('ignored').filter(({ reason }) => /reason is 1/.test(reason)).length, 1);
  }));

test('contents that lie elsewhere, or have lying sizes, are refused before memory is taken', () =>
  survives(async ({ boss, transport, of }) => {
    const welcome = await welcomeOf(await own, transport, 1, 5);
    const [column] = welcome.contents;
    const before = process.memoryUsage().arrayBuffers;
    const lies: readonly (readonly [object, RegExp])[] = [
      [{ plan: { ...welcome.plan, bytes: 2 ** 40 } }, /the plan has 1099511627776 bytes/],
      [{ contents: [{ ...column, bytes: 2 ** 40 }] }, /contents of 1099511627776 bytes/],
      [{ contents: [{ ...column, offset: 2 ** 32 }] }, /at 4294967296 of/],
      [{ contents: [{ ...column, region: 'control' }] }, /are for the region 'control'/],
      [{ contents: [{ ...column, region: '__proto__' }] }, /are for the region '__proto__'/],
      [{ contents: [{ ...column, sha256: 'ab'.repeat(32) }] }, /are not stored/],
      [{ plan: { sha256: column!.sha256, bytes: column!.bytes } }, /is not JSON/],
    ];
    for (const [i, [lie, message]] of lies.entries()) {
      // What it has refused it does not ask for again soon: each lie is of another run.
      const other = createStandIn(await own, transport, `lie${i}`, 5);
      await other.until('hello');
      other.tell({ ...welcome, ...lie });
      await until(() => of('refused').some(({ reason }) => message.test(reason)), 'answer');
      await until(() => other.find('refused').length > 0, 'refusal');
      assert.match(other.find('refused')[0]!.reason, message);
      other.end();
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 28);
    assert.ok(boss);
  }));

test('welcomes and requests without end do not add up', () =>
  survives(async ({ boss, transport, events }) => {
    const welcome = await welcomeOf(await own, transport, 1, 5);
    for (let i = 0; i < 2000; i++) boss.tell(welcome);
    await boss.until('ready');
    boss.step(1, [0, 1]);
    for (let i = 0; i < 5000; i++) boss.tell({ kind: 'redo', epoch: 5, serial: 1, range: [0, 1] });
    boss.tell({ kind: 'credit', epoch: 5, pieces: 1000 });
    await until(() => events.some(({ kind }) => kind === 'computed'), 'answer');
    // As many as have been noted are computed; the others are left out.
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(events.filter(({ kind }) => kind === 'computed').length <= 4 * SHARDS);
    assert.ok(boss.find('ready').length < 20, `${boss.find('ready').length}`);
  }));

test('steps of other samples, shards or sizes end the run at this worker', () =>
  survives(async ({ boss, transport, of }) => {
    const lies: readonly (readonly [object, RegExp])[] = [
      [{ size: 7 }, /a step has 7 samples, expected 24/],
      [{ bytes: 2 ** 50 }, /whole has 1125899906842624 bytes/],
    ];
    const welcome = await welcomeOf(await own, transport, 1, 5);
    for (const [i, [lie, message]] of lies.entries()) {
      const other = createStandIn(await own, transport, `lie${i}`, 5);
      await other.until('hello');
      other.tell(welcome);
      await other.until('ready');
      other.step(1, [0, SHARDS], 100_000, lie);
      await until(() => of('left').some(({ reason }) => message.test(reason)), 'answer');
      await until(() => other.find('leave').length > 0, 'goodbye');
      assert.match(other.find('leave')[0]!.reason, message);
      other.tell({ kind: 'leave', epoch: 5, reason: 'next' });
      other.end();
    }
    assert.ok(boss);
  }));

test('messages with any field changed do no harm', () =>
  survives(async ({ boss, transport }) => {
    const welcome = await welcomeOf(await own, transport, 1, 5);
    const piece = { serial: 2 ** 20, piece: 0, pieces: 3, bytes: 1000 };
    const step = { step: 1, key: [1, 2], size: BATCH, assignment: { [boss.worker()]: [0, 1] } };
    let sent = 0;
    for (const isReady of [false, true]) {
      if (isReady) {
        boss.tell(welcome);
        await boss.until('ready');
      }
      for (const message of [
        { kind: 'step', epoch: 5, ...piece, ...step },
        { kind: 'step', epoch: 5, ...piece, piece: 1 },
        { kind: 'redo', epoch: 5, serial: 1, range: [0, 1] },
        { kind: 'credit', epoch: 5, pieces: 4 },
        { ...welcome, contents: welcome.contents.slice(0, 1) },
        { kind: 'refused', epoch: 6, reason: 'none', hint: 'none' },
        { kind: 'leave', epoch: 6, reason: 'none' },
      ])
        for (const changed of mutations(message)) {
          const bytes = new Uint8Array([0, 16, 400][sent++ % 3]!);
          if (sent % 2) boss.tell(changed as object, bytes);
          else boss.tellAll(changed as object, bytes);
        }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.ok(sent > 1000, `${sent} messages`);
  }));

test('a sample that the data does not have is not computed', () =>
  survives(async ({ boss, of }) => {
    await boss.takeIn();
    const { run, plan } = await own;
    const order = run.bytesOf('order').slice(0, BATCH * 4);
    new Uint32Array(order.buffer)[3] = 2 ** 31;
    const weights = run.bytesOf('parameters').slice(0, plan.parameters.trainedBytes);
    const piece = { serial: 1, piece: 0, pieces: 1, bytes: order.length + weights.length };
    const assignment = { [boss.worker()]: [0, 1] };
    const head = { step: 0, key: [1, 2], size: BATCH, assignment, room: 1000 };
    boss.tellAll({ kind: 'step', epoch: 5, ...piece, ...head }, order, weights);
    await until(
      () => of('left').some(({ reason }) => /sample 3 is number 2147483648/.test(reason)),
      'answer',
    );
  }));

test('a job that would take for ever ends with the run', () =>
  survives(async ({ boss, transport, events }) => {
    const { plan, columns } = await own;
    const honest = partPlan(plan, columns, 1);
    // The same calls so often that no step ever ends.
    const endless = structuredClone(honest) as any;
    for (const { programs } of Object.values<any>(endless.steps))
      for (const program of Object.values<any>(programs)) {
        const calls = program.calls;
        program.calls = Array.from(
          { length: Math.floor(60_000 / calls.length) },
          () => calls,
        ).flat();
      }
    const bytes = encodePlan(endless);
    const hash = await sha256(bytes);
    await transport.blobs.put(hash, bytes);
    const welcome = await welcomeOf(await own, transport, 1, 5);
    boss.tell({ ...welcome, plan: { sha256: hash, bytes: bytes.length } });
    await boss.until('ready');
    boss.step(1, [0, SHARDS]);
    for (let i = 0; i < 3; i++)
      boss.tell({ kind: 'redo', epoch: 5, serial: 1, range: [0, SHARDS] });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.not(events.some(({ kind }) => kind === 'computed'));
  }));

test('nothing but contents is written, and only in the cache', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'lanewise-hostile-'));
  const hub = createMemoryHub();
  const stop = new AbortController();
  const done = serveWorker(hub('hand').transport, { threads: 1, cache, signal: stop.signal });
  const boss = createStandIn(await own, hub('boss').transport, 'run', 5);
  await boss.takeIn();
  stop.abort();
  await done;
  const names = await readdir(cache);
  assert.ok(names.length > 0 && names.every((name) => /^[0-9a-f]{64}$/.test(name)));
  await rm(cache, { recursive: true });
});

test.run();
