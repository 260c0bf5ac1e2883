/** A reader that is slower than training: the run says so. */
// slow: waits for its reader
// alone: measures the share of the time that is waited for data
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mlp } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';

test('a slow reader is said to be the limit, by result, events and report', async () => {
  const data = {
    name: 'slow',
    shape: [3, 10, 10] as const,
    classes: ['a', 'b', 'c'],
    labels: Uint8Array.from({ length: 48 }, (_, i) => i % 3),
    reader: {
      type: 'uint8' as const,
      async read(index: number, to: Uint8Array | Float32Array) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        to.fill(index);
      },
    },
  };
  const model = mlp({ size: 10, channels: 3, classes: 3, hidden: 8 });
  const settings = { data, optimizer: adam({ lr: 0.01 }), epochs: 1, batch: 8, workers: 1 };
  const shown: number[] = [];
  const { waiting } = await train(model, settings, {
    stepsPerEvent: 1,
    onProgress: (progress) => shown.push(progress.waiting),
  });
  // From a tenth on it is said; on a busy machine the steps themselves take longer.
  assert.ok(waiting > 0.1 && waiting <= 1, `waiting ${waiting}`);
  assert.ok(shown[0]! > 0.1, `at first ${shown[0]}`);
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-slow-'));
  try {
    await train(model, settings, { folder });
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    assert.match(page, /Data, not compute, was the limit: \d\d+ % of the time/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.run();
