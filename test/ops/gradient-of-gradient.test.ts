/**
 * The gradient of a graph is a graph: it has gradients itself. Convolution, mean pooling and dense layers
 * are linear in x, so ∂L/∂x[i] is L(x + eᵢ) − L(x − eᵢ) over 2 exactly, and central differences of that by
 * the weights are the truth. No point is ill conditioned.
 */
import { test } from 'uvu';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
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

test.run();
