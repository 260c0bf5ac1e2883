/** Standardised features: means and deviations of the training data, for all data. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrays } from '../../src/data/arrays.js';
import type { TensorDataset } from '../../src/data/dataset.js';
import { standardize } from '../../src/data/standardize.js';
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
