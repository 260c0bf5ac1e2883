/**
 * Penalties on a net's gradient by its input, inside a layer: their gradients by the weights, which take second derivatives,
 * and products with their Hessian, which take third ones, are PyTorch's.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf } from '../../src/graph/tensor.js';
import * as L from '../../src/layers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { hessianVectorProduct } from '../../src/look/hessian-vector-product.js';
import * as ops from '../../src/public-ops.js';
import { availableNumerics } from '../kernels/instance.js';
import { loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

const nets = {
  tanh: () => [L.linear(4, 5), L.tanh(), L.linear(5, 1)],
  leakyRelu: () => [L.linear(4, 5), L.leakyRelu({ negativeSlope: 0.2 }), L.linear(5, 1)],
  layerNorm: () => [L.linear(4, 6), L.layerNorm(6), L.gelu(), L.linear(6, 1)],
  convolutions: () => [L.conv2d(1, 3, 3), L.relu(), L.maxPool2d(2), L.flatten(), L.linear(12, 1)],
  adaptive: () => [
    L.conv2d(1, 2, 3),
    L.tanh(),
    L.adaptiveMaxPool2d([2, 3]),
    L.flatten(),
    L.linear(12, 1),
  ],
  lstm: () => [L.lstm(2, 3, { returns: 'last' }), L.linear(3, 1)],
  gru: () => [L.gru(2, 3, { returns: 'last' }), L.linear(3, 1)],
};

interface Case {
  readonly net: keyof typeof nets;
  readonly seed: number;
  readonly shape: readonly number[];
  readonly value: number;
  readonly parameters: readonly { shape: number[]; gradient: string; product: string }[];
}

/** f of each sample and the length of its gradient by x. */
const withSlope = (net: L.Layer) =>
  L.defineLayer('slope', {}, (scope, x) => {
    const y = scope.apply('', net, x!);
    const [slope] = ops.gradients(ops.sum(y), [x!]);
    const squares = ops.sum(ops.square(slope!), [...x!.shape.keys()].slice(1));
    return ops.concat([y, ops.reshape(ops.sqrt(squares), y.shape)], 1);
  });

function assertNear(found: Float32Array, packed: string, limit: number, what: string): void {
  const expected = unpack(packed);
  const largest = Math.max(1e-3, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    const error = Math.abs(found[i]! - value) / largest;
    assert.ok(error < limit, `${what}[${i}] is off by ${error}`);
  });
}

for (const { net, seed, shape, value, parameters } of loadGolden<Case>('gradient-penalty')) {
  for (const numerics of availableNumerics) {
    test(`${net}, ${numerics}`, async () => {
      const layers = { f: withSlope(L.chain(nets[net]())) };
      const x = L.input(shape);
      const model = L.functional({ inputs: { x }, outputs: layers.f(x), layers });
      assert.is(model.parameters.length, parameters.length);
      const drawn = (from: number, scale: number) =>
        new Map(
          model.parameters.map(({ name }, i) => [
            name,
            numbers(sizeOf(parameters[i]!.shape), from + i).map((v) => v * Math.fround(scale)),
          ]),
        );
      const data = {
        name: 'drawn',
        inputs: { x: { shape, values: numbers(3 * sizeOf(shape), seed + 99) } },
        targets: { output: { shape: [2], values: Float32Array.of(0, 1, 0, 1, 0, 1) } },
      };
      const options = { loss: 'meanSquaredError', numerics } as const;
      const weights = drawn(seed, 0.7);
      const { loss, gradients } = await gradientsOf(model, weights, data, options);
      assert.ok(Math.abs(loss - value) < 1e-5 * Math.max(1, value), `${loss} is not ${value}`);
      const vector = drawn(seed + 50, 1);
      const { products } = await hessianVectorProduct(model, weights, data, vector, options);
      model.parameters.forEach(({ name }, i) => {
        assertNear(gradients.get(name)!, parameters[i]!.gradient, 1e-4, `gradient by ${name}`);
        assertNear(products.get(name)!, parameters[i]!.product, 1e-4, `product by ${name}`);
      });
    });
  }
}

test('what has no second derivatives is refused by name', () => {
  const x = L.input([3]);
  const layer = L.defineLayer('folded', {}, (_, x) => {
    const updates = ops.square(x!);
    const y = ops.scatter(x!, ops.constant(0, x!.shape), updates, 1, { reduce: 'max' });
    return ops.gradients(ops.sum(y), [x!])[0]!;
  });
  const error = (() => {
    try {
      L.functional({ inputs: x, outputs: layer(x) });
    } catch (thrown) {
      return thrown;
    }
  })();
  assert.ok(error instanceof LanewiseError, String(error));
  assert.match(error.message, /fold has no gradient/);
});

test.run();
