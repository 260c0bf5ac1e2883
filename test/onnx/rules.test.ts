/** Rules of ONNX's ops: onnxruntime's answers, what differs from it on purpose, gradients, and refusals of anything wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { input, sizeOf, type Tensor } from '../../src/graph/tensor.js';
import { applyRule, rules, type Operand } from '../../src/onnx/rules/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { assertClose, loadGolden } from '../support/golden.js';
import { createDraw } from '../support/numbers.js';

interface Input {
  shape: number[];
  values: (number | string)[];
  type?: string;
  known?: boolean;
}

interface Case {
  op: string;
  version: number;
  attributes: Record<string, unknown>;
  inputs: (Input | null)[];
  results: { output: number; shape: number[]; values: (number | string)[] }[];
}

/** One output of an op. */
async function outputOf(
  { op, version, attributes, inputs }: Omit<Case, 'results'>,
  output = 0,
  outputs = 1,
): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const feeds = new Map<Tensor, Float32Array>();
  const operands = inputs.map((one, i): Operand => {
    if (!one) return undefined;
    const values = Float32Array.from(one.values, Number);
    // Rounded to float32, INT64_MIN is no longer what a bound is.
    if (one.known)
      return { type: one.type ?? 'float', shape: one.shape, values: one.values.map(Number) };
    const leaf = input(`x${i}`, one.shape);
    feeds.set(leaf, values);
    return leaf;
  });
  const types = inputs.map((one) => one?.type ?? 'float');
  const samples = false;
  const tensor = applyRule({ op, version, attributes, operands, types, output, outputs, samples });
  const [values] = await evaluate([tensor], feeds);
  return { shape: tensor.shape, values: values! };
}

const golden = loadGolden<Case>('onnx-rules');

test(`${golden.length} ops answer as onnxruntime does`, async () => {
  for (const one of golden) {
    const outputs = Math.max(...one.results.map(({ output }) => output)) + 1;
    for (const { output, shape, values } of one.results) {
      const what = `${one.op} ${one.version} ${JSON.stringify(one.attributes)} output ${output}`;
      const found = await outputOf(one, output, Math.max(outputs, one.results.length));
      assert.equal([...found.shape], shape, what);
      assertClose(found.values, Float32Array.from(values, Number), 1e-5, what);
    }
  }
});

const floats = (shape: number[], values: number[]): Input => ({ shape, values });

const valuesOf = async (one: Omit<Case, 'results'>, output = 0): Promise<number[]> =>
  Array.from((await outputOf(one, output, output + 1)).values, (v) => Number(v.toFixed(5)));

test('what onnxruntime has not, or has otherwise, is as the standard says', async () => {
  // A window over 4 channels is c − 1 … c + 2.
  const ramp = floats([1, 6], [1, 2, 4, 8, 16, 32]);
  const even = { size: 4, alpha: 4, beta: 1, bias: 1 };
  const squares = [1, 4, 16, 64, 256, 1024];
  assert.equal(
    await valuesOf({ op: 'LRN', version: 13, attributes: even, inputs: [ramp] }),
    squares.map((_, c) => {
      const sum = squares.slice(Math.max(0, c - 1), c + 3).reduce((a, b) => a + b);
      return Number((2 ** c / (1 + sum)).toFixed(5));
    }),
  );
  // The scale is one per group in opset 18, and per channel since 21.
  const x = floats([1, 4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  const parameters = [floats([2], [1, 10]), floats([2], [0, 1])];
  const group = { op: 'GroupNormalization', attributes: { num_groups: 2 } };
  const perGroup = await valuesOf({ ...group, version: 18, inputs: [x, ...parameters] });
  const perChannel = [floats([4], [1, 1, 10, 10]), floats([4], [0, 0, 1, 1])];
  assert.equal(perGroup, await valuesOf({ ...group, version: 21, inputs: [x, ...perChannel] }));
  // A query that sees no key gives 0, where softmax alone gives NaN.
  const four = floats([1, 1, 2, 1], [1, 2]);
  const mask: Input = { shape: [2, 2], values: [0, 0, 1, 0], type: 'bool' };
  const seen = await valuesOf({
    op: 'Attention',
    version: 23,
    attributes: {},
    inputs: [four, four, four, mask],
  });
  assert.equal(seen, [0, 1]);
  // Whole numbers of 8 bits wrap.
  const bytes: Input = { shape: [2], values: [200, 3], type: 'uint8' };
  assert.equal(
    await valuesOf({ op: 'Add', version: 14, attributes: {}, inputs: [bytes, bytes] }),
    [144, 6],
  );
  // Casts go towards zero, and halves have 11 significant bits.
  const cast = (to: number, values: number[]) =>
    valuesOf({
      op: 'Cast',
      version: 19,
      attributes: { to },
      inputs: [floats([values.length], values)],
    });
  assert.equal(await cast(7, [-1.75, 2.5]), [-1, 2]);
  assert.equal(await cast(10, [2049, 65519, 65520, -70000]), [2048, 65504, Infinity, -Infinity]);
  assert.equal(await cast(9, [0, -0.5, 2]), [0, 1, 1]);
  // Before opset 7, an operand is aligned at an axis.
  const aligned = await valuesOf({
    op: 'Add',
    version: 6,
    attributes: { broadcast: 1, axis: 0 },
    inputs: [floats([2, 2], [1, 2, 3, 4]), floats([2], [10, 20])],
  });
  assert.equal(aligned, [11, 12, 23, 24]);
});

test('nothing but LanewiseErrors is thrown, whatever attributes and shapes are', async () => {
  const draw = createDraw(1600);
  const odd = [
    0,
    1,
    -1,
    2,
    7,
    2 ** 60,
    0.5,
    'x',
    [],
    [0],
    [1, 2, 3, 4],
    [-1, 5],
    ['a'],
    null,
    {},
    NaN,
  ];
  const shapes = [[], [1], [3], [2, 3], [1, 2, 4], [2, 2, 3, 3], [1, 2, 2, 2, 2], [4, 4]];
  const pick = <T>(list: readonly T[]): T => list[draw(0, list.length - 1)]!;
  let built = 0;
  const byOp = new Map(golden.map((one) => [one.op, one]));
  for (const op of Object.keys(rules)) {
    for (let i = 0; i < 120; i++) {
      const known = byOp.get(op);
      const attributes: Record<string, unknown> = { ...known?.attributes };
      for (const name of [
        ...Object.keys(attributes),
        'axis',
        'axes',
        'mode',
        'pads',
        'kernel_shape',
      ])
        if (draw(0, 9) === 0) attributes[name] = pick(odd);
      const operands = Array.from({ length: draw(0, 5) }, (_, k): Operand => {
        const kind = draw(0, 9);
        const like = known?.inputs[k];
        const shape = like && kind < 7 ? like.shape : pick(shapes);
        if (kind === 0) return undefined;
        const values =
          like && kind < 7
            ? like.values.map(Number)
            : Array.from({ length: sizeOf(shape) }, () => pick([0, 1, -1, 3, 1e9, 0.5, NaN]));
        return kind < 5 && !like?.known
          ? input(`x${k}`, shape, draw(0, 9) === 0 ? 'i32' : 'f32')
          : { type: like?.type ?? 'int64', shape, values };
      });
      const version = pick([1, 6, 7, 11, 13, 18, 21, 24]);
      try {
        applyRule({ op, version, attributes, operands, output: draw(0, 3), outputs: draw(1, 4) });
        built++;
      } catch (error) {
        if (error instanceof LanewiseError) continue;
        const shown = operands.map(
          (one) =>
            one &&
            ('values' in one ? `known ${String(one.shape)}: ${String(one.values)}` : one.shape),
        );
        throw new Error(`${op} ${version} ${JSON.stringify(attributes)} ${JSON.stringify(shown)}`, {
          cause: error,
        });
      }
    }
  }
  assert.ok(built > 500, `${built} were built`);
});

test.run();
