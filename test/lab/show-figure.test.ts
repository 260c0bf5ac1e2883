/** A lab's conclusion, beside figures that are as expected and others. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { showConclusion } from '../../src/lab/show-figure.js';

const figure = (value: number, expected?: [number, number]) => ({
  name: 'error',
  value,
  ...(expected ? { expected } : {}),
});

test('a conclusion stands alone if the figures are as expected, and is doubted otherwise', () => {
  const of = (...figures: ReturnType<typeof figure>[]) => showConclusion(figures, 'It learns.');
  assert.is(of(figure(0.1, [0, 0.2]), figure(7)), 'It learns.');
  const doubt = 'not as expected, so it is not certain that this holds here: It learns.';
  assert.is(of(figure(0.3, [0, 0.2]), figure(0.1, [0, 0.2])), `A figure is ${doubt}`);
  assert.is(of(figure(0.3, [0, 0.2]), figure(Infinity, [0, 1])), `2 figures are ${doubt}`);
});

test.run();
