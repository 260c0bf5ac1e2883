/** The lab of Fashion-MNIST: its net's size, its hash, and which samples it scores. */
// slow: trains nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

const ACCURACY = 'test accuracy, mean of the seeds';
const ONE_VIEW = 'accuracy of one view';

/** Weights of 3×3 convolutions without biases, each with the two values a channel of batch normalisation. */
const unit = (from: number, to: number): number => 9 * from * to + 2 * to;

/** Convolutions on the whole picture, its halves and its quarters, with a path around two each, and a dense layer. */
const netSize = ([whole, half, quarter]: [number, number, number]): number =>
  unit(1, whole) +
  unit(whole, whole) +
  unit(whole, half) +
  2 * unit(half, half) +
  unit(half, quarter) +
  2 * unit(quarter, quarter) +
  10 * quarter +
  10;

test('a small net learns digits from few samples, with the same bits for any number of workers', async () => {
  const [one, two] = await Promise.all(
    [0, 2].map((workers) => runSmall('fashion-in-minutes', { workers })),
  );
  assert.is(one!.sha256, two!.sha256);
  assert.is(figureOf(one!, 'parameters'), netSize([4, 12, 24]));
  // Chance is a tenth.
  assert.ok(figureOf(one!, ACCURACY) > 0.9);
  // Without the mirrored view there is but one.
  assert.is(figureOf(one!, ONE_VIEW), figureOf(one!, ACCURACY));
  const full = one!.lab.full as { channels: string };
  const channels = full.channels.split(',').map(Number) as [number, number, number];
  assert.ok(netSize(channels) <= 300_000, `the full form has ${netSize(channels)} weights`);
});

test('samples held out are scored in place of the test samples, as they are and mirrored', async () => {
  const settings = { held: 0.2, mirror: true, epochs: 3 };
  const result = await runSmall('fashion-in-minutes', { settings, workers: 0 });
  assert.match(result.conclusion, / of 100 held-out samples after 3 passes over 400\./);
  const held = figureOf(result, ACCURACY);
  // The mirrored view makes a difference to some of these digits.
  assert.is.not(held, figureOf(result, ONE_VIEW));
  const learning = result.pictures.find(({ title }) => title === 'Learning');
  assert.equal(learning?.kind === 'lines' ? learning.series.map(({ name }) => name) : [], [
    'training',
    'held out',
  ]);
});

test.run();
