/**
 * The nets for photographs: published numbers of parameters, names of parameters, and at reduced size steps that
 * lower the loss of a batch. Values are compared with PyTorch's in exchange.test.ts.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import type { Dataset } from '../../src/data/dataset.js';
import { parameterCount, rebuild, type Architecture, type Model } from '../../src/layers/index.js';
import { lossTerms, type LossSetting } from '../../src/losses/terms.js';
import {
  alexNet,
  googLeNet,
  googLeNetLoss,
  networkInNetwork,
  resNet101,
  resNet152,
  resNet18,
  resNet34,
  resNet50,
  resnet20,
  seResNet,
  vgg11,
  vgg13,
  vgg16,
  vgg19,
  zfNet,
} from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { createSession } from '../../src/crew/session.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { numbers } from '../support/numbers.js';

/** The number of trained values, and whose it is. */
const published: [name: string, create: () => Model, count: number, definition: string][] = [
  [
    'alexNet',
    () => alexNet(),
    60_965_224,
    'the paper’s two groups at 227×227, Caffe’s bvlc_alexnet',
  ],
  [
    'alexNet torchvision',
    () => alexNet({ definition: 'torchvision' }),
    61_100_840,
    'torchvision, Krizhevsky 2014',
  ],
  // 96·(3·7²+1) + 256·(96·5²+1) + 384·(256·9+1) + 384·(384·9+1) + 256·(384·9+1)
  //   + 4096·(256·6²+1) + 4096·4097 + 1000·4097
  ['zfNet', () => zfNet(), 62_357_608, 'the sizes of the paper’s figure 3'],
  ['vgg11', () => vgg11(), 132_863_336, 'torchvision'],
  ['vgg13', () => vgg13(), 133_047_848, 'torchvision'],
  ['vgg16', () => vgg16(), 138_357_544, 'torchvision, Caffe’s VGG_ILSVRC_16_layers'],
  ['vgg19', () => vgg19(), 143_667_240, 'torchvision, Caffe’s VGG_ILSVRC_19_layers'],
  ['vgg11 bn', () => vgg11({ batchNorm: true }), 132_868_840, 'torchvision’s vgg11_bn'],
  ['vgg13 bn', () => vgg13({ batchNorm: true }), 133_053_736, 'torchvision’s vgg13_bn'],
  ['vgg16 bn', () => vgg16({ batchNorm: true }), 138_365_992, 'torchvision’s vgg16_bn'],
  ['vgg19 bn', () => vgg19({ batchNorm: true }), 143_678_248, 'torchvision’s vgg19_bn'],
  [
    'networkInNetwork cifar',
    () => networkInNetwork(),
    966_986,
    'the authors’ cuda-convnet and Caffe definition',
  ],
  [
    'networkInNetwork imagenet',
    () => networkInNetwork({ dataset: 'imagenet' }),
    7_595_176,
    'Caffe’s NIN-imagenet',
  ],
  ['googLeNet', () => googLeNet(), 13_004_888, 'torchvision with both auxiliary classifiers'],
  [
    'googLeNet, trunk',
    () => googLeNet({ auxiliary: false }),
    6_624_904,
    'torchvision after training',
  ],
  [
    'googLeNet paper',
    () => googLeNet({ definition: 'paper' }),
    13_378_280,
    'Caffe’s bvlc_googlenet in training',
  ],
  [
    'googLeNet paper, trunk',
    () => googLeNet({ definition: 'paper', auxiliary: false }),
    6_998_552,
    'Caffe’s bvlc_googlenet',
  ],
  ['resNet18', () => resNet18(), 11_689_512, 'torchvision'],
  ['resNet34', () => resNet34(), 21_797_672, 'torchvision'],
  ['resNet50', () => resNet50(), 25_557_032, 'torchvision'],
  ['resNet101', () => resNet101(), 44_549_160, 'torchvision'],
  ['resNet152', () => resNet152(), 60_192_808, 'torchvision'],
  // A block of C channels has 2·C·C/16 + C/16 + C values more:
  // 2·580 + 2·2184 + 2·8464 + 2·33,312 of ResNet-18's channels 64, 128, 256, 512,
  ['seResNet 18', () => seResNet({ depth: 18 }), 11_689_512 + 89_080, 'counted by hand'],
  // 3·8464 + 4·33,312 + 6·132,160 + 3·526,464 of ResNet-50's 256, 512, 1024, 2048: the authors' 28.1 million.
  ['seResNet 50', () => seResNet(), 25_557_032 + 2_530_992, 'counted by hand'],
  // Two convolutions and two normalisations of 16, 32 and 64 channels more for every six layers: 97,216.
  ['resnet20 of 32', () => resnet20({ depth: 32 }), 272_474 + 2 * 97_216, 'counted by hand'],
  ['resnet20 of 44', () => resnet20({ depth: 44 }), 272_474 + 4 * 97_216, 'counted by hand'],
  ['resnet20 of 56', () => resnet20({ depth: 56 }), 272_474 + 6 * 97_216, 'counted by hand'],
  ['resnet20 of 110', () => resnet20({ depth: 110 }), 272_474 + 15 * 97_216, 'counted by hand'],
];

for (const [name, create, count, definition] of published) {
  test(`${name} has ${count} parameters: ${definition}`, () => {
    assert.is(parameterCount(create()), count);
  });
}

/** `count` images of noise; each has a class of its own. */
function noise(count: number, model: Model): Dataset {
  const shape = model.architecture.inputs['input']!.shape as Dataset['shape'];
  return {
    name: 'noise',
    shape,
    classes: Array.from({ length: count }, (_, i) => String(i)),
    samples: numbers(count * shape[0] * shape[1] * shape[2], 7),
    labels: Int32Array.from({ length: count }, (_, i) => i),
  };
}

interface Case {
  readonly model: Model;
  readonly lr?: number;
  readonly loss?: LossSetting;
}

const classes = 4;
const small: Readonly<Record<string, () => Case>> = {
  alexNet: () => ({ model: alexNet({ size: 67, classes, width: 1 / 8 }) }),
  'alexNet torchvision': () => ({
    model: alexNet({ size: 64, classes, width: 1 / 8, definition: 'torchvision' }),
  }),
  zfNet: () => ({ model: zfNet({ size: 64, classes, width: 1 / 8 }) }),
  vgg11: () => ({ model: vgg11({ size: 32, classes, width: 1 / 8 }) }),
  'vgg16 bn': () => ({ model: vgg16({ size: 32, classes, width: 1 / 8, batchNorm: true }) }),
  'networkInNetwork cifar': () => ({
    model: networkInNetwork({ size: 16, classes, width: 1 / 8 }),
  }),
  'networkInNetwork imagenet': () => ({
    model: networkInNetwork({ dataset: 'imagenet', size: 67, classes, width: 1 / 8 }),
  }),
  googLeNet: () => ({
    model: googLeNet({ size: 64, classes, width: 1 / 8 }),
    loss: googLeNetLoss,
    lr: 0.01,
  }),
  'googLeNet paper': () => ({
    model: googLeNet({ size: 80, classes, width: 1 / 8, definition: 'paper' }),
    loss: googLeNetLoss,
  }),
  resNet18: () => ({ model: resNet18({ size: 32, classes, width: 1 / 8 }) }),
  // With four samples of 1×1 in its last stage, batch normalisation enlarges small values, and short steps as well.
  resNet50: () => ({ model: resNet50({ size: 32, classes, width: 1 / 8 }), lr: 0.003 }),
  'seResNet 18': () => ({
    model: seResNet({ depth: 18, reduction: 4, size: 32, classes, width: 1 / 8 }),
  }),
  'seResNet 50': () => ({ model: seResNet({ reduction: 4, size: 32, classes, width: 1 / 8 }) }),
};

for (const [name, create] of Object.entries(small)) {
  test(`${name}: steps lower the loss of a batch`, async () => {
    const { model, loss = 'crossEntropy', lr = 0.001 } = create();
    const data = noise(4, model);
    const optimizer = momentum({ lr });
    const session = await createSession({
      model,
      terms: lossTerms(loss, [...model.outputs.keys()]),
      numerics: 'strict',
      workers: 0,
      datasets: [samplesOf(data)],
      training: { optimizer, batch: 4, shards: 1 },
    });
    session.initialize(1);
    session.writeOrder(Uint32Array.of(0, 1, 2, 3));
    const before = session.readWeights();
    const rates = optimizer.rates(0, lr);
    for (let step = 0; step < 6; step++) await session.train(0, [rates], step);
    const after = session.readWeights();
    await session.close();
    // As training sees it, with the same elements dropped both times.
    const [first, last] = [
      await gradientsOf(model, before, data, { loss, by: [], numerics: 'strict' }),
      await gradientsOf(model, after, data, { loss, by: [], numerics: 'strict' }),
    ];
    assert.ok(last.loss < first.loss, `${first.loss} before, ${last.loss} after`);
  });

  test(`${name} is rebuilt from its architecture`, () => {
    const { model } = create();
    const json = JSON.stringify(model.architecture);
    const again = rebuild(JSON.parse(json) as Architecture);
    assert.is(JSON.stringify(again.architecture), json);
    assert.equal(again.parameters, model.parameters);
  });
}

const names = (model: Model) => new Set(model.parameters.map(({ name }) => name));

test('parameters have torchvision’s names', () => {
  const of = (model: Model, expected: string[]) => {
    const found = names(model);
    for (const name of expected) assert.ok(found.has(name), name);
  };
  of(vgg11(), [
    'features.0.weight',
    'features.18.bias',
    'classifier.0.weight',
    'classifier.6.bias',
  ]);
  of(vgg11({ batchNorm: true }), ['features.1.running_var', 'features.25.weight']);
  of(resNet18(), [
    'conv1.weight',
    'bn1.running_mean',
    'layer1.0.conv1.weight',
    'layer2.0.downsample.0.weight',
    'layer2.0.downsample.1.running_var',
    'layer4.1.bn2.bias',
    'fc.bias',
  ]);
  of(resNet50(), ['layer1.0.downsample.0.weight', 'layer1.2.conv3.weight']);
  of(googLeNet(), [
    'conv1.conv.weight',
    'conv2.bn.running_var',
    'inception3a.branch1.conv.weight',
    'inception4e.branch2.1.bn.bias',
    'inception5b.branch4.1.conv.weight',
    'aux1.conv.conv.weight',
    'aux2.fc2.bias',
    'fc.weight',
  ]);
});

test('nets for photographs take a scale, and have torchvision’s without one', () => {
  const small = { size: 96, width: 1 / 16, classes: 2 };
  const scale = { mean: [0.5, 0.4, 0.3], deviation: 0.25 };
  for (const create of [alexNet, zfNet, vgg11, networkInNetwork, googLeNet, resNet18, seResNet]) {
    const inputOf = (options: object) =>
      Object.values(create({ ...small, ...options }).architecture.inputs)[0]!;
    const own = inputOf(scale);
    assert.equal([own.mean, own.deviation], [scale.mean, scale.deviation], create.name);
    assert.equal(inputOf({}).mean, [0.485, 0.456, 0.406]);
    assert.equal(inputOf({ channels: 1, deviation: 0.5 }).mean, 0.449);
    assert.throws(() => inputOf({ mean: [0.5, 0.4] }), /mean/);
  }
});

test('GoogLeNet has three outputs, of which a prediction needs one', () => {
  const model = googLeNet({ size: 64, classes, width: 1 / 8 });
  assert.equal(
    [...model.outputs],
    [
      ['logits', [classes]],
      ['aux1', [classes]],
      ['aux2', [classes]],
    ],
  );
});

test('sizes, depths and widths that cannot be are refused', () => {
  assert.throws(() => seResNet({ depth: 20 }), /resNet: depth is 20, expected one of 18, 34, 50/);
  assert.throws(() => vgg11({ width: 0 }), /vgg11: width is 0, expected a number above 0/);
  assert.throws(() => alexNet({ size: 40 }), /alexNet: size is 40, too small for its pooling/);
  assert.throws(() => vgg11({ size: 16 }), /vgg11: size is 16, too small for its pooling/);
  assert.throws(
    () => googLeNet({ definition: 'papers' as 'paper' }),
    /googLeNet: definition is 'papers', expected one of torchvision, paper/,
  );
  assert.throws(
    () => networkInNetwork({ dataset: 'mnist' as 'cifar' }),
    /networkInNetwork: dataset is 'mnist', expected one of cifar, imagenet/,
  );
});

test.run();
