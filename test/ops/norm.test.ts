/**
 * Batch normalisation: values, gradients and running statistics against PyTorch and the definition, on planes
 * with and without tails, and where a large mean hides a small variance.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients, type Feeds } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  x: number[];
  offset: number;
  eps: number;
  seed: number;
  y: string;
  evaluated: string;
  running: [mean: string, variance: string];
  gradients: Record<'x' | 'w' | 'b', string>;
}

/** Leaves of batch normalisation, and the numbers that go with them. */
function operands({ x: shape, offset, seed }: Pick<Case, 'x' | 'offset' | 'seed'>) {
  const C = shape[1]!;
  const leaves = [input('x', shape), parameter('w', [C]), parameter('b', [C])] as const;
  const values = leaves.map((t, i) =>
    numbers(sizeOf(t.shape), seed + i).map((v) => (i === 0 ? v + offset : v)),
  );
  return { leaves, values, feeds: new Map(leaves.map((t, i) => [t, values[i]!])) as Feeds };
}

for (const numerics of availableNumerics) {
  test(`values, gradients and statistics (${numerics}) are PyTorch’s`, async () => {
    for (const golden of loadGolden<Case>('norm')) {
      const what = `${golden.x.join('×')} around ${golden.offset}`;
      const { leaves, feeds } = operands(golden);
      const [x, w, b] = leaves;
      const moments = ops.channelMoments(x);
      const y = ops.batchNorm(x, moments, w, b, golden.eps);
      const target = numbers(sizeOf(x.shape), golden.seed + 5);
      const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
      // The mean itself is a float32: half a unit of its last place is in every result (and in PyTorch's
      // float32, whose gradient by x around 100 is off by 9.5e-4).
      const rounding = 1e-5 * Math.abs(golden.offset);
      assertClose(value, unpack(golden.y), 5e-5 + rounding, `${what}: y`);
      (['x', 'w', 'b'] as const).forEach((name, i) =>
        assertClose(found[i]!, unpack(golden.gradients[name]), 2e-4 + rounding, `${what}: ${name}`),
      );

      const C = golden.x[1]!;
      const [mean, variance] = [numbers(C, golden.seed + 3), numbers(C, golden.seed + 4)];
      const m = ops.valuesPerChannel(x);
      const statistics = [ops.row(moments, 0), ops.scale(ops.row(moments, 1), m / (m - 1))];
      const observed = await evaluate(statistics, feeds, { numerics });
      [mean, variance.map((v) => v + 1.5)].forEach((old, i) =>
        assertClose(
          old.map((v, c) => v + 0.1 * (observed[i]![c]! - v)),
          unpack(golden.running[i]!),
          1e-5,
          `${what}: statistic ${i}`,
        ),
      );

      const given = { mean: parameter('mean', [C]), variance: parameter('variance', [C]) };
      feeds.set(given.mean, mean);
      feeds.set(
        given.variance,
        variance.map((v) => v + 1.5),
      );
      const normalized = ops.normalize({ x, weight: w, bias: b, ...given }, golden.eps);
      const [evaluated] = await evaluate([normalized], feeds, { numerics });
      assertClose(evaluated!, unpack(golden.evaluated), 1e-5, `${what}: evaluated`);
    }
  });

  test(`gradients (${numerics}) are those of the definition, by central differences`, async () => {
    for (const shape of [
      [2, 3, 1, 1],
      [3, 2, 3, 5],
      [2, 1, 4, 9],
      [1, 2, 1, 2],
      [2, 2, 8, 5],
      [6, 5],
    ]) {
      const [N, C, ...area] = shape as [number, number];
      const extents = [N, C, sizeOf(area)] as const;
      const { leaves, values, feeds } = operands({ x: shape, offset: 0, seed: 40 + N + C });
      const [x, w, b] = leaves;
      const y = ops.batchNorm(x, ops.channelMoments(x), w, b, 0.01);
      const target = numbers(sizeOf(shape), 9);
      const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
      const definition = ([x, w, b]: readonly ArrayLike<number>[]) =>
        reference.batchNorm(x!, w!, b!, extents, 0.01);
      assertClose(value, definition(values), 1e-5, shape.join('×'));
      values.forEach((_, i) => {
        const loss = (changed: Float64Array) =>
          reference.distance(definition(values.map((v, j) => (i === j ? changed : v))), target);
        const expected = reference.centralDifferences(loss, values[i]!);
        assertClose(found[i]!, expected, 1e-3, `${shape.join('×')}: gradient by leaf ${i}`);
      });
    }
  });

  test(`a channel without variance (${numerics}) becomes its bias`, async () => {
    const { leaves, feeds } = operands({ x: [2, 2, 3, 3], offset: 0, seed: 3 });
    const [x, w, b] = leaves;
    feeds.set(x, new Float32Array(36).fill(0.3));
    const y = ops.batchNorm(x, ops.channelMoments(x), w, b, 1e-5);
    const [value] = await evaluate([y], feeds, { numerics });
    const bias = feeds.get(b)!;
    assertClose(
      value!,
      Array.from(value!, (_, i) => bias[Math.floor(i / 9) % 2]!),
      1e-4,
      'y',
    );
  });
}

for (const numerics of availableNumerics) {
  test(`by given statistics (${numerics}) it is the definition, and so are its gradients`, async () => {
    for (const [seed, shape] of [
      [11, [3, 5]],
      [21, [2, 3, 7]],
      [31, [4, 2, 3, 5]],
      [41, [1, 1, 1, 1]],
    ] as const) {
      const C = shape[1];
      const given = { mean: input('mean', [C]), variance: input('variance', [C]) };
      const mean = numbers(C, seed + 50);
      const variance = numbers(C, seed + 60).map((v) => 1.5 + v);
      const area = sizeOf(shape.slice(2));
      await checkOp({
        what: `normalize of ${shape.join('×')}`,
        shapes: [shape, [C], [C]],
        seed,
        numerics,
        fixed: new Map([
          [given.mean, mean],
          [given.variance, variance],
        ]),
        op: (x, weight, bias) =>
          ops.normalize({ x: x!, weight: weight!, bias: bias!, ...given }, 0.01),
        definition: (x, weight, bias) =>
          x!.map((value, i) => {
            const c = Math.floor(i / area) % C;
            return ((value - mean[c]!) / Math.sqrt(variance[c]! + 0.01)) * weight![c]! + bias![c]!;
          }),
      });
    }
  });
}

test('shapes that do not fit are refused, and so are second derivatives', () => {
  const { leaves } = operands({ x: [2, 3, 4, 4], offset: 0, seed: 1 });
  const [x, w, b] = leaves;
  const moments = ops.channelMoments(x);
  refuses(
    () => ops.batchNorm(x, moments, parameter('w', [4]), b, 0),
    /batchNorm: weight has shape 4, input 2×3×4×4 has 3 channels/,
  );
  refuses(() => ops.channelMoments(input('x', [8])), /batchNorm: expected .*N×C, found 8/);
  refuses(
    () => ops.channelMoments(input('x', [1, 8, 1, 1])),
    /more than one value a channel in training, found a shard of 1×8×1×1/,
  );
  refuses(() => ops.globalAvgPool2d(input('x', [2, 3])), /globalAvgPool2d: expected .* found 2×3/);
  const loss = ops.weightedSum(ops.batchNorm(x, moments, w, b, 0), 1);
  const [dx] = gradients(loss, [x]);
  assert.throws(
    () => gradients(ops.weightedSum(dx!, 1), [x]),
    /batchNormGradient has no gradient, and one is required through it/,
  );
});

test.run();
