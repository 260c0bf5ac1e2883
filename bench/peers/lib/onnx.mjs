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

/** TensorProto of float32 numbers. */
const tensor = (name, shape, data) =>
  message(
    ...shape.map((extent) => field(1, extent)),
    field(2, FLOAT),
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
