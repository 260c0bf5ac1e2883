/**
 * Pooling with padding, ceil mode and adaptive windows, and in one dimension: random configurations against the
 * definition, and PyTorch's values. Maxima are taken of a shuffled grid, see pool2d.test.ts.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';
import { adaptivePool, pool, type Pooling } from '../reference/pooling.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers, spacedNumbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

type Four = [number, number, number, number];
/** A count, and where the results of two kernels are. */
type Pair = readonly [count: number, one: number, other: number];
const functions = { avg: ops.avgPool2d, max: ops.maxPool2d };

/** Extents 1–9, kernels 1–5, strides 1–6 and all paddings and modes; only what has a window. */
function configurations(count: number): { x: Four; window: Pooling }[] {
  const draw = createDraw(77);
  const found: { x: Four; window: Pooling }[] = [];
  while (found.length < count) {
    const x: Four = [draw(1, 2), draw(1, 2), draw(1, 9), draw(1, 9)];
    const kernel = [draw(1, 5), draw(1, 5)] as const;
    const stride = [draw(1, 6), draw(1, 6)] as const;
    // A third each without padding, and with ceil mode alone.
    const most = draw(0, 2) > 0 ? kernel.map((extent) => Math.floor(extent / 2)) : [0, 0];
    const padding = [draw(0, most[0]!), draw(0, most[1]!)] as const;
    const window = {
      kernel,
      stride,
      padding,
      ceilMode: draw(0, 1) === 1,
      countIncludePad: draw(0, 1) === 1,
    };
    const fits = kernel.every((extent, i) => extent <= x[2 + i]! + 2 * padding[i]!);
    if (fits) found.push({ x, window });
  }
  return found;
}

for (const numerics of availableNumerics) {
  test(`260 random configurations (${numerics}), values and gradients`, async () => {
    for (const [i, { x, window }] of configurations(260).entries()) {
      const kind = i % 2 ? 'avg' : 'max';
      const [N, C, H, W] = x;
      const spaced = spacedNumbers(sizeOf(x), i);
      await checkOp({
        what: `${kind} ${JSON.stringify({ x, ...window })}`,
        shapes: [x],
        seed: 300 + i,
        numerics,
        prepare: (_, __, element) => spaced[element]!,
        op: (t) => functions[kind](t!, window),
        definition: (values) => pool(kind, values!, [N * C, H, W], window),
      });
    }
  });

  test(`100 random adaptive configurations (${numerics}), values and gradients`, async () => {
    const draw = createDraw(5);
    for (let i = 0; i < 100; i++) {
      const x: Four = [draw(1, 2), draw(1, 3), draw(1, 9), draw(1, 9)];
      const size = [draw(1, 7), draw(1, 7)] as const;
      const kind = i % 2 ? 'avg' : 'max';
      const spaced = spacedNumbers(sizeOf(x), i);
      await checkOp({
        what: `adaptive ${kind} ${JSON.stringify({ x, size })}`,
        shapes: [x],
        seed: 700 + i,
        numerics,
        prepare: (_, __, element) => spaced[element]!,
        op: (t) =>
          kind === 'avg' ? ops.adaptiveAvgPool2d(t!, size) : ops.adaptiveMaxPool2d(t!, size),
        definition: (values) => adaptivePool(kind, values!, [x[0] * x[1], x[2], x[3]], size),
      });
    }
  });

  test(`sequences and maxima of whole planes (${numerics}), values and gradients`, async () => {
    for (const [i, L] of [1, 2, 5, 8, 19].entries()) {
      const spaced = spacedNumbers(6 * L, i);
      const common = {
        seed: 900 + i,
        numerics,
        prepare: (_: number, __: number, element: number) => spaced[element]!,
      };
      const along = { kernel: 2, stride: 3, padding: 1, ceilMode: true };
      const window = {
        kernel: [1, 2],
        stride: [1, 3],
        padding: [0, 1],
        ceilMode: true,
        countIncludePad: true,
      } as const;
      const sequence = [2, 3, L] as const;
      for (const [kind, op] of [
        ['avg', ops.avgPool1d],
        ['max', ops.maxPool1d],
      ] as const) {
        await checkOp({
          ...common,
          what: `${kind} along ${L}`,
          shapes: [sequence],
          op: (t) => op(t!, along),
          definition: (x) => pool(kind, x!, [6, 1, L], window),
        });
      }
      for (const [kind, shape, op] of [
        ['avg', sequence, ops.globalAvgPool1d],
        ['max', sequence, ops.globalMaxPool1d],
        ['max', [2, 3, 1, L], ops.globalMaxPool2d],
        ['max', [2, 3, L, 1], ops.globalMaxPool2d],
      ] as const) {
        const what = `${kind} of a whole ${shape.join('×')}`;
        await checkOp({
          ...common,
          what,
          shapes: [shape],
          op: (t) => op(t!),
          definition: (x) => adaptivePool(kind, x!, [6, 1, L], [1, 1]),
        });
        assert.equal(op(input('x', shape)).shape, [2, 3], what);
      }
    }
  });

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    interface Case extends Pooling {
      kind: 'avg' | 'max' | 'adaptive avg' | 'adaptive max';
      x: Four;
      size: [number, number];
      seed: number;
      y: string;
      yShape: number[];
      gradients: { x: string };
    }
    for (const golden of loadGolden<Case>('pooling-windows')) {
      const { kind, size, seed } = golden;
      const what = JSON.stringify({ ...golden, y: undefined, gradients: undefined });
      const x = input('x', golden.x);
      const pools = {
        avg: () => ops.avgPool2d(x, golden),
        max: () => ops.maxPool2d(x, golden),
        'adaptive avg': () => ops.adaptiveAvgPool2d(x, size),
        'adaptive max': () => ops.adaptiveMaxPool2d(x, size),
      };
      const y = pools[kind]();
      assert.equal(y.shape, golden.yShape, what);
      const feeds = new Map([[x, numbers(sizeOf(x.shape), seed)]]);
      const target = numbers(sizeOf(y.shape), seed + 1);
      const { value, found } = await valueAndGradients(y, [x], feeds, target, numerics);
      assertClose(value, unpack(golden.y), 1e-5, `${what}: y`);
      assertClose(found[0]!, unpack(golden.gradients.x), 1e-5, `${what}: gradient`);
    }
  });
}

test('an infinite or missing number is a maximum as any other', async () => {
  const x = input('x', [1, 1, 3, 3]);
  const y = ops.maxPool2d(x, { kernel: [2, 2], stride: [2, 2], padding: [1, 1] });
  const least = -Infinity;
  const feeds = new Map([[x, Float32Array.of(least, NaN, 3, 1, 2, 3, NaN, NaN, 1)]]);
  const { value } = await valueAndGradients(y, [x], feeds, new Float32Array(4), 'strict');
  assert.equal([...value], [least, NaN, NaN, NaN]);
});

/** A number, with zeros of both signs told apart. */
const signed = (value: number) => (Object.is(value, -0) ? '-0' : value);

test('windows that all lie in the image have the same bits from either kernel', async () => {
  const draw = createDraw(12);
  for (const numerics of availableNumerics) {
    const { kernels, put, reserve, read } = await createInstance(numerics);
    for (let i = 0; i < 60; i++) {
      const [H, W, kh, kw] = [draw(3, 6), draw(5, 23), draw(1, 3), draw(1, 4)];
      const [sh, sw] = [draw(1, 3), draw(1, 3)];
      const [P, Q] = [Math.floor((H - kh) / sh) + 1, Math.floor((W - kw) / sw) + 1];
      const [whole, cut] = [
        [2, H, W, kh, kw, sh, sw, P, Q],
        [2, H, W, kh, kw, sh, sw, 0, 0, P, Q],
      ] as const;
      // Every other time without NaN, but with equal values and zeros of both signs.
      const gaps = numbers(2 * H * W, i).map((v) =>
        i % 2 ? Math.round(v * 2) : v < -0.9 ? NaN : Math.fround(v * 3),
      );
      const [x, dy] = [put(gaps), put(numbers(2 * P * Q, i + 1))];
      const [outputs, inputs] = [2 * P * Q, 2 * H * W];
      const pairs = [outputs, outputs, inputs, inputs].map(
        (count) => [count, reserve(count), reserve(count)] as const,
      );
      const [means, maxima, meanSlopes, maximumSlopes] = pairs as [Pair, Pair, Pair, Pair];
      kernels.avgPool2d(...whole, x, means[1]);
      kernels.avgPoolWindows(...cut, 1, x, means[2]);
      kernels.maxPool2d(...whole, x, maxima[1]);
      kernels.maxPoolWindows(...cut, x, maxima[2]);
      kernels.avgPool2dGradient(...whole, dy, meanSlopes[1]);
      kernels.avgPoolWindowsGradient(...cut, 0, dy, meanSlopes[2]);
      kernels.maxPool2dGradient(...whole, x, dy, maximumSlopes[1]);
      kernels.maxPoolWindowsGradient(...cut, x, dy, maximumSlopes[2]);
      for (const [count, one, other] of pairs) {
        // One more, to see that nothing was written behind.
        const expected = [...read(one, count), NaN].map(signed);
        const found = [...read(other, count + 1)].map(signed);
        assert.equal(found, expected, `${numerics}, ${cut.join(' ')}`);
      }
    }
  }
});

test('maxima of padded windows have the bits of an image with a border of −∞', async () => {
  const draw = createDraw(21);
  for (const numerics of availableNumerics) {
    const { kernels, put, reserve, read } = await createInstance(numerics);
    for (let i = 0; i < 40; i++) {
      const [H, W, kh, kw, sh, sw] = [
        draw(2, 6),
        draw(4, 23),
        draw(2, 4),
        3,
        draw(1, 2),
        draw(1, 2),
      ];
      const [P, Q] = [Math.floor((H + 2 - kh) / sh) + 1, Math.floor((W + 2 - kw) / sw) + 1];
      // Mostly equal values; in every third image NaN or zeros of both signs.
      const x = numbers(2 * H * W, i).map((v) =>
        i % 3 ? Math.abs(Math.round(v * 2)) : v < -0.9 ? NaN : Math.round(v),
      );
      const inside = x.map((_, at) => {
        const row = Math.floor(at / W);
        return (row + 1 + 2 * Math.floor(row / H)) * (W + 2) + 1 + (at % W);
      });
      const bordered = new Float32Array(2 * (H + 2) * (W + 2)).fill(-Infinity);
      x.forEach((v, at) => (bordered[inside[at]!] = v));
      const [from, wide, dy] = [put(x), put(bordered), put(numbers(2 * P * Q, i + 1))];
      const [y, wideY] = [reserve(2 * P * Q), reserve(2 * P * Q)];
      const [dx, wideDx] = [reserve(x.length), reserve(bordered.length)];
      const cut = [2, H, W, kh, kw, sh, sw, 1, 1, P, Q] as const;
      const whole = [2, H + 2, W + 2, kh, kw, sh, sw, P, Q] as const;
      kernels.maxPoolWindows(...cut, from, y);
      kernels.maxPool2d(...whole, wide, wideY);
      kernels.maxPoolWindowsGradient(...cut, from, dy, dx);
      kernels.maxPool2dGradient(...whole, wide, dy, wideDx);
      const what = `${numerics}, ${cut.join(' ')}`;
      assert.equal(
        [...read(y, 2 * P * Q)].map(signed),
        [...read(wideY, 2 * P * Q)].map(signed),
        what,
      );
      const slopes = read(wideDx, bordered.length);
      const expected = [...inside].map((at) => slopes[at]!);
      assert.equal([...read(dx, x.length + 1)].map(signed), [...expected, NaN].map(signed), what);
    }
  }
});

test('a window that ceil mode adds within the image does not change the others', async () => {
  const x = input('x', [1, 1, 6, 6]);
  const window = { kernel: [3, 3], stride: [2, 2] } as const;
  const values = numbers(36, 4);
  const run = async (ceilMode: boolean) => {
    const y = ops.avgPool2d(x, { ...window, ceilMode });
    const target = new Float32Array(sizeOf(y.shape));
    return (await valueAndGradients(y, [x], new Map([[x, values]]), target, 'strict')).value;
  };
  const [floor, ceil] = [await run(false), await run(true)];
  assert.is(ceil.length, 9);
  assert.equal(
    [...floor],
    [0, 1, 3, 4].map((i) => ceil[i]!),
  );
});

test('what does not fit is refused', () => {
  const x = input('x', [1, 2, 5, 6]);
  refuses(
    () => ops.maxPool2d(x, { kernel: [3, 3], stride: [1, 1], padding: [1, 2] }),
    /maxPool2d: padding 1×2 is more than half of kernel 3×3/,
  );
  refuses(
    () => ops.avgPool2d(x, { kernel: [9, 2], stride: [1, 1], padding: [1, 1] }),
    /avgPool2d: kernel 9×2 does not fit input 5×6 padded by 1×1/,
  );
  refuses(
    () => ops.avgPool2d(x, { kernel: [2, 2], stride: [1, 1], padding: [-1, 0] }),
    /avgPool2d: padding is -1×0, expected whole numbers of at least 0/,
  );
  refuses(
    () => ops.adaptiveAvgPool2d(x, [0, 2]),
    /adaptiveAvgPool2d: size is 0×2, expected whole numbers of at least 1/,
  );
  refuses(
    () => ops.adaptiveMaxPool2d(input('x', [5, 6]), [2, 2]),
    /adaptiveMaxPool2d: expected an input of N×C×H×W, found 5×6/,
  );
  refuses(() => ops.globalMaxPool2d(input('x', [5])), /globalMaxPool2d: expected .* found 5/);
  refuses(
    () => ops.maxPool1d(x, { kernel: 2, stride: 2 }),
    /maxPool1d: expected an input of N×C×L, found 1×2×5×6/,
  );
});

test.run();
