/** Lanczos' method on matrices whose eigenvalues are known. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { lanczos, type SymmetricOperator } from '../../src/lab/lanczos.js';
import { randomNumbers } from '../../src/lab/random-numbers.js';
import { numbers } from '../support/numbers.js';

/** 2 on the diagonal and −1 beside it: its eigenvalues are 2 − 2·cos(kπ/(n + 1)). */
const differences: SymmetricOperator = (x) =>
  x.map((value, i) => 2 * value - (x[i - 1] ?? 0) - (x[i + 1] ?? 0));

const close = (found: number, expected: number, error: number) =>
  assert.ok(Math.abs(found - expected) <= error, `${found}, expected ${expected}`);

test('as many steps as rows give all eigenvalues', async () => {
  const n = 24;
  const { values, weights } = await lanczos(differences, numbers(n, 3), { steps: n });
  assert.is(values.length, n);
  values.forEach((value, i) =>
    close(value, 2 - 2 * Math.cos(((i + 1) * Math.PI) / (n + 1)), 1e-12),
  );
  close(
    weights.reduce((sum, weight) => sum + weight, 0),
    1,
    1e-12,
  );
});

test('weights are the squares of the start along the eigenvectors', async () => {
  const n = 9;
  const start = numbers(n, 5);
  const { weights } = await lanczos(differences, start, { steps: n });
  const norm = start.reduce((sum, v) => sum + v * v, 0);
  weights.forEach((weight, k) => {
    const along = start.reduce(
      (sum, v, i) => sum + v * Math.sin(((i + 1) * (k + 1) * Math.PI) / (n + 1)),
      0,
    );
    close(weight, (along * along * 2) / (n + 1) / norm, 1e-12);
  });
});

test('few steps give the ends of the spectrum, from within', async () => {
  const diagonal = Float64Array.from({ length: 2000 }, (_, i) => (i - 400) / 2000);
  [diagonal[0], diagonal[1999]] = [-3, 7];
  const random = randomNumbers(1);
  const start = diagonal.map(() => (random.below(2) ? 1 : -1));
  const times: SymmetricOperator = async (x) => x.map((value, i) => value * diagonal[i]!);
  const { values, weights } = await lanczos(times, start, { steps: 40 });
  assert.is(values.length, 40);
  close(values[0]!, -3, 1e-10);
  close(values[39]!, 7, 1e-10);
  // A fifth of the numbers are negative.
  const negative = weights.reduce((sum, weight, i) => sum + (values[i]! < 0 ? weight : 0), 0);
  close(negative, 0.2, 0.03);
});

test('it stops when nothing is left, so that no eigenvalue is made up', async () => {
  const { values } = await lanczos(
    (x) => x.map((value, i) => (i % 2 ? 5 : -1) * value),
    numbers(8, 1),
  );
  assert.is(values.length, 2);
  close(values[0]!, -1, 1e-12);
  close(values[1]!, 5, 1e-12);
});

test('starts and products that do not fit are refused', async () => {
  const none = (x: Float64Array) => x;
  for (const [times, start, message] of [
    [none, [0, 0], /start is .*one is not 0/],
    [none, [], /start/],
    [none, [1, NaN], /start/],
    [none, 3 as never, /start is 3/],
    [(x: Float64Array) => x.subarray(1), [1, 2], /times gives 1 numbers, expected 2/],
    [(x: Float64Array) => x.map(() => NaN), [1, 2], /not finite/],
  ] as const) {
    const error = await lanczos(times, start).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof LanewiseError && error.kind === 'argument', String(error));
    assert.match((error as LanewiseError).message, message);
  }
});

test.run();
