/**
 * The small nets and those from images to images: numbers of parameters, and a few steps that lower the loss of a
 * repeated tiny batch.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyDataset } from '../../src/data/dataset.js';
import { sizeOf, type Shape } from '../../src/graph/tensor.js';
import { parameterCount, rebuild, type Architecture, type Model } from '../../src/layers/index.js';
import { mapCriterion } from '../../src/losses/loss-kinds.js';
import type { LossSetting } from '../../src/losses/terms.js';
import { digitBitmaps } from '../../src/models/digit-bitmaps.js';
import {
  deepFace,
  denoisingAutoencoder,
  lenet1,
  lenet5,
  lenet5Original,
  mlp,
  resnet20,
  smallInception,
  smallSeNet,
  smallVgg,
  srcnn,
  unet,
} from '../../src/models/index.js';
import { recipes } from '../../src/models/recipes.js';
import { adam } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

const deepFaceCount =
  32 * (3 * 11 ** 2 + 1) +
  16 * (32 * 9 ** 2 + 1) +
  55 ** 2 * 16 * (16 * 9 ** 2 + 1) +
  25 ** 2 * 16 * (16 * 7 ** 2 + 1) +
  21 ** 2 * 16 * (16 * 5 ** 2 + 1) +
  4096 * (16 * 21 ** 2 + 1) +
  4030 * (4096 + 1);

const counts: readonly [name: string, create: () => Model, count: number, definition: string][] = [
  ['lenet1', lenet1, 2578, 'LeCun et al. 1990'],
  ['lenet5', lenet5, 61_706, 'C3 full, softmax: PyTorch’s and Keras’s examples'],
  ['lenet5Original', lenet5Original, 60_000, 'LeCun et al. 1998'],
  ['mlp', mlp, 784 * 100 + 100 + 100 * 10 + 10, '784-100-10'],
  [
    'mlp of three layers',
    () => mlp({ hidden: [300, 100] }),
    784 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10,
    '28×28-300-100-10 of LeCun et al. 1998',
  ],
  ['deepFace', deepFace, deepFaceCount, 'figure 2 of Taigman et al. 2014, 4,030 people'],
  ['unet', unet, 31_030_658, 'Ronneberger et al. 2015, figure 1'],
  [
    'unet with batch normalisation',
    () => unet({ channels: 3, classes: 1, padding: 'same', batchNorm: true }),
    31_037_633,
    'milesial/Pytorch-UNet with transposed convolutions',
  ],
  ['denoisingAutoencoder', denoisingAutoencoder, 2 * 784 * 500 + 500 + 784, '784-500-784, untied'],
  ['srcnn', srcnn, 8032 + 64 + 32 + 1, '9-1-5 of Dong et al. 2014: 8,032 weights, and biases'],
  ['smallInception', smallInception, 20_226, 'its own'],
  ['smallSeNet', smallSeNet, 80_582, 'its own'],
  ['smallVgg', smallVgg, 72_666, 'its own'],
];

for (const [name, create, count, definition] of counts) {
  test(`${name} has ${count} parameters: ${definition}`, () => {
    const model = create();
    assert.is(parameterCount(model), count);
    const json = JSON.stringify(model.architecture);
    const again = rebuild(JSON.parse(json) as Architecture);
    assert.is(JSON.stringify(again.architecture), json);
    assert.equal(
      again.parameters.map((one) => [one.name, one.shape, one.role]),
      model.parameters.map((one) => [one.name, one.shape, one.role]),
    );
  });
}

/** From 0 to 1. */
const unit = (count: number, seed: number): Float32Array =>
  numbers(count, seed).map((v) => (v + 1) / 2);

const inputShape = (model: Model): Shape => Object.values(model.architecture.inputs)[0]!.shape;

/** Four drawn samples with drawn classes, one each or one for each pixel. */
function classified(model: Model): AnyDataset {
  const shape = inputShape(model);
  const [classes, ...pixels] = model.outputs.get('output')!;
  const labels = unit(4 * sizeOf(pixels), 2).map((v) =>
    Math.min(Math.floor(v * classes!), classes! - 1),
  );
  return {
    name: 'drawn',
    inputs: { input: { shape, values: unit(4 * sizeOf(shape), 1) } },
    targets: { output: { shape: pixels, values: Int32Array.from(labels) } },
  };
}

/** Four drawn samples, each with the `target` of its values. */
function regressed(model: Model, target: (v: number) => number): AnyDataset {
  const shape = inputShape(model);
  const values = unit(4 * sizeOf(shape), 1);
  return {
    name: 'drawn',
    inputs: { input: { shape, values } },
    targets: { output: { shape, values: values.map(target) } },
  };
}

/** Trains on the same four samples as one minibatch; `first` and `last`: the loss before that step. */
async function lossesOf(
  model: Model,
  data: AnyDataset,
  { loss = 'crossEntropy', steps = 8 }: { loss?: LossSetting; steps?: number } = {},
) {
  const { history, model: trained } = await train(model, {
    data,
    validation: data,
    loss,
    optimizer: adam({ lr: 0.002 }),
    epochs: steps,
    batch: 4,
    shards: 2,
    workers: 0,
    numerics: 'strict',
  });
  return { first: history[0]!.loss, last: history.at(-1)!.loss, history, trained };
}

for (const [name, { create, loss }] of Object.entries(recipes)) {
  test(`steps on a batch of four lower the loss of ${name}`, async () => {
    const model = create();
    const { first, last } = await lossesOf(model, classified(model), { loss });
    assert.ok(last < first, `from ${first} to ${last}`);
  });
}

test('steps lower the loss of a small DeepFace', async () => {
  const model = deepFace({ size: 80, classes: 5, features: 32, width: 0.25 });
  const { history } = await lossesOf(model, classified(model));
  // In training dropout draws other units at each step.
  const [first, last] = [history[0]!.valLoss!, history.at(-1)!.valLoss!];
  assert.ok(last < first, `from ${first} to ${last}`);
  assert.throws(() => deepFace({ size: 71 }), /deepFace: size is 71, expected at least 72/);
});

test('a U-Net learns the class of each pixel, cropped or padded, of images that are no squares', async () => {
  const small = { depth: 2, width: 4, classes: 3 } as const;
  const cases = [
    // 44×60 → 40×56, 20×28 → 16×24, 8×12 → 4×8, up 8×16 → 4×12, up 8×24 → 4×20.
    { model: unet({ ...small, size: [44, 60] }), output: [3, 4, 20] },
    { model: unet({ ...small, size: [16, 24], padding: 'same' }), output: [3, 16, 24] },
    {
      model: unet({ ...small, size: 16, padding: 'same', batchNorm: true, channels: 3 }),
      output: [3, 16, 16],
    },
  ];
  for (const { model, output } of cases) {
    assert.equal(model.outputs.get('output'), output);
    const { first, last } = await lossesOf(model, classified(model));
    assert.ok(last < first, `from ${first} to ${last}`);
  }
  assert.equal(unet().outputs.get('output'), [2, 388, 388]);
  assert.throws(() => unet({ size: 570 }), /unet: level 1 has 279×279 pixels, expected even/);
});

test('an autoencoder learns its input, SRCNN an image', async () => {
  const autoencoder = denoisingAutoencoder({ features: 36, hidden: [24, 8] });
  assert.equal(autoencoder.outputs.get('output'), [36]);
  const coded = await lossesOf(
    autoencoder,
    regressed(autoencoder, (v) => v),
    {
      loss: 'binaryCrossEntropyWithLogits',
      steps: 30,
    },
  );
  assert.ok(coded.last < coded.first, `from ${coded.first} to ${coded.last}`);
  const model = srcnn({ size: 12, filters: [8, 4] });
  const { first, last } = await lossesOf(
    model,
    regressed(model, (v) => 1 - v),
    {
      loss: 'meanSquaredError',
    },
  );
  assert.ok(last < first, `from ${first} to ${last}`);
  assert.equal(srcnn({ padding: 'valid' }).outputs.get('output'), [1, 21, 21]);
});

test('LeNet-5’s bitmaps stand in its file and are not trained', async () => {
  const model = lenet5Original();
  const { trained } = await lossesOf(model, classified(model), {
    loss: mapCriterion({ j: 10 }),
    steps: 2,
  });
  const read = decodeModel(encodeModel(trained), 'file');
  assert.equal([...read.weights.get('output.centres')!], digitBitmaps.flat());
  assert.is(await read.sha256(), await trained.sha256());
});

test('other sizes, channels and classes', () => {
  const outputs = (model: Model) => [...model.outputs.values()][0]!;
  assert.equal(outputs(lenet1({ classes: 26 })), [26]);
  assert.equal(outputs(mlp({ hidden: [], size: 8, channels: 3, classes: 4 })), [4]);
  assert.equal(outputs(smallInception({ size: 32, channels: 3, classes: 7, width: 2 })), [7]);
  assert.equal(outputs(smallSeNet({ size: 20, channels: 2, classes: 5, width: 8 })), [5]);
  assert.equal(outputs(resnet20({ size: 28, channels: 1 })), [10]);
  assert.throws(
    () => mlp({ activation: 'rleu' as 'relu' }),
    /unknown activation 'rleu', expected one of relu, sigmoid, tanh/,
  );
});

test.run();
