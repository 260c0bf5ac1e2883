/**
 * A run to be killed: digits with augmentation, dropout and Adam, into a folder, always resuming. Prints `step n` after
 * each log window, and at the end the weights' hash.
 *   node killable.js <folder> [--epochs n] [--samples n] [--workers n] [--kill-workers n]
 * With --kill-workers a worker thread is ended every n steps, in the middle of its work.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { parseArgs } from 'node:util';
import type * as Threads from 'node:worker_threads';
import { digits } from '../../src/data/digits/index.js';
import { elastic, randomAffine } from '../../src/data/transforms/index.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import {
  conv2d,
  dropout,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
} from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { trainEvents } from '../../src/train/train.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    epochs: { type: 'string', default: '3' },
    samples: { type: 'string', default: '1500' },
    workers: { type: 'string', default: '2' },
    'kill-workers': { type: 'string' },
  },
});

/** All worker threads that are alive. */
const threads = new Set<Threads.Worker>();

function watchThreads(): void {
  const module = createRequire(import.meta.url)('node:worker_threads') as {
    Worker: typeof Threads.Worker;
  };
  const { Worker } = module;
  module.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      threads.add(this);
      this.on('exit', () => threads.delete(this));
    }
  };
  syncBuiltinESMExports();
}

const every = Number(values['kill-workers'] ?? 0);
if (every > 0) watchThreads();

const model = sequential(
  {
    conv: conv2d(1, 8, 5),
    relu: relu(),
    pool: maxPool2d(2),
    flat: flatten(),
    drop: dropout(0.3),
    dense: linear(8 * 12 * 12, 10),
  },
  { input: [1, 28, 28] },
);
const data = transformed(digits({ count: Number(values.samples), seed: 1 }), [
  randomAffine({ degrees: 10, translate: [0.05, 0.05] }),
  elastic({ alpha: 34, sigma: 4 }),
]);
const settings = {
  data,
  validation: digits({ count: 300, seed: 1, first: 10_000 }),
  optimizer: adam({ lr: 0.002 }),
  epochs: Number(values.epochs),
  batch: 32,
  workers: Number(values.workers),
};

let killed = 0;
let recovered = 0;
for await (const event of trainEvents(model, settings, {
  folder: positionals[0]!,
  resume: true,
  report: false,
  logEvery: 5,
  stepsPerEvent: 5,
  checkpoints: { everySteps: 10 },
})) {
  if (event.event === 'recovery') recovered++;
  if (event.event === 'progress') {
    const { step } = event;
    console.log(`step ${step}`);
    // Not where a checkpoint is written, during which threads have nothing to do.
    if (every > 0 && step % 10 === 5 && Math.floor(step / every) > killed) {
      killed++;
      // In the middle of the next steps.
      setTimeout(() => void [...threads][killed % threads.size]?.terminate(), 2);
    }
  }
  if (event.event === 'done') {
    console.log(`recovered ${recovered} of ${killed}`);
    console.log(`sha256 ${await event.result().model.sha256()}`);
  }
}
