/** Runs whose steps machines share end with the weights of one process alone. */
// slow: trains with every number of machines
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createMemoryHub } from '../../src/cluster/memory-transport.js';
import { digits } from '../../src/data/digits/index.js';
import * as t from '../../src/data/transforms/index.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import { lenet5, smallVgg } from '../../src/models/index.js';
import { adamW, ema, lars, momentum } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { scriptedWorker } from './scripted-worker.js';

const data = digits({ count: 112, seed: 4 });
const list = [t.randomAffine({ degrees: 10, translate: [0.1, 0.1] }), t.cutout({ size: 5 })];
const base = {
  data,
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 4,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
  workers: 0,
} as const;

/** Models and settings; the last minibatch of each epoch is smaller. */
const cases: Readonly<Record<string, readonly [model: typeof lenet5, settings: TrainSettings]>> = {
  'LeNet-5': [lenet5, base],
  'a VGG with batch norm, augmentation, mixup and EMA': [
    smallVgg as typeof lenet5,
    {
      ...base,
      data: transformed(data, list),
      epochs: 1,
      mixup: { alpha: 0.4 },
      average: ema({ decay: 0.8 }),
    },
  ],
  '7 shards': [lenet5, { ...base, batch: 48, shards: 7 }],
  'AdamW with clipNorm': [lenet5, { ...base, optimizer: adamW({ lr: 0.003 }), clipNorm: 0.5 }],
  'LARS with accumulate': [
    lenet5,
    { ...base, batch: 16, shards: 2, accumulate: 3, optimizer: lars({ lr: 0.5 }) },
  ],
};

for (const [name, [model, settings]] of Object.entries(cases))
  test(`${name}: the weights are the same for 0, 1, 2 and 3 workers`, async () => {
    const alone = await (await train(model(), settings)).model.sha256();
    for (const workers of [0, 1, 2, 3]) {
      const hub = createMemoryHub();
      const running = Array.from({ length: workers }, (_, i) =>
        scriptedWorker(hub(`w${i}`).transport, `w${i}`),
      );
      const joined: string[] = [];
      const { model: trained } = await train(model(), settings, {
        cluster: { url: hub().transport, minWorkers: workers },
        onMachine: ({ machine, change }) => void joined.push(`${machine} ${change}`),
        onEpoch: ({ cluster }) => assert.is(cluster?.machines, workers + 1),
      });
      for (const { end } of running) end();
      assert.is(await trained.sha256(), alone, `${workers} workers`);
      assert.equal(joined.toSorted(), ['w0 joined', 'w1 joined', 'w2 joined'].slice(0, workers));
    }
  });

/** The hash of a run alone, and of one that is shared with a worker, all of whose parts are checked; what became of machines. */
async function compared(settings: TrainSettings) {
  const alone = await (await train(lenet5(), settings)).model.sha256();
  const hub = createMemoryHub();
  const { end } = scriptedWorker(hub('w').transport, 'w');
  const changes: string[] = [];
  const { model: trained } = await train(lenet5(), settings, {
    cluster: { url: hub().transport, minWorkers: 1, check: 1 },
    onMachine: ({ change }) => void changes.push(change),
  });
  end();
  return { alone, shared: await trained.sha256(), changes };
}

test('frozen layers are those of the run: no part is wrong', async () => {
  const first = lenet5().parameters[0]!.name;
  const { alone, shared, changes } = await compared({ ...base, epochs: 1, freeze: [first] });
  assert.is(shared, alone);
  assert.equal(changes, ['joined']);
});

test('what a validation leaves behind is in no part', async () => {
  const validation = digits({ count: 30, first: 1_000_000 });
  const { alone, shared, changes } = await compared({ ...base, validation });
  assert.is(shared, alone);
  assert.equal(changes, ['joined']);
});

/** 60 steps with a worker that takes 40 ms for each part: the hash, what became of machines, and the steps it was asked for. */
async function withSlow(settings: TrainSettings, cluster: object) {
  const hub = createMemoryHub();
  const asked: number[] = [];
  const { end } = scriptedWorker(hub('w').transport, 'w', {
    async before(step) {
      asked.push(step);
      await new Promise((resolve) => setTimeout(resolve, 40));
      return true;
    },
  });
  const changes: string[] = [];
  const { model } = await train(lenet5(), settings, {
    cluster: { url: hub().transport, minWorkers: 1, ...cluster },
    onMachine: ({ machine, change }) => void changes.push(`${machine} ${change}`),
  });
  end();
  return { sha256: await model.sha256(), asked, changes };
}

test('a machine that is faster alone goes on alone, with the same weights', async () => {
  const settings = { ...base, epochs: 15 };
  const alone = await (await train(lenet5(), settings)).model.sha256();
  const auto = await withSlow(settings, {});
  assert.is(auto.sha256, alone);
  assert.equal(auto.changes, ['w joined', 'coordinator alone']);
  // 24 steps, four alone, 24 more alone, and a trial of four; the worker may be too slow for a shard of some.
  assert.ok(
    auto.asked.every((step) => step <= 24 || (step > 52 && step <= 56)),
    `${auto.asked}`,
  );
  const always = await withSlow(settings, { share: 'always' });
  assert.is(always.sha256, alone);
  assert.equal(always.changes, ['w joined']);
});

test('what a machine left in the weights is proven though the run goes on alone', async () => {
  const settings = { ...base, epochs: 15 };
  const alone = await (await train(lenet5(), settings)).model.sha256();
  const checked = await withSlow(settings, { check: 0.02 });
  assert.is(checked.sha256, alone);
  assert.ok(checked.changes.includes('coordinator alone'));
});

test.run();
