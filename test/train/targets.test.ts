/** Loss, output and target that do not fit are refused before the first step, by name and with the way out. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrays } from '../../src/data/arrays.js';
import type { Dataset, Field, StreamedDataset, TensorDataset } from '../../src/data/dataset.js';
import { sizeOf } from '../../src/graph/tensor.js';
import {
  add,
  flatten,
  functional,
  input,
  linear,
  relu,
  sequential,
  sigmoid,
  softmax,
  tanh,
  type Model,
} from '../../src/layers/index.js';
import { constant } from '../../src/layers/initializers.js';
import { createLoss, crossEntropy, lossNames } from '../../src/losses/loss-kinds.js';
import type { LossSetting } from '../../src/losses/terms.js';
import { sgd } from '../../src/optimizers/index.js';
import { describeRun } from '../../src/train/describe-run.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import { train } from '../../src/train/train.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const COUNT = 12;

const dataOf = ({ shape = [], ...target }: Partial<Field>): TensorDataset => ({
  name: 'points',
  inputs: {
    input: { shape: [2], values: numbers((target.values!.length / sizeOf(shape)) * 2, 1) },
  },
  targets: { output: { shape, ...target } as Field },
});
const floats = (...values: number[]): Float32Array =>
  Float32Array.from({ length: COUNT }, (_, i) => values[i % values.length]!);
const whole = (...values: number[]): Int32Array => Int32Array.from(floats(...values));

const one = () => sequential({ out: linear(2, 1) }, { input: [2] });
const three = () => sequential({ out: linear(2, 3) }, { input: [2] });
const settings = {
  optimizer: sgd({ lr: 0.1 }),
  epochs: 1,
  numerics: 'strict',
  workers: 0,
} as const;

const trained = (model: Model, loss: LossSetting | undefined, data: TensorDataset | Dataset) =>
  train(model, { ...settings, data, ...(loss === undefined ? {} : { loss }) });

/** Model, loss, target, and what is said. */
const wrong: readonly (readonly [() => Model, LossSetting, Partial<Field>, RegExp])[] = [
  // Labels −1 and 1, 0 and 255, and values of any size, for losses of yes and no.
  [
    one,
    'binaryCrossEntropyWithLogits',
    { values: floats(1, -1) },
    /'output': -1 of sample 1, binaryCrossEntropyWithLogits takes values from 0 to 1\nmap the labels -1 to 0, or take binaryHinge/,
  ],
  [
    one,
    'binaryCrossEntropyWithLogits',
    { values: floats(0, 255) },
    /255 of sample 1, .*\ndivide by 255, or give bytes/,
  ],
  [
    one,
    'binaryCrossEntropyWithLogits',
    { values: floats(0.5, 151.3) },
    /151\.\d+ of sample 1, .*\nmeanSquaredError takes real values/,
  ],
  [
    one,
    'binaryCrossEntropyWithLogits',
    { values: whole(0, 1, -1) },
    /label -1 of sample 2, expected a whole number from 0 to 1/,
  ],
  [
    one,
    'binaryCrossEntropyWithLogits',
    { values: Uint8Array.from(whole(0, 255)) },
    /label 255 of sample 1, .*\n.*as: 'values'/,
  ],
  [
    one,
    'binaryHinge',
    { values: floats(0, 0.3) },
    /0\.3\d* of sample 1, binaryHinge takes -1 and 1, or 0 and 1/,
  ],
  [
    three,
    'binaryCrossEntropyWithLogits',
    { shape: [3], values: floats(0, 1, 0, 0, 1, 2) },
    /2 of sample 1, value 2, /,
  ],
  // Real values, or one output, for losses of classes.
  [
    one,
    'crossEntropy',
    { values: floats(151, 75) },
    /crossEntropy takes scores of two classes or more, output 'output' has one value\nmeanSquaredError/,
  ],
  [
    one,
    'crossEntropy',
    { values: whole(0, 1) },
    /two classes or more.*\nbinaryCrossEntropyWithLogits takes one output of 0 or 1/,
  ],
  [
    three,
    crossEntropy({ classWeights: [0, 0, 1] }),
    { values: whole(0, 1) },
    /target 'output': crossEntropy gives weight 0 to every class that occurs, so nothing counts/,
  ],
  [one, 'hinge', { values: whole(0, 1) }, /hinge takes scores of two classes or more/],
  [
    one,
    'klDivergence',
    { shape: [1], values: floats(0.5) },
    /klDivergence takes scores of two classes or more/,
  ],
  [
    three,
    'crossEntropy',
    { shape: [3], values: floats(25, 346, 7.5) },
    /the values of sample 0 add up to 378\.5, crossEntropy takes class indices, or probabilities that add up to 1\nmeanSquaredError/,
  ],
  [
    three,
    'crossEntropy',
    { shape: [3], values: floats(-0.5, 1, 0.5) },
    /the values of sample 0 hold -0\.5/,
  ],
  [
    three,
    'crossEntropy',
    { shape: [3], values: floats(1, 1, 0) },
    /add up to 2, .*\nbinaryCrossEntropyWithLogits takes several answers/,
  ],
  [
    three,
    createLoss({ kind: 'klDivergence', settings: { from: 'probabilities' } }),
    { shape: [3], values: floats(2, 1, 3) },
    /klDivergence takes/,
  ],
  [
    three,
    'crossEntropy',
    { values: floats(0, 1, 2) },
    /values are a Float32Array .*crossEntropy takes class indices .*\nInt32Array\.from\(values\)/,
  ],
  [three, 'hinge', { values: floats(0, 1, 2) }, /hinge takes class indices .*\nInt32Array\.from/],
  [
    three,
    'mapCriterion',
    { values: floats(0.5) },
    /mapCriterion takes class indices .*\nmeanSquaredError/,
  ],
  // Labels that are no classes of the model's.
  [
    three,
    'crossEntropy',
    { values: whole(0, 1, 2, -1) },
    /label -1 of sample 3, expected a whole number from 0 to 2\ncrossEntropy\(\{ ignoreIndex: -1 \}\)/,
  ],
  [
    three,
    'crossEntropy',
    { values: whole(1, 2, 3) },
    /label 3 of sample 2, .*\nlabels count from 0: subtract 1/,
  ],
  [
    three,
    'crossEntropy',
    { values: whole(0, 7) },
    /label 7 of sample 1, .*\ngive the last layer as many outputs/,
  ],
  [three, 'meanSquaredError', { values: whole(0, -1) }, /label -1 of sample 1, .*\nweights/],
  [three, crossEntropy({ ignoreIndex: -100 }), { values: whole(0, -1) }, /label -1 of sample 1/],
  [
    one,
    'meanSquaredError',
    { values: whole(151, 75) },
    /label 151 of sample 0, .*\nnumbers, not classes, are a Float32Array/,
  ],
  [
    one,
    'meanSquaredError',
    { values: whole(151, 75), as: 'values' },
    /Int32Array values.*\nFloat32Array\.from/,
  ],
  // What is not finite.
  ...lossNames.map((name): [() => Model, LossSetting, Partial<Field>, RegExp] => [
    three,
    name,
    { shape: [3], values: floats(0, 0, 1, 0, NaN, 1) },
    /'output': NaN of sample 1, value 1, expected a finite number\nweights beside the values/,
  ]),
  [
    one,
    'l1',
    { values: floats(1, -Infinity) },
    /'output': -Infinity of sample 1, expected a finite number/,
  ],
];

for (const [model, loss, target, message] of wrong) {
  test(`refused: ${String(message)}`, async () => {
    assert.match(await refusal(() => trained(model(), loss, dataOf(target))), message);
  });
}

test('class indices may be lists of one; one-hot vectors of whole numbers are told how', async () => {
  const run = async (shape: number[]) =>
    (await trained(three(), 'crossEntropy', dataOf({ shape, values: whole(0, 1, 2) }))).model;
  assert.is(await (await run([1])).sha256(), await (await run([])).sha256());
  const hot = (one: number) => whole(one, 0, 0, 0, one, 0);
  const said = (target: Partial<Field>) =>
    refusal(() => trained(three(), 'crossEntropy', dataOf({ shape: [3], ...target })));
  const way =
    /crossEntropy takes one class index where the output has 3 scores\n.*Float32Array\.from/;
  assert.match(await said({ values: hot(1) }), way);
  assert.match(await said({ values: Uint8Array.from(hot(1)) }), way);
  const bytes = Uint8Array.from(hot(1));
  assert.match(await said({ values: bytes, as: 'values' }), /bytes count v\/255: give 0 and 255/);
  await trained(
    three(),
    'crossEntropy',
    dataOf({ shape: [3], values: Uint8Array.from(hot(255)), as: 'values' }),
  );
  assert.match(
    await refusal(() =>
      trained(three(), 'crossEntropy', dataOf({ values: Uint8Array.from(whole(0, 255, 1)) })),
    ),
    /label 255 of sample 1, .*\ncrossEntropy\(\{ ignoreIndex: 255 \}\)/,
  );
});

test('a target is held against its loss wherever data meets a model', async () => {
  const model = one();
  const good = dataOf({ values: floats(0, 1) });
  const bad = dataOf({ values: floats(1, -1) });
  const loss = 'binaryCrossEntropyWithLogits';
  const weights = (await trained(model, loss, good)).model.weights;
  const message = /-1 of sample 1, binaryCrossEntropyWithLogits takes values from 0 to 1/;
  const run = { ...settings, data: good, loss } as const;
  assert.match(await refusal(() => train(model, { ...run, validation: bad })), message);
  assert.match(await refusal(() => withWeights(model, weights, { loss }).evaluate(bad)), message);
});

test('every loss says what it takes', () => {
  for (const name of lossNames) assert.ok(createLoss({ kind: name, settings: {} }).takes, name);
});

test('what fits is taken: −1 and 1 by the hinge, soft and smoothed classes, bytes as shares', async () => {
  const right: readonly (readonly [() => Model, LossSetting, Partial<Field>])[] = [
    [one, 'binaryHinge', { values: floats(-1, 1) }],
    [one, 'binaryHinge', { values: whole(-1, 1) }],
    [one, 'binaryHinge', { values: floats(0, 1) }],
    [one, 'binaryCrossEntropyWithLogits', { values: floats(0, 0.3, 1) }],
    [one, 'binaryCrossEntropyWithLogits', { values: whole(0, 1) }],
    [one, 'binaryCrossEntropyWithLogits', { values: Uint8Array.from(whole(0, 255)), as: 'values' }],
    [three, 'crossEntropy', { shape: [3], values: floats(0.2, 0.3, 0.5) }],
    [
      three,
      'crossEntropy',
      { shape: [3], values: Uint8Array.from(whole(85, 85, 85)), as: 'values' },
    ],
    [three, 'klDivergence', { shape: [3], values: floats(-4, 20, 0.5) }],
    [three, 'meanSquaredError', { values: whole(0, 1, 2) }],
  ];
  for (const [model, loss, target] of right) await trained(model(), loss, dataOf(target));
});

test('an output that is no probability, or one already, is known from the graph', async () => {
  const ending = (...layers: ReturnType<typeof linear>[]) =>
    sequential([linear(2, 1), ...layers], { input: [2] });
  const yes = dataOf({ values: floats(0, 1) });
  for (const model of [ending(), ending(relu()), ending(tanh())]) {
    assert.match(
      await refusal(() => trained(model, 'binaryCrossEntropy', yes)),
      /output 'output' gives scores, not probabilities: .*\nend with sigmoid\(\), or take binaryCrossEntropyWithLogits/,
    );
  }
  await trained(ending(sigmoid()), 'binaryCrossEntropy', yes);
  assert.match(
    await refusal(() => trained(ending(sigmoid()), 'binaryCrossEntropyWithLogits', yes)),
    /makes probabilities of scores itself, and output 'output' already ends with sigmoid.*\nleave sigmoid out, or take binaryCrossEntropy/,
  );
  const soft = sequential([linear(2, 3), softmax()], { input: [2] });
  assert.match(
    await refusal(() => trained(soft, 'crossEntropy', dataOf({ values: whole(0, 1, 2) }))),
    /crossEntropy makes probabilities of scores itself, and output 'output' already ends with softmax/,
  );
});

test('without a loss, real values are learnt by squared error and classes by cross-entropy', async () => {
  const kindOf = async (model: Model, target: Partial<Field>) => {
    const resolved = resolveSettings(model, { ...settings, data: dataOf(target) });
    const { loss } = await describeRun(model, resolved);
    return (loss as { kind: string }[]).map(({ kind }) => kind).join();
  };
  assert.is(await kindOf(one(), { values: floats(151, 75.5) }), 'meanSquaredError');
  assert.is(await kindOf(one(), { shape: [1], values: floats(0, 1) }), 'meanSquaredError');
  assert.is(await kindOf(three(), { shape: [3], values: floats(1, 2, 3) }), 'meanSquaredError');
  assert.is(await kindOf(three(), { shape: [3], values: floats(0, 0, 1) }), 'crossEntropy');
  assert.is(await kindOf(three(), { values: whole(0, 1, 2) }), 'crossEntropy');
  const { history } = await trained(one(), undefined, dataOf({ values: floats(151, 75.5) }));
  assert.ok(history[0]!.loss > 1000 && history[0]!.accuracy === undefined, 'no perfect score');
});

test('whole numbers that are plainly quantities are asked about', async () => {
  const quantities = Int32Array.from({ length: 442 }, (_, i) => 25 + ((i * 97) % 214));
  const model = sequential([linear(2, 347)], { input: [2] });
  const message = await refusal(() => trained(model, undefined, dataOf({ values: quantities })));
  assert.match(
    message,
    /target 'output' has 214 different whole numbers in 442, as quantities have, and not classes\n.*meanSquaredError.*as: 'classes'/,
  );
  await trained(model, undefined, dataOf({ values: quantities, as: 'classes' }));
  const names = Array.from({ length: 347 }, (_, i) => `person ${i}`);
  await trained(model, undefined, { ...dataOf({ values: quantities }), classes: names });
  const images = arrays({ samples: numbers(884, 2), shape: [1, 1, 2], labels: quantities });
  const net = sequential([flatten(), linear(2, 347)], { input: [1, 1, 2] });
  assert.match(await refusal(() => trained(net, undefined, images)), /as quantities have/);
});

test('data of no weight, and values that are not finite, are refused', async () => {
  const data = dataOf({ values: floats(1, 2) });
  const none = { ...data, weights: new Float32Array(COUNT) };
  const model = one();
  const run = { ...settings, data, loss: 'l1' } as const;
  assert.match(
    await refusal(() => train(model, { ...run, data: none })),
    /the weights of data set 'points' are all 0/,
  );
  assert.match(
    await refusal(() => train(model, { ...run, validation: none, keepBest: true })),
    /the weights of data set 'points' are all 0/,
  );
  const holes = {
    ...data,
    inputs: { input: { shape: [2], values: numbers(24, 1).fill(NaN, 7, 8) } },
  };
  assert.match(
    await refusal(() => train(model, { ...run, data: holes })),
    /data set 'points', input 'input': NaN of sample 3, value 1, expected a finite number/,
  );
  assert.match(await refusal(() => train(model, { ...run, validation: holes })), /NaN of sample 3/);
});

test('labels of images are refused by number', async () => {
  const images = (labels: Int32Array): Dataset => ({
    name: 'images',
    shape: [1, 1, 2],
    classes: ['a', 'b', 'c'],
    samples: numbers(labels.length * 2, 4),
    labels,
  });
  const model = sequential([flatten(), linear(2, 3)], { input: [1, 1, 2] });
  assert.match(
    await refusal(() => trained(model, undefined, images(whole(0, 1, 2, -1)))),
    /label -1 of sample 3, expected a whole number from 0 to 2/,
  );
  assert.match(
    await refusal(() => trained(model, undefined, images(whole(0, 1, 3)))),
    /label 3 of sample 2, expected a whole number from 0 to 2/,
  );
});

test('weights that are not finite are named, and so is an input of a prediction', async () => {
  const model = one();
  const data = dataOf({ values: floats(1, 2) });
  const good = (await trained(model, 'l1', data)).model;
  const damaged = new Map([...good.weights].map(([name, values]) => [name, values.slice()]));
  damaged.get('out.weight')![1] = NaN;
  const run = { ...settings, data, loss: 'l1' } as const;
  assert.match(
    await refusal(() => train(model, { ...run, weights: damaged })),
    /weights of 'out\.weight': NaN at 1, expected a finite number/,
  );
  const bad = withWeights(model, damaged, { loss: 'l1' });
  const message =
    /the model's scores are NaN: weights of 'out\.weight': NaN at 1, expected a finite number/;
  assert.match(await refusal(() => bad.predict(numbers(4, 1))), message);
  assert.match(await refusal(() => bad.evaluate(data, { workers: 0 })), message);
  assert.match(
    await refusal(() => good.predict(Float32Array.of(1, 2, 3, NaN))),
    /samples: NaN of sample 1, value 1, expected a finite number/,
  );
});

test('the advice after a divergence is of the cause that was found', async () => {
  const advice = async (model: Model, loss: LossSetting, target: Partial<Field>, lr: number) => {
    const run = { ...settings, data: dataOf(target), loss, optimizer: sgd({ lr }), epochs: 40 };
    return refusal(() => train(model, run));
  };
  const grown = await advice(one(), 'meanSquaredError', { values: floats(1, 2) }, 1e30);
  assert.match(grown, /became (NaN|-?Infinity|Infinity)[^]*\nlower the learning rate \(lr\)/);
  // Its output is that of an op which may give probabilities.
  const x = input([2]);
  const out = linear(2, 1, { weightInit: constant(3) });
  const scores = functional({
    inputs: x,
    outputs: { output: add(out(x), out(x)) },
    layers: { out },
  });
  const wrong = await advice(scores, 'binaryCrossEntropy', { values: floats(0, 1) }, 1e-9);
  assert.match(
    wrong,
    /the loss became NaN in epoch 1, step 1: binaryCrossEntropy takes probabilities, and .* gives .*\nend with sigmoid/,
  );
  for (const said of [grown, wrong]) assert.not.match(said, /--lr/);
});

test('a sample of a reader or a stream that is not finite is refused when it is read', async () => {
  const reader: StreamedDataset = {
    name: 'read',
    shape: [1, 1, 2],
    classes: ['a', 'b', 'c'],
    labels: Uint8Array.from(whole(0, 1, 2)),
    reader: {
      type: 'float32',
      read: (index, to) => void to.fill(index === 5 ? Infinity : index),
    },
  };
  const model = sequential([flatten(), linear(2, 3)], { input: [1, 1, 2] });
  assert.match(
    await refusal(() => train(model, { ...settings, data: reader })),
    /data set 'read', sample 5: Infinity at 0, expected a finite number/,
  );
});

test.run();
