/** The embedded digits: a function of seed and index, the same on every engine, and recognisable. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHash } from 'node:crypto';
import { digits } from '../../src/data/digits/index.js';

test('the first hundred samples of seed 1 have the recorded bytes', () => {
  const { samples, labels } = digits({ count: 100, seed: 1 });
  const hash = createHash('sha256')
    .update(labels)
    .update(samples as Uint8Array)
    .digest('hex');
  assert.is(hash, 'ba0fc9cfe39095ce0d5584f05c65475849f795e8e5fe25324c4a69545eaef804');
});

test('sample i does not depend on how many are drawn or where one starts', () => {
  const all = digits({ count: 60, seed: 3 });
  const some = digits({ count: 10, seed: 3, first: 50 });
  assert.equal(some.samples, all.samples.slice(50 * 784));
  assert.equal(some.labels, all.labels.slice(50));
  assert.not.equal(digits({ count: 60, seed: 4 }).samples, all.samples);
});

test('all ten digits occur about equally often, with as much ink as MNIST’s', () => {
  const { samples, labels, classes } = digits({ count: 2000 });
  const counts = classes.map((_, c) => labels.filter((label) => label === c).length);
  assert.ok(
    counts.every((n) => n > 140 && n < 260),
    String(counts),
  );
  const mean =
    (samples as Uint8Array).reduce((sum, value) => sum + value, 0) / samples.length / 255;
  assert.ok(mean > 0.1 && mean < 0.16, `mean brightness ${mean}, MNIST’s is 0.131`);
});

test('no sample is blank, and hardly one touches the frame', () => {
  const { samples, labels } = digits({ count: 2000 });
  let touching = 0;
  for (let i = 0; i < labels.length; i++) {
    const image = samples.subarray(i * 784, (i + 1) * 784) as Uint8Array;
    assert.ok(
      image.some((value) => value > 200),
      `sample ${i} is blank`,
    );
    const onFrame = (at: number) => at < 28 || at >= 756 || at % 28 === 0 || at % 28 === 27;
    if (image.some((value, at) => value >= 64 && onFrame(at))) touching++;
  }
  assert.ok(touching < 80, `${touching} of 2000; of MNIST’s 1.3 % do`);
});

test('the nearest class mean already tells most of them apart', () => {
  const { samples, labels } = digits({ count: 2000 });
  const means = Array.from({ length: 10 }, () => new Float64Array(784));
  labels.forEach((label, i) => {
    if (i < 1500) for (let j = 0; j < 784; j++) means[label]![j]! += samples[i * 784 + j]! / 150;
  });
  let hits = 0;
  for (let i = 1500; i < 2000; i++) {
    const distances = means.map((mean) =>
      mean.reduce((sum, m, j) => sum + (m - samples[i * 784 + j]!) ** 2, 0),
    );
    if (distances.indexOf(Math.min(...distances)) === labels[i]) hits++;
  }
  assert.ok(hits > 300, `${hits} of 500`);
});

test('counts and indices that cannot be are refused', () => {
  assert.throws(
    () => digits({ count: 0 }),
    /digits: count is 0, expected a whole number of at least 1/,
  );
  assert.throws(
    () => digits({ count: 1, first: -1 }),
    /digits: first is -1, expected a whole number of at least 0/,
  );
  assert.throws(
    () => digits({ count: 2, first: 2 ** 32 - 1 }),
    /digits: the last sample would be 4294967296, expected an index below 2³²/,
  );
  assert.is(digits({ count: 1, first: 2 ** 32 - 1 }).labels.length, 1);
});

test.run();
