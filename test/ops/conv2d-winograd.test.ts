/**
 * Convolutions that Winograd's algorithm takes over: values and gradients against the definition in double precision,
 * and how much larger the rounding error is than the direct one's.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile } from '../../src/compiler/compile.js';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { kernelsFor, extents } from '../../src/ops/conv2d-extents.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { address } from '../../src/program/program.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/conv.js';
import * as plainReference from '../reference/ops.js';
import { checkOp } from '../support/check-op.js';
import { createDraw, numbers } from '../support/numbers.js';

interface Case {
  readonly x: [N: number, C: number, H: number, W: number];
  readonly O: number;
  readonly padding: [number, number];
  /** Extent of the filters; default 3. */
  readonly k?: number;
  /** Default 1. */
  readonly groups?: number;
  readonly activation?: 'relu' | 'tanh';
}

const cases: readonly Case[] = [
  // Whole tiles without padding.
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
  // More channels than one block of k, and than a block of filters.
  { x: [1, 264, 4, 4], O: 8, padding: [1, 1] },
  { x: [3, 132, 9, 6], O: 140, padding: [1, 1] },
  // Groups.
  { x: [2, 24, 8, 9], O: 36, padding: [1, 1], groups: 3, activation: 'relu' },
  { x: [3, 16, 13, 13], O: 48, padding: [1, 1], groups: 2, activation: 'tanh' },
  // 5×5 filters.
  { x: [3, 12, 9, 7], O: 16, padding: [2, 2], k: 5, activation: 'relu' },
  { x: [2, 24, 14, 27], O: 16, padding: [2, 2], k: 5, groups: 2 },
  { x: [1, 12, 6, 8], O: 16, padding: [1, 4], k: 5, activation: 'tanh' },
  // Planes of 2×2: more images than a block, more channels than one block of k, groups.
  { x: [139, 16, 2, 2], O: 12, padding: [1, 1], activation: 'relu' },
  { x: [5, 264, 2, 2], O: 32, padding: [1, 1] },
  { x: [3, 48, 2, 2], O: 32, padding: [1, 1], groups: 2, activation: 'tanh' },
];

/** A layer with planes of 2×2 to 9×9, any padding, an odd number of images. */
function drawCase(seed: number): Case {
  const draw = createDraw(seed);
  const [k, groups] = [draw(0, 1) ? 3 : 5, draw(1, 3)];
  const channels = () => groups * 4 * draw(2, 6);
  const padding: [number, number] = [draw(0, 2), draw(0, 2)];
  const extent = (pad: number) => Math.max(k - 2 * pad, draw(2, 9));
  const x: Case['x'] = [2 * draw(0, 2) + 1, channels(), extent(padding[0]), extent(padding[1])];
  return { x, O: channels(), padding, k, groups };
}

const attributesOf = ({ padding, groups = 1 }: Case) => ({
  stride: [1, 1] as const,
  padding,
  dilation: [1, 1] as const,
  groups,
});

const weightShape = ({ x: [, C], O, k = 3, groups = 1 }: Case): number[] => [O, C / groups, k, k];

const definitionOf = (one: Case): reference.Convolution => {
  const [ph, pw] = one.padding;
  const shapes = { x: one.x, w: weightShape(one) };
  return { ...attributesOf(one), ...shapes, sides: [pw, pw, ph, ph], mode: 'zeros' };
};

/** y, and the gradients of Σ dy·y by x and w. */
async function run(
  one: Case,
  algorithm: ops.Algorithm,
  values: ReturnType<typeof drawValues>,
  numerics: 'strict' | 'fused',
) {
  const x = input('x', one.x);
  const w = parameter('w', weightShape(one));
  const b = parameter('b', [one.O]);
  const linear = ops.conv2d(x, w, b, { ...attributesOf(one), algorithm });
  const y = one.activation ? ops[one.activation](linear) : linear;
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

function drawValues(one: Case, seed: number) {
  const definition = definitionOf(one);
  const count = (shape: readonly number[]) => shape.reduce((a, e) => a * e, 1);
  return {
    x: numbers(count(one.x), seed),
    w: numbers(count(definition.w), seed + 1),
    b: numbers(one.O, seed + 2),
    dy: numbers(count(reference.outputShape(definition)), seed + 3),
  };
}

/** The values of `run`, without activation, in double precision. */
function expect(one: Case, { x, w, b, dy }: ReturnType<typeof drawValues>) {
  const { groups = 1, k = 3, padding, O } = one;
  if (groups === 1) {
    const [N, C, H, W] = one.x;
    const window = { kernel: [k, k], stride: [1, 1], padding } as const;
    const y = plainReference.conv2d(x, w, b, { N, C, H, W }, O, window);
    const [dx, dw] = plainReference.conv2dGradients(x, w, dy, { N, C, H, W }, O, window);
    return { y, dx, dw };
  }
  const definition = definitionOf(one);
  const y = reference.conv2d(definition, x, w, b);
  const [dx, dw] = [new Float64Array(x.length), new Float64Array(w.length)];
  reference.eachProduct(definition, (to, tap, from) => {
    dx[from]! += w[tap]! * dy[to]!;
    dw[tap]! += x[from]! * dy[to]!;
  });
  return { y, dx, dw };
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

const apply = { relu: (v: number) => Math.max(v, 0), tanh: Math.tanh };

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are the definition’s`, async () => {
    const random = Array.from({ length: 60 }, (_, i) => drawCase(i));
    for (const [i, one] of [...cases, ...random].entries()) {
      const what = JSON.stringify(one);
      const values = drawValues(one, 10 * i);
      const found = await run(one, 'auto', values, numerics);
      const expected = expect(one, values);
      const { activation } = one;
      close(found.y, activation ? expected.y.map(apply[activation]) : expected.y, `${what}: y`);
      close(found.dx, expected.dx, `${what}: gradient by x`);
      close(found.dw, expected.dw, `${what}: gradient by w`);
    }
  });
}

const wayOf = (one: Case) =>
  kernelsFor(extents(one.x, weightShape(one), attributesOf(one)), 'auto');

const differentiated: readonly Case[] = [
  { x: [2, 8, 2, 2], O: 8, padding: [1, 1] },
  { x: [1, 16, 2, 2], O: 16, padding: [1, 1], groups: 2 },
  { x: [1, 8, 4, 3], O: 8, padding: [1, 1] },
  { x: [1, 16, 4, 4], O: 16, padding: [1, 1], groups: 2 },
  { x: [1, 8, 2, 2], O: 8, padding: [2, 2], k: 5 },
];

for (const numerics of availableNumerics) {
  test(`gradients (${numerics}) are those of the definition, by central differences`, async () => {
    for (const [i, one] of differentiated.entries()) {
      assert.is(wayOf(one), 'winograd');
      const sample = definitionOf(one);
      await checkOp({
        what: JSON.stringify(one),
        shapes: [one.x, weightShape(one), [one.O]],
        seed: 50 + 10 * i,
        numerics,
        op: (x, w, b) => ops.conv2d(x!, w!, b!, attributesOf(one)),
        definition: (x, w, b) => reference.conv2d(sample, x!, w!, b),
        tolerance: 1e-4,
        gradientTolerance: 1e-3,
      });
    }
  });
}

test('the listed cases with groups, 5×5 filters and planes of 2×2 are transformed, and half of the random ones', () => {
  assert.equal([...new Set(cases.slice(11).map(wayOf))], ['winograd']);
  const transformed = Array.from({ length: 60 }, (_, i) => drawCase(i)).filter(
    (one) => wayOf(one) === 'winograd',
  );
  assert.ok(transformed.length >= 25, `${transformed.length} of 60`);
  const has = (rule: (one: Case) => boolean) => assert.ok(transformed.some(rule));
  for (const k of [3, 5])
    for (const groups of [1, 2, 3]) has((one) => one.k === k && one.groups === groups);
});

test('filters of stride 1 are transformed where that pays, and never if told not to', () => {
  const kernels = (
    xShape: Case['x'],
    O: number,
    attributes: Partial<ops.Conv2dAttributes> = {},
    k = 3,
  ) => {
    const x = input('x', xShape);
    const w = parameter('w', [O, xShape[1] / (attributes.groups ?? 1), k, k]);
    const padding: [number, number] = [(k - 1) / 2, (k - 1) / 2];
    const y = ops.conv2d(x, w, null, { stride: [1, 1], padding, ...attributes });
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
  const grouped = ['conv2dGrouped', 'conv2dGroupedInputGradient', 'conv2dGroupedWeightGradient'];
  assert.equal(kernels([1, 16, 8, 8], 16, { groups: 2 }), winograd);
  assert.equal(kernels([1, 16, 8, 8], 16, { groups: 4 }), grouped);
  assert.equal(kernels([1, 16, 8, 8], 16, { dilation: [1, 2] }), grouped);
  assert.equal(
    kernels([1, 16, 8, 8], 16, {}, 5),
    ['conv2dInputGradient', ...winograd.slice(1)].toSorted(),
  );
  assert.equal(kernels([1, 8, 1, 1], 8, {}, 5), direct);
  assert.equal(kernels([1, 64, 5, 5], 64), winograd);
  assert.equal(kernels([1, 64, 2, 2], 64), winograd);
  assert.equal(kernels([1, 64, 4, 4], 64, { padding: [0, 0] }).includes('conv2d'), true);
  // Channels that are no multiple of 4, or few; a padding no turned filter has; tiles mostly empty.
  assert.equal(kernels([1, 9, 8, 8], 8), direct);
  assert.equal(kernels([1, 4, 8, 8], 8), direct);
  assert.equal(kernels([1, 8, 5, 5], 8), direct);
});

const measured: readonly [kind: string, one: Case][] = [
  ['3×3', { x: [4, 64, 16, 16], O: 64, padding: [1, 1] }],
  ['3×3 in 2 groups', { x: [4, 64, 16, 16], O: 64, padding: [1, 1], groups: 2 }],
  ['5×5', { x: [4, 64, 16, 16], O: 64, padding: [2, 2], k: 5 }],
  ['3×3 on 2×2', { x: [64, 64, 2, 2], O: 64, padding: [1, 1] }],
];

test('rounding errors against the direct algorithm’s, in units of the results', async () => {
  for (const [kind, one] of measured) {
    const values = drawValues(one, 5);
    const expected = expect(one, values);
    for (const numerics of availableNumerics) {
      const transformed = await run(one, 'auto', values, numerics);
      const direct = await run(one, 'direct', values, numerics);
      for (const name of ['y', 'dx', 'dw'] as const) {
        const ours = errors(transformed[name], expected[name]);
        const plain = errors(direct[name], expected[name]);
        const show = ({ mean, largest }: typeof ours) =>
          `${(mean * 1e7).toFixed(1)} (largest ${(largest * 1e7).toFixed(0)})`;
        const what = `${kind}: ${name} ${numerics}`;
        console.log(`  ${what}: Winograd ${show(ours)}, direct ${show(plain)} · 1e-7`);
        assert.ok(ours.mean < 1e-6 && ours.largest < 1e-5, `${what}: ${show(ours)} · 1e-7`);
        if (kind === '5×5' || kind === '3×3 on 2×2')
          assert.ok(ours.mean < 2 * plain.mean, `${what}: direct ${show(plain)} · 1e-7`);
      }
    }
  }
});

test.run();
