/**
 * Weights by PyTorch's names: VGG-11, ResNet-18 and an LSTM give PyTorch's outputs, and its state dictionaries are read.
 * test/golden/exchange.py exchanges whole files with PyTorch itself, both ways.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { encodeSafetensors } from '../../src/formats/safetensors.js';
import { sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { linear, batchNorm2d, sequential, type Model } from '../../src/layers/index.js';
import { charLstm, resNet18, vgg11 } from '../../src/models/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { decodeWeights } from '../../src/trained/weights-file.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Golden {
  name: string;
  seed: number;
  /** PyTorch's state, in its order. */
  parameters: Record<string, number[]>;
  y: string;
}

/** The values of make_zoo.py. */
const drawn = ({ parameters, seed }: Golden): Map<string, Float32Array> =>
  new Map(
    Object.entries(parameters).map(([name, shape], i) => {
      const isVector = shape.length === 1;
      const scale = Math.fround(isVector ? 0.25 : Math.sqrt(6 / sizeOf(shape.slice(1))));
      const shift = name.endsWith('running_var') ? 1.5 : 0;
      const values = numbers(sizeOf(shape), seed + i);
      return [name, values.map((v) => Math.fround(v * scale) + shift)];
    }),
  );

const tokens = (count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => (i * i * 7 + i) % 11);

const models: Readonly<Record<string, () => Model>> = {
  vgg11: () => vgg11({ classes: 5, size: 32, width: 1 / 8 }),
  resNet18: () => resNet18({ classes: 5, size: 32, width: 1 / 8 }),
  charLstm: () =>
    charLstm({
      vocabulary: 11,
      length: 6,
      embeddingDim: 5,
      hiddenSize: 9,
      numLayers: 2,
      dropout: 0.3,
    }),
};

for (const golden of loadGolden<Golden>('zoo')) {
  const { name, parameters, seed, y } = golden;

  test(`${name} has PyTorch’s names and shapes`, () => {
    const byName = (entries: [string, readonly number[]][]) =>
      entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const found = models[name]!().parameters.map((parameter): [string, readonly number[]] => [
      parameter.name,
      [...parameter.shape],
    ]);
    assert.equal(byName(found), byName(Object.entries(parameters)));
  });

  for (const numerics of availableNumerics) {
    test(`${name} (${numerics}) gives PyTorch’s outputs`, async () => {
      const graph = models[name]!().graph(3, 'evaluation');
      const weights = drawn(golden);
      const [input] = [...graph.inputs.values()];
      const size = sizeOf(input!.shape);
      const feeds = new Map<Tensor, Float32Array | Int32Array>([
        [input!, input!.dtype === 'i32' ? tokens(size) : numbers(size, seed - 1)],
      ]);
      for (const [parameter, tensor] of graph.parameters)
        feeds.set(tensor, weights.get(parameter)!);
      const [output] = await evaluate([...graph.outputs.values()], feeds, { numerics });
      assertClose(output!, unpack(y), 1e-4, name);
    });
  }
}

const model = sequential({ fc: linear(2, 3), bn: batchNorm2d(3) }, { input: [2] });
const state = (): Map<string, { shape: number[]; data: Float32Array }> =>
  new Map(
    model.parameters.map(({ name, shape }, i) => [
      name,
      { shape: [...shape], data: numbers(sizeOf(shape), i + 1) },
    ]),
  );

/** The file of `tensors` with a counter as PyTorch writes it: an I64 scalar, here first. */
function withCounter(tensors: ReturnType<typeof state>, counter: string): Uint8Array {
  const text = Buffer.from(encodeSafetensors(tensors, {}));
  const length = Number(text.readBigUint64LE());
  const header = JSON.parse(text.toString('utf8', 8, 8 + length)) as Record<
    string,
    { data_offsets: number[] }
  >;
  for (const entry of Object.values(header))
    entry.data_offsets = entry.data_offsets.map((at) => at + 8);
  const json = JSON.stringify({
    [counter]: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
    ...header,
  });
  const size = Buffer.alloc(8);
  size.writeBigUint64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([size, Buffer.from(json), Buffer.alloc(8), text.subarray(8 + length)]);
}

function refusal(bytes: Uint8Array): LanewiseError {
  try {
    decodeWeights(model, bytes, 'w.safetensors');
  } catch (error) {
    assert.instance(error, LanewiseError);
    return error as LanewiseError;
  }
  throw new Error('nothing was refused');
}

test('a state dictionary is read, its counters of minibatches passed over', () => {
  const { weights } = decodeWeights(model, withCounter(state(), 'bn.num_batches_tracked'), 'w');
  assert.equal(
    [...weights],
    [...state()].map(([name, { data }]) => [name, data]),
  );
});

test('files that do not fit are refused with the tensor and both shapes', () => {
  const change = (edit: (tensors: ReturnType<typeof state>) => void) => {
    const tensors = state();
    edit(tensors);
    return refusal(encodeSafetensors(tensors, {}));
  };
  const missing = change((tensors) => {
    tensors.set('fc.weights', tensors.get('fc.weight')!);
    tensors.delete('fc.weight');
  });
  assert.is(missing.message, "'w.safetensors': tensor 'fc.weight' is missing, the model needs 3×2");
  assert.match(missing.hint!, /fc\.weights/);
  assert.is(
    change((tensors) => tensors.set('fc.weight', { shape: [2, 3], data: new Float32Array(6) }))
      .message,
    "'w.safetensors': tensor 'fc.weight' has shape 2×3, the model needs 3×2",
  );
  assert.is(
    change((tensors) => tensors.set('head.bias', { shape: [1], data: new Float32Array(1) }))
      .message,
    "'w.safetensors': tensor 'head.bias' belongs to no layer of the model",
  );
  decodeWeights(model, withCounter(state(), 'steps'), 'w.safetensors');
  const integers = state();
  integers.delete('fc.bias');
  assert.is(
    refusal(withCounter(integers, 'fc.bias')).message,
    "'w.safetensors': tensor 'fc.bias' has shape scalar, the model needs 3",
  );
});

test.run();
