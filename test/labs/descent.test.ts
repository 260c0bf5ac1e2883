/** The labs of the group Descent: figures that do not come from the lab itself, and settings that do what they say. */
// slow: runs labs in their small form
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall, unexpected } from '../support/lab.js';

test('descent-paths: on a quadratic the distance shrinks by |1 − rate · eigenvalue| a step', async () => {
  const result = await runSmall('descent-paths');
  // The slowest direction at the rate 1/λ, and the one that grows at 2.1/λ.
  assert.ok(Math.abs(figureOf(result, 'distance per step, rate 2.1/λ') - 1.1) < 1e-3);
  const slow = result.figures.find(({ name }) => name === 'distance per step, rate 1/λ')!;
  assert.ok(Math.abs(slow.value - slow.paper!) < 1e-4);
  // Others draw other data, of which the same holds.
  const other = await runSmall('descent-paths', { settings: { seed: 5, rate: 1.5 } });
  assert.equal(unexpected(other), []);
  assert.is.not(other.sha256, result.sha256);
});

test('saddle-points: Lanczos’ method finds the ends of the spectrum, and few eigenvalues stay negative', async () => {
  const result = await runSmall('saddle-points');
  // Counted on all columns of the Hessian, by elimination.
  assert.is(figureOf(result, 'eigenvalues beyond the ends that Lanczos’ method found'), 0);
  assert.ok(figureOf(result, 'negative eigenvalues in the end, by the most there were') < 0.5);
});

test('optimizers: Adam’s first step is its rate, whatever the gradient', async () => {
  const result = await runSmall('optimizers');
  // m̂/√v̂ is the gradient's sign after one step (Kingma & Ba 2015, section 2.1).
  const first = figureOf(result, 'Adam’s first step in a weight, at most, by its rate');
  assert.ok(Math.abs(first - 1) < 1e-3);
});

test('batch-size: the variance of a minibatch’s gradient is as its size is small', async () => {
  const result = await runSmall('batch-size');
  const ratio = figureOf(result, 'variance of the gradient: 8 samples by 32');
  assert.ok(ratio > 3 && ratio < 5.5, `${ratio}, four times as many samples`);
});

test.run();
