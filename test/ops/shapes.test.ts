/** Reductions and layouts: sums, means, maxima, permute, slice, split, pad, concat, expand, reshape. */
// slow: random shapes against a definition in doubles
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/shapes.js';
import { checkOp } from '../support/check-op.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const total = (values: number[]): number => values.reduce((sum, v) => sum + v, 0);

const reductions: readonly (readonly [Shape, readonly number[]])[] = [
  [[5], [0]],
  [[1], [0]],
  [[3, 7], [0]],
  [[3, 37], [1]],
  [
    [3, 70],
    [0, 1],
  ],
  [
    [2, 3, 5, 7],
    [0, 2, 3],
  ],
  [[2, 3, 5, 7], [1]],
  [
    [2, 3, 5, 7],
    [0, 2],
  ],
  [
    [2, 1, 5, 1],
    [1, 3],
  ],
  [
    [4, 2, 33],
    [0, 1],
  ],
  [
    [2, 3, 2, 3, 2],
    [0, 2, 4],
  ],
];

for (const numerics of availableNumerics) {
  test(`sums, means and maxima (${numerics}) are the definition’s`, async () => {
    for (const [i, [shape, axes]] of reductions.entries()) {
      const kinds = {
        sum: total,
        mean: (values: number[]) => total(values) / values.length,
        max: (values: number[]) => Math.max(...values),
        min: (values: number[]) => Math.min(...values),
      };
      for (const [kind, f] of Object.entries(kinds)) {
        for (const keepDims of [false, true]) {
          const reduce = ops[kind as keyof typeof kinds];
          await checkOp({
            what: `${kind} of ${shape.join('×')} over ${axes}`,
            shapes: [shape],
            seed: 31 * i,
            numerics,
            op: (x) => reduce(x!, axes, keepDims),
            definition: (x) => reference.reduce(f, x!, shape, axes),
            // Sums of up to 210 numbers of both signs that may nearly cancel.
            tolerance: 1e-4,
            gradientTolerance: 1e-3,
          });
        }
      }
    }
  });

  test(`layouts (${numerics}) are the definition’s`, async () => {
    const draw = createDraw(5);
    for (let i = 0; i < 25; i++) {
      const rank = draw(1, 5);
      const shape = Array.from({ length: rank }, () => draw(1, [60, 9, 5, 3, 2][rank - 1]!));
      const order = shape.map((_, axis) => axis);
      for (let k = order.length - 1; k > 0; k--) {
        const other = draw(0, k);
        [order[k], order[other]] = [order[other]!, order[k]!];
      }
      const common = { shapes: [shape], seed: i, numerics };
      await checkOp({
        ...common,
        what: `permute ${shape.join('×')} to ${order}`,
        op: (x) => ops.permute(x!, order),
        definition: (x) => reference.permute(x!, shape, order),
      });
      const start = shape.map((extent) => draw(0, extent - 1));
      const size = shape.map((extent, axis) => draw(1, extent - start[axis]!));
      await checkOp({
        ...common,
        what: `slice ${shape.join('×')} from ${start} by ${size}`,
        op: (x) =>
          ops.slice(
            x!,
            start.map((first, axis) => [first, first + size[axis]!]),
          ),
        definition: (x) => reference.window(x!, shape, start, size),
      });
      const widths = shape.map(() => [draw(0, rank < 4 ? 2 : 1), draw(0, 1)] as const);
      await checkOp({
        ...common,
        what: `pad ${shape.join('×')} by ${widths.join(' ')}`,
        op: (x) => ops.pad(x!, widths, 0.5),
        definition: (x) =>
          reference.window(
            x!,
            shape,
            widths.map(([before]) => -before),
            shape.map((extent, axis) => extent + widths[axis]![0] + widths[axis]![1]),
            0.5,
          ),
      });
      const axis = draw(0, shape.length - 1);
      const shapes = Array.from({ length: draw(1, 3) }, () => shape.with(axis, draw(1, 4)));
      await checkOp({
        what: `concat ${shapes.map((s) => s.join('×')).join(', ')} along ${axis}`,
        shapes,
        seed: i,
        numerics,
        op: (...parts) => ops.concat(parts, axis - shape.length),
        definition: (...parts) =>
          reference.concat(
            parts.map((values, k) => ({ shape: shapes[k]!, values })),
            axis,
          ),
      });
    }
  });

  test(`repetition (${numerics}) is the definition’s, and its gradient sums`, async () => {
    for (const [shape, wide] of [
      [[], [3]],
      [
        [1, 3],
        [2, 4, 3],
      ],
      [
        [2, 1, 3, 1],
        [2, 5, 3, 4],
      ],
      [
        [4, 1],
        [4, 9],
      ],
    ] as const) {
      await checkOp({
        what: `${shape.join('×')} to ${wide.join('×')}`,
        shapes: [shape],
        seed: 2,
        numerics,
        op: (x) => ops.expand(x!, wide),
        definition: (x) => reference.indices(wide).map((i) => x![reference.positionOf(shape, i)]!),
      });
    }
  });

  test(`stacks of products (${numerics}) are the definition’s`, async () => {
    for (const [batch, m, k, n] of [
      [[1], 1, 1, 1],
      [[3], 4, 5, 6],
      [[2, 3], 7, 3, 2],
      [[2], 5, 3, 17],
    ] as const) {
      for (const [tA, tB] of [
        [false, false],
        [false, true],
        [true, false],
        [true, true],
      ] as const) {
        const a = [...batch, ...(tA ? [k, m] : [m, k])];
        const b = [...batch, ...(tB ? [n, k] : [k, n])];
        await checkOp({
          what: `${a.join('×')} by ${b.join('×')}`,
          shapes: [a, b],
          seed: m + n,
          numerics,
          op: (x, y) => ops.batchMatmul(x!, y!, tA, tB),
          definition: (x, y) =>
            reference.indices([...batch, m, n]).map((index) => {
              const lead = index.slice(0, -2);
              const [row, column] = index.slice(-2) as [number, number];
              let sum = 0;
              for (let i = 0; i < k; i++) {
                const left = x![reference.positionOf(a, [...lead, ...(tA ? [i, row] : [row, i])])]!;
                sum +=
                  left *
                  y![reference.positionOf(b, [...lead, ...(tB ? [column, i] : [i, column])])]!;
              }
              return sum;
            }),
          tolerance: 1e-4,
          gradientTolerance: 1e-3,
        });
      }
    }
  });

  test(`softmax and its logarithm (${numerics}) go over the last axis of any rank`, async () => {
    for (const shape of [[7], [2, 3], [2, 3, 5], [2, 1, 2, 9]]) {
      const columns = shape.at(-1)!;
      for (const log of [false, true]) {
        await checkOp({
          what: `${log ? 'logSoftmax' : 'softmax'} of ${shape.join('×')}`,
          shapes: [shape],
          seed: 4,
          numerics,
          prepare: (v) => v * 4,
          op: (x) => (log ? ops.logSoftmax(x!) : ops.softmax(x!)),
          definition: (x) => {
            const y = reference.logSoftmax(x!, columns);
            return log ? y : y.map(Math.exp);
          },
        });
      }
    }
    const x = input('x', [2, 3]);
    const [y] = await evaluate(
      [ops.logSoftmax(x)],
      new Map([[x, Float32Array.of(1e4, 0, -1e4, -3e38, -3e38, -3e38)]]),
      { numerics },
    );
    assert.equal(
      [...y!].map((v) => Math.round(v * 1000)),
      [0, -1e7, -2e7, -1099, -1099, -1099],
    );
  });
}

test('a maximum’s gradient goes to the first of equal values, and NaN is the maximum', async () => {
  const x = input('x', [2, 4]);
  const y = ops.max(x, [1]);
  const feeds = new Map([[x, Float32Array.of(1, 3, 3, 2, 1, NaN, 5, NaN)]]);
  const [value, dx] = await evaluate([y, ...gradients(ops.weightedSum(y, 1), [x])], feeds);
  assert.equal([...value!], [3, NaN]);
  assert.equal([...dx!], [0, 1, 0, 0, 0, 1, 0, 0]);
});

test('matrices large enough for blocks are transposed', async () => {
  for (const [n, m] of [
    [70, 37],
    [33, 130],
  ] as const) {
    const x = input('x', [3, n, m]);
    const values = numbers(3 * n * m, 1);
    const [y] = await evaluate([ops.transpose(x, 1, -1)], new Map([[x, values]]));
    assert.equal([...y!], reference.permute(values, [3, n, m], [0, 2, 1]));
  }
});

test('seven axes that do not merge are more than the kernel has', async () => {
  const shape = [2, 2, 3, 2, 2, 2, 2];
  const order = [0, 6, 1, 5, 2, 4, 3];
  const x = input('x', shape);
  const values = numbers(sizeOf(shape), 1);
  const [y] = await evaluate([ops.permute(x, order)], new Map([[x, values]]));
  assert.equal([...y!], reference.permute(values, shape, order));
});

test('int32 goes through layouts as it is', async () => {
  const tokens = input('tokens', [2, 3], 'i32');
  const moved = ops.concat([ops.slice(tokens, [[], [1]]), ops.slice(tokens, [[], [0, 1]])], 1);
  assert.is(moved.dtype, 'i32');
  const feeds = new Map([[tokens, Int32Array.of(1, 2, -3, 4, 0x7fa00001, 6)]]);
  const [y] = await evaluate([ops.transpose(moved, 0, 1)], feeds);
  assert.equal([...new Int32Array(y!.buffer)], [2, 0x7fa00001, -3, 6, 1, 4]);
});

test('reshape finds the extent that is left, split cuts, flatten joins', () => {
  const x = input('x', [2, 3, 4]);
  const shapes = (list: Tensor[]) => list.map((t) => t.shape);
  assert.equal(ops.reshape(x, [4, -1]).shape, [4, 6]);
  assert.equal(ops.flatten(x).shape, [2, 12]);
  assert.equal(ops.flatten(x, 0).shape, [24]);
  assert.equal(shapes(ops.split(x, 3, -1)), [
    [2, 3, 3],
    [2, 3, 1],
  ]);
  assert.equal(shapes(ops.split(x, [1, 2], 1)), [
    [2, 1, 4],
    [2, 2, 4],
  ]);
});

test('shapes that do not fit are refused', () => {
  const x = input('x', [2, 3, 4]);
  refuses(
    () => ops.concat([x, input('y', [2, 5, 4])], 2),
    /concat: shapes 2×3×4 and 2×5×4 differ along axis 1, joined along axis 2/,
  );
  refuses(() => ops.concat([x, input('y', [2, 3])], 0), /2×3×4 and 2×3 differ in rank/);
  refuses(() => ops.sum(x, 3), /sum: axis 3 is outside of 2×3×4, which has 3 axes/);
  refuses(() => ops.mean(x, [0, -3]), /mean: axes 0, -3 of 2×3×4 repeat one/);
  refuses(
    () => ops.permute(x, [0, 1]),
    /permute: axes 0, 1 are not an order of the 3 axes of 2×3×4/,
  );
  refuses(() => ops.permute(x, [0, 1, 1]), /permute: axes 0, 1, 1 are not an order/);
  refuses(() => ops.slice(x, [[0, 3]]), /slice: 0:3 along axis 0 of 2×3×4/);
  refuses(() => ops.slice(x, [[], [2, 1]]), /slice: 2:1 along axis 1/);
  refuses(() => ops.slice(x, [[], [], [], []]), /slice: 4 ranges, 2×3×4 has 3 axes/);
  refuses(() => ops.split(x, [1, 1], 1), /split: parts of 1, 1 do not make up axis 1 of 2×3×4/);
  refuses(() => ops.pad(x, [[1, 1]]), /pad: widths 1\+1 for 2×3×4: expected a pair/);
  refuses(() => ops.reshape(x, [5, -1]), /reshape: the 24 elements of 2×3×4 do not divide by 5×-1/);
  refuses(() => ops.expand(x, [2, 3, 5]), /expand: 2×3×4 does not broadcast to 2×3×5: axis 2/);
  refuses(() => ops.softmax(input('s', [])), /softmax: expected at least one axis/);
  refuses(
    () => ops.batchMatmul(x, input('y', [2, 3, 4])),
    /batchMatmul: inner extents 4 and 3 of 2×3×4 and 2×3×4 differ/,
  );
  refuses(() => ops.batchMatmul(x, input('y', [3, 4, 3])), /equally many matrices.* 3×4×3/);
});

test.run();
