/** The layer kind `onnx`: nets of it are rebuilt from JSON and compute by samples, and wrong settings are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { functional, input, rebuild, type Model } from '../../src/layers/index.js';
import { onnx, type OnnxSettings } from '../../src/onnx/onnx-layer.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { LanewiseError } from '../../src/base/errors.js';

const relu: OnnxSettings = { op: 'Relu', version: 17, operands: [{ wire: 0 }] };

const answers = async (model: Model, x: number[]): Promise<number[]> => {
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, Float32Array.from({ length: size }, (_, i) => i + 1)] as const;
    }),
  );
  const { scores } = await withWeights(model, weights, { loss: 'squaredError' }).predict(
    Float32Array.from(x),
  );
  return [...scores];
};

/** A net of layers in a row. */
function net(shape: readonly number[], ...settings: OnnxSettings[]): Model {
  const x = input(shape);
  return functional({ inputs: x, outputs: settings.reduce((wire, one) => onnx(one)(wire), x) });
}

test('a net of a parameter, a constant and ops is rebuilt from JSON', async () => {
  const x = input([2]);
  const weight = onnx({ op: 'Parameter', version: 17, name: 'weight', shape: [2, 2] })(x);
  const shift = onnx({ op: 'Constant', version: 17, shape: [2], values: [1, '-Infinity'] })(x);
  const product = onnx({
    op: 'MatMul',
    version: 17,
    operands: [{ wire: 0 }, { wire: 1 }],
    whole: [1],
  })(x, weight);
  const largest = onnx({
    op: 'Max',
    version: 17,
    operands: [{ wire: 0 }, { wire: 1 }],
    whole: [1],
  })(product, shift);
  const model = functional({ inputs: x, outputs: largest });
  assert.equal(
    model.parameters.map(({ name, shape }) => [name, shape]),
    [['onnx.weight', [2, 2]]],
  );
  const again = rebuild(JSON.parse(JSON.stringify(model.architecture)));
  for (const one of [model, again])
    assert.equal(await answers(one, [1, 1, -2, 0.5]), [4, 6, 1, -2]);
});

test('a sample is a whole tensor with batch none', async () => {
  // The sum over axis 0 of each sample; with axis 0 the samples' it would be over those.
  const sum: OnnxSettings = {
    op: 'ReduceSum',
    version: 13,
    attributes: { keepdims: 0 },
    operands: [{ wire: 0 }, { type: 'int64', shape: [1], values: [0] }],
    batch: 'none',
  };
  const model = net([2, 3], sum, { ...relu, batch: 'none' });
  assert.equal(model.outputs.get('output'), [3]);
  assert.equal(await answers(model, [1, 2, 3, 4, 5, 6, -1, 0, 1, 0, 1, 2]), [5, 7, 9, 0, 1, 3]);
});

test('numbers of an operand may depend on the number of samples', async () => {
  const reshape: OnnxSettings = {
    op: 'Reshape',
    version: 13,
    operands: [{ wire: 0 }, { type: 'int64', shape: [3], values: [[1, 0], 2, 2] }],
  };
  const model = net([4], reshape);
  assert.equal(model.outputs.get('output'), [2, 2]);
  assert.equal(await answers(model, [1, 2, 3, 4, 5, 6, 7, 8]), [1, 2, 3, 4, 5, 6, 7, 8]);
});

function refuses(apply: () => unknown, kind: string, message: RegExp): void {
  assert.throws(
    apply,
    (error: unknown) =>
      error instanceof LanewiseError && error.kind === kind && message.test(error.message),
  );
}

test('wrong settings are refused', () => {
  refuses(() => onnx({ ...relu, operands: [{ wire: -1 }] }), 'argument', /operands\[0\]/);
  refuses(() => onnx({ ...relu, batch: 'all' as 'none' }), 'argument', /batch is 'all'/);
  refuses(
    () => net([2], { ...relu, op: 'NonZero' }),
    'file',
    /NonZero is an op that Lanewise has no rule for/,
  );
  refuses(
    () => net([2], { ...relu, attributes: { alpha: 1 } }),
    'file',
    /Relu \(opset 17\) has an attribute 'alpha'/,
  );
  refuses(
    () => net([2], { ...relu, op: 'Gelu' }),
    'file',
    /Gelu is read of opset 20 and up, found 17/,
  );
  refuses(
    () =>
      net([2], { op: 'Elu', version: 6, attributes: { alpha: 'one' }, operands: [{ wire: 0 }] }),
    'file',
    /Elu \(opset 6\) has alpha 'one', expected a number/,
  );
});

test.run();
