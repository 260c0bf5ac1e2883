/** What a file lacks is said at once, with what can be read; options are checked; files without an axis of samples are read whole. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rebuild, type Architecture } from '../../src/index.js';
import { readOnnx, type ReadOnnxOptions } from '../../src/onnx/index.js';
import type { OnnxAttribute, OnnxFile, OnnxNode, OnnxTensor } from '../../src/onnx/messages.js';
import { encodeOnnx } from '../../src/onnx/write-messages.js';

let made = 0;

function node(
  op: string,
  inputs: string[],
  outputs: string[],
  attributes: Record<string, number | number[] | string> = {},
  name = `${op}_${made++}`,
): OnnxNode {
  const typeOf = (value: number | number[] | string): OnnxAttribute['type'] =>
    Array.isArray(value)
      ? 'ints'
      : typeof value === 'string'
        ? 'string'
        : Number.isInteger(value)
          ? 'int'
          : 'float';
  const entries = Object.entries(attributes).map(
    ([key, value]) => [key, { name: key, type: typeOf(value), value }] as const,
  );
  return {
    name,
    op,
    domain: '',
    inputs,
    outputs,
    attributes: new Map<string, OnnxAttribute>(entries),
  };
}

const floats = (name: string, shape: number[], values: number[]): OnnxTensor => ({
  name,
  type: 'float',
  shape,
  values: () => Float32Array.from(values),
});

const wholes = (name: string, values: number[]): OnnxTensor => ({
  name,
  type: 'int64',
  shape: [values.length],
  values: () => Float64Array.from(values),
});

interface Given {
  readonly x?: readonly (number | string)[];
  readonly opset?: number;
  readonly initializers?: readonly OnnxTensor[];
  readonly options?: ReadOnnxOptions;
  /** An input beside x that is a single number. */
  readonly scalar?: string;
  /** An input beside x of as many numbers as there are samples. */
  readonly second?: string;
}

/** A file of these nodes from x to y, read. */
function read(
  nodes: readonly OnnxNode[],
  { x = ['N', 3], opset = 17, initializers = [], options = {}, scalar, second }: Given = {},
) {
  const file: OnnxFile = {
    irVersion: 8,
    producer: 'test',
    producerVersion: '1',
    opsets: new Map([['', opset]]),
    graph: {
      name: 'net',
      nodes,
      initializers: new Map(initializers.map((one) => [one.name, one])),
      inputs: [
        { name: 'x', type: 'float', shape: x },
        ...(second ? [{ name: second, type: 'float' as const, shape: ['N'] }] : []),
        ...(scalar ? [{ name: scalar, type: 'float' as const, shape: [] }] : []),
      ],
      outputs: [{ name: 'y', type: 'float', shape: x }],
    },
    functions: [],
    metadata: new Map(),
  };
  return readOnnx(encodeOnnx(file), { name: 'net.onnx', ...options });
}

/** The message and hint of a refusal. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    const { name, message, hint } = error as { name: string; message: string; hint?: string };
    assert.is(name, 'LanewiseError');
    return `${message} / ${hint ?? ''}`;
  }
  return 'nothing was refused';
}

test('everything that is not read is named at once, with what is read before it', () => {
  const said = refusal(() =>
    read([
      node('Relu', ['x'], ['a'], {}, 'first'),
      node('NoSuchOp', ['a'], ['b'], {}, 'second'),
      node('Softmax', ['a'], ['c'], { axis: 0 }, 'third'),
      node('NoSuchOp', ['c'], ['d'], {}, 'fourth'),
      node('Add', ['b', 'd'], ['y']),
    ]),
  );
  assert.match(
    said,
    /'net.onnx' is not read: Lanewise has no op for NoSuchOp \(2, the first 'second'\); Softmax 'third' mixes samples/,
  );
  assert.match(said, /what comes before can be read: outputs: \['a'\]; batch: 'none'/);
});

test('an op along the axis of samples is refused', () => {
  const cases: [OnnxNode, Given?][] = [
    [node('Softmax', ['x'], ['y'], { axis: 0 })],
    [node('ReduceMean', ['x'], ['y'], { axes: [0] })],
    [node('ReduceSum', ['x'], ['y'])],
    [node('Concat', ['x', 'x'], ['y'], { axis: 0 })],
    [node('Transpose', ['x'], ['y'])],
    [node('MatMul', ['w', 'x'], ['y']), { initializers: [floats('w', [2, 2], [1, 2, 3, 4])] }],
    [node('Reshape', ['x', 's'], ['y']), { initializers: [wholes('s', [3, -1])] }],
    [node('Gather', ['x', 's'], ['y']), { initializers: [wholes('s', [0, 1])] }],
    [node('Slice', ['x', 's', 'e'], ['y']), { initializers: [wholes('s', [0]), wholes('e', [1])] }],
    [node('CumSum', ['x', 's'], ['y']), { initializers: [wholes('s', [0])] }],
    [
      node('Slice', ['x', 's', 'e', 'a', 't'], ['y']),
      {
        initializers: [
          wholes('s', [-1]),
          wholes('e', [-(2 ** 53)]),
          wholes('a', [0]),
          wholes('t', [-1]),
        ],
      },
    ],
    [node('Pad', ['x', 'p'], ['y']), { initializers: [wholes('p', [1, 0, -1, 0])] }],
    [node('Trilu', ['x'], ['y'])],
    [
      node('MatMul', ['w', 'w', 'x'], ['y']),
      { initializers: [floats('w', [3, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1])] },
    ],
    [node('Asin', ['w', 'x'], ['y']), { initializers: [floats('w', [3], [0, 1, 0])] }],
    [node('EyeLike', ['x'], ['y'])],
    [node('MeanVarianceNormalization', ['x'], ['y'], { axes: [0] })],
    [node('Einsum', ['x', 'x'], ['y'], { equation: 'ni,mi->nm' })],
    [node('Einsum', ['x'], ['y'], { equation: 'ni->i' })],
  ];
  for (const [one, given] of cases) {
    const said = refusal(() => read([one], given));
    assert.match(said, /is not read: .*samples|samples on axis|matmul/i, said);
  }
});

test('an einsum that keeps the samples’ letter does not mix them', async () => {
  const w = floats('w', [2, 3, 2], [1, 0, 0, 1, 1, 1, 0, 2, 1, 0, 0, 3]);
  const { trained } = read([node('Einsum', ['x', 'w'], ['y'], { equation: 'bi,eio->beo' })], {
    initializers: [w],
  });
  const { scores } = await trained.predict(Float32Array.of(1, 2, 3, 4, 5, 6));
  assert.equal([...scores], [4, 5, 2, 11, 10, 11, 5, 26]);
});

test('parameters are called what the file calls them, siblings and those without a module too', () => {
  const initializers = ['token', 'net.weight_g', 'net.weight_v', 'net.bias'].map((name, i) =>
    floats(name, [1, 3], [i + 1, 2, 3]),
  );
  const { model, weights } = read(
    [
      node('Mul', ['x', 'token'], ['a']),
      node('Sub', ['a', 'net.weight_g'], ['b']),
      node('Mul', ['b', 'net.weight_v'], ['c']),
      node('Add', ['c', 'net.bias'], ['y']),
    ],
    { initializers },
  );
  assert.equal([...weights.keys()].toSorted(), initializers.map(({ name }) => name).toSorted());
  const { architecture } = rebuild(JSON.parse(JSON.stringify(model.architecture)) as Architecture);
  assert.equal(architecture, model.architecture);
});

test('numbers of which there are as many as samples, all alike, are states to begin with', async () => {
  const { trained, weights } = read(
    [
      node('Shape', ['x'], ['s']),
      node('ConstantOfShape', ['s'], ['zeros']),
      node('Gemm', ['zeros', 'cell.weight_hh', 'cell.bias_hh'], ['h'], { transB: 1 }),
      node('Add', ['x', 'h'], ['y']),
    ],
    {
      initializers: [
        floats('cell.weight_hh', [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        floats('cell.bias_hh', [3], [1, 2, 3]),
      ],
    },
  );
  assert.equal([...weights.keys()], ['cell.weight_hh', 'cell.bias_hh']);
  const { scores } = await trained.predict(Float32Array.of(1, 1, 1, 2, 2, 2));
  assert.equal([...scores], [2, 3, 4, 3, 4, 5]);
});

test('single numbers of samples meet only those of the same sample', async () => {
  const { trained } = read([node('Mul', ['x', 't'], ['a']), node('Add', ['a', 't'], ['y'])], {
    x: ['N'],
    second: 't',
  });
  const given = { x: { shape: [1], values: Float32Array.of(1, 2, 3) } };
  const { scores } = await trained.predict({ ...given, t: given.x });
  assert.equal([...scores], [2, 6, 12]);
});

test('convolutions whose weights are computed from samples are refused', () => {
  for (const op of ['Conv', 'CausalConvWithState']) {
    const net = () => read([node(op, ['x', 'x'], ['y'])], { x: ['N', 1, 6], opset: 27 });
    assert.match(refusal(net), 'its weights are computed from samples', op);
  }
});

test('an input that always has the same numbers is given them', async () => {
  const nodes = [node('Add', ['x', 't'], ['y'])];
  const given = (t: Float32Array) => read(nodes, { second: 't', options: { inputs: { t } } });
  const { model, trained } = given(Float32Array.of(10, 20, 30));
  assert.equal(Object.keys(model.architecture.inputs), ['x']);
  assert.equal([...(await trained.predict(Float32Array.of(1, 2, 3))).scores], [11, 22, 33]);
  const sized = (length: number) => () =>
    read([node('Reshape', ['x', 't'], ['y'])], {
      x: ['N', 3],
      scalar: 't',
      options: { inputs: { t: new Int32Array(length).fill(1) } },
    });
  assert.match(refusal(sized(2)), "input 't' is given 2 numbers, expected one");
});

test('extents that the file leaves open are asked for', () => {
  const relu = [node('Relu', ['x'], ['y'])];
  assert.match(
    refusal(() => read(relu, { x: ['N', 3, 'H', 'W'] })),
    /input 'x' has an axis 2 of open extent \('H'\).*inputs: \{ "x": \[3, 224, 224\] \}/,
  );
  const { model } = read(relu, { x: ['N', 3, 'H', 'W'], options: { inputs: { x: [3, 4, 5] } } });
  assert.equal(model.outputs.get('y'), [3, 4, 5]);
});

test('graphs that are none are refused', () => {
  assert.match(
    refusal(() =>
      read([
        node('Relu', ['b'], ['a']),
        node('Relu', ['a'], ['b']),
        node('Add', ['a', 'x'], ['y']),
      ]),
    ),
    /form a cycle/,
  );
  assert.match(
    refusal(() => read([node('Relu', ['nowhere'], ['y'])])),
    /takes 'nowhere', which nothing makes/,
  );
  assert.match(
    refusal(() => read([node('Relu', ['x'], ['y']), node('Tanh', ['x'], ['y'])])),
    /'y' is made twice/,
  );
  assert.match(
    refusal(() => read([node('Relu', ['x'], ['y'])], { options: { outputs: ['z'] } })),
    /has no value 'z'/,
  );
});

test('without an axis of samples, each sample is a whole input', async () => {
  const nodes = [node('Softmax', ['x'], ['a'], { axis: 0 }), node('MatMul', ['w', 'a'], ['y'])];
  const initializers = [floats('w', [1, 2], [1, 3])];
  const { trained, model } = read(nodes, { x: [2, 2], initializers, options: { batch: 'none' } });
  assert.equal(model.outputs.get('y'), [1, 2]);
  const { scores } = await trained.predict(Float32Array.of(0, 0, 0, 0, 5, 5, 5, 5));
  assert.equal([...scores], [2, 2, 2, 2]);
});

test('a condition of each sample chooses for each', async () => {
  const value = (name: string) => ({ name, type: 'float' as const, shape: ['N', 1] });
  const graph = (op: string, output: string) => ({
    name: op,
    type: 'graph' as const,
    value: {
      name: op,
      nodes: [node(op, ['x'], [output])],
      initializers: new Map(),
      inputs: [],
      outputs: [value(output)],
    },
  });
  const choice = {
    ...node('If', ['is'], ['y']),
    attributes: new Map<string, OnnxAttribute>([
      ['then_branch', { ...graph('Tanh', 't'), name: 'then_branch' }],
      ['else_branch', { ...graph('Neg', 'e'), name: 'else_branch' }],
    ]),
  };
  const { trained } = read([node('Greater', ['x', 'zero'], ['is']), choice], {
    x: [1, 1],
    initializers: [floats('zero', [], [0])],
  });
  const { scores } = await trained.predict(Float32Array.of(-2, 20));
  assert.equal([...scores], [2, 1]);
});

test('an input that always has one number is given it', async () => {
  const nodes = [node('Mul', ['x', 'rate'], ['y'])];
  assert.match(
    refusal(() => read(nodes, { scalar: 'rate' })),
    /input 'rate' is a single number/,
  );
  const { trained, model } = read(nodes, { scalar: 'rate', options: { inputs: { rate: 3 } } });
  assert.equal(Object.keys(model.architecture.inputs), ['x']);
  assert.equal([...(await trained.predict(Float32Array.of(1, 2, 3))).scores], [3, 6, 9]);
});

test('models of 8 bits are told to take the float one', () => {
  const said = refusal(() =>
    read([node('QuantizeLinear', ['x', 's'], ['q']), node('DequantizeLinear', ['q', 's'], ['y'])], {
      initializers: [floats('s', [], [0.5])],
    }),
  );
  assert.match(said, /QuantizeLinear.*take the float model/);
});

test('what a layer refuses goes by the rule of the op', () => {
  const pooled = node('MaxPool', ['x'], ['y'], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    dilations: [2, 2],
  });
  const { model } = read([pooled], { x: ['N', 1, 6, 6] });
  assert.is(model.architecture.layers[0]!.kind, 'onnx');
  assert.equal(model.outputs.get('y'), [1, 4, 4]);
});

test('a softmax at the end is warned of, with the output before it', () => {
  const { warnings } = read([
    node('Relu', ['x'], ['a']),
    node('Softmax', ['a'], ['y'], { axis: -1 }),
  ]);
  assert.match(
    warnings.join(),
    /output 'y' is a softmax: to train with crossEntropy.*outputs: \['a'\]/,
  );
});

test('options are checked', () => {
  const relu = [node('Relu', ['x'], ['y'])];
  for (const options of [
    { batch: 'last' },
    { outputs: [] },
    { inputs: { x: [0] } },
    { inputs: { z: [3] } },
    { externalData: { a: 1 } },
    { inputs: 3 },
    { trainable: true },
  ])
    assert.match(
      refusal(() => read(relu, { options: options as unknown as ReadOnnxOptions })),
      /readOnnx/,
    );
  assert.match(
    refusal(() => readOnnx('a' as unknown as Uint8Array)),
    /readOnnx: bytes is 'a'/,
  );
});

test.run();
