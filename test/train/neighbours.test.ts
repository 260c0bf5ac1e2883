/**
 * Calls that users of other libraries write in their first hours: each does what was meant, or is refused with the way
 * out.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset, TensorDataset } from '../../src/data/dataset.js';
import {
  flatten,
  linear,
  sequential,
  sigmoid,
  softmax,
  type Model,
} from '../../src/layers/index.js';
import { binaryCrossEntropy, crossEntropy } from '../../src/losses/loss-kinds.js';
import { adam, adamW, ema, schedule } from '../../src/optimizers/index.js';
import { trainEvents, type TrainOptions } from '../../src/train/train.js';
import { encodeModel } from '../../src/trained/model-file.js';
import { createStepper } from '../../src/train/stepper.js';
import { SETTING_NAMES } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { decodeWeights } from '../../src/trained/weights-file.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const COUNT = 12;
const whole = (of: number): Int32Array => Int32Array.from({ length: COUNT }, (_, i) => i % of);
const dataOf = (
  values: Int32Array | Float32Array | Uint8Array,
  shape: readonly number[] = [],
): TensorDataset => ({
  name: 'points',
  inputs: { input: { shape: [2], values: numbers(COUNT * 2, 1) } },
  targets: { output: { shape, values } },
});
const ending = (units: number, ...layers: ReturnType<typeof linear>[]): Model =>
  sequential([linear(2, units), ...layers], { input: [2] });
const settings = { optimizer: adam(), epochs: 1, numerics: 'strict', workers: 0 } as const;

/** Settings and options as they come: their types would refuse most of them. */
const trained = (model: Model, given: object) =>
  refusal(() => train(model, { ...settings, data: dataOf(whole(2)), ...given }));

test('losses and metrics by the names that they have elsewhere', async () => {
  const named: readonly (readonly [string, string])[] = [
    ['mse', 'meanSquaredError'],
    ['MSELoss', 'meanSquaredError'],
    ['mean_squared_error', 'meanSquaredError'],
    ['mae', 'l1'],
    ['L1Loss', 'l1'],
    ['ce', 'crossEntropy'],
    ['CrossEntropyLoss', 'crossEntropy'],
    ['sparse_categorical_crossentropy', 'crossEntropy'],
    ['bce', 'binaryCrossEntropy'],
    ['BCEWithLogitsLoss', 'binaryCrossEntropyWithLogits'],
    ['kl_div', 'klDivergence'],
    ['SmoothL1Loss', 'smoothL1'],
  ];
  for (const [loss, meant] of named)
    assert.match(await trained(ending(2), { loss }), `did you mean '${meant}'?`);
  const validation = dataOf(whole(2));
  for (const [metric, meant] of [
    ['f1_score', "mean 'f1'"],
    ['roc_auc', "mean 'auc'"],
    ['precision_macro', "mean 'precision'"],
    ['acc', 'is valAccuracy'],
  ]) {
    assert.match(await trained(ending(2), { validation, metrics: [metric] }), meant!);
  }
});

test('options by the names that they have elsewhere, and none where nothing is near', async () => {
  const makers: readonly (readonly [(options: never) => unknown, string, string | undefined])[] = [
    [adamW, 'wd', 'weightDecay'],
    [ema, 'momentum', 'decay'],
    [schedule.step, 'step_size', 'every'],
    [schedule.step, 'factor', 'gamma'],
    [schedule.exponential, 'decay', 'gamma'],
    [schedule.cosine, 'T_max', 'period'],
    [schedule.cosine, 'eta_min', 'min'],
    [schedule.reduceOnPlateau, 'min_lr', 'min'],
    [schedule.reduceOnPlateau, 'monitor', 'metric'],
    [adam, 'zz', undefined],
  ];
  for (const [make, name, meant] of makers) {
    const message = await refusal(() => Promise.resolve(make({ [name]: 1 } as never)));
    assert.match(message, `unknown option '${name}'`);
    if (meant === undefined) assert.not.match(message, 'did you mean');
    else assert.match(message, `did you mean '${meant}'?`);
  }
  // Two letters of another name are not near.
  assert.not.match(await trained(ending(2), { freeze: ['zz'] }), 'did you mean');
  assert.match(
    await trained(sequential({ a: linear(2, 2) }, { input: [2] }), { freeze: ['A'] }),
    "mean 'a'",
  );
});

/** What users write among the settings, and what they are told. */
const ELSEWHERE: readonly (readonly [names: string, told: RegExp])[] = [
  ['learningRate learning_rate lr', /\nit is the optimizer's: adam\(\{ lr \}\)/],
  ['weightDecay weight_decay l2', /\nit is the optimizer's: adam\(\{ weightDecay \}\)/],
  ['momentum', /\nit is the optimizer's: momentum\(\{ lr, beta \}\)/],
  ['class_weight classWeights', /\nit is the loss's: crossEntropy\(.*withClassWeights\(data\)/],
  ['swa', /\naverage: swa\(\)/],
  ['ema', /\naverage: ema\(\)/],
  ['clip_grad_norm maxGradNorm', /\ndid you mean 'clipNorm'\?/],
  ['clip_grad_value', /\ndid you mean 'clipValue'\?/],
  ['batchSize batch_size', /\ndid you mean 'batch'\?/],
];
const OF_RUNS: typeof ELSEWHERE = [
  ['validation_split validationSplit', /\nconst \[data, validation\] = split\(all, 0.9\)/],
  ['augment augmentation transforms', /\nit is the data's: transformed\(data, /],
  ['callbacks', /\nthe third argument takes them: \{ onEpoch \}/],
  ['verbose', /\nthe third argument says what is called: \{ onEpoch/],
  ['shuffle', /\nepochs are shuffled; sampler: samplers.sequential\(\)/],
  ['steps_per_epoch', /\ndid you mean 'stepsPerEpoch'\?/],
  ['max_steps', /\nsteps are epochs × stepsPerEpoch/],
  ['dataset train_data', /\ndid you mean 'data'\?/],
];
const OF_LOOPS: typeof ELSEWHERE = [
  ['epochs num_epochs', /\nthe loop is yours/],
  ['validation_data', /\nloss\(batch\) scores samples/],
  ['validation_split', /\nsplit\(data, 0.9\) divides data/],
  ['callbacks verbose max_steps steps_per_epoch', /\n.*the loop is yours/],
  ['shuffle', /\nsamplers.shuffled\(\).order\(/],
  ['augment', /\nchange the samples of the batch/],
];

test('words of other libraries among the settings, and where they stand here', async () => {
  const words = (table: typeof ELSEWHERE) =>
    table.flatMap(([names, told]) => names.split(' ').map((name) => [name, told] as const));
  for (const [name, told] of words([...ELSEWHERE, ...OF_RUNS])) {
    const message = await trained(ending(2), { [name]: 1 });
    assert.match(message, `train: unknown option '${name}'`);
    assert.match(message, told);
  }
  for (const [name, told] of words([...ELSEWHERE, ...OF_LOOPS])) {
    const message = await refusal(() =>
      createStepper(ending(2), { optimizer: adam(), workers: 0, [name]: 1 } as never),
    );
    assert.match(message, `createStepper: unknown option '${name}'`);
    assert.match(message, told);
  }
});

test('options among the settings, and settings among the options', async () => {
  for (const name of ['folder', 'resume', 'onEpoch', 'test', 'name', 'signal'])
    assert.match(
      await trained(ending(2), { [name]: 'a' }),
      `\n${name} belongs into the third argument, the options`,
    );
  const data = dataOf(whole(2));
  for (const name of SETTING_NAMES) {
    const options = { [name]: 1 } as TrainOptions;
    const message = await refusal(() => train(ending(2), { ...settings, data }, options));
    assert.match(message, `\n${name} belongs into the second argument, the settings`);
  }
  assert.match(
    await refusal(() => train(ending(2), { ...settings, data }, { batch_size: 3 } as never)),
    /\nbatch belongs into the second argument, the settings/,
  );
});

test('a refused setting is told with the function that it was given to', async () => {
  const wrong = { optimizer: {}, average: {}, weights: 5, freeze: 3, clipNorm: -1 };
  for (const [name, value] of Object.entries(wrong)) {
    const message = await trained(ending(2), { [name]: value });
    assert.match(message, new RegExp(`^train: ${name}`));
    const asked = { optimizer: adam(), [name]: value } as never;
    const stepping = await refusal(() => createStepper(ending(2), asked));
    assert.is(stepping, message.replace(/^train/, 'createStepper'));
  }
});

test('scores that are probabilities already, and a softmax that is always 1', async () => {
  const labels = dataOf(whole(3));
  assert.match(
    await trained(ending(3, sigmoid()), { data: labels, loss: 'crossEntropy' }),
    /already ends with sigmoid\nleave sigmoid out/,
  );
  const yes = dataOf(Float32Array.from(whole(2)), [1]);
  for (const loss of ['binaryCrossEntropy', 'binaryCrossEntropyWithLogits']) {
    assert.match(
      await trained(ending(1, softmax()), { data: yes, loss }),
      /softmax of one value, which is 1 .*\nend with sigmoid\(\)/,
    );
  }
  const { history } = await train(ending(3, softmax()), {
    ...settings,
    data: dataOf(
      Float32Array.from({ length: COUNT * 3 }, (_, i) => Number(i % 3 === 0)),
      [3],
    ),
    loss: binaryCrossEntropy(),
  });
  assert.ok(Number.isFinite(history[0]!.loss), 'several probabilities may come from softmax');
});

test('weights of classes that are all 0, and validation by two counts', async () => {
  assert.match(
    await refusal(() => Promise.resolve(crossEntropy({ classWeights: [0, 0] }))),
    /classWeights are all 0, so that nothing counts/,
  );
  assert.match(
    await trained(ending(2), {
      validation: dataOf(whole(2)),
      validateEvery: { steps: 1, epochs: 1 },
    }),
    /validateEvery has steps and epochs, expected one of them/,
  );
});

test('options of train that are of another kind, or do nothing', async () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ folder: 'a', resume: 'yes' }, /train: resume is 'yes', expected true or false/],
    [{ folder: 'a', resume: {} }, /resume: override is undefined, expected a list/],
    [{ folder: 'a', resume: { override: 'epochs' } }, /override is 'epochs', expected a list/],
    [{ folder: 'a', resume: { overide: [] } }, /'overide', expected override\ndid you mean/],
    [{ folder: 'a', fresh: 1 }, /train: fresh is 1, expected true or false/],
    [{ folder: 'a', checkpoints: { everySteps: 0 } }, /everySteps is 0, expected a whole number/],
    [{ folder: 'a', checkpoints: { everyMinutes: 0 } }, /everyMinutes is 0, expected a number/],
    [{ folder: 'a', checkpoints: { everyEpoch: 'yes' } }, /everyEpoch is 'yes', expected true/],
    [{ signal: 5 }, /train: signal is 5, expected an AbortController's signal/],
    [
      { folder: 'a', resume: true, fresh: true },
      /train: resume and fresh are both given, expected one of them\nresume goes on from/,
    ],
    [{ resume: true }, /resume is given, and no folder\nsay where the run is kept/],
  ];
  for (const [options, expected] of wrong) {
    const run = async () => {
      const data = dataOf(whole(2));
      for await (const _ of trainEvents(ending(2), { ...settings, data }, options as TrainOptions));
    };
    assert.match(await refusal(run), expected);
  }
});

test('targets in a shape or type that another library takes', async () => {
  const hot = (i: number): number => Number(i % 3 === Math.floor(i / 3) % 3);
  const oneHot = Int32Array.from({ length: COUNT * 3 }, (_, i) => hot(i));
  assert.match(await trained(ending(3), { data: dataOf(oneHot, [3]) }), /\none-hot vectors are a/);
  const wide = dataOf(
    Float32Array.from(oneHot).map((v) => v / 7),
    [3],
  );
  assert.match(
    await trained(ending(2), { data: wide, loss: 'meanSquaredError' }),
    /\ngive the last layer 3 outputs/,
  );
  const doubles = Float64Array.from(whole(2)) as never;
  assert.match(
    await trained(ending(2), { data: dataOf(doubles) }),
    /Float64Array.*\nFloat32Array.from/,
  );
});

test('trained models where models are meant, and weights by other names', async () => {
  const model = ending(2);
  const result = await train(model, { ...settings, data: dataOf(whole(2)) });
  for (const wrong of [result, result.model])
    assert.match(await trained(wrong as never, {}), /expected one made by .*\nit is a trained one/);
  assert.match(await trained(model, { weights: result.model }), /\nmodel.weights of a trained/);
  const bytes = encodeModel(result.model);
  const load = (options: object) => refusal(() => decodeWeights(model, bytes, 'file', options));
  assert.match(await load({ strict: false }), /'strict'.*\nloadPartialWeights takes what fits/);
  assert.match(await load({ prefix: 'a.' }), /'prefix'.*\nnames: /);
  const deeper = sequential([linear(2, 2), linear(2, 2)], { input: [2] });
  const missing = await refusal(() => decodeWeights(deeper, bytes, 'file'));
  assert.match(missing, /'1.weight' is missing.*\nloadPartialWeights takes what a file has/);
  assert.match(
    await refusal(() => withWeights(model, result.model.weights, { classes: ['a', 'b', 'c'] })),
    /classes is \['a', 'b', 'c'\], expected at most 2 names/,
  );
});

test('predict refuses what it would pass over, and pixels on another scale', async () => {
  const { model } = await train(ending(2), { ...settings, data: dataOf(whole(2)) });
  const input = { shape: [2], values: numbers(4, 1) };
  const predict = (...given: unknown[]) =>
    refusal(() => (model.predict as (...all: unknown[]) => Promise<unknown>)(...given));
  assert.match(await predict({ input, mask: input }), /no input 'mask', expected input/);
  assert.match(
    await predict({ samples: input.values, labels: [] }),
    /\npredict takes a data set’s samples/,
  );
  assert.match(
    await predict({ input: input.values }),
    /'input' is an array.*\ninput: \{ shape: \[2\]/,
  );
  assert.match(
    await predict(input.values, [2], { batchSize: 3 }),
    /output is an object, expected the/,
  );

  const data: Dataset = {
    name: 'pixels',
    shape: [1, 2, 2],
    classes: ['dark', 'light'],
    samples: Uint8Array.from({ length: COUNT * 4 }, (_, i) => (i % 8) * 30),
    labels: Uint8Array.from(whole(2)),
  };
  const floats = { ...data, samples: Float32Array.from(data.samples) };
  const parts = { ...data, samples: floats.samples.map((value) => value / 255) };
  const net = sequential([flatten(), linear(4, 2)], { input: [1, 2, 2] });
  const ofBytes = (await train(net, { ...settings, data, validation: parts })).model;
  const expected = /floats that are whole numbers up to 255.*\nmake bytes of them/;
  assert.match(await trained(net, { data, validation: floats }), expected);
  assert.match(await refusal(() => ofBytes.evaluate(floats, { workers: 0 })), expected);
  assert.match(await refusal(() => ofBytes.predict(floats.samples)), expected);
  const { scores } = await ofBytes.predict(data.samples);
  assert.equal((await ofBytes.predict(parts.samples)).scores, scores);
});

test.run();
