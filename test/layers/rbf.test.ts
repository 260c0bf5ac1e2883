/** LeNet-5's output as a layer: trained with its criterion, kept in files, and refused with wrong centres. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import {
  flatten,
  linear,
  rbf,
  rebuild,
  scaledTanh,
  sequential,
  type RbfOptions,
} from '../../src/layers/index.js';
import { mapCriterion } from '../../src/losses/loss-kinds.js';
import { digitBitmapShape, digitBitmaps } from '../../src/models/digit-bitmaps.js';
import { adam } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import { createDraw } from '../support/numbers.js';

const [height, width] = digitBitmapShape;

/** The ten bitmaps themselves as images, one pixel in eight turned over. */
function noisyBitmaps(count: number) {
  const draw = createDraw(3);
  const labels = Uint8Array.from({ length: count }, () => draw(0, 9));
  const size = height * width;
  const samples = Float32Array.from({ length: count * size }, (_, i) => {
    const pixel = digitBitmaps[labels[Math.floor(i / size)]!]![i % size]!;
    return draw(0, 7) === 0 ? -pixel : pixel;
  });
  const classes = Array.from('0123456789');
  return { name: 'bitmaps', shape: [1, height, width] as const, classes, samples, labels };
}

const net = (options: RbfOptions) =>
  sequential(
    { flat: flatten(), f6: linear(84, 84), tanh: scaledTanh(), out: rbf(84, 10, options) },
    { input: [1, height, width] },
  );

const base = { epochs: 4, batch: 16, workers: 0, numerics: 'strict' as const };

test('an RBF output trains with LeNet-5’s criterion, and its model comes back from a file', async () => {
  const data = noisyBitmaps(320);
  const first = { centres: digitBitmaps };
  for (const options of [first, { ...first, trainable: true }, {}]) {
    const model = net(options);
    const isFixed = options === first;
    assert.equal(
      model.parameters.map(({ name, role }) => [name, role]),
      [
        ['f6.weight', 'trained'],
        ['f6.bias', 'trained'],
        ['out.centres', isFixed ? 'fixed' : 'trained'],
      ],
    );
    const settings = {
      ...base,
      data,
      loss: mapCriterion({ j: 20 }),
      optimizer: adam({ lr: 0.01 }),
    };
    const { history, model: trained } = await train(model, settings);
    assert.ok(history.at(-1)!.accuracy! > 0.9, `accuracy ${history.at(-1)!.accuracy}`);
    assert.ok(history.at(-1)!.loss < history[0]!.loss / 2);
    const read = decodeModel(encodeModel(trained), 'file');
    const kept = read.weights.get('out.centres')!.every((v, i) => v === digitBitmaps.flat()[i]);
    assert.is(kept, isFixed);
    const [one, other] = [trained, read].map((m) => m.predict(data.samples, data.shape));
    assert.equal((await other!).scores, (await one!).scores);
    const evaluated = await read.evaluate(data, { workers: 0 });
    assert.ok(evaluated.accuracy! > 0.9, `accuracy ${evaluated.accuracy}`);
  }
});

test('centres that are not one row a class are refused', () => {
  const refusal = (create: () => unknown): string => {
    try {
      create();
    } catch (error) {
      assert.ok(error instanceof LanewiseError, String(error));
      return (error as LanewiseError).message;
    }
    return 'nothing was thrown';
  };
  assert.is(
    refusal(() => rbf(84, 9, { centres: digitBitmaps })),
    'rbf: centres has 10 rows, expected 9 rows of 84',
  );
  assert.is(
    refusal(() => rbf(2, 2, { centres: [[1, 2], [3]] })),
    'rbf: centres has a row 1 that is not 2 numbers, expected 2 rows of 2',
  );
  assert.match(
    refusal(() => rbf(0, 2)),
    /rbf: inFeatures is 0, expected a whole number/,
  );
  const { architecture } = net({ centres: digitBitmaps });
  const stored = JSON.parse(JSON.stringify(architecture)) as typeof architecture;
  assert.equal(rebuild(stored).architecture, architecture);
});

test('the ten bitmaps are 7×12 pixels of ±1, and different', () => {
  assert.is(digitBitmaps.length, 10);
  for (const [digit, bitmap] of digitBitmaps.entries()) {
    assert.is(bitmap.length, height * width);
    assert.ok(bitmap.every((pixel) => Math.abs(pixel) === 1));
    for (const other of digitBitmaps.slice(0, digit)) {
      const distance = bitmap.filter((pixel, i) => pixel !== other[i]).length;
      assert.ok(distance >= 3, `${digit}: ${distance} pixels`);
    }
  }
});

test.run();
