/** Quantised models of every layer: near the float ones, by definition call by call, the same from a file. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import * as L from '../../src/index.js';
import { loadQuantized } from '../../src/inference/index.js';
import { placeQuantized, readQuantized } from '../../src/inference/run-quantized.js';
import { decodeQuantized, encodeQuantized, quantize } from '../../src/quantize/index.js';
import { examples, modelOf, samplesOf, withNumbers } from '../support/layer-examples.js';
import { numbers } from '../support/numbers.js';
import { runByDefinition } from './by-definition.js';

/** `count` samples of every input of a model. */
function dataOf(model: L.Model, count: number): TensorDataset {
  const inputs = Object.entries(model.architecture.inputs).map(
    ([name, { shape, vocabulary }], i) => {
      const size = count * shape.reduce((a, b) => a * b, 1);
      const values =
        vocabulary === undefined
          ? numbers(size, 7 + i).map((v) => Math.abs(v) + 0.25)
          : Int32Array.from({ length: size }, (_, at) => at % vocabulary);
      return [name, { shape, values }] as const;
    },
  );
  return { name: 'numbers', inputs: Object.fromEntries(inputs), targets: {} };
}

/** √(Σ (found − expected)² / Σ expected²). */
function distance(found: Float32Array, expected: Float32Array): number {
  let [error, size] = [0, 0];
  found.forEach((value, i) => {
    error += (value - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  });
  return Math.sqrt(error / (size || 1));
}

/** Quantises, compares, and returns the report. */
async function check(trained: L.TrainedModel, most: number, count = 5) {
  const { model } = trained;
  const data = dataOf(model, 8);
  const quantized = await quantize(trained, data, { batch: 3, range: 'minmax' });
  const bytes = encodeQuantized(quantized);
  const [name] = Object.keys(data.inputs);
  const samples = samplesOf(model, count);
  const isSingle = Object.keys(data.inputs).length === 1;
  const given = isSingle ? samples : dataOf(model, count).inputs;
  const { scores } = await quantized.predict(given as never);
  const expected = await trained.predict(given as never);
  const off = distance(scores, expected.scores);
  assert.ok(off <= most, `${off} away from the float model: ${JSON.stringify(quantized.report)}`);
  const read = decodeQuantized(bytes, 'file');
  assert.equal((await read.predict(given as never)).scores, scores);
  assert.is(await read.sha256(), await quantized.sha256());
  if (isSingle) assert.equal((await loadQuantized(bytes)).predict(samples).scores, scores);
  const file = readQuantized(bytes, 'file');
  const placed = await placeQuantized(file, {});
  const leaf = new Uint8Array(placed.memory.buffer, placed.bases.batch, file.bytes.batch);
  const values = data.inputs[name!]!.values;
  leaf.set(new Uint8Array(values.buffer, 0, Math.min(leaf.length, values.byteLength)));
  const kernels = file.outputs.flatMap(({ programs }) =>
    programs.flatMap(({ calls }) => [...runByDefinition(calls, placed)]),
  );
  return { report: quantized.report, kernels: new Set(kernels), bytes };
}

for (const example of examples) {
  const [{ kind, settings }] = example;
  test(`${kind} ${JSON.stringify(settings).slice(0, 60)}`, async () => {
    await check(withNumbers(modelOf(example)), 0.05);
  });
}

/** Nets whose layers all have integer forms, of every kernel on bytes. */
const nets: Readonly<Record<string, () => L.Model>> = {
  grouped: () =>
    L.sequential(
      [
        L.conv2d(4, 8, 3, { padding: 1, groups: 2 }),
        L.relu(),
        L.depthwiseConv2d(8, 3, { padding: 1 }),
        L.batchNorm2d(8),
        L.hardTanh({ minVal: 0, maxVal: 6 }),
        L.maxPool2d(2),
        L.conv2d(8, 6, 3, { padding: 2, dilation: 2 }),
        L.gelu(),
        L.avgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }),
        L.flatten(),
        L.linear(24, 5),
      ],
      { input: [4, 8, 8] },
    ),
  joined: () => {
    const x = L.input([3, 9, 9]);
    const a = L.relu()(L.conv2d(3, 5, 3, { stride: 2 })(x));
    const b = L.tanh()(L.conv2d(3, 7, [3, 3], { stride: 2 })(x));
    const both = L.concat()(a, b);
    const normed = L.leakyRelu()(L.batchNorm2d(12)(both));
    const sum = L.relu()(L.add()(normed, L.conv2d(12, 12, 1)(both)));
    const y = L.linear(12, 4)(L.silu()(L.globalAvgPool2d()(sum)));
    return L.functional({ inputs: x, outputs: L.softmax()(y) });
  },
  sequence: () =>
    L.sequential(
      [
        L.conv1d(3, 8, 3, { padding: 1 }),
        L.relu(),
        L.flatten(),
        L.linear(48, 8),
        L.sigmoid(),
        L.linear(8, 2),
      ],
      { input: [3, 6] },
    ),
};

const seen = new Set<string>();
for (const [name, make] of Object.entries(nets)) {
  test(`a net of integers: ${name}`, async () => {
    const { report, kernels } = await check(withNumbers(make()), 0.08);
    const float = report.filter(({ computed, kind }) => computed === 'float' && kind !== 'softmax');
    assert.equal(float, []);
    for (const kernel of kernels) seen.add(kernel);
  });
}

test('those nets call every kernel on bytes', () => {
  const all =
    'addInt8 avgPoolInt8 convInt8 convInt8Depthwise convInt8Floats convInt8Grouped maxPoolInt8 quantizePlanes rescaleInt8';
  for (const kernel of all.split(' ')) assert.ok(seen.has(kernel), `${kernel} is not called`);
});

test.run();
