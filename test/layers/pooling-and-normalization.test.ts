/** Layers of pooling, resampling and normalisation: shapes, parameters, files, training, and what they refuse. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import * as layers from '../../src/layers/index.js';
import { rebuild, sequential, type Architecture, type Layer } from '../../src/layers/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

/** An input's shape, a layer, what it makes of two samples, and its parameters. */
const table: readonly [input: number[], layer: Layer, output: number[], parameters?: string[]][] = [
  [[3, 7, 8], layers.maxPool2d(3, { stride: 2, padding: 1 }), [2, 3, 4, 4]],
  [[3, 7, 8], layers.maxPool2d([3, 2], { stride: 2, ceilMode: true }), [2, 3, 3, 4]],
  [[3, 7, 8], layers.avgPool2d(3, { padding: [1, 0], countIncludePad: false }), [2, 3, 3, 2]],
  [[3, 7], layers.maxPool1d(3, { stride: 2, padding: 1 }), [2, 3, 4]],
  [[3, 7], layers.avgPool1d(2), [2, 3, 3]],
  [[3, 7], layers.globalAvgPool1d(), [2, 3]],
  [[3, 7], layers.globalMaxPool1d(), [2, 3]],
  [[3, 7, 8], layers.globalMaxPool2d(), [2, 3]],
  [[3, 7, 8], layers.adaptiveAvgPool2d([2, 3]), [2, 3, 2, 3]],
  [[3, 7, 8], layers.adaptiveMaxPool2d(6), [2, 3, 6, 6]],
  [[6, 28, 28], layers.subsampling2d(6, 2), [2, 6, 14, 14], ['weight 6', 'bias 6']],
  [[3, 7, 8], layers.upsample2d({ scale: 2 }), [2, 3, 14, 16]],
  [[3, 7, 8], layers.upsample2d({ scale: [1.5, 2], mode: 'bilinear' }), [2, 3, 10, 16]],
  [[3, 7, 8], layers.upsample2d({ size: 5, mode: 'bilinear', alignCorners: true }), [2, 3, 5, 5]],
  [[8, 3, 4], layers.pixelShuffle(2), [2, 2, 6, 8]],
  [[2, 6, 8], layers.pixelUnshuffle(2), [2, 8, 3, 4]],
  [[5, 8], layers.layerNorm(8), [2, 5, 8], ['weight 8', 'bias 8']],
  [[5, 8], layers.layerNorm([5, 8], { eps: 0.1 }), [2, 5, 8], ['weight 5×8', 'bias 5×8']],
  [[5, 8], layers.layerNorm(8, { elementwiseAffine: false }), [2, 5, 8]],
  [[6, 3, 4], layers.groupNorm(3, 6), [2, 6, 3, 4], ['weight 6', 'bias 6']],
  [[6, 3, 4], layers.groupNorm(2, 6, { affine: false }), [2, 6, 3, 4]],
  [[6, 3, 4], layers.instanceNorm2d(6), [2, 6, 3, 4]],
  [[6, 3, 4], layers.instanceNorm2d(6, { affine: true }), [2, 6, 3, 4], ['weight 6', 'bias 6']],
  [[6, 3, 4], layers.localResponseNorm(5, { alpha: 5e-4, k: 2 }), [2, 6, 3, 4]],
  [
    [6, 9],
    layers.batchNorm1d(6),
    [2, 6, 9],
    ['weight 6', 'bias 6', 'running_mean 6', 'running_var 6'],
  ],
  [[6], layers.batchNorm1d(6, { affine: false }), [2, 6], ['running_mean 6', 'running_var 6']],
  [
    [6, 3, 4],
    layers.batchNorm2d(6, { affine: false }),
    [2, 6, 3, 4],
    ['running_mean 6', 'running_var 6'],
  ],
];

test('each gives its shape, has its parameters, and comes back from a file', () => {
  for (const [input, layer, output, parameters = []] of table) {
    const what = `${layer.kind} ${JSON.stringify(layer.settings)}`;
    const model = sequential({ it: layer }, { input });
    const json = JSON.stringify(model.architecture);
    for (const each of [model, rebuild(JSON.parse(json) as Architecture)]) {
      const { activations } = each.graph(2, 'training');
      assert.equal(activations.at(-1)!.output.shape, output, what);
      assert.equal(
        each.parameters.map(({ name, shape }) => `${name} ${shape.join('×')}`),
        parameters.map((name) => `it.${name}`),
        what,
      );
      assert.is(JSON.stringify(each.architecture), json, what);
      assert.ok(each.graph(2, 'evaluation'), what);
    }
  }
});

test('LeNet-5’s S2 has 12 parameters', () => {
  const model = sequential([layers.subsampling2d(6, 2)], { input: [6, 28, 28] });
  assert.is(layers.parameterCount(model), 12);
});

/** Noise of 2×8×8 with a bright row that says the label. */
function rows(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 8);
  const samples = Uint8Array.from(numbers(count * 128, 5), (v) => (v + 1) * 60);
  labels.forEach((label, i) => samples.fill(250, i * 128 + label * 8, i * 128 + label * 8 + 8));
  return { name: 'rows', shape: [2, 8, 8], classes: [...'01234567'], samples, labels };
}

const net = () =>
  sequential(
    {
      conv: layers.conv2d(2, 8, 3, { padding: 1 }),
      response: layers.localResponseNorm(5, { alpha: 0.05, k: 2 }),
      pool: layers.maxPool2d(3, { stride: 2, padding: 1, ceilMode: true }),
      grouped: layers.groupNorm(2, 8),
      act: layers.relu(),
      large: layers.upsample2d({ scale: 1.5, mode: 'bilinear' }),
      shuffled: layers.pixelShuffle(2),
      instance: layers.instanceNorm2d(2, { affine: true }),
      sub: layers.subsampling2d(2, 2),
      bins: layers.adaptiveAvgPool2d([4, 5]),
      flat: layers.flatten(),
      norm: layers.layerNorm(40),
      fc: layers.linear(40, 16),
      features: layers.batchNorm1d(16),
      out: layers.linear(16, 8),
    },
    { input: [2, 8, 8], mean: 0.3, deviation: 0.3 },
  );

test('a net of all of them learns, with the same bits for 0, 1, 2 and 3 workers, and comes back', async () => {
  const data = rows(101);
  const settings = {
    data,
    epochs: 6,
    batch: 24,
    // The last minibatch has 5 samples in 2 shards.
    shards: 5,
    seed: 3,
    schedule: 'linear',
    numerics: 'strict',
    optimizer: momentum({ lr: 0.05 }),
  } as const;
  const { model, history } = await train(net(), { ...settings, workers: 0 });
  assert.ok(history.at(-1)!.loss < history[0]!.loss / 2, history.map(({ loss }) => loss).join());
  for (const workers of [1, 2, 3]) {
    const other = (await train(net(), { ...settings, workers })).model;
    assert.is(await other.sha256(), await model.sha256(), `${workers} workers`);
  }
  const back = decodeModel(encodeModel(model), 'm');
  assert.is(await back.sha256(), await model.sha256());
  const many = await back.predict(data.samples, data.shape);
  const one = await model.predict(data.samples.subarray(128 * 100), data.shape);
  assert.equal([...one.scores], [...many.scores.subarray(800)]);
});

test('settings that cannot be are refused as arguments', () => {
  const refused = (make: () => unknown, message: RegExp) => {
    try {
      make();
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.is((error as LanewiseError).kind, 'argument');
      assert.match((error as LanewiseError).message, message);
      return;
    }
    throw new Error(`nothing was refused, expected ${message}`);
  };
  const { maxPool2d, maxPool1d, upsample2d, layerNorm, groupNorm, batchNorm1d } = layers;
  refused(
    () => maxPool2d(2, { padding: -1 }),
    /maxPool2d: padding is -1, expected a whole number of at least 0/,
  );
  refused(() => maxPool2d(2, { ceilMode: 1 as never }), /ceilMode is 1, expected true or false/);
  refused(
    () => maxPool1d([2, 2] as never),
    /maxPool1d: kernelSize is \[2, 2\], expected a whole number/,
  );
  refused(() => layers.adaptiveAvgPool2d(0), /adaptiveAvgPool2d: outputSize is 0, expected/);
  refused(() => layers.subsampling2d(0, 2), /subsampling2d: channels is 0, expected/);
  refused(() => upsample2d({}), /upsample2d: expected either a scale or a size/);
  refused(() => upsample2d({ scale: 2, size: 3 }), /expected either a scale or a size/);
  refused(() => upsample2d({ scale: 0 }), /scale is 0, expected a number above 0/);
  refused(() => upsample2d({ scale: 2, mode: 'cubic' as never }), /mode is 'cubic', expected one/);
  refused(() => upsample2d({ scale: 2, alignCorners: true }), /alignCorners is for mode bilinear/);
  refused(() => layers.pixelShuffle(0), /pixelShuffle: r is 0, expected/);
  refused(() => layerNorm([]), /layerNorm: normalizedShape is \[\], expected a list of 1 or more/);
  refused(() => layerNorm([3, 0]), /layerNorm: normalizedShape\[1\] is 0, expected/);
  refused(() => layerNorm(3, { eps: -1 }), /eps is -1, expected a number of at least 0/);
  refused(() => groupNorm(4, 6), /groupNorm: 4 groups do not divide 6 channels/);
  refused(
    () => batchNorm1d(2, { momentum: 2 }),
    /batchNorm1d: momentum is 2, expected a number from 0 to 1/,
  );
  refused(
    () => layers.localResponseNorm(5, { alpha: -1 }),
    /localResponseNorm: alpha is -1, expected/,
  );
});

test('inputs that do not fit are refused with the layer’s name', () => {
  const on = (input: number[], layer: Layer) => () => sequential({ it: layer }, { input });
  refuses(
    on([2, 3, 3], layers.batchNorm1d(2)),
    /^batchNorm1d 'it': expected an input of N×C or N×C×L, found 1×2×3×3$/,
  );
  refuses(
    on([2, 3], layers.maxPool2d(2)),
    /^maxPool2d 'it': expected an input of N×C×H×W, found 1×2×3$/,
  );
  refuses(
    on([2, 9, 9], layers.maxPool2d(2, { padding: 2 })),
    /^maxPool2d 'it': padding 2×2 is more than half of kernel 2×2$/,
  );
  refuses(
    on([5, 8], layers.layerNorm(9)),
    /^layerNorm 'it': expected an input that ends in 9, found 1×5×8$/,
  );
  refuses(
    on([6, 2, 2], layers.groupNorm(2, 4)),
    /^groupNorm 'it': expected an input of N×4 or N×4×…, found 1×6×2×2$/,
  );
  refuses(
    on([6, 2, 2], layers.instanceNorm2d(4)),
    /^instanceNorm2d 'it': expected an input of N×4×H×W, found 1×6×2×2$/,
  );
  refuses(
    on([6, 4, 4], layers.subsampling2d(4, 2)),
    /^subsampling2d 'it': weight has shape 4, input 1×6×4×4 has 6 channels$/,
  );
  refuses(
    on([6, 4, 4], layers.pixelShuffle(2)),
    /^pixelShuffle 'it': expected channels that 2² = 4/,
  );
});

test.run();
