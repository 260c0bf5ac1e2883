/** Matrix products at random: every transpose, with and without bias and leading axes, values and gradients. */
import { test } from 'uvu';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { createDraw } from '../support/numbers.js';

/** op(a)·op(b), m×k by k×n, at some places of two arrays. */
function product(
  a: Float64Array,
  b: Float64Array,
  [m, n, k]: readonly [number, number, number],
  [transposeA, transposeB]: readonly [boolean, boolean],
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      for (let l = 0; l < k; l++)
        c[i * n + j]! +=
          a[transposeA ? l * m + i : i * k + l]! * b[transposeB ? j * k + l : l * n + j]!;
    }
  }
  return c;
}

for (const numerics of availableNumerics) {
  test(`220 random products (${numerics}), values and gradients`, async () => {
    const draw = createDraw(numerics.length);
    for (let i = 0; i < 220; i++) {
      // Now and then one that a blocked or a skinny kernel treats differently.
      const wide = i % 20 === 0;
      const [m, n, k] = [draw(1, wide ? 37 : 9), draw(1, wide ? 4 : 19), draw(1, wide ? 4 : 9)];
      const [tA, tB] = [draw(0, 1) === 1, draw(0, 1) === 1];
      await checkOp({
        what: `${m}×${k} by ${k}×${n}, transposed ${tA} and ${tB}`,
        shapes: [tA ? [k, m] : [m, k], tB ? [n, k] : [k, n]],
        seed: 10 * i,
        numerics,
        op: (a, b) => ops.matmul(a!, b!, tA, tB),
        definition: (a, b) => product(a!, b!, [m, n, k], [tA, tB]),
      });
    }
  });

  test(`60 random dense layers and 60 stacks of products (${numerics})`, async () => {
    const draw = createDraw(7 + numerics.length);
    for (let i = 0; i < 60; i++) {
      const [m, n, k, stack] = [draw(1, 5), draw(1, 9), draw(1, 6), draw(1, 3)];
      await checkOp({
        what: `linear ${stack}×${m}×${k} to ${n}`,
        shapes: [[stack, m, k], [n, k], [n]],
        seed: 10 * i,
        numerics,
        op: (x, w, b) => ops.linear(x!, w!, b!),
        definition: (x, w, b) =>
          product(x!, w!, [stack * m, n, k], [false, true]).map((v, e) => v + b![e % n]!),
      });
      const part = (v: Float64Array, s: number, size: number) =>
        v.subarray(s * size, (s + 1) * size);
      await checkOp({
        what: `stack of ${stack} products ${m}×${k} by ${k}×${n}`,
        shapes: [
          [stack, m, k],
          [stack, k, n],
        ],
        seed: 10 * i + 5,
        numerics,
        op: (a, b) => ops.batchMatmul(a!, b!),
        definition: (a, b) =>
          Float64Array.from({ length: stack }, (_, s) => s).reduce(
            (all, s) =>
              Float64Array.of(
                ...all,
                ...product(part(a!, s, m * k), part(b!, s, k * n), [m, n, k], [false, false]),
              ),
            new Float64Array(),
          ),
      });
    }
  });
}

test.run();
