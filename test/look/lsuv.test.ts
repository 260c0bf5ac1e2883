/** LSUV: unit variance behind every layer with weights, orthogonal up to a factor; and training begins with it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { block, conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { lsuv } from '../../src/look/lsuv.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

const samples = Uint8Array.from(numbers(50 * 64, 9), (v) => (v + 1) * 127);
const data: Dataset = {
  name: 'noise',
  shape: [1, 8, 8],
  classes: ['a', 'b'],
  samples,
  labels: Uint8Array.from({ length: 50 }, (_, i) => i % 2),
};

const model = sequential(
  {
    conv: conv2d(1, 6, 3),
    act: relu(),
    body: block({ inner: conv2d(6, 5, 3) }, ({ inner }, x) => relu(inner(x))),
    flat: flatten(),
    fc: linear(180, 40),
    act2: relu(),
    head: linear(40, 2),
  },
  { input: [1, 10, 10], mean: 0.5, deviation: 0.25 },
);

test('behind every layer with weights the variance is 1', async () => {
  const weights = await lsuv(model, data, { batch: 50, numerics: 'strict' });
  const graph = model.graph(50, 'evaluation');
  // The samples stand in the middle of 10×10, the border is black.
  const images = new Float32Array(50 * 100).fill(-2);
  samples.forEach((v, i) => {
    const [n, row, column] = [Math.floor(i / 64), Math.floor(i / 8) % 8, i % 8];
    images[n * 100 + (row + 1) * 10 + column + 1] = (v / 255 - 0.5) / 0.25;
  });
  const feeds = new Map([...graph.parameters].map(([name, leaf]) => [leaf, weights.get(name)!]));
  feeds.set([...graph.inputs.values()][0]!, images);
  const layers = ['conv', 'body.inner', 'fc', 'head'];
  const outputs = layers.map((name) => graph.activations.find((a) => a.layer === name)!.output);
  const found = await evaluate(outputs, feeds);
  found.forEach((values, i) => {
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length;
    assert.ok(Math.abs(variance - 1) < 0.02, `${layers[i]}: variance ${variance}`);
  });
  // Rows stay orthogonal: those of fc, 40×180, have one length.
  const fc = weights.get('fc.weight')!;
  const product = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < 180; i++) sum += fc[a * 180 + i]! * fc[b * 180 + i]!;
    return sum;
  };
  assert.ok(Math.abs(product(3, 7)) < 1e-5 * product(3, 3));
  assert.ok(Math.abs(product(7, 7) / product(3, 3) - 1) < 1e-5);
});

test('the weights follow from model, data and options; a run can begin with them', async () => {
  const weights = await lsuv(model, data, { numerics: 'strict' });
  assert.equal(await lsuv(model, data, { numerics: 'strict' }), weights);
  assert.not.equal(await lsuv(model, data, { numerics: 'strict', seed: 2 }), weights);
  const { model: still } = await train(model, {
    data,
    optimizer: sgd({ lr: 0 }),
    epochs: 1,
    batch: 10,
    workers: 0,
    weights,
  });
  assert.equal(still.weights, weights);
});

test('options out of range, and data without variance', async () => {
  const refusal = async (options: object, given = data) => {
    try {
      await lsuv(model, given, options);
    } catch (error) {
      assert.instance(error, LanewiseError);
      return (error as LanewiseError).message;
    }
    throw new Error('nothing was refused');
  };
  assert.match(await refusal({ batch: 0 }), /^lsuv: batch is 0, expected a whole number/);
  assert.match(await refusal({ tolerance: 0 }), /^lsuv: tolerance is 0/);
  assert.match(await refusal({ iterations: 0.5 }), /^lsuv: iterations is 0.5/);
  const alike = { ...data, shape: [1, 10, 10] as const, samples: new Uint8Array(5000).fill(9) };
  const flat = sequential([flatten(), linear(100, 1)], { input: [1, 10, 10] });
  let message = '';
  await lsuv(flat, alike).catch((error: Error) => (message = error.message));
  assert.match(
    message,
    /^lsuv: the outputs of layer '1' have variance 0, expected samples that differ/,
  );
});

test.run();
