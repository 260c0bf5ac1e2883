/** Products: values and gradients against PyTorch and the definition, in every transposition. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients, type Feeds } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  x: [number, number];
  w: [number, number];
  seed: number;
  y: string;
  gradients: Record<string, string>;
}

for (const numerics of availableNumerics) {
  test(`linear’s values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<Case>('linear')) {
      const [x, w, b] = [
        input('x', golden.x),
        parameter('w', golden.w),
        parameter('b', [golden.w[0]]),
      ];
      const feeds: Feeds = new Map(
        [x, w, b].map((t, i) => [t, numbers(sizeOf(t.shape), golden.seed + i)]),
      );
      const y = ops.linear(x, w, b);
      const target = numbers(sizeOf(y.shape), golden.seed + 3);
      const { value, found } = await valueAndGradients(y, [x, w, b], feeds, target, numerics);
      assertClose(value, unpack(golden.y), 1e-5, `x ${golden.x} w ${golden.w}: y`);
      ['x', 'w', 'b'].forEach((name, i) =>
        assertClose(
          found[i]!,
          unpack(golden.gradients[name]!),
          5e-5,
          `x ${golden.x} w ${golden.w}: ${name}`,
        ),
      );
    }
  });

  test(`linear without a bias (${numerics}) is the product alone`, async () => {
    const [x, w] = [input('x', [5, 7]), parameter('w', [3, 7])];
    const values = [numbers(35, 1), numbers(21, 2)] as const;
    const target = numbers(15, 3);
    const feeds: Feeds = new Map([
      [x, values[0]],
      [w, values[1]],
    ]);
    const y = ops.linear(x, w, null);
    const { value, found } = await valueAndGradients(y, [x, w], feeds, target, numerics);
    const product = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      reference.linear(a, b, new Float64Array(3), 5, 7, 3);
    assertClose(value, product(...values), 1e-5, 'y');
    const losses = [
      (at: Float64Array) => reference.distance(product(at, values[1]), target),
      (at: Float64Array) => reference.distance(product(values[0], at), target),
    ];
    losses.forEach((loss, i) =>
      assertClose(
        found[i]!,
        reference.centralDifferences(loss, values[i]!),
        1e-3,
        `gradient by ${'xw'[i]}`,
      ),
    );
  });

  test(`linear (${numerics}) of n×T×in applies to the last axis, with the bits of (n·T)×in`, async () => {
    for (const [n, T, inputs, outputs] of [
      [1, 1, 1, 1],
      [2, 3, 5, 4],
      [5, 7, 3, 2],
    ] as const) {
      const shapes = [[n, T, inputs], [outputs, inputs], [outputs]];
      await checkOp({
        what: shapes.join(' '),
        shapes,
        seed: 4 + n,
        numerics,
        op: (x, w, b) => ops.linear(x!, w!, b!),
        definition: (x, w, b) => reference.linear(x!, w!, b!, n * T, inputs, outputs),
      });
      const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
      const [x, w, b] = leaves as [Tensor, Tensor, Tensor];
      const flat = ops.linear(ops.reshape(x, [n * T, inputs]), w, b);
      const feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), i)]));
      const [found, expected] = await evaluate([ops.linear(x, w, b), flat], feeds, { numerics });
      assert.equal(found, expected);
    }
  });

  test(`matmul’s gradients (${numerics}) are those of the definition in every transposition`, async () => {
    for (const [m, n, k] of [
      [1, 1, 1],
      [3, 5, 2],
      [5, 9, 4],
      [7, 2, 13],
    ] as const) {
      for (const [tA, tB] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ] as const) {
        const a = input('a', tA ? [k, m] : [m, k]);
        const b = input('b', tB ? [n, k] : [k, n]);
        const values = [numbers(m * k, m + 1), numbers(k * n, n + 2)] as const;
        const target = numbers(m * n, 3);
        const y = ops.matmul(a, b, tA, tB);
        const feeds: Feeds = new Map([
          [a, values[0]],
          [b, values[1]],
        ]);
        const { value, found } = await valueAndGradients(y, [a, b], feeds, target, numerics);
        const product = (left: ArrayLike<number>, right: ArrayLike<number>) =>
          reference.matmul(left, right, [m, n, k], tA, tB);
        assertClose(value, product(...values), 1e-5, `${m} ${n} ${k} ${tA} ${tB}`);
        const losses = [
          (at: Float64Array) => reference.distance(product(at, values[1]), target),
          (at: Float64Array) => reference.distance(product(values[0], at), target),
        ];
        losses.forEach((loss, i) =>
          assertClose(
            found[i]!,
            reference.centralDifferences(loss, values[i]!),
            1e-3,
            `${m} ${n} ${k} ${tA} ${tB} ${i}`,
          ),
        );
      }
    }
  });
}

test('shapes that do not fit are refused with both', () => {
  refuses(
    () => ops.linear(input('x', [4, 7]), parameter('w', [3, 8]), null),
    /linear: input 4×7 does not fit weight 3×8 \(out×in\): expected n×8/,
  );
  refuses(
    () => ops.matmul(input('a', [2, 3]), input('b', [4, 3]), false, false),
    /matmul: inner extents 3 and 4 of 2×3 and 4×3 differ/,
  );
  refuses(
    () => ops.matmul(input('a', [2, 3]), input('b', [3])),
    /matmul: expected two matrices, found 2×3 and 3/,
  );
  refuses(
    () => ops.linear(input('x', [4, 7]), parameter('w', [3, 7]), parameter('b', [7])),
    /linear: bias has shape 7, expected 3/,
  );
});

test.run();
