/** Every op that users may call names the argument that is not a tensor; none is silent, and none throws by accident. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { input as leaf, isTensor, type Tensor } from '../../src/graph/tensor.js';
import { input as wire, relu } from '../../src/layers/index.js';
import * as ops from '../../src/ops/checked.js';

const f = (...shape: number[]): Tensor => leaf('x', shape);
const i = (...shape: number[]): Tensor => leaf('labels', shape, 'i32');
const [matrix, sequence, images] = [f(4, 6), f(2, 4, 6), f(2, 4, 6, 6)];
const strided = { stride: [1, 1], padding: [0, 0] } as const;
const window = { kernel: [2, 2], stride: [2, 2], padding: [0, 0] } as const;
const window1d = { kernel: 2, stride: 2, padding: 0 };

/** Arguments that each op takes. A missing op is a type error. */
const taken: { readonly [Name in keyof typeof ops]: Parameters<(typeof ops)[Name]> } = {
  add: [matrix, matrix],
  divide: [matrix, matrix],
  maximum: [matrix, matrix],
  minimum: [matrix, matrix],
  multiply: [matrix, matrix],
  subtract: [matrix, matrix],
  abs: [matrix],
  clamp: [matrix, 0, 1],
  erf: [matrix],
  acos: [matrix],
  acosh: [matrix],
  asin: [matrix],
  asinh: [matrix],
  atan: [matrix],
  atanh: [matrix],
  cos: [matrix],
  cosh: [matrix],
  sin: [matrix],
  sinh: [matrix],
  tan: [matrix],
  celu: [matrix],
  mish: [matrix],
  softsign: [matrix],
  thresholdedRelu: [matrix],
  fmod: [matrix, matrix],
  pow: [matrix, matrix],
  remainder: [matrix, matrix],
  cumsum: [matrix, 1],
  logsumexp: [matrix, 1],
  prod: [matrix, 1],
  ceil: [matrix],
  floor: [matrix],
  reciprocal: [matrix],
  round: [matrix],
  sign: [matrix],
  trunc: [matrix],
  isInfinite: [matrix],
  isNaN: [matrix],
  equal: [matrix, matrix],
  greater: [matrix, matrix],
  greaterOrEqual: [matrix, matrix],
  less: [matrix, matrix],
  lessOrEqual: [matrix, matrix],
  notEqual: [matrix, matrix],
  where: [matrix, matrix, matrix],
  exp: [matrix],
  log: [matrix],
  negate: [matrix],
  power: [matrix, 3],
  scale: [matrix, 2],
  sqrt: [matrix],
  square: [matrix],
  elu: [matrix],
  gelu: [matrix],
  hardSigmoid: [matrix],
  hardSwish: [matrix],
  hardTanh: [matrix],
  leakyRelu: [matrix],
  logSoftmax: [matrix],
  relu: [matrix],
  scaledTanh: [matrix],
  selu: [matrix],
  sigmoid: [matrix],
  silu: [matrix],
  softmax: [matrix],
  softplus: [matrix],
  tanh: [matrix],
  prelu: [matrix, f(1)],
  concat: [[matrix, matrix], 1],
  expand: [matrix, [4, 6]],
  flatten: [images],
  pad: [
    matrix,
    [
      [0, 0],
      [1, 1],
    ],
  ],
  pad2d: [images, [1, 1, 1, 1]],
  permute: [matrix, [1, 0]],
  reshape: [matrix, [24]],
  slice: [matrix, [[0, 2]]],
  split: [matrix, [2, 2]],
  flip: [matrix, 1],
  argMax: [matrix],
  argMin: [matrix, 0],
  gather: [matrix, i(2), 1],
  gatherNd: [matrix, i(3, 2)],
  scatter: [matrix, i(4, 2), f(4, 2), 1],
  scatterNd: [matrix, i(3, 1), f(3, 6)],
  takeAlong: [matrix, i(4, 2), 1],
  topK: [matrix, 2],
  stopGradient: [matrix],
  transpose: [matrix, 0, 1],
  max: [matrix, 1],
  mean: [matrix, [0, 1]],
  min: [matrix, 1],
  sum: [matrix, 1],
  attention: [sequence, sequence, sequence, { heads: 2, causal: true }],
  batchMatmul: [f(2, 3, 4), f(2, 4, 5)],
  einsum: ['ij,kj->ik', [matrix, matrix]],
  embedding: [i(4), f(5, 3)],
  linear: [matrix, f(3, 6), f(3)],
  matmul: [f(3, 4), f(4, 5)],
  recurrent: [sequence, { weightIh: f(9, 6), weightHh: f(9, 3) }, 'gru'],
  recurrentStates: [sequence, { weightIh: f(12, 6), weightHh: f(12, 3) }, 'lstm'],
  rbf: [matrix, f(3, 6)],
  conv1d: [sequence, f(3, 4, 2), f(3), { stride: 1, padding: 0 }],
  conv2d: [images, f(3, 4, 2, 2), f(3), strided],
  conv3d: [f(1, 4, 3, 3, 3), f(2, 4, 2, 2, 2), f(2), { stride: [1, 1, 1], padding: [0, 0, 0] }],
  avgPool3d: [f(1, 4, 3, 3, 3), { kernel: [2, 2, 2], stride: [1, 1, 1] }],
  maxPool3d: [f(1, 4, 3, 3, 3), { kernel: [2, 2, 2], stride: [1, 1, 1] }],
  convTranspose2d: [
    images,
    f(4, 3, 2, 2),
    f(3),
    { ...strided, outputPadding: [0, 0], dilation: [1, 1], groups: 1 },
  ],
  locallyConnected2d: [images, f(5, 5, 16, 3), f(3, 5, 5), { kernel: [2, 2], stride: [1, 1] }],
  adaptiveAvgPool2d: [images, [2, 2]],
  adaptiveMaxPool2d: [images, [2, 2]],
  avgPool1d: [sequence, window1d],
  maxPool1d: [sequence, window1d],
  avgPool2d: [images, window],
  maxPool2d: [images, window],
  globalAvgPool1d: [sequence],
  globalMaxPool1d: [sequence],
  globalAvgPool2d: [images],
  globalMaxPool2d: [images],
  resize: [images, { scales: [2, 0.5], mode: 'cubic' }],
  pixelShuffle: [images, 2],
  pixelUnshuffle: [images, 2],
  subsampling2d: [images, f(4), f(4), { kernel: [2, 2], stride: [2, 2] }],
  upsample2d: [images, { scale: [2, 2] }],
  groupNorm: [images, 2, f(4), f(4), 1e-5],
  instanceNorm: [images, f(4), f(4), 1e-5],
  layerNorm: [matrix, [6], f(6), f(6), 1e-5],
  rmsNorm: [matrix, [6], f(6), 1e-5],
  localResponseNorm: [images, { size: 3, alpha: 1e-4, beta: 0.75, k: 1 }],
  constant: [1, [2]],
  literal: [[1, 2]],
  oneHot: [i(4), 3],
  toFloats: [i(4)],
  dropout: [matrix, i(4), { rate: 0.5, stream: 1 }],
  pick: [matrix, i(4)],
};

type AnyOp = (...operands: unknown[]) => unknown;

const named = Object.entries(taken) as unknown as [keyof typeof ops, readonly unknown[]][];

/** Arguments whose place may be left empty. */
const optional: Partial<Record<keyof typeof ops, readonly number[]>> = {
  linear: [2],
  conv1d: [2],
  conv2d: [2],
  conv3d: [2],
  convTranspose2d: [2],
  locallyConnected2d: [2],
  groupNorm: [2, 3],
  instanceNorm: [1, 2],
  layerNorm: [2, 3],
  rmsNorm: [2],
};

const wrong: readonly unknown[] = [
  undefined,
  null,
  NaN,
  0,
  3,
  '',
  'x',
  true,
  {},
  [],
  [1, 2],
  new Float32Array(2),
  { shape: [4, 6] },
  () => matrix,
  relu,
  relu(wire([6])),
];

test('the table is of all public ops, and they take what stands in it', () => {
  assert.equal(named.map(([name]) => name).toSorted(), Object.keys(ops).toSorted());
  for (const [name, operands] of named) {
    const y = (ops[name] as AnyOp)(...operands);
    const parts = isTensor(y) ? [y] : Object.values(y as object);
    assert.ok(parts.length > 0 && parts.every(isTensor), name);
  }
});

test('what is no tensor is refused by the names of op and argument', () => {
  let refusals = 0;
  for (const [name, operands] of named)
    operands.forEach((operand, at) => {
      if (!isTensor(operand)) return;
      for (const value of wrong) {
        if (optional[name]?.includes(at) && (value === undefined || value === null)) continue;
        const call = () => (ops[name] as AnyOp)(...operands.with(at, value));
        assert.throws(
          call,
          (error: unknown) =>
            error instanceof LanewiseError &&
            error.kind === 'argument' &&
            new RegExp(`^${name}: \\w+ is .*, expected a tensor$`).test(error.message),
          `${name}, argument ${at}: ${String(value)}`,
        );
        refusals++;
      }
    });
  assert.ok(refusals > 1300, `${refusals}`);
});

test('so are other arguments that are missing', () => {
  const defaults = ['argMin', 'clamp', 'gather', 'logsumexp', 'max', 'mean', 'min', 'prod', 'sum'];
  for (const [name, operands] of named.filter(([op]) => !defaults.includes(op))) {
    operands.forEach((operand, at) => {
      if (isTensor(operand)) return;
      const call = () => (ops[name] as AnyOp)(...operands.with(at, undefined));
      assert.throws(
        call,
        (error: unknown) => error instanceof LanewiseError && error.message.startsWith(`${name}: `),
        `${name}, argument ${at}`,
      );
    });
  }
});

test('a number, and a wire, are told the way', () => {
  const hint = (operand: unknown): string | undefined => {
    try {
      ops.multiply(matrix, operand as Tensor);
    } catch (error) {
      return (error as LanewiseError).hint;
    }
    return assert.unreachable() as never;
  };
  assert.is(
    hint(2),
    'ops.constant(2, [1]) is one of this number; ops.scale(x, 2) multiplies by it',
  );
  assert.match(hint(wire([6]))!, /^layers are applied to wires/);
  assert.is(hint(undefined), undefined);
  assert.is(hint(NaN), undefined);
});

test('constants and literals hold numbers of float32', () => {
  const refused = (make: (...given: never[]) => unknown, ...given: unknown[]): string => {
    try {
      make(...(given as never[]));
    } catch (error) {
      const { message, hint } = error as LanewiseError;
      return `${message}\n${hint ?? ''}`;
    }
    return assert.unreachable(`${JSON.stringify(given)} was not refused`) as never;
  };
  const { literal, constant } = ops;
  assert.match(
    refused(literal, [[1, 2]]),
    /^literal: values\[0\] is a list, expected a number.*\nops.reshape\(ops.literal\(/,
  );
  assert.match(refused(literal, [1, Float32Array.of(2)]), /^literal: values\[1\] is a list/);
  assert.match(refused(literal, []), /^literal: values is \[\], expected at least one number/);
  assert.match(refused(literal, [0, NaN]), /^literal: values\[1\] is NaN, expected a finite/);
  assert.match(refused(literal, ['a']), /^literal: values\[0\] is 'a', expected a finite number/);
  assert.match(refused(literal, [1e39]), /is 1e\+39, expected one within ±3.40/);
  assert.match(
    refused(constant, 1e39, [1]),
    /^constant: value is 1e\+39, expected one within ±3.4/,
  );
  assert.match(refused(constant, NaN, [1]), /^constant: value is NaN/);
  assert.match(refused(constant, 1, [1.5]), /^constant: shape\[0\] is 1.5, expected a whole/);
  assert.equal(literal([1, 2]).shape, [2]);
  assert.equal(ops.reshape(literal([[1, 2]].flat()), [1, 2]).shape, [1, 2]);
  assert.equal(constant(-Infinity, []).shape, [], 'masks are infinite on purpose');
});

test.run();
