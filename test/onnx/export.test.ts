/**
 * Models written as ONNX: every kind of layer and every net is written, judged by ONNX's checker and by onnxruntime, and read
 * again to the same bits.
 */
import { test } from 'uvu';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { layerKinds } from '../../src/layers/registry.js';
import * as L from '../../src/layers/index.js';
import * as zoo from '../../src/models/index.js';
import * as ops from '../../src/ops/index.js';
import { exportRules } from '../../src/onnx/export-rules.js';
import { decodeOnnx, type OnnxFile } from '../../src/onnx/messages.js';
import { onnx } from '../../src/onnx/onnx-layer.js';
import { readOnnx } from '../../src/onnx/read-onnx.js';
import { readOwnOnnx } from '../../src/onnx/own-files.js';
import { encodeOnnx } from '../../src/onnx/write-messages.js';
import { writeOnnx } from '../../src/onnx/write-onnx.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { withWeights } from '../../src/trained/with-weights.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';
import { examples } from '../support/layer-examples.js';
import { answersOf, inputsOf, nets, onnxExamples } from '../support/onnx-examples.js';
import { checkOnnx, hasChecker, onnxruntime, runOnnx } from '../support/onnxruntime.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

interface Written {
  readonly name: string;
  readonly trained: TrainedModel;
  readonly bytes: Uint8Array;
}

const written: Written[] = [];
for (const { name, create } of onnxExamples) {
  const trained = await create();
  written.push({ name, trained, bytes: writeOnnx(trained, { logits: false }) });
}

/** All kinds in a list of layers, also inside of others. */
const kindsIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : [
        ...('kind' in value && 'settings' in value ? [String(value.kind)] : []),
        ...Object.values(value).flatMap(kindsIn),
      ];

test('no kind of layer and no net is forgotten', () => {
  const kinds = new Set(written.flatMap(({ trained }) => kindsIn(trained.model.architecture)));
  assert.equal(
    layerKinds().filter((kind) => !kinds.has(kind)),
    [],
  );
  const isNet = (name: string) => /^[a-z]/.test(name) && !name.endsWith('Loss');
  assert.equal(
    Object.keys(zoo).filter((name) => isNet(name) && !Object.hasOwn(nets, name)),
    [],
  );
  assert.ok(examples.length > 80);
});

/** Ops that files of models never have, and why. */
const unwritten: Readonly<Record<string, string>> = {
  dropout: 'it is part of training',
  fakeQuantize: 'training alone rounds so',
  fakeQuantizeChannels: 'training alone rounds so',
  byQueries: 'it is a part of a gradient',
  batchNorm: 'training alone uses the moments of the samples at hand',
  channelMoments: 'training alone uses the moments of the samples at hand',
  runMoments: 'nodes of normalisation compute them',
  recurrent: 'its states are what is asked for',
  ...Object.fromEntries(
    ['crossEntropy', 'sumOfSquaredErrors', 'correct', 'agreeing', 'valueLosses', 'sameSide']
      .concat('cosineDistances', 'distributionLosses', 'margins', 'mapLosses')
      .map((name) => [name, 'it is a loss']),
  ),
  ...Object.fromEntries(
    ['batchNormSums', 'groupNormSums', 'channelProducts', 'collectConnections', 'spaced', 'exceeds']
      .concat('plane', 'sumRows', 'sumChannels', 'weightedSum', 'spread')
      .map((name) => [name, 'it is a part of gradients']),
  ),
};

test('no op is forgotten', () => {
  const folder = fileURLToPath(new URL('../../../src/ops/', import.meta.url));
  const source = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join();
  const named = source.matchAll(/\bname: '(\w+)',|define(?:Unary|Binary|Put)\(\s*'(\w+)'/g);
  const names = new Set([...named].map(([, field, argument]) => field ?? argument!));
  assert.ok(names.size > 100);
  const missing = [...names].filter(
    (name) =>
      !Object.hasOwn(exportRules, name) &&
      !Object.hasOwn(unwritten, name) &&
      (!name.endsWith('Gradient') || name === 'conv2dInputGradient'),
  );
  assert.equal(missing, []);
  assert.equal(
    Object.keys(unwritten).filter((name) => Object.hasOwn(exportRules, name)),
    [],
  );
});

test('weights keep names, shapes and bits, and the axis of samples is N', () => {
  for (const { name, trained, bytes } of written) {
    const { graph, irVersion, opsets } = decodeOnnx(bytes, name);
    assert.equal([irVersion, [...opsets]], [8, [['', 17]]]);
    for (const parameter of trained.model.parameters) {
      const found = graph.initializers.get(parameter.name)!;
      assert.equal(found.shape, parameter.shape, `${name}: ${parameter.name}`);
      assert.equal(
        found.values(),
        trained.weights.get(parameter.name),
        `${name}: ${parameter.name}`,
      );
    }
    for (const one of [...graph.inputs, ...graph.outputs]) assert.is(one.shape?.[0], 'N', name);
  }
});

test('what was written is read again to the same architecture, weights and answers', async () => {
  for (const { name, trained, bytes } of written) {
    const { trained: again, warnings } = readOnnx(bytes, { name });
    assert.equal(warnings, [], name);
    assert.equal(again.model.architecture, trained.model.architecture, name);
    assert.is(await again.sha256(), await trained.sha256(), name);
    if (name in nets && name !== 'lenet5') continue;
    const inputs = inputsOf(trained.model, 2);
    assert.equal(await answersOf(again, inputs), await answersOf(trained, inputs), name);
  }
});

/** The largest difference, of the largest number; NaN if one is not finite. */
function distance(own: Float32Array, other: ArrayLike<number>): number {
  assert.is(other.length, own.length);
  const largest = own.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const far = own.reduce((most, v, i) => Math.max(most, Math.abs(v - other[i]!)), 0);
  return far === 0 ? 0 : far / largest;
}

/**
 * What `readOnnx` may refuse without the metadata, as it has no such layer: one direction backwards, lengths, given states, and
 * constants of as many values as samples.
 */
const unread =
  /^(gru|lstm|rnn) \d|^(gru|lstm|rnn) .*(lengths|states)|^op (expand|constant of samples|lstm with memory)$/;

test('without metadata the nodes are read, to the same answers', async () => {
  const refused: string[] = [];
  for (const { name, trained, bytes } of written) {
    const plain = encodeOnnx({ ...decodeOnnx(bytes, name), metadata: new Map() });
    let again;
    try {
      again = readOnnx(plain, { name }).trained;
    } catch (error) {
      assert.match(String(error), 'mixes samples', name);
      refused.push(name);
      continue;
    }
    const inputs = inputsOf(trained.model, 2);
    const [ours, theirs] = [await answersOf(trained, inputs), await answersOf(again, inputs)];
    for (const [output, own] of Object.entries(ours))
      assert.ok(distance(own, theirs[output]!) <= 1e-5, `${name}, ${output}`);
  }
  assert.equal(
    refused.filter((name) => !unread.test(name)),
    [],
  );
});

test('ONNX’s checker finds nothing wrong', () => {
  if (!hasChecker) return console.log('skipped: /usr/bin/python3 has no onnx (python3-onnx)');
  const verdicts = checkOnnx(written.map(({ bytes }) => bytes));
  assert.equal(
    written.flatMap(({ name }, i) => (verdicts[i] === 'fine' ? [] : [`${name}: ${verdicts[i]}`])),
    [],
  );
});

test('onnxruntime answers the same, for one sample and for three', async () => {
  if (!onnxruntime) return console.log('skipped: npm run tools installs onnxruntime-node');
  const cases = written.map(({ trained, bytes }) => ({
    bytes,
    runs: [1, 3].map((count) => inputsOf(trained.model, count)),
  }));
  const answers = runOnnx(cases);
  assert.is(answers.length, written.length);
  for (const [i, { name, trained }] of written.entries()) {
    const answer = answers[i]!;
    if ('error' in answer) throw new Error(`${name}: ${answer.error}`);
    for (const [run, theirs] of answer.entries()) {
      const ours = await answersOf(trained, cases[i]!.runs[run]!);
      assert.equal(Object.keys(theirs), Object.keys(ours), name);
      for (const [output, own] of Object.entries(ours)) {
        const far = distance(own, theirs[output]!.data);
        assert.ok(far <= 1e-5, `${name}, ${output}: ${far}`);
      }
    }
  }
});

/** A small classifier with drawn weights. */
function classifier(): TrainedModel {
  const model = L.sequential([L.linear(3, 4), L.dropout(0.5), L.relu(), L.linear(4, 2)], {
    input: [3],
    mean: [1, 2, 3],
    deviation: 2,
  });
  const weights = new Map(
    model.parameters.map(({ name, shape }, i) => [
      name,
      numbers(
        shape.reduce((a, b) => a * b),
        i,
      ),
    ]),
  );
  return withWeights(model, weights, { classes: ['cat', 'dog'] });
}

const opsOf = ({ graph }: OnnxFile): string[] =>
  graph.nodes.map(({ op }) => op).filter((op) => op !== 'Constant');

test('outputs are logits, or the probabilities of predict', () => {
  const trained = classifier();
  const logits = decodeOnnx(writeOnnx(trained), 'a');
  assert.equal(opsOf(logits), ['Sub', 'Div', 'Gemm', 'Relu', 'Gemm']);
  const probabilities = decodeOnnx(writeOnnx(trained, { logits: false, name: 'pets' }), 'a');
  assert.equal(opsOf(probabilities), [...opsOf(logits), 'Softmax']);
  assert.is(probabilities.graph.name, 'pets');
  const named = logits.graph.nodes.filter(({ op }) => op !== 'Constant');
  assert.equal(
    named.map(({ name }) => name),
    ['Sub', 'Div', '0', '2', '3'],
  );
});

test('metadata keep the description of the data', () => {
  const text = { length: 5 };
  const trained = { ...classifier(), text };
  const file = decodeOnnx(writeOnnx(trained), 'a');
  assert.is(file.metadata.get('classes'), '["cat","dog"]');
  const again = readOwnOnnx(file, 'a')!;
  assert.equal(again.classes, ['cat', 'dog']);
  assert.equal(again.text, text);
  assert.is(again.terms[0]!.loss.kind, 'crossEntropy');
});

test('files that were changed are not taken for the model that their metadata says', () => {
  const file = decodeOnnx(writeOnnx(classifier()), 'a');
  const reader = (changed: Partial<OnnxFile>) => {
    const warnings: string[] = [];
    const bytes = encodeOnnx({ ...file, ...changed });
    const found = readOwnOnnx(decodeOnnx(bytes, 'a'), 'a', (message) => warnings.push(message));
    return [found, warnings.length];
  };
  const { graph, metadata } = file;
  const nodes = graph.nodes.map((node) => (node.op === 'Relu' ? { ...node, op: 'Tanh' } : node));
  assert.equal(reader({ graph: { ...graph, nodes } }), [undefined, 1]);
  const initializers = new Map([...graph.initializers].slice(1));
  assert.equal(reader({ graph: { ...graph, initializers } }), [undefined, 1]);
  const architecture = new Map([...metadata, ['lanewise.architecture', '{}']]);
  assert.equal(reader({ metadata: architecture }), [undefined, 1]);
  assert.equal(reader({ metadata: new Map() }), [undefined, 0]);
  assert.is.not(reader({})[0], undefined);
});

/** The file of a sequence of layers with drawn weights. */
async function fileOf(layers: L.Layer[], input: number[]): Promise<OnnxFile> {
  const model = L.sequential(layers, { input });
  const trained = withWeights(model, await initialWeights(model), { loss: 'meanSquaredError' });
  return decodeOnnx(writeOnnx(trained), 'a');
}

test('both directions of a recurrent layer are one node, and sequences keep their rank', async () => {
  const file = await fileOf([L.lstm(3, 4, { bidirectional: true, returns: 'last' })], [5, 3]);
  const recurrent = file.graph.nodes.filter(({ op }) => op === 'LSTM');
  assert.equal(
    recurrent.map(({ attributes }) => attributes.get('direction')!.value),
    ['bidirectional'],
  );
  const layers = [L.conv1d(3, 4, 2), L.maxPool1d(2), L.permute([0, 2, 1]), L.linear(4, 2)];
  const ops = opsOf(await fileOf([...layers, L.layerNorm(2)], [3, 9]));
  assert.equal(ops, [
    'Conv',
    'MaxPool',
    'Transpose',
    'Transpose',
    'MatMul',
    'Add',
    'LayerNormalization',
  ]);
});

test('models of files without an axis of samples are written for one sample', () => {
  const x = L.input([4, 3]);
  const half = onnx({
    op: 'Mul',
    version: 13,
    operands: [{ wire: 0 }, { type: 'float', shape: [], values: [0.5] }],
    batch: 'none',
  });
  const model = L.functional({ inputs: x, outputs: half(x) });
  const bytes = writeOnnx(withWeights(model, new Map(), { loss: 'meanSquaredError' }));
  assert.equal(decodeOnnx(bytes, 'a').graph.inputs[0]!.shape, [1, 4, 3]);
  assert.equal(readOnnx(bytes).model.architecture, model.architecture);
  if (!onnxruntime) return console.log('skipped: npm run tools installs onnxruntime-node');
  const data = numbers(12, 1);
  const [answer] = runOnnx([{ bytes, runs: [{ input: { dims: [1, 4, 3], data } }] }]);
  if (!answer || 'error' in answer) throw new Error(answer?.error);
  assert.equal(
    Array.from(answer[0]!['output']!.data),
    Array.from(data, (v) => v / 2),
  );
});

test('more than a file holds is refused before anything is written', async () => {
  const trained = classifier();
  const weights = new Map([...trained.weights, ['more', { byteLength: 2 ** 31 } as Float32Array]]);
  assert.match(
    await refusal(() => writeOnnx({ ...trained, weights })),
    'bytes of weights, an ONNX file holds at most 2147483647',
  );
});

test('layers without ONNX nodes are refused by their names', async () => {
  const noisy = L.defineLayer('noisy', {}, (scope, x) => {
    const { state, stream } = scope.randomness();
    return ops.dropout(x!, state, { rate: 0.5, stream, perChannel: false });
  });
  const model = L.sequential({ first: noisy }, { input: [3] });
  const trained = withWeights(model, new Map(), { loss: 'meanSquaredError' });
  assert.match(
    await refusal(() => writeOnnx(trained)),
    "writeOnnx: layer 'first' computes dropout, for which there are no ONNX nodes",
  );
});

test.run();
