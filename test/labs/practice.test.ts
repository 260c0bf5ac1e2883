/** The labs of practice: what their figures have to be, and why. */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

test('crops: all places say what the crops there say, and cost less', async () => {
  const result = await runSmall('crops', { workers: 0 });
  // Without padding, a place of the dense form computes the same sums as the crop there, in another order at most.
  assert.ok(figureOf(result, 'most that a place differs from the crop there') < 1e-4);
  assert.ok(figureOf(result, 'most that the mean differs from theirs') < 1e-4);
  // −log is convex: the loss of mean probabilities is below the mean of the losses, unless all crops agree.
  const jensen = figureOf(result, 'loss of ten crops / mean of their losses');
  assert.ok(jensen > 0.5 && jensen < 1, `${jensen}`);
  // 24 places of 32×32 in 40×60 pixels: the first convolution, 28×28 outputs of a crop, has 36×56 in one pass for all.
  const cost = figureOf(result, 'cost of all places, in crops');
  assert.ok(cost > (36 * 56) / (28 * 28) && cost < 6, `${cost}`);
  // The class is among the first five more often than it is the first.
  for (const way of ['one crop', 'ten crops', 'dense'])
    assert.ok(figureOf(result, `top-5 error: ${way}`) < figureOf(result, `top-1 error: ${way}`));
});

test('ensembles: the mean of nets has no greater loss, with any number of workers', async () => {
  const [result, other] = await Promise.all([
    runSmall('ensembles', { workers: 0 }),
    runSmall('ensembles', { workers: 2 }),
  ]);
  assert.is(result.sha256, other.sha256);
  // By Jensen's inequality, over all subsets of each size; nets that differ make it less.
  const ratio = figureOf(result, 'loss of all / mean of one’s');
  assert.ok(ratio > 0.5 && ratio < 1, `${ratio}`);
  assert.is(figureOf(result, 'nets that raise the mean loss'), 0);
  // The mean of scores is that of ensemble(), to the bit: sums of doubles in one order.
  assert.is(figureOf(result, 'most that ensemble() differs from the mean of scores'), 0);
});

test.run();
