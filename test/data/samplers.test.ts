/** Samplers: a function of (count, seed, epoch), with the frequencies that were asked for. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrays } from '../../src/data/arrays.js';
import { balanced, sequential, shuffled, weighted, type Sampler } from '../../src/data/samplers.js';
import { shuffledOrder } from '../../src/data/shuffle.js';
import type { TensorDataset } from '../../src/data/dataset.js';
import { orderOf } from '../../src/data/order-of.js';
import { digits } from '../../src/data/digits/index.js';
import { mlp } from '../../src/models/mlp.js';
import { train } from '../../src/train/train.js';
import { refusal } from '../support/refusal.js';

const COUNT = 20_000;
/** One of 20 is of class 1, none of class 2, two of class 3. */
const labels = Uint16Array.from({ length: COUNT }, (_, i) => (i < 2 ? 3 : i % 20 === 7 ? 1 : 0));
const data = arrays({ samples: new Float32Array(COUNT), labels }) as TensorDataset;

test('sequential and shuffled take every sample once', () => {
  assert.equal(sequential().order(4, 1, 1), Uint32Array.of(0, 1, 2, 3));
  assert.equal(shuffled().order(50, 3, 2), shuffledOrder(50, 3, 2));
});

test('balanced: every class that occurs is drawn as often, and each of its samples', () => {
  const order = balanced(data).order(COUNT, 1, 1);
  assert.is(order.length, COUNT);
  const counts = [0, 0, 0, 0];
  for (const index of order) counts[labels[index]!]!++;
  // Standard deviation of a count: √(20000 · 1/3 · 2/3) = 67.
  for (const c of [0, 1, 3]) assert.ok(Math.abs(counts[c]! - COUNT / 3) < 300, `${counts}`);
  assert.is(counts[2], 0);
  const twins = [0, 1].map((index) => order.filter((i) => i === index).length);
  assert.ok(Math.abs(twins[0]! - twins[1]!) < 400, `${twins}`);
});

test('weighted: samples are drawn by their weights, and those without never', () => {
  const weights = [0, 1, 0, 3, 0];
  const sampler = weighted(weights);
  const counts = [0, 0, 0, 0, 0];
  for (let epoch = 1; epoch <= 2000; epoch++)
    for (const index of sampler.order(5, 7, epoch)) counts[index]!++;
  assert.equal([counts[0], counts[2], counts[4]], [0, 0, 0]);
  // Standard deviation: √(10000 · 1/4 · 3/4) = 43.
  assert.ok(Math.abs(counts[1]! - 2500) < 200, `${counts}`);
});

test('the order depends on seed and epoch, and on nothing else', () => {
  const make: readonly (() => Sampler)[] = [
    () => balanced(data),
    () => weighted(Array.from(labels, (label) => label + 1)),
  ];
  for (const sampler of make) {
    const order = sampler().order(COUNT, 1, 1);
    assert.equal(sampler().order(COUNT, 1, 1), order);
    assert.is.not(sampler().order(COUNT, 2, 1).join(), order.join());
    assert.is.not(sampler().order(COUNT, 1, 2).join(), order.join());
    assert.equal(sampler().settings, JSON.parse(JSON.stringify(sampler().settings)));
  }
  assert.is.not(weighted([1, 2]).settings['checksum'], weighted([2, 1]).settings['checksum']);
  assert.equal(
    RECORDED.map((_, i) =>
      weighted([1, 2, 3, 4])
        .order(4, 1, i + 1)
        .join(''),
    ),
    RECORDED,
  );
});
/** The same for ever. */
const RECORDED = ['3332', '0321', '1333'];

test('what cannot be sampled is refused', async () => {
  const values = arrays({ samples: [1], targets: [1] }) as TensorDataset;
  assert.match(await refusal(() => balanced(values)), /has 0 targets that are one class index/);
  assert.match(
    await refusal(() => weighted([1, -1])),
    /weights\[1\] is -1, expected a number of at least 0/,
  );
  assert.match(await refusal(() => weighted([1, NaN])), /weights\[1\] is NaN/);
  assert.match(await refusal(() => weighted([0, 0])), /add up to 0/);
  assert.match(await refusal(() => weighted([])), /add up to 0/);
  assert.match(
    await refusal(() => weighted([1, 1]).order(3, 1, 1)),
    /'weighted' is made for 2 samples, the data set has 3/,
  );
});

test('the order of a sampler of one’s own has an index of a sample for each of them', async () => {
  const own = (order: unknown) =>
    orderOf({ kind: 'mine', settings: {}, order: () => order as Uint32Array }, 3, 1, 2);
  assert.equal(own([2, 0, 2]), Uint32Array.of(2, 0, 2));
  const refused = async (order: unknown) => (await refusal(() => own(order))) ?? '';
  const place = String.raw`the sampler 'mine': order\(3, 1, 2\)`;
  assert.match(await refused(undefined), new RegExp(`${place} is undefined, expected a list`));
  assert.match(await refused(new Uint32Array(2)), new RegExp(`${place} has 2 indices, expected`));
  assert.match(await refused(new Uint32Array(4)), new RegExp(`${place} has 4 indices, expected`));
  for (const wrong of [3, -1, 0.5, NaN, '1', undefined])
    assert.match(await refused([0, wrong, 1]), new RegExp(`\\[1\\] is .*, expected a sample from`));
});

test('a sampler whose order is too short is refused before the first step', async () => {
  const short: Sampler = { kind: 'half', settings: {}, order: (n) => new Uint32Array(n / 2) };
  const settings = {
    data: digits({ count: 64 }),
    epochs: 1,
    optimizer: 'adam',
    sampler: short,
  } as const;
  assert.match(
    await refusal(() => train(mlp({ hidden: 4 }), settings)),
    /order\(64, \d+, 1\) has 32 indices, expected one for each of the 64 samples of an epoch/,
  );
});

test.run();
