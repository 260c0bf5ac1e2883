/**
 * Trigonometry, powers, remainders, products, running sums and composed activations: values and gradients are the
 * definition’s and PyTorch’s, of special values too.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { gradients } from '../../src/compiler/differentiate.js';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/checked.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { valueAndGradients } from '../support/graph.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

type Function = (...leaves: Tensor[]) => Tensor;

/** Functions of one number, with definitions. */
const unary: Readonly<Record<string, [op: (x: Tensor) => Tensor, of: (x: number) => number]>> = {
  sin: [ops.sin, Math.sin],
  cos: [ops.cos, Math.cos],
  tan: [ops.tan, Math.tan],
  atan: [ops.atan, Math.atan],
  sinh: [ops.sinh, Math.sinh],
  cosh: [ops.cosh, Math.cosh],
  asinh: [ops.asinh, Math.asinh],
  reciprocal: [ops.reciprocal, (x) => 1 / x],
  softsign: [ops.softsign, (x) => x / (1 + Math.abs(x))],
  mish: [ops.mish, (x) => x * Math.tanh(Math.log1p(Math.exp(x)))],
  celu: [ops.celu, (x) => (x > 0 ? x : Math.expm1(x))],
  celuOf2: [(x) => ops.celu(x, 2), (x) => (x > 0 ? x : 2 * Math.expm1(x / 2))],
  hardSigmoid: [ops.hardSigmoid, (x) => Math.min(Math.max(x / 6 + 0.5, 0), 1)],
  onnxHardSigmoid: [
    (x) => ops.hardSigmoid(x, 0.2, 0.5),
    (x) => Math.min(Math.max(0.2 * x + 0.5, 0), 1),
  ],
  thresholdedRelu: [(x) => ops.thresholdedRelu(x, 0.5), (x) => (x > 0.5 ? x : 0)],
  asin: [ops.asin, Math.asin],
  acos: [ops.acos, Math.acos],
  atanh: [ops.atanh, Math.atanh],
  acosh: [ops.acosh, Math.acosh],
};
const bounded = new Set(['asin', 'acos', 'atanh']);

const half = ops.constant(1.5, []);
const whole = ops.literal([3, -2, 0, 1, 2]);

const others: Readonly<Record<string, Function>> = {
  acosh: (x) => ops.acosh(ops.add(ops.square(x!), half)),
  where: (c, a, b) => ops.where(ops.greater(c!, ops.constant(0, [])), a!, b!),
  pow: (a, b) => ops.pow(ops.add(ops.abs(a!), ops.constant(0.1, [])), b!),
  powOfWhole: (a) => ops.pow(a!, whole),
  fmod: (a, b) => ops.fmod(ops.scale(a!, 3), b!),
  remainder: (a, b) => ops.remainder(ops.scale(a!, 3), b!),
  prod: (x) => ops.prod(x!, 1),
  prodOfAll: (x) => ops.prod(ops.add(x!, half)),
  cumsum: (x) => ops.cumsum(x!, 1),
  cumsumReverse: (x) => ops.cumsum(x!, -1, { reverse: true }),
  cumsumExclusive: (x) => ops.cumsum(x!, 0, { exclusive: true }),
  logsumexp: (x) => ops.logsumexp(ops.scale(x!, 20), [0, 2]),
};

/** The ops of special values that are not among those of one number. */
const special: Readonly<Record<string, Function>> = {
  ...(ops as unknown as Record<string, Function>),
  celuOf2: unary['celuOf2']![0] as Function,
  onnxHardSigmoid: unary['onnxHardSigmoid']![0] as Function,
  thresholdedRelu: unary['thresholdedRelu']![0] as Function,
  prod: (x) => ops.prod(ops.reshape(x!, [5, 3]), 1),
  cumsum: (x) => ops.cumsum(ops.reshape(x!, [5, 3]), 1),
  logsumexp: (x) => ops.logsumexp(ops.reshape(x!, [5, 3]), 1),
};

interface Case {
  kind: string;
  shapes: number[][];
  scale: number;
  seed: number;
  y: string;
  gradients: Record<string, string>;
}

interface Special {
  kind: string;
  values: string[];
  y: string;
  gradients?: string[];
}

/** Equal, or within a millionth of the size, or NaN both. */
const agree = (found: number, expected: number): boolean =>
  Object.is(found, expected) ||
  found === expected ||
  Math.abs(found - expected) <= 1e-6 * Math.abs(expected);

for (const numerics of availableNumerics) {
  test(`functions of one number (${numerics}) and their gradients are the definition’s`, async () => {
    for (const [name, [op, of]] of Object.entries(unary))
      for (const count of [1, 6, 61]) {
        await checkOp({
          what: `${name} of ${count}`,
          shapes: [[count]],
          seed: count + 1,
          numerics,
          prepare(v) {
            if (bounded.has(name)) return v * 0.95;
            if (name === 'acosh') return Math.abs(v) * 3 + 1.1;
            const far = Math.abs(v) < 0.05 ? v + 0.2 : v;
            return name === 'tan' ? far : far * 3;
          },
          op: (x) => op(x!),
          definition: (x) => x!.map(of),
          gradientTolerance: 5e-4,
        });
      }
  });

  test(`values and gradients (${numerics}) are PyTorch’s`, async () => {
    const cases = loadGolden<Case>('functions');
    assert.is(cases.length, Object.keys({ ...unary, ...others }).length);
    for (const { kind, shapes, scale, seed, y, gradients: by } of cases) {
      const leaves = shapes.map((shape, i) => input(`leaf ${i}`, shape));
      const feeds = new Map(
        leaves.map((t, i) => [t, numbers(sizeOf(t.shape), seed + i).map((v) => v * scale)]),
      );
      const op: Function = others[kind] ?? (unary[kind]![0] as Function);
      const result = op(...leaves);
      const target = numbers(sizeOf(result.shape), seed + 99);
      const wrt = leaves.filter((_, i) => String(i) in by);
      const { value, found } = await valueAndGradients(result, wrt, feeds, target, numerics);
      assertClose(value, unpack(y), 1e-5, kind);
      Object.values(by).forEach((expected, i) =>
        assertClose(found[i]!, unpack(expected), 1e-4, `${kind}: gradient by leaf ${i}`),
      );
    }
  });

  test(`special values (${numerics}) are PyTorch’s, and gradients by them`, async () => {
    for (const { kind, values, y, gradients: by } of loadGolden<Special>('special-values')) {
      const given = values.map(unpack);
      const leaves = given.map((value, i) => input(`leaf ${i}`, [value.length]));
      const result = special[kind]!(...leaves);
      const slopes = by ? gradients(ops.sum(result), leaves) : [];
      const feeds = new Map(leaves.map((t, i) => [t, given[i]!]));
      const found = await evaluate([result, ...slopes], feeds, { numerics });
      const wrong: string[] = [];
      [y, ...(by ?? [])].forEach((expected, which) =>
        unpack(expected).forEach((value, i) => {
          const one = found[which]![i]!;
          const at = given.map((column) => column[i]).join(', ');
          // Composed activations have no gradient at a NaN; PyTorch's have the one of one side.
          const isNeither = which > 0 && at === 'NaN' && Number.isNaN(one);
          if (!isNeither && !agree(one, value))
            wrong.push(
              `${which ? `gradient ${which}` : 'value'} at ${at}: ${one}, PyTorch’s ${value}`,
            );
        }),
      );
      assert.equal(wrong, [], kind);
    }
  });

  test(`celu (${numerics}) of a negative alpha is its formula too`, () =>
    checkOp({
      what: 'celu of −2',
      shapes: [[61]],
      seed: 5,
      numerics,
      prepare: (v) => v * 3,
      op: (x) => ops.celu(x!, -2),
      definition: (x) => x!.map((v) => (v > 0 ? v : -2 * Math.expm1(v / -2))),
      gradientTolerance: 5e-4,
    }));

  test(`products and sums (${numerics}) of any extent, along any axes`, async () => {
    for (const extent of [1, 2, 3, 7, 16, 33]) {
      const check = (what: string, op: Function, definition: (x: Float64Array) => number[]) =>
        checkOp({
          what: `${what} of ${extent}`,
          shapes: [[2, extent, 3]],
          seed: extent,
          numerics,
          prepare: (v) => v + 0.5 * Math.sign(v),
          op: op,
          definition: (x) => definition(x!),
        });
      const at = (x: Float64Array, o: number, r: number, i: number) => x[(o * extent + r) * 3 + i]!;
      const rows = [...Array(extent).keys()];
      await check(
        'prod',
        (x) => ops.prod(x!, 1, true),
        (x) =>
          [0, 1].flatMap((o) => [0, 1, 2].map((i) => rows.reduce((p, r) => p * at(x, o, r, i), 1))),
      );
      await check(
        'prod of two axes',
        (x) => ops.prod(x!, [0, 2]),
        (x) =>
          rows.map((r) =>
            [0, 1].flatMap((o) => [0, 1, 2].map((i) => at(x, o, r, i))).reduce((a, b) => a * b),
          ),
      );
      for (const reverse of [false, true])
        for (const exclusive of [false, true])
          await check(
            `cumsum ${reverse} ${exclusive}`,
            (x) => ops.cumsum(x!, 1, { reverse, exclusive }),
            (x) =>
              [0, 1].flatMap((o) =>
                rows.flatMap((r) =>
                  [0, 1, 2].map((i) =>
                    rows
                      .filter((j) => (reverse ? j > r : j < r) || (j === r && !exclusive))
                      .reduce((sum, j) => sum + at(x, o, j, i), 0),
                  ),
                ),
              ),
          );
    }
  });

  test(`tangents (${numerics}) are within 2 ulp`, async () => {
    const x = input('x', [100_000]);
    const angles = Float32Array.from(
      { length: 100_000 },
      (_, i) => Math.exp(i / 7000) * (i % 2 ? -1 : 1),
    );
    const [y] = await evaluate([ops.tan(x)], new Map([[x, angles]]), { numerics });
    let worst = 0;
    y!.forEach((found, i) => {
      const truth = Math.tan(angles[i]!);
      worst = Math.max(
        worst,
        Math.abs(found - truth) / 2 ** (Math.floor(Math.log2(Math.abs(truth))) - 23),
      );
    });
    assert.ok(worst > 0 && worst <= 2, `${worst} ulp`);
  });

  test(`gradients (${numerics}) are exact next to kinks and multiples`, async () => {
    const slopesAt = async (op: Function, ...given: number[][]): Promise<number[][]> => {
      const leaves = given.map((column, i) => input(`leaf ${i}`, [column.length]));
      const feeds = new Map(leaves.map((t, i) => [t, Float32Array.from(given[i]!)]));
      const found = await evaluate(gradients(ops.sum(op(...leaves)), leaves), feeds, { numerics });
      return found.map((one) => [...one]);
    };
    const near = [1.0001, 1.002, 1.000001].map(Math.fround);
    const [acosh] = await slopesAt((x) => ops.acosh(x!), near);
    near.forEach((x, i) => {
      const truth = 1 / Math.sqrt((x - 1) * (x + 1));
      assert.ok(Math.abs(acosh![i]! / truth - 1) < 3e-7, `${acosh![i]} at ${x}, expected ${truth}`);
    });
    // As float32, 0.7 is below 7 · 0.1, though their quotient rounds to 7.
    const multiples = [
      [0.7, -0.7, 7],
      [0.1, 0.1, -2],
    ] as const;
    const [, fmod] = await slopesAt(
      (a, b) => ops.fmod(a!, b!),
      [...multiples[0]],
      [...multiples[1]],
    );
    assert.equal(fmod, [-6, 6, 3]);
    const [, rest] = await slopesAt(
      (a, b) => ops.remainder(a!, b!),
      [...multiples[0]],
      [...multiples[1]],
    );
    assert.equal(rest, [-6, 7, 4]);
  });

  test(`the gradient of a product (${numerics}) is exact where factors are 0`, async () => {
    const x = input('x', [3, 4]);
    const [dx] = gradients(ops.sum(ops.prod(x, 1)), [x]);
    const values = Float32Array.of(2, 0, 3, 5, 0, 0, 3, 5, 2, 3, 4, 5);
    const [slope] = await evaluate([dx!], new Map([[x, values]]), { numerics });
    assert.equal([...slope!], [0, 30, 0, 0, 0, 0, 0, 0, 60, 40, 30, 24]);
  });
}

test('a list of tensors is mapped by an op of one', async () => {
  const leaves = [input('a', [2]), input('b', [2])];
  const feeds = new Map(leaves.map((t, i) => [t, Float32Array.of(i, 0)]));
  const found = await evaluate(leaves.map(ops.cos), feeds);
  assert.equal(
    found.map((one) => one[1]),
    [1, 1],
  );
});

test('what does not fit is refused', () => {
  assert.throws(
    () => ops.cumsum(input('x', [2]), 0, null as never),
    /cumsum: options are null, expected an object/,
  );
  const x = input('x', [2, 3]);
  refuses(() => ops.pow(x, input('b', [4])), /pow: shapes 2×3 and 4 differ along axis -1/);
  refuses(() => ops.prod(x, 2), /prod: axis 2 is outside of 2×3/);
  refuses(() => ops.prod(x, [1, -1]), /prod: axes 1, -1 of 2×3 repeat one/);
  refuses(() => ops.cumsum(x, -3), /cumsum: axis -3 is outside of 2×3/);
  refuses(() => ops.logsumexp(x, 5), /axis 5 is outside of 2×3/);
  const options = (given: unknown) => () => ops.cumsum(x, 0, given as object);
  assert.throws(
    options({ reversed: true }),
    /cumsum: unknown option 'reversed', expected exclusive/,
  );
  assert.throws(options({ reverse: 1 }), /cumsum: reverse is 1, expected true or false/);
  assert.throws(() => ops.celu(x, 0), /celu: alpha is 0, expected a number other than 0/);
  assert.throws(() => ops.hardSigmoid(x, NaN), /hardSigmoid: slope is NaN, expected a finite/);
  assert.throws(() => ops.thresholdedRelu(x, 1e39), /thresholdedRelu: threshold is 1e\+39/);
});

test.run();
