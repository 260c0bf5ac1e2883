/** Singular values are LAPACK's (numpy.linalg.svd), also those of matrices with small ones. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { singularValues } from '../../src/lab/singular-values.js';
import { refusal } from '../support/refusal.js';

const matrix = (rows: number, columns: number, at: (i: number, j: number) => number) =>
  Float64Array.from({ length: rows * columns }, (_, e) => at(Math.floor(e / columns), e % columns));

function isClose(found: Float64Array, expected: readonly number[], relative: number): void {
  assert.is(found.length, expected.length);
  found.forEach((value, i) =>
    assert.ok(
      Math.abs(value - expected[i]!) <= relative * expected[i]!,
      `${value}: ${expected[i]}`,
    ),
  );
}

const whole = (i: number, j: number) => ((7 * i * i + 3 * j * j + 5 * i * j + i) % 11) - 5;
const expected = [10.08202852938936, 8.916475006506927, 7.091565777187729, 2.3577253908663818];

test('of more rows than columns, and of as many columns', () => {
  isClose(singularValues(matrix(6, 4, whole), 6, 4), expected, 1e-13);
  isClose(
    singularValues(
      matrix(4, 6, (i, j) => whole(j, i)),
      4,
      6,
    ),
    expected,
    1e-13,
  );
});

test('of a Hilbert matrix, whose condition is 1.5e10', () => {
  const hilbert = matrix(8, 8, (i, j) => 1 / (i + j + 1));
  isClose(
    singularValues(hilbert, 8, 8),
    [
      1.6959389969219496, 0.2981252113169307, 0.026212843578119035, 0.0014676881177418473,
      5.436943369751095e-5, 1.2943320918745527e-6, 1.7988737457436082e-8, 1.1115389793345086e-10,
    ],
    1e-6,
  );
});

test('of rank 1, of nothing but 0, and of one number', () => {
  const [one, none] = singularValues(
    matrix(2, 2, () => 3),
    2,
    2,
  );
  assert.ok(Math.abs(one! - 6) < 1e-14 && none! < 1e-14);
  assert.equal([...singularValues(new Float32Array(6), 2, 3)], [0, 0]);
  assert.equal([...singularValues([-3], 1, 1)], [3]);
});

test('what is no matrix is refused', async () => {
  assert.match(await refusal(() => singularValues([1, 2, 3], 2, 2)), /expected 2·2 values/);
  assert.match(
    await refusal(() => singularValues([1, NaN], 1, 2)),
    /NaN, expected a finite number/,
  );
  assert.match(
    await refusal(() => singularValues([1], 0, 2)),
    /rows is 0, expected a whole number/,
  );
});

test.run();
