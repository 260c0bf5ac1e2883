/**
 * The promises of the update phase for whole runs: the same bits for any number of workers, frozen parameters that
 * keep theirs, averages of the steps' weights, runs that begin with given weights.
 */
// slow: trains by every rule
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { batchNorm2d, conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { lenet5 } from '../../src/models/index.js';
import {
  adamW,
  ema,
  lars,
  momentum,
  schedule,
  sgd,
  swa,
  type Average,
  type Optimizer,
} from '../../src/optimizers/index.js';
import * as rules from '../../src/optimizers/rules.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

/** 12×12 noise with the label written into it as a bright row. */
function rows(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10);
  const samples = Uint8Array.from(numbers(count * 144, 5), (v) => (v + 1) * 60);
  labels.forEach((label, i) => samples.fill(250, i * 144 + label * 12, i * 144 + label * 12 + 12));
  return { name: 'rows', shape: [1, 12, 12], classes: [...'0123456789'], samples, labels };
}

/** With running statistics, and with a weight of two blocks of 4096 and a rest. */
const model = sequential(
  {
    conv: conv2d(1, 5, 3),
    norm: batchNorm2d(5),
    act: relu(),
    flat: flatten(),
    fc: linear(500, 17),
    head: linear(17, 10),
  },
  { input: [1, 12, 12] },
);

const data = rows(90);
const base: TrainSettings = {
  data,
  optimizer: momentum({ lr: 0.05 }),
  epochs: 2,
  batch: 24,
  shards: 5,
  seed: 3,
  numerics: 'strict',
  workers: 0,
};
const run = (settings: Partial<TrainSettings>) => train(model, { ...base, ...settings });

const settings: Record<string, Partial<TrainSettings>> = {
  'clipping by value and norm': { clipValue: 0.02, clipNorm: 0.1 },
  LARS: { optimizer: lars({ lr: 1, trust: 0.02 }), clipValue: 0.02 },
  EMA: { average: ema({ decay: 0.8 }), validation: rows(30) },
  'SWA and L1': { average: swa({ from: 2 }), optimizer: sgd({ lr: 0.1, l1: 1e-3 }) },
  'groups, frozen layers, norm and average together': {
    optimizer: adamW({
      lr: 0.01,
      groups: [
        { match: 'bias', weightDecay: 0 },
        { match: 'head', lrFactor: 3 },
      ],
    }),
    freeze: ['norm.*', 'conv.weight'],
    clipNorm: 0.5,
    average: ema({ decay: 0.9, biasCorrection: true }),
    schedule: schedule.warmup(3, schedule.cosine()),
  },
};

for (const [name, given] of Object.entries(settings)) {
  test(`${name}: the same bits with 0, 1, 2, 3 and 7 workers`, async () => {
    const alone = await run(given);
    const hash = await alone.model.sha256();
    assert.is.not(hash, await (await run({})).model.sha256());
    for (const workers of [1, 2, 3, 7]) {
      const found = await run({ ...given, workers });
      assert.is(await found.model.sha256(), hash, `${workers} workers`);
      assert.is(found.history[1]!.valLoss, alone.history[1]!.valLoss);
    }
  });
}

test('LeNet-5 with the global norm: the same bits for 1, 2 and 3 workers', async () => {
  const hash = async (workers: number) => {
    const { model } = await train(lenet5(), { ...base, epochs: 1, clipNorm: 0.3, workers });
    return model.sha256();
  };
  const alone = await hash(0);
  for (const workers of [1, 2, 3]) assert.is(await hash(workers), alone);
});

test('frozen parameters and statistics keep their bits, the others do not', async () => {
  const before = (await run({ optimizer: sgd({ lr: 0 }), freeze: ['norm.running_*'] })).model
    .weights;
  const freeze = ['conv', 'norm', 'head.bias'];
  const { weights } = (await run({ freeze, optimizer: adamW({ weightDecay: 0.5 }) })).model;
  for (const [name, values] of weights) {
    const isFrozen = /^conv|^norm|^head.bias/.test(name);
    assert.is(String(values) === String(before.get(name)), isFrozen, name);
  }
});

test('an average over the last steps is the mean of their weights', async () => {
  // Runs of one and two epochs are the beginning of a run of three where the rate is constant.
  const ends = await Promise.all(
    [1, 2, 3].map(async (epochs) => (await run({ epochs })).model.weights),
  );
  const averaged = await run({ epochs: 3, average: swa({ from: 2 }), validation: data });
  for (const [name, values] of averaged.model.weights) {
    values.forEach((value, i) => {
      const expected = (ends[1]!.get(name)![i]! + ends[2]!.get(name)![i]!) / 2;
      assert.ok(Math.abs(value - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), name);
    });
  }
  // What is scored after the last epoch is what comes out.
  const { loss } = await averaged.model.evaluate(data, { workers: 0 });
  assert.is(averaged.history[2]!.valLoss, loss);
  // Before the average begins, the weights themselves are scored; and training goes on with them.
  const plain = await run({ epochs: 3, validation: data });
  assert.is(averaged.history[0]!.valLoss, plain.history[0]!.valLoss);
  assert.is(averaged.history[2]!.loss, plain.history[2]!.loss);
});

test('the average of a short run is not that of its first steps', async () => {
  const accuracy = async (average?: Average) => {
    const { history } = await run({
      validation: data,
      epochs: 10,
      ...(average ? { average } : {}),
    });
    return history.at(-1)!.valAccuracy!;
  };
  const plain = await accuracy();
  assert.ok(plain > 0.9, String(plain));
  const [grown, constant] = [
    await accuracy(ema({ decay: 0.999 })),
    await accuracy(ema({ decay: 0.999, warmup: false })),
  ];
  assert.ok(grown > plain - 0.05, `${grown}, without an average ${plain}`);
  assert.ok(constant < 0.5, String(constant));
});

test('an average that never begins leaves the weights', async () => {
  const average = swa({ from: 9 });
  assert.is(await (await run({ average })).model.sha256(), await (await run({})).model.sha256());
});

test('a run can begin with a trained model’s weights, or some of them', async () => {
  const first = (await run({})).model;
  const still = await run({ weights: first.weights, optimizer: sgd({ lr: 0 }), freeze: ['norm'] });
  assert.is(await still.model.sha256(), await first.sha256());
  const body = new Map([...first.weights].filter(([name]) => !name.startsWith('head')));
  const tuned = await run({ weights: body, freeze: ['conv', 'norm', 'fc'] });
  for (const name of body.keys()) assert.equal(tuned.model.weights.get(name), body.get(name));
  assert.is.not(
    String(tuned.model.weights.get('head.weight')),
    String(first.weights.get('head.weight')),
  );
});

/** Rates that suit the run, of rules whose default does not. */
const RATES = { sgd: 0.5, momentum: 0.05, lars: 5, rmsprop: 0.002, lion: 0.002 };

test('every rule lowers the loss of a real run', async () => {
  for (const [name, make] of Object.entries(rules)) {
    const rate = RATES[name as keyof typeof RATES];
    const trust = name === 'lars' ? { trust: 0.01 } : {};
    const optimizer = (make as (options: object) => Optimizer)({
      ...trust,
      ...(rate === undefined ? {} : { lr: rate }),
    });
    const { history } = await run({ optimizer, epochs: 6, schedule: schedule.oneCycle() });
    const ratio = history[5]!.loss / history[0]!.loss;
    assert.ok(ratio < 0.7, `${name}: ${ratio}`);
  }
});

test('reduceOnPlateau follows the validation loss of the run', async () => {
  // No epoch improves by half: after one that is borne the rate falls to 0, and the weights stay.
  const plateau = schedule.reduceOnPlateau({ factor: 0, patience: 0, threshold: 0.99 });
  const { history } = await run({
    epochs: 5,
    schedule: plateau,
    validation: data,
    freeze: ['norm.running_*'],
  });
  assert.is.not(history[0]!.valLoss, history[1]!.valLoss);
  assert.is(history[2]!.valLoss, history[4]!.valLoss);
});

test('settings that cannot be are refused by name', async () => {
  const refused: [Partial<TrainSettings>, RegExp][] = [
    [{ clipNorm: 0 }, /^train: clipNorm is 0, expected a number above 0/],
    [{ clipValue: NaN }, /^train: clipValue is NaN/],
    [{ average: 3 as never }, /^train: average is 3, expected one made by ema or swa/],
    [{ freeze: ['convv'] }, /^freeze: 'convv' matches no parameter/],
    [{ freeze: 'conv' as never }, /^train: freeze is 'conv', expected a list/],
    [
      { weights: new Map([['fc.wieght', new Float32Array(1)]]) },
      /^weights: the model has no parameter 'fc.wieght'/,
    ],
    [
      { weights: new Map([['head.weight', new Float32Array(5)]]) },
      /^train: weights of 'head.weight': 5 values, expected a Float32Array of 170 \(10×17\)/,
    ],
    [{ weights: {} as never }, /^train: weights are an object, expected a Map/],
  ];
  for (const [given, message] of refused) {
    let found = '';
    await run(given).catch((error: unknown) => {
      assert.instance(error, LanewiseError);
      found = (error as LanewiseError).message;
    });
    assert.match(found, message);
  }
});

test.run();
