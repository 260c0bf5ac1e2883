/** The labs of pretraining and transfer: what their figures have to be, and why. */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

test('a deep sigmoid net learns after pretraining, and not from random weights', async () => {
  const result = await runSmall('layerwise-pretraining', { workers: 0 });
  const error = (how: string) => figureOf(result, `test error with 4 layers, ${how}`);
  // Saturated layers pass so little gradient on that the net stays at chance, nine tenths (Bengio et al. 2007).
  assert.ok(error('random weights') > 0.7, `${error('random weights')}`);
  assert.ok(error('pretrained without labels') < 0.5, `${error('pretrained without labels')}`);
  assert.ok(error('pretrained with labels') < 0.6, `${error('pretrained with labels')}`);
});

test('layers of a net for other classes help where samples are few', async () => {
  const result = await runSmall('transfer', { workers: 0 });
  const scratch = figureOf(result, 'error from scratch');
  assert.ok(figureOf(result, 'error with the first two layers frozen') < scratch - 0.05);
  assert.ok(figureOf(result, 'error with all four layers, trained further') < scratch - 0.05);
});

test('what a student learned from a hint is where it begins', async () => {
  const result = await runSmall('fitnets', { workers: 0 });
  // Two stages of so many 3×3 convolutions of four filters, and a dense layer, of four filters on 7×7 pixels.
  const convolutions = 1 * 4 * 9 + 4 + 3 * (4 * 4 * 9 + 4);
  assert.is(figureOf(result, 'weights of the deepest student'), convolutions + 4 * 49 * 10 + 10);
  const [labels, hint] = ['labels alone', 'and a hint half way'].map((how) =>
    figureOf(result, `error of the deepest student, ${how}`),
  );
  assert.ok(hint! < labels! - 0.04, `${labels} and ${hint}`);
});

test.run();
