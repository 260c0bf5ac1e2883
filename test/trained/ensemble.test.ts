/** Several models as one: means of scores, with the same bits however they are computed, and what cannot go together. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { centerCrop, tenCrop } from '../../src/data/transforms/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { averageRounds } from '../../src/metrics/score-averaging.js';
import { ensemble } from '../../src/trained/ensemble.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { numbers } from '../support/numbers.js';

const data = digits({ count: 60, seed: 3 });
const crop = centerCrop(24);

function modelOf(seed: number, model = mlp({ hidden: 8 }), options = {}): TrainedModel {
  const weights = model.parameters.map(
    ({ name, shape }, i) => [name, numbers(sizeOf(shape), seed * 100 + i)] as const,
  );
  return withWeights(model, new Map(weights), { numerics: 'strict', ...options });
}

const models = [1, 2, 3].map((seed) => modelOf(seed));

test('scores are the mean of the models’, added in their order as doubles', async () => {
  const both = ensemble(models);
  const { scores, classes } = await both.predict(data.samples, data.shape);
  const each = [];
  for (const model of models) each.push((await model.predict(data.samples, data.shape)).scores);
  const [a, b, c] = each as [Float32Array, Float32Array, Float32Array];
  assert.equal(
    scores,
    a.map((value, i) => (value + b[i]! + c[i]!) / 3),
  );
  const rows = Array.from({ length: 60 }, (_, i) => [...scores.subarray(i * 10, i * 10 + 10)]);
  assert.equal(
    [...classes],
    rows.map((row) => row.indexOf(Math.max(...row))),
  );
  assert.is(both.givesProbabilities, true);
});

test('evaluate: what the mean scores say, for any number of workers', async () => {
  const both = ensemble(models);
  const { scores, classes } = await both.predict(data.samples, data.shape);
  const summary = await both.evaluate(data, { workers: 0 });
  assert.equal(summary.scores, scores);
  assert.equal(summary.predictions, classes);
  const right = [...classes].filter((c, i) => c === data.labels[i]).length;
  assert.is(summary.accuracy, right / 60);
  assert.is(summary.error, (60 - right) / 60);
  let expected = 0;
  data.labels.forEach((label, i) => (expected -= Math.log(scores[i * 10 + label]!)));
  assert.ok(Math.abs(summary.loss - expected / 60) < 1e-9, String(summary.loss));
  assert.equal(await both.evaluate(data, { workers: 2 }), summary);
  // The mean of probabilities is no worse than the mean of the losses (Jensen).
  const losses = [];
  for (const model of models) losses.push((await model.evaluate(data, { workers: 0 })).loss);
  assert.ok(summary.loss <= losses.reduce((a, b) => a + b) / 3);
});

test('one model alone is itself, bit by bit', async () => {
  const alone = await models[0]!.evaluate(data, { workers: 0 });
  assert.equal(await ensemble([models[0]!]).evaluate(data, { workers: 0 }), alone);
});

test('a probability of 0 costs no more than the smallest number', async () => {
  const one = digits({ count: 1 });
  const scores = new Float32Array(10);
  const round = async () => ({
    loss: 5,
    accuracy: 0,
    error: 1,
    scores,
    predictions: new Uint32Array(1),
  });
  const { loss } = await averageRounds([round, round], samplesOf(one), true);
  assert.ok(Math.abs(loss - 126 * Math.LN2) < 1e-9, String(loss));
  assert.is((await averageRounds([round, round], samplesOf(one), false)).loss, 5);
});

const refusal = (list: unknown): string => {
  try {
    ensemble(list as TrainedModel[]);
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
};

test('models that do not go together are refused for their reason', async () => {
  const first = models[0]!;
  assert.match(refusal([]), /models are an empty list, expected at least one trained model/);
  assert.match(refusal(7), /models are 7/);
  assert.match(refusal([first, mlp()]), /ensemble: model 2: the model is not trained/);
  assert.is(
    refusal([first, modelOf(4, mlp({ classes: 12 }))]),
    'ensemble: model 2 gives scores of shape 12, the first 10',
  );
  assert.is(
    refusal([first, first, modelOf(4, mlp(), { loss: 'squaredError' })]),
    'ensemble: model 3 was trained on the loss squaredError, the first crossEntropy',
  );
  const named = (classes: readonly string[]) => modelOf(5, mlp(), { classes });
  const letters = [...'abcdefghij'];
  assert.is(
    refusal([named(letters), named([...'abkdefghij'])]),
    "ensemble: model 2 has class 'k', the first has none of that name",
  );
  assert.is(
    refusal([named(letters), named(letters.slice(0, 9))]),
    "ensemble: model 2 has no class 'j', the first has one",
  );
  const floats = { ...data, samples: Float32Array.from(data.samples) };
  const settings = { optimizer: sgd({ lr: 0.01 }), epochs: 1, workers: 0 };
  const [bytes, other] = [
    await train(mlp(), { ...settings, data }),
    await train(mlp(), { ...settings, data: floats }),
  ];
  assert.is(
    refusal([bytes.model, other.model]),
    'ensemble: model 2 was trained on samples 1×28×28 of float32, the first 1×28×28 of uint8',
  );
});

test('views: the mean over crops is the mean over data sets cropped by hand', async () => {
  const model = modelOf(6, mlp({ size: 24, hidden: 8 }));
  const views = tenCrop(24);
  assert.is(views.length, 10);
  const summary = await model.evaluate(data, { workers: 0, views });
  const crops = [
    [0, 0],
    [0, 4],
    [4, 0],
    [4, 4],
    [2, 2],
  ] as const;
  const sums = new Float64Array(600);
  for (const flipped of [false, true]) {
    for (const [top, left] of crops) {
      const samples = new Uint8Array(60 * 576);
      for (let i = 0; i < samples.length; i++) {
        const [n, y, x] = [Math.floor(i / 576), Math.floor((i % 576) / 24), i % 24];
        samples[i] = data.samples[n * 784 + (top + y) * 28 + left + (flipped ? 23 - x : x)]!;
      }
      const { scores } = await model.predict(samples, [1, 24, 24]);
      scores.forEach((score, i) => (sums[i]! += score));
    }
  }
  const far = sums.findIndex((value, i) => Math.abs(value / 10 - summary.scores[i]!) > 1e-6);
  assert.is(far, -1);
  // The same bits with other threads, and in an ensemble the mean of such means.
  assert.equal(await model.evaluate(data, { workers: 2, views }), summary);
  const other = modelOf(7, mlp({ size: 24, hidden: 8 }));
  const both = await ensemble([model, other]).evaluate(data, { workers: 0, views });
  const alone = await other.evaluate(data, { workers: 0, views });
  assert.equal(
    both.scores,
    summary.scores.map((value, i) => (value + alone.scores[i]!) / 2),
  );
});

test('values that are not views, and data without views', async () => {
  const model = models[0]!;
  const message = async (work: Promise<unknown>) =>
    work.then(
      () => assert.unreachable(),
      (error: LanewiseError) => error.message,
    );
  for (const views of [[], 'ten', [crop]])
    assert.match(
      (await message(model.evaluate(data, { views: views as never }))) as string,
      /views are .*, expected one made by tenCrop or fiveCrop/,
    );
  assert.match((await message(model.evaluate(data, { views: tenCrop(32) }))) as string, /(32|28)/);
});

test('models of different shapes go together, and know what their data was', async () => {
  const settings = { data, optimizer: sgd({ lr: 0.01 }), epochs: 1, workers: 0 };
  const two = [await train(mlp(), settings), await train(lenet5(), settings)];
  const both = ensemble(two.map(({ model }) => model));
  assert.equal(both.classes, data.classes);
  assert.equal(both.samples, { shape: [1, 28, 28], type: 'uint8' });
  assert.is((await both.evaluate(data, { workers: 0 })).predictions.length, 60);
  const back = decodeModel(encodeModel(two[0]!.model), 'm');
  assert.equal([back.classes, back.samples], [two[0]!.model.classes, both.samples]);
});

test.run();
