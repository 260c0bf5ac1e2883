/** Activations and other functions of one operand, dropout, and what stops gradients. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { philox } from '../../src/random/philox.js';
import { purpose } from '../../src/random/purposes.js';
import { availableNumerics } from '../kernels/instance.js';
import { erf } from '../reference/erf.js';
import { checkOp } from '../support/check-op.js';
import { refuses } from '../support/refuses.js';

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const bound = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

const functions: Record<string, [op: (x: Tensor) => Tensor, f: (x: number) => number]> = {
  leakyRelu: [(x) => ops.leakyRelu(x, 0.2), (x) => (x > 0 ? x : 0.2 * x)],
  elu: [(x) => ops.elu(x, 1.5), (x) => (x > 0 ? x : 1.5 * Math.expm1(x))],
  selu: [ops.selu, (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
  gelu: [ops.gelu, (x) => (x / 2) * (1 + erf(x / Math.SQRT2))],
  geluTanh: [
    (x) => ops.gelu(x, 'tanh'),
    (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ],
  silu: [ops.silu, (x) => x * sigmoid(x)],
  softplus: [ops.softplus, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  hardSigmoid: [ops.hardSigmoid, (x) => bound(x + 3, 0, 6) / 6],
  hardSwish: [ops.hardSwish, (x) => (x * bound(x + 3, 0, 6)) / 6],
  hardTanh: [(x) => ops.hardTanh(x, -0.5, 2), (x) => bound(x, -0.5, 2)],
  clamp: [(x) => ops.clamp(x, -2, 1), (x) => bound(x, -2, 1)],
  exp: [ops.exp, Math.exp],
  log: [(x) => ops.log(ops.abs(x)), (x) => Math.log(Math.abs(x))],
  sqrt: [(x) => ops.sqrt(ops.abs(x)), (x) => Math.sqrt(Math.abs(x))],
  erf: [ops.erf, erf],
  negate: [ops.negate, (x) => -x],
  square: [ops.square, (x) => x * x],
  power: [(x) => ops.power(x, 5), (x) => x ** 5],
};

for (const numerics of availableNumerics) {
  test(`functions (${numerics}) and their gradients are the definition’s`, async () => {
    for (const [name, [op, f]] of Object.entries(functions)) {
      for (const [count, scale] of [
        [1, 1],
        [7, 2],
        [61, 6],
      ] as const) {
        await checkOp({
          what: `${name} of ${count}`,
          shapes: [[count]],
          seed: count,
          numerics,
          prepare: (v) => (Math.abs(v) < 0.05 ? v + 0.1 : v) * scale,
          op: (x) => op(x!),
          definition: (x) => x!.map(f),
          // Near a zero of the gradient its terms cancel.
          gradientTolerance: 5e-4,
        });
      }
    }
  });

  test(`prelu (${numerics}) has one slope, or one a channel`, async () => {
    for (const [shape, weight] of [
      [[2, 5], 1],
      [[2, 3], 3],
      [[2, 3, 3, 3], 3],
    ] as const) {
      const area = shape.slice(2).reduce((size, extent) => size * extent, 1);
      await checkOp({
        what: `prelu of ${shape.join('×')}`,
        shapes: [shape, [weight]],
        seed: 13,
        numerics,
        op: (x, w) => ops.prelu(x!, w!),
        definition: (x, w) =>
          x!.map((v, i) => (v > 0 ? v : v * w![Math.floor(i / area) % weight]!)),
      });
    }
  });

  test(`kinks and NaN (${numerics}) are PyTorch’s`, async () => {
    const at = async (op: (x: Tensor) => Tensor, values: number[]) => {
      const x = input('x', [values.length]);
      const y = op(x);
      const [dx] = gradients(ops.weightedSum(y, 1), [x]);
      const found = await evaluate([y, dx!], new Map([[x, Float32Array.from(values)]]), {
        numerics,
      });
      return found.map((v) => [...v]);
    };
    assert.equal((await at((x) => ops.leakyRelu(x, 0.25), [0]))[1], [0.25]);
    assert.equal((await at(ops.hardTanh, [-1, 1]))[1], [0, 0]);
    assert.equal((await at((x) => ops.clamp(x, -1, 1), [-1, 1]))[1], [1, 1]);
    assert.equal((await at(ops.abs, [-2, 0, 3]))[1], [-1, 0, 1]);
    assert.equal((await at(ops.hardSigmoid, [-3, 3]))[1], [0, 0]);
    for (const [name, [op]] of Object.entries(functions))
      assert.ok(Number.isNaN((await at(op, [NaN]))[0]![0]), name);
  });

  test(`dropout (${numerics}) is the generator’s, however the minibatch is cut`, async () => {
    const rate = 0.3;
    for (const [shape, perChannel] of [
      [[4, 3, 5], false],
      [[4, 6, 2, 3], true],
    ] as const) {
      const [N, ...rest] = shape as readonly [number, ...number[]];
      const size = rest.reduce((a, b) => a * b, 1);
      const groups = perChannel ? rest[0]! : size;
      const run = async (samples: number, position: number) => {
        const x = input('x', [samples, ...rest]);
        const randomness = input('randomness', [4], 'i32');
        const y = ops.dropout(x, randomness, { rate, stream: 5, perChannel });
        return evaluate(
          [y, ...gradients(ops.weightedSum(y, 1), [x])],
          new Map<Tensor, Float32Array | Int32Array>([
            [x, new Float32Array(samples * size).fill(0.7)],
            [randomness, Int32Array.of(11, -3, 8, position)],
          ]),
          { numerics },
        );
      };
      const [whole, dx] = await run(N, 10);
      const [first] = await run(1, 10);
      const [others] = await run(N - 1, 11);
      assert.equal([...whole!], [...first!, ...others!]);
      const words = new Uint32Array(4);
      const scale = Math.fround(1 / (1 - rate));
      whole!.forEach((v, i) => {
        const [n, e] = [Math.floor(i / size), Math.floor((i % size) / (size / groups))];
        philox(Math.floor(e / 4), 10 + n, 8, 5 * 256 + purpose.dropout, 11, -3, words);
        const kept = words[e % 4]! >= Math.floor(rate * 2 ** 32);
        assert.is(v, kept ? Math.fround(Math.fround(0.7) * scale) : 0);
        assert.is(dx![i], kept ? scale : 0);
      });
    }
  });

  test(`GELU by tanh (${numerics}) has a gradient where x² overflows`, async () => {
    const x = input('x', [5]);
    const [dx] = gradients(ops.sum(ops.gelu(x, 'tanh')), [x]);
    const feeds = new Map([[x, Float32Array.of(-3e38, -1e20, 0, 1e20, NaN)]]);
    const [slope] = await evaluate([dx!], feeds, { numerics });
    assert.equal([...slope!].map(Math.abs), [0, 0, 0.5, 1, NaN]);
  });

  test(`stopGradient (${numerics}) is the identity, and gradients go around it`, async () => {
    const x = input('x', [3]);
    const y = ops.multiply(x, ops.stopGradient(ops.square(x)));
    const [dx] = gradients(ops.weightedSum(y, 1), [x]);
    const [value, slope] = await evaluate([y, dx!], new Map([[x, Float32Array.of(1, 2, 3)]]), {
      numerics,
    });
    assert.equal([...value!], [1, 8, 27]);
    assert.equal([...slope!], [1, 4, 9]);
    assert.throws(
      () => gradients(ops.weightedSum(ops.stopGradient(x), 1), [x]),
      /no gradient by 'x': the result does not depend on it/,
    );
  });
}

test('what does not fit is refused', () => {
  const x = input('x', [2, 3]);
  const randomness = input('randomness', [4], 'i32');
  assert.is(ops.DROPOUT_PURPOSE, purpose.dropout);
  assert.throws(() => ops.dropout(x, randomness, { rate: 1, stream: 0 }), /rate is 1, expected/);
  assert.throws(() => ops.dropout(x, randomness, { rate: 0.5, stream: -1 }), /stream is -1/);
  refuses(
    () => ops.dropout(x, input('r', [3], 'i32'), { rate: 0.5, stream: 0 }),
    /dropout: randomness is 3 \(i32\), expected 4 \(i32\)/,
  );
  refuses(() => ops.prelu(x, input('w', [2])), /differ along axis -1 \(3 and 2\)/);
  refuses(() => ops.power(x, 0.5), /power: exponent 0.5/);
});

test.run();
