/** The layer from a net's numbers to the target's unit: values, gradients, and a run in which it is the last layer. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { linear, relu, rescale, sequential } from '../../src/layers/index.js';
import { gaussian, meanSquaredError, quantile, type Loss } from '../../src/losses/index.js';
import { adam } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const mean = [100, -3, 0];
const deviation = [20, 0.5, 4];

for (const numerics of availableNumerics) {
  test(`rescale (${numerics}) is x·deviation + mean, and so is its gradient`, async () => {
    const cases = [
      { options: { mean, deviation }, m: mean, d: deviation },
      { options: { mean: 7, deviation }, m: [7, 7, 7], d: deviation },
      { options: { mean }, m: mean, d: [1, 1, 1] },
      { options: {}, m: [0, 0, 0], d: [1, 1, 1] },
    ];
    for (const { options, m, d } of cases) {
      for (const shape of [
        [4, 3],
        [2, 5, 3],
      ]) {
        await checkOp({
          what: `rescale ${JSON.stringify(options)} of ${shape.join('×')}`,
          shapes: [shape],
          seed: 3,
          numerics,
          op: (x) => rescale(options).build(undefined as never, x),
          definition: (x) => Array.from(x!, (v, i) => v * d[i % 3]! + m[i % 3]!),
        });
      }
    }
  });
}

const COUNT = 200;
const inputs = { input: { shape: [2], values: numbers(2 * COUNT, 5) } };
const z = Float32Array.from(
  { length: COUNT },
  (_, i) => inputs.input.values[2 * i]! - 0.5 * inputs.input.values[2 * i + 1]!,
);
const figures = (values: Float32Array) => {
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  const square = values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length;
  return { mean: average, deviation: Math.sqrt(square) };
};

const run = async (values: Float32Array, loss: Loss, outputs: number, metrics: string[]) => {
  const { mean: m, deviation: d } = figures(values);
  const isNormal = loss.kind === 'gaussian';
  const data = { name: 'prices', inputs, targets: { output: { shape: [1], values } } };
  const net = sequential(
    [
      linear(2, 16),
      relu(),
      linear(16, outputs),
      rescale({
        mean: isNormal ? [m, 0] : Array.from({ length: outputs }, () => m),
        deviation: isNormal ? [d, 1] : d,
      }),
    ],
    { input: [2] },
  );
  return train(net, {
    data,
    validation: data,
    loss,
    optimizer: adam({ lr: 0.02 }),
    batch: 20,
    epochs: 30,
    seed: 1,
    numerics: 'strict',
    metrics: metrics as never,
  });
};

test('a net trains alike in whatever unit its target is', async () => {
  const results = [];
  for (const [factor, offset] of [
    [1, 0],
    [1e5, 3e5],
    [1e-4, 0],
  ] as const) {
    const values = z.map((v) => v * factor + offset);
    const loss = meanSquaredError({ scale: figures(values).deviation });
    results.push((await run(values, loss, 1, ['r2', 'rmse'])).history.at(-1)!);
  }
  for (const { metrics, valLoss } of results) {
    assert.ok(metrics!['r2']! > 0.99, String(metrics!['r2']));
    assert.ok(valLoss! < 0.01, String(valLoss));
  }
  const [small, large] = results;
  const ratio = large!.metrics!['rmse']! / small!.metrics!['rmse']!;
  assert.ok(ratio > 0.5e5 && ratio < 2e5, String(ratio));
});

test('intervals hold about their share, and a model file predicts the same', async () => {
  const noisy = z.map((v, i) => 300 + 40 * v + 25 * numbers(COUNT, 8)[i]!);
  const scale = figures(noisy).deviation;
  for (const [loss, outputs] of [
    [quantile({ scale }), 3],
    [gaussian({ scale }), 2],
  ] as const) {
    const { model, history } = await run(noisy, loss, outputs, ['coverage', 'r2']);
    const { coverage, r2 } = history.at(-1)!.metrics!;
    assert.ok(coverage! > 0.75 && coverage! < 0.99, `${loss.kind}: ${coverage}`);
    assert.ok(r2! > 0.5, `${loss.kind}: ${r2}`);
    const again = decodeModel(encodeModel(model), 'a file');
    const { values } = inputs.input;
    assert.equal((await again.predict(values)).scores, (await model.predict(values)).scores);
    assert.equal(again.terms[0]!.loss.settings, loss.settings);
  }
});

test('lists that do not fit are refused', () => {
  assert.throws(
    () => rescale({ mean: [1, 2], deviation: [1] }),
    (error: LanewiseError) => /mean has 2 numbers and deviation 1/.test(error.message),
  );
  assert.throws(
    () => rescale({ deviation: [1, 0] }),
    (error: LanewiseError) => /deviation\[1\] is 0, expected a number above 0/.test(error.message),
  );
  refuses(
    () => sequential([linear(2, 3), rescale({ mean: [1, 2] })], { input: [2] }),
    /rescale '1': an input of 1×3 does not fit mean of 2 numbers/,
  );
});

test.run();
