/** Arithmetic with broadcasting: values and gradients are the definition’s, for shapes that any kernel path serves. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Shape } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { broadcast } from '../reference/shapes.js';
import { checkOp } from '../support/check-op.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const functions = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  maximum: Math.max,
  minimum: Math.min,
} as const;
const kinds = Object.keys(functions) as (keyof typeof functions)[];

/** Pairs that models have: one shape, a scalar, a bias, one value a channel, a column. */
const usual: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [
    [2, 3],
    [2, 3],
  ],
  [[3, 7], []],
  [[1], [2, 5]],
  [[4, 9], [9]],
  [
    [2, 3, 4, 5],
    [3, 1, 1],
  ],
  [
    [2, 3, 1, 1],
    [2, 3, 3, 3],
  ],
  [
    [5, 1],
    [1, 6],
  ],
  [
    [2, 1, 3, 1, 2, 1],
    [1, 2, 1, 3, 1, 2],
  ],
];

/** Drawn shapes, of which each side has some extents replaced by 1 and some leading axes missing. */
function drawn(count: number): (readonly [Shape, Shape])[] {
  const draw = createDraw(11);
  return Array.from({ length: count }, () => {
    const full = Array.from({ length: draw(1, 5) }, () => draw(1, 5));
    const side = (): Shape =>
      full.map((extent) => (draw(0, 2) ? extent : 1)).slice(draw(0, 3) ? 0 : draw(0, full.length));
    return [side(), side()] as const;
  });
}

const join = (a: Shape, b: Shape): Shape => {
  const rank = Math.max(a.length, b.length);
  const at = (shape: Shape, axis: number) => shape[axis - rank + shape.length] ?? 1;
  return Array.from({ length: rank }, (_, axis) => Math.max(at(a, axis), at(b, axis)));
};

for (const numerics of availableNumerics) {
  test(`values and gradients (${numerics}) are the definition’s, for every broadcast`, async () => {
    for (const [i, [a, b]] of [...usual, ...drawn(30)].entries()) {
      const kindsHere = i < usual.length ? kinds : [kinds[i % kinds.length]!];
      for (const kind of kindsHere) {
        await checkOp({
          what: `${kind} of ${a.join('×')} and ${b.join('×')}`,
          shapes: [a, b],
          seed: 7 * i + 1,
          numerics,
          // Divisors stay away from 0; drawn numbers are never equal, so that maxima have gradients.
          prepare: (v, leaf) => (kind === 'divide' && leaf ? v + Math.sign(v) * 1.5 : v),
          op: (x, y) => ops[kind](x!, y!),
          definition: (x, y) =>
            broadcast(
              functions[kind],
              { shape: a, values: x! },
              { shape: b, values: y! },
              join(a, b),
            ),
        });
      }
    }
  });

  test(`special values (${numerics}): NaN passes, and a tie shares its gradient`, async () => {
    const [a, b] = [input('a', [4]), input('b', [4])];
    const feeds = new Map([
      [a, Float32Array.of(NaN, 1, 2, -0)],
      [b, Float32Array.of(1, NaN, 2, 5)],
    ]);
    const y = ops.maximum(a, b);
    const [high, low, da, db] = await evaluate(
      [y, ops.minimum(a, b), ...gradients(ops.weightedSum(y, 1), [a, b])],
      feeds,
      { numerics },
    );
    assert.equal([...high!], [NaN, NaN, 2, 5]);
    assert.equal([...low!], [NaN, NaN, 2, -0]);
    assert.equal([...da!].slice(2), [0.5, 0]);
    assert.equal([...db!].slice(2), [0.5, 1]);
  });

  test(`one operand read on both sides (${numerics}) gets both gradients`, async () => {
    await checkOp({
      what: 'x² / (x² + 1)',
      shapes: [[7]],
      seed: 3,
      numerics,
      op(x) {
        const square = ops.multiply(x!, x!);
        return ops.divide(square, ops.add(square, ops.constant(1, [])));
      },
      definition: (x) => x!.map((v) => (v * v) / (v * v + 1)),
    });
  });
}

test('broadcasting gives the bits of the repeated operand', async () => {
  const [a, b] = [input('a', [3, 5, 6]), input('b', [5, 1])];
  const feeds = new Map([
    [a, numbers(sizeOf(a.shape), 1)],
    [b, numbers(sizeOf(b.shape), 2)],
  ]);
  const wide = ops.expand(b, a.shape);
  for (const kind of kinds) {
    const [direct, repeated] = await evaluate([ops[kind](a, b), ops[kind](a, wide)], feeds);
    assert.equal(direct, repeated, kind);
  }
});

test('gradients have gradients', async () => {
  for (const numerics of availableNumerics) {
    await checkOp({
      what: 'Σ d/da (a³/b)',
      shapes: [[2, 3], [3]],
      seed: 5,
      numerics,
      prepare: (v) => v + Math.sign(v),
      op(a, b) {
        const y = ops.divide(ops.multiply(ops.multiply(a!, a!), a!), b!);
        return gradients(ops.weightedSum(y, 1), [a!])[0]!;
      },
      definition: (a, b) => a!.map((v, i) => (3 * v * v) / b![i % 3]!),
    });
  }
});

test('shapes that do not fit are refused with both and the axis', () => {
  refuses(
    () => ops.multiply(input('a', [2, 3]), input('b', [4])),
    /multiply: shapes 2×3 and 4 differ along axis -1 \(3 and 4\), and neither is 1 there/,
  );
  refuses(() => ops.add(input('a', [2, 3, 4]), input('b', [5, 4])), /add: .* axis -2 \(3 and 5\)/);
});

test.run();
