/** The labs of the group Landscape: figures that do not come from the lab itself, and settings that do what they say. */
// slow: runs labs in their small form
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

test('mode-connectivity: the straight line has a barrier, the trained curve has hardly one', async () => {
  const result = await runSmall('mode-connectivity');
  // A bend that is not trained is the line's own middle, and leaves the barrier.
  const untrained = await runSmall('mode-connectivity', { settings: { curveSteps: 0 } });
  const ratio = 'greatest loss on the line, by that on the curve';
  assert.ok(Math.abs(figureOf(untrained, ratio) - 1) < 0.05);
  assert.ok(figureOf(result, ratio) > 2);
});

test('loss-landscape: filter-normalised slices do not depend on the scale of weights', async () => {
  const result = await runSmall('loss-landscape');
  // Batch normalisation takes the factor back, so that the net is the same function; only its ε tells them apart.
  assert.ok(figureOf(result, 'change of the slice by rescaled weights') < 1e-3);
  assert.ok(figureOf(result, 'the same, directions not normalised') > 0.05);
});

test.run();
