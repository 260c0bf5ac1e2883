/** Losses by name and from files, their scores and hits, and what they refuse. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { input, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as losses from '../../src/losses/loss-kinds.js';
import type { Loss, LossName } from '../../src/losses/loss-kinds.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { assertClose } from '../support/golden.js';
import { refuses } from '../support/refuses.js';

/** The message of the argument error that `create` throws. */
function refusal(create: () => unknown): string {
  try {
    create();
  } catch (error) {
    assert.ok(error instanceof LanewiseError, String(error));
    assert.is((error as LanewiseError).kind, 'argument');
    return (error as LanewiseError).message;
  }
  return 'nothing was thrown';
}

type Values = readonly number[];

/** What a loss computes of an output and a target of given values. */
async function compute(
  build: (output: Tensor, target: Tensor) => Tensor | undefined,
  shape: Shape,
  output: Values,
  targetShape: Shape,
  target: Values,
  dtype: 'f32' | 'i32' = 'f32',
): Promise<number[]> {
  const leaves = [input('output', shape), input('target', targetShape, dtype)] as const;
  const feeds = new Map<Tensor, Float32Array | Int32Array>([
    [leaves[0], Float32Array.from(output)],
    [leaves[1], dtype === 'i32' ? Int32Array.from(target) : Float32Array.from(target)],
  ]);
  const [found] = await evaluate([build(...leaves)!], feeds, { numerics: 'strict' });
  return [...found!];
}

const hitsOf = (loss: Loss) => (output: Tensor, target: Tensor) => loss.hits!(output, target);

test('a loss says of itself whether its scores are probabilities, and what outputs find by it', async () => {
  const output = [2, -1, 0.5, 3, 3, -7];
  for (const name of losses.lossNames) {
    const loss = losses.lossFor(name);
    const scores = await compute((y) => loss.scores(y), [2, 3], output, [1], [0]);
    const sums = [0, 3].map((from) => scores.slice(from, from + 3).reduce((a, b) => a + b));
    const addUp = sums.every((sum) => Math.abs(sum - 1) < 1e-6);
    assert.is(loss.gives === 'probabilities', addUp, name);
    if (typeof loss.finds !== 'object') continue;
    // A score and a target just above and below their middles are on the side that hits go by.
    const [middle, side] = loss.finds.sides;
    const ends = [-0.4, 0.4].map((distance) => middle + distance);
    const shown = await compute((y) => loss.scores(y), [2, 1], ends, [1], [0]);
    const hits = await compute(hitsOf(loss), [2, 1], ends, [2, 1], [side + 0.4, side + 0.4]);
    assert.equal(
      shown.map((score) => Number(score > middle)),
      hits,
      name,
    );
  }
});

test('a loss comes back from its description, and from its name with its defaults', () => {
  const created = [
    losses.crossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2] }),
    losses.klDivergence({ temperature: 4, from: 'probabilities' }),
    losses.hinge({ p: 2, margin: 3 }),
    losses.mapCriterion({ j: 0.1 }),
    losses.l1({ reduction: 'sum' }),
    losses.huber({ delta: 2 }),
    losses.smoothL1({ beta: 2 }),
    losses.binaryCrossEntropyWithLogits({ posWeight: 2 }),
    losses.binaryHinge({ margin: 2 }),
    ...losses.lossNames.map((name) => losses.lossFor(name)),
  ];
  for (const loss of created) {
    const description = losses.describeLoss(loss);
    const stored = JSON.parse(JSON.stringify(description)) as losses.LossDescription;
    assert.equal(losses.describeLoss(losses.createLoss(stored)), description);
    assert.is(losses.lossFor(loss), loss);
  }
  assert.equal(losses.describeLoss(losses.lossFor('huber')), {
    kind: 'huber',
    settings: { delta: 1 },
  });
});

test('unknown names and settings out of range are refused by name', () => {
  assert.match(
    refusal(() => losses.lossFor('hubert' as LossName)),
    /unknown loss 'hubert', expected one of crossEntropy, .*/,
  );
  assert.match(
    refusal(() => losses.lossFor(3 as never)),
    /loss is 3, expected a loss or one of crossEntropy, /,
  );
  const refused: [() => unknown, string][] = [
    [
      () => losses.crossEntropy({ labelSmoothing: 2 }),
      'crossEntropy: labelSmoothing is 2, expected a number from 0 to 1',
    ],
    [
      () => losses.crossEntropy({ classWeights: [1, -1] }),
      'crossEntropy: classWeights[1] is -1, expected a number of at least 0',
    ],
    [
      () => losses.crossEntropy({ classWeights: [] }),
      'crossEntropy: classWeights is [], expected a list of 1 or more',
    ],
    [() => losses.huber({ delta: 0 }), 'huber: delta is 0, expected a number above 0'],
    [() => losses.smoothL1({ beta: NaN }), 'smoothL1: beta is NaN, expected a number above 0'],
    [
      () => losses.klDivergence({ temperature: -1 }),
      'klDivergence: temperature is -1, expected a number above 0',
    ],
    [
      () => losses.createLoss({ kind: 'klDivergence', settings: { from: 'scores' } }),
      "klDivergence: from is 'scores', expected one of logits, probabilities",
    ],
    [
      () => losses.createLoss({ kind: 'l1', settings: { reduction: 'none' } }),
      "l1: reduction is 'none', expected one of mean, sum",
    ],
    [
      () => losses.createLoss({ kind: 'hinge', settings: { p: 3 } }),
      'hinge: p is 3, expected one of 1, 2',
    ],
    [() => losses.mapCriterion({ j: 0 }), 'mapCriterion: j is 0, expected a number above 0'],
    [
      () => losses.createLoss({ kind: 'l1', settings: null as never }),
      'l1: settings are null, expected an object',
    ],
  ];
  for (const [create, message] of refused) assert.is(refusal(create), message);
});

test('outputs and targets that do not fit are refused with both shapes', () => {
  const output = input('output', [4, 10]);
  const image = input('image', [2, 3, 8, 8]);
  const indices = (...shape: number[]) => input('target', shape, 'i32');
  const values = (...shape: number[]) => input('target', shape);
  const { crossEntropy, hinge, l1, klDivergence, mapCriterion, squaredError } = losses;
  refuses(
    () => crossEntropy().perSample(output, indices(3)),
    /crossEntropy: output 4×10 does not fit target 3 \(i32\): expected class indices \(i32\) n for n×C/,
  );
  // A label distribution of the wrong length.
  refuses(
    () => crossEntropy().perSample(output, values(4, 9)),
    /crossEntropy: output 4×10 does not fit target 4×9: expected values \(f32\) of the output's shape/,
  );
  refuses(
    () => crossEntropy().perSample(input('y', [4, 1]), input('t', [4], 'i32')),
    /crossEntropy: output 4×1 does not fit target 4 \(i32\): expected two classes at least/,
  );
  refuses(
    () => crossEntropy({ classWeights: [1, 2] }).perSample(output, indices(4)),
    /crossEntropy: output 4×10 has 10 classes, classWeights has 2 values/,
  );
  refuses(
    () => crossEntropy().perSample(image, indices(2, 3, 8)),
    /crossEntropy: output 2×3×8×8 does not fit target 2×3×8 \(i32\): .* N×H×W for N×C×H×W/,
  );
  refuses(
    () => crossEntropy().perSample(input('output', [4]), indices(4)),
    /output 4 does not fit/,
  );
  refuses(
    () => hinge().perSample(output, values(4)),
    /hinge: output 4×10 does not fit target 4: expected class indices/,
  );
  refuses(
    () => mapCriterion().perSample(output, indices(4, 10)),
    /mapCriterion: output 4×10 does not fit target 4×10 \(i32\)/,
  );
  refuses(
    () => klDivergence().perSample(output, indices(4)),
    /klDivergence: output 4×10 does not fit target 4 \(i32\): expected values \(f32\)/,
  );
  refuses(
    () => l1().perSample(image, values(2, 3, 8, 7)),
    /l1: output 2×3×8×8 does not fit target 2×3×8×7: expected values \(f32\) of the output's shape or class/,
  );
  refuses(
    () => squaredError().perSample(image, indices(2, 8, 8)),
    /squaredError: output 2×3×8×8 does not fit target 2×8×8 \(i32\)/,
  );
  refuses(() => l1().perSample(input('output', []), values(1)), /l1: output scalar does not fit/);
});

test('class indices are one-hot vectors to a loss of values, and numbers if there is one value', async () => {
  const { binaryCrossEntropyWithLogits, squaredError } = losses;
  const squares = squaredError().perSample;
  assert.equal(await compute(squares, [2, 3], [0, 2, 0, 1, 1, 1], [2], [1, 2], 'i32'), [1, 2]);
  assert.equal(await compute(squares, [2, 1], [3, -1], [2], [1, 4], 'i32'), [4, 25]);
  assert.equal(await compute(squares, [2], [3, -1], [2, 1], [1, 4]), [4, 25]);
  const sequences = await compute(squares, [1, 2, 2], [0, 1, 2, 0], [1, 2], [1, 0], 'i32');
  assert.equal(sequences, [1]);
  const logits = binaryCrossEntropyWithLogits();
  const loss = await compute(logits.perSample, [2, 1], [2, -3], [2], [1, 1], 'i32');
  assertClose(loss, [Math.log1p(Math.exp(-2)), Math.log1p(Math.exp(3))], 1e-6, 'loss');
  const hits = await compute(hitsOf(logits), [2, 1], [2, -3], [2], [1, 1], 'i32');
  assert.equal(hits, [1, 0]);
});

test('hits are the share of right answers of each sample', async () => {
  const { binaryCrossEntropy, binaryHinge, crossEntropy, l1, mapCriterion } = losses;
  const entropy = hitsOf(crossEntropy());
  assert.equal(await compute(entropy, [2, 2], [1, 0, 1, 0], [2], [0, 1], 'i32'), [1, 0]);
  const distribution = await compute(entropy, [2, 2], [1, 0, 1, 0], [2, 2], [0.6, 0.4, 0.1, 0.9]);
  assert.equal(distribution, [1, 0]);
  const steps = await compute(
    entropy,
    [1, 4, 2],
    [1, 0, 1, 0, 0, 1, 0, 1],
    [1, 4],
    [0, 1, 1, 1],
    'i32',
  );
  assert.equal(steps, [0.75]);
  // Two classes on axis 1 of two pixels: 5 > 1 and 3 < 7.
  const pixels = await compute(entropy, [1, 2, 1, 2], [5, 3, 1, 7], [1, 1, 2], [0, 1], 'i32');
  assert.equal(pixels, [1]);
  const penalties = await compute(hitsOf(mapCriterion()), [2, 2], [9, 1, 9, 1], [2], [1, 0], 'i32');
  assert.equal(penalties, [1, 0]);
  const binary = hitsOf(binaryCrossEntropy());
  assert.equal(await compute(binary, [1, 4], [0.9, 0.2, 0.6, 0.5], [1, 4], [1, 0, 0, 0]), [0.75]);
  assert.equal(await compute(binary, [1, 2], [0.4, 0.2], [1], [0], 'i32'), [1]);
  const signs = await compute(hitsOf(binaryHinge()), [1, 2], [3, -1], [1, 2], [1, 1]);
  assert.equal(signs, [0.5]);
  assert.is(l1().hits!(input('output', [2, 2]), input('target', [2, 2])), undefined);
});

test('scores are probabilities where outputs are logits, and penalties’ negatives', async () => {
  const scores = (loss: Loss) => (output: Tensor) => loss.scores(output);
  const { binaryCrossEntropyWithLogits, crossEntropy, huber, mapCriterion } = losses;
  const output = [0, Math.log(3), 0, 0];
  const matrix = await compute(scores(crossEntropy()), [2, 2], output, [1], [0]);
  assertClose(matrix, [0.25, 0.75, 0.5, 0.5], 1e-6, 'rows');
  const image = await compute(scores(crossEntropy()), [1, 2, 1, 2], output, [1], [0]);
  assertClose(image, [0.5, 0.75, 0.5, 0.25], 1e-6, 'classes on axis 1');
  const sigmoid = await compute(scores(binaryCrossEntropyWithLogits()), [2, 2], output, [1], [0]);
  assertClose(sigmoid, [0.5, 0.75, 0.5, 0.5], 1e-6, 'sigmoid');
  assert.equal(await compute(scores(mapCriterion()), [1, 2], [3, 4], [1], [0]), [-3, -4]);
  assert.is(huber().scores(input('output', [2])).shape.length, 1);
});

test('a distribution that is one-hot, or smoothed by nothing, is the class index', async () => {
  const { crossEntropy } = losses;
  const output = [0.3, -2, 1.5, 40, -60, 12];
  const plain = await compute(crossEntropy().perSample, [2, 3], output, [2], [2, 1], 'i32');
  const oneHot = [0, 0, 1, 0, 1, 0];
  const distribution = await compute(crossEntropy().perSample, [2, 3], output, [2, 3], oneHot);
  assertClose(distribution, plain, 1e-6, 'distribution');
  const weighted = crossEntropy({ classWeights: [1, 1, 2] });
  const twice = await compute(weighted.perSample, [2, 3], output, [2], [2, 1], 'i32');
  assertClose(twice, [plain[0]! * 2, plain[1]!], 1e-6, 'weighted');
});

test('outputs far out give neither NaN nor infinity', async () => {
  const { binaryCrossEntropy, binaryCrossEntropyWithLogits, cosine, mapCriterion } = losses;
  const logits = binaryCrossEntropyWithLogits().perSample;
  const loss = await compute(logits, [2, 2], [500, -500, 500, -500], [2, 2], [1, 0, 0, 1]);
  assert.equal(loss, [0, 500]);
  const clamped = await compute(binaryCrossEntropy().perSample, [1, 2], [0, 1], [1, 2], [1, 0]);
  assert.equal(clamped, [100]);
  const penalties = await compute(mapCriterion().perSample, [1, 2], [900, 0], [1], [0], 'i32');
  assertClose(penalties, [900 + Math.log(1 + Math.exp(-1))], 1e-6, 'penalties');
  const none = await compute(cosine().perSample, [1, 3], [0, 0, 0], [1, 3], [1, 2, 3]);
  assert.equal(none, [1]);
});

test.run();
