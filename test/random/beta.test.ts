/** Beta deviates: their distribution, their ends, and the bits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBeta } from '../../src/random/beta.js';

const deviates = (alpha: number, count: number): Float64Array => {
  const draw = createBeta(alpha, 77);
  return Float64Array.from({ length: count }, (_, i) => draw(i, 5, 6));
};

test('mean ½ and variance 1/(4(2·alpha + 1))', () => {
  const count = 40_000;
  for (const alpha of [0.05, 0.2, 0.4, 1, 1.01, 2, 8, 32, 1000]) {
    const found = deviates(alpha, count);
    assert.ok(
      found.every((v) => v >= 0 && v <= 1),
      `alpha ${alpha}`,
    );
    const mean = found.reduce((sum, v) => sum + v, 0) / count;
    const variance = found.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / count;
    const expected = 1 / (4 * (2 * alpha + 1));
    const deviation = Math.sqrt(expected / count);
    assert.ok(Math.abs(mean - 0.5) < 4 * deviation, `alpha ${alpha}: mean ${mean}`);
    // The variance of (v − ½)² is at most 2·expected² (a normal distribution's).
    const error = expected * Math.sqrt(2 / count);
    assert.ok(
      Math.abs(variance - expected) < 4 * error,
      `alpha ${alpha}: variance ${variance}, expected ${expected}`,
    );
  }
});

test('the whole distribution, where it has a formula', () => {
  const formulas: readonly [number, (x: number) => number][] = [
    [0.5, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    [1, (x) => x],
    [1.5, (x) => (Math.asin(2 * x - 1) + (2 * x - 1) * 2 * Math.sqrt(x - x * x)) / Math.PI + 0.5],
    [2, (x) => 3 * x ** 2 - 2 * x ** 3],
    [3, (x) => 10 * x ** 3 - 15 * x ** 4 + 6 * x ** 5],
  ];
  const count = 20_000;
  for (const [alpha, share] of formulas) {
    const sorted = deviates(alpha, count).toSorted();
    // Kolmogorov and Smirnov's distance: above 1.95/√count once in a thousand.
    const distance = Math.max(...sorted.map((x, i) => Math.abs(share(x) - (i + 0.5) / count)));
    assert.ok(distance < 1.95 / Math.sqrt(count), `alpha ${alpha}: ${distance}`);
  }
});

test('a small alpha gives 0 or 1 and never NaN', () => {
  const found = deviates(0.001, 4000);
  assert.ok(found.every((v) => v >= 0 && v <= 1));
  const near = (end: number) => found.filter((v) => Math.abs(v - end) < 0.01).length;
  assert.ok(near(0) > 1850 && near(1) > 1850 && near(0) + near(1) > 3950);
});

test('another index, key or purpose is another deviate; the same in every engine', () => {
  const draw = createBeta(0.4, 77);
  const others = [
    draw(0, 5, 6),
    draw(1, 5, 6),
    draw(0, 4, 6),
    draw(0, 5, 7),
    createBeta(0.4, 78)(0, 5, 6),
  ];
  assert.is(new Set(others).size, 5);
  assert.is(draw(0, 5, 6), others[0]);
  assert.equal(
    [0.4, 3].map((alpha) => createBeta(alpha, 77)(0, 5, 6)),
    [0.17289518916349278, 0.34978848290468323],
  );
});

test.run();
