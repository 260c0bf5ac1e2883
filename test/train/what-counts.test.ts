/** Figures cover only what counts: accuracy and metrics with weights and ignored labels, epochs with empty minibatches. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classCounts, withClassWeights } from '../../src/data/class-labels.js';
import type { Dataset, Field, StreamedDataset, TensorDataset } from '../../src/data/dataset.js';
import * as samplers from '../../src/data/samplers.js';
import { kFold } from '../../src/data/folds.js';
import { split } from '../../src/data/split-samples.js';
import { subset } from '../../src/data/subset.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { crossEntropy } from '../../src/losses/loss-kinds.js';
import { sgd } from '../../src/optimizers/index.js';
import { trainEvents } from '../../src/train/train.js';
import { inspectRun } from '../../src/runs/report/inspect-run.js';
import * as figures from '../../src/metrics/index.js';
import { train } from '../../src/train/train.js';
import { assertClose } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const COUNT = 50;
/** So little that no weight moves. */
const still = sgd({ lr: 1e-30 });
const settings = {
  optimizer: sgd({ lr: 0.1 }),
  epochs: 2,
  batch: 8,
  shards: 3,
  numerics: 'strict',
  workers: 0,
} as const;

const samples = numbers(COUNT * 2, 3);
/** Every fourth has no class. */
const labels = Int32Array.from({ length: COUNT }, (_, i) => (i % 4 === 3 ? -100 : i % 3));
const images: Dataset = {
  name: 'images',
  shape: [1, 1, 2],
  classes: ['a', 'b', 'c'],
  samples,
  labels,
};
const streamed: StreamedDataset = {
  name: 'images',
  shape: [1, 1, 2],
  classes: ['a', 'b', 'c'],
  labels,
  reader: {
    type: 'float32',
    read: async (i, into) => void into.set(samples.subarray(i * 2, i * 2 + 2)),
  },
};
const tensors: TensorDataset = {
  name: 'tensors',
  inputs: { input: { shape: [1, 1, 2], values: samples } },
  targets: { output: { shape: [], values: labels } },
};
const net = () => sequential([flatten(), linear(2, 3)], { input: [1, 1, 2] });
const ignoring = crossEntropy({ ignoreIndex: -100 });

test('images of no class are left out as fields are, in memory and streamed', async () => {
  const run = (data: Dataset | StreamedDataset | TensorDataset) =>
    train(net(), { ...settings, data, validation: data, loss: ignoring, metrics: ['f1'] });
  const expected = await run(tensors);
  for (const data of [images, streamed]) {
    const found = await run(data);
    assert.is(await found.model.sha256(), await expected.model.sha256());
    for (const key of ['loss', 'accuracy', 'valLoss', 'valAccuracy', 'metrics'] as const)
      assert.equal(found.history.at(-1)![key], expected.history.at(-1)![key], key);
    const { loss, accuracy } = await found.model.evaluate(data, { workers: 0 });
    const { valLoss, valAccuracy } = found.history.at(-1)!;
    assert.equal([loss, accuracy], [valLoss, valAccuracy]);
    const report = await inspectRun(found.model, data, { workers: 0 });
    assert.is(report.accuracy, valAccuracy);
    assert.is(
      report.confusion!.counts.flat().reduce((a, b) => a + b),
      38,
    );
    assert.ok(report.mistakes!.every(({ index }) => labels[index]! >= 0));
  }
  const { model } = expected;
  const { classes } = await model.predict(samples, [1, 1, 2]);
  const right = [...labels].filter((label, i) => label === classes![i]).length;
  assert.is((await model.evaluate(images, { workers: 0 })).accuracy, right / 38);
  // A class of the model's own.
  const { model: other } = await train(net(), {
    ...settings,
    data: { ...images, labels: labels.map((label) => Math.max(label, 0)) },
    loss: crossEntropy({ ignoreIndex: 0 }),
  });
  const plain = { ...images, labels: Int32Array.from(labels, (_, i) => i % 3) };
  const seen = (await other.predict(samples, [1, 1, 2])).classes!;
  const counting = [...plain.labels.keys()].filter((i) => i % 3 > 0);
  const share = counting.filter((i) => seen[i] === i % 3).length / counting.length;
  assert.is((await other.evaluate(plain, { workers: 0 })).accuracy, share);
});

test('images of no class are refused by a loss that does not ignore them', async () => {
  for (const data of [images, streamed]) {
    assert.match(
      await refusal(() => train(net(), { ...settings, data })),
      /label -100 of sample 3, expected a whole number from 0 to 2\ncrossEntropy\(\{ ignoreIndex: -100 \}\)/,
    );
  }
  const { model } = await train(net(), {
    ...settings,
    data: subset(images, [0, 1, 2, 4, 5, 6, 8, 9]),
  });
  assert.match(await refusal(() => model.evaluate(images)), /label -100 of sample 3/);
  const none = { ...images, labels: labels.map(() => -100) };
  assert.match(
    await refusal(() => train(net(), { ...settings, data: none, loss: ignoring })),
    /nothing of target 'output' of data set 'images' counts/,
  );
  const bytes = { ...images, labels: Uint8Array.from(labels, (label) => label & 255) };
  bytes.labels[3] = 255;
  assert.match(
    await refusal(() => train(net(), { ...settings, data: bytes })),
    /label 255|label 156/,
  );
});

test('parts, counts and draws of data with samples of no class', () => {
  const counts = classCounts(images);
  assert.equal(
    counts,
    [0, 1, 2].map((c) => labels.filter((label) => label === c).length),
  );
  for (const count of [10, 25, 40]) {
    const [first, rest] = split(images, { count, stratified: true });
    assert.equal([first.labels.length, rest.labels.length], [count, COUNT - count]);
    const none = first.labels.filter((label) => label < 0).length;
    assert.ok(Math.abs(none - (12 * count) / COUNT) < 1, `${none} of no class among ${count}`);
  }
  assert.is([...kFold(images, 5, { stratified: true })].length, 5);
  const order = samplers.balanced(images).order(COUNT, 1, 1);
  assert.ok(order.every((i) => labels[i]! >= 0));
  const { weights } = withClassWeights(images, [1, 2, 3]);
  assert.equal(Array.from(weights!.slice(0, 4)), [1, 2, 3, 1]);
});

const classes = Int32Array.from({ length: COUNT }, (_, i) => (i * 7) % 3);
const weights = Float32Array.from({ length: COUNT }, (_, i) => [0, 1, 0.5, 2, 0][i % 5]!);
const weighed: Dataset = { ...images, labels: classes, weights };

/** Each sample's weight times whether it is right, over the sum of the weights. */
function weightedAccuracy(
  predicted: ArrayLike<number>,
  truth: Int32Array,
  by: Float32Array,
): number {
  let [right, all] = [0, 0];
  truth.forEach((label, i) => {
    all += by[i]!;
    if (predicted[i] === label) right += by[i]!;
  });
  return right / all;
}

test('accuracy is of what counts, in training, validation and evaluation', async () => {
  const run = (data: Dataset | StreamedDataset | TensorDataset, workers: number, shards = 3) =>
    train(net(), { ...settings, optimizer: still, data, validation: data, shards, workers });
  const { model, history } = await run(weighed, 0);
  const predicted = (await model.predict(samples, [1, 1, 2])).classes!;
  const expected = weightedAccuracy(predicted, classes, weights);
  const { accuracy, valAccuracy } = history.at(-1)!;
  assertClose([accuracy!, valAccuracy!], [expected, expected], 1e-12, 'accuracy');
  const found = await model.evaluate(weighed, { workers: 0 });
  assertClose([found.accuracy!, found.error!], [expected, 1 - expected], 1e-12, 'evaluate');
  for (const [workers, shards] of [
    [2, 3],
    [0, 1],
    [1, 8],
  ] as const) {
    const other = (await run(weighed, workers, shards)).history.at(-1)!;
    assert.is(other.accuracy, accuracy, `${workers} workers, ${shards} shards`);
  }
  const { labels: _, samples: __, ...rest } = weighed;
  const read = await run({ ...rest, labels: classes, reader: streamed.reader }, 0);
  assert.is(read.history.at(-1)!.accuracy, accuracy);
  // Weights of samples and of the target are multiplied.
  const both = {
    ...tensors,
    weights,
    targets: { output: { shape: [], values: classes, weights: weights.map((w) => 2.5 - w) } },
  };
  const product = weightedAccuracy(
    predicted,
    classes,
    weights.map((w) => w * (2.5 - w)),
  );
  const last = (await run(both, 0)).history.at(-1)!;
  assertClose([last.accuracy!, last.valAccuracy!], [product, product], 1e-6, 'both');
});

test('wrong labels of weight 0 do not count, with mixup neither', async () => {
  const truth = Int32Array.from({ length: COUNT }, (_, i) => Number(samples[i * 2]! > 0));
  const data: Dataset = {
    ...images,
    classes: ['left', 'right'],
    labels: truth.map((label, i) => (i % 2 === 0 ? label : 1 - label)),
    weights: Float32Array.from(truth, (_, i) => Number(i % 2 === 0)),
  };
  const model = sequential([flatten(), linear(2, 2)], { input: [1, 1, 2] });
  const { history } = await train(model, {
    ...settings,
    optimizer: sgd({ lr: 2 }),
    data,
    validation: data,
    epochs: 60,
    metrics: ['f1Micro', 'auc', 'perplexity'],
  });
  const { accuracy, valAccuracy, valLoss, metrics } = history.at(-1)!;
  assert.ok(accuracy! > 0.95 && valAccuracy! > 0.95, `${accuracy}, ${valAccuracy}`);
  assertClose([metrics!['f1Micro']!], [valAccuracy!], 1e-12, 'f1');
  assert.is(metrics!['auc'], 1);
  // The mean loss is over all samples, which is half of what it is over those that count.
  assertClose([Math.log(metrics!['perplexity']!)], [2 * valLoss!], 1e-5, 'perplexity');
  const mixed = await train(model, { ...settings, data, mixup: { alpha: 0.3 } });
  assert.ok(mixed.history.every(({ accuracy }) => accuracy! >= 0 && accuracy! <= 1));
});

/** Labels that leave the first 16 samples, in order, uncounted. */
const lateLabels = Int32Array.from({ length: COUNT }, (_, i) => (i < 16 ? -1 : i % 3));
const late = { ...images, labels: lateLabels };

test('a minibatch of which nothing counts is not in the epoch’s figures', async () => {
  const inOrder = { ...settings, optimizer: still, sampler: samplers.sequential() };
  const loss = crossEntropy({ ignoreIndex: -1 });
  const run = (data: Dataset) => train(net(), { ...inOrder, data, loss });
  const [all, part] = [
    await run(late),
    await run(
      subset(
        late,
        [...lateLabels.keys()].filter((i) => i >= 16),
      ),
    ),
  ];
  const { loss: mean, accuracy } = all.history.at(-1)!;
  assertClose(
    [mean, accuracy!],
    [part.history.at(-1)!.loss, part.history.at(-1)!.accuracy!],
    1e-6,
    'figures',
  );
  // Weights of 0 for whole minibatches: nothing is divided by them.
  const none = Float32Array.from(lateLabels, (label) => Number(label >= 0));
  const data = { ...late, labels: lateLabels.map((label) => Math.max(label, 0)), weights: none };
  const { history, model } = await train(net(), { ...inOrder, optimizer: sgd({ lr: 0.1 }), data });
  assert.ok(history.every(({ loss }) => Number.isFinite(loss) && loss > 0));
  assert.ok([...model.weights.values()].every((values) => values.every(Number.isFinite)));
  const weighedOnly = await train(net(), { ...inOrder, data });
  assertClose([weighedOnly.history[0]!.accuracy!], [part.history[0]!.accuracy!], 1e-12, 'accuracy');
  const regression: TensorDataset = {
    ...tensors,
    targets: { output: { shape: [3], values: numbers(COUNT * 3, 8) } },
    weights: none,
  };
  const found = await train(net(), { ...inOrder, data: regression, loss: 'meanSquaredError' });
  assert.ok(found.history.every(({ loss }) => Number.isFinite(loss) && loss > 0));
});

test('a run that is resumed within an epoch tells the same figures', async () => {
  const run = async (folder: string, until: number, resume: boolean) => {
    const loss = crossEntropy({ ignoreIndex: -1 });
    const options = { folder, resume, stepsPerEvent: 1, checkpoints: { everySteps: 1 } } as const;
    const inOrder = { ...settings, data: late, loss, sampler: samplers.sequential() };
    for await (const event of trainEvents(net(), inOrder, options)) {
      if (event.event === 'step' && event.step === until) break;
      if (event.event === 'done')
        return event.result().history.map(({ loss, accuracy }) => [loss, accuracy]);
    }
    return undefined;
  };
  const [whole, broken] = ['whole', 'broken'].map((name) =>
    join(mkdtempSync(join(tmpdir(), 'what-counts-')), name),
  ) as [string, string];
  const expected = await run(whole, Infinity, false);
  await run(broken, 4, false);
  assert.equal(await run(broken, Infinity, true), expected);
});

test('weights by targets’ names are weights beside the targets', async () => {
  const value: Field = { shape: [3], values: numbers(COUNT * 3, 8) };
  const data = (more: Partial<TensorDataset>, field: Partial<Field> = {}): TensorDataset => ({
    ...tensors,
    targets: { output: { ...value, ...field } },
    ...more,
  });
  const each = Float32Array.from({ length: COUNT * 3 }, (_, i) => i % 3);
  for (const list of [weights, each]) {
    const run = (set: TensorDataset, validation = set) =>
      train(net(), { ...settings, data: set, validation, loss: 'meanSquaredError' });
    const beside = data({}, { weights: list });
    const named = data({ weights: { output: list } });
    const [a, b] = [await run(beside), await run(named)];
    assert.is(await b.model.sha256(), await a.model.sha256());
    assert.is(b.history.at(-1)!.valLoss, a.history.at(-1)!.valLoss);
    assert.equal(await b.model.evaluate(named), await a.model.evaluate(beside));
    const [first, second] = split(named, { count: 30 });
    const parts = split(beside, { count: 30 });
    assert.equal(first.targets, parts[0].targets);
    assert.is(
      await (await run(first, second)).model.sha256(),
      await (await run(...parts)).model.sha256(),
    );
  }
});

test('metrics of single values are of those that count', async () => {
  const each = Float32Array.from({ length: COUNT * 3 }, (_, i) => Number(i % 4 !== 1 && i > 5));
  const counts = (_: number, i: number) => each[i]! > 0;
  const run = async (
    values: Float32Array,
    loss: 'meanSquaredError' | 'binaryCrossEntropyWithLogits',
    metrics: string[],
  ) => {
    const missing = values.map((v, i) => (each[i]! > 0 ? v : NaN));
    const data = {
      ...tensors,
      targets: { output: { shape: [3], values: missing, weights: each } },
    };
    const { history, model } = await train(net(), {
      ...settings,
      data,
      validation: data,
      loss,
      metrics: metrics as never,
    });
    const { scores } = await model.predict(samples, [1, 1, 2]);
    return { found: history.at(-1)!, scores };
  };
  const column = (list: Float32Array, c: number) =>
    list.filter((_, i) => i % 3 === c && each[i]! > 0);
  const mean = (of: (c: number) => number) => (of(0) + of(1) + of(2)) / 3;
  const values = numbers(COUNT * 3, 8);
  {
    const { found, scores } = await run(values, 'meanSquaredError', ['mse', 'mae', 'rmse', 'r2']);
    const [t, y] = [values.filter(counts), scores.filter(counts)];
    const expected = {
      mse: figures.meanSquaredError(t, y),
      mae: figures.meanAbsoluteError(t, y),
      rmse: figures.rootMeanSquaredError(t, y),
      r2: mean((c) => figures.r2Score(column(values, c), column(scores, c))),
    };
    assert.equal(found.metrics, expected);
    assertClose([found.valLoss!], [expected.mse], 1e-5, 'loss');
  }
  const sides = values.map((v) => Number(v > 0));
  const { found, scores } = await run(sides, 'binaryCrossEntropyWithLogits', [
    'f1Micro',
    'auc',
    'logLoss',
  ]);
  const [t, y] = [sides.filter(counts), scores.filter(counts).map((p) => Number(p > 0.5))];
  const right = t.filter((side, i) => side === y[i]).length;
  assertClose([found.valAccuracy!], [right / t.length], 1e-6, 'accuracy');
  assert.is(found.metrics!['f1Micro'], figures.f1Score(t, y));
  assert.is(
    found.metrics!['auc'],
    mean((c) => figures.rocAucScore(column(sides, c), column(scores, c))),
  );
  assertClose([found.metrics!['logLoss']!], [found.valLoss!], 0.05, 'log loss');
  const own = { name: 'mine', better: 'higher', of: () => 1 } as const;
  const data = { ...tensors, targets: { output: { shape: [3], values, weights: each } } };
  assert.match(
    await refusal(() =>
      train(net(), { ...settings, data, validation: data, loss: 'l1', metrics: [own] }),
    ),
    /metric 'mine' of data set 'tensors': some samples count in part/,
  );
});

test.run();
