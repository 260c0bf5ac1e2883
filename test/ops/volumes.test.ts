/** Convolution and pooling of volumes: PyTorch's values and gradients, central differences, refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/checked.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  readonly op: 'conv3d' | 'maxPool3d' | 'avgPool3d';
  readonly shapes: number[][];
  readonly seed: number;
  readonly attributes: never;
  readonly y: string;
  readonly yShape: number[];
  readonly gradients: Readonly<Record<string, string>>;
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    const cases = loadGolden<Case>('volumes');
    assert.is(cases.length, 13);
    for (const { op, shapes, seed, attributes, gradients, ...golden } of cases) {
      const what = `${op} of ${shapes.map((shape) => shape.join('×')).join(', ')} ${JSON.stringify(attributes)}`;
      const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
      const [x, w, b = null] = leaves as [Tensor, Tensor, Tensor?];
      const y = op === 'conv3d' ? ops.conv3d(x, w, b, attributes) : ops[op](x, attributes);
      assert.equal(y.shape, golden.yShape, what);
      const feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i)]));
      const target = numbers(sizeOf(y.shape), seed + 9);
      const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
      assertClose(value, unpack(golden.y), 1e-5, what);
      Object.entries(gradients).forEach(([name, packed], i) =>
        assertClose(found[i]!, unpack(packed), 1e-4, `${what}: gradient by ${name}`),
      );
    }
  });

  test(`a convolution (${numerics}) is the sum over its taps, by central differences too`, async () => {
    const [C, D, H, W, O] = [2, 4, 3, 3, 2];
    await checkOp({
      what: 'conv3d',
      shapes: [[1, C, D, H, W], [O, C, 2, 2, 2], [O]],
      seed: 61,
      numerics,
      op: (x, w, b) => ops.conv3d(x!, w!, b!, { stride: [2, 1, 1], padding: [1, 0, 1] }),
      definition(x, w, b) {
        const [P, Q, R] = [3, 2, 4];
        return Float64Array.from({ length: O * P * Q * R }, (_, at) => {
          const [r, q, p] = [at % R, Math.floor(at / R) % Q, Math.floor(at / R / Q) % P];
          const o = Math.floor(at / R / Q / P);
          let sum = b![o]!;
          for (let c = 0; c < C; c++)
            for (let tap = 0; tap < 8; tap++) {
              const [i, j, k] = [tap >> 2, (tap >> 1) % 2, tap % 2];
              const [d, h, v] = [2 * p + i - 1, q + j, r + k - 1];
              if (d < 0 || d >= D || v < 0 || v >= W) continue;
              sum += w![(o * C + c) * 8 + tap]! * x![((c * D + d) * H + h) * W + v]!;
            }
          return sum;
        });
      },
    });
  });
}

test('what does not fit is refused', () => {
  const x = input('x', [1, 2, 3, 4, 5]);
  const at = { stride: [1, 1, 1], padding: [0, 0, 0] } as const;
  const conv = (...w: number[]) => ops.conv3d(x, input('w', w), null, at);
  refuses(
    () => conv(2, 2, 3, 3),
    /conv3d: input 1×2×3×4×5 \(N×C×D×H×W\) does not fit weight 2×2×3×3/,
  );
  refuses(() => conv(2, 3, 1, 1, 1), /does not fit weight 2×3×1×1×1 \(groups: 1,/);
  refuses(() => conv(2, 2, 4, 1, 1), /padding of depth: 0\)/);
  refuses(
    () => ops.maxPool3d(input('x', [2, 3, 4, 5]), { kernel: [1, 1, 1], stride: [1, 1, 1] }),
    /maxPool3d: expected an input of N×C×D×H×W, found 2×3×4×5/,
  );
  assert.throws(
    () => ops.avgPool3d(x, { kernel: [2, 2] as never, stride: [1, 1, 1] }),
    /avgPool3d: kernel is .*, expected a list of 3/,
  );
  assert.throws(
    () => ops.maxPool3d(x, { kernel: [1, 1, 1] } as never),
    /maxPool3d: stride is undefined, expected a list of 3/,
  );
  assert.throws(
    () => ops.conv3d(x, input('w', [2, 2, 1, 1, 1]), null, {} as never),
    /conv3d: stride is undefined, expected a list of 3/,
  );
});

test.run();
