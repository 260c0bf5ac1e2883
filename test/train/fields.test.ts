/** Data sets of any arrays: several inputs and outputs, real targets, weights of samples, blended losses, gradients. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import { digits } from '../../src/data/digits/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { add, functional, input, linear, sequential, tanh } from '../../src/layers/index.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { adam, momentum, sgd } from '../../src/optimizers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { assertClose } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

/** y = tanh(left·w + right·v), and half of it: what the wired net below can learn. */
function sums(count: number): TensorDataset {
  const [left, right] = [numbers(count * 3, 1), numbers(count * 2, 2)];
  const row = (i: number) =>
    0.5 * (left[i * 3]! - left[i * 3 + 1]! + 0.3 * left[i * 3 + 2]! + right[i * 2]!);
  const y = Float32Array.from({ length: count }, (_, i) => row(i));
  return {
    name: 'sums',
    inputs: { left: { shape: [3], values: left }, right: { shape: [2], values: right } },
    targets: { y: { shape: [1], values: y }, half: { shape: [1], values: y.map((v) => v / 2) } },
  };
}

function wired() {
  const [left, right] = [input([3]), input([2])];
  const [a, b, out, half] = [linear(3, 8), linear(2, 8), linear(8, 1), linear(8, 1)];
  const hidden = tanh(add(a(left), b(right)));
  return functional({
    inputs: { left, right },
    outputs: { y: out(hidden), half: half(hidden) },
    layers: { a, b, out, half },
  });
}

const settings = {
  data: sums(300),
  loss: { y: 'squaredError', half: { loss: 'squaredError', weight: 0.5 } },
  optimizer: adam({ lr: 0.02 }),
  epochs: 20,
  batch: 32,
  numerics: 'strict',
} as const satisfies TrainSettings;

test('a net of two inputs and two outputs learns both, with the same bits for any number of workers', async () => {
  const results = await Promise.all(
    [0, 1, 3].map((workers) => train(wired(), { ...settings, workers })),
  );
  const [first] = results;
  assert.ok(first!.history.at(-1)!.loss < 0.02, `loss ${first!.history.at(-1)!.loss}`);
  assert.is(first!.history[0]!.accuracy, undefined);
  const hashes = await Promise.all(results.map(({ model }) => model.sha256()));
  assert.is(new Set(hashes).size, 1);
  const { inputs, targets } = settings.data;
  const { scores, classes } = await first!.model.predict(inputs);
  assert.is(classes.length, 300);
  assertClose(scores.slice(0, 3), [...targets['y']!.values].slice(0, 3), 3, 'about y');
  const half = await first!.model.predict(inputs, undefined, 'half');
  const error = half.scores.reduce(
    (sum, v, i) => sum + Math.abs(v - targets['half']!.values[i]!),
    0,
  );
  assert.ok(error / 300 < 0.1, `half is off by ${error / 300}`);
  const summary = await first!.model.evaluate(settings.data);
  assert.ok(summary.loss < 0.02 && summary.accuracy === undefined);
});

test('outputs are trained by the weights of their losses', async () => {
  const whole = { ...settings, workers: 0, epochs: 1 };
  const alone = await train(wired(), {
    ...whole,
    loss: { y: 'squaredError', half: { loss: 'squaredError', weight: 0 } },
  });
  const both = await train(wired(), whole);
  const of = ({ model }: typeof alone, name: string) => [...model.weights.get(name)!];
  assert.not.equal(of(alone, 'a.weight'), of(both, 'a.weight'));
});

test('what the loss does not depend on keeps its values', async () => {
  const { model } = await train(wired(), {
    ...settings,
    loss: { y: 'squaredError' },
    optimizer: momentum({ lr: 0.1, weightDecay: 0.1 }),
    workers: 0,
    epochs: 1,
  });
  const { model: fresh } = await train(wired(), {
    ...settings,
    optimizer: sgd({ lr: 0 }),
    workers: 0,
    epochs: 1,
  });
  const of = (trained: typeof model, name: string) => [...trained.weights.get(name)!];
  assert.equal(of(model, 'half.weight'), of(fresh, 'half.weight'));
  assert.not.equal(of(model, 'out.weight'), of(fresh, 'out.weight'));
});

test('a sample of weight 0 has no influence, one of weight 2 counts twice', async () => {
  const data = digits({ count: 40, seed: 3 });
  const weights = Float32Array.from({ length: 40 }, (_, i) => (i < 10 ? 0 : 1));
  const relabelled = data.labels.map((label, i) => (i < 10 ? (label + 3) % 10 : label));
  const run = (labels: Uint8Array, by: Float32Array) =>
    train(mlp(), {
      data: { ...data, labels, weights: by },
      optimizer: sgd({ lr: 0.05 }),
      epochs: 1,
      batch: 20,
      workers: 0,
      numerics: 'strict',
    }).then(({ model }) => model.sha256());
  const labels = data.labels as Uint8Array;
  assert.is(await run(labels, weights), await run(relabelled as Uint8Array, weights));
  assert.is.not(await run(labels, weights), await run(labels, new Float32Array(40).fill(1)));
  const model = mlp();
  const values = new Map(
    model.parameters.map(({ name, shape }, i) => [name, numbers(sizeOf(shape), i)]),
  );
  const doubled = await gradientsOf(model, values, {
    ...data,
    weights: new Float32Array(40).fill(2),
  });
  const once = await gradientsOf(model, values, data);
  assertClose([doubled.loss], [once.loss * 2], 1e-6, 'loss');
});

test('gradients come by parameters and by inputs, as central differences have them', async () => {
  const model = sequential({ fc: linear(4, 3), act: tanh(), out: linear(3, 2) }, { input: [4] });
  const weights = new Map(
    model.parameters.map(({ name, shape }, i) => [name, numbers(sizeOf(shape), i + 1)] as const),
  );
  const x = numbers(12, 9);
  const data = (values: Float32Array): TensorDataset => ({
    name: 'three',
    inputs: { input: { shape: [4], values } },
    targets: { output: { shape: [], values: Int32Array.of(0, 1, 1) } },
  });
  const { loss, gradients } = await gradientsOf(model, weights, data(x), {
    by: ['fc.weight', 'input'],
    numerics: 'strict',
  });
  assert.equal([...gradients.keys()], ['fc.weight', 'input']);
  assert.ok(loss > 0);
  const lossAt = async (change: (h: number) => [typeof weights, Float32Array], h: number) => {
    const [w, values] = change(h);
    return (await gradientsOf(model, w, data(values), { numerics: 'strict' })).loss;
  };
  const moved = (array: Float32Array, i: number, h: number) =>
    array.map((v, j) => (j === i ? v + h : v));
  const h = 2e-3;
  for (const i of [0, 5, 11]) {
    const inputs = (by: number): [typeof weights, Float32Array] => [weights, moved(x, i, by)];
    const fc = (by: number): [typeof weights, Float32Array] => [
      new Map(weights).set('fc.weight', moved(weights.get('fc.weight')!, i, by)),
      x,
    ];
    for (const [name, change] of [
      ['input', inputs],
      ['fc.weight', fc],
    ] as const) {
      const slope = ((await lossAt(change, h)) - (await lossAt(change, -h))) / (2 * h);
      assert.ok(Math.abs(gradients.get(name)![i]! - slope) < 1e-3, `${name} ${i}`);
    }
  }
});

const refusal = async (attempt: () => Promise<unknown>): Promise<string> => {
  try {
    await attempt();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
};

test('data that does not fit is refused by name', async () => {
  const { data } = settings;
  const attempt = (change: Partial<TrainSettings>) =>
    refusal(() => train(wired(), { ...settings, workers: 0, ...change }));
  const without = { ...data, inputs: { left: data.inputs['left']! } };
  assert.is(await attempt({ data: without }), "data set 'sums' has no input 'right', found left");
  const noHalf = { ...data, targets: { y: data.targets['y']! } };
  assert.is(await attempt({ data: noHalf }), "data set 'sums' has no target 'half', found y");
  const short = { ...data.targets['y']!, values: new Float32Array(299) };
  assert.is(
    await attempt({ data: { ...data, targets: { ...data.targets, y: short } } }),
    "data set 'sums', target 'y': 299 values of shape 1, expected 300 samples as in the first input",
  );
  assert.match(
    await attempt({ data: { ...data, weights: new Float32Array(3) } }),
    /weights are Float32Array of 3, expected a Float32Array of 300/,
  );
  const wide = { shape: [2], values: new Float32Array(600) };
  assert.match(
    await attempt({ data: { ...data, targets: { ...data.targets, y: wide } } }),
    /squaredError 'y': output \d+×1 does not fit target \d+×2/,
  );
  assert.match(
    await attempt({ loss: { z: 'squaredError' } }),
    /there is a loss for output 'z', the model has y, half/,
  );
  assert.match(
    await attempt({ loss: { y: { loss: 'squaredError', weight: NaN } } }),
    /the loss of output 'y': weight is NaN, expected a finite number/,
  );
  assert.match(
    await refusal(() => train(wired(), { ...settings, data: digits({ count: 40 }), workers: 0 })),
    /has samples and labels, the model has inputs left, right/,
  );
  const model = lenet5();
  const weights = new Map(
    model.parameters.map(({ name, shape }) => [name, new Float32Array(sizeOf(shape))]),
  );
  assert.match(
    await refusal(() => gradientsOf(model, weights, digits({ count: 2 }), { by: ['c1.weights'] })),
    /gradient by 'c1.weights', which is neither a parameter nor an input of the model/,
  );
  assert.match(
    await refusal(() => gradientsOf(model, new Map(), digits({ count: 2 }))),
    /weights of 'c1.weight': none values, expected 150/,
  );
});

test('a validation set of other arrays is refused, one with weights is not', async () => {
  const data = digits({ count: 64, seed: 3 });
  const { history } = await train(mlp(), {
    data,
    validation: { ...data, weights: new Float32Array(64).fill(0.5) },
    optimizer: momentum({ lr: 0.01 }),
    epochs: 1,
    workers: 0,
  });
  assert.ok(history[0]!.valLoss! > 0);
  const { targets } = settings.data;
  const classes = { shape: [], values: new Uint8Array(300) };
  const other = { ...settings.data, targets: { ...targets, y: classes } };
  assert.is(
    await refusal(() => train(wired(), { ...settings, validation: other, workers: 0 })),
    'target y is f32 1 in the first data set and i32 scalar in the second, expected the same',
  );
});

test.run();
