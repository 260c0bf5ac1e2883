/**
 * The gradient of a graph is a graph: it has gradients itself. Convolution, mean pooling and dense layers
 * are linear in x, so ∂L/∂x[i] is L(x + eᵢ) − L(x − eᵢ) over 2 exactly, and central differences of that by
 * the weights are the truth. No point is ill conditioned.
 */
import { test } from 'uvu';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import * as pooling from '../reference/pooling.js';
import { assertClose } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';

const window = { kernel: [3, 2], stride: [1, 2], padding: [1, 0] } as const;
const pool = { kernel: [2, 1], stride: [1, 2] } as const;
const image = { N: 1, C: 2, H: 4, W: 6 };

/** Σ of dense(mean pool(conv x)): conv gives 3×4×3, pooling 3×3×2, the dense layer 2. */
function definition(x: ArrayLike<number>, w: ArrayLike<number>, v: ArrayLike<number>): number {
  const convolved = reference.conv2d(x, w, new Float64Array(3), image, 3, window);
  const shape = { N: 1, C: 3, H: 4, W: 3 };
  const pooled = reference.pool2d('avg', convolved, shape, { ...pool, padding: [0, 0] });
  return reference
    .linear(pooled, v, new Float64Array(2), 1, 18, 2)
    .reduce((sum, value) => sum + value, 0);
}

for (const numerics of availableNumerics) {
  test(`the gradient by the input (${numerics}) has gradients by filters and weights`, async () => {
    const leaves = [
      input('x', [1, 2, 4, 6]),
      parameter('w', [3, 2, 3, 2]),
      parameter('v', [2, 18]),
    ] as const;
    const [x, w, v] = leaves;
    const pooled = ops.avgPool2d(ops.conv2d(x, w, null, window), pool);
    const loss = ops.weightedSum(ops.linear(ops.reshape(pooled, [1, 18]), v, null), 1);
    const [byInput] = gradients(loss, [x]);
    const values = leaves.map((t, i) => numbers(sizeOf(t.shape), 50 + 13 * i));
    const target = numbers(48, 99);
    const feeds = new Map(leaves.map((t, i) => [t, values[i]!]));
    const { value, found } = await valueAndGradients(byInput!, [w, v], feeds, target, numerics);
    const truth = (w: ArrayLike<number>, v: ArrayLike<number>) =>
      reference.centralDifferences((x) => definition(x, w, v), values[0]!, 1);
    assertClose(value, truth(values[1]!, values[2]!), 1e-5, 'gradient by x');
    const byFilters = (at: Float64Array) => reference.distance(truth(at, values[2]!), target);
    const byWeights = (at: Float64Array) => reference.distance(truth(values[1]!, at), target);
    const expected = [
      reference.centralDifferences(byFilters, values[1]!),
      reference.centralDifferences(byWeights, values[2]!),
    ];
    assertClose(found[0]!, expected[0]!, 1e-3, 'its gradient by w');
    assertClose(found[1]!, expected[1]!, 1e-3, 'its gradient by v');
  });

  test(`the gradient by the filters (${numerics}) has a gradient by the input`, async () => {
    const [x, w, b] = [input('x', [1, 2, 4, 6]), parameter('w', [3, 2, 3, 2]), parameter('b', [3])];
    const values = [numbers(48, 1), numbers(36, 2), numbers(3, 3)] as const;
    const y = ops.conv2d(x, w, b, window);
    const [byFilters] = gradients(ops.weightedSum(y, 1), [w]);
    const target = numbers(36, 4);
    const feeds = new Map([
      [x, values[0]],
      [w, values[1]],
      [b, values[2]],
    ]);
    const { found } = await valueAndGradients(byFilters!, [x], feeds, target, numerics);
    const ones = new Float64Array(sizeOf(y.shape)).fill(1);
    const distance = (at: Float64Array) =>
      reference.distance(
        reference.conv2dGradients(at, values[1], ones, image, 3, window)[1],
        target,
      );
    const expected = reference.centralDifferences(distance, values[0]);
    assertClose(found[0]!, expected, 1e-3, 'gradient by x of the gradient by w');
  });
}

const padded = {
  kernel: [3, 2],
  stride: [2, 1],
  padding: [1, 1],
  ceilMode: true,
  countIncludePad: false,
} as const;

/** Ops that are linear in x, with their definitions. */
const linear: readonly {
  name: string;
  shape: Shape;
  op: (x: Tensor) => Tensor;
  definition: (x: ArrayLike<number>) => ArrayLike<number>;
}[] = [
  {
    name: 'padded means',
    shape: [1, 2, 4, 5],
    op: (x) => ops.avgPool2d(x, padded),
    definition: (x) => pooling.pool('avg', x, [2, 4, 5], padded),
  },
  {
    name: 'adaptive means',
    shape: [1, 2, 5, 4],
    op: (x) => ops.adaptiveAvgPool2d(x, [3, 3]),
    definition: (x) => pooling.adaptivePool('avg', x, [2, 5, 4], [3, 3]),
  },
  ...(['nearest', 'bilinear', 'corners'] as const).map((how) => ({
    name: how,
    shape: [1, 2, 3, 4],
    op: (x: Tensor) =>
      ops.upsample2d(x, {
        size: [5, 7],
        mode: how === 'nearest' ? how : 'bilinear',
        alignCorners: how === 'corners',
      }),
    definition: (x: ArrayLike<number>) => pooling.upsample(x, [2, 3, 4], [5, 7], how),
  })),
  {
    name: 'pixel shuffle',
    shape: [1, 8, 1, 3],
    op: (x) => ops.pixelShuffle(x, 2),
    definition: (x) => pooling.pixelShuffle(x, [1, 2, 1, 3], 2),
  },
];

for (const numerics of availableNumerics) {
  test(`gradients of means and resamplings (${numerics}) are linear in what came back`, async () => {
    for (const [i, { name, shape, op, definition }] of linear.entries()) {
      const x = input('x', shape);
      const y = op(x);
      const outputs = sizeOf(y.shape);
      const v = parameter('v', [1, outputs]);
      const loss = ops.weightedSum(ops.linear(ops.reshape(y, [1, outputs]), v, null), 1);
      const [byInput] = gradients(loss, [x]);
      const values = numbers(outputs, 200 + i);
      const target = numbers(sizeOf(shape), 300 + i);
      const feeds = new Map([
        [x, numbers(sizeOf(shape), 400 + i)],
        [v, values],
      ]);
      const { value, found } = await valueAndGradients(byInput!, [v], feeds, target, numerics);
      const units = Array.from(target, (_, k) => Array.from(target, (__, l) => (k === l ? 1 : 0)));
      const columns = units.map((unit) => Array.from(definition(unit)));
      const truth = (at: ArrayLike<number>) =>
        columns.map((column) => column.reduce((sum, share, o) => sum + share * at[o]!, 0));
      assertClose(value, truth(values), 1e-5, `${name}: gradient by x`);
      const distance = (at: Float64Array) => reference.distance(truth(at), target);
      const expected = reference.centralDifferences(distance, values);
      assertClose(found[0]!, expected, 1e-4, `${name}: its gradient by v`);
    }
  });

  test(`the gradient by a channel’s weight (${numerics}) has a gradient by the input`, async () => {
    const [x, w, v] = [input('x', [2, 3, 5]), parameter('w', [3]), parameter('v', [1, 30])];
    const y = ops.reshape(ops.channelAffine(x, w, null), [1, 30]);
    const [byWeight] = gradients(ops.weightedSum(ops.linear(y, v, null), 1), [w]);
    const [at, slopes, target] = [numbers(30, 1), numbers(30, 3), numbers(3, 4)];
    const feeds = new Map([
      [x, at],
      [w, numbers(3, 2)],
      [v, slopes],
    ]);
    const { value, found } = await valueAndGradients(byWeight!, [x, v], feeds, target, numerics);
    const sums = (a: ArrayLike<number>, b: ArrayLike<number>) => {
      const total = new Float64Array(3);
      for (let i = 0; i < 30; i++) total[Math.floor(i / 5) % 3]! += a[i]! * b[i]!;
      return total;
    };
    assertClose(value, sums(at, slopes), 1e-5, 'gradient by w');
    [at, slopes].forEach((changed, i) => {
      const other = i === 0 ? slopes : at;
      const distance = (now: Float64Array) => reference.distance(sums(now, other), target);
      const expected = reference.centralDifferences(distance, changed);
      assertClose(found[i]!, expected, 1e-4, `its gradient by leaf ${i}`);
    });
  });
}

test.run();
