/**
 * Ops in each other's company, where the compiler changes what runs: an activation in a product's epilogue,
 * an output in its input's memory. Values and gradients are still the definition's. The numbers before a
 * relu keep 1e-3 away from its kink, a hundred times the step of the central difference; the test says so
 * if they do not.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/ops.js';
import { assertClose } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';

type Values = readonly ArrayLike<number>[];
const kinds = ['relu', 'sigmoid', 'tanh', 'scaledTanh'] as const;

/** Compares y and its gradients by all leaves with `definition`, which computes y in double precision. */
async function check(
  leaves: readonly Tensor[],
  y: Tensor,
  definition: (values: Values) => Float64Array,
  numerics: 'strict' | 'fused',
  what: string,
) {
  const values = leaves.map((t, i) => numbers(sizeOf(t.shape), 31 * i + 7));
  const feeds = new Map(leaves.map((t, i) => [t, values[i]!]));
  const target = numbers(sizeOf(y.shape), 901);
  const { value, found } = await valueAndGradients(y, leaves, feeds, target, numerics);
  assertClose(value, definition(values), 1e-5, what);
  values.forEach((_, i) => {
    const loss = (changed: Float64Array) =>
      reference.distance(definition(values.map((v, j) => (i === j ? changed : v))), target);
    const expected = reference.centralDifferences(loss, values[i]!);
    assertClose(found[i]!, expected, 1e-3, `${what}: gradient by leaf ${i}`);
  });
}

/** Applies the activation; for relu, refuses numbers so near 0 that a central difference would cross it. */
const activate = (kind: (typeof kinds)[number], before: Float64Array): Float64Array => {
  if (kind === 'relu')
    assert.ok(
      before.every((v) => Math.abs(v) > 1e-3),
      'too near relu’s kink',
    );
  return before.map(reference.activations[kind]!);
};

for (const numerics of availableNumerics) {
  test(`an activation after linear (${numerics}), with and without a bias`, async () => {
    for (const [n, inputs, outputs] of [
      [1, 1, 1],
      [3, 5, 9],
      [5, 13, 8],
    ] as const) {
      const [x, w, b] = [
        input('x', [n, inputs]),
        parameter('w', [outputs, inputs]),
        parameter('b', [outputs]),
      ];
      for (const kind of kinds) {
        const what = `${kind} of ${n}×${inputs}·${inputs}×${outputs}`;
        const withBias = ([x, w, b]: Values) =>
          activate(kind, reference.linear(x!, w!, b!, n, inputs, outputs));
        await check([x, w, b], ops[kind](ops.linear(x, w, b)), withBias, numerics, what);
        const zero = new Float64Array(outputs);
        const without = ([x, w]: Values) => withBias([x!, w!, zero]);
        await check(
          [x, w],
          ops[kind](ops.linear(x, w, null)),
          without,
          numerics,
          `${what}, no bias`,
        );
      }
    }
  });

  test(`an activation after conv2d (${numerics}), with and without a bias`, async () => {
    const window = { kernel: [3, 2], stride: [2, 1], padding: [1, 0] } as const;
    const image = { N: 2, C: 2, H: 5, W: 6 };
    const [x, w, b] = [input('x', [2, 2, 5, 6]), parameter('w', [5, 2, 3, 2]), parameter('b', [5])];
    for (const kind of kinds) {
      const withBias = ([x, w, b]: Values) =>
        activate(kind, reference.conv2d(x!, w!, b!, image, 5, window));
      await check([x, w, b], ops[kind](ops.conv2d(x, w, b, window)), withBias, numerics, kind);
      const without = ([x, w]: Values) => withBias([x!, w!, new Float64Array(5)]);
      const y = ops[kind](ops.conv2d(x, w, null, window));
      await check([x, w], y, without, numerics, `${kind}, no bias`);
    }
  });

  test(`an activation after batch normalisation (${numerics}), by own and by given moments`, async () => {
    for (const shape of [
      [2, 3, 3, 3],
      [2, 2, 4, 4],
      [3, 5],
    ]) {
      const [N, C, ...area] = shape as [number, number];
      const extents = [N, C, sizeOf(area)] as const;
      const names = ['w', 'b', 'mean', 'variance'];
      const leaves = [input('x', shape), ...names.map((name) => parameter(name, [C]))];
      const [x, w, b, mean] = leaves as [Tensor, Tensor, Tensor, Tensor];
      for (const kind of kinds) {
        const own = ([x, w, b]: Values) =>
          activate(kind, reference.batchNorm(x!, w!, b!, extents, 0.1));
        const y = ops[kind](ops.batchNorm(x, ops.channelMoments(x), w, b, 0.1));
        await check([x, w, b], y, own, numerics, `${kind} of ${shape.join('×')}`);
        // Given ones have no gradient: the value alone.
        const given = ops.normalize({ x, weight: w, bias: b, mean, variance: mean }, 2);
        const values = [x, w, b, mean].map((t, i) => numbers(sizeOf(t.shape), 31 * i + 7));
        const feeds = new Map([x, w, b, mean].map((t, i) => [t, values[i]!]));
        const [value] = await evaluate([ops[kind](given)], feeds, { numerics });
        const expected = Float64Array.from(values[0]!, (v, i) => {
          const c = Math.floor(i / extents[2]) % C;
          const m = values[3]![c]!;
          return ((v - m) / Math.sqrt(m + 2)) * values[1]![c]! + values[2]![c]!;
        }).map(reference.activations[kind]!);
        assertClose(value!, expected, 1e-5, `${kind} of ${shape.join('×')}, given moments`);
      }
    }
  });

  test(`a residual block (${numerics}): a sum with an activation, and a tensor that is read twice`, async () => {
    for (const n of [1, 3, 5]) {
      const [x, w, v] = [input('x', [n, 3]), parameter('w', [3, 3]), parameter('v', [3, 3])];
      const zero = new Float64Array(3);
      const plus = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Float64Array.from(a, (value, i) => value + b[i]!);
      for (const kind of kinds) {
        const definition = ([x, w, v]: Values) => {
          const first = activate(kind, plus(reference.linear(x!, w!, zero, n, 3, 3), x!));
          return plus(reference.linear(first, v!, zero, n, 3, 3), first);
        };
        const first = ops[kind](ops.add(ops.linear(x, w, null), x));
        const y = ops.add(ops.linear(first, v, null), first);
        await check([x, w, v], y, definition, numerics, `${kind}, ${n} rows`);
        const twice = ops[kind](ops.add(x, x));
        const double = ([x]: Values) => activate(kind, plus(x!, x!));
        await check([x], twice, double, numerics, `${kind} of x + x, ${n} rows`);
      }
    }
  });

  test(`two activations in a row (${numerics}): only the first can be in the epilogue`, async () => {
    const [x, w] = [input('x', [3, 4]), parameter('w', [6, 4])];
    const definition = ([x, w]: Values) =>
      reference
        .linear(x!, w!, new Float64Array(6), 3, 4, 6)
        .map(Math.tanh)
        .map(reference.activations['sigmoid']!);
    const y = ops.sigmoid(ops.tanh(ops.linear(x, w, null)));
    await check([x, w], y, definition, numerics, 'sigmoid tanh');
  });

  test(`a buffer is not taken over (${numerics}) while its values are read again, also through a view`, async () => {
    const [x, w] = [input('x', [3, 4]), parameter('w', [4, 4])];
    const before = ops.linear(x, w, null);
    const view = ops.reshape(before, [12]);
    const y = ops.add(ops.tanh(view), ops.reshape(ops.sigmoid(before), [12]));
    const definition = ([x, w]: Values) =>
      reference
        .linear(x!, w!, new Float64Array(4), 3, 4, 4)
        .map((v) => Math.tanh(v) + 1 / (1 + Math.exp(-v)));
    await check([x, w], y, definition, numerics, 'tanh + sigmoid of one product');
    const again = ops.add(view, ops.add(ops.tanh(view), view));
    const sum = ([x, w]: Values) =>
      reference.linear(x!, w!, new Float64Array(4), 3, 4, 4).map((v) => Math.tanh(v) + 2 * v);
    await check([x, w], again, sum, numerics, 'v + (tanh v + v)');
  });
}

test.run();
