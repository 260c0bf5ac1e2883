/** Workers that wait long for one of them still wait for it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { layoutMemory } from '../../src/feed/layout.js';
import type { MeetingSetup } from './meeting-thread.js';

const workers = 3;

test('a meeting lasts until the last worker has come, however often the others have looked', async () => {
  const map = layoutMemory({ control: 64, counts: 64 });
  const pages = Math.ceil(map.bytes / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const counts = map.regions[1]!.base / 4;
  const early = await Promise.all(
    Array.from({ length: workers }, async (_, rank) => {
      const workerData: MeetingSetup = { map, memory, workers, rank, parkMs: 2, counts };
      const thread = new Worker(new URL('./meeting-thread.js', import.meta.url), { workerData });
      const [found] = (await once(thread, 'message')) as [number];
      return found;
    }),
  );
  assert.equal(early, [0, 0, 0]);
});

test.run();
