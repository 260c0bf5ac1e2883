// Writes the few ONNX models that are measured: protocol buffers by hand, after onnx.proto3 (field numbers
// below are its). https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
import { lenet5Parameters } from './measure.mjs';

const FLOAT = 1;
const INT = 2;
const INTS = 7;

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

/** One field: a string or bytes (wire type 2) or a whole number (wire type 0). */
function field(number, value) {
  if (typeof value === 'number') return Buffer.concat([varint(number * 8), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

const message = (...fields) => Buffer.concat(fields);

/** ValueInfoProto of a float32 tensor. */
function valueInfo(name, shape) {
  const extents = shape.map((extent) => field(1, message(field(1, extent))));
  const tensor = message(field(1, FLOAT), field(2, message(...extents)));
  return message(field(1, name), field(2, message(field(1, tensor))));
}

/** TensorProto's types of numbers. */
const TYPES = new Map([
  [Float32Array, FLOAT],
  [Uint8Array, 2],
  [Int8Array, 3],
  [Int32Array, 6],
]);

/** TensorProto of numbers in a typed array. */
const tensor = (name, shape, data) =>
  message(
    ...shape.map((extent) => field(1, extent)),
    field(2, TYPES.get(data.constructor)),
    field(8, name),
    field(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );

/** NodeProto; attributes are whole numbers or lists of them. */
function node(op, inputs, output, attributes = {}) {
  const given = Object.entries(attributes).map(([name, value]) =>
    typeof value === 'number'
      ? message(field(1, name), field(3, value), field(20, INT))
      : message(field(1, name), ...value.map((item) => field(8, item)), field(20, INTS)),
  );
  return message(
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, op),
    ...given.map((attribute) => field(5, attribute)),
  );
}

/** ModelProto of opset 13. */
function model({ nodes, constants = [], inputs, outputs }) {
  const graph = message(
    ...nodes.map((item) => field(1, item)),
    field(2, 'benchmark'),
    ...constants.map((item) => field(5, item)),
    ...inputs.map((item) => field(11, item)),
    ...outputs.map((item) => field(12, item)),
  );
  return message(field(1, 8), field(7, graph), field(8, message(field(2, 13))));
}

/** y = a·b, both operands inputs: a constant b would be packed once and for all. */
export const productModel = ({ m, k, n }) =>
  model({
    nodes: [node('MatMul', ['a', 'b'], 'y')],
    inputs: [valueInfo('a', [m, k]), valueInfo('b', [k, n])],
    outputs: [valueInfo('y', [m, n])],
  });

/** The logits y of `batch` images x. */
export function lenet5Model(batch) {
  const layers = lenet5Parameters();
  const constants = Object.entries(layers).flatMap(([name, { w, b, shape }]) => [
    tensor(`${name}.w`, shape, w),
    tensor(`${name}.b`, [shape[0]], b),
  ]);
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  const withParameters = (input, name) => [input, `${name}.w`, `${name}.b`];
  return model({
    nodes: [
      node('Conv', withParameters('x', 'c1'), 'c1', { kernel_shape: [5, 5] }),
      node('Tanh', ['c1'], 'a1'),
      node('AveragePool', ['a1'], 's2', pool),
      node('Conv', withParameters('s2', 'c3'), 'c3', { kernel_shape: [5, 5] }),
      node('Tanh', ['c3'], 'a3'),
      node('AveragePool', ['a3'], 's4', pool),
      node('Flatten', ['s4'], 'flat', { axis: 1 }),
      node('Gemm', withParameters('flat', 'c5'), 'c5', { transB: 1 }),
      node('Tanh', ['c5'], 'a5'),
      node('Gemm', withParameters('a5', 'f6'), 'f6', { transB: 1 }),
      node('Tanh', ['f6'], 'a6'),
      node('Gemm', withParameters('a6', 'out'), 'y', { transB: 1 }),
    ],
    constants,
    inputs: [valueInfo('x', [batch, 1, 32, 32])],
    outputs: [valueInfo('y', [batch, 10])],
  });
}

/** Weights as int8 of one scale, and that scale. */
function int8Weights(w) {
  const scale = w.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
  return { scale, q: Int8Array.from(w, (value) => Math.round(value / scale)) };
}

/** An out×in matrix as in×out. */
function transposed(q, [rows, columns]) {
  const turned = new Int8Array(q.length);
  q.forEach((value, i) => (turned[(i % columns) * rows + Math.floor(i / columns)] = value));
  return turned;
}

/**
 * The same net in int8: convolutions and products of bytes, as onnxruntime's quantiser writes them (QLinearConv,
 * QLinearMatMul), and tanh and means in float, for which it has no kernels of bytes by the standard's operators. Ranges are
 * those of noise: ±4 for samples and sums, ±1 for tanh.
 */
export function lenet5Int8Model(batch) {
  const layers = lenet5Parameters();
  const constants = [];
  const constant = (name, shape, data) => constants.push(tensor(name, shape, data)) && name;
  const ranges = { wide: 4, unit: 1 };
  const [zero, none] = [
    constant('zero', [], Uint8Array.of(128)),
    constant('none', [], Int8Array.of(0)),
  ];
  for (const [name, most] of Object.entries(ranges))
    constant(name, [], Float32Array.of(most / 127));
  const quantize = (x, y, range) => node('QuantizeLinear', [x, range, zero], y);
  const dequantize = (x, y, range) => node('DequantizeLinear', [x, range, zero], y);
  const weights = (name, turn) => {
    const { w, shape } = layers[name];
    const { scale, q } = int8Weights(w);
    constant(`${name}.scale`, [], Float32Array.of(scale));
    return turn
      ? constant(`${name}.w`, shape.toReversed(), transposed(q, shape))
      : constant(`${name}.w`, shape, q);
  };
  const convolution = (x, name, range) => {
    const bias = constant(
      `${name}.b`,
      [layers[name].shape[0]],
      new Int32Array(layers[name].shape[0]),
    );
    const w = [weights(name, false), `${name}.scale`, none];
    return [
      node('QLinearConv', [x, range, zero, ...w, 'wide', zero, bias], `${name}.q`, {
        kernel_shape: [5, 5],
      }),
      dequantize(`${name}.q`, name, 'wide'),
    ];
  };
  const dense = (x, name) => {
    const { b, shape } = layers[name];
    constant(`${name}.b`, [shape[0]], b);
    const w = [weights(name, true), `${name}.scale`, none];
    return [
      node('QLinearMatMul', [x, 'unit', zero, ...w, 'wide', zero], `${name}.q`),
      dequantize(`${name}.q`, `${name}.sum`, 'wide'),
      node('Add', [`${name}.sum`, `${name}.b`], name === 'out' ? 'y' : name),
    ];
  };
  const pool = { kernel_shape: [2, 2], strides: [2, 2] };
  const squashed = (x, y) => [node('Tanh', [x], `${y}.tanh`), quantize(`${y}.tanh`, y, 'unit')];
  const pooled = (x, y) => [
    node('Tanh', [x], `${y}.tanh`),
    node('AveragePool', [`${y}.tanh`], `${y}.mean`, pool),
    quantize(`${y}.mean`, y, 'unit'),
  ];
  return model({
    nodes: [
      quantize('x', 'xq', 'wide'),
      ...convolution('xq', 'c1', 'wide'),
      ...pooled('c1', 's2'),
      ...convolution('s2', 'c3', 'unit'),
      ...pooled('c3', 's4'),
      node('Flatten', ['s4'], 'flat', { axis: 1 }),
      ...dense('flat', 'c5'),
      ...squashed('c5', 'a5'),
      ...dense('a5', 'f6'),
      ...squashed('f6', 'a6'),
      ...dense('a6', 'out'),
    ],
    constants,
    inputs: [valueInfo('x', [batch, 1, 32, 32])],
    outputs: [valueInfo('y', [batch, 10])],
  });
}
