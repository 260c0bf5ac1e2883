/**
 * The second promise for layers that draw or keep state: dropout (of elements, channels, attention weights and between
 * recurrent layers), batch normalisation, local response normalisation and an LSTM in one net, wired with a shortcut.
 */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import {
  add,
  batchNorm2d,
  concat,
  conv2d,
  dropout,
  dropout2d,
  flatten,
  functional,
  gelu,
  input,
  linear,
  localResponseNorm,
  lstm,
  multiheadAttention,
  relu,
  reshape,
  sequential,
  type Model,
} from '../../src/layers/index.js';
import { gpt } from '../../src/models/index.js';
import { adam, sgd } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { availableNumerics } from '../kernels/instance.js';
import { numbers } from '../support/numbers.js';

/** Images 2×8×8: convolutions to 6×8×8, whose rows of pixels an LSTM reads as steps of 48 values. */
function everything(): Model {
  const conv1 = conv2d(2, 6, 3, { padding: 1 });
  const bn1 = batchNorm2d(6);
  const conv2 = conv2d(6, 6, 3, { padding: 1, bias: false });
  const bn2 = batchNorm2d(6);
  const rnn = lstm(48, 10, { numLayers: 2, dropout: 0.3, bidirectional: true });
  const attention = multiheadAttention(20, 2, { causal: true, dropout: 0.2 });
  const head = linear(8 * 20 + 6 * 64, 5);
  const drop = dropout(0.4);
  const image = input([2, 8, 8]);
  const first = localResponseNorm(3)(relu(bn1(conv1(image))));
  const sum = relu(add(bn2(conv2(dropout2d(0.25)(first))), first));
  const states = attention(rnn(reshape([8, 48])(sum)));
  const features = concat(drop(gelu()(flatten(states))), drop(flatten(sum)));
  const layers = { conv1, bn1, conv2, bn2, rnn, attention, head };
  return functional({ inputs: image, outputs: head(features), layers });
}

const count = 53;
const data: TensorDataset = {
  name: 'noise',
  inputs: { input: { shape: [2, 8, 8], values: numbers(count * 128, 9) } },
  targets: {
    output: { shape: [], values: Int32Array.from({ length: count }, (_, i) => (i * 3) % 5) },
  },
};

const base = { data, epochs: 2, seed: 7, optimizer: adam({ lr: 0.01 }) } as const;
const hash = async (settings: TrainSettings, model = everything()) =>
  (await train(model, settings)).model.sha256();

for (const numerics of availableNumerics) {
  test(`layers that draw or keep state (${numerics}): one hash for 0, 1, 2, 3 and 5 workers`, async () => {
    // 53 samples in minibatches of 20: the last one has 13, and 6 shards of them differ in size.
    const settings = { ...base, numerics, batch: 20, shards: 6 } as const;
    const alone = await hash({ ...settings, workers: 0 });
    for (const workers of [1, 2, 3, 5])
      assert.is(await hash({ ...settings, workers }), alone, `${workers} workers`);
    assert.is.not(await hash({ ...settings, workers: 0, seed: 8 }), alone);
  });

  test(`convolutions of planes of 1×1 to 4×4 (${numerics}): one hash for 0, 1, 2 and 3 workers`, async () => {
    const planes = () => {
      const pooled = [conv2d(2, 9, 3, { padding: 1, stride: 2 }), relu()];
      const small = [conv2d(9, 20, 3, { padding: 1, stride: 2 }), relu()];
      const two = [conv2d(20, 18, 3, { padding: 1, groups: 2 }), relu()];
      const one = [conv2d(18, 12, 5, { padding: 2, stride: 2 }), relu()];
      const layers = [...pooled, ...small, ...two, ...one, flatten(), linear(12, 5)];
      return sequential(layers, { input: [2, 8, 8] });
    };
    const settings = { ...base, numerics, batch: 40, shards: 2 } as const;
    const alone = await hash({ ...settings, workers: 0 }, planes());
    for (const workers of [1, 2, 3])
      assert.is(await hash({ ...settings, workers }, planes()), alone, `${workers} workers`);
  });

  test(`a GPT with dropout (${numerics}): one hash for 0, 1, 2, 3 and 5 workers`, async () => {
    const tokens = Int32Array.from({ length: 8 * 33 }, (_, i) => (i * i + (i >> 2)) % 9);
    const text: TensorDataset = {
      name: 'tokens',
      inputs: { input: { shape: [8], values: tokens } },
      targets: { output: { shape: [8], values: tokens.map((token) => (token + 1) % 9) } },
    };
    const model = () => gpt({ vocabulary: 9, length: 8, features: 16, heads: 2, dropout: 0.2 });
    const settings = { ...base, data: text, numerics, batch: 12, shards: 5 } as const;
    const alone = await hash({ ...settings, workers: 0 }, model());
    for (const workers of [1, 2, 3, 5])
      assert.is(await hash({ ...settings, workers }, model()), alone, `${workers} workers`);
  });
}

test('what dropout draws does not depend on the number of shards', async () => {
  // A product by an input of ones, summed for each sample: with squared errors of zero target and a rate that leaves
  // the weights alone, the mean loss of an epoch counts what was kept, sample by sample.
  const kept: TensorDataset = {
    name: 'ones',
    inputs: { input: { shape: [64], values: new Float32Array(24 * 64).fill(1) } },
    targets: { output: { shape: [64], values: new Float32Array(24 * 64) } },
  };
  const x = input([64]);
  const model = functional({
    inputs: x,
    outputs: linear(64, 64, { bias: false })(dropout(0.5)(x)),
  });
  const eye = Float32Array.from({ length: 64 * 64 }, (_, i) => (i % 65 === 0 ? 1 : 0));
  const losses = async (shards: number) => {
    const { history, model: trained } = await train(model, {
      ...base,
      data: kept,
      weights: new Map([['linear.weight', eye]]),
      loss: 'squaredError',
      optimizer: sgd({ lr: 0 }),
      epochs: 4,
      batch: 8,
      shards,
      workers: 2,
      numerics: 'strict',
    });
    assert.equal([...trained.weights.get('linear.weight')!], [...eye]);
    return history.map(({ loss }) => loss);
  };
  const [one, two, three, eight] = await Promise.all([1, 2, 3, 8].map(losses));
  // Sums of fours, halved: exact in any order.
  assert.is(new Set(one).size, 4, 'draws differ from epoch to epoch');
  assert.equal(two, one);
  assert.equal(three, one);
  assert.equal(eight, one);
});

test('nor do the gradients of single samples: weights after a step differ by rounding alone', async () => {
  const step = async (shards: number) => {
    const { model } = await train(
      gpt({ vocabulary: 9, length: 8, features: 16, heads: 2, dropout: 0.5 }),
      {
        ...base,
        data: {
          name: 'tokens',
          inputs: {
            input: { shape: [8], values: Int32Array.from({ length: 96 }, (_, i) => i % 9) },
          },
          targets: {
            output: { shape: [8], values: Int32Array.from({ length: 96 }, (_, i) => (i + 2) % 9) },
          },
        },
        optimizer: sgd({ lr: 0.5 }),
        epochs: 1,
        batch: 12,
        shards,
        workers: 0,
      },
    );
    return [...model.weights.values()].flatMap((values) => [...values]);
  };
  const [one, five] = [await step(1), await step(5)];
  const worst = one.reduce((most, value, i) => Math.max(most, Math.abs(value - five[i]!)), 0);
  assert.ok(worst < 1e-6, `off by ${worst}`);
});

test.run();
