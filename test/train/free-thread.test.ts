/** The thread that calls `train` is never kept for long, so that it can do other things meanwhile. */
// slow: three epochs of 4000 samples
// alone: measures how long the thread is kept
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { digits } from '../../src/data/digits/index.js';
import { lenet5 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';

test('the main thread is never blocked for 50 ms while workers train and evaluate', async () => {
  const data = digits({ count: 4000 });
  /** The longest delay of the event loop in one run, in milliseconds. */
  async function longestDelay(): Promise<number> {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    let started = false;
    await train(
      lenet5(),
      {
        data,
        validation: data,
        epochs: 3,
        optimizer: sgd({ lr: 0.05 }),
        workers: Math.max(1, availableParallelism() - 1),
      },
      {
        onProgress() {
          if (!started) delay.enable();
          started = true;
        },
      },
    );
    delay.disable();
    assert.ok(delay.count > 20, 'the run was too short to say anything');
    return delay.max / 1e6;
  }
  // A busy machine may hold any process up once; work of our own would do so in every run.
  const delays: number[] = [];
  while (delays.length < 3 && !delays.some((ms) => ms < 50)) delays.push(await longestDelay());
  assert.ok(Math.min(...delays) < 50, `blocked for ${delays.join(', ')} ms`);
});

test.run();
