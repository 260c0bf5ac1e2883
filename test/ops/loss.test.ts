/** Losses: values and gradients against PyTorch and central differences; softmax is smooth everywhere. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { predictedClasses } from '../../src/metrics/summary.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  kind: 'crossEntropy' | 'sumOfSquaredErrors';
  x: [number, number];
  scale: number;
  labels?: number[];
  seed: number;
  loss: string;
  gradient: string;
}

const scaled = (count: number, seed: number, scale: number) =>
  numbers(count, seed).map((v) => Math.fround(v * scale));

for (const numerics of availableNumerics) {
  test(`losses and gradients (${numerics}) are PyTorch’s, for logits up to ±50 and 1000 classes`, async () => {
    for (const golden of loadGolden<Case>('losses')) {
      const [n, C] = golden.x;
      const x = input('x', [n, C]);
      const values = scaled(n * C, golden.seed, golden.scale);
      const isCrossEntropy = golden.kind === 'crossEntropy';
      const other = isCrossEntropy ? input('labels', [n], 'i32') : input('target', [n, C]);
      const perSample = isCrossEntropy
        ? ops.crossEntropy(x, other)
        : ops.sumOfSquaredErrors(x, other);
      const feeds = new Map([
        [x, values],
        [
          other,
          isCrossEntropy
            ? Int32Array.from(golden.labels!)
            : scaled(n * C, golden.seed + 1, golden.scale),
        ],
      ]);
      const [gradient] = gradients(ops.weightedSum(perSample, 1 / n), [x]);
      const [loss, found] = await evaluate([perSample, gradient!], feeds, { numerics });
      const what = `${golden.kind} ${n}×${C} × ${golden.scale}`;
      assertClose(loss!, unpack(golden.loss), 1e-5, what);
      assertClose(found!, unpack(golden.gradient), 2e-5, `${what}: gradient`);
    }
  });

  test(`gradients (${numerics}) are those of the definitions, by central differences`, async () => {
    for (const [n, C] of [
      [1, 2],
      [3, 4],
      [2, 10],
      [5, 13],
    ] as const) {
      const x = input('x', [n, C]);
      const labels = input('labels', [n], 'i32');
      const target = input('target', [n, C]);
      const values = numbers(n * C, C).map((v) => v * 2);
      const classes = Int32Array.from({ length: n }, (_, i) => (i * 5) % C);
      const targets = numbers(n * C, C + 1);
      const feeds = new Map<typeof x, Float32Array | Int32Array>([
        [x, values],
        [labels, classes],
        [target, targets],
      ]);
      const mean = (perSample: typeof x) => gradients(ops.weightedSum(perSample, 1 / n), [x])[0]!;
      const [byEntropy, bySquares] = await evaluate(
        [mean(ops.crossEntropy(x, labels)), mean(ops.sumOfSquaredErrors(x, target))],
        feeds,
        { numerics },
      );
      const average = (losses: Float64Array) => losses.reduce((a, b) => a + b, 0) / n;
      const entropy = (at: Float64Array) => average(reference.crossEntropy(at, classes, n, C));
      const squares = (at: Float64Array) => average(reference.squaredErrors(at, targets, n, C));
      assertClose(
        byEntropy!,
        reference.centralDifferences(entropy, values),
        1e-3,
        `cross-entropy ${n}×${C}`,
      );
      assertClose(
        bySquares!,
        reference.centralDifferences(squares, values),
        1e-3,
        `squares ${n}×${C}`,
      );
    }
  });
}

test('hits and one-hot targets follow the labels; of equal scores the first counts', async () => {
  const logits = input('logits', [3, 3]);
  const labels = input('labels', [3], 'i32');
  const feeds = new Map<typeof logits, Float32Array | Int32Array>([
    [logits, Float32Array.of(0, 2, 1, 5, 5, 5, -3, -2, -1)],
    [labels, Int32Array.of(1, 0, 0)],
  ]);
  const [hits, targets] = await evaluate(
    [ops.correct(logits, labels), ops.oneHot(labels, 3)],
    feeds,
    { numerics: 'strict' },
  );
  assert.equal([...hits!], [1, 1, 0]);
  assert.equal([...targets!], [0, 1, 0, 1, 0, 0, 1, 0, 0]);
});

for (const numerics of availableNumerics) {
  test(`picked values and their gradients (${numerics}) are the definition’s`, async () => {
    for (const shape of [
      [5, 3],
      [1, 1],
      [2, 4, 7],
      [2, 3, 2, 5],
      [33, 16],
    ]) {
      const rows = shape.slice(0, -1);
      const C = shape.at(-1)!;
      const index = input('index', rows, 'i32');
      const count = rows.reduce((a, b) => a * b, 1);
      // The last is not one of them, and gives 0.
      const places = Int32Array.from({ length: count }, (_, i) =>
        i === count - 1 ? C : (i * 7) % C,
      );
      await checkOp({
        what: `pick of ${shape.join('×')}`,
        shapes: [shape],
        seed: 41,
        numerics,
        fixed: new Map([[index, places]]),
        op: (x) => ops.pick(x!, index),
        definition: (x) => Float64Array.from(places, (c, i) => (c < C ? x![i * C + c]! : 0)),
      });
    }
  });
}

test('shapes and types that do not fit are refused', () => {
  refuses(
    () => ops.pick(input('x', [4, 3]), input('index', [4])),
    /pick: x 4×3 and index 4 \(f32\), expected n×C and n, or n×T×C and n×T, the index class indices \(i32\)/,
  );
  refuses(() => ops.pick(input('x', [4, 3]), input('index', [4, 1], 'i32')), /index 4×1 \(i32\)/);
  const logits = input('logits', [4, 10]);
  refuses(
    () => ops.crossEntropy(logits, input('labels', [3], 'i32')),
    /crossEntropy: logits 4×10 \(n×classes\) do not fit labels 3 \(n\)/,
  );
  refuses(
    () => ops.crossEntropy(logits, input('labels', [4])),
    /crossEntropy: labels are f32, expected i32/,
  );
  refuses(
    () => ops.sumOfSquaredErrors(logits, input('target', [4, 9])),
    /sumOfSquaredErrors: output 4×10 does not fit target 4×9/,
  );
});

test('a NaN among the scores is what is predicted, as in PyTorch', async () => {
  const logits = input('logits', [2, 3]);
  const labels = input('labels', [2], 'i32');
  const values = Float32Array.of(NaN, 2, 1, 5, NaN, 5);
  const feeds = new Map<typeof logits, Float32Array | Int32Array>([
    [logits, values],
    [labels, Int32Array.of(1, 1)],
  ]);
  const [hits] = await evaluate([ops.correct(logits, labels)], feeds, { numerics: 'strict' });
  assert.equal([...hits!], [0, 1]);
  assert.equal([...predictedClasses(values, 3)], [0, 1]);
  assert.equal([...predictedClasses(new Float32Array(300).fill(1, 256, 257), 300)], [256]);
});

test.run();
