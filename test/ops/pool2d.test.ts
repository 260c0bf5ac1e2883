/**
 * Pooling: values and gradients against PyTorch and the definition. A maximum has a kink where two
 * inputs of a window tie; the test's inputs are a shuffled grid whose values differ by far more than the step of
 * the central difference, so no point lies near one.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers, spacedNumbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

type Four = [number, number, number, number];
const functions = { avg: ops.avgPool2d, max: ops.maxPool2d };

interface Case {
  kind: 'avg' | 'max';
  x: Four;
  kernel: [number, number];
  stride: [number, number];
  seed: number;
}

const shapes: Omit<Case, 'kind'>[] = [
  { x: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], seed: 1 },
  { x: [2, 3, 5, 7], kernel: [2, 2], stride: [2, 2], seed: 2 },
  { x: [1, 2, 6, 18], kernel: [2, 2], stride: [2, 2], seed: 3 },
  { x: [1, 2, 5, 19], kernel: [2, 2], stride: [1, 2], seed: 4 },
  { x: [2, 1, 7, 6], kernel: [3, 2], stride: [1, 1], seed: 5 },
  { x: [1, 1, 9, 8], kernel: [2, 3], stride: [3, 4], seed: 6 },
  { x: [1, 2, 4, 5], kernel: [4, 5], stride: [1, 1], seed: 7 },
];

/** Windows and strides of 1–3 over extents of 1–9: tails of the vector path, gaps, overlaps, dropped edges. */
function manyShapes(): Omit<Case, 'kind'>[] {
  const cases: Omit<Case, 'kind'>[] = [];
  for (const [H, W] of [
    [1, 1],
    [1, 9],
    [3, 8],
    [5, 4],
    [4, 17],
    [7, 3],
  ] as const) {
    for (const kh of [1, 2, 3]) {
      for (const kw of [1, 2, 3]) {
        if (kh > H || kw > W) continue;
        for (const stride of [
          [1, 1],
          [2, 2],
          [1, 2],
          [2, 1],
          [3, 2],
          [4, 4],
        ] as const)
          cases.push({
            x: [1, 2, H, W],
            kernel: [kh, kw],
            stride: [...stride],
            seed: 50 + cases.length,
          });
      }
    }
  }
  return cases;
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<
      Case & { y: string; yShape: number[]; gradients: { x: string } }
    >('pooling')) {
      const what = JSON.stringify([golden.kind, golden.x, golden.kernel, golden.stride]);
      const x = input('x', golden.x);
      const y = functions[golden.kind](x, golden);
      assert.equal(y.shape, golden.yShape, what);
      const feeds = new Map([[x, numbers(sizeOf(x.shape), golden.seed)]]);
      const target = numbers(sizeOf(y.shape), golden.seed + 1);
      const { value, found } = await valueAndGradients(y, [x], feeds, target, numerics);
      assertClose(value, unpack(golden.y), 1e-5, `${what}: y`);
      assertClose(found[0]!, unpack(golden.gradients.x), 1e-5, `${what}: gradient`);
    }
  });

  test(`gradients (${numerics}) are those of the definition, by central differences`, async () => {
    for (const shape of [...shapes, ...manyShapes()]) {
      for (const kind of ['avg', 'max'] as const) {
        const [N, C, H, W] = shape.x;
        const x = input('x', shape.x);
        const y = functions[kind](x, shape);
        const values = spacedNumbers(sizeOf(x.shape), shape.seed);
        const target = numbers(sizeOf(y.shape), shape.seed + 9);
        const { value, found } = await valueAndGradients(
          y,
          [x],
          new Map([[x, values]]),
          target,
          numerics,
        );
        const window = { ...shape, padding: [0, 0] as const };
        const pool = (at: ArrayLike<number>) => reference.pool2d(kind, at, { N, C, H, W }, window);
        const loss = (at: Float64Array) => reference.distance(pool(at), target);
        assertClose(value, pool(values), 1e-5, `${kind} ${JSON.stringify(shape)}: y`);
        assertClose(
          found[0]!,
          reference.centralDifferences(loss, values),
          1e-3,
          `${kind} ${JSON.stringify(shape)}`,
        );
      }
    }
  });

  test(`means of whole planes (${numerics}), values and gradients`, async () => {
    for (const [N, C, H, W] of [
      [1, 1, 1, 1],
      [2, 3, 1, 3],
      [2, 2, 3, 5],
      [1, 3, 8, 8],
      [2, 1, 5, 7],
    ] as const) {
      const x = input('x', [N, C, H, W]);
      const y = ops.globalAvgPool2d(x);
      assert.equal(y.shape, [N, C]);
      const values = numbers(N * C * H * W, 70 + H);
      const target = numbers(N * C, 80 + W);
      const feeds = new Map([[x, values]]);
      const { value, found } = await valueAndGradients(y, [x], feeds, target, numerics);
      const window = { kernel: [H, W], stride: [1, 1], padding: [0, 0] } as const;
      const pool = (at: ArrayLike<number>) => reference.pool2d('avg', at, { N, C, H, W }, window);
      const loss = (at: Float64Array) => reference.distance(pool(at), target);
      assertClose(value, pool(values), 1e-5, `${H}×${W}`);
      assertClose(found[0]!, reference.centralDifferences(loss, values), 1e-3, `${H}×${W}`);
    }
  });
}

test('the gradient of a tie goes to the first of the window', async () => {
  const x = input('x', [1, 1, 2, 2]);
  const y = ops.maxPool2d(x, { kernel: [2, 2], stride: [2, 2] });
  const feeds = new Map([[x, Float32Array.of(1, 3, 3, 3)]]);
  const { found } = await valueAndGradients(y, [x], feeds, Float32Array.of(0), 'strict');
  assert.equal([...found[0]!], [0, 6, 0, 0]);
});

test('wherever a window lies, its gradient goes to its first NaN, else to its first maximum', async () => {
  for (const numerics of availableNumerics) {
    // 22 and 16 columns: vectors of windows with and without a rest.
    for (const W of [22, 16]) {
      const x = numbers(6 * W, W).map((v) => (v < -0.6 ? NaN : Math.round(v * 2)));
      const dy = numbers(3 * (W / 2), 1);
      const { kernels, put, reserve, read } = await createInstance(numerics);
      const dx = reserve(6 * W);
      kernels.maxPool2dGradient(1, 6, W, 2, 2, 2, 2, 3, W / 2, put(x), put(dy), dx);
      const expected = new Float32Array(6 * W);
      dy.forEach((g, i) => {
        const [p, q] = [Math.floor(i / (W / 2)), i % (W / 2)];
        const at = [0, 1, W, W + 1].map((step) => 2 * p * W + 2 * q + step);
        const values = at.map((a) => x[a]!);
        const nan = values.findIndex(Number.isNaN);
        expected[at[nan >= 0 ? nan : values.indexOf(Math.max(...values))]!] = g;
      });
      assert.equal([...read(dx, 6 * W)], [...expected], `${numerics}, ${W} columns`);
    }
  }
});

test('shapes that do not fit are refused', () => {
  const at = { kernel: [5, 5], stride: [1, 1] } as const;
  refuses(
    () => ops.avgPool2d(input('x', [1, 1, 4, 8]), at),
    /avgPool2d: kernel 5×5 does not fit input 4×8/,
  );
  refuses(
    () => ops.maxPool2d(input('x', [4, 8]), at),
    /maxPool2d: expected an input of N×C×H×W, found 4×8/,
  );
});

test('a window over the whole plane has the bits of globalAvgPool2d, and the mean to a rounding', async () => {
  const [N, C, H, W] = [1, 2, 224, 225];
  const x = input('x', [N, C, H, W]);
  const values = numbers(N * C * H * W, 3).map((v) => (v + 1) / 2);
  const all = [
    ops.globalAvgPool2d(x),
    ops.avgPool2d(x, { kernel: [H, W], stride: [H, W] }),
    ops.avgPool2d(x, { kernel: [H, W], stride: [1, 1] }),
    ops.adaptiveAvgPool2d(x, [1, 1]),
  ];
  const [first, ...others] = await evaluate(all, new Map([[x, values]]), { numerics: 'strict' });
  for (const other of others) assert.equal([...other!], [...first!]);
  first!.forEach((found, c) => {
    const exact =
      Array.from(values.subarray(c * H * W, (c + 1) * H * W)).reduce((a, b) => a + b, 0) / (H * W);
    assert.ok(Math.abs(found - exact) < 5e-7, `${found} for ${exact}`);
  });
});

test.run();
