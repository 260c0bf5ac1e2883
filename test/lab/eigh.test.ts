/** Eigenvalues and eigenvectors of symmetric matrices that have them in closed form. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eigh } from '../../src/lab/eigh.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Array.from(x).reduce((sum, value, i) => sum + value * y[i]!, 0);

/** 2 on the diagonal and −1 beside it. */
const differences = (n: number): number[][] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (__, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)),
  );

test('a matrix of differences has cosines for values and sines for vectors', () => {
  const n = 12;
  const { values, vectors } = eigh(differences(n));
  for (let k = 0; k < n; k++) {
    const angle = ((k + 1) * Math.PI) / (n + 1);
    assert.ok(Math.abs(values[k]! - (2 - 2 * Math.cos(angle))) < 1e-14);
    const sines = Array.from({ length: n }, (_, i) => Math.sin((i + 1) * angle));
    const along = dot(vectors[k]!, sines) / Math.sqrt(dot(sines, sines));
    assert.ok(Math.abs(Math.abs(along) - 1) < 1e-14, `vector ${k} is ${along} along its sines`);
  }
});

test('A·v is λ·v, and vectors stand at right angles, for equal values and a matrix of rank one too', () => {
  const drawn = numbers(9, 5);
  const random = Array.from({ length: 9 }, (_, i) =>
    Array.from(drawn, (x, j) => x * drawn[i]! + +(i === j)),
  );
  for (const matrix of [
    random,
    [[3]],
    [
      [0, 0],
      [0, 0],
    ],
    [
      [1, 2],
      [2, 1],
    ],
  ]) {
    const { values, vectors } = eigh(matrix);
    for (const [i, v] of vectors.entries()) {
      matrix.forEach((row, r) => assert.ok(Math.abs(dot(row, v) - values[i]! * v[r]!) < 1e-13));
      vectors.forEach((w, j) => assert.ok(Math.abs(dot(v, w) - +(i === j)) < 1e-14));
    }
    assert.equal(
      [...values],
      [...values].toSorted((x, y) => x - y),
    );
  }
  assert.equal(
    [
      ...eigh([
        [1, 2],
        [2, 1],
      ]).values,
    ].map((x) => Math.round(x * 1e12) / 1e12),
    [-1, 3],
  );
});

test('what is no symmetric matrix is refused', async () => {
  const refused = async (matrix: unknown) =>
    (await refusal(() => eigh(matrix as number[][]))) ?? '';
  assert.match(await refused(undefined), /eigh: matrix is undefined, expected 1 to 1024 rows/);
  assert.match(await refused([]), /expected 1 to 1024 rows/);
  assert.match(await refused(Array.from({ length: 1025 }, () => [])), /expected 1 to 1024 rows/);
  assert.match(await refused([[1, 2], [2]]), /matrix\[1\] is .*, expected 2 numbers/);
  assert.match(
    await refused([
      [1, NaN],
      [NaN, 1],
    ]),
    /matrix\[0\]\[1\] is NaN, expected a finite number/,
  );
  assert.match(
    await refused([
      [1, 2],
      [3, 1],
    ]),
    /matrix\[1\]\[0\] is 3, expected 2, as matrix\[0\]\[1\] is/,
  );
});

test.run();
