/** A run that waits for machines ends in peace if it is stopped meanwhile, and refuses what cannot be shared before it waits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { digits } from '../../src/data/digits/index.js';
import { lenet1 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';

const settings = {
  data: digits({ count: 64 }),
  optimizer: sgd({ lr: 0.05 }),
  epochs: 1,
  batch: 32,
  shards: 2,
  workers: 0,
  numerics: 'strict',
} as const;

test('a signal ends the wait for machines that do not come', async () => {
  const stop = new AbortController();
  const url = createMemoryHub()().transport;
  const running = train(lenet1(), settings, {
    cluster: { url, minWorkers: 1 },
    signal: stop.signal,
  });
  const first = await Promise.race([
    running.then(() => 'ended'),
    new Promise((resolve) => setTimeout(resolve, 100, 'waits')),
  ]);
  assert.is(first, 'waits');
  stop.abort();
  const { interrupted, history } = await running;
  assert.ok(interrupted);
  assert.equal(history, []);
});

test.run();
