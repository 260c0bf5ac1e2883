/** Files of each trap are read: to predictions as onnxruntime's, to layers, to the file's names and bits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readNpz } from '../../src/data/npz.js';
import { readOnnx, type ReadOnnxOptions } from '../../src/onnx/index.js';
import { numbers } from '../support/numbers.js';

/** What onnxruntime answers for samples of `numbers`; see test/golden/make_onnx.mjs. */
interface Answer {
  readonly sample: readonly number[];
  readonly tokens: boolean;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const folder = fileURLToPath(new URL('../../../test/golden/onnx/', import.meta.url));
const answers = JSON.parse(readFileSync(`${folder}answers.json`, 'utf8')) as Record<string, Answer>;
const bytesOf = (name: string) => new Uint8Array(readFileSync(`${folder}${name}`));
const externalData = { 'outside.data': bytesOf('outside.data') };
const read = (name: string, options: ReadOnnxOptions = {}) =>
  readOnnx(bytesOf(`${name}.onnx`), { name: `${name}.onnx`, externalData, ...options });
const kindsOf = (name: string) => read(name).model.architecture.layers.map(({ kind }) => kind);

for (const [name, { sample, tokens, shape, values }] of Object.entries(answers)) {
  test(`${name}: predictions are onnxruntime's`, async () => {
    const { model, trained } = read(name);
    const size = sample.reduce((a, b) => a * b, 1);
    const given = numbers((values.length / shape.reduce((a, b) => a * b, 1)) * size, 7);
    const x = tokens ? Int32Array.from(given, (value) => Math.floor((value + 1) * 5.5)) : given;
    assert.equal(model.outputs.get('y'), shape);
    const { scores } = await trained.predict(x);
    const largest = Math.max(...values.map(Math.abs));
    assert.is(scores.length, values.length);
    values.forEach((value, i) =>
      assert.ok(
        Math.abs(value - scores[i]!) <= 2e-6 * largest,
        `${name}[${i}]: ${scores[i]}, expected ${value}`,
      ),
    );
  });
}

test('a file in the recommended form keeps every name and bit, equal parameters apart', async () => {
  const { weights, warnings, model } = read('residual');
  const expected = await readNpz(bytesOf('residual.npz'));
  assert.equal([...weights.keys()].toSorted(), [...expected.keys()].toSorted());
  for (const [name, { values }] of expected)
    assert.equal([...weights.get(name)!], [...(values as Float32Array)], name);
  assert.is(model.parameters.filter(({ role }) => role === 'statistic').length, 4);
  assert.is(weights.get('bn1.weight') === weights.get('body.1.weight'), false);
  assert.match(warnings.join('\n'), /2 parameters that the export had merged with equal ones/);
  assert.match(warnings.join('\n'), /'head.0'.*dropout/);
});

test('layers are those of the net, with its settings', () => {
  assert.equal(kindsOf('residual'), [
    'conv2d',
    'batchNorm2d',
    'relu',
    'conv2d',
    'batchNorm2d',
    'relu',
    'add',
    'globalAvgPool2d',
    'linear',
  ]);
  const { layers } = read('residual').model.architecture;
  assert.equal(layers[0]!.settings, {
    inChannels: 1,
    outChannels: 4,
    kernelSize: 3,
    stride: 1,
    padding: 1,
    bias: false,
  });
  assert.equal(layers[1]!.settings, { features: 4, eps: 1e-5, momentum: 0.1 });
  assert.equal(kindsOf('shuffle').includes('onnx'), false);
});

test('a folded file is read and warned of', () => {
  const { warnings, weights } = read('residual-folded');
  assert.equal([...weights.keys()].slice(0, 2), ['conv.weight', 'conv.bias']);
  assert.match(
    warnings[0]!,
    /2 convolutions have lost their names.*TrainingMode.PRESERVE, do_constant_folding=False/,
  );
});

test('nodes of a recurrent module are one layer under its names', () => {
  for (const [name, kind, numLayers, bidirectional] of [
    ['lstm', 'lstm', 2, false],
    ['lstm-both', 'lstm', 2, true],
    ['lstm-last', 'lstm', 2, false],
    ['gru', 'gru', 2, false],
    ['gru-last', 'gru', 1, false],
    ['rnn', 'rnn', 1, false],
  ] as const) {
    const [rnn] = read(name).model.architecture.layers;
    assert.is(rnn!.name, 'rnn');
    assert.is(rnn!.kind, kind);
    assert.is(rnn!.settings['numLayers'], numLayers);
    assert.is(rnn!.settings['bidirectional'], bidirectional);
  }
  const names = [...read('lstm-both').weights.keys()];
  assert.ok(names.includes('rnn.weight_hh_l1_reverse'), names.join());
  assert.is(names.length, 18);
});

test('composed activations and norms are layers', () => {
  assert.equal(kindsOf('words').slice(-5), ['layerNorm', 'linear', 'gelu', 'silu', 'add']);
  assert.equal(kindsOf('words-13').slice(-5), ['layerNorm', 'linear', 'gelu', 'silu', 'add']);
  assert.ok(kindsOf('opset-9').includes('layerNorm'));
});

test('group norm, transposed convolution and a token for all samples are read', () => {
  for (const name of ['groups', 'groups-dynamic']) {
    const kinds = kindsOf(name);
    for (const kind of ['groupNorm', 'convTranspose2d', 'upsample2d'])
      assert.ok(kinds.includes(kind), kinds.join());
    assert.ok([...read(name).weights.keys()].includes('norm.bias'));
    assert.is(read(name).weights.size, 7);
  }
});

test('a weight in two roles is one parameter, a layer applied twice one layer', () => {
  assert.equal([...read('tied').weights.keys()], ['t.weight']);
  assert.equal([...read('shared').weights.keys()], ['l.weight', 'l.bias']);
  assert.is(read('shared').model.architecture.layers[1]!.shares, 'l');
});

test('what the export has written for one number of samples is read for any', () => {
  const { warnings } = read('encoder');
  assert.match(warnings.join('\n'), /10 nodes have the number of samples written into a shape/);
  assert.is(read('encoder').weights.size, 24);
});

test('outputs may be values inside', () => {
  const { model } = read('residual', { outputs: ['/body/body.2/Relu_output_0'] });
  assert.equal([...model.outputs], [['/body/body.2/Relu_output_0', [4, 6, 6]]]);
});

test.run();
