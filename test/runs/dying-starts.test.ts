/**
 * Threads that are ended while they start, of those that train and those that decode: a run recovers to the same weights, or
 * ends with an error that says so, and then goes on from its folder. It never hangs. The threads are real.
 */
// slow: processes that die on their way
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type * as Threads from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StreamedDataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { loadIntoMemory } from '../../src/crew/load.js';
import { randomStream } from '../../src/random/philox.js';
import { trainEvents } from '../../src/train/train.js';
import { createReader, type FaultySettings } from '../support/faulty-reader.js';

/** How many of the threads that are started next are ended, and so many milliseconds after. */
let deaths = 0;
let afterMs = (): number => 0;

const module = createRequire(import.meta.url)('node:worker_threads') as {
  Worker: typeof Threads.Worker;
};
const { Worker } = module;
module.Worker = class extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    if (deaths-- > 0) globalThis.setTimeout(() => void this.terminate(), afterMs());
  }
};
syncBuiltinESMExports();

const count = 32;
const url = new URL('../support/faulty-reader.js', import.meta.url).href;
const reading: FaultySettings = {
  deaths: new Int32Array(new SharedArrayBuffer(count * 4)),
  how: 'exit',
};
const streamed = {
  name: 'rows',
  shape: [3, 12, 12],
  classes: ['a', 'b'],
  labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
  reader: { ...createReader(reading), module: { url, settings: reading } },
} satisfies StreamedDataset;
const inMemory = await loadIntoMemory(streamed, { decoders: 0 });

const model = sequential({ flat: flatten(), dense: linear(432, 2) }, { input: [3, 12, 12] });

let root = '';
test.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'lanewise-starts-'));
});
test.after(() => rm(root, { recursive: true, force: true }));

interface RunOptions {
  readonly folder: string;
  readonly workers: number;
  readonly isStreamed: boolean;
  readonly resume?: boolean;
}

/** The hash of the run's weights. */
async function run({ folder, workers, isStreamed, resume = false }: RunOptions): Promise<string> {
  const settings = {
    data: isStreamed ? streamed : inMemory,
    optimizer: adam({ lr: 0.01 }),
    epochs: 2,
    batch: 8,
    workers,
    decoders: 1 + (workers % 2),
    numerics: 'strict',
  } as const;
  const checkpoints = { everySteps: 3 };
  for await (const event of trainEvents(model, settings, {
    folder,
    resume,
    report: false,
    checkpoints,
  }))
    if (event.event === 'done') return event.result().model.sha256();
  throw new Error('the run has no end');
}

const inTime = <T>(work: Promise<T>, what: string): Promise<T> => {
  const timer = new AbortController();
  const late = setTimeout(30_000, undefined, timer).then(() => {
    throw new Error(`${what}: no answer in 30 s`);
  });
  return Promise.race([work, late]).finally(() => timer.abort());
};

test('100 runs with threads ended while they start: the same weights, at once or on resuming', async () => {
  const random = randomStream(1, 99, 0);
  const expected = await run({ folder: join(root, 'whole'), workers: 0, isStreamed: false });
  const outcomes = { recovered: 0, ended: 0 };
  for (let i = 0; i < 100; i++) {
    const options = {
      folder: join(root, String(i)),
      workers: i % 3,
      // Without workers there are threads only that decode.
      isStreamed: i % 3 === 0 || i % 2 === 0,
    };
    deaths = 1 + random.integer(i % 4 === 0 ? 12 : 4);
    const most = [1, 5, 20, 50][random.integer(4)]!;
    afterMs = () => random.integer(most);
    const what = `run ${i}, ${deaths} deaths up to ${most} ms, ${JSON.stringify(options)}`;
    try {
      assert.is(await inTime(run(options), what), expected, what);
      outcomes.recovered++;
    } catch (error) {
      deaths = 0;
      assert.instance(error, LanewiseError, `${what}: ${(error as Error).stack}`);
      assert.match((error as Error).message, /twice/);
      assert.not.ok(
        (await readdir(options.folder).catch((): string[] => [])).includes('lock'),
        what,
      );
      assert.is(await inTime(run({ ...options, resume: true }), what), expected, what);
      outcomes.ended++;
    }
  }
  assert.ok(outcomes.recovered > 20 && outcomes.ended > 5, JSON.stringify(outcomes));
});

test('threads that never start end the run', async () => {
  for (const isStreamed of [false, true]) {
    deaths = Infinity;
    afterMs = () => 0;
    const options = { folder: join(root, `never ${isStreamed}`), workers: 2, isStreamed };
    let message = '';
    await inTime(run(options), 'never').catch((error: Error) => ({ message } = error));
    deaths = 0;
    assert.match(message, /twice: .*(thread ended while it started, twice|worker exited)/);
  }
});

test.run();
