/** Root-mean-square normalisation: random shapes against the definition and its differences, PyTorch's values, refusals. */
import { test } from 'uvu';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

/** x/√(mean of x² + ε)·w of every n values; no w is 1. */
function definition(
  x: ArrayLike<number>,
  w: ArrayLike<number> | undefined,
  n: number,
  epsilon: number,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let from = 0; from < x.length; from += n) {
    let squares = 0;
    for (let i = from; i < from + n; i++) squares += x[i]! ** 2;
    const scale = 1 / Math.sqrt(squares / n + epsilon);
    for (let i = from; i < from + n; i++) y[i] = x[i]! * scale * (w?.[i - from] ?? 1);
  }
  return y;
}

for (const numerics of availableNumerics) {
  test(`100 random shapes (${numerics}), values and gradients`, async () => {
    const draw = createDraw(107);
    for (let i = 0; i < 100; i++) {
      const shape = [...Array.from({ length: draw(0, 2) }, () => draw(1, 7)), draw(1, 21)];
      const last = shape.slice(-draw(1, shape.length));
      const affine = draw(0, 3) > 0;
      const epsilon = [0.5, 0.01, 1e-3][draw(0, 2)]!;
      await checkOp({
        what: `rmsNorm ${JSON.stringify({ shape, last, affine, epsilon })}`,
        shapes: affine ? [shape, last] : [shape],
        seed: 1900 + i,
        numerics,
        op: (x, w) => ops.rmsNorm(x!, last, w ?? null, epsilon),
        definition: (x, w) => definition(x!, w, sizeOf(last), epsilon),
        tolerance: 1e-5,
        gradientTolerance: 1e-3,
      });
    }
  });

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    interface Case {
      x: number[];
      last: number[];
      affine: boolean;
      eps: number;
      seed: number;
      y: string;
      gradients: Partial<Record<'x' | 'w', string>>;
    }
    for (const { x: shape, last, affine, eps, seed, y, gradients } of loadGolden<Case>(
      'rms-norm',
    )) {
      const what = JSON.stringify({ shape, last, affine, eps });
      const leaves = [shape, ...(affine ? [last] : [])].map((one, i) => input(`leaf ${i}`, one));
      const feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i)]));
      const [x, w = null] = leaves as [Tensor, Tensor?];
      const result = ops.rmsNorm(x, last, w, eps);
      const target = numbers(sizeOf(result.shape), seed + 5);
      const { value, found } = await valueAndGradients(result, leaves, feeds, target, numerics);
      assertClose(value, unpack(y), 1e-5, `${what}: y`);
      (['x', 'w'] as const)
        .slice(0, leaves.length)
        .forEach((name, i) =>
          assertClose(found[i]!, unpack(gradients[name]!), 1e-4, `${what}: gradient by ${name}`),
        );
    }
  });
}

test('it refuses an input that ends otherwise, and a weight of another shape', () => {
  const x = input('x', [2, 3, 4]);
  refuses(
    () => ops.rmsNorm(x, [3], null, 0),
    /rmsNorm: expected an input that ends in 3, found 2×3×4/,
  );
  refuses(() => ops.rmsNorm(x, [], null, 0), /rmsNorm: expected an input that ends in/);
  refuses(
    () => ops.rmsNorm(x, [3, 4], input('w', [4]), 0),
    /rmsNorm: weight has shape 4, expected 3×4/,
  );
});

test.run();
