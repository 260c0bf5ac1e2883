/** Resampling: onnxruntime's values in all modes, and gradients of the linear map that it is. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, sizeOf } from '../../src/graph/tensor.js';
import * as ops from '../../src/ops/checked.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { availableNumerics } from '../kernels/instance.js';
import { checkOp } from '../support/check-op.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  readonly shape: number[];
  readonly scales: number[] | null;
  readonly sizes: number[] | null;
  readonly roi: number[] | null;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly seed: number;
  readonly y: string;
  readonly yShape: number[];
}

type Options = Parameters<typeof ops.resize>[1];

/** `half_pixel` as `halfPixel`. */
const camel = (name: unknown): string | undefined =>
  name === undefined
    ? undefined
    : String(name).replaceAll(/_(\w)/g, (_, c: string) => c.toUpperCase());

function optionsOf({ scales, sizes, roi, attributes: one }: Case): Options {
  const coordinates = camel(one['coordinate_transformation_mode']);
  const options = {
    scales: scales ?? undefined,
    sizes: sizes ?? undefined,
    region: roi ?? undefined,
    mode: one['mode'],
    coordinates,
    rounding: camel(one['nearest_mode']),
    cubicCoefficient: one['cubic_coeff_a'],
    excludeOutside: one['exclude_outside'] === undefined ? undefined : one['exclude_outside'] === 1,
    antialias: one['antialias'] === undefined ? undefined : true,
    extrapolation: one['extrapolation_value'],
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

for (const numerics of availableNumerics) {
  test(`all modes (${numerics}) give onnxruntime’s values, and their gradients are transposed`, async () => {
    const cases = loadGolden<Case>('onnx-resize');
    assert.is(cases.length, 119);
    for (const one of cases) {
      const options = optionsOf(one);
      const what = `${one.shape.join('×')} ${JSON.stringify(options)}`;
      const x = input('x', one.shape);
      const y = ops.resize(x, options);
      assert.equal(y.shape, one.yShape, what);
      const size = sizeOf(one.shape);
      const [value] = await evaluate([y], new Map([[x, numbers(size, one.seed)]]), { numerics });
      // onnxruntime has float32 weights.
      assertClose(value!, unpack(one.y), 1e-4, what);
      if (one.seed % 5 > 0) continue;
      // The map's matrix, column by column, and what it adds.
      const columns = await Promise.all(
        Array.from({ length: size + 1 }, async (_, at) => {
          const unit = Float32Array.from({ length: size }, (__, i) => Number(i === at));
          const [column] = await evaluate([y], new Map([[x, unit]]), { numerics });
          return column!;
        }),
      );
      const rest = Float64Array.from(columns[size]!);
      await checkOp({
        what,
        shapes: [one.shape],
        seed: one.seed,
        numerics,
        op: (t) => ops.resize(t!, options),
        definition: (t) =>
          rest.map((own, row) =>
            t!.reduce((sum, v, at) => sum + v * (columns[at]![row]! - own), own),
          ),
      });
    }
  });
}

test('axes are counted from the end, and one alone may change', async () => {
  const x = input('x', [2, 3, 4]);
  assert.equal(ops.resize(x, { scales: [2] }).shape, [2, 3, 8]);
  assert.equal(ops.resize(x, { sizes: [5], axes: [1] }).shape, [2, 5, 4]);
  const same = ops.resize(x, { sizes: [3, 4], mode: 'cubic' });
  assert.is(same, x, 'nothing changes');
});

test('long axes take elements in place of a matrix, with its values', async () => {
  const [n, P] = [3000, 1700];
  const x = input('x', [1, n, 2]);
  const values = numbers(2 * n, 7);
  const y = ops.resize(x, { sizes: [P], axes: [1], mode: 'linear' });
  const [found] = await evaluate([y], new Map([[x, values]]));
  for (const p of [0, 1, 851, P - 1])
    for (const k of [0, 1]) {
      const at = Math.min(Math.max(((p + 0.5) * n) / P - 0.5, 0), n - 1);
      const [low, share] = [Math.floor(at), at % 1];
      const high = Math.min(low + 1, n - 1);
      const expected = values[low * 2 + k]! * (1 - share) + values[high * 2 + k]! * share;
      assert.ok(Math.abs(found![p * 2 + k]! - expected) < 1e-3, `${p}: ${found![p * 2 + k]}`);
    }
});

test('what does not fit is refused', () => {
  const x = input('x', [2, 3, 4]);
  refuses(() => ops.resize(x, {}), /resize: no sizes, no scales, no axes/);
  refuses(() => ops.resize(x, { sizes: [2], axes: [0, 1] }), /1 sizes, no scales, 2 axes/);
  refuses(() => ops.resize(x, { scales: [0.1] }), /axes -1 of 2×3×4 would have nothing left/);
  refuses(() => ops.resize(x, { sizes: [2, 2], axes: [1, -2] }), /axes 1, -2 of 2×3×4 repeat one/);
  refuses(() => ops.resize(x, { sizes: [2, 2, 2, 2] }), /axis -4 is outside of 2×3×4/);
  refuses(() => ops.resize(x, { sizes: [2], region: [0] }), /a region of 1 numbers/);
  refuses(() => ops.resize(x, { sizes: [1e9] }), /axis 2 of 2×3×4: 4 elements to 1000000000/);
  assert.throws(
    () => ops.resize(x, { sizes: [2], mode: 'area' as never }),
    /resize: mode is 'area', expected one of nearest, linear, cubic/,
  );
});

test.run();
