/**
 * 3×3 convolutions of stride 1, which Winograd's algorithm takes over: values and gradients against the
 * definition in double precision, and how much larger the rounding error is than the direct one's.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/compiler/compile.js';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { address } from '../../src/program/program.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { numbers } from '../support/numbers.js';

interface Case {
  readonly x: [N: number, C: number, H: number, W: number];
  readonly O: number;
  readonly padding: [number, number];
  readonly activation?: 'relu' | 'tanh';
}

const cases: readonly Case[] = [
  // Whole tiles without padding: the image is read where it lies.
  { x: [1, 8, 6, 6], O: 8, padding: [0, 0] },
  { x: [3, 12, 10, 14], O: 8, padding: [0, 0] },
  // Tiles that stick out, in one direction and in both; several images in a block, and blocks in an image.
  { x: [1, 8, 8, 8], O: 12, padding: [1, 1] },
  { x: [5, 8, 5, 9], O: 20, padding: [1, 1] },
  { x: [2, 16, 7, 32], O: 16, padding: [2, 1] },
  { x: [2, 8, 9, 12], O: 8, padding: [1, 0] },
  { x: [7, 8, 4, 4], O: 8, padding: [1, 1] },
  { x: [2, 64, 14, 15], O: 64, padding: [1, 1] },
  { x: [1, 16, 40, 37], O: 8, padding: [2, 2] },
  { x: [1, 8, 8, 8], O: 8, padding: [1, 1], activation: 'relu' },
  { x: [1, 8, 7, 7], O: 8, padding: [1, 1], activation: 'tanh' },
  // More channels than one block of k.
  { x: [1, 264, 4, 4], O: 8, padding: [1, 1] },
];

const window = (padding: [number, number]) =>
  ({ kernel: [3, 3], stride: [1, 1], padding }) as const;

/** y, and the gradients of Σ dy·y by x and w. */
async function run(
  { x: shape, O, padding, activation }: Case,
  algorithm: ops.Algorithm,
  values: { x: Float32Array; w: Float32Array; b: Float32Array; dy: Float32Array },
  numerics: 'strict' | 'fused',
) {
  const x = input('x', shape);
  const w = parameter('w', [O, shape[1], 3, 3]);
  const b = parameter('b', [O]);
  const linear = ops.conv2d(x, w, b, { stride: [1, 1], padding, algorithm });
  const y = activation ? ops[activation](linear) : linear;
  const dy = input('dy', linear.shape);
  // Σ dy·y by way of Σ (y + dy)² − Σ y² would round; the ops' own backward rule is asked directly.
  const source = linear.source;
  if (source.kind !== 'op') throw new Error('conv2d is an op');
  const { inputs, attributes } = source;
  const found = source.op.backward!({ inputs, output: linear, attributes }, dy) as {
    x: Tensor;
    w: Tensor;
  };
  const feeds = new Map<Tensor, Float32Array>([
    [x, values.x],
    [w, values.w],
    [b, values.b],
    [dy, values.dy],
  ]);
  const [value, dx, dw] = await evaluate([y, found.x, found.w], feeds, { numerics });
  return { y: value!, dx: dx!, dw: dw! };
}

function draw({ x, O, padding: [ph, pw] }: Case, seed: number) {
  const [N, C, H, W] = x;
  const outputs = N * O * (H + 2 * ph - 2) * (W + 2 * pw - 2);
  return {
    x: numbers(N * C * H * W, seed),
    w: numbers(O * C * 9, seed + 1),
    b: numbers(O, seed + 2),
    dy: numbers(outputs, seed + 3),
  };
}

/** Root mean square and largest difference, both in units of the expected values' root mean square. */
function errors(found: ArrayLike<number>, expected: ArrayLike<number>) {
  assert.is(found.length, expected.length);
  let [squares, differences, largest] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const difference = found[i]! - expected[i]!;
    squares += expected[i]! ** 2;
    differences += difference ** 2;
    largest = Math.max(largest, Number.isNaN(difference) ? Infinity : Math.abs(difference));
  }
  const size = Math.sqrt(squares / expected.length);
  return { mean: Math.sqrt(differences / expected.length) / size, largest: largest / size };
}

function close(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const { mean, largest } = errors(found, expected);
  const found3 = `${what}: off by ${mean.toExponential(1)}, at most ${largest.toExponential(1)}`;
  assert.ok(mean < 2e-6 && largest < 2e-5, found3);
}

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are the definition’s`, async () => {
    for (const [i, shape] of cases.entries()) {
      const what = JSON.stringify(shape);
      const values = draw(shape, 10 * i);
      const [N, C, H, W] = shape.x;
      const image = { N, C, H, W };
      const found = await run(shape, 'auto', values, numerics);
      const { x, w, b, dy } = values;
      const y = reference.conv2d(x, w, b, image, shape.O, window(shape.padding));
      const apply = { relu: (v: number) => Math.max(v, 0), tanh: Math.tanh };
      const expected = shape.activation ? y.map(apply[shape.activation]) : y;
      const [dx, dw] = reference.conv2dGradients(x, w, dy, image, shape.O, window(shape.padding));
      close(found.y, expected, `${what}: y`);
      close(found.dx, dx, `${what}: gradient by x`);
      close(found.dw, dw, `${what}: gradient by w`);
    }
  });
}

test('3×3 filters of stride 1 are transformed where that pays, and never if told not to', () => {
  const kernels = (
    xShape: Case['x'],
    O: number,
    attributes: Partial<ops.Conv2dAttributes> = {},
  ) => {
    const x = input('x', xShape);
    const w = parameter('w', [O, xShape[1], 3, 3]);
    const y = ops.conv2d(x, w, null, { stride: [1, 1], padding: [1, 1], ...attributes });
    const loss = ops.weightedSum(ops.reshape(y, [sizeOf(y.shape)]), 1);
    const outputs = [y, ...gradients(loss, [x, w])];
    return compile({
      name: 'test',
      leaves: new Map([x, w].map((leaf, i) => [leaf, address('batch', i << 20)])),
      outputs: outputs.map((tensor, i) => ({ tensor, at: address('results', i << 20) })),
    })
      .calls.map(({ kernel }) => kernel)
      .filter((kernel) => kernel.startsWith('conv2d'))
      .toSorted();
  };
  const winograd = ['conv2dWinograd', 'conv2dWinograd', 'conv2dWinogradWeightGradient'];
  const direct = ['conv2d', 'conv2dInputGradient', 'conv2dWeightGradient'];
  assert.equal(kernels([1, 8, 8, 8], 8), winograd);
  assert.equal(kernels([64, 64, 7, 7], 64), winograd);
  assert.equal(kernels([1, 8, 8, 8], 8, { algorithm: 'direct' }), direct);
  assert.equal(kernels([1, 8, 8, 8], 8, { stride: [2, 1] }), direct);
  assert.equal(
    kernels([1, 8, 8, 8], 8, { padding: [3, 0] }),
    ['conv2dInputGradient', ...winograd.slice(1)].toSorted(),
  );
  // Channels that are no multiple of 4, or few; a padding no turned filter has; tiles mostly empty.
  assert.equal(kernels([1, 9, 8, 8], 8), direct);
  assert.equal(kernels([1, 4, 8, 8], 8), direct);
  assert.equal(kernels([1, 8, 5, 5], 8), direct);
});

for (const numerics of availableNumerics) {
  test(`rounding errors (${numerics}), against the direct algorithm’s, in units of the results`, async () => {
    const shape: Case = { x: [4, 64, 16, 16], O: 64, padding: [1, 1] };
    const values = draw(shape, 5);
    const { x, w, b, dy } = values;
    const image = { N: 4, C: 64, H: 16, W: 16 };
    const y = reference.conv2d(x, w, b, image, 64, window([1, 1]));
    const [dx, dw] = reference.conv2dGradients(x, w, dy, image, 64, window([1, 1]));
    const transformed = await run(shape, 'auto', values, numerics);
    const direct = await run(shape, 'direct', values, numerics);
    for (const [name, expected] of [
      ['y', y],
      ['dx', dx],
      ['dw', dw],
    ] as const) {
      const [ours, plain] = [errors(transformed[name], expected), errors(direct[name], expected)];
      const show = ({ mean, largest }: typeof ours) =>
        `${(mean * 1e7).toFixed(1)} (largest ${(largest * 1e7).toFixed(0)})`;
      console.log(`  ${name} ${numerics}: Winograd ${show(ours)}, direct ${show(plain)} · 1e-7`);
      assert.ok(ours.mean < 1e-6 && ours.largest < 1e-5, `${name}: ${show(ours)} · 1e-7`);
    }
  });
}

test.run();
