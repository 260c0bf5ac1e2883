/** Confusion matrices count what was taken for what. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { confusionMatrix, mostConfused, perClassAccuracy } from '../../src/training/confusion.js';

const matrix = confusionMatrix(
  Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 2),
  Uint8Array.of(0, 1, 1, 2, 1, 1, 0, 2),
  ['a', 'b', 'c', 'd'],
);

test('rows are the true classes, columns the predicted', () => {
  assert.equal(matrix.counts, [
    [1, 2, 1, 0],
    [1, 2, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 0],
  ]);
});

test('the commonest mistakes come first, hits and empty pairs never', () => {
  const all = [
    { truth: 'a', predicted: 'b', count: 2 },
    { truth: 'a', predicted: 'c', count: 1 },
    { truth: 'b', predicted: 'a', count: 1 },
  ];
  assert.equal(mostConfused(matrix, 10), all);
  assert.equal(mostConfused(matrix, 2), all.slice(0, 2));
});

test('accuracy by class is NaN for a class without samples', () => {
  assert.equal(perClassAccuracy(matrix), [1 / 4, 2 / 3, 1, NaN]);
});

test.run();
