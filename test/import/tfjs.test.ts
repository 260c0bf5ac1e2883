/** tfjs layers models answer here as tfjs answered before it saved them (test/golden/make_tfjs.mjs). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readdirSync } from 'node:fs';
import { LanewiseError } from '../../src/base/errors.js';
import { readTfjs } from '../../src/import/index.js';
import { adam, arrays, replaceHead, train } from '../../src/index.js';
import { assertAnswers, filesOf, loadTfjs, readCase, tfjsFolder } from '../support/keras-cases.js';

const names = readdirSync(tfjsFolder).map((file) => file.replace('.json', ''));

for (const name of names) {
  test(`'${name}' answers as tfjs did`, async () => {
    const one = loadTfjs(name);
    await assertAnswers(readCase(one), one);
  });
}

test('names, layouts and settings are as in the file', () => {
  const { model, weights, warnings, trained } = readCase(loadTfjs('batch-norm'));
  const kinds = model.architecture.layers.map(({ kind }) => kind);
  assert.equal(kinds.slice(0, 3), ['conv2d', 'batchNorm2d', 'relu']);
  const norms = model.architecture.layers.filter(({ kind }) => kind.startsWith('batchNorm'));
  assert.equal(
    norms.map(({ settings }) => [settings['momentum'], settings['eps'], settings['affine']]),
    [
      [0.01, 0.001, true],
      [0.1, 1e-5, true],
      [0.01, 0.001, false],
      [0.01, 0.001, true],
    ],
  );
  assert.equal(model.architecture.inputs['input']!.shape, [2, 6, 6]);
  assert.match(warnings.join('\n'), /takes images as 2×6×6, channels first/);
  assert.match(warnings.join('\n'), /it has no gamma: a weight of ones takes its place/);
  assert.match(warnings.join('\n'), /not trained: 'conv2d_Conv2D\d+'; freeze keeps them so/);
  assert.is(trained.terms[0]!.loss.kind, 'binaryCrossEntropy');
  assert.is(weights.size, model.parameters.length);
});

test('a softmax over classes at the end is left to the loss', () => {
  const { model, warnings, trained } = readCase(loadTfjs('dense'));
  assert.is(model.architecture.layers.at(-1)!.kind, 'linear');
  assert.is(trained.terms[0]!.loss.kind, 'crossEntropy');
  assert.match(warnings.join('\n'), /softmax at the end is left to the loss/);
  assert.match(warnings.join('\n'), /regularizers are not part of layers here: 'dense_Dense1'/);
});

test('a model is trained further, and gets another head', async () => {
  const { trained } = readCase(loadTfjs('sharded'));
  const { model, weights } = replaceHead(trained, { classes: 2 });
  const samples = Float32Array.from({ length: 8 * 72 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const labels = Uint8Array.from({ length: 8 }, (_, i) => i % 2);
  const data = arrays({ samples, labels, shape: [2, 6, 6] });
  const result = await train(model, {
    data,
    weights,
    // The share of each minibatch in the running statistics is 0.01, as in the file.
    epochs: 400,
    batch: 8,
    workers: 0,
    optimizer: adam({ lr: 0.02 }),
  });
  assert.is((await result.model.evaluate(data)).accuracy, 1);
});

test('files are checked, and all that cannot be built is refused at once', () => {
  const one = loadTfjs('sharded');
  const files = filesOf(one);
  const [first, ...others] = Object.keys(files);
  const { [first!]: _, ...missing } = files;
  const refuses = (call: () => unknown, message: RegExp) => {
    try {
      call();
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.match((error as LanewiseError).message, message);
      return;
    }
    assert.unreachable(`expected ${message}`);
  };
  refuses(
    () => readTfjs(one.model, missing),
    /its weights are in 'group1-shard1of\d\.bin', which is missing/,
  );
  const longer = { ...files, [others[0]!]: new Uint8Array(400) };
  refuses(() => readTfjs(one.model, longer), /have \d+ bytes, and their weights \d+/);
  refuses(() => readTfjs('{', files), /'model\.json' is not JSON/);
  refuses(() => readTfjs({ weightsManifest: [] }, {}), /no modelTopology/);
  refuses(() => readTfjs({ format: 'graph-model' }, {}), /graph model of tfjs/);
  const wrong = JSON.parse(
    JSON.stringify(one.model)
      .replace('"class_name":"Flatten"', '"class_name":"Conv3D"')
      .replace('"renorm"', '"axis"')
      .replace('"padding":"valid"', '"padding":"full"'),
  ) as object;
  refuses(
    () => readTfjs(wrong, files),
    /has 2 layers that Lanewise cannot build: '\w+' \(Conv2D\): padding is 'full', expected valid or same; '\w+' \(Conv3D\): there is no such layer here/,
  );
});

test('names that layers here would share with those of the file are told apart', () => {
  const one = loadTfjs('dense');
  const text = JSON.stringify(one.model);
  const [, second] = [...text.matchAll(/"name":"(dense_Dense\d+)"/g)].map((match) => match[1]!);
  const renamed = text.replaceAll(second!, 'dense_Dense1_relu');
  const { model, weights } = readTfjs(renamed, filesOf(one));
  assert.equal(
    model.architecture.layers.slice(0, 3).map(({ name, kind }) => `${name} ${kind}`),
    ['dense_Dense1 linear', 'dense_Dense1_relu_ relu', 'dense_Dense1_relu linear'],
  );
  assert.equal([...weights.values()], [...readCase(one).weights.values()]);
});

test('inputs are in the order of the file, and what tfjs computes otherwise is said', () => {
  const traps = loadTfjs('traps');
  const { model, warnings } = readCase(traps);
  assert.equal(
    Object.values(model.architecture.inputs).map(({ shape }) => shape),
    [[12], [3, 2, 4]],
  );
  assert.match(
    warnings.join('\n'),
    /DepthwiseConv2D\): dilation_rate 2×2 is left out, as tfjs computes without it/,
  );
  const first = JSON.parse(
    JSON.stringify(loadTfjs('mobile').model).replaceAll('channels_last', 'channels_first'),
  ) as object;
  assert.throws(
    () => readTfjs(first, filesOf(loadTfjs('mobile'))),
    /SeparableConv2D\): data_format is 'channels_first', with which tfjs itself/,
  );
});

test('what several layers have in common is said once', () => {
  const one = loadTfjs('batch-norm');
  const text = JSON.stringify(one.model).replaceAll('"scale":true', '"scale":false');
  const said = readTfjs(text, filesOf(one)).warnings.filter((warning) => /no gamma/.test(warning));
  assert.is(said.length, 1);
  assert.match(said[0]!, /^'\w+', '\w+'.* \(BatchNormalization\): it has no gamma/);
});

test('outputs that no layer gives are refused', () => {
  const one = loadTfjs('merge');
  const text = JSON.stringify(one.model).replace(
    /("output_layers":\[\["[^"]+",0,)0\]/,
    (_, before: string) => `${before}3]`,
  );
  assert.throws(
    () => readTfjs(text, filesOf(one)),
    /it takes output 3 of '\w+', expected the first/,
  );
});

test('files may be one run of bytes, and stand in folders', () => {
  const one = loadTfjs('sharded');
  const files = filesOf(one);
  const whole = Uint8Array.from(Buffer.concat(Object.values(files)));
  const inFolder = Object.fromEntries(Object.entries(files).map(([k, v]) => [`a/b/${k}`, v]));
  const { weights } = readTfjs(JSON.stringify(one.model), files);
  for (const given of [whole, inFolder])
    assert.equal([...readTfjs(one.model, given).weights], [...weights]);
});

test.run();
