/** Drawn pictures: covered, the same for a seed, with discs of all sizes; measures of pictures and of candidates. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { deadLeaves } from '../../src/lab/dead-leaves.js';
import { drawImage } from '../../src/lab/draw-image.js';
import { precisionRecall, psnr } from '../../src/lab/measures.js';
import { randomNumbers } from '../../src/lab/random-numbers.js';
import { averagePrecisionScore } from '../../src/metrics/index.js';
import { refusal } from '../support/refusal.js';

/** The share of neighbours along rows whose difference is at least `least`. */
function edges(pixels: Uint8Array, size: number, least: number): number {
  let count = 0;
  for (let i = 1; i < pixels.length; i++)
    if (i % size > 0 && Math.abs(pixels[i]! - pixels[i - 1]!) >= least) count++;
  return count / (size * (size - 1));
}

test('leaves cover the picture, plain within and with edges between', () => {
  const pixels = deadLeaves(randomNumbers(1), 96);
  assert.is(pixels.length, 96 * 96);
  assert.equal(pixels, deadLeaves(randomNumbers(1), 96));
  assert.not.equal(pixels, deadLeaves(randomNumbers(2), 96));
  // Noise of the same grey values would have differences of 64 and more between most neighbours: (3/4)² of them.
  const share = edges(pixels, 96, 64);
  assert.ok(share > 0.02 && share < 0.25, String(share));
  assert.ok(edges(deadLeaves(randomNumbers(1), 96, 8), 96, 64) < share / 2);
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  assert.ok(Math.abs(mean - 127.5) < 25, String(mean));
});

test('drawn pictures have the same bytes everywhere', async () => {
  const { samples, shape } = drawImage('house', { size: 40 });
  assert.equal(shape, [3, 40, 40]);
  // The meadow is at the bottom, the sky at the top left.
  assert.equal(
    [0, 1, 2].map((c) => samples[c * 1600 + 1599]),
    [89, 153, 64],
  );
  assert.equal(
    [0, 1, 2].map((c) => samples[c * 1600]),
    [153, 204, 242],
  );
  // The luma of Rec. 601: 0.299·153 + 0.587·204 + 0.114·242.
  assert.is(drawImage('house', { size: 40, channels: 1 }).samples[0], 193);
  const { samples: waves } = drawImage('waves', { size: 24 });
  assert.is(new Set(waves.subarray(0, 576)).size, 3);
});

test('the peak signal-to-noise ratio is 20·log₁₀(peak/error) of an error that is the same everywhere', () => {
  const truth = Float32Array.from({ length: 100 }, (_, i) => i / 100);
  const off = truth.map((value) => value + 0.125);
  assert.ok(Math.abs(psnr(off, truth) - 20 * Math.log10(8)) < 1e-5);
  assert.ok(Math.abs(psnr([30, 20], [20, 30], 255) - 20 * Math.log10(25.5)) < 1e-12);
  assert.is(psnr(truth, truth), Infinity);
});

test('precision and recall at each positive, by hand and against average precision', () => {
  const { order, ranks, precision, recall } = precisionRecall(
    [1, 0, 0, 1, 0],
    [0.9, 0.8, 0.1, 0.5, 0.5],
  );
  assert.equal(order, [0, 1, 3, 4, 2]);
  assert.equal([...ranks], [1, 3]);
  assert.equal([...precision], [1, 2 / 3]);
  assert.equal([...recall], [0.5, 1]);
  const random = randomNumbers(3);
  const scores = Array.from({ length: 200 }, () => random.next());
  const truth = scores.map((score) => Number(random.next() < score * score));
  const found = precisionRecall(truth, scores);
  const mean = found.precision.reduce((sum, one) => sum + one, 0) / found.precision.length;
  assert.ok(Math.abs(mean - averagePrecisionScore(truth, scores)) < 1e-12);
});

test('wrong arguments are refused by name', async () => {
  const random = randomNumbers(1);
  assert.match(await refusal(() => deadLeaves(1 as never, 8)), /deadLeaves: random/);
  assert.match(await refusal(() => deadLeaves(random, 0)), /deadLeaves: size/);
  assert.match(await refusal(() => deadLeaves(random, 8, 0)), /deadLeaves: least/);
  assert.match(await refusal(() => drawImage('tree' as 'house', { size: 8 })), /drawImage: name/);
  assert.match(await refusal(() => drawImage('house', { size: 0 })), /drawImage: size/);
  assert.match(await refusal(() => psnr([1], [1, 2])), /psnr: found has 1 values and truth 2/);
  assert.match(await refusal(() => psnr([1], [1], 0)), /psnr: peak/);
  assert.match(await refusal(() => precisionRecall([0, 0], [1, 2])), /no sample is positive/);
});

test.run();
