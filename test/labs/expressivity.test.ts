/** Width, depth and residual learning: figures that theory gives, and those of nets that learn. */
// slow: trains
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

test('a written net is the interpolation through its knots, whose error falls with the square of their number', async () => {
  const result = await runSmall('universal-approximation');
  // |f″| of the cubic is at most 24, so linear interpolation is off by at most h²/8 · 24.
  const error = figureOf(result, 'error of the widest written net');
  assert.ok(error < 3 * (2 / 16) ** 2 && error > 0, `${error}`);
  const order = figureOf(result, 'order of the written net’s error in n');
  assert.ok(Math.abs(order + 2) < 0.1, `${order}`);
});

test('a tent folded k times has 2ᵏ straight pieces', async () => {
  for (const deepest of [3, 6]) {
    const result = await runSmall('depth-against-width', {
      settings: { deepest, draws: 1 },
    });
    assert.is(figureOf(result, `pieces of ${deepest} folds`), 2 ** deepest);
  }
});

test('the deepest plain net learns its samples worse than the residual one of the same depth', async () => {
  const result = await runSmall('degradation');
  assert.ok(figureOf(result, 'deepest net: training loss plain over residual') > 1.05);
});

test.run();
