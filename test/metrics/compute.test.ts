/** Metrics by name: that they see a model's scores and targets as its loss does, and are refused where they make no sense. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import type { AnyDataset, Dataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { conv2d, flatten, linear, sequential, type Model } from '../../src/layers/index.js';
import { quantile } from '../../src/losses/index.js';
import { lossTerms, type LossSetting } from '../../src/losses/terms.js';
import { createSession, type Evaluation } from '../../src/crew/session.js';
import { checkMetrics, computeMetrics } from '../../src/metrics/compute.js';
import type { Metric, MetricName, Scored } from '../../src/metrics/metric.js';
import * as figures from '../../src/metrics/index.js';
import { numbers } from '../support/numbers.js';

const COUNT = 40;

const images: Dataset = {
  name: 'images',
  shape: [1, 4, 4],
  classes: ['a', 'b', 'c', 'd', 'e', 'f', 'g'],
  samples: numbers(COUNT * 16, 1),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => (i * 5) % 7),
};
const classifier = sequential([flatten(), linear(16, 7)], { input: [1, 4, 4] });
const vectors = (size: number) => ({ shape: [size], values: numbers(COUNT * size, 2) });
const single = sequential([linear(3, 1)], { input: [3] });
const triple = sequential([linear(3, 3)], { input: [3] });

/** The loss's own hits, from what a metric is given. */
const right: Metric = {
  name: 'right',
  better: 'higher',
  of: ({ labels, predictions }) => figures.accuracyScore(labels, predictions),
};

const targets = (values: Uint8Array | Float32Array, shape: readonly number[], as?: 'values') => ({
  name: 'vectors',
  inputs: { input: vectors(3) },
  targets: { output: { shape, values, ...(as ? { as } : {}) } },
});
const bits = (count: number) =>
  Uint8Array.from(numbers(count, 3), (value) => (value > 0.2 ? 1 : 0));

async function evaluate(
  model: Model,
  loss: LossSetting,
  data: AnyDataset,
): Promise<Evaluation & { readonly scores: Float32Array }> {
  const terms = lossTerms(loss, [...model.outputs.keys()]);
  const session = await createSession({
    model,
    terms,
    numerics: 'strict',
    workers: 0,
    datasets: [samplesOf(data)],
  });
  session.initialize(1);
  const evaluation = await session.evaluate(0, true);
  await session.close();
  return evaluation;
}

async function metricsOf(
  model: Model,
  loss: LossSetting,
  data: AnyDataset,
  wanted: readonly (MetricName | Metric)[],
): Promise<Record<string, number>> {
  const checked = checkMetrics(
    model,
    lossTerms(loss, [...model.outputs.keys()]),
    samplesOf(data),
    wanted,
  );
  return computeMetrics(checked, await evaluate(model, loss, data));
}

const refused = (
  model: Model,
  loss: LossSetting,
  data: AnyDataset,
  wanted: readonly (MetricName | Metric)[],
  message: RegExp,
): void =>
  assert.throws(
    () => checkMetrics(model, lossTerms(loss, [...model.outputs.keys()]), samplesOf(data), wanted),
    (error: LanewiseError) =>
      error instanceof LanewiseError && error.kind === 'argument' && message.test(error.message),
    String(message),
  );

/** Mean of a session's own hits. */
const hitsOf = ({ hits }: Evaluation): number => hits!.reduce((a, b) => a + b, 0) / hits!.length;

const near = (found: number | undefined, expected: number): void =>
  assert.ok(Math.abs(found! - expected) < 1e-6, `${found}, expected ${expected}`);

test('of classes: every metric by its name, as its figure says', async () => {
  const names = ['top3', 'precision', 'recallWeighted', 'f1', 'f1Micro'] as const;
  const found = await metricsOf(classifier, 'crossEntropy', images, [
    ...names,
    'auc',
    'perplexity',
  ]);
  const evaluation = await evaluate(classifier, 'crossEntropy', images);
  const { scores, losses } = evaluation;
  const { averagePrecision, logLoss } = await metricsOf(classifier, 'crossEntropy', images, [
    'averagePrecision',
    'logLoss',
  ]);
  assert.is(logLoss, figures.logLoss(images.labels, scores));
  near(logLoss, Math.log(found['perplexity']!));
  assert.ok(averagePrecision! > 0 && averagePrecision! < 1);
  refused(
    classifier,
    'hinge',
    images,
    ['logLoss'],
    /scores are not probabilities with the loss hinge/,
  );
  near(found['f1Micro'], hitsOf(evaluation));
  assert.is(found['top3'], figures.topKAccuracyScore(images.labels, scores, 3));
  assert.is(found['auc'], figures.rocAucOneVsRest(images.labels, scores, 7));
  assert.is(found['perplexity'], figures.perplexity(losses!));
  assert.ok(found['perplexity']! > 3 && found['perplexity']! < 30);
  assert.equal(Object.keys(found), [...names, 'auc', 'perplexity']);
});

test('of distributions: figures of the expected value, the interval and the quantiles', async () => {
  const targetOf3 = targets(numbers(COUNT * 3, 4), [3]);
  const nine = sequential([linear(3, 9)], { input: [3] });
  const truth = targetOf3.targets.output.values;
  const wanted = ['mae', 'r2', 'coverage', 'intervalWidth', 'pinball', 'medianAe', 'mape'] as const;
  const found = await metricsOf(nine, 'quantile', targetOf3, wanted);
  const { scores, losses } = await evaluate(nine, 'quantile', targetOf3);
  const [low, middle, high] = [0, 1, 2].map((q) => scores.filter((_, i) => i % 3 === q));
  assert.is(found['mae'], figures.meanAbsoluteError(truth, middle!));
  assert.is(found['medianAe'], figures.medianAbsoluteError(truth, middle!));
  assert.is(found['mape'], figures.meanAbsolutePercentageError(truth, middle!));
  assert.is(found['r2'], figures.r2Score(truth, middle!, 3));
  assert.is(found['coverage'], figures.intervalCoverage(truth, low!, high!));
  assert.is(found['intervalWidth'], figures.meanIntervalWidth(low!, high!));
  assert.ok(found['coverage']! > 0 && found['coverage']! < 1);
  // Sorting makes the loss smaller, if anything.
  const loss = losses!.reduce((a, b) => a + b, 0) / COUNT;
  assert.ok(found['pinball']! <= loss + 1e-6 && found['pinball']! > loss / 3);

  const six = sequential([linear(3, 6)], { input: [3] });
  const likely = await metricsOf(six, 'gaussian', targetOf3, ['rmse', 'coverage', 'intervalWidth']);
  const { scores: pairs } = await evaluate(six, 'gaussian', targetOf3);
  const means = pairs.filter((_, i) => i % 2 === 0);
  const deviations = pairs.filter((_, i) => i % 2 === 1);
  const width = 2 * 1.6448536 * (deviations.reduce((a, b) => a + b, 0) / deviations.length);
  assert.is(likely['rmse'], figures.rootMeanSquaredError(truth, means));
  near(likely['intervalWidth'], width);

  refused(triple, 'l1', targetOf3, ['coverage'], /l1 gives a value and no interval/);
  refused(six, 'gaussian', targetOf3, ['pinball'], /gaussian gives no quantiles/);
  refused(
    triple,
    quantile({ quantiles: [0.9] }),
    targetOf3,
    ['coverage'],
    /a single quantile has no interval/,
  );
  refused(
    triple,
    'l1',
    targets(new Float32Array(COUNT * 3), [3]),
    ['mape'],
    /a target is 0, of which no error is a share/,
  );
});

test('scores of other losses than cross-entropy have classes too', async () => {
  for (const loss of [
    'squaredError',
    'hinge',
    'mapCriterion',
    'binaryCrossEntropyWithLogits',
  ] as const) {
    const evaluation = await evaluate(classifier, loss, images);
    const found = await metricsOf(classifier, loss, images, [right, 'auc']);
    near(found['right'], hitsOf(evaluation));
  }
});

test('distributions as targets have a class, their highest', async () => {
  const drawn = numbers(COUNT * 3, 5).map((v) => v + 1);
  const sumOf = (row: number) => drawn.slice(row * 3, row * 3 + 3).reduce((a, b) => a + b);
  const values = drawn.map((v, i) => v / sumOf(Math.floor(i / 3)));
  const data = targets(values, [3]);
  for (const loss of ['crossEntropy', 'klDivergence'] as const) {
    const evaluation = await evaluate(triple, loss, data);
    near((await metricsOf(triple, loss, data, [right]))['right'], hitsOf(evaluation));
  }
});

test('positions of a sample are rows: words of a sequence, pixels of an image', async () => {
  const words = sequential([linear(3, 4)], { input: [6, 3] });
  const text = {
    name: 'text',
    inputs: { input: { shape: [6, 3], values: numbers(COUNT * 18, 7) } },
    targets: {
      output: { shape: [6], values: Uint8Array.from({ length: COUNT * 6 }, (_, i) => (i * 3) % 4) },
    },
  };
  near(
    (await metricsOf(words, 'crossEntropy', text, [right]))['right'],
    hitsOf(await evaluate(words, 'crossEntropy', text)),
  );
  const pixels = sequential([conv2d(1, 3, 3, { padding: 1 })], { input: [1, 4, 4] });
  const map = {
    name: 'map',
    inputs: { input: { shape: [1, 4, 4], values: images.samples } },
    targets: {
      output: {
        shape: [4, 4],
        values: Uint8Array.from({ length: COUNT * 16 }, (_, i) => (i * 7) % 3),
      },
    },
  };
  near(
    (await metricsOf(pixels, 'crossEntropy', map, [right, 'f1']))['right'],
    hitsOf(await evaluate(pixels, 'crossEntropy', map)),
  );
});

test('yes or no: one side, and several of which each is a class', async () => {
  for (const loss of ['binaryCrossEntropyWithLogits', 'binaryHinge'] as const) {
    const data = targets(bits(COUNT), []);
    const evaluation = await evaluate(single, loss, data);
    const found = await metricsOf(single, loss, data, [right, 'precision', 'f1', 'auc']);
    near(found['right'], hitsOf(evaluation));
    const middle = loss === 'binaryHinge' ? 0 : 0.5;
    const predictions = Array.from(evaluation.scores, (score) => (score > middle ? 1 : 0));
    const labels = [...bits(COUNT)];
    const average = 'binary' as const;
    assert.is(found['precision'], figures.precisionScore(labels, predictions, { average }));
    assert.is(found['f1'], figures.f1Score(labels, predictions, { average }));
    assert.is(found['auc'], figures.rocAucScore(labels, evaluation.scores));
  }
  const several = targets(Float32Array.from(bits(COUNT * 3)), [3]);
  const loss = 'binaryCrossEntropyWithLogits';
  const evaluation = await evaluate(triple, loss, several);
  const found = await metricsOf(triple, loss, several, [right, 'recall', 'recallMicro']);
  near(found['right'], hitsOf(evaluation));
  const column = (values: ArrayLike<number>, c: number) =>
    Array.from({ length: COUNT }, (_, i) => values[i * 3 + c]!);
  const recalls = [0, 1, 2].map((c) => {
    const predictions = column(evaluation.scores, c).map((score) => (score > 0.5 ? 1 : 0));
    const labels = column(bits(COUNT * 3), c);
    return figures.recallScore(labels, predictions, { average: 'binary' });
  });
  near(found['recall'], (recalls[0]! + recalls[1]! + recalls[2]!) / 3);
});

test('values: the mean squared error is the loss’s, of floats and of bytes', async () => {
  const bytes = Uint8Array.from(numbers(COUNT, 9), (v) => (v + 1) * 127);
  for (const data of [
    targets(numbers(COUNT * 3, 8), [3]),
    targets(bytes, [], 'values'),
    targets(bits(COUNT), []),
  ]) {
    const model = data.targets.output.values.length === COUNT ? single : triple;
    const { losses } = await evaluate(model, 'meanSquaredError', data);
    const found = await metricsOf(model, 'meanSquaredError', data, ['mse', 'mae', 'rmse', 'r2']);
    const mean = losses!.reduce((a, b) => a + b, 0) / COUNT;
    assert.ok(Math.abs(found['mse']! / mean - 1) < 1e-5, `${found['mse']}, expected ${mean}`);
    near(found['rmse']! ** 2 / found['mse']!, 1);
  }
});

test('a metric of one’s own sees the rows, and must return a number', async () => {
  let seen: Scored | undefined;
  const metric: Metric = {
    name: 'own',
    better: 'lower',
    of(scored) {
      seen = scored;
      return 42;
    },
  };
  assert.equal(await metricsOf(classifier, 'crossEntropy', images, [metric]), { own: 42 });
  assert.is(seen!.task, 'classes');
  assert.is(seen!.outputs, 7);
  assert.is(seen!.data, images);
  assert.equal([...(seen!.labels as Uint8Array)], [...images.labels]);
  assert.is(seen!.predictions.length, COUNT);
  for (const value of [NaN, undefined as unknown as number]) {
    const terms = lossTerms('crossEntropy', [...classifier.outputs.keys()]);
    const checked = checkMetrics(classifier, terms, samplesOf(images), [
      { ...metric, of: () => value },
    ]);
    assert.throws(
      () => computeMetrics(checked, { scores: new Float32Array(COUNT * 7) }),
      `metric 'own' of data set 'images' is ${value}, expected a number`,
    );
    assert.throws(
      () => computeMetrics(checked, { scores: new Float32Array(7) }),
      `metrics of data set 'images': 7 scores, expected ${COUNT * 7}`,
    );
  }
});

test('what does not suit the model is refused before training', () => {
  const regression = targets(numbers(COUNT * 3, 8), [3]);
  refused(classifier, 'crossEntropy', images, ['f2' as MetricName], /unknown metric 'f2'/);
  refused(classifier, 'crossEntropy', images, ['accuracy' as MetricName], /a figure of every run/);
  refused(classifier, 'crossEntropy', images, [{ ...right, name: 'loss' }], /metrics name 'loss'/);
  refused(classifier, 'crossEntropy', images, ['top0' as MetricName], /unknown metric 'top0'/);
  refused(classifier, 'crossEntropy', images, [7 as never], /metric is 7, expected a name or/);
  refused(classifier, 'crossEntropy', images, 'f1' as never, /metrics are f1, expected a list/);
  refused(classifier, 'crossEntropy', images, ['f1', 'f1'], /metrics name 'f1' twice/);
  refused(
    classifier,
    'crossEntropy',
    images,
    ['mse'],
    /metric 'mse' of data set 'images': the model's first output is trained to find classes, expected values/,
  );
  refused(
    triple,
    'meanSquaredError',
    regression,
    ['f1'],
    /trained to find values, expected classes/,
  );
  refused(classifier, 'crossEntropy', images, ['top7'], /with 7 classes the right one is always/);
  refused(classifier, 'hinge', images, ['perplexity'], /the loss is not crossEntropy alone/);
  const one = { ...images, labels: new Uint8Array(COUNT) };
  refused(
    classifier,
    'crossEntropy',
    one,
    ['auc'],
    /metric 'auc'.*no sample is of class 1 \('b'\), expected some of each of the 7 classes/,
  );
  const sides = targets(bits(COUNT * 3).fill(1, 0, 3), [3]);
  for (let i = 1; i < COUNT * 3; i += 3) sides.targets.output.values[i] = 1;
  refused(triple, 'binaryHinge', sides, ['auc'], /value 1 of the output is yes in every sample/);
  const alone = {
    name: 'one',
    inputs: { input: { shape: [3], values: new Float32Array(3) } },
    targets: { output: { shape: [3], values: new Float32Array(3) } },
  };
  refused(triple, 'l1', alone, ['r2'], /it needs two samples at least/);
});

test.run();
