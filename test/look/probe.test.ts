/** The probe's figures are those of the gradients and outputs themselves, and a divergence is traced to where it begins. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { dropout, flatten, linear, relu, sequential, tanh } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { lenet5 } from '../../src/models/lenet5.js';
import { mlp } from '../../src/models/mlp.js';
import { resnet20 } from '../../src/models/resnet20.js';
import { momentum } from '../../src/optimizers/index.js';
import { explainDivergence } from '../../src/look/divergence.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { createProbe, histogramOf } from '../../src/look/probe.js';
import { train } from '../../src/train/train.js';

const data = digits({ count: 40, seed: 3 });
const terms = lossTerms('crossEntropy', ['output']);
const initial = async (model: ReturnType<typeof lenet5>) => {
  const { model: trained } = await train(model, {
    data,
    optimizer: momentum({ lr: 1e-6 }),
    epochs: 1,
    workers: 0,
    numerics: 'strict',
  });
  return new Map([...trained.weights].map(([name, values]) => [name, values.slice()]));
};
const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

test('norms are those of the gradients, the same each time', async () => {
  const model = lenet5();
  const weights = await initial(model);
  const probe = await createProbe(model, terms, samplesOf(data), 'strict');
  assert.is(probe.samples, 32);
  const record = probe.measure(weights);
  const few = {
    ...data,
    samples: data.samples.subarray(0, 32 * 784),
    labels: data.labels.subarray(0, 32),
  };
  const { loss, gradients } = await gradientsOf(model, weights, few, { numerics: 'strict' });
  assert.is(record.loss, loss);
  assert.equal(
    record.weights.map(({ name, gradientNorm }) => [name, gradientNorm.toPrecision(5)]),
    [...gradients].map(([name, values]) => [name, norm(values).toPrecision(5)]),
  );
  for (const { name, norm: found, histogram } of record.weights) {
    assert.is(found, norm(weights.get(name)!), name);
    assert.is(histogram.counts.length, 30);
    assert.is(
      histogram.counts.reduce((a, b) => a + b),
      weights.get(name)!.length,
    );
  }
  assert.ok(record.layers.length > 5);
  for (const { name, activationNorm, gradientNorm } of record.layers)
    assert.ok(activationNorm > 0 && gradientNorm > 0, name);
  assert.equal(probe.measure(weights), record);
  probe.close();
});

test('figures follow the weights: a last layer ten times as large has outputs ten times as large', async () => {
  const model = sequential(
    {
      flat: flatten(),
      fc1: linear(784, 20),
      act: tanh(),
      drop: dropout(0.5),
      fc2: linear(20, 10, { bias: false }),
    },
    { input: [1, 28, 28] },
  );
  const weights = await initial(model);
  const probe = await createProbe(model, terms, samplesOf(data));
  const before = probe.measure(weights).layers.find(({ name }) => name === 'fc2')!;
  weights.set(
    'fc2.weight',
    weights.get('fc2.weight')!.map((w) => 16 * w),
  );
  const after = probe.measure(weights).layers.find(({ name }) => name === 'fc2')!;
  assert.is(after.activationNorm, 16 * before.activationNorm);
});

test('vanishing gradients are seen: saturated tanh layers lose them from layer to layer', async () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const layers = names.flatMap((name) => [
    [name, linear(16, 16)],
    [`tanh-${name}`, tanh()],
  ]);
  const model = sequential(
    Object.fromEntries([
      ['flat', flatten()],
      ['in', linear(784, 16)],
      ...layers,
      ['out', linear(16, 10)],
    ]),
    { input: [1, 28, 28] },
  );
  const weights = await initial(model);
  for (const name of names)
    weights.set(
      `${name}.weight`,
      weights.get(`${name}.weight`)!.map((w) => w * 0.05),
    );
  const { layers: found } = (await createProbe(model, terms, samplesOf(data))).measure(weights);
  const gradient = (name: string) => found.find((layer) => layer.name === name)!.gradientNorm;
  assert.ok(gradient('a') < gradient('e') * 1e-4, `${gradient('a')} ${gradient('e')}`);
});

test('models with blocks, batch normalisation and plain layers are measured', async () => {
  for (const model of [mlp(), resnet20({ channels: 1 })]) {
    const probe = await createProbe(
      model,
      lossTerms('crossEntropy', [...model.outputs.keys()]),
      samplesOf(data),
    );
    const { layers, weights, loss } = probe.measure(await initial(model));
    assert.ok(loss > 1 && loss < 10);
    assert.ok(layers.every(({ activationNorm }) => activationNorm > 0));
    assert.is(weights.length, model.parameters.filter(({ role }) => role === 'trained').length);
    assert.is(new Set(layers.map(({ name }) => name)).size, layers.length);
  }
});

test('histograms: both ends count, values that are not finite do not', () => {
  assert.equal(histogramOf(Float32Array.of(0, 1, 2, 4), 4), {
    min: 0,
    max: 4,
    counts: [1, 1, 1, 1],
  });
  assert.equal(histogramOf(Float32Array.of(NaN, 3, 3, -Infinity), 2), {
    min: 3,
    max: 3,
    counts: [2, 0],
  });
  assert.equal(histogramOf(Float32Array.of(NaN), 2), { min: 0, max: 0, counts: [0, 0] });
});

const deep = sequential(
  { flat: flatten(), fc1: linear(784, 20), act: relu(), fc2: linear(20, 20), fc3: linear(20, 10) },
  { input: [1, 28, 28] },
);

test('a divergence is traced to the layer whose output overflows, with what goes in', async () => {
  const weights = await initial(deep);
  weights.set(
    'fc1.weight',
    weights.get('fc1.weight')!.map((w) => w * 1e30),
  );
  weights.set(
    'fc2.weight',
    weights.get('fc2.weight')!.map((w) => w * 1e20),
  );
  const found = await explainDivergence(deep, terms, weights, samplesOf(data));
  assert.is(found.layer, 'fc2');
  assert.match(
    found.message,
    /^layer 'fc2' is the first whose output is (-?Infinity|NaN) \(its input reaches \d(\.\d)?e\d+\)$/,
  );
});

test('a divergence is traced to the parameter, to the data, to the loss, to nothing', async () => {
  const weights = await initial(deep);
  assert.match(
    (await explainDivergence(deep, terms, weights, samplesOf(data))).message,
    /^every output and gradient is finite/,
  );
  const broken = new Map(weights).set(
    'fc2.bias',
    weights.get('fc2.bias')!.map((b, i) => (i < 3 ? NaN : b)),
  );
  const found = await explainDivergence(deep, terms, broken, samplesOf(data));
  assert.is(found.parameter, 'fc2.bias');
  assert.is(found.message, "'fc2.bias' is the first parameter which is NaN (3 of its 20 values)");
  const floats = { ...data, samples: Float32Array.from(data.samples) };
  floats.samples[5] = Infinity;
  assert.match(
    (await explainDivergence(deep, terms, weights, samplesOf(floats))).message,
    /^input 'input' holds Infinity/,
  );
  const large = new Map(weights).set(
    'fc3.weight',
    weights.get('fc3.weight')!.map((w) => w * 1e25),
  );
  const mse = lossTerms('meanSquaredError', ['output']);
  const targets = { shape: [10], values: new Float32Array(400) };
  const fields = {
    name: 'fields',
    inputs: { input: { shape: data.shape, values: data.samples } },
    targets: { output: targets },
  };
  assert.match(
    (await explainDivergence(deep, mse, large, samplesOf(fields))).message,
    /^every layer's output is finite, the loss is Infinity \(the last layer, 'fc3', reaches/,
  );
});

test.run();
