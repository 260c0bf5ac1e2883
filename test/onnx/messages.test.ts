/** ONNX's messages: what is written is read again, and damaged bytes are refused by name. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeOnnx, type OnnxFile } from '../../src/onnx/messages.js';
import { decodeMessage } from '../../src/onnx/protobuf.js';
import { encodeOnnx } from '../../src/onnx/write-messages.js';
import { encodeMessage } from '../../src/onnx/write-protobuf.js';
import { LanewiseError } from '../../src/base/errors.js';

const weight = {
  name: 'w',
  type: 'float' as const,
  shape: [2, 2],
  values: () => Float32Array.of(1, -2, 0.5, 3),
};

const file: OnnxFile = {
  irVersion: 8,
  producer: 'a',
  producerVersion: 'b',
  opsets: new Map([['', 17]]),
  graph: {
    name: 'net',
    nodes: [
      {
        name: 'n',
        op: 'MatMul',
        domain: '',
        inputs: ['x', '', 'w'],
        outputs: ['y'],
        attributes: new Map([
          ['axes', { name: 'axes', type: 'ints', value: [-1, 0, 2 ** 40, -(2 ** 52)] }],
          ['alpha', { name: 'alpha', type: 'float', value: 0.5 }],
          ['mode', { name: 'mode', type: 'string', value: 'linear' }],
        ]),
      },
    ],
    initializers: new Map([['w', weight]]),
    inputs: [{ name: 'x', type: 'float', shape: ['N', 2] }],
    outputs: [{ name: 'y', type: 'float', shape: ['N', 2] }],
  },
  functions: [],
  metadata: new Map([['key', 'value']]),
};

const plain = (value: unknown) =>
  JSON.stringify(value, (key, one: unknown) =>
    key === 'values' ? undefined : one instanceof Map ? [...one] : one,
  );

test('what is written is read again', () => {
  const bytes = encodeOnnx(file);
  const read = decodeOnnx(bytes, 'a.onnx');
  assert.is(plain(read), plain(file));
  assert.equal([...read.graph.initializers.get('w')!.values()], [1, -2, 0.5, 3]);
  // A Buffer at an odd place, as files are read in Node.
  const moved = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
  assert.equal(
    [...decodeOnnx(moved, 'a.onnx').graph.initializers.get('w')!.values()],
    [1, -2, 0.5, 3],
  );
});

test('whole numbers of 64 bits are exact up to 2^53', () => {
  for (const value of [0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 53, -(2 ** 53), -(2 ** 63)]) {
    const read = decodeMessage('Opset', encodeMessage('Opset', { version: value }), 'a');
    assert.is(read.version, value);
  }
});

test('every truncation is refused by name, or is a smaller message', () => {
  const bytes = encodeOnnx(file);
  let refused = 0;
  for (let length = 0; length < bytes.length; length++) {
    try {
      const { graph } = decodeOnnx(bytes.subarray(0, length), 'cut.onnx');
      for (const tensor of graph.initializers.values()) tensor.values();
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.match((error as Error).message, 'cut.onnx');
      refused += 1;
    }
  }
  assert.ok(refused > bytes.length / 2);
});

test('a length beyond the file and endless nesting are refused', () => {
  assert.throws(
    () => decodeOnnx(Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f), 'a.onnx'),
    /field 7 of Model at byte \d+ has 4294967295 bytes, and 0 are left/,
  );
  let nested = encodeMessage('Graph', { name: 'g' });
  for (let i = 0; i < 200; i++) {
    // A node with an attribute that is a graph, by hand: fields 1 (graph), 5 (node) and 6 (attribute).
    const wrap = (key: number, inner: Uint8Array) => {
      const length = [(inner.length & 127) | 128, (inner.length >> 7) & 127];
      return Uint8Array.from([key, ...length, ...inner]);
    };
    nested = wrap(0x0a, wrap(0x2a, wrap(0x32, nested)));
    if (nested.length > 16_000) break;
  }
  assert.throws(() => decodeMessage('Graph', nested, 'deep.onnx'), /nests more than 100/);
});

test('files of other formats are named, not called damaged ONNX files', () => {
  const of = (text: string | number[]) =>
    typeof text === 'string' ? new TextEncoder().encode(text) : Uint8Array.from(text);
  const cases: readonly (readonly [string | number[], RegExp])[] = [
    ['hello, this is a text', /not an ONNX file but a text that begins with "hello, this is a"/],
    ['"ir_version": 8,\n"graph"', /but a text that begins with/],
    ['version https://git-lfs.github.com/spec/v1\n', /is a Git LFS pointer.*git lfs pull/],
    ['<!doctype html><html></html>', /is a web page or XML/],
    [[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0], /not an ONNX file but something else/],
    [[0x80, 2, 0x7d], /is a pickle.*'lanewise\/import' reads such files; torch\.onnx\.export/],
    [[8, 8, 0x3a, 99, 1], /is a damaged ONNX file/],
    [[], /has no graph/],
  ];
  for (const [bytes, expected] of cases)
    assert.throws(
      () => decodeOnnx(of(bytes), 'net.onnx'),
      (error: LanewiseError) =>
        error.kind === 'file' && expected.test(`${error.message} ${error.hint}`),
      String(bytes),
    );
});

test.run();
