/** Intervals after calibration: the share of new samples that they hold, and the same numbers in files and programs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadProgram } from '../../src/inference/index.js';
import { linear, rescale, sequential, type Model } from '../../src/layers/index.js';
import { gaussian, quantile, type Loss } from '../../src/losses/index.js';
import { adam } from '../../src/optimizers/index.js';
import { intervalsOf } from '../../src/metrics/intervals.js';
import { tabular } from '../../src/models/index.js';
import { calibrateIntervals } from '../../src/trained/calibrate-intervals.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

/** Draws in [0, 1): the generator's first numbers after seeds that are near each other are left out. */
const uniform = (count: number, seed: number) =>
  numbers(count + 50, seed * 7919 + 13)
    .subarray(50)
    .map((v) => (v + 1) / 2);

/** Rows [x] with `targets` values each: x plus noise that is skewed and grows with x, 100 times as large for the second. */
function table(count: number, seed: number, targets = 1) {
  const xs = uniform(count, 4 * seed + 1);
  const noise = uniform(count * targets, 4 * seed + 2);
  const values = Float32Array.from({ length: count * targets }, (_, i) => {
    const x = xs[Math.floor(i / targets)]!;
    const skewed = -Math.log(1 - 0.999 * noise[i]!) * (0.5 + x);
    return 100 ** (i % targets) * (2 * x + skewed);
  });
  return {
    name: 'drawn',
    inputs: { input: { shape: [1], values: xs } },
    targets: { output: { shape: [targets], values } },
  };
}

/** x → the given outputs, each slope·x + offset. */
const lines = (loss: Loss, outputs: readonly (readonly [number, number])[], ...last: object[]) => {
  const net: Model = sequential(
    [linear(1, outputs.length), ...last.map((given) => rescale(given))],
    { input: [1] },
  );
  const weights = new Map([
    ['0.weight', Float32Array.from(outputs, ([slope]) => slope)],
    ['0.bias', Float32Array.from(outputs, ([, offset]) => offset)],
  ]);
  return withWeights(net, weights, { loss, numerics: 'strict' });
};

type Table = ReturnType<typeof table>;

/** The share of each target's values that lie in the intervals. */
async function coverage(model: TrainedModel, { inputs, targets }: Table): Promise<number[]> {
  const { scores } = await model.predict(inputs);
  const { low, high } = intervalsOf({ spread: model.terms[0]!.loss.spread!, scores });
  const { values, shape } = targets.output;
  const [width] = shape as [number];
  const count = values.length / width;
  return Array.from({ length: width }, (_, c) => {
    let inside = 0;
    for (let i = c; i < values.length; i += width)
      inside += Number(low[i]! <= values[i]! && values[i]! <= high[i]!);
    return inside / count;
  });
}

const CALIBRATION = 49;
const NEW = 400;
const SEEDS = 24;

/** The mean over all seeds of each target's coverage. */
async function meanCoverage(model: TrainedModel, targets: number, isCalibrated: boolean) {
  const sums = Array.from({ length: targets }, () => 0);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const known = table(CALIBRATION, 2 * seed, targets);
    const used = isCalibrated ? await calibrateIntervals(model, known) : model;
    const held = await coverage(used, table(NEW, 2 * seed + 1, targets));
    held.forEach((share, c) => (sums[c]! += share / SEEDS));
  }
  return sums;
}

/** Four deviations of the mean coverage of calibrated intervals, whose shares are of a Beta distribution, by few new samples. */
const slackOf = (level: number) =>
  4 * Math.sqrt((level * (1 - level) * (1 / (CALIBRATION + 2) + 1 / NEW)) / SEEDS);

const narrow = [
  [2, 0.6],
  [2, 0.7],
  [2, 0.8],
] as const;
const wide = [
  [2, -40],
  [2, 0.7],
  [2, 40],
] as const;

test('intervals hold their share of new samples, whether they were too narrow or too wide', async () => {
  const levels = { 0.8: [0.1, 0.5, 0.9], 0.9: [0.05, 0.5, 0.95] } as const;
  for (const [text, quantiles] of Object.entries(levels)) {
    const level = Number(text);
    const slack = slackOf(level);
    for (const outputs of [narrow, wide]) {
      const model = lines(quantile({ quantiles }), outputs, { mean: 0.1, deviation: 1.1 });
      const [before] = await meanCoverage(model, 1, false);
      assert.ok(Math.abs(before! - level) > 2 * slack, `before: ${before}`);
      const [after] = await meanCoverage(model, 1, true);
      // At most 1/(n + 1) more than the level.
      const most = level + 1 / (CALIBRATION + 1) + slack;
      assert.ok(level - slack < after! && after! < most, `${level}: ${after}`);
    }
  }
});

test('each of several targets has its own correction, and deviations are multiplied', async () => {
  const level = 0.9;
  const slack = slackOf(level);
  const both = narrow.flatMap(([slope, offset]) => [[slope, offset]] as const);
  const second = narrow.map(([slope, offset]) => [100 * slope, 100 * offset] as const);
  const byQuantiles = lines(quantile(), [...both, ...second]);
  // Means, and logarithms of variances in units of the scale.
  const byDeviation = lines(
    gaussian({ level, scale: [1, 100] }),
    [
      [2, 0.7],
      [0, -4],
      [200, 70],
      [0, 3],
    ],
    { mean: 0, deviation: 1 },
  );
  for (const model of [byQuantiles, byDeviation]) {
    for (const before of await meanCoverage(model, 2, false))
      assert.ok(Math.abs(before - level) > 2 * slack, `before: ${before}`);
    for (const after of await meanCoverage(model, 2, true))
      assert.ok(
        level - slack < after && after < level + 1 / (CALIBRATION + 1) + slack,
        String(after),
      );
  }
  // The expected values stay.
  const [old, calibrated] = [byDeviation, await calibrateIntervals(byDeviation, table(49, 1, 2))];
  const [a, b] = await Promise.all(
    [old, calibrated].map((one) => one.predict(table(5, 2, 2).inputs)),
  );
  const means = ({ scores }: { scores: Float32Array }) => scores.filter((_, i) => i % 2 === 0);
  assert.equal(means(b!), means(a!));
  assert.not.equal(b!.scores, a!.scores);
});

test('a net that has learned its rows by heart has honest intervals for others', async () => {
  const level = 0.8;
  const shaped = (seed: number, count: number) => {
    const { inputs, ...rest } = table(count, seed);
    return { ...rest, inputs: { input: { shape: [1, 1, 1], values: inputs.input.values } } };
  };
  const settings = {
    data: shaped(900, 40),
    loss: quantile({ quantiles: [0.1, 0.5, 0.9] }),
    optimizer: adam({ lr: 0.03 }),
    epochs: 150,
    batch: 20,
    workers: 0,
    numerics: 'strict',
  } as const;
  const net = tabular({ features: 1, outputs: 3, hidden: 32 });
  const { model } = await train(net, settings);
  // As the option `finish` of a run.
  const apart = shaped(2, CALIBRATION);
  const finish = (one: TrainedModel) => calibrateIntervals(one, apart);
  const finished = await train(net, settings, { finish });
  assert.equal(encodeModel(finished.model), encodeModel(await calibrateIntervals(model, apart)));
  assert.match(
    await refusal(() => train(net, { ...settings, epochs: 1 }, { finish: () => net as never })),
    /^train: finish: the model is not trained/,
  );
  const shares: number[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    const after = await calibrateIntervals(model, shaped(2 * seed, CALIBRATION));
    shares.push((await coverage(after, shaped(2 * seed + 1, NEW)))[0]!);
    assert.is(await after.sha256(), await model.sha256());
  }
  const mean = shares.reduce((sum, share) => sum + share, 0) / SEEDS;
  const slack = slackOf(level);
  assert.ok(level - slack < mean && mean < level + 1 / (CALIBRATION + 1) + slack, String(mean));
});

test('samples that calibrate lie inside as often as the rank says, and rounding leaves none just outside', async () => {
  const known = table(CALIBRATION, 5);
  const { values } = known.targets.output;
  values.forEach((v, i) => (values[i] = v + 1000));
  const outputs = narrow.map(([slope, offset]) => [slope, offset + 1000] as const);
  const model = await calibrateIntervals(lines(quantile(), outputs), known);
  assert.is((await coverage(model, known))[0], Math.ceil(50 * 0.9) / CALIBRATION);
});

test('model files and programs have the calibrated numbers, and a second calibration moves nothing but its own layer', async () => {
  const { inputs } = table(4, 3);
  for (const last of [[], [{ mean: 1 }]]) {
    const plain = lines(quantile(), narrow, ...last);
    const model = await calibrateIntervals(plain, table(CALIBRATION, 1));
    const { scores } = await model.predict(inputs);
    assert.not.equal(scores, (await plain.predict(inputs)).scores);
    const again = decodeModel(encodeModel(model), 'again');
    assert.equal((await again.predict(inputs)).scores, scores);
    const program = await loadProgram(encodeProgram(model, { batch: 4 }));
    assert.equal(program.predict(inputs.input.values).scores, scores);
    assert.is(await model.sha256(), await plain.sha256());
    const twice = await calibrateIntervals(model, table(CALIBRATION, 1));
    const layers = ({ model: { architecture } }: TrainedModel) => architecture.layers.length;
    assert.is(layers(twice), layers(model));
    assert.is(layers(model), last.length === 0 ? layers(plain) + 1 : layers(plain));
  }
});

test('what cannot be calibrated is refused with the way out', async () => {
  const model = lines(quantile(), narrow);
  assert.match(
    await refusal(() => calibrateIntervals(model, table(8, 1))),
    /^intervals of 90 % are calibrated by at least 9 samples that are not trained on, and 'drawn' has 8/,
  );
  await calibrateIntervals(model, table(9, 1));
  assert.match(
    await refusal(() =>
      calibrateIntervals(lines(quantile({ quantiles: [0.5] }), [[1, 0]]), table(9, 1)),
    ),
    /the model predicts no intervals/,
  );
  const { inputs } = table(9, 1);
  assert.match(
    await refusal(() => calibrateIntervals(model, { name: 'bare', inputs, targets: {} })),
    /data set 'bare' has no numbers for the target 'output'/,
  );
});

test.run();
