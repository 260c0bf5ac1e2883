/** onProgress can do more than listen: it reads the weights, makes the run wait, and ends it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { digits } from '../../src/data/digits/index.js';
import { mlp } from '../../src/models/index.js';
import { ema, sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import type { Weights } from '../../src/crew/session.js';

const model = mlp({ hidden: 8 });
const settings = {
  data: digits({ count: 200 }),
  optimizer: sgd({ lr: 0.05 }),
  epochs: 2,
  batch: 20,
} as const;

for (const workers of [0, 1]) {
  test(`weights are read while ${workers} workers train, and keep what they were`, async () => {
    const seen: Weights[] = [];
    const { model: trained } = await train(
      model,
      { ...settings, workers },
      {
        stepsPerEvent: 5,
        onProgress: ({ weights }) => seen.push(weights()),
      },
    );
    assert.ok(seen.length >= 4);
    const last = [...trained.weights].map(([name, values]) => [name, [...values]]);
    assert.equal(
      [...seen.at(-1)!].map(([name, values]) => [name, [...values]]),
      last,
    );
    assert.not.equal([...seen[0]!.get('output.weight')!], [...seen.at(-1)!.get('output.weight')!]);
  });

  test(`${workers} workers wait for what onProgress returns, and train to the same weights`, async () => {
    const direct = await train(model, { ...settings, workers });
    let steps = 0;
    let begin = () => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const run = train(
      model,
      { ...settings, workers },
      {
        stepsPerEvent: 1,
        onStep: () => steps++,
        onProgress: () => {
          begin();
          return released;
        },
      },
    );
    await begun;
    await sleep(100);
    assert.is(steps, 1);
    release();
    const { model: trained } = await run;
    assert.is(steps, 20);
    assert.is(await trained.sha256(), await direct.model.sha256());
  });
}

test('weights that are asked for too late change nothing, and are refused when the run is over', async () => {
  const averaged = { ...settings, average: ema({ decay: 0.9 }), workers: 2 };
  const direct = await train(model, averaged);
  const asked: (() => Weights)[] = [];
  const { model: trained } = await train(model, averaged, {
    stepsPerEvent: 1,
    // The run has gone on by then: what is read may be of any moment.
    onProgress: ({ weights }) => {
      asked.push(weights);
      const again = () => asked.forEach((each) => each());
      queueMicrotask(again);
      setImmediate(() =>
        Promise.resolve()
          .then(again)
          .catch(() => {}),
      );
    },
  });
  assert.is(await trained.sha256(), await direct.model.sha256());
  assert.throws(asked[0]!, /weights of a run that is over/);
});

test('a run that waits is ended by what onProgress throws', async () => {
  const run = train(
    model,
    { ...settings, workers: 0 },
    {
      onProgress: async () => {
        await sleep(5);
        throw new Error('enough');
      },
    },
  );
  await run.then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'enough'),
  );
});

test.run();
