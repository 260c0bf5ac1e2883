/**
 * conv2d: values and gradients against PyTorch, gradients against central differences of the definition
 * in double precision. Convolution is linear in each input, so every point is well conditioned.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients, type Feeds } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

type Four = [number, number, number, number];

interface Case {
  x: Four;
  w: Four;
  stride: [number, number];
  padding: [number, number];
  seed: number;
}

async function run(
  { x: xShape, w: wShape, stride, padding, seed }: Case,
  numerics: 'strict' | 'fused',
) {
  const [x, w, b] = [input('x', xShape), parameter('w', wShape), parameter('b', [wShape[0]])];
  const feeds: Feeds = new Map([x, w, b].map((t, i) => [t, numbers(sizeOf(t.shape), seed + i)]));
  const y = ops.conv2d(x, w, b, { stride, padding });
  const target = numbers(sizeOf(y.shape), seed + 3);
  const result = await valueAndGradients(y, [x, w, b], feeds, target, numerics);
  return { y, target, values: [x, w, b].map((t) => feeds.get(t) as Float32Array), ...result };
}

/** Shapes at random, with the awkward ones among them: extents of 1, kernel = input, stride > kernel. */
function randomCases(count: number): Case[] {
  const draw = createDraw(12_345);
  return Array.from({ length: count }, (_, i) => {
    const [kh, kw] = [draw(1, 4), draw(1, 4)];
    const padding: [number, number] = [draw(0, 2), draw(0, 2)];
    const H = draw(Math.max(1, kh - 2 * padding[0]), 7);
    const W = draw(Math.max(1, kw - 2 * padding[1]), 9);
    const C = draw(1, 3);
    return {
      x: [draw(1, 3), C, H, W],
      w: [draw(1, 6), C, kh, kw],
      stride: [draw(1, 5), draw(1, 3)],
      padding,
      seed: 77 + i,
    };
  });
}

/** More than one block of k, of pixels and of filters (KC = 256, NC = 1024, MC = 128); LeNet-5's layers. */
const blocked: Case[] = [
  { x: [8, 1, 32, 32], w: [6, 1, 5, 5], stride: [1, 1], padding: [0, 0], seed: 300 },
  { x: [4, 6, 14, 14], w: [16, 6, 5, 5], stride: [1, 1], padding: [0, 0], seed: 301 },
  { x: [4, 16, 5, 5], w: [120, 16, 5, 5], stride: [1, 1], padding: [0, 0], seed: 302 },
  { x: [2, 12, 9, 7], w: [5, 12, 5, 5], stride: [1, 1], padding: [2, 2], seed: 303 },
  { x: [1, 2, 37, 41], w: [5, 2, 3, 3], stride: [1, 1], padding: [1, 1], seed: 304 },
  { x: [1, 3, 40, 67], w: [4, 3, 2, 3], stride: [1, 2], padding: [0, 1], seed: 305 },
  { x: [1, 2, 4, 5], w: [261, 2, 2, 2], stride: [1, 1], padding: [0, 0], seed: 306 },
  { x: [1, 260, 3, 3], w: [9, 260, 1, 1], stride: [1, 1], padding: [0, 0], seed: 307 },
];

/**
 * Every number of output pixels from 1 to 11 in one column, where the pixels that a vector load would
 * take for neighbours lie one, two or three apart.
 */
function narrowCases(): Case[] {
  const cases: Case[] = [];
  for (const [W, kw, pw] of [
    [1, 1, 0],
    [2, 2, 0],
    [3, 3, 0],
    [1, 3, 1],
    [3, 2, 0],
    [3, 1, 0],
  ] as const) {
    for (const sh of [1, 2, 3]) {
      for (let P = 1; P <= 11; P++) {
        const H = (P - 1) * sh + 2;
        const seed = 400 + cases.length;
        cases.push({
          x: [1, 2, H, W],
          w: [3, 2, 2, kw],
          stride: [sh, 1],
          padding: [0, pw],
          seed,
        });
      }
    }
  }
  return cases;
}

/** Value and gradients against plain loops in double precision. */
async function compareWithDefinition(shape: Case, numerics: 'strict' | 'fused', relative: number) {
  const { target, values, value, found } = await run(shape, numerics);
  const [N, C, H, W] = shape.x;
  const [O, , kh, kw] = shape.w;
  const window = { kernel: [kh, kw], stride: shape.stride, padding: shape.padding } as const;
  const [x, w, b] = values as [Float32Array, Float32Array, Float32Array];
  const expected = reference.conv2d(x, w, b, { N, C, H, W }, O, window);
  const dy = expected.map((v, i) => 2 * (v - target[i]!));
  const what = `x ${shape.x} w ${shape.w} stride ${shape.stride} padding ${shape.padding}`;
  assertClose(value, expected, relative, `${what}: y`);
  reference
    .conv2dGradients(x, w, dy, { N, C, H, W }, O, window)
    .forEach((gradient, i) =>
      assertClose(found[i]!, gradient, relative, `${what}: gradient by ${'xwb'[i]}`),
    );
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are PyTorch’s: kernels 1–7, strides 1–3, paddings 0–2`, async () => {
    const cases = loadGolden<
      Case & { y: string; yShape: number[]; gradients: Record<string, string> }
    >('conv2d');
    assert.is(cases.length, 65);
    for (const golden of cases) {
      const what = `x ${golden.x} w ${golden.w} stride ${golden.stride} padding ${golden.padding}`;
      const { y, value, found } = await run(golden, numerics);
      assert.equal(y.shape, golden.yShape, what);
      assertClose(value, unpack(golden.y), 5e-5, `${what}: y`);
      ['x', 'w', 'b'].forEach((name, i) =>
        assertClose(
          found[i]!,
          unpack(golden.gradients[name]!),
          5e-5,
          `${what}: gradient by ${name}`,
        ),
      );
    }
  });

  test(`sizes at the kernels’ block boundaries (${numerics}) agree with the definition`, async () => {
    for (const shape of blocked) await compareWithDefinition(shape, numerics, 2e-4);
  });

  test(`images of one to three columns (${numerics}) agree with the definition`, async () => {
    for (const shape of narrowCases()) await compareWithDefinition(shape, numerics, 1e-4);
  });

  test(`without a bias (${numerics}) the sum stands alone`, async () => {
    const [x, w] = [input('x', [2, 3, 5, 6]), parameter('w', [4, 3, 3, 2])];
    const values = [numbers(180, 1), numbers(72, 2)] as const;
    const window = { kernel: [3, 2], stride: [2, 1], padding: [1, 0] } as const;
    const y = ops.conv2d(x, w, null, window);
    const target = numbers(sizeOf(y.shape), 3);
    const feeds: Feeds = new Map([
      [x, values[0]],
      [w, values[1]],
    ]);
    const { value, found } = await valueAndGradients(y, [x, w], feeds, target, numerics);
    const image = { N: 2, C: 3, H: 5, W: 6 };
    const expected = reference.conv2d(...values, new Float64Array(4), image, 4, window);
    const dy = expected.map((v, i) => 2 * (v - target[i]!));
    const [dx, dw] = reference.conv2dGradients(...values, dy, image, 4, window);
    assertClose(value, expected, 1e-4, 'y');
    assertClose(found[0]!, dx, 1e-4, 'gradient by x');
    assertClose(found[1]!, dw, 1e-4, 'gradient by w');
  });

  test(`gradients (${numerics}) are those of the definition, by central differences`, async () => {
    for (const shape of randomCases(40)) {
      const { target, values, found } = await run(shape, numerics);
      const [N, C, H, W] = shape.x;
      const window = {
        kernel: [shape.w[2], shape.w[3]] as const,
        stride: shape.stride,
        padding: shape.padding,
      };
      values.forEach((value, i) => {
        const loss = (changed: Float64Array) => {
          const [x, w, b] = values.map((v, j) => (i === j ? changed : v));
          return reference.distance(
            reference.conv2d(x!, w!, b!, { N, C, H, W }, shape.w[0], window),
            target,
          );
        };
        const what = `${JSON.stringify(shape)}: gradient by ${'xwb'[i]}`;
        assertClose(found[i]!, reference.centralDifferences(loss, value), 1e-3, what);
      });
    }
  });
}

test('shapes that do not fit are refused with both', () => {
  const at = { stride: [1, 1], padding: [0, 0] } as const;
  const x = input('x', [2, 3, 4, 4]);
  refuses(
    () => ops.conv2d(x, parameter('w', [6, 3, 5, 5]), null, at),
    /^conv2d: kernel 5×5 does not fit input 4×4 with padding 0$/,
  );
  refuses(
    () => ops.conv2d(x, parameter('w', [6, 1, 3, 3]), null, at),
    /conv2d: input 2×3×4×4 \(N×C×H×W\) does not fit weight 6×1×3×3 \(O×C×kh×kw\)/,
  );
  refuses(
    () => ops.conv2d(x, parameter('w', [6, 3, 3, 3]), parameter('b', [5]), at),
    /conv2d: bias has shape 5, expected 6/,
  );
});

test('strides and paddings that cannot be are refused', () => {
  const [x, w] = [input('x', [1, 1, 8, 8]), parameter('w', [1, 1, 3, 3])];
  const refused = (stride: [number, number], padding: [number, number]) => () =>
    ops.conv2d(x, w, null, { stride, padding });
  assert.throws(
    refused([0, 1], [0, 0]),
    /conv2d: stride is 0×1, expected whole numbers of at least 1/,
  );
  assert.throws(refused([1.5, 1], [0, 0]), /conv2d: stride is 1.5×1/);
  assert.throws(
    refused([1, 1], [0, -1]),
    /conv2d: padding is 0×-1, expected whole numbers of at least 0/,
  );
  assert.throws(
    () => ops.maxPool2d(x, { kernel: [2, 0], stride: [1, 1] }),
    /maxPool2d: kernel is 2×0, expected whole numbers of at least 1/,
  );
});

test.run();
