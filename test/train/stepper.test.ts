/** Single steps: the bits of `train` for the same minibatches, whole or in parts, with any workers. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { shuffled } from '../../src/data/samplers.js';
import { subset } from '../../src/data/subset.js';
import * as transforms from '../../src/data/transforms/index.js';
import {
  batchNorm2d,
  conv2d,
  dropout,
  flatten,
  linear,
  relu,
  sequential,
} from '../../src/layers/index.js';
import { adam, ema, momentum } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { createStepper, type Stepper } from '../../src/train/stepper.js';
import type { StepperSettings } from '../../src/train/stepper-settings.js';
import { train } from '../../src/train/train.js';

const plain = digits({ count: 75 });
/** What the labels are of is moved about at random. */
const data = {
  ...plain,
  transforms: [transforms.randomAffine({ translate: [0.1, 0.1], degrees: 10 })],
};
const BATCH = 32;
const EPOCHS = 2;
const SEED = 3;

/** Batch normalisation has statistics, dropout draws. */
const net = () =>
  sequential(
    {
      c1: conv2d(1, 4, 3, { stride: 2 }),
      n1: batchNorm2d(4),
      a1: relu(),
      flat: flatten(),
      d1: dropout(0.3),
      out: linear(676, 10),
    },
    { input: [1, 28, 28] },
  );

const settings = {
  optimizer: adam({ lr: 0.01 }),
  batch: BATCH,
  shards: 3,
  seed: SEED,
  clipNorm: 1,
  average: ema(),
  numerics: 'strict',
} as const satisfies StepperSettings & Partial<TrainSettings>;

const hashOfTraining = async (others: Partial<TrainSettings> = {}): Promise<string> =>
  (await train(net(), { ...settings, data, epochs: EPOCHS, workers: 0, ...others })).model.sha256();

/** The minibatches of `train`, 32, 32 and 11 samples. */
function* minibatches() {
  for (let epoch = 1; epoch <= EPOCHS; epoch++) {
    const order = shuffled().order(75, SEED, epoch);
    for (let from = 0; from < 75; from += BATCH)
      yield subset(data, [...order.subarray(from, from + BATCH)]);
  }
}

async function hashOf(stepper: Stepper): Promise<string> {
  const hash = await (await stepper.model()).sha256();
  await stepper.close();
  return hash;
}

test('a loop of steps gives the weights of train, with 0, 1 and 3 workers', async () => {
  const expected = await hashOfTraining();
  for (const workers of [0, 1, 3]) {
    const stepper = await createStepper(net(), { ...settings, workers });
    let last;
    for (const minibatch of minibatches()) last = await stepper.step(minibatch);
    assert.is(stepper.steps, 6);
    assert.is(last!.step, 6);
    assert.is(last!.samples, 11);
    assert.is(await hashOf(stepper), expected, `${workers} workers`);
  }
});

test('gradients and apply, one after the other, are a step', async () => {
  const expected = await hashOfTraining();
  for (const workers of [0, 2]) {
    const stepper = await createStepper(net(), { ...settings, workers });
    for (const minibatch of minibatches()) {
      const { gradients } = await stepper.gradients(minibatch);
      const { gradients: again } = await stepper.gradients(minibatch);
      assert.equal(again, gradients, 'they change nothing');
      await stepper.apply(gradients);
    }
    assert.is(await hashOf(stepper), expected, `${workers} workers`);
  }
});

test('gradients have the names of what a step changes', async () => {
  const stepper = await createStepper(net(), { ...settings, workers: 0, freeze: ['c1'] });
  const { gradients } = await stepper.gradients(subset(data, [1, 2, 3, 4]));
  assert.equal(
    [...gradients.keys()],
    ['n1.weight', 'n1.bias', 'n1.running_mean', 'n1.running_var', 'out.weight', 'out.bias'],
  );
  await stepper.close();
});

test('lr is the rate of a step', async () => {
  const optimizer = momentum({ lr: 0.1 });
  const rates = [0.1, 0.07, 0.03, 0.9, 0.2, 0.11];
  const expected = await hashOfTraining({
    optimizer,
    schedule: { kind: 'mine', settings: {}, factor: ({ step }) => rates[step]! / 0.1 },
  });
  const byFactor = await createStepper(net(), {
    ...settings,
    optimizer,
    workers: 0,
    schedule: (step) => rates[step]! / 0.1,
  });
  for (const minibatch of minibatches()) await byFactor.step(minibatch);
  assert.is(await hashOf(byFactor), expected);
  const byRate = await createStepper(net(), { ...settings, optimizer, workers: 0 });
  for (const minibatch of minibatches()) {
    const { rate } = await byRate.step(minibatch, { lr: rates[byRate.steps]! });
    assert.is(rate, rates[byRate.steps - 1]);
  }
  assert.is(await hashOf(byRate), expected);
});

test.run();
