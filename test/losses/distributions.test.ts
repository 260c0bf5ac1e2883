/**
 * Losses of outputs that describe distributions: values and gradients by the definition in double precision, scores that
 * do not cross, intervals that hold their share, and what is refused.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  intervalReader,
  levelOf,
  middleOf,
  normalQuantile,
  widthOfSpread,
} from '../../src/base/spread.js';
import { LanewiseError } from '../../src/base/errors.js';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import { gaussian, quantile, type Loss } from '../../src/losses/loss-kinds.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

type Scale = number | number[] | undefined;

const scaleOf = (scale: Scale, k: number): number =>
  typeof scale === 'number' ? scale : (scale?.[k % scale.length] ?? 1);

const mean = (values: readonly number[]): number =>
  values.reduce((a, b) => a + b, 0) / values.length;

/** The mean over k values of a function of each one's outputs, target and scale. */
const byValue = (
  y: Float64Array,
  t: Float32Array,
  width: number,
  n: number,
  scale: Scale,
  of: (outputs: number[], target: number, scale: number) => number,
): number[] => {
  const k = t.length / n;
  return Array.from({ length: n }, (_, i) =>
    mean(
      Array.from({ length: k }, (__, j) => {
        const at = i * k + j;
        return of(Array.from(y.subarray(at * width, (at + 1) * width)), t[at]!, scaleOf(scale, j));
      }),
    ),
  );
};

const cases: readonly (readonly [targetShape: Shape, shapes: (width: number) => Shape[]])[] = [
  [[5], (width) => [[5, width]]],
  [[4, 1], (width) => [[4, width]]],
  [
    [3, 6],
    (width) => [
      [3, 6 * width],
      [3, 6, width],
    ],
  ],
  [[2, 3, 2], (width) => [[2, 3, 2, width]]],
];

for (const numerics of availableNumerics) {
  test(`quantile and gaussian (${numerics}) are their definitions, and so are their gradients`, async () => {
    for (const [targetShape, shapes] of cases) {
      const n = targetShape[0]!;
      const size = sizeOf(targetShape);
      const t = numbers(size, 41);
      const target = input('target', targetShape);
      for (const scale of [undefined, 0.7, targetShape.length > 1 ? [0.6, 1.5] : [2]]) {
        if (Array.isArray(scale) && (size / n) % scale.length > 0) continue;
        const given = scale === undefined ? {} : { scale };
        for (const quantiles of [[0.1, 0.5, 0.9], [0.3], [0.2, 0.4, 0.45, 0.8]]) {
          for (const shape of shapes(quantiles.length)) {
            await checkOp({
              what: `quantile ${quantiles.join(' ')} of ${shape.join('×')}, scale ${String(scale)}`,
              shapes: [shape],
              seed: 7,
              numerics,
              prepare: (value) => 2 * value,
              fixed: new Map([[target, t]]),
              op: (x) => quantile({ quantiles, ...given }).perSample(x, target),
              definition: (y) =>
                byValue(y!, t, quantiles.length, n, scale, (outputs, truth, by) =>
                  mean(
                    quantiles.map((q, i) => {
                      const d = (truth - outputs[i]!) / by;
                      return Math.max(q * d, (q - 1) * d);
                    }),
                  ),
                ),
            });
          }
        }
        for (const shape of shapes(2)) {
          await checkOp({
            what: `gaussian of ${shape.join('×')}, scale ${String(scale)}`,
            shapes: [shape],
            seed: 9,
            numerics,
            prepare: (value) => 2 * value,
            fixed: new Map([[target, t]]),
            op: (x) => gaussian(given).perSample(x, target),
            definition: (y) =>
              byValue(y!, t, 2, n, scale, ([m, s], truth, by) => {
                const d = (truth - m!) / by;
                return (s! + (d * d) / Math.exp(s!)) / 2;
              }),
          });
        }
      }
    }
  });
}

async function compute(
  of: (output: Tensor) => Tensor,
  shape: Shape,
  values: readonly number[],
): Promise<number[]> {
  const x = input('x', shape);
  const [found] = await evaluate([of(x)], new Map([[x, Float32Array.from(values)]]), {
    numerics: 'strict',
  });
  return [...found!];
}

test('scores of quantiles rise, whatever the outputs are, and sorting does not enlarge the loss', async () => {
  for (const width of [1, 2, 3, 5, 8]) {
    const quantiles = Array.from({ length: width }, (_, i) => (i + 1) / (width + 1));
    const loss = quantile({ quantiles });
    const values = numbers(6 * 2 * width, width);
    for (const shape of [
      [6, 2 * width],
      [6, 2, width],
    ]) {
      const scores = await compute((x) => loss.scores(x), shape, [...values]);
      const expected = Array.from({ length: 12 }, (_, i) =>
        Array.from(values.slice(i * width, (i + 1) * width).toSorted()),
      ).flat();
      assert.equal(scores, expected);
      const target = input('target', [6, 2]);
      const lossOf = async (outputs: readonly number[]) => {
        const x = input('x', shape);
        const feeds = new Map([
          [x, Float32Array.from(outputs)],
          [target, numbers(12, 3)],
        ]);
        const [found] = await evaluate([loss.perSample(x, target)], feeds, { numerics: 'strict' });
        return mean([...found!]);
      };
      assert.ok((await lossOf(scores)) <= (await lossOf([...values])) + 1e-6);
    }
  }
});

test('scores of gaussian are mean and deviation in the target’s unit', async () => {
  const loss = gaussian({ scale: [2, 10] });
  const outputs = [5, 0, 70, Math.log(4), -3, -1000, 1, Math.log(0.25)];
  const scores = await compute((x) => loss.scores(x), [2, 4], outputs);
  // The variance is at least 1e-6 of scale².
  assertClose(scores, [5, 2, 70, 20, -3, 0.002, 1, 5], 1e-5, 'scores');
});

test('a prediction that is too sure still has a gradient that makes it less sure', async () => {
  const x = input('x', [1, 2]);
  const target = input('target', [1]);
  const [gradient] = gradients(ops.weightedSum(gaussian().perSample(x, target), 1), [x]);
  const feeds = new Map([
    [x, Float32Array.of(0, -40)],
    [target, Float32Array.of(1)],
  ]);
  const [found] = await evaluate([gradient!], feeds, { numerics: 'strict' });
  assert.ok(found![1]! < -1000 && Number.isFinite(found![1]), String(found![1]));
});

test('the quantiles of a normal distribution', () => {
  const known: readonly (readonly [p: number, x: number])[] = [
    [0.5, 0],
    [0.75, 0.6744897501960817],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.9995, 3.2905267314918945],
    [0.999999, 4.753424308822899],
  ];
  for (const [p, x] of known) {
    assert.ok(Math.abs(normalQuantile(p) - x) < 1e-9, `${p}: ${normalQuantile(p)}`);
    assert.ok(Math.abs(normalQuantile(1 - p) + x) < 1e-9, `${1 - p}`);
  }
});

test('scores are read as a value and its interval', () => {
  const quantiles = { quantiles: [0.1, 0.4, 0.6, 0.8] };
  assert.equal([widthOfSpread(quantiles), middleOf(quantiles.quantiles)], [4, 1]);
  assert.ok(Math.abs(levelOf(quantiles) - 0.7) < 1e-12);
  assert.equal(intervalReader(quantiles)([0, 0, 0, 0, 1, 2, 3, 4], 4), {
    value: 2,
    low: 1,
    high: 4,
  });
  const { value, low, high } = intervalReader({ normal: 0.95 })([10, 2], 0);
  assert.is(value, 10);
  assertClose([low, high], [10 - 2 * 1.959964, 10 + 2 * 1.959964], 1e-6, 'interval');
});

test('what does not fit is refused', () => {
  const perSample = (loss: Loss, output: Shape, target: Shape) => () =>
    loss.perSample(input('output', output), input('target', target));
  refuses(
    perSample(quantile(), [4, 2], [4, 1]),
    /quantile: output 4×2 does not fit target 4×1: expected 3 outputs for each value, such as n×3 for n×1/,
  );
  refuses(perSample(gaussian(), [4, 2], [4, 2]), /gaussian: output 4×2 does not fit target 4×2/);
  refuses(perSample(gaussian(), [4], [4]), /gaussian: output 4 does not fit/);
  refuses(
    perSample(gaussian({ scale: [1, 2, 3] }), [4, 4], [4, 2]),
    /gaussian: scale has 3 numbers, which do not fit a target of 2 values/,
  );
  const refused: readonly (readonly [() => unknown, RegExp])[] = [
    [
      () => quantile({ quantiles: [0.5, 0.5] }),
      /quantile: quantiles\[1\] is 0.5, expected one above the 0.5 before it/,
    ],
    [
      () => quantile({ quantiles: [0] }),
      /quantile: quantiles\[0\] is 0, expected a number above 0/,
    ],
    [() => quantile({ quantiles: [] }), /quantile: quantiles is \[\], expected a list/],
    [() => gaussian({ level: 1.5 }), /gaussian: level is 1.5, expected a number above 0/],
    [() => gaussian({ scale: 0 }), /gaussian: scale is 0, expected a number above 0/],
    [() => gaussian({ scale: [1, -2] }), /gaussian: scale\[1\] is -2, expected a number above 0/],
  ];
  for (const [create, message] of refused)
    assert.throws(
      create,
      (error: LanewiseError) =>
        error instanceof LanewiseError && error.kind === 'argument' && message.test(error.message),
      String(message),
    );
});

test.run();
