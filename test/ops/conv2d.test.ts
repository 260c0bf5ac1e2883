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
import { numbers } from '../support/numbers.js';

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
  let state = 12_345;
  const draw = (low: number, high: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return low + (Math.floor(state / 65_536) % (high - low + 1));
  };
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
  assert.throws(
    () => ops.conv2d(x, parameter('w', [6, 3, 5, 5]), null, at),
    /^conv2d: kernel 5×5 does not fit input 4×4 with padding 0$/,
  );
  assert.throws(
    () => ops.conv2d(x, parameter('w', [6, 1, 3, 3]), null, at),
    /conv2d: input 2×3×4×4 \(N×C×H×W\) does not fit weight 6×1×3×3 \(O×C×kh×kw\)/,
  );
  assert.throws(
    () => ops.conv2d(x, parameter('w', [6, 3, 3, 3]), parameter('b', [5]), at),
    /conv2d: bias has shape 5, expected 6/,
  );
});

test.run();
