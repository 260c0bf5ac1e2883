/** The matrix product against a double-precision one: every transpose, every tail, every block boundary. */
// slow: many shapes, each against doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as workspace from '../../src/ops/workspace.js';
import { availableNumerics, createInstance } from './instance.js';
import { numbers } from '../support/numbers.js';

const TANH = 3;

interface Case {
  m: number;
  n: number;
  k: number;
}

/** All tails of the tiles (4 rows, 8 and 16 columns), then sizes around the blocks MC = 128, KC = 256, NC = 1024. */
const small: Case[] = [];
for (const m of [1, 2, 3, 4, 5, 6, 7, 9, 16, 32, 33]) {
  for (const n of [1, 3, 7, 8, 9, 16, 17, 25])
    for (const k of [1, 2, 3, 4, 5, 13]) small.push({ m, n, k });
}
const blocked: Case[] = [
  { m: 127, n: 33, k: 255 },
  { m: 128, n: 8, k: 256 },
  { m: 131, n: 1030, k: 257 },
  { m: 5, n: 2051, k: 513 },
  { m: 260, n: 9, k: 31 },
  { m: 1, n: 37, k: 515 },
  { m: 16, n: 130, k: 600 },
  { m: 11, n: 65, k: 257 },
  { m: 16, n: 1050, k: 70 },
  { m: 4, n: 20, k: 2600 },
];

function reference(
  a: Float32Array,
  b: Float32Array,
  { m, n, k }: Case,
  tA: boolean,
  tB: boolean,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++)
        sum += a[tA ? l * m + i : i * k + l]! * b[tB ? j * k + l : l * n + j]!;
      c[i * n + j] = sum;
    }
  }
  return c;
}

for (const numerics of availableNumerics) {
  test(`products (${numerics}) of all sizes and transposes agree with double precision`, async () => {
    for (const size of [...small, ...blocked]) {
      const { m, n, k } = size;
      for (const [tA, tB] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ] as const) {
        const { kernels, put, reserve, read } = await createInstance(numerics, 12);
        const a = numbers(m * k, m + k);
        const b = numbers(k * n, n + 7);
        const c = reserve(m * n);
        const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
        kernels.matmul(Number(tA), Number(tB), m, n, k, put(a), put(b), 0, c, 0, scratch);
        const found = read(c, m * n + 1);
        assert.ok(Number.isNaN(found[m * n]), 'writes past the end of c');
        const expected = reference(a, b, size, tA, tB);
        // Each of k products and sums rounds by half an ulp of partial sums below k.
        const bound = k * k * 2 ** -24 + 1e-7;
        const worst = expected.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - found[i]!)),
          0,
        );
        assert.ok(worst <= bound, `${m}×${n}×${k} ${tA} ${tB}: off by ${worst}`);
      }
    }
  });

  test(`the epilogue (${numerics}) adds the bias and applies the activation`, async () => {
    const { kernels, put, reserve, read } = await createInstance(numerics);
    const [m, n, k] = [5, 11, 300];
    const [a, b, bias] = [numbers(m * k, 1), numbers(n * k, 2), numbers(n, 3)];
    const c = reserve(m * n);
    const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
    kernels.matmul(0, 1, m, n, k, put(a), put(b), put(bias), c, TANH, scratch);
    const expected = reference(a, b, { m, n, k }, false, true).map((v, i) =>
      Math.tanh(v + bias[i % n]!),
    );
    read(c, m * n).forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-5));
  });

  test(`an element's bits (${numerics}) do not depend on the product's other rows and columns`, async () => {
    const { kernels, put, reserve, read } = await createInstance(numerics);
    const [m, n, k] = [13, 21, 600];
    const [a, b] = [numbers(m * k, 1), numbers(n * k, 2)];
    const whole = reserve(m * n);
    const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
    kernels.matmul(0, 1, m, n, k, put(a), put(b), 0, whole, 0, scratch);
    const one = reserve(1);
    for (const [i, j] of [
      [0, 0],
      [12, 20],
      [7, 19],
    ] as const) {
      const [row, column] = [put(a.slice(i * k, (i + 1) * k)), put(b.slice(j * k, (j + 1) * k))];
      kernels.matmul(0, 1, 1, 1, k, row, column, 0, one, 0, scratch);
      assert.is(read(one, 1)[0], read(whole, m * n)[i * n + j]);
    }
  });
}

test('every element (strict) is one chain of products and sums in the order of k, to the bit', async () => {
  for (const { m, n, k } of [
    { m: 1, n: 23, k: 603 },
    { m: 2, n: 40, k: 270 },
    { m: 7, n: 27, k: 261 },
  ]) {
    const { kernels, put, reserve, read } = await createInstance('strict');
    const [a, b] = [numbers(m * k, 1), numbers(n * k, 2)];
    const c = reserve(m * n);
    const scratch = reserve(workspace.matmulWorkspace(m, n, k) / 4);
    kernels.matmul(0, 1, m, n, k, put(a), put(b), 0, c, 0, scratch);
    read(c, m * n).forEach((found, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = 0;
      for (let l = 0; l < k; l++)
        sum = Math.fround(sum + Math.fround(a[i * k + l]! * b[j * k + l]!));
      assert.is(found, sum, `${m}×${n}×${k} at ${i}, ${j}`);
    });
  }
});

test.run();
