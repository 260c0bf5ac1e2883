/** Comparisons, choices and whole numbers: values, gradients and special values are the definition’s and PyTorch’s. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { createDraw } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const comparisons = {
  equal: (a: number, b: number) => a === b,
  notEqual: (a: number, b: number) => a !== b,
  greater: (a: number, b: number) => a > b,
  greaterOrEqual: (a: number, b: number) => a >= b,
  less: (a: number, b: number) => a < b,
  lessOrEqual: (a: number, b: number) => a <= b,
} as const;

const special = [NaN, Infinity, -Infinity, 0, -0, 1, -1, 1e-45, 2.5, -3e38];
const pairs = special.flatMap((a) => special.map((b) => [a, b] as const));

for (const numerics of availableNumerics) {
  const compute = async (op: (...leaves: Tensor[]) => Tensor, ...values: readonly number[][]) => {
    const leaves = values.map((value, i) => input(`leaf ${i}`, [value.length]));
    const feeds = new Map(leaves.map((t, i) => [t, Float32Array.from(values[i]!)]));
    const [y] = await evaluate([op(...leaves)], feeds, { numerics });
    return [...y!];
  };

  test(`comparisons (${numerics}) give 1 and 0 for every pair of special values`, async () => {
    const [left, right] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
    for (const [name, holds] of Object.entries(comparisons)) {
      const found = await compute(
        (a, b) => ops[name as keyof typeof comparisons](a!, b!),
        left.map(Math.fround),
        right.map(Math.fround),
      );
      assert.equal(
        found,
        pairs.map(([a, b]) => Number(holds(Math.fround(a), Math.fround(b)))),
        name,
      );
    }
  });

  test(`a choice (${numerics}) gives the bits of what is chosen, and gradients to it`, async () => {
    const draw = createDraw(3);
    for (const shapes of [
      [[7], [7], [7]],
      [[5, 1], [6], [3, 5, 6]],
      [[], [4], [2, 1]],
      [[2, 3], [], [3]],
    ] as const) {
      const size = shapes[0].reduce((n: number, extent) => n * extent, 1);
      const mask = Float32Array.from({ length: size }, () => draw(0, 1) * 2.5);
      const condition = input('condition', shapes[0]);
      const shape = [...Array(3).keys()]
        .map((back) => Math.max(...shapes.map((s) => s.at(-1 - back) ?? 1)))
        .toReversed();
      const index = (s: readonly number[], at: readonly number[]) =>
        s.reduce((i, extent, axis) => i * extent + (extent === 1 ? 0 : at.at(axis - s.length)!), 0);
      await checkOp({
        what: `where ${shapes.map((s) => s.join('×')).join(', ')}`,
        shapes: [shapes[1], shapes[2]],
        seed: 5,
        numerics,
        fixed: new Map([[condition, mask]]),
        op: (a, b) => ops.where(condition, a!, b!),
        definition: (a, b) =>
          Array.from({ length: shape[0]! * shape[1]! * shape[2]! }, (_, i) => {
            const [K, L] = [shape[1]!, shape[2]!];
            const at = [Math.floor(i / K / L), Math.floor(i / L) % K, i % L];
            return mask[index(shapes[0], at)]
              ? a![index(shapes[1], at)]!
              : b![index(shapes[2], at)]!;
          }),
      });
    }
    const chosen = await compute(
      (c, a, b) => ops.where(c!, a!, b!),
      [1, 0, NaN, -0, 1e-45, 1, 0],
      [-0, NaN, 3, Infinity, -Infinity, NaN, 5],
      [NaN, -0, NaN, 7, NaN, 2, Infinity],
    );
    assert.equal(chosen, [-0, -0, 3, 7, -Infinity, NaN, Infinity]);
    assert.ok(Object.is(chosen[0], -0) && Object.is(chosen[1], -0));
  });

  test(`what is not chosen (${numerics}) gets the gradient 0, even of a NaN`, async () => {
    const x = input('x', [3]);
    const zero = ops.constant(0, []);
    const y = ops.where(ops.greater(x, zero), ops.log(x), ops.multiply(x, ops.greater(x, zero)));
    const [dx] = gradients(ops.sum(y), [x]);
    const [value, slope] = await evaluate([y, dx!], new Map([[x, Float32Array.of(-1, 0, 4)]]), {
      numerics,
    });
    assert.equal([...value!].slice(0, 2), [-0, 0]);
    // PyTorch's log of a negative number has a gradient, to which 0 comes.
    assert.equal([...slope!], [-0, NaN, 0.25]);
  });

  test(`whole numbers (${numerics}) are the neighbours, of two the even one`, async () => {
    const values = [
      NaN,
      Infinity,
      -Infinity,
      -0,
      0.5,
      1.5,
      2.5,
      -0.5,
      -1.5,
      0.49999997,
      8388609,
      3e9,
    ];
    const even = (v: number) => {
      const r = Math.round(v);
      return Math.abs(v % 1) === 0.5 && r % 2 ? r - 1 : r;
    };
    for (const [op, f] of [
      [ops.floor, Math.floor],
      [ops.ceil, Math.ceil],
      [ops.round, even],
      [ops.trunc, Math.trunc],
    ] as const) {
      const found = await compute((x) => op(x!), values);
      assert.equal(
        found,
        values.map((v) => f(Math.fround(v))),
      );
    }
    assert.ok(Object.is((await compute((x) => ops.round(x!), [-0.5]))[0], -0));
    const found = await compute((x) => ops.sign(x!), [...values, -7, 1e-45]);
    assert.equal(found.map(Math.abs), [0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert.equal(found.slice(-2), [-1, 1]);
    assert.equal(await compute((x) => ops.isNaN(x!), special), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(await compute((x) => ops.isInfinite(x!), special), [0, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(await compute((x) => ops.reciprocal(x!), [NaN, Infinity, -0, 0.5]), [
      NaN,
      0,
      -Infinity,
      2,
    ]);
  });

  test(`the reciprocal (${numerics}) has a gradient, and whole numbers pass none`, async () => {
    await checkOp({
      what: 'reciprocal',
      shapes: [[13]],
      seed: 8,
      numerics,
      prepare: (v) => v + Math.sign(v),
      op: (x) => ops.add(ops.reciprocal(x!), ops.multiply(ops.floor(x!), x!)),
      definition: (x) => x!.map((v) => 1 / v + Math.floor(v) * v),
    });
    const x = input('x', [1]);
    for (const op of [ops.floor, ops.ceil, ops.round, ops.trunc, ops.sign, ops.isNaN])
      assert.throws(() => gradients(ops.sum(op(x)), [x]), /no gradient by 'x'/);
  });
}

test('shapes that do not fit are refused', () => {
  const [a, b] = [input('a', [2, 3]), input('b', [4])];
  refuses(() => ops.less(a, b), /less: shapes 2×3 and 4 differ along axis -1/);
  refuses(() => ops.where(a, b, a), /where: shapes 4 and 2×3 differ along axis -1/);
  refuses(() => ops.where(a, a, b), /where: shapes 4 and 2×3 differ along axis -1/);
});

test.run();
