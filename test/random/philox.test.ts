/** Philox 4×32-10: the vectors of Random123, and the same words and deviates from TypeScript and Wasm. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { philox, randomStream, splitSeed } from '../../src/random/philox.js';
import { shuffledOrder } from '../../src/data/shuffle.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';

/** kat_vectors of Random123 1.09: counter, key, result. */
const vectors = [
  [
    '00000000 00000000 00000000 00000000',
    '00000000 00000000',
    '6627e8d5 e169c58d bc57ac4c 9b00dbd8',
  ],
  [
    'ffffffff ffffffff ffffffff ffffffff',
    'ffffffff ffffffff',
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  ],
  [
    '243f6a88 85a308d3 13198a2e 03707344',
    'a4093822 299f31d0',
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
] as const;

const words = (hex: string): number[] => hex.split(' ').map((word) => Number.parseInt(word, 16));

test('the known answers of Random123', () => {
  const out = new Uint32Array(4);
  for (const [counter, key, expected] of vectors) {
    const [c0, c1, c2, c3] = words(counter);
    const [k0, k1] = words(key);
    philox(c0!, c1!, c2!, c3!, k0!, k1!, out);
    assert.equal([...out], words(expected));
  }
});

test('the kernels draw the same numbers as TypeScript', async () => {
  const seed = 123_456_789_012_345;
  const [k0, k1] = splitSeed(seed);
  for (const numerics of availableNumerics) {
    const { kernels, reserve, read } = await createInstance(numerics, 1);
    const y = reserve(41);
    kernels.randomUniform(y, 41, 0, 1, k0, k1, 7, 3);
    const stream = randomStream(seed, 3, 7);
    assert.equal(
      [...read(y, 41)],
      Array.from({ length: 41 }, () => (stream.word() >>> 8) / 2 ** 24),
    );
  }
});

test('uniform and normal deviates have the right moments and tails', async () => {
  const count = 200_000;
  const moments = (x: Float32Array) => {
    const mean = x.reduce((a, b) => a + b, 0) / count;
    const central = (power: number) => x.reduce((a, b) => a + (b - mean) ** power, 0) / count;
    return { mean, variance: central(2), skew: central(3), kurtosis: central(4) / central(2) ** 2 };
  };
  for (const numerics of availableNumerics) {
    const { kernels, reserve, read } = await createInstance(numerics, 4);
    const y = reserve(count);
    kernels.randomUniform(y, count, -2, 4, 1, 2, 3, 4);
    const uniform = moments(read(y, count));
    assert.ok(Math.abs(uniform.mean - 1) < 0.02 && Math.abs(uniform.variance - 3) < 0.03);
    assert.ok(read(y, count).every((v) => v >= -2 && v < 4));
    kernels.randomNormal(y, count, 5, 2, 1, 2, 3, 4);
    const normal = moments(read(y, count));
    assert.ok(
      Math.abs(normal.mean - 5) < 0.02 && Math.abs(normal.variance - 4) < 0.05,
      JSON.stringify(normal),
    );
    assert.ok(
      Math.abs(normal.skew) < 0.1 && Math.abs(normal.kurtosis - 3) < 0.06,
      JSON.stringify(normal),
    );
    assert.ok(read(y, count).every(Number.isFinite));
  }
});

test('streams differ by seed, purpose and index, and whole numbers are even', () => {
  const first = (seed: number, purpose: number, index: number) =>
    randomStream(seed, purpose, index).word();
  const drawn = [
    first(1, 1, 1),
    first(2, 1, 1),
    first(1, 2, 1),
    first(1, 1, 2),
    first(1 + 2 ** 32, 1, 1),
  ];
  assert.is(new Set(drawn).size, 5);
  const counts = [0, 0, 0, 0, 0, 0];
  const stream = randomStream(1, 1, 1);
  for (let i = 0; i < 60_000; i++) counts[stream.integer(6)]!++;
  assert.ok(
    counts.every((n) => Math.abs(n - 10_000) < 400),
    String(counts),
  );
});

test('an epoch’s order is a permutation that seed and epoch decide', () => {
  const order = shuffledOrder(1000, 5, 2);
  assert.equal(
    [...order].toSorted((a, b) => a - b),
    Array.from({ length: 1000 }, (_, i) => i),
  );
  assert.equal(shuffledOrder(1000, 5, 2), order);
  assert.not.equal(shuffledOrder(1000, 5, 3), order);
  assert.not.equal(shuffledOrder(1000, 6, 2), order);
  assert.equal([...shuffledOrder(1, 1, 1)], [0]);
  // Where sample 0 lands is even over epochs.
  const quarters = [0, 0, 0, 0];
  for (let epoch = 0; epoch < 2000; epoch++)
    quarters[Math.floor(shuffledOrder(8, 1, epoch).indexOf(0) / 2)]!++;
  assert.ok(
    quarters.every((n) => Math.abs(n - 500) < 100),
    String(quarters),
  );
});

test.run();
