/** Fake quantisation: random shapes and ranges against the definition in double precision, PyTorch's values, what is not finite. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Numerics } from '../../src/engine/features.js';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';

/** The nearest whole number; of two the even one. */
function nearest(x: number): number {
  const below = Math.floor(x);
  if (x - below === 0.5) return below % 2 === 0 ? below : below + 1;
  return Math.round(x);
}

/** q of scale·(q − zero) before it is cut off; the product with 1/scale is of float32, as it decides about halves. */
const placeOf = (x: number, { scale, zero }: ops.QuantizedRange): number =>
  nearest(Math.fround(x * Math.fround(1 / Math.fround(scale)))) + zero;

const within = (q: number, { low, high }: ops.QuantizedRange) => Math.min(Math.max(q, low), high);

/** The largest magnitude of each row over 127. */
const scalesOf = (x: Float32Array, rows: number): number[] =>
  Array.from({ length: rows }, (_, row) => {
    const n = x.length / rows;
    const most = x.slice(row * n, row * n + n).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    return Math.fround(most / 127);
  });

/** Values and gradients of Σ (y − target)² of an op of one tensor. */
async function found(
  of: (x: Tensor) => Tensor,
  shape: Shape,
  values: Float32Array,
  numerics: Numerics,
  seed: number,
) {
  const x = input('x', shape);
  const target = numbers(sizeOf(shape), seed);
  const result = await valueAndGradients(of(x), [x], new Map([[x, values]]), target, numerics);
  return { value: result.value, gradient: result.found[0]!, target };
}

for (const numerics of availableNumerics) {
  test(`100 random shapes and ranges (${numerics}): values, and gradients within the ends`, async () => {
    const draw = createDraw(41);
    for (let i = 0; i < 100; i++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 7));
      const low = draw(0, 1) ? 0 : -128;
      const zero = draw(low, 127);
      const range = { scale: draw(1, 40) / 1000, zero, low, high: draw(0, 1) ? 127 : zero };
      const what = JSON.stringify({ shape, range });
      const values = numbers(sizeOf(shape), i).map((value) => 4 * value);
      const of = (x: Tensor) => ops.fakeQuantize(x, range);
      const { value, gradient, target } = await found(of, shape, values, numerics, i + 50);
      const places = Array.from(values, (x) => placeOf(x, range));
      const expected = places.map((q) => range.scale * (within(q, range) - zero));
      assertClose(value, expected, 1e-6, `${what}: value`);
      const slopes = places.map((q, e) =>
        q === within(q, range) ? 2 * (expected[e]! - target[e]!) : 0,
      );
      assertClose(gradient, slopes, 1e-5, `${what}: gradient`);
    }
  });

  test(`100 random shapes (${numerics}), each row in 255 steps up to its largest magnitude`, async () => {
    const draw = createDraw(43);
    for (let i = 0; i < 100; i++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 7));
      const rows = shape[0]!;
      // Some rows are small, and some have zeros only.
      const sizes = Array.from({ length: rows }, () => [1, 1, 1e-3, 0][draw(0, 3)]!);
      const n = sizeOf(shape) / rows;
      const values = numbers(rows * n, i).map((value, e) => value * sizes[Math.floor(e / n)]!);
      const scales = scalesOf(values, rows);
      const result = await found(ops.fakeQuantizeChannels, shape, values, numerics, i + 50);
      const expected = Array.from(values, (x, e) => {
        const scale = scales[Math.floor(e / n)]!;
        return scale && scale * placeOf(x, { scale, zero: 0, low: -127, high: 127 });
      });
      assertClose(result.value, expected, 1e-6, `${JSON.stringify(shape)}: value`);
      const slopes = expected.map((y, e) => 2 * (y - result.target[e]!));
      assertClose(result.gradient, slopes, 1e-5, `${JSON.stringify(shape)}: gradient`);
    }
  });

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    interface Case extends ops.QuantizedRange {
      kind: 'tensor' | 'channels';
      x: number[];
      seed: number;
      values: string;
      y: string;
      gradients: { x: string };
    }
    for (const { kind, x, seed, values, y, gradients, ...range } of loadGolden<Case>(
      'fake-quantize',
    )) {
      const of = (t: Tensor) =>
        kind === 'tensor' ? ops.fakeQuantize(t, range) : ops.fakeQuantizeChannels(t);
      const { value, gradient } = await found(of, x, unpack(values), numerics, seed + 5);
      const what = JSON.stringify({ kind, x, ...range });
      assertClose(value, unpack(y), 1e-6, `${what}: y`);
      assertClose(gradient, unpack(gradients.x), 1e-5, `${what}: gradient`);
    }
  });

  test(`what is not finite (${numerics}) does not disappear, and infinities are cut off`, async () => {
    const values = Float32Array.of(NaN, Infinity, -Infinity, 0.26, 0.24);
    const x = input('x', [5]);
    const range = { scale: 0.5, zero: 1, low: 0, high: 5 };
    const rows = input('rows', [2, 2]);
    const [tensor, channels] = await evaluate(
      [ops.fakeQuantize(x, range), ops.fakeQuantizeChannels(rows)],
      new Map([
        [x, values],
        [rows, Float32Array.of(NaN, 1, 0, 1)],
      ]),
      { numerics },
    );
    assert.equal([...tensor!], [NaN, 2, -0.5, 0.5, 0]);
    assert.equal([...channels!].map(Number.isNaN), [true, true, false, false]);
  });
}

test.run();
