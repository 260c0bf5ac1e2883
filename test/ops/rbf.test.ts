/** Squared distances to centres: values and gradients by both, against PyTorch and the definition. */
import { test } from 'uvu';
import { input, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  x: [n: number, F: number];
  centres: [C: number, F: number];
  seed: number;
  y: string;
  gradients: Record<'x' | 'centres', string>;
}

/** y[i, c] = Σ_f (x[i, f] − w[c, f])² */
function rbf(x: Float64Array, w: Float64Array, n: number, C: number, F: number): Float64Array {
  return Float64Array.from({ length: n * C }, (_, at) => {
    const [i, c] = [Math.floor(at / C), at % C];
    let sum = 0;
    for (let f = 0; f < F; f++) sum += (x[i * F + f]! - w[c * F + f]!) ** 2;
    return sum;
  });
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<Case>('rbf')) {
      const leaves = [input('x', golden.x), input('centres', golden.centres)] as const;
      const feeds = new Map(
        leaves.map((t, i) => [t, numbers(sizeOf(t.shape), golden.seed + i)] as const),
      );
      const y = ops.rbf(...leaves);
      const target = numbers(sizeOf(y.shape), golden.seed + 2);
      const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
      const what = `${golden.x.join('×')} and ${golden.centres.join('×')}`;
      assertClose(value, unpack(golden.y), 1e-5, what);
      assertClose(found[0]!, unpack(golden.gradients.x), 1e-5, `${what}: x`);
      assertClose(found[1]!, unpack(golden.gradients.centres), 1e-5, `${what}: centres`);
    }
  });

  test(`the definition (${numerics}) on random shapes, tails among them`, async () => {
    const draw = createDraw(5);
    for (let i = 0; i < 20; i++) {
      const [n, C, F] = [draw(1, 6), draw(1, 11), draw(1, 19)];
      await checkOp({
        what: `${n}×${F} to ${C} centres`,
        shapes: [
          [n, F],
          [C, F],
        ],
        seed: i,
        numerics,
        op: (x, w) => ops.rbf(x!, w!),
        definition: (x, w) => rbf(x!, w!, n, C, F),
      });
    }
  });
}

test('centres of other features are refused', () => {
  refuses(
    () => ops.rbf(input('x', [4, 84]), input('centres', [10, 83])),
    /rbf: input 4×84 does not fit centres 10×83, expected n×F and C×F/,
  );
});

test.run();
