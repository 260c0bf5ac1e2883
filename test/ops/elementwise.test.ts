/**
 * Activations, sums and reshape: values and gradients against PyTorch and central differences. Points lie
 * in [−1, 1); for relu those within 0.01 of its kink are moved away.
 */
import { test } from 'uvu';
import { input } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const functions = {
  relu: ops.relu,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  scaledTanh: ops.scaledTanh,
};

interface Case {
  kind: keyof typeof functions;
  x: [number];
  scale: number;
  seed: number;
  y: string;
  gradients: { x: string };
}

for (const numerics of availableNumerics) {
  test(`activations (${numerics}) are PyTorch’s, for inputs from thousandths to 30`, async () => {
    for (const { kind, x: shape, scale, seed, y: value, gradients } of loadGolden<Case>(
      'activations',
    )) {
      const x = input('x', shape);
      const y = functions[kind](x);
      const feeds = new Map([[x, numbers(shape[0], seed).map((v) => Math.fround(v * scale))]]);
      const result = await valueAndGradients(y, [x], feeds, numbers(shape[0], seed + 1), numerics);
      assertClose(result.value, unpack(value), 1e-6, `${kind} × ${scale}`);
      // Where tanh and sigmoid are flat, 1 − y² has the absolute error of y, so the measure is the largest gradient's.
      assertClose(result.found[0]!, unpack(gradients.x), 1e-4, `${kind} × ${scale}: gradient`);
    }
  });

  test(`gradients (${numerics}) are those of the definition, by central differences`, async () => {
    for (const kind of Object.keys(functions) as (keyof typeof functions)[]) {
      for (const count of [1, 2, 3, 4, 5, 31]) {
        const x = input('x', [count]);
        const values = numbers(count, count + 3).map((v) => (Math.abs(v) < 0.01 ? v + 0.02 : v));
        const target = numbers(count, count + 5);
        const { found } = await valueAndGradients(
          functions[kind](x),
          [x],
          new Map([[x, values]]),
          target,
          numerics,
        );
        const loss = (at: Float64Array) =>
          reference.distance(at.map(reference.activations[kind]!), target);
        assertClose(
          found[0]!,
          reference.centralDifferences(loss, values),
          1e-3,
          `${kind} of ${count}`,
        );
      }
    }
  });

  test(`softmax (${numerics}) and its gradient are the definition’s`, async () => {
    for (const [n, C] of [
      [1, 1],
      [2, 3],
      [3, 10],
      [1, 17],
    ] as const) {
      const x = input('x', [n, C]);
      const values = numbers(n * C, 4).map((v) => v * 3);
      const target = numbers(n * C, 5);
      const { value, found } = await valueAndGradients(
        ops.softmax(x),
        [x],
        new Map([[x, values]]),
        target,
        numerics,
      );
      assertClose(value, reference.softmax(values, n, C), 1e-6, `softmax ${n}×${C}`);
      if (C === 1) continue; // constant 1: its gradient is 0, and rounding noise against 0 says nothing
      const loss = (at: Float64Array) => reference.distance(reference.softmax(at, n, C), target);
      assertClose(
        found[0]!,
        reference.centralDifferences(loss, values),
        1e-3,
        `softmax gradient ${n}×${C}`,
      );
    }
  });

  test(`a tensor read twice (${numerics}) gets both gradients`, async () => {
    const x = input('x', [5]);
    const y = ops.add(ops.tanh(x), ops.add(x, x));
    const values = numbers(5, 1);
    const target = numbers(5, 2);
    const { found } = await valueAndGradients(y, [x], new Map([[x, values]]), target, numerics);
    const loss = (at: Float64Array) =>
      reference.distance(
        at.map((v) => Math.tanh(v) + 2 * v),
        target,
      );
    assertClose(found[0]!, reference.centralDifferences(loss, values), 1e-3, 'tanh x + 2x');
  });

  test(`sums (${numerics}) and their gradients are the definition’s`, async () => {
    const x = input('x', [3, 7]);
    const values = numbers(21, 6);
    const feeds = new Map([[x, values]]);
    const { value, found } = await valueAndGradients(
      ops.weightedSum(x, 0.25),
      [x],
      feeds,
      Float32Array.of(2),
      numerics,
    );
    const sum = values.reduce((total, v) => total + v, 0) / 4;
    assertClose(value, [sum], 1e-5, 'weighted sum');
    assertClose(
      found[0]!,
      values.map(() => 2 * (sum - 2) * 0.25),
      1e-4,
      'its gradient',
    );
    const image = input('image', [2, 3, 5]);
    const pixels = numbers(30, 7);
    const { evaluate } = await import('../../src/step/compute-tensors.js');
    const [rows, channels] = await evaluate(
      [ops.sumRows(x), ops.sumChannels(image)],
      new Map([
        [x, values],
        [image, pixels],
      ]),
      { numerics },
    );
    assertClose(
      rows!,
      Array.from({ length: 7 }, (_, j) => values[j]! + values[7 + j]! + values[14 + j]!),
      1e-5,
      'rows',
    );
    const channel = (c: number) =>
      pixels.filter((_, i) => Math.floor(i / 5) % 3 === c).reduce((a, b) => a + b, 0);
    assertClose(channels!, [0, 1, 2].map(channel), 1e-5, 'channels');
  });
}

test('shapes that do not fit are refused with both', () => {
  refuses(() => ops.add(input('a', [2, 3]), input('b', [3, 2])), /add: shapes 2×3 and 3×2 differ/);
  refuses(() => ops.reshape(input('a', [2, 3]), [7]), /reshape: 2×3 has 6 elements, 7 has 7/);
});

test.run();
