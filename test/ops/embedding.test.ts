/** Embedding: PyTorch's values and gradients, the order of additions, and indices without a row. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { assertGuarded, availableNumerics, createInstance } from '../kernels/instance.js';
import * as reference from '../reference/sequence.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients, type Feeds } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  x: number[];
  w: [number, number];
  indices: number[];
  seed: number;
  y: string;
  gradients: { w: string };
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<Case>('embedding')) {
      const indices = input('indices', golden.x, 'i32');
      const weight = parameter('w', golden.w);
      const feeds: Feeds = new Map<Tensor, Float32Array | Int32Array>([
        [indices, Int32Array.from(golden.indices)],
        [weight, numbers(sizeOf(golden.w), golden.seed)],
      ]);
      const y = ops.embedding(indices, weight);
      assert.equal(y.shape, [...golden.x, golden.w[1]]);
      const target = numbers(sizeOf(y.shape), golden.seed + 1);
      const { value, found } = await valueAndGradients(y, [weight], feeds, target, numerics);
      assertClose(value, unpack(golden.y), 1e-6, `${golden.x} of ${golden.w}: y`);
      assertClose(found[0]!, unpack(golden.gradients.w), 1e-5, `${golden.x} of ${golden.w}: w`);
    }
  });

  test(`value and gradient (${numerics}) are the definition’s; no row gives zeros and has no gradient`, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const draw = createDraw(seed);
      const [V, D, N, T] = [draw(1, 6), draw(1, 9), draw(1, 3), draw(1, 5)];
      const values = Int32Array.from({ length: N * T }, () => draw(-1, V));
      const indices = input('indices', [N, T], 'i32');
      await checkOp({
        what: `${N}×${T} of ${V}×${D}`,
        shapes: [[V, D]],
        seed,
        numerics,
        fixed: new Map([[indices, values]]),
        op: (w) => ops.embedding(indices, w!),
        definition: (w) => reference.embedding(values, w!, D),
      });
    }
  });

  test(`with any indices (${numerics}), nothing is read or written outside`, async () => {
    const instance = await createInstance(numerics);
    const { kernels, put, read } = instance;
    const indices = put(new Int32Array([-1, 3, 2 ** 31 - 1, -(2 ** 31), 1_000_000, 1]));
    const [V, D] = [3, 5];
    const [w, dy] = [put(numbers(V * D, 1)), put(numbers(6 * D, 2))];
    assertGuarded(instance, 'embedding', 6 * D, 0, (y) => {
      kernels.embedding(6, V, D, indices, w, y);
      assert.equal([...read(y, 5 * D)], [...new Float32Array(5 * D)]);
      assert.equal([...read(y + 5 * D * 4, D)], [...read(w + D * 4, D)]);
    });
    assertGuarded(instance, 'embeddingGradient', V * D, 0, (dw) => {
      kernels.embeddingGradient(6, V, D, indices, dy, dw);
      const expected = new Float32Array(V * D);
      expected.set(read(dy + 5 * D * 4, D), D);
      assert.equal([...read(dw, V * D)], [...expected]);
    });
  });
}

test('a row’s gradient adds its positions in their order', async () => {
  const indices = input('indices', [4], 'i32');
  const [w, g] = [parameter('w', [2, 1]), input('g', [4, 1])];
  const y = ops.embedding(indices, w);
  // 1 + 2²⁴ is 2²⁴, so that (1 + 2²⁴) − 2²⁴ + 1 is 1 and any other order is not.
  const [dw] = gradients(ops.weightedSum(ops.matmul(y, g, true, false), 1), [w]);
  const feeds: Feeds = new Map<Tensor, Float32Array | Int32Array>([
    [indices, new Int32Array([1, 1, 1, 1])],
    [w, new Float32Array(2)],
    [g, new Float32Array([1, 2 ** 24, -(2 ** 24), 1])],
  ]);
  const [found] = await evaluate([dw!], feeds);
  assert.equal([...found!], [0, 1]);
});

test('a weight that is no matrix and indices that are no int32 are refused', () => {
  refuses(
    () => ops.embedding(input('x', [3]), parameter('w', [4, 2])),
    /embedding: indices are f32, expected i32/,
  );
  refuses(
    () => ops.embedding(input('x', [3], 'i32'), parameter('w', [4])),
    /embedding: indices 3 and weight 4, expected n or n×T and rows×features/,
  );
});

test('other ops refuse tokens as numbers', () => {
  refuses(
    () => ops.relu(input('indices', [4], 'i32')),
    /^activation: x is i32, such as tokens are; expected f32$/,
  );
});

test.run();
