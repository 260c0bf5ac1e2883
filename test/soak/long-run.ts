/** 20,000 steps with checkpoints and logs: what the process needs of memory must not grow. `npm run soak` runs it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '../../src/data/digits/index.js';
import { randomAffine } from '../../src/data/transforms/index.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import { lenet5 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { trainEvents } from '../../src/train/train.js';

const STEPS = Number(process.argv[2] ?? 20_000);
const BATCH = 32;
const SAMPLES = 6400;
const SLACK_BYTES = 24 * 2 ** 20;

const folder = await mkdtemp(join(tmpdir(), 'lanewise-long-'));
const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
const samples: { readonly step: number; readonly rss: number }[] = [];
const epochs = Math.ceil(STEPS / (SAMPLES / BATCH));
for await (const event of trainEvents(
  lenet5(),
  {
    data: transformed(digits({ count: SAMPLES, seed: 1 }), [randomAffine({ degrees: 5 })]),
    validation: digits({ count: 500, seed: 1, first: 10_000 }),
    optimizer: momentum({ lr: 0.01 }),
    epochs,
    batch: BATCH,
  },
  { folder },
)) {
  if (event.event !== 'epoch') continue;
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  samples.push({ step: event.step, rss });
  if (event.epoch % 10 === 0) {
    const figures = [rss, heapUsed, external, arrayBuffers].map(mebibytes);
    console.log(
      `step ${event.step}: RSS ${figures[0]} MiB, heap ${figures[1]}, external ${figures[2]}, of that array buffers ${figures[3]}`,
    );
  }
}
await rm(folder, { recursive: true });

/** The largest RSS between two shares of the run. */
const peak = (from: number, to: number): number =>
  Math.max(
    ...samples
      .filter(({ step }) => step > from * STEPS && step <= to * STEPS)
      .map(({ rss }) => rss),
  );
const [early, late] = [peak(0.1, 0.5), peak(0.5, 1.01)];
console.log(
  `peak RSS ${mebibytes(early)} MiB in the first half, ${mebibytes(late)} MiB in the second`,
);
// V8 enlarges its young generation in steps of some 16 MiB whenever it sees fit; what leaks grows with the steps.
if (late - early > SLACK_BYTES) {
  console.error('memory grows');
  process.exitCode = 1;
}
