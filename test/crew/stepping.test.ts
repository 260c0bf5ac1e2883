/**
 * Runs driven from outside: minibatches of any size and form, on threads, in this thread, and in one with its own
 * memory.
 */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { subset } from '../../src/data/subset.js';
import type { Dataset } from '../../src/data/dataset.js';
import { samplesOf } from '../../src/data/forms.js';
import { lossTerms } from '../../src/losses/terms.js';
import { smallVgg } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { drawWeights } from '../../src/step/initialize.js';
import {
  closeDriven,
  loadMinibatch,
  openDriven,
  takeGradients,
  takeScores,
  takeStep,
  takeUpdate,
  type DrivenRun,
} from '../../src/crew/stepping.js';
import type { ThreadMode } from '../../src/platform/threads.js';

const model = smallVgg();
const terms = lossTerms('crossEntropy', ['output']);
const optimizer = adam({ lr: 0.01 });
const training = { optimizer, batch: 24, shards: 3, clipNorm: 2 };
const rates = optimizer.rates(0, 0.01);
const key = [1, 2] as const;
const data = digits({ count: 60 });
const weights = await drawWeights(model.parameters, 1, 'strict');

/** The modes that a run may have on any platform. */
const MODES: readonly (readonly [ThreadMode, number])[] = [
  ['none', 0],
  ['shared', 3],
  ['own', 1],
];

async function open([mode, workers]: readonly [ThreadMode, number]): Promise<DrivenRun> {
  const request = { model, terms, numerics: 'strict', workers, training } as const;
  const begun = { weights: new Map(weights), arrays: new Map() };
  return { ...(await openDriven(request, begun, () => {})), mode };
}

const columns = (samples: Dataset) => columnsOf(model, terms, samplesOf(samples));

const some = (from: number, count: number): Dataset =>
  subset(
    data,
    Array.from({ length: count }, (_, i) => from + i),
  ) as Dataset;

const bytesOf = ({ values }: DrivenRun): string =>
  [...values.weights.values(), ...values.arrays.values()]
    .map(({ buffer, byteOffset, byteLength }) =>
      Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
    )
    .join();

/** What a list of steps leads to. */
async function after(
  mode: (typeof MODES)[number],
  use: (run: DrivenRun) => Promise<void>,
): Promise<string> {
  const run = await open(mode);
  await use(run);
  await closeDriven(run);
  return bytesOf(run);
}

/** The same in every mode. */
async function alike(use: (run: DrivenRun) => Promise<void>): Promise<string> {
  const found: string[] = [];
  for (const mode of MODES) found.push(await after(mode, use));
  MODES.forEach(([mode], i) => assert.ok(found[i] === found[0], mode));
  return found[0]!;
}

async function step(run: DrivenRun, samples: Dataset, number: number) {
  return takeStep(await loadMinibatch(run, columns(samples), 'step'), { number, key }, rates);
}

test('sizes come as they come, and the memory stays where it is', async () => {
  const sizes = [24, 2, 23, 24, 2, 7, 9];
  await alike(async (run) => {
    let place = run.open;
    for (const [number, size] of sizes.entries()) {
      const { samples } = await step(run, some(number, size), number);
      assert.is(samples, size);
      place ??= run.open;
      assert.is(run.open, place, `planned again for ${size}`);
    }
    assert.equal(
      Object.keys(run.open!.plan.steps),
      ['2', '7', '9', '23', '24'],
      'a program for each size',
    );
  });
});

test('a step is its gradients and its update, without threads that share memory, too', async () => {
  const whole = await alike(async (run) => {
    await step(run, some(0, 24), 0);
    await step(run, some(24, 10), 1);
  });
  const parts = await alike(async (run) => {
    for (const [number, samples] of [some(0, 24), some(24, 10)].entries()) {
      const loaded = await loadMinibatch(run, columns(samples), 'step');
      const { gradients } = await takeGradients(loaded, { number, key });
      const copies = new Map([...gradients].map(([name, values]) => [name, values.slice()]));
      await takeScores(await loadMinibatch(run, columns(some(3, 5)), 'score'));
      await takeUpdate(run.open!, copies, rates);
    }
  });
  assert.ok(parts === whole);
});

test('forms of minibatches come as they come: bytes, floats, weights of samples', async () => {
  const floats = { ...some(5, 9), samples: Float32Array.from(some(5, 9).samples, (v) => v / 255) };
  const weighted = { ...some(5, 9), weights: new Float32Array(9).fill(1) };
  const expected = await alike(async (run) => {
    for (let number = 0; number < 4; number++) await step(run, some(5, 9), number);
  });
  const withWeights = await alike(async (run) => {
    for (const [number, samples] of [some(5, 9), weighted, some(5, 9), weighted].entries())
      await step(run, samples, number);
    assert.is(run.forms.length, 1, 'who says nothing of weights has weights of 1');
  });
  assert.ok(withWeights === expected, 'weights of 1 change nothing');
  await alike(async (run) => {
    for (const [number, samples] of [some(5, 9), floats, some(5, 9), floats].entries())
      await step(run, samples, number);
    assert.is(run.forms.length, 2);
    const places = run.open;
    await step(run, floats, 4);
    assert.is(run.open, places, 'both have their place');
  });
});

test('a loss that is not finite leaves the weights, and the next step goes on', async () => {
  const expected = await alike(async (run) => void (await step(run, some(0, 12), 0)));
  const found = await alike(async (run) => {
    const sick = { ...some(0, 12), weights: Float32Array.from({ length: 12 }, () => 1) };
    // Beyond what float32 holds: the border would refuse Infinity.
    sick.weights[3] = 3e38;
    sick.weights[4] = 3e38;
    const { loss } = await step(run, sick, 0);
    assert.not(Number.isFinite(loss));
    await step(run, some(0, 12), 0);
  });
  assert.ok(found === expected);
});

test('scores are those of evaluation, at every size', async () => {
  const found: number[][] = [];
  for (const mode of MODES) {
    const run = await open(mode);
    const loaded = await loadMinibatch(run, columns(some(0, 24)), 'score');
    const { losses } = await takeScores(loaded);
    const few = await takeScores(await loadMinibatch(run, columns(some(10, 3)), 'score'));
    assert.equal(few.losses, losses!.slice(10, 13), mode[0]);
    found.push([...losses!]);
    await closeDriven(run);
  }
  assert.equal(found[1], found[0]);
  assert.equal(found[2], found[0]);
});

test.run();
