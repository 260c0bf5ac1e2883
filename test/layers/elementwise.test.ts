/** Activations, layouts, dropout and gates as layers: what they make, how they come back from a file, refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { sizeOf, type Shape, type Tensor } from '../../src/graph/tensor.js';
import * as layers from '../../src/layers/index.js';
import * as ops from '../../src/ops/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

/** Output and feeds of a model in evaluation, for drawn inputs and weights. */
async function run(
  model: layers.Model,
): Promise<{ x: Tensor; feeds: Map<Tensor, Float32Array>; y: Float32Array }> {
  const graph = model.graph(2, 'evaluation');
  const feeds = new Map<Tensor, Float32Array>();
  [...graph.inputs.values(), ...graph.parameters.values()].forEach((t, i) =>
    feeds.set(t, numbers(sizeOf(t.shape), i + 1)),
  );
  const [y] = await evaluate([...graph.outputs.values()], feeds);
  return { x: [...graph.inputs.values()][0]!, feeds, y: y! };
}

const cases: readonly [layer: layers.Layer, op: (x: Tensor) => Tensor, shape: Shape][] = [
  [layers.leakyRelu({ negativeSlope: 0.2 }), (x) => ops.leakyRelu(x, 0.2), [3, 5]],
  [layers.elu({ alpha: 2 }), (x) => ops.elu(x, 2), [5]],
  [layers.selu(), ops.selu, [5]],
  [layers.gelu(), (x) => ops.gelu(x), [5]],
  [layers.gelu({ approximate: 'tanh' }), (x) => ops.gelu(x, 'tanh'), [5]],
  [layers.silu(), ops.silu, [5]],
  [layers.softplus(), ops.softplus, [5]],
  [layers.hardSigmoid(), ops.hardSigmoid, [5]],
  [layers.hardSwish(), ops.hardSwish, [5]],
  [layers.hardTanh({ minVal: -0.25, maxVal: 0.5 }), (x) => ops.hardTanh(x, -0.25, 0.5), [5]],
  [layers.softmax(), ops.softmax, [3, 4]],
  [layers.logSoftmax(), ops.logSoftmax, [3, 4]],
  [layers.scale(3), (x) => ops.scale(x, 3), [4]],
  [layers.reshape([2, -1]), (x) => ops.reshape(x, [2, 2, 6]), [3, 4]],
  [layers.permute([0, 2, 1]), (x) => ops.permute(x, [0, 2, 1]), [3, 4]],
  [layers.transpose(1, -1), (x) => ops.transpose(x, 1, 3), [3, 4, 2]],
  [layers.slice(1, 1, -1), (x) => ops.slice(x, [[], [1, 3]]), [4, 2]],
  [layers.slice(2, -2), (x) => ops.slice(x, [[], [], [3, 5]]), [4, 5]],
  [
    layers.pad(
      [
        [1, 0],
        [0, 2],
      ],
      { value: 3 },
    ),
    (x) =>
      ops.pad(
        x,
        [
          [0, 0],
          [1, 0],
          [0, 2],
        ],
        3,
      ),
    [2, 2],
  ],
  [layers.sum(1), (x) => ops.sum(x, 1), [3, 4]],
  [layers.mean([-1, 1], { keepDims: true }), (x) => ops.mean(x, [1, 2], true), [3, 4]],
  [layers.max(-1), (x) => ops.max(x, 2), [3, 4]],
  [layers.stopGradient(), (x) => x, [3]],
  [layers.dropout(0.5), (x) => x, [3]],
  [layers.concat(), (x) => x, [3]],
];

test('layers apply their ops, and come back from settings', async () => {
  for (const [layer, op, shape] of cases) {
    const model = layers.sequential({ layer }, { input: shape });
    const { x, feeds, y } = await run(model);
    const [expected] = await evaluate([op(x)], feeds);
    assert.equal(y, expected, layer.kind);
    const again = layers.rebuild(
      JSON.parse(JSON.stringify(model.architecture)) as layers.Architecture,
    );
    assert.equal((await run(again)).y, y, `${layer.kind} rebuilt`);
  }
});

test('arithmetic and concat take several inputs', async () => {
  const [a, b] = [layers.input([2, 3]), layers.input([2, 1])];
  const sum = layers.add(a, b, a);
  const joined = layers.concat({ axis: 2 })(
    sum,
    layers.subtract(a, b),
    layers.multiply(a, b),
    layers.maximum(a, b),
    layers.divide(b, a),
  );
  const model = layers.functional({ inputs: { a, b }, outputs: joined });
  assert.equal([...model.outputs], [['output', [2, 15]]]);
  const { feeds, y } = await run(model);
  const [x, z] = [...feeds.values()] as [Float32Array, Float32Array];
  const row = (f: (p: number, q: number) => number) =>
    Array.from(x.subarray(0, 3), (v) => Math.fround(f(v, z[0]!)));
  assert.equal(
    [...y.subarray(0, 15)],
    [
      ...row((p, q) => Math.fround(p + q) + p),
      ...row((p, q) => p - q),
      ...row((p, q) => p * q),
      ...row(Math.max),
      ...row((p, q) => q / p),
    ],
  );
});

test('samples are broadcast, never one over another', async () => {
  const [a, b] = [layers.input([2, 3]), layers.input([3])];
  const model = layers.functional({ inputs: { a, b }, outputs: layers.add(a, b) });
  const { feeds, y } = await run(model);
  const [x, z] = [...feeds.values()];
  const expected = Array.from(x!, (v, i) => Math.fround(v + z![Math.floor(i / 6) * 3 + (i % 3)]!));
  assert.equal([...y], expected);
  assert.equal([...model.graph(3, 'training').outputs.values()][0]!.shape, [3, 2, 3]);
});

test('prelu and squeeze-and-excitation have parameters named as they are made', async () => {
  const model = layers.sequential(
    { act: layers.prelu({ numParameters: 4 }), se: layers.squeezeExcitation(4, 2) },
    { input: [4, 3, 3] },
  );
  assert.equal(
    model.parameters.map(({ name, shape }) => `${name} ${shape.join('×')}`),
    ['act.weight 4', 'se.fc1.weight 2×4', 'se.fc1.bias 2', 'se.fc2.weight 4×2', 'se.fc2.bias 4'],
  );
  const { y } = await run(model);
  assert.is(y.length, 72);
  assert.ok(y.every(Number.isFinite));
});

test('dropout draws in training, each by a stream of its own', async () => {
  const model = layers.sequential(
    [layers.dropout(0.5), layers.dropout(0.5), layers.dropout2d(0.25)],
    {
      input: [8, 4, 4],
    },
  );
  const graph = model.graph(2, 'training');
  const [x] = graph.inputs.values();
  const feeds = new Map<Tensor, Float32Array | Int32Array>([
    [x!, new Float32Array(256).fill(1)],
    [graph.randomness!, Int32Array.of(1, 2, 3, 0)],
  ]);
  const [y] = await evaluate([...graph.outputs.values()], feeds);
  const left = y!.filter((v) => v !== 0);
  assert.ok(left.every((v) => v === Math.fround(4 * Math.fround(1 / 0.75))));
  // A quarter survives both, three quarters of that the channels: 48 of 256; one mask twice would leave 96.
  assert.ok(left.length > 24 && left.length < 72, `${left.length} left`);
});

test('what cannot be is refused', () => {
  const refusal = (make: () => unknown, message: RegExp) =>
    assert.throws(
      make,
      (error: unknown) => error instanceof LanewiseError && message.test(error.message),
    );
  refusal(() => layers.dropout(1), /dropout: rate is 1, expected a number in \[0, 1\)/);
  refusal(() => layers.elu({ alpha: NaN }), /elu: alpha is NaN, expected a finite number/);
  refusal(() => layers.hardTanh({ minVal: 1 }), /hardTanh: minVal 1 is not below 1/);
  refusal(() => layers.concat({ axis: 0 }), /concat: axis is 0, the axis of the samples/);
  refusal(
    () => layers.permute([1, 0]),
    /permute: dims is \[1, 0\], expected a list that begins with 0/,
  );
  refusal(() => layers.transpose(0, 1), /transpose: dim0 is 0/);
  refusal(() => layers.slice(1, 0.5), /slice: start is 0.5, expected a whole number/);
  refusal(() => layers.squeezeExcitation(6, 4), /reduction 4 does not divide 6 channels/);
  refusal(() => layers.mean([1, 0]), /mean: axis\[1\] is 0, the axis of the samples/);
  refuses(
    () => layers.sequential([layers.sum([1, -3])], { input: [2, 3] }),
    /sum '0': axis -3 of 1×2×3 is that of the samples/,
  );
  refuses(() => layers.sequential([layers.max(3)], { input: [2, 3] }), /max '0': axis 3/);
  const [a, b] = [layers.input([2, 3]), layers.input([4, 3])];
  refuses(
    () => layers.functional({ inputs: { a, b }, outputs: layers.concat({ axis: 2 })(a, b) }),
    /concat 'concat': shapes 1×2×3 and 1×4×3 differ along axis 1, joined along axis 2/,
  );
  refuses(
    () => layers.sequential([layers.transpose(-3, 1)], { input: [2, 3] }),
    /axis -3 of 1×2×3 is that of the samples/,
  );
});

test.run();
