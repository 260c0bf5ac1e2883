/** Confusion matrices count what was taken for what. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { confusionMatrix, mostConfused, perClassAccuracy } from '../../src/metrics/confusion.js';

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

test('classes that only the model knows go by their number', () => {
  const { classes, counts } = confusionMatrix([0, 1], [3, 1], ['a', 'b']);
  assert.equal(classes, ['a', 'b', '2', '3']);
  assert.equal(counts[0], [0, 0, 0, 1]);
  assert.equal(counts[3], [0, 0, 0, 0]);
});

test('lists of different lengths and labels that name no class are refused', () => {
  assert.throws(() => confusionMatrix([0, 1], [0], ['a', 'b']), /2 labels and 1 predictions/);
  const message = /label 2 of sample 1 is not one of the 2 classes/;
  assert.throws(() => confusionMatrix([0, 2], [1, 0], ['a', 'b']), message);
});

test.run();
