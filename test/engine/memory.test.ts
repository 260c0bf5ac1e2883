/** The run's memory: refused when too large, zero when given, and used again instead of piled up. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { allocateMemory, checkMemorySize, releaseMemory } from '../../src/engine/memory.js';
import { lenet5 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';

test('sizes beyond 4 GiB are refused with the number and where it goes', () => {
  checkMemorySize(2 ** 32, { samples: 2 ** 32 });
  assert.throws(
    () => checkMemorySize(2 ** 32 + 1, { gradients: 2 ** 30, samples: 3 * 2 ** 30 + 1 }),
    /this run needs 4.00 GiB \(samples 3.00 GiB, gradients 1.00 GiB\), WebAssembly addresses at most 4 GiB/,
  );
});

test('a released shared memory is given out again, zero, to who needs about as much', () => {
  const memory = allocateMemory(10 * 65_536, true);
  new Uint8Array(memory.buffer).fill(7);
  releaseMemory(memory);
  assert.is.not(allocateMemory(11 * 65_536, true), memory);
  assert.is.not(allocateMemory(4 * 65_536, true), memory);
  assert.is.not(allocateMemory(10 * 65_536, false), memory);
  const again = allocateMemory(9 * 65_536, true);
  assert.is(again, memory);
  assert.ok(new Uint8Array(again.buffer, 0, 9 * 65_536).every((byte) => byte === 0));
  assert.is.not(allocateMemory(9 * 65_536, true), memory, 'given out twice');
});

test('a large released memory serves smaller large runs, such as the scoring after a training', () => {
  const memory = allocateMemory(2 ** 28, true);
  releaseMemory(memory);
  assert.is.not(allocateMemory(2 ** 25, true), memory);
  assert.is(allocateMemory(2 ** 26, true), memory);
});

test('runs one after another need the memory of one, and give the same weights', async () => {
  const data = {
    name: 'grey',
    shape: [1, 28, 28],
    classes: [...'0123456789'],
    samples: new Uint8Array(784 * 40_000).fill(90),
    labels: Uint8Array.from({ length: 40_000 }, (_, i) => i % 10),
  } as const;
  const stop = AbortSignal.abort();
  const run = () =>
    train(lenet5(), { data, optimizer: sgd({ lr: 0.1 }), epochs: 1, workers: 2 }, { signal: stop });
  const first = await (await run()).model.sha256();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 8; i++) assert.is(await (await run()).model.sha256(), first);
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 100, `grew by ${grown} MiB over 8 runs of 30 MiB of data`);
});

test.run();
