/** Places that come from data, slices with steps and products of repeated stacks: definitions, differences, PyTorch. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/checked.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import * as reference from '../reference/places.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

/** Whole numbers below `extent`, as test/golden/make_places.py draws them. */
const wholes = (count: number, extent: number, seed: number): Float32Array =>
  numbers(count, seed).map((value) => Math.floor(((value + 1) / 2) * extent));

const REDUCTIONS = ['none', 'add', 'multiply', 'max', 'min'] as const;

for (const numerics of availableNumerics) {
  test(`gather, takeAlong, scatter (${numerics}): values and gradients of 25 random shapes`, async () => {
    const draw = createDraw(41);
    for (let i = 0; i < 25; i++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 6));
      const axis = draw(0, shape.length - 1);
      const lines = reference.linesOf(shape, axis);
      const count = draw(1, 7);
      const shared = { seed: 4000 + i, numerics };
      const signed = (length: number): Float32Array =>
        wholes(length, 2 * lines.extent, 50 + i).map((place) => place - lines.extent);

      const some = input('indices', [count]);
      const places = signed(count);
      await checkOp({
        ...shared,
        what: `gather of ${shape.join('×')}, axis ${axis}, ${places.join(' ')}`,
        shapes: [shape],
        fixed: new Map([[some, places]]),
        op: (x) => ops.gather(x!, some, axis),
        definition: (x) => reference.take(x!, lines, count, (_, j) => places[j]!),
      });

      const shorter = shape.map((extent, at) => (at === axis ? count : draw(1, extent)));
      const each = input('indices', shorter);
      const own = signed(sizeOf(shorter));
      /** Element by element, by its indices along all axes. */
      const elements = (use: (inX: number, at: number) => void): void => {
        for (let at = 0; at < own.length; at++) {
          let [rest, inX, size] = [at, 0, 1];
          for (let k = shape.length - 1; k >= 0; k--) {
            const index = rest % shorter[k]!;
            rest = Math.floor(rest / shorter[k]!);
            inX += (k === axis ? (own[at]! + lines.extent) % lines.extent : index) * size;
            size *= shape[k]!;
          }
          use(inX, at);
        }
      };
      await checkOp({
        ...shared,
        what: `takeAlong of ${shape.join('×')}, axis ${axis}, ${shorter.join('×')}`,
        shapes: [shape],
        fixed: new Map([[each, own]]),
        op: (x) => ops.takeAlong(x!, each, axis),
        definition(x) {
          const y = new Float64Array(own.length);
          elements((inX, at) => (y[at] = x![inX]!));
          return y;
        },
      });

      const reduce = REDUCTIONS[i % 2]!;
      await checkOp({
        ...shared,
        what: `scatter into ${shape.join('×')}, axis ${axis}, ${shorter.join('×')}, ${reduce}`,
        shapes: [shape, shorter],
        fixed: new Map([[each, own]]),
        op: (x, updates) => ops.scatter(x!, each, updates!, axis, { reduce }),
        definition(x, updates) {
          const y = Float64Array.from(x!);
          elements(
            (inX, at) => (y[inX] = reduce === 'add' ? y[inX]! + updates![at]! : updates![at]!),
          );
          return y;
        },
      });
    }
  });

  test(`scatter multiplies and takes the larger and the smaller (${numerics})`, async () => {
    for (const [i, reduce] of REDUCTIONS.entries()) {
      const [shape, count] = [[2, 5, 3], 4];
      const lines = reference.linesOf(shape, 1);
      const leaves = [input('x', shape), input('places', [2, count, 3]), input('u', [2, count, 3])];
      const values = [numbers(30, i), wholes(24, 5, i + 9), numbers(24, i + 7)];
      const [x, places, u] = leaves as [Tensor, Tensor, Tensor];
      const feeds = new Map(leaves.map((leaf, k) => [leaf, values[k]!]));
      const [y] = await evaluate([ops.scatter(x, places, u, 1, { reduce })], feeds, { numerics });
      const placeOf = (o: number, j: number, k: number) => values[1]![(o * count + j) * 3 + k]!;
      const expected = reference.put(values[0]!, lines, values[2]!, count, placeOf, reduce);
      assertClose(y!, expected, 1e-6, reduce);
    }
  });

  test(`gatherNd and scatterNd (${numerics}): values and gradients`, async () => {
    const draw = createDraw(43);
    for (let i = 0; i < 20; i++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 5));
      const [K, n] = [draw(1, shape.length), draw(1, 6)];
      const inner = sizeOf(shape.slice(K));
      const table = Float32Array.from({ length: n * K }, (_, at) =>
        draw(-shape[at % K]!, shape[at % K]! - 1),
      );
      const rowOf = (at: number): number =>
        shape.slice(0, K).reduce((row, extent, k) => {
          const index = table[at * K + k]!;
          return row * extent + (index < 0 ? index + extent : index);
        }, 0);
      const indices = input('indices', [n, K]);
      const shared = { seed: 5000 + i, numerics, fixed: new Map([[indices, table]]) };
      const what = `${shape.join('×')} at ${n}×${K}`;
      await checkOp({
        ...shared,
        what: `gatherNd of ${what}`,
        shapes: [shape],
        op: (x) => ops.gatherNd(x!, indices),
        definition: (x) =>
          Float64Array.from({ length: n * inner }, (_, at) => {
            return x![rowOf(Math.floor(at / inner)) * inner + (at % inner)]!;
          }),
      });
      const reduce = REDUCTIONS[i % 2]!;
      await checkOp({
        ...shared,
        what: `scatterNd of ${what}, ${reduce}`,
        shapes: [shape, [n, ...shape.slice(K)]],
        op: (x, updates) => ops.scatterNd(x!, indices, updates!, { reduce }),
        definition(x, updates) {
          const lines = { outer: 1, extent: sizeOf(shape.slice(0, K)), inner };
          return reference.put(x!, lines, updates!, n, (_, j) => rowOf(j), reduce);
        },
      });
    }
  });

  test(`argMax, argMin and topK (${numerics}): ties, NaN, and gradients of the values`, async () => {
    const draw = createDraw(47);
    for (let i = 0; i < 25; i++) {
      const shape = Array.from({ length: draw(1, 3) }, () => draw(1, 9));
      const axis = draw(0, shape.length - 1);
      const lines = reference.linesOf(shape, axis);
      const k = draw(1, lines.extent);
      const [largest, last] = [draw(0, 1) === 1, draw(0, 1) === 1];
      const x = input('x', shape);
      // Few different values, so that most lines have ties, and some NaN.
      const values = wholes(sizeOf(shape), 4, i).map((value, at) => ((at + i) % 11 ? value : NaN));
      const found = await evaluate(
        [
          ops.topK(x, k, axis, { largest }).indices,
          ops.argMax(x, axis, { last }),
          ops.argMin(x, axis, { last, keepDims: true }),
        ],
        new Map([[x, values]]),
        { numerics },
      );
      const what = `${shape.join('×')}, axis ${axis}, ${k} of ${values.join(' ')}`;
      const expected = [
        reference.top(values, lines, k, { smallest: !largest }),
        reference.top(values, lines, 1, { last }),
        reference.top(values, lines, 1, { smallest: true, last }),
      ];
      expected.forEach((one, j) => assert.equal(Array.from(found[j]!), Array.from(one), what));
      await checkOp({
        what: `values of ${what}`,
        shapes: [shape],
        seed: 6000 + i,
        numerics,
        op: (t) => ops.topK(t!, k, axis, { largest }).values,
        definition(t) {
          const order = reference.top(t!, lines, k, { smallest: !largest });
          const at = (o: number, j: number, n: number) => order[(o * k + j) * lines.inner + n]!;
          return reference.take(t!, lines, k, at);
        },
      });
    }
  });

  test(`an index outside gives NaN, and no other value (${numerics})`, async () => {
    const [x, at] = [input('x', [3, 2]), input('at', [6])];
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const places = Float32Array.of(3, -4, 0.5, NaN, Infinity, -3);
    const rows = ops.reshape(at, [6, 1]);
    const tokens = input('tokens', [2], 'i32');
    const found = await evaluate(
      [
        ops.gather(x, at),
        ops.takeAlong(x, ops.expand(rows, [6, 2]), 0),
        ops.gatherNd(x, rows),
        ops.gather(x, tokens),
        ops.scatter(x, ops.reshape(tokens, [2, 1]), ops.constant(9, [2, 1]), 0),
        ops.scatterNd(x, ops.reshape(tokens, [2, 1]), ops.constant(9, [2, 2])),
      ],
      new Map<Tensor, Float32Array | Int32Array>([
        [x, values],
        [at, places],
        [tokens, Int32Array.of(2, 2 ** 30)],
      ]),
      { numerics },
    );
    const outside = [...Array<number>(10).fill(NaN), 1, 2];
    for (const one of found.slice(0, 3)) assert.equal(Array.from(one), outside);
    assert.equal(Array.from(found[3]!), [5, 6, NaN, NaN]);
    assert.equal(Array.from(found[4]!), [NaN, 2, NaN, 4, NaN, 6], 'its line');
    assert.equal(Array.from(found[5]!), Array<number>(6).fill(NaN));
  });

  test(`slices with steps and flips (${numerics}): values and gradients of 40 random shapes`, async () => {
    const draw = createDraw(53);
    for (let i = 0; i < 40; i++) {
      const shape = Array.from({ length: draw(1, 4) }, () => draw(1, 7));
      const ranges = shape.slice(0, draw(1, shape.length)).map((extent): Stepped => {
        const step = draw(1, 3) * (draw(0, 1) ? 1 : -1);
        const [low, high] = [draw(0, extent - 1), draw(0, extent - 1)].toSorted((a, b) => a - b);
        const from = step > 0 ? low! : high!;
        const stop = step > 0 ? high! + 1 : low! - 1;
        const isOpen = draw(0, 2) === 0;
        const start = draw(0, 1) ? from : from - extent;
        return [isOpen ? undefined : start, isOpen || stop < 0 ? undefined : stop, step];
      });
      /** The indices that Python's slice gives. */
      const lists = shape.map((extent, axis) => {
        const [start, stop, step = 1] = ranges[axis] ?? [];
        const own = (index: number) => (index < 0 ? index + extent : index);
        const first = start === undefined ? (step > 0 ? 0 : extent - 1) : own(start);
        const end = stop === undefined ? (step > 0 ? extent : -1) : own(stop);
        const list: number[] = [];
        for (let at = first; step > 0 ? at < end : at > end; at += step) list.push(at);
        return list;
      });
      await checkOp({
        what: `slice of ${shape.join('×')}, ${ranges.map((range) => range.join(':')).join(', ')}`,
        shapes: [shape],
        seed: 7000 + i,
        numerics,
        op: (x) => ops.slice(x!, ranges),
        definition: (x) =>
          lists
            .reduce<number[]>(
              (places, list, axis) => places.flatMap((p) => list.map((q) => p * shape[axis]! + q)),
              [0],
            )
            .map((place) => x![place]!),
      });
    }
  });

  interface Case {
    readonly op: string;
    readonly inputs: Readonly<Record<string, number[]>>;
    readonly seed: number;
    readonly y: string;
    readonly yShape: number[];
    readonly gradients: Readonly<Record<string, string>>;
    readonly axis: number;
    readonly indices: number[];
    readonly k: number;
    readonly largest: boolean;
    readonly places: number[];
    readonly argMax: number[];
    readonly argMin: number[];
    readonly axes: number[];
    readonly ranges: (number | null)[][];
  }

  const built: Readonly<Record<string, (one: Case, at: Tensor, ...leaves: Tensor[]) => Tensor>> = {
    gather: ({ axis }, at, x) => ops.gather(x!, at, axis),
    takeAlong: ({ axis }, at, x) => ops.takeAlong(x!, at, axis),
    scatterAdd: ({ axis }, at, x, updates) =>
      ops.scatter(x!, at, updates!, axis, { reduce: 'add' }),
    topK: ({ axis, k, largest }, _, x) => ops.topK(x!, k, axis, { largest }).values,
    flip: ({ axes }, _, x) => ops.flip(x!, axes),
    slice: ({ ranges }, _, x) =>
      ops.slice(
        x!,
        ranges.map((range): Stepped => range.map((at) => at ?? undefined) as never),
      ),
    batchMatmul: (_, __, a, b) => ops.batchMatmul(a!, b!),
  };

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    const cases = loadGolden<Case>('places');
    assert.is(cases.length, 26);
    for (const one of cases) {
      const what = `${one.op} ${JSON.stringify(one.inputs)}`;
      const names = Object.keys(one.inputs);
      const leaves = names.map((name) => input(name, one.inputs[name]!));
      const at = input('indices', one.indices ?? [1]);
      const extent = one.inputs['x']?.at(one.axis ?? 0) ?? 1;
      const feeds = new Map(leaves.map((t, i) => [t, numbers(sizeOf(t.shape), one.seed + i)]));
      const places = wholes(sizeOf(at.shape), extent, one.seed + 50);
      const y = built[one.op]!(one, at, ...leaves);
      assert.equal(y.shape, one.yShape, what);
      const target = numbers(sizeOf(y.shape), one.seed + 99);
      const all = new Map(feeds).set(at, places);
      const { value, found } = await valueAndGradients(y, leaves, all, target, numerics);
      assertClose(value, unpack(one.y), 1e-5, `${what}: y`);
      names.forEach((name, i) =>
        assertClose(found[i]!, unpack(one.gradients[name]!), 1e-4, `${what}: gradient by ${name}`),
      );
      if (one.op !== 'topK') continue;
      const x = leaves[0]!;
      const numbersOf = await evaluate(
        [
          ops.topK(x, one.k, one.axis, { largest: one.largest }).indices,
          ops.argMax(x, one.axis),
          ops.argMin(x, one.axis),
        ],
        feeds,
        { numerics },
      );
      assert.equal(
        numbersOf.map((list) => Array.from(list)),
        [one.places, one.argMax, one.argMin],
        what,
      );
    }
  });

  test(`products of repeated stacks (${numerics}), transposed or not: values and gradients`, async () => {
    for (const [i, [a, b]] of [
      [[2, 1], [3]],
      [[], [4]],
      [[3], []],
      [[], []],
      [[2, 3], []],
    ].entries())
      for (const [tA, tB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const [m, k, n] = [3, 4, 2];
        const shapes = [
          [...a!, ...(tA ? [k, m] : [m, k])],
          [...b!, ...(tB ? [n, k] : [k, n])],
        ];
        const [outer, most] = [Math.max(sizeOf(a!), 1), sizeOf([...a!]) * sizeOf([...b!])];
        await checkOp({
          what: `${shapes.map((shape) => shape.join('×')).join(' and ')}, ${tA}, ${tB}`,
          shapes,
          seed: 8000 + i,
          numerics,
          op: (x, y) => ops.batchMatmul(x!, y!, tA, tB),
          definition: (x, y) =>
            Float64Array.from({ length: most * m * n }, (_, at) => {
              const [column, row] = [at % n, Math.floor(at / n) % m];
              const stack = Math.floor(at / m / n);
              // The stacks here repeat along all of the other's axes.
              const ofA = Math.floor((stack / most) * outer);
              const ofB = stack % sizeOf(b!);
              let sum = 0;
              for (let r = 0; r < k; r++)
                sum +=
                  x![ofA * m * k + (tA ? r * m + row : row * k + r)]! *
                  y![ofB * k * n + (tB ? column * k + r : r * n + column)]!;
              return sum;
            }),
        });
      }
  });
}

type Stepped = Parameters<typeof ops.slice>[1][number];

test('numbers of places are constants to a gradient, wherever they are used', async () => {
  const x = input('x', [2, 3]);
  const places = ops.argMax(x, 1, { keepDims: true });
  const [dx] = gradients(ops.sum(ops.multiply(x, places)), [x]);
  const [slope] = await evaluate([dx!], new Map([[x, Float32Array.of(1, 5, 2, 0, 1, 3)]]));
  assert.equal([...slope!], [1, 1, 1, 2, 2, 2]);
});

test('what does not fit is refused', () => {
  const x = input('x', [3, 4]);
  refuses(() => ops.gather(x, input('i', [2]), 2), /gather: axis 2 is outside of 3×4/);
  refuses(() => ops.takeAlong(x, input('i', [2]), 0), /takeAlong: indices 2 for 3×4/);
  refuses(() => ops.takeAlong(x, input('i', [2, 5]), 0), /none of them longer except axis 0/);
  refuses(
    () => ops.scatter(x, input('i', [2, 4]), input('u', [1, 4]), 0),
    /scatter: updates 1×4 differ from indices 2×4/,
  );
  refuses(() => ops.gatherNd(x, input('i', [2, 3])), /a last axis of 1 to 2 numbers/);
  refuses(
    () => ops.scatterNd(x, input('i', [2, 1]), input('u', [2, 3])),
    /scatterNd: updates have shape 2×3, expected 2×4/,
  );
  refuses(
    () => ops.gatherNd(input('x', [2 ** 13, 2 ** 12]), input('i', [2, 2])),
    /33554432 places/,
  );
  // The number of such a row is none of float32's.
  const long = input('long', [2 ** 24, 1]);
  for (const take of [
    () => ops.gather(long, input('i', [2], 'i32')),
    () => ops.takeAlong(long, input('i', [2, 1]), 0),
    () => ops.scatter(long, input('i', [2, 1]), input('u', [2, 1]), 0),
    () => ops.argMax(long, 0),
    () => ops.topK(long, 1, 0),
  ])
    refuses(take, /16777216 places in 16777216: float32 counts 16777215 at most/);
  assert.throws(
    () => ops.batchMatmul(x, x, { transposeB: true } as never),
    /batchMatmul: transposeA is .*, expected true or false/,
  );
  assert.throws(() => ops.argMax(x, 'x' as never), /argMax: axis is 'x', expected a whole/);
  refuses(() => ops.topK(x, 5), /topK: 5 of the values along axis 1 of 3×4/);
  refuses(() => ops.slice(x, [[0, 3, 0]]), /slice: 0:3:0 along axis 0 of 3×4 is empty/);
  refuses(() => ops.slice(x, [[0, 2, -1]]), /slice: 0:2:-1 along axis 0 of 3×4 is empty/);
  refuses(() => ops.slice(x, [[0, 3, 1.5]]), /its step is no whole number/);
  refuses(() => ops.slice(x, [[0, 3, 2], [], [0, 1]]), /slice: 3 ranges, 3×4 has 2 axes/);
  refuses(() => ops.flip(x, 2), /flip: axis 2 is outside of 3×4/);
  refuses(() => ops.flip(x, [0, -2]), /flip: axes 0, -2 of 3×4 repeat one/);
  refuses(() => ops.batchMatmul(input('a', [2, 3, 4]), input('b', [3, 4, 5])), /equally many/);
  refuses(() => ops.batchMatmul(input('a', [3, 4]), input('b', [2, 5, 4])), /inner extents/);
});

test.run();
