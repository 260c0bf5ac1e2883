/** A worker: what it computes, whom it serves, what it refuses, and what it keeps. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { serveWorker, type WorkerOptions } from '../../src/cluster/serve-worker.js';
import type { WorkerEvent } from '../../src/cluster/worker-events.js';
import { createStandIn, openOwn, SHARDS, type Own } from './coordinator-stand-in.js';

let folder = '';
let own: Own;
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-worker-'));
  own = await openOwn();
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** A worker on a hub, with what it says to its person. */
function startWorker(hub: ReturnType<typeof createMemoryHub>, options: WorkerOptions = {}) {
  const link = hub('hand');
  const stop = new AbortController();
  const events: WorkerEvent[] = [];
  const done = serveWorker(link.transport, {
    threads: 2,
    cache: folder,
    signal: stop.signal,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    link,
    events,
    done,
    of: (kind: WorkerEvent['kind']) => events.filter((event) => event.kind === kind) as any[],
    async end() {
      stop.abort();
      await done;
    },
  };
}

const waitFor = async (isDone: () => boolean): Promise<void> => {
  for (let i = 0; i < 400 && !isDone(); i++)
    await new Promise((resolve) => setTimeout(resolve, 25));
  assert.ok(isDone());
};

test('parts have the bits of one process, whole or by ranges, and come by credit', async () => {
  const hub = createMemoryHub({ maxBody: 50_000 });
  const worker = startWorker(hub);
  const boss = createStandIn(own, hub('boss').transport, 'run', 5);
  await boss.takeIn();
  let serial = 0;
  for (const range of [
    [0, SHARDS],
    [1, 6],
    [2, 3],
  ] as const) {
    serial++;
    boss.step(serial, range, 40_000);
    const expected = await boss.partsOf(range);
    const isThere = () => {
      const found = boss.partsHeard(serial);
      return [...expected].every(([node, bytes]) => found.get(node)?.length === bytes.length);
    };
    // A window of four pieces: without credit no more come.
    await waitFor(() => boss.find('part').filter((part) => part.serial === serial).length >= 4);
    assert.is(boss.find('part').filter((part) => part.serial === serial).length, 4);
    while (!isThere()) {
      boss.tell({ kind: 'credit', epoch: 5, pieces: 2 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(boss.partsHeard(serial), expected, range.join('–'));
  }
  assert.is(worker.of('computed').length, 3);
  assert.is(worker.of('computed')[1].samples, 20);
  await worker.end();
  assert.is(boss.find('leave')[0]?.reason, 'it was told to stop');
});

test.run();
