/** Model files: a model comes back as it was, and a file that is not one is refused for its reason. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { LanewiseError } from '../../src/base/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import {
  avgPool2d,
  conv2d,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
  sigmoid,
} from '../../src/layers/index.js';
import { describeTerms, lossTerms } from '../../src/losses/terms.js';
import { lenet5 } from '../../src/models/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { createTrainedModel } from '../../src/trained/trained-model.js';
import { numbers } from '../support/numbers.js';

const terms = lossTerms('crossEntropy', ['output']);

function trainedOf(model = lenet5()) {
  const weights = model.parameters.map(
    ({ name, shape }, i) => [name, numbers(sizeOf(shape), i)] as const,
  );
  return createTrainedModel(model, terms, 'strict', new Map(weights));
}

/** The file of `trained` with changed metadata. */
function withMetadata(changes: Record<string, string>, trained = trainedOf()): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeModel(trained), 'm');
  return encodeSafetensors(tensors, { ...metadata, ...changes });
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeModel(bytes, 'm.safetensors');
  } catch (error) {
    assert.instance(error, LanewiseError);
    return (error as LanewiseError).message;
  }
  throw new Error('nothing was refused');
}

test('a model comes back with its layers, weights, scores and hash', async () => {
  const model = sequential(
    {
      a: conv2d(1, 4, [3, 2], { stride: [2, 1], padding: 1, bias: false }),
      b: relu(),
      c: maxPool2d(2, { stride: 1 }),
      d: avgPool2d([2, 3]),
      e: flatten(),
      f: linear(216, 5, { bias: false }),
      g: sigmoid(),
    },
    { input: [1, 28, 28], mean: 0.25, deviation: 0.5 },
  );
  const trained = trainedOf(model);
  const back = decodeModel(encodeModel(trained), 'm');
  assert.equal(back.model.architecture, JSON.parse(JSON.stringify(model.architecture)));
  assert.equal([...back.weights.keys()], ['a.weight', 'f.weight']);
  assert.is(await back.sha256(), await trained.sha256());
  const samples = Uint8Array.from(numbers(784 * 3, 4), (v) => 128 + v * 120);
  assert.equal(
    await back.predict(samples, [1, 28, 28]),
    await trained.predict(samples, [1, 28, 28]),
  );
});

test('weights keep PyTorch’s names and layouts', () => {
  const { tensors, metadata } = decodeSafetensors(encodeModel(trainedOf()), 'm');
  const shapes = [...tensors].map(([name, { shape }]) => `${name} ${shape.join('×')}`);
  assert.equal(shapes.slice(0, 4), [
    'c1.weight 6×1×5×5',
    'c1.bias 6',
    'c3.weight 16×6×5×5',
    'c3.bias 16',
  ]);
  assert.equal(shapes.slice(4, 6), ['c5.weight 120×400', 'c5.bias 120']);
  assert.equal(JSON.parse(metadata['loss']!), describeTerms(terms));
  assert.is(metadata['numerics'], 'strict');
});

test('classes and samples are kept, may be missing, and are checked', () => {
  const samples = { shape: [1, 28, 28], type: 'uint8', fit: 'pad' } as const;
  const classes = ['cat', 'dog, "wild"'];
  const { model, weights } = trainedOf();
  const trained = createTrainedModel(model, terms, 'strict', weights, { classes, samples });
  const back = decodeModel(encodeModel(trained), 'm');
  assert.equal([back.classes, back.samples], [classes, samples]);
  const without = decodeModel(encodeModel(trainedOf()), 'm');
  assert.not.ok('classes' in without || 'samples' in without);
  for (const wrong of ['{', '{}', '[1]', 'null']) {
    assert.match(refusal(withMetadata({ classes: wrong })), /its classes are not a list of names/);
  }
  for (const wrong of [
    '',
    'null',
    '{"shape":[1,28,28]}',
    '{"shape":[0],"type":"uint8"}',
    '{"shape":"1","type":"uint8"}',
    '{"shape":[1],"type":"int8"}',
    '{"shape":[1],"type":"uint8","fit":"tight"}',
  ]) {
    assert.match(refusal(withMetadata({ samples: wrong })), /its samples have no shape/);
  }
});

test('a file cut short is refused', () => {
  const bytes = encodeModel(trainedOf());
  assert.match(refusal(bytes.subarray(0, bytes.length - 1)), /m\.safetensors.*(cut short|bytes)/);
  assert.match(refusal(bytes.subarray(0, 100)), /m\.safetensors.*(cut short|header)/);
  assert.match(refusal(new Uint8Array(3)), /m\.safetensors/);
});

test('a file of somebody else’s is refused', () => {
  assert.match(
    refusal(encodeSafetensors(new Map(), {})),
    /'m.safetensors' holds no Lanewise model: its metadata has lanewise 'missing', expected '2'/,
  );
});

test('weights of another architecture are refused by name and shapes', () => {
  const other = lenet5({ classes: 12 });
  assert.is(
    refusal(withMetadata({ architecture: JSON.stringify(other.architecture) })),
    "'m.safetensors': tensor 'output.weight' has shape 10×84, its architecture needs 12×84",
  );
  const layers = lenet5().architecture.layers.filter(({ name }) => name !== 'output');
  const shorter = { ...lenet5().architecture, layers, outputs: { output: 'f6act' } };
  assert.is(
    refusal(withMetadata({ architecture: JSON.stringify(shorter) })),
    "'m.safetensors': tensor 'output.weight' belongs to no layer of its architecture",
  );
});

test('an architecture of 100,000 layers is refused before it is built', () => {
  const { architecture } = lenet5();
  const layers = Array.from({ length: 1e5 }, (_, i) => ({
    name: `r${i}`,
    kind: 'relu',
    settings: {},
    from: [i === 0 ? 'input' : `r${i - 1}`],
  }));
  const long = JSON.stringify({ ...architecture, layers, outputs: { output: 'r99999' } });
  assert.match(
    refusal(withMetadata({ architecture: long })),
    /its architecture has \d{7} characters, expected at most 2097152$/,
  );
});

test('an architecture that cannot be is refused for its reason', () => {
  const architecture = lenet5().architecture;
  const change = (
    edit: (copy: {
      inputs: { input: object };
      layers: { name: string; kind: string; settings: object }[];
    }) => void,
  ) => {
    const copy = JSON.parse(JSON.stringify(architecture)) as Parameters<typeof edit>[0];
    edit(copy);
    return refusal(withMetadata({ architecture: JSON.stringify(copy) }));
  };
  assert.match(refusal(withMetadata({ architecture: '{' })), /its architecture is not JSON/);
  assert.match(
    refusal(withMetadata({ architecture: '[]' })),
    /its architecture has no inputs, list of layers and outputs/,
  );
  assert.match(
    change((a) => (a.layers[0]!.kind = 'conv3d')),
    /cannot be built: unknown layer 'conv3d'/,
  );
  assert.match(
    change((a) => (a.layers[1]!.name = 'c1')),
    /names two layers 'c1'/,
  );
  assert.match(
    change((a) => (a.layers[0]!.settings = {})),
    /inChannels is undefined, expected a whole number/,
  );
  assert.match(
    change((a) => (a.inputs.input = { shape: [1, 2 ** 40, 32], mean: 0, deviation: 1 })),
    /cannot be built/,
  );
  assert.match(
    change((a) => (a.inputs.input = { shape: [1, 4, 4], mean: 0, deviation: 1 })),
    /conv2d 'c1': kernel 5×5 does not fit/,
  );
  const [loss] = describeTerms(terms);
  const unknown = JSON.stringify([{ ...loss, kind: 'hinges' }]);
  assert.match(refusal(withMetadata({ loss: unknown })), /unknown loss 'hinges'/);
  const elsewhere = JSON.stringify([{ ...loss, output: 'aux' }]);
  assert.match(
    refusal(withMetadata({ loss: elsewhere })),
    /a loss for output 'aux', the model has output/,
  );
  assert.match(refusal(withMetadata({ loss: '{' })), /its loss cannot be read: it is not JSON/);
  assert.match(
    refusal(withMetadata({ numerics: 'exact' })),
    /numerics is 'exact', expected 'fused' or 'strict'/,
  );
});

test('a model with damaged weights does not predict as if nothing were wrong', async () => {
  const trained = trainedOf();
  const weights = new Map(trained.weights).set('output.bias', new Float32Array(10).fill(NaN));
  const damaged = createTrainedModel(trained.model, terms, 'strict', weights);
  let message = '';
  await damaged
    .predict(new Uint8Array(784), [1, 28, 28])
    .catch((error: Error) => (message = error.message));
  assert.match(message, /the model's scores are NaN: weights of '/);
});

test('a model trained in fused numerics predicts where the engine has none', async () => {
  const script = fileURLToPath(new URL('../engines/predict-fused.js', import.meta.url));
  // Without the flag that the test runner gives Node 20, so that it has no relaxed SIMD there.
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  assert.match(stdout, /^predicted 2 classes/);
});

test.run();
