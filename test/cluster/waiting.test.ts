/** A run that waits for machines ends in peace if it is stopped meanwhile, and refuses what cannot be shared before it waits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encode } from '../../src/cluster/encode.js';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { fromCoordinator } from '../../src/cluster/read-message.js';
import { CALLS, upSubject } from '../../src/cluster/subjects.js';
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

test('who may not take part is told while the run waits', async () => {
  const stop = new AbortController();
  const hub = createMemoryHub();
  const { transport } = hub('old');
  transport.subscribe(CALLS, ({ body }) => {
    const { message } = fromCoordinator(body);
    if (message.kind !== 'call') return;
    const { kind: _, run, epoch: __, ...build } = message;
    const hello = { ...build, kind: 'hello', version: '0.0.1', threads: 1, engine: 'x' } as const;
    transport.publish(upSubject(run, 'old', 'x'), encode(hello));
  });
  const told: string[] = [];
  const { interrupted } = await train(lenet1(), settings, {
    cluster: { url: hub().transport, minWorkers: 1 },
    signal: stop.signal,
    onMachine({ machine, change, reason }) {
      told.push(`${machine} ${change}: ${reason}`);
      stop.abort();
    },
  });
  assert.ok(interrupted);
  assert.is(told.length, 1);
  assert.match(told[0]!, /^old refused: .*0\.0\.1/);
});

test.run();
