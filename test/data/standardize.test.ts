/** Standardised features: means and deviations of the training data, for all data. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrays } from '../../src/data/arrays.js';
import type { TensorDataset } from '../../src/data/dataset.js';
import { standardize } from '../../src/data/standardize.js';
import { linear, sequential } from '../../src/layers/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';

const of = (samples: number[][], name = 'rows') =>
  arrays({ samples, targets: samples.map(() => 0), name }) as TensorDataset;

test('mean 0 and deviation 1 on the training data; the same numbers on others', () => {
  const train = of([
    [1, 7, 10],
    [3, 7, 30],
    [5, 7, 80],
  ]);
  const { mean, deviation, apply } = standardize(train);
  assert.equal([...mean], [3, 7, 40]);
  assert.equal([...deviation], [Math.sqrt(8 / 3), 1, Math.sqrt(2600 / 3)]);
  const d = Math.fround(2 / Math.sqrt(8 / 3));
  const scaled = apply(train);
  assert.equal(
    [...scaled.inputs['input']!.values].filter((_, i) => i % 3 < 2),
    [-d, 0, 0, 0, d, 0],
  );
  assert.is(train.inputs['input']!.values[0], 1);
  const other = apply(of([[5, 8, 40]]));
  assert.equal([...other.inputs['input']!.values], [d, 1, 0]);
  assert.equal(other.targets, of([[5, 8, 40]]).targets);
});

test('values that do not vary become 0, though their sum rounds', () => {
  const train = of(Array.from({ length: 10 }, () => [0.1]));
  assert.equal(
    [...standardize(train).apply(train).inputs['input']!.values],
    Array.from({ length: 10 }, () => 0),
  );
});

test('a model has the scale itself, so that rows are predicted as they are', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => [1000 + 500 * (i % 2) + (i % 7), i % 5]);
  const data = arrays({ samples: rows, labels: rows.map((_, i) => i % 2) }) as TensorDataset;
  const scale = standardize(data);
  const { model } = await train(sequential([linear(2, 2)], scale.input), {
    data,
    optimizer: momentum({ lr: 0.5 }),
    epochs: 5,
    workers: 0,
  });
  const raw = Float32Array.from(rows.slice(0, 2).flat());
  assert.equal([...(await model.predict(raw)).classes], [0, 1]);
  // And of data that was standardised, rows can be too.
  assert.equal(scale.apply(raw), scale.apply(data).inputs['input']!.values.slice(0, 4));
  assert.match(
    await refusal(() => scale.apply([1])),
    /1 values are not a whole number of rows of 2/,
  );
});

test('what cannot be standardised is refused', async () => {
  const bytes = arrays({
    samples: Uint8Array.of(1, 2),
    targets: [1, 2],
    name: 'b',
  }) as TensorDataset;
  assert.match(await refusal(() => standardize(bytes)), /'b': input 'input' is not of floats/);
  assert.match(await refusal(() => standardize(of([[1]]), 'x')), /'rows': input 'x' is missing/);
  const { apply } = standardize(of([[1]]));
  assert.match(
    await refusal(() => apply(of([[1, 2]]))),
    /has 2 values a sample, 1 were standardised/,
  );
});

test.run();
