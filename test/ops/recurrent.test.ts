/** Recurrent layers: values and gradients of the definition, one sample at a time or many, both directions. */
// slow: every variant of every cell, by central differences
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { recurrentWorkspace } from '../../src/ops/workspace.js';
import { assertGuarded, availableNumerics, createInstance } from '../kernels/instance.js';
import * as reference from '../reference/sequence.js';
import { checkOp } from '../support/check-op.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

const gates = { tanh: 1, relu: 1, lstm: 4, gru: 3 } as const;
const cells = Object.keys(gates) as (keyof typeof gates)[];

/** Shapes of x, weight_ih, weight_hh, bias_ih and bias_hh. */
const shapesOf = (rows: number, N: number, T: number, F: number, H: number) => [
  [N, T, F],
  [rows * H, F],
  [rows * H, H],
  [rows * H],
  [rows * H],
];

const apply = (leaves: readonly Tensor[], cell: keyof typeof gates, reverse: boolean): Tensor => {
  const [x, weightIh, weightHh, biasIh, biasHh] = leaves;
  const weights = { weightIh: weightIh!, weightHh: weightHh!, biasIh, biasHh };
  return ops.recurrent(x!, weights, cell, { reverse });
};

for (const numerics of availableNumerics) {
  for (const cell of cells) {
    test(`${cell} (${numerics}): value and gradients are the definition’s`, async () => {
      const awkward = [
        [1, 1, 1, 1],
        [1, 6, 3, 5],
        [3, 1, 2, 7],
        [2, 3, 1, 4],
        [34, 2, 1, 2],
      ] as const;
      const draw = createDraw(77);
      const random = Array.from(
        { length: 10 },
        () => [draw(1, 4), draw(1, 5), draw(1, 6), draw(1, 9)] as const,
      );
      for (const [i, [N, T, F, H]] of [...awkward, ...random].entries()) {
        const reverse = i % 2 === 1;
        await checkOp({
          what: `${cell} of ${N}×${T}×${F}, ${H} units${reverse ? ', reverse' : ''}`,
          shapes: shapesOf(gates[cell], N, T, F, H),
          seed: 300 + i,
          numerics,
          op: (...leaves) => apply(leaves, cell, reverse),
          definition: (...values) => reference.recurrent(cell, { N, T, F, H }, reverse, values),
        });
      }
    });
  }

  test(`the last state and a layer without biases (${numerics}) are the definition’s`, async () => {
    const [N, T, F, H] = [3, 4, 2, 5];
    for (const [cell, reverse] of [
      ['lstm', false],
      ['gru', true],
      ['tanh', true],
    ] as const) {
      const none = new Float64Array(gates[cell] * H);
      await checkOp({
        what: `last state of ${cell}`,
        shapes: shapesOf(gates[cell], N, T, F, H).slice(0, 3),
        seed: 9,
        numerics,
        op: (...leaves) => ops.lastState(apply(leaves, cell, reverse), reverse),
        definition(...values) {
          const sequence = { N, T, F, H };
          const h = reference.recurrent(cell, sequence, reverse, [...values, none, none]);
          const last = reverse ? 0 : T - 1;
          return Float64Array.from(
            { length: N * H },
            (_, at) => h[(Math.floor(at / H) * T + last) * H + (at % H)]!,
          );
        },
      });
    }
  });

  test(`a sample’s states (${numerics}) do not depend on the other samples`, async () => {
    const [T, F, H] = [5, 3, 13];
    for (const cell of cells) {
      const shapes = shapesOf(gates[cell], 40, T, F, H);
      const values = shapes.map((shape, i) => numbers(sizeOf(shape), 20 + i));
      const states = async (from: number, count: number) => {
        const leaves = shapes.map((shape, i) =>
          i ? parameter(`p${i}`, shape) : input('x', [count, T, F]),
        );
        const x = values[0]!.slice(from * T * F, (from + count) * T * F);
        const feeds = new Map(leaves.map((t, i) => [t, i ? values[i]! : x]));
        const [y] = await evaluate([apply(leaves, cell, false)], feeds, { numerics });
        return y!;
      };
      const all = await states(0, 40);
      for (const [from, count] of [
        [0, 1],
        [7, 1],
        [5, 20],
        [39, 1],
      ] as const) {
        const some = await states(from, count);
        assert.equal(some, all.slice(from * T * H, (from + count) * T * H), `${cell} ${from}`);
      }
    }
  });
}

/** Every variant of a run by number: states to begin with, other gates, the other formula, lengths, both directions. */
function variant(i: number) {
  const cell = (['gru', 'lstm', 'gru', 'tanh', 'lstm'] as const)[i % 5]!;
  const bit = (place: number) => ((i / 5) >> place) % 2 === 1;
  const isGated = cell !== 'tanh';
  return {
    cell,
    reverse: bit(0),
    hasLengths: bit(1),
    hard: isGated && bit(2),
    resetFirst: cell === 'gru' && (bit(3) || i % 5 === 2),
    withStates: bit(4),
  };
}

for (const numerics of availableNumerics) {
  test(`variants (${numerics}): values and gradients of states, and of what is left at the end`, async () => {
    const draw = createDraw(113);
    for (let i = 0; i < 120; i++) {
      const { cell, reverse, hasLengths, hard, resetFirst, withStates } = variant(i);
      const [N, T, F, H] = [draw(1, 4), draw(1, 4), draw(1, 3), draw(1, 6)];
      const own = Int32Array.from({ length: N }, () => (hasLengths ? draw(1, T) : T));
      const lengths = input('lengths', [N], 'i32', T);
      const begins = withStates ? (cell === 'lstm' ? 2 : 1) : 0;
      const result = (['states', 'h', 'c'] as const)[i % (cell === 'lstm' ? 3 : 2)]!;
      const shapes = [
        ...shapesOf(gates[cell], N, T, F, H),
        ...Array.from({ length: begins }, () => [N, H]),
      ];
      await checkOp({
        what: `${result} of ${JSON.stringify({ ...variant(i), N, T, F, H, own: [...own] })}`,
        shapes,
        seed: 1300 + i,
        numerics,
        // Small values are differences of larger ones.
        tolerance: 1e-4,
        // Over the ends of the line.
        prepare: (value, leaf) => (hard && leaf > 2 ? 3 * value : value),
        fixed: hasLengths ? new Map([[lengths, own]]) : new Map(),
        op(x, weightIh, weightHh, biasIh, biasHh, h0, c0) {
          const weights = { weightIh: weightIh!, weightHh: weightHh!, biasIh, biasHh };
          const run = {
            reverse,
            h0,
            c0,
            lengths: hasLengths ? lengths : undefined,
            resetAfter: !resetFirst,
            recurrentActivation: hard ? 'hardSigmoid' : 'sigmoid',
          } as const;
          return ops.recurrentStates(x!, weights, cell, run)[result]!;
        },
        definition(x, W, U, b, c, ...begin) {
          const y = {
            states: new Float64Array(N * T * H),
            h: new Float64Array(N * H),
            c: new Float64Array(N * H),
          };
          for (let n = 0; n < N; n++) {
            const size = { N: 1, T: own[n]!, F, H };
            const one = x!.subarray(n * T * F, (n * T + own[n]!) * F);
            const [h0, c0] = begin.map((state) => state.subarray(n * H, n * H + H));
            const of = { hard, resetFirst, h0, c0 };
            const values = [one, W!, U!, b!, c!];
            const { states, memory } = reference.recurrentStates(cell, size, reverse, values, of);
            y.states.set(states, n * T * H);
            y.h.set(states.subarray(reverse ? 0 : (own[n]! - 1) * H).subarray(0, H), n * H);
            y.c.set(memory, n * H);
          }
          return y[result];
        },
      });
    }
  });
}

/** Planes of the record, and floats a unit beside it: src/ops/recurrent.ts. */
const kept = { elman: [1, 1, 2], lstm: [4, 6, 6], gru: [3, 5, 5] } as const;

for (const numerics of availableNumerics) {
  test(`the kernels (${numerics}) write neither behind their results nor behind the workspace`, async () => {
    const instance = await createInstance(numerics);
    const { kernels, put } = instance;
    const T = 3;
    for (const [N, H] of [
      [1, 1],
      [1, 7],
      [3, 5],
      [33, 9],
      [40, 4],
    ] as const) {
      for (const [cell, mode] of (['elman', 'lstm', 'gru'] as const).flatMap((one) =>
        // All of assembly/recurrent.ts's bits.
        [0, 31, 32, 63].map((bits) => [one, bits] as const),
      )) {
        const [rows, planes, scratch] = kept[cell];
        const what = `${cell} of ${N}×${T}, ${H} units, mode ${mode}`;
        const bytes = recurrentWorkspace(N, H, rows, scratch, mode > 31);
        const x = put(numbers(N * T * rows * H, 1));
        const [w, bias] = [put(numbers(rows * H * H, 2)), put(numbers(rows * H, 3))];
        const dy = put(numbers(N * T * H, 4));
        const record = put(new Float32Array(planes * N * T * H));
        const [leading, tanh] = [[N, T, H, mode] as const, 3];
        assertGuarded(instance, what, planes * N * T * H, bytes, (y, workspace) => {
          if (cell === 'elman') kernels.elman(...leading, tanh, x, w, bias, y, workspace, 0);
          else kernels[cell](...leading, x, w, bias, y, workspace, 0);
        });
        assertGuarded(instance, `${what}, gradient`, N * T * rows * H, bytes, (dx, workspace) => {
          if (cell === 'elman') {
            kernels.elmanGradient(...leading, tanh, w, record, dy, dx, workspace, 0);
          } else kernels[`${cell}Gradient`](...leading, w, record, dy, dx, workspace, 0);
        });
      }
    }
  });
}

test('what does not fit a cell is refused', () => {
  const leaf = (...shape: number[]) => input('x', shape);
  const weights = { weightIh: leaf(12, 5), weightHh: leaf(12, 3) };
  const x = leaf(2, 4, 5);
  refuses(
    () => ops.recurrent(x, weights, 'lstm', { h0: leaf(3, 3) }),
    /lstm: h0 is 3×3, expected 2×3/,
  );
  refuses(
    () => ops.recurrent(x, weights, 'lstm', { c0: leaf(2, 4) }),
    /lstm: c0 is 2×4, expected 2×3/,
  );
  refuses(() => ops.recurrent(x, weights, 'lstm', { resetAfter: false }), /resetAfter is for gru/);
  const plain = { weightIh: leaf(3, 5), weightHh: leaf(3, 3) };
  refuses(() => ops.recurrent(x, plain, 'tanh', { c0: leaf(2, 3) }), /rnn: c0 is for lstm/);
  refuses(
    () => ops.recurrent(x, plain, 'relu', { recurrentActivation: 'hardSigmoid' }),
    /rnn: recurrentActivation is for lstm and gru/,
  );
});

test('shapes that do not fit are refused with both', () => {
  const weights = {
    weightIh: parameter('weight_ih', [12, 5]),
    weightHh: parameter('weight_hh', [12, 3]),
    biasIh: undefined,
    biasHh: undefined,
  };
  refuses(
    () => ops.recurrent(input('x', [2, 4, 6]), weights, 'lstm'),
    /lstm: input 2×4×6 does not fit weight_ih 12×5: expected 12×6/,
  );
  refuses(
    () => ops.recurrent(input('x', [2, 5]), weights, 'lstm'),
    /lstm: expected an input of N×T×F, found 2×5/,
  );
  refuses(
    () => ops.recurrent(input('x', [2, 4, 5]), weights, 'gru'),
    /gru: weight_hh has shape 12×3, expected 3·H×H/,
  );
  refuses(
    () =>
      ops.recurrent(
        input('x', [2, 4, 5]),
        { ...weights, biasIh: parameter('bias_ih', [3]) },
        'lstm',
      ),
    /lstm: a bias has shape 3, expected 12/,
  );
});

/** Each sample by itself, as long as it is; the padding is 0. */
function ofOwnSteps(
  [N, T, F, H]: readonly number[],
  own: Int32Array,
  x: Float64Array,
  run: (one: Float64Array, length: number) => ArrayLike<number>,
): Float64Array {
  const y = new Float64Array(N! * T! * H!);
  for (let n = 0; n < N!; n++) {
    const one = x.subarray(n * T! * F!, (n * T! + own[n]!) * F!);
    y.set(run(one, own[n]!), n * T! * H!);
  }
  return y;
}

for (const numerics of availableNumerics) {
  test(`lengths (${numerics}): value and gradients are those of each sample alone`, async () => {
    const draw = createDraw(91);
    for (let i = 0; i < 12; i++) {
      const cell = cells[i % 4]!;
      const [N, T, F, H] = [draw(1, 5), draw(1, 5), draw(1, 4), draw(1, 6)];
      const own = Int32Array.from({ length: N }, () => draw(1, T));
      const lengths = input('lengths', [N], 'i32', T);
      const reverse = draw(0, 1) === 1;
      const what = `${cell} of ${N}×${T}×${F}, lengths ${own.join(', ')}, ${H} units, reverse ${reverse}`;
      const shared = { seed: 700 + i, numerics, fixed: new Map([[lengths, own]]) };
      await checkOp({
        ...shared,
        what,
        shapes: shapesOf(gates[cell], N, T, F, H),
        op: (x, weightIh, weightHh, biasIh, biasHh) =>
          ops.recurrent(x!, { weightIh: weightIh!, weightHh: weightHh!, biasIh, biasHh }, cell, {
            reverse,
            lengths,
          }),
        definition: (x, ...weights) =>
          ofOwnSteps([N, T, F, H], own, x!, (one, length) =>
            reference.recurrent(cell, { N: 1, T: length, F, H }, reverse, [one, ...weights]),
          ),
      });
      const part =
        (from: (length: number) => number, share: (length: number) => number) =>
        (x: Float64Array) =>
          Float64Array.from({ length: N * F }, (_, at) => {
            const [n, j] = [Math.floor(at / F), at % F];
            let sum = 0;
            for (let t = from(own[n]!); t < own[n]!; t++) sum += x[(n * T + t) * F + j]!;
            return sum / share(own[n]!);
          });
      for (const [name, op, definition] of [
        [
          'last',
          ops.lastSteps,
          part(
            (length) => length - 1,
            () => 1,
          ),
        ],
        [
          'mean',
          ops.meanOfSteps,
          part(
            () => 0,
            (length) => length,
          ),
        ],
      ] as const)
        await checkOp({
          ...shared,
          what: `${name} of ${what}`,
          shapes: [[N, T, F]],
          op: (x) => op(x!, lengths),
          definition: (x) => definition(x!),
        });
    }
  });
}

test.run();
