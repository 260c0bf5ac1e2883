/** Gradients of gradients of gradients: at each order the change of the one before along a vector, by differences. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { fakeQuantize } from '../../src/ops/fake-quantize.js';
import { batchNorm, channelMoments } from '../../src/ops/norm.js';
import * as ops from '../../src/public-ops.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { numbers } from '../support/numbers.js';

const one = ops.constant(1, []);
/** At least 1. */
const above = (x: Tensor): Tensor => ops.add(ops.square(x), one);
/** A row of x, so that what multiplies it depends on x too. */
const rowOf = (x: Tensor): Tensor => ops.reshape(ops.slice(x, [[1, 2]]), [4]);
const planes = (x: Tensor): Tensor => ops.reshape(x, [3, 4, 1, 1]);

/** Functions of 3×4 numbers. */
const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  gelu: (x) => ops.gelu(x),
  'gelu, tanh': (x) => ops.gelu(x, 'tanh'),
  erf: ops.erf,
  exp: ops.exp,
  log: (x) => ops.log(above(x)),
  sqrt: (x) => ops.sqrt(above(x)),
  reciprocal: (x) => ops.reciprocal(above(x)),
  pow: (x) => ops.pow(above(x), above(x)),
  silu: ops.silu,
  softplus: ops.softplus,
  sigmoid: ops.sigmoid,
  tanh: ops.tanh,
  scaledTanh: ops.scaledTanh,
  mish: ops.mish,
  sin: ops.sin,
  atan: ops.atan,
  cosh: ops.cosh,
  asinh: ops.asinh,
  softmax: (x) => ops.softmax(x),
  logSoftmax: (x) => ops.logSoftmax(x),
  logsumexp: (x) => ops.logsumexp(x, 1),
  prod: (x) => ops.prod(x, 1),
  cumsum: (x) => ops.square(ops.cumsum(ops.square(x), 1)),
  mean: (x) => ops.multiply(x, ops.mean(ops.square(x), 1, true)),
  length: (x) => ops.sqrt(ops.sum(ops.square(x), 1)),
  layerNorm: (x) => ops.tanh(ops.layerNorm(x, [4], rowOf(x), null, 0.1)),
  rmsNorm: (x) => ops.tanh(ops.rmsNorm(x, [4], rowOf(x), 0.1)),
  groupNorm: (x) => ops.tanh(ops.groupNorm(planes(x), 2, rowOf(x), null, 0.1)),
  // PyTorch's is wrong here: what it keeps of the forward pass counts as constant (pytorch#186256).
  batchNorm: (x) => ops.tanh(batchNorm(x, channelMoments(x), rowOf(x), ops.constant(0, [4]), 0.1)),
  localResponseNorm: (x) =>
    ops.localResponseNorm(planes(x), { size: 3, alpha: 1, beta: 0.75, k: 1 }),
  rbf: (x) => ops.tanh(ops.rbf(x, ops.slice(x, [[0, 2]]))),
  products: (x) =>
    ops.batchMatmul(ops.reshape(ops.square(x), [1, 3, 4]), ops.reshape(x, [1, 4, 3])),
  attention(x) {
    const sequence = ops.reshape(x, [1, 3, 4]);
    return ops.attention(sequence, sequence, sequence, { heads: 2, causal: false });
  },
  // Exponentials, so that no derivative is 0.
  max: (x) => ops.max(ops.exp(x), 1),
  topK: (x) => ops.topK(ops.exp(x), 2).values,
  scatter: (x) => ops.scatter(x, ops.constant(0, x.shape), ops.exp(x), 1),
  'scatter, add': (x) => ops.scatter(x, ops.constant(0, x.shape), ops.exp(x), 1, { reduce: 'add' }),
  maxPool3d: (x) =>
    ops.exp(
      ops.maxPool3d(ops.reshape(x, [1, 1, 3, 2, 2]), { kernel: [2, 2, 2], stride: [1, 1, 1] }),
    ),
};

const [at, v, w] = [5, 6, 7].map((seed) => numbers(12, seed)) as [
  Float32Array,
  Float32Array,
  Float32Array,
];
const h = 2 ** -7;

for (const [name, f] of Object.entries(functions)) {
  test(name, async () => {
    const x = parameter('x', [3, 4]);
    const [along, across] = [input('along', [3, 4]), input('across', [3, 4])];
    const y = f(x);
    const weights = input('weights', y.shape);
    const rate = (t: Tensor, by: Tensor) => ops.sum(ops.multiply(t, by));
    const next = (of: Tensor, by: Tensor) => rate(ops.gradients(of, [x])[0]!, by);
    const first = next(rate(y, weights), along);
    const second = next(first, across);
    const third = next(second, along);
    const valuesAt = async (values: Float32Array) => {
      const feeds = new Map([
        [x, values],
        [along, v],
        [across, w],
        [weights, numbers(sizeOf(y.shape), 9)],
      ]);
      const found = await evaluate([first, second, third], feeds, { numerics: 'strict' });
      return found.map(([value]) => value!);
    };
    const change = async (vector: Float32Array, order: number) => {
      const steps = [1, -1, 2, -2].map((k) => valuesAt(at.map((a, i) => a + k * h * vector[i]!)));
      const [a, b, c, d] = (await Promise.all(steps)).map((values) => values[order]!);
      return (8 * (a! - b!) - (c! - d!)) / (12 * h);
    };
    const found = await valuesAt(at);
    for (const [order, expected] of [
      [1, await change(w, 0)],
      [2, await change(v, 1)],
    ] as const) {
      const error = Math.abs(found[order]! - expected) / Math.max(1, Math.abs(expected));
      assert.ok(error < 1e-3, `order ${order + 1}: ${found[order]}, expected ${expected}`);
      assert.is.not(found[order], 0);
    }
  });
}

test('straight through the rounding of fake quantisation: derivatives at the rounded values, 0 beyond the ends', async () => {
  const range = { scale: 0.25, zero: 0, low: -2, high: 2 };
  const third = (x: Tensor, f: (x: Tensor) => Tensor) => {
    const next = (t: Tensor) => ops.gradients(ops.sum(t), [x])[0]!;
    return next(next(next(ops.sin(f(x)))));
  };
  const x = parameter('x', [3, 4]);
  const rounded = at.map((v) => Math.max(-2, Math.min(2, Math.round(v * 4))) / 4);
  const found = async (f: (x: Tensor) => Tensor, values: Float32Array) =>
    (await evaluate([third(x, f)], new Map([[x, values]]), { numerics: 'strict' }))[0]!;
  const plain = await found((t) => ops.scale(t, 1), rounded);
  const expected = plain.map((v, i) => (Math.abs(Math.round(at[i]! * 4)) <= 2 ? v : 0));
  assert.equal(await found((t) => fakeQuantize(t, range), at), expected);
  assert.ok(expected.some((v) => v === 0) && expected.some((v) => v < 0));
});

test.run();
