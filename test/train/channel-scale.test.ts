/** Inputs with a mean and a deviation of each channel or feature: the same bits wherever they are applied. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { normalize } from '../../src/data/transforms/color.js';
import { randomHorizontalFlip } from '../../src/data/transforms/flip.js';
import type { Dataset } from '../../src/data/dataset.js';
import { LanewiseError } from '../../src/base/errors.js';
import { loadProgram } from '../../src/inference/index.js';
import { conv2d, flatten, input, linear, sequential, type Model } from '../../src/layers/index.js';
import { resNet18 } from '../../src/models/index.js';
import { columnsOf } from '../../src/feed/columns.js';
import { gatherAll } from '../../src/feed/gather.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { momentum } from '../../src/optimizers/index.js';
import { encode } from '../../src/trained/feature-extraction.js';
import { featuresOf } from '../../src/trained/fine-tuning.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { encodeProgram } from '../../src/trained/program-file.js';
import { train } from '../../src/train/train.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

const scale = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

const bytesOf = (count: number, seed: number) =>
  Uint8Array.from(numbers(count, seed), (v) => Math.floor((v + 1) * 128));

const net = (options: Parameters<typeof input>[1] = scale) =>
  sequential(
    { conv: conv2d(3, 4, 3), flat: flatten(), out: linear(4 * 36, 3) },
    {
      input: [3, 8, 8],
      ...options,
    },
  );

const pictures = (count: number, side = 8): Dataset => ({
  name: 'pictures',
  shape: [3, side, side],
  classes: ['a', 'b', 'c'],
  samples: bytesOf(count * 3 * side * side, 5),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
});

/** What the model's input gets of a data set. */
const gathered = async (model: Model, data: Dataset) =>
  (await gatherAll(
    columnsOf(model, [], samplesOf(data)).columns[0]!,
    data.labels.length,
  )) as Float32Array;

test('bytes and floats of images are scaled by channel, and what frames them is a value of 0', async () => {
  const data = pictures(4, 6);
  const found = await gathered(net(), data);
  const expected = Float32Array.from({ length: 4 * 192 }, (_, i) => {
    const [n, c, y, x] = [Math.floor(i / 192), Math.floor(i / 64) % 3, (i >> 3) % 8, i % 8];
    const inside = y >= 1 && y < 7 && x >= 1 && x < 7;
    const v = inside ? data.samples[n * 108 + c * 36 + (y - 1) * 6 + x - 1]! / 255 : 0;
    return (v - scale.mean[c]!) / scale.deviation[c]!;
  });
  assertClose(found, expected, 2e-5, 'bytes');
  const floats = { ...data, samples: Float32Array.from(data.samples, (v) => v / 255) };
  assertClose(await gathered(net(), floats), expected, 2e-5, 'floats');
});

test('a vector is scaled by feature, large means without loss', async () => {
  const model = sequential([linear(3, 2)], {
    input: [3],
    mean: Float64Array.of(1e6, -2, 0),
    deviation: Float64Array.of(0.5, 4, 1),
  });
  const rows = Float32Array.of(1_000_000, 2, 7, 1_000_001, -2, 0);
  const [column] = columnsOf(
    model,
    [],
    samplesOf({
      name: 'rows',
      inputs: { input: { shape: [3], values: rows } },
      targets: {},
    }),
  ).columns;
  assert.equal([...(await gatherAll(column!, 2))], [0, 1, 7, 2, 0, 0]);
  assert.equal(model.architecture.inputs['input']!.mean, [1e6, -2, 0]);
});

test('a list for all and one number agree, also behind transforms', async () => {
  const transforms = [randomHorizontalFlip(1), normalize({ mean: [0.1, 0.2, 0.3], std: 0.5 })];
  for (const data of [pictures(5), { ...pictures(5), transforms }]) {
    const [one, lists] = await Promise.all(
      [
        { mean: 0.3, deviation: 0.4 },
        { mean: [0.3, 0.3, 0.3], deviation: 0.4 },
      ].map((options) => gathered(net(options), data)),
    );
    assertClose(lists!, one!, 2e-5, 'transforms' in data ? 'transforms' : 'plain');
  }
});

test('training, files, programs and features have the same bits for any number of workers', async () => {
  const data = { ...pictures(60), transforms: [randomHorizontalFlip(0.5)] };
  const settings = {
    data,
    validation: pictures(12),
    optimizer: momentum({ lr: 0.01 }),
    epochs: 2,
    batch: 16,
    shards: 4,
    numerics: 'strict',
  } as const;
  const runs = await Promise.all(
    [0, 1, 3].map((workers) => train(net(), { ...settings, workers })),
  );
  const hashes = await Promise.all(runs.map(({ model }) => model.sha256()));
  assert.is(new Set(hashes).size, 1);
  const { model } = runs[0]!;
  const { samples, shape } = pictures(9, 6);
  const { scores } = await model.predict(samples, shape);
  const read = decodeModel(encodeModel(model), 'file');
  assert.equal((await read.predict(samples, shape)).scores, scores);
  const program = await loadProgram(encodeProgram(model, { batch: 4 }));
  assert.equal(program.predict(samples, shape).scores, scores);
  const features = await encode(model, pictures(9), { layer: 'conv' });
  assert.equal(featuresOf(model, 'conv').model.architecture.inputs['input'], {
    shape: [3, 8, 8],
    ...scale,
  });
  assert.is(sizeOf(features.inputs['input']!.shape), 144);
});

test('scales that cannot be are refused with the place in the list', () => {
  const refusal = (options: object): string => {
    try {
      input([3, 8, 8], options);
    } catch (error) {
      assert.instance(error, LanewiseError);
      return (error as LanewiseError).message;
    }
    throw new Error('nothing was refused');
  };
  assert.is(
    refusal({ mean: [0.5, 0.5] }),
    'model input: mean has 2 numbers, expected a finite number, or a list of one for each of the 3 indices of axis 0 of 3×8×8',
  );
  assert.match(refusal({ deviation: [1, 0, 1] }), /deviation\[1\] is 0, expected .*above 0/);
  assert.match(refusal({ deviation: 0 }), /deviation is 0, expected .*above 0/);
  assert.match(refusal({ deviation: 1e-40 }), /deviation is 1e-40/);
  assert.match(refusal({ mean: [0, NaN, 0] }), /mean\[1\] is NaN/);
  assert.match(refusal({ mean: [0, '1', 0] }), /mean\[1\] is 1, /);
  assert.match(refusal({ mean: '0.5' }), /mean is 0.5, /);
  assert.match(refusal({ mean: null }), /mean is null, /);
  assert.match(refusal({ mean: 0.5, vocabulary: 3 }), /whole numbers are not scaled/);
});

interface Golden {
  seed: number;
  size: number;
  mean: number[];
  std: number[];
  parameters: Record<string, number[]>;
  y: string;
}

test('ResNet-18 gives torchvision’s outputs of images in bytes, by torchvision’s preprocessing', async () => {
  const [{ seed, size, mean, std, parameters, y }] = loadGolden<Golden>('imagenet') as [Golden];
  const model = resNet18({ classes: 10, size });
  assert.equal(model.architecture.inputs['input'], {
    shape: [3, size, size],
    mean,
    deviation: std,
  });
  const weights = new Map(
    Object.entries(parameters).map(([name, shape], i) => {
      const factor = Math.fround(shape.length === 1 ? 0.25 : Math.sqrt(6 / sizeOf(shape.slice(1))));
      const shift = name.endsWith('running_var') ? 1.5 : 0;
      const values = numbers(sizeOf(shape), seed + i).map((v) => Math.fround(v * factor) + shift);
      return [name, values];
    }),
  );
  const expected = unpack(y);
  const largest = Math.max(...expected.map(Math.abs));
  const trained = withWeights(model, weights, { loss: 'meanSquaredError', numerics: 'strict' });
  const { scores } = await trained.predict(bytesOf(2 * 3 * size * size, seed - 1));
  const off = Math.max(...scores.map((v, i) => Math.abs(v - expected[i]!))) / largest;
  assert.ok(off < 1e-5, `off by ${off} of the largest output`);
});

test.run();
