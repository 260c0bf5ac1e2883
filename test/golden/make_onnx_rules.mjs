// Writes onnx-rules.json: single ops with what onnxruntime-node 1.30 answers, for test/onnx/rules.test.ts.
//   ONNXRUNTIME=/path/to/node_modules/onnxruntime-node/dist/index.js node test/golden/make_onnx_rules.mjs
// Needs a built dist/ (node scripts/build.mjs --tests).
import { writeFileSync } from 'node:fs';
import { encodeOnnx } from '../../dist/src/onnx/write-messages.js';

const { InferenceSession, Tensor } = await import(process.env.ONNXRUNTIME).then(
  (m) => m.default ?? m,
);

let seed = 1;
/** Numbers from −2 to 2 in steps of 1/64, always the same ones. */
function draw(...shape) {
  const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    seed = (seed * 16807) % 2147483647;
    return (seed % 257) / 64 - 2;
  });
  return { shape, values };
}
const f = (shape, values) => ({ shape, values });
/** An input that is known while reading. */
const known = (values, type = 'int64', shape = [values.length]) => ({
  shape,
  values,
  type,
  known: true,
});
const i32 = (shape, values) => ({ shape, values, type: 'int32' });
const INF = Infinity;

// op, opset, attributes, inputs, and the outputs that are compared.
const cases = [
  ['Softmax', 11, { axis: 1 }, [draw(2, 3, 4)]],
  ['Softmax', 11, {}, [draw(2, 3, 4)]],
  ['Softmax', 13, { axis: 1 }, [draw(2, 3, 4)]],
  ['Softmax', 13, {}, [f([2, 3], [-INF, 1, 0.5, -INF, -INF, 2])]],
  ['LogSoftmax', 11, { axis: 2 }, [draw(2, 3, 4)]],
  ['Hardmax', 11, { axis: 1 }, [draw(2, 3, 2)]],
  [
    'AveragePool',
    11,
    { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2] },
    [draw(1, 2, 5, 5)],
  ],
  [
    'AveragePool',
    11,
    { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2], count_include_pad: 1 },
    [draw(1, 2, 5, 5)],
  ],
  [
    'AveragePool',
    19,
    {
      kernel_shape: [3, 3],
      pads: [0, 0, 1, 1],
      strides: [2, 2],
      ceil_mode: 1,
      count_include_pad: 1,
    },
    [draw(1, 1, 6, 6)],
  ],
  ['AveragePool', 19, { kernel_shape: [2, 2], dilations: [2, 2] }, [draw(1, 1, 5, 5)]],
  [
    'AveragePool',
    11,
    { kernel_shape: [2, 2, 2], auto_pad: 'SAME_UPPER', strides: [2, 2, 2] },
    [draw(1, 1, 3, 4, 5)],
  ],
  ['MaxPool', 12, { kernel_shape: [2, 2], pads: [0, 1, 1, 0] }, [draw(1, 1, 3, 3)]],
  ['MaxPool', 12, { kernel_shape: [2, 2], dilations: [2, 2] }, [draw(1, 1, 4, 4)]],
  ['MaxPool', 12, { kernel_shape: [3], strides: [2], ceil_mode: 1 }, [draw(1, 2, 6)]],
  ['MaxPool', 12, { kernel_shape: [2, 2, 2], strides: [1, 2, 1] }, [draw(1, 1, 3, 4, 3)]],
  ['LpPool', 18, { kernel_shape: [2, 2], p: 2 }, [draw(1, 1, 3, 3)]],
  [
    'Conv',
    11,
    { auto_pad: 'SAME_LOWER', kernel_shape: [2, 2], strides: [2, 2] },
    [draw(1, 1, 5, 5), draw(2, 1, 2, 2)],
  ],
  [
    'Conv',
    11,
    { auto_pad: 'SAME_UPPER', kernel_shape: [2, 2] },
    [draw(1, 1, 4, 4), draw(2, 1, 2, 2), draw(2)],
  ],
  [
    'Conv',
    11,
    { kernel_shape: [3], pads: [2, 0], dilations: [2], group: 2 },
    [draw(1, 4, 6), draw(2, 2, 3)],
  ],
  [
    'Conv',
    11,
    { kernel_shape: [2, 2, 2], pads: [1, 0, 0, 0, 1, 0], strides: [2, 1, 1] },
    [draw(1, 2, 3, 3, 3), draw(2, 2, 2, 2, 2), draw(2)],
  ],
  [
    'ConvTranspose',
    11,
    { auto_pad: 'SAME_UPPER', strides: [2], kernel_shape: [3] },
    [f([1, 1, 4], [1, 1, 1, 1]), f([1, 1, 3], [1, 10, 100])],
  ],
  [
    'ConvTranspose',
    11,
    { auto_pad: 'SAME_LOWER', strides: [2], kernel_shape: [3] },
    [f([1, 1, 4], [1, 1, 1, 1]), f([1, 1, 3], [1, 10, 100])],
  ],
  [
    'ConvTranspose',
    11,
    { pads: [1, 0, 0, 1], output_padding: [1, 0], strides: [2, 3], group: 2 },
    [draw(1, 4, 3, 2), draw(4, 1, 3, 2), draw(2)],
  ],
  ['ConvTranspose', 11, { strides: [2, 1, 1] }, [draw(1, 1, 2, 2, 2), draw(1, 2, 2, 2, 2)]],
  ['PRelu', 9, {}, [draw(1, 2, 2, 2), f([2], [0.5, -1])]],
  ['PRelu', 9, {}, [draw(1, 2, 2, 2), f([2, 1, 1], [0.5, -1])]],
  ['Clip', 12, {}, [draw(6), known([1], 'float', []), known([-1], 'float', [])]],
  ['Clip', 12, {}, [draw(6), undefined, known([0.5], 'float', [])]],
  ['Clip', 6, { min: -0.5 }, [draw(6)]],
  ['Div', 14, {}, [i32([4], [-3, 3, -7, 8]), i32([4], [2, -2, 4, 3])]],
  ['Mod', 13, {}, [i32([4], [-3, 3, -7, 8]), i32([4], [2, -2, 4, 3])]],
  ['Mod', 13, { fmod: 1 }, [f([3], [-4.3, 7.2, 5]), f([3], [2.1, -3.4, 8])]],
  ['Pow', 13, {}, [f([3], [4, 0.25, 2]), known([0.5], 'float', [])]],
  ['Pow', 13, {}, [f([3], [4, 0.25, 2]), f([3], [-1, 1.5, 3])]],
  ['HardSigmoid', 6, {}, [draw(6)]],
  ['HardSigmoid', 6, { alpha: 0.5, beta: 0.6 }, [draw(6)]],
  ['HardSwish', 14, {}, [draw(6)]],
  ['Gelu', 20, { approximate: 'tanh' }, [draw(6)]],
  ['Mish', 18, {}, [draw(6)]],
  ['Selu', 6, { alpha: 2, gamma: 3 }, [draw(6)]],
  ['Shrink', 9, { bias: 0.25, lambd: 1 }, [draw(6)]],
  ['Celu', 12, { alpha: 2 }, [draw(6)]],
  ['ThresholdedRelu', 10, { alpha: 0.5 }, [draw(6)]],
  ['IsInf', 10, { detect_negative: 0 }, [f([3], [INF, -INF, 1])]],
  ['Round', 11, {}, [f([6], [0.5, 1.5, 2.5, -0.5, -1.5, 2.25])]],
  ['Gemm', 11, { beta: 0.5, alpha: 2, transB: 1 }, [draw(2, 3), draw(4, 3), draw(4)]],
  ['Gemm', 11, { transA: 1 }, [draw(3, 2), draw(3, 4), draw(2, 1)]],
  ['MatMul', 13, {}, [draw(3), draw(3)]],
  ['MatMul', 13, {}, [draw(3), draw(2, 3, 2)]],
  ['MatMul', 13, {}, [draw(2, 1, 2, 3), draw(3, 3, 2)]],
  ['Einsum', 12, { equation: 'bij, bjk -> bik' }, [draw(2, 2, 3), draw(2, 3, 2)]],
  ['Einsum', 12, { equation: '...ij->...i' }, [draw(2, 2, 3)]],
  ['Einsum', 12, { equation: 'bhid,bhjd->bhij' }, [draw(2, 2, 3, 2), draw(2, 2, 2, 2)]],
  ['Einsum', 12, { equation: 'ij,j' }, [draw(2, 3), draw(3)]],
  ['Gather', 13, { axis: 1 }, [draw(2, 4), known([-1, 0])]],
  ['Gather', 13, { axis: 1 }, [draw(2, 4), known([2], 'int64', [])]],
  ['Gather', 13, { axis: 0 }, [draw(3, 2), i32([2, 2], [-1, 0, 2, 1])]],
  ['GatherElements', 13, { axis: 1 }, [draw(2, 3), i32([2, 2], [-1, 0, 2, 1])]],
  ['GatherND', 13, { batch_dims: 1 }, [draw(2, 3, 2), known([1, -3], 'int64', [2, 1])]],
  [
    'ScatterElements',
    18,
    { axis: 1, reduction: 'add' },
    [draw(2, 3), i32([2, 2], [-1, 2, 0, 1]), draw(2, 2)],
  ],
  ['ScatterND', 16, {}, [draw(3, 2), known([2, 0], 'int64', [2, 1]), draw(2, 2)]],
  [
    'OneHot',
    11,
    { axis: 0 },
    [{ ...i32([3], [0, -1, 5]), type: 'int64' }, known([4], 'int64', []), known([0.5, 2], 'float')],
  ],
  ['TopK', 11, { axis: 0, largest: 0 }, [draw(4, 2), known([2])], [0, 1]],
  ['ArgMax', 13, { axis: 1, select_last_index: 1, keepdims: 0 }, [f([2, 3], [1, 2, 2, 3, 0, 3])]],
  ['CumSum', 14, { exclusive: 1, reverse: 1 }, [draw(2, 3), known([-1], 'int64', [])]],
  ['Trilu', 14, { upper: 0 }, [draw(3, 4), known([1], 'int64', [])]],
  ['ReduceSum', 13, { keepdims: 0 }, [draw(2, 3, 2), known([0, -1])]],
  ['ReduceSum', 13, { noop_with_empty_axes: 1 }, [draw(2, 3)]],
  ['ReduceL2', 18, {}, [draw(2, 3), known([1])]],
  ['ReduceLogSumExp', 13, { axes: [1] }, [draw(2, 3)]],
  ['ReduceProd', 13, { axes: [0] }, [draw(2, 3)]],
  [
    'Slice',
    13,
    {},
    [draw(4, 5), known([3, 4]), known([0, -9223372036854775000]), known([0, 1]), known([-1, -2])],
  ],
  ['Slice', 9, { starts: [1], ends: [9223372036854775000], axes: [1] }, [draw(2, 4)]],
  ['Split', 18, { axis: 1, num_outputs: 3 }, [draw(2, 7)], [0, 1, 2]],
  ['Split', 13, { axis: 1 }, [draw(2, 7), known([3, 4])], [0, 1]],
  ['Pad', 13, { mode: 'reflect' }, [draw(2, 4), known([0, 2, 0, 1])]],
  ['Pad', 13, { mode: 'edge' }, [draw(2, 3), known([1, 0, 0, 2])]],
  ['Pad', 19, { mode: 'wrap' }, [draw(2, 3), known([0, 2, 1, 1])]],
  ['Pad', 13, {}, [draw(3, 3), known([1, -1, 0, 1]), known([0.5], 'float', [])]],
  ['Reshape', 14, {}, [draw(2, 3, 4), known([0, -1])]],
  ['Flatten', 13, { axis: -1 }, [draw(2, 3, 4)]],
  ['Flatten', 13, { axis: 0 }, [draw(2, 3)]],
  ['Expand', 13, {}, [draw(3, 1), known([2, 1, 4])]],
  ['Tile', 13, {}, [draw(2, 2), known([1, 3])]],
  ['DepthToSpace', 13, { blocksize: 2 }, [draw(1, 8, 1, 2)]],
  ['DepthToSpace', 13, { blocksize: 2, mode: 'CRD' }, [draw(1, 8, 1, 2)]],
  ['SpaceToDepth', 13, { blocksize: 2 }, [draw(1, 2, 2, 4)]],
  ['Where', 16, {}, [{ shape: [2, 1], values: [1, 0], type: 'bool' }, draw(2, 3), draw(3)]],
  [
    'BatchNormalization',
    15,
    { epsilon: 0.01 },
    [draw(2, 3, 2), draw(3), draw(3), draw(3), f([3], [1, 0.5, 2])],
  ],
  ['InstanceNormalization', 6, { epsilon: 0.01 }, [draw(2, 3, 4), draw(3), draw(3)]],
  ['GroupNormalization', 21, { num_groups: 2, epsilon: 0.01 }, [draw(2, 4, 3), draw(4), draw(4)]],
  ['LayerNormalization', 17, { axis: -2, epsilon: 0.01 }, [draw(2, 3, 4), draw(3, 4), draw(3, 4)]],
  ['RMSNormalization', 23, { epsilon: 0.01 }, [draw(2, 3, 4), draw(4)]],
  ['LpNormalization', 1, { axis: 1, p: 1 }, [draw(2, 3)]],
  ['MeanVarianceNormalization', 13, {}, [draw(2, 2, 2, 2)]],
  ['LRN', 13, { size: 3, alpha: 0.3, beta: 0.5, bias: 2 }, [draw(1, 5, 2, 2)]],
  [
    'Resize',
    13,
    { mode: 'nearest' },
    [f([1, 1, 1, 3], [1, 2, 3]), undefined, known([1, 1, 1, 2.4], 'float')],
  ],
  [
    'Resize',
    13,
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    [f([1, 1, 1, 3], [1, 2, 3]), undefined, known([1, 1, 1, 2.4], 'float')],
  ],
  ['Resize', 13, { mode: 'linear' }, [draw(1, 1, 3, 4), undefined, undefined, known([1, 1, 5, 3])]],
  [
    'Resize',
    13,
    { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' },
    [f([1, 1, 1, 4], [1, 2, 3, 4]), undefined, undefined, known([1, 1, 1, 1])],
  ],
  [
    'Resize',
    13,
    { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
    [f([1, 1, 1, 4], [1, 2, 3, 4]), undefined, undefined, known([1, 1, 1, 1])],
  ],
  [
    'Resize',
    13,
    { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    [draw(1, 1, 3, 4), undefined, undefined, known([1, 1, 5, 7])],
  ],
  ['Resize', 13, { mode: 'cubic' }, [draw(1, 1, 4, 4), undefined, known([1, 1, 1.5, 2], 'float')]],
  [
    'Resize',
    18,
    { mode: 'linear', antialias: 1 },
    [draw(1, 1, 6, 6), undefined, undefined, known([1, 1, 3, 4])],
  ],
  ['Upsample', 9, { mode: 'nearest' }, [draw(1, 1, 2, 2), known([1, 1, 2, 3], 'float')]],
  [
    'GridSample',
    16,
    { mode: 'bilinear', padding_mode: 'reflection' },
    [draw(1, 2, 3, 3), draw(1, 2, 2, 2)],
  ],
  [
    'LSTM',
    14,
    { hidden_size: 2 },
    [
      draw(3, 2, 2),
      draw(1, 8, 2),
      draw(1, 8, 2),
      draw(1, 16),
      undefined,
      draw(1, 2, 2),
      draw(1, 2, 2),
    ],
    [0, 1, 2],
  ],
  [
    'LSTM',
    14,
    { hidden_size: 2, direction: 'bidirectional' },
    [draw(3, 1, 2), draw(2, 8, 2), draw(2, 8, 2)],
    [0, 1],
  ],
  [
    'LSTM',
    14,
    { hidden_size: 2, clip: 0.5 },
    [
      draw(3, 1, 2),
      draw(1, 8, 2),
      draw(1, 8, 2),
      undefined,
      undefined,
      undefined,
      undefined,
      draw(1, 6),
    ],
    [0],
  ],
  [
    'GRU',
    14,
    { hidden_size: 2 },
    [draw(3, 2, 2), draw(1, 6, 2), draw(1, 6, 2), draw(1, 12)],
    [0, 1],
  ],
  [
    'GRU',
    14,
    { hidden_size: 2, linear_before_reset: 1, direction: 'reverse' },
    [draw(3, 2, 2), draw(1, 6, 2), draw(1, 6, 2), draw(1, 12), i32([2], [2, 3])],
    [0, 1],
  ],
  [
    'RNN',
    14,
    { hidden_size: 2, activations: ['Relu'] },
    [draw(3, 2, 2), draw(1, 2, 2), draw(1, 2, 2)],
    [0],
  ],
  [
    'Attention',
    23,
    { q_num_heads: 2, kv_num_heads: 1, is_causal: 1 },
    [draw(1, 3, 4), draw(1, 3, 2), draw(1, 3, 2)],
  ],
];

const WHOLE = new Set(['ArgMax']);
const BOOL = new Set(['IsInf']);

function attributeOf(name, value) {
  const list = Array.isArray(value);
  const first = list ? value[0] : value;
  const isFloat = /^(alpha|beta|gamma|bias|lambd|epsilon|clip|cubic_coeff_a|scale|min|max)$/.test(
    name,
  );
  const type = typeof first === 'string' ? 'string' : isFloat ? 'float' : 'int';
  return [name, { name, type: list ? `${type}s` : type, value }];
}

function fileOf([op, version, attributes, inputs, outputs = [0]]) {
  const names = inputs.map((one, i) => (one ? `x${i}` : ''));
  const given = inputs
    .map((one, i) => ({ name: `x${i}`, type: 'float', ...one, at: i }))
    .filter(({ at }) => inputs[at]);
  const type =
    op === 'Where'
      ? 'float'
      : WHOLE.has(op)
        ? 'int64'
        : BOOL.has(op)
          ? 'bool'
          : (inputs[0].type ?? 'float');
  const last = Math.max(...outputs);
  const results = Array.from({ length: last + 1 }, (_, i) => (outputs.includes(i) ? `y${i}` : ''));
  return encodeOnnx({
    irVersion: version > 22 ? 11 : version > 20 ? 10 : 8,
    producer: 'rules',
    producerVersion: '1',
    opsets: new Map([['', version]]),
    graph: {
      name: op,
      nodes: [
        {
          name: 'n',
          op,
          domain: '',
          inputs: names,
          outputs: results,
          attributes: new Map(
            Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
          ),
        },
      ],
      initializers: new Map(
        given
          .filter((one) => one.known)
          .map((one) => [
            one.name,
            {
              ...one,
              values: () => (one.type === 'float' ? Float32Array : Float64Array).from(one.values),
            },
          ]),
      ),
      inputs: given
        .filter((one) => !one.known)
        .map(({ name, type, shape }) => ({ name, type, shape })),
      outputs: outputs.map((i) => ({
        name: `y${i}`,
        type: op === 'OneHot' ? 'float' : op === 'TopK' && i === 1 ? 'int64' : type,
      })),
    },
    functions: [],
    metadata: new Map(),
  });
}

const tensorOf = ({ type = 'float', shape, values }) =>
  type === 'int64'
    ? new Tensor('int64', BigInt64Array.from(values, BigInt), shape)
    : type === 'int32'
      ? new Tensor('int32', Int32Array.from(values), shape)
      : type === 'bool'
        ? new Tensor('bool', Uint8Array.from(values), shape)
        : new Tensor('float32', Float32Array.from(values), shape);

const rows = [];
for (const one of cases) {
  const [op, version, attributes, inputs, outputs = [0]] = one;
  try {
    const session = await InferenceSession.create(fileOf(one), { logSeverityLevel: 4 });
    const feeds = Object.fromEntries(
      inputs.flatMap((input, i) => (input && !input.known ? [[`x${i}`, tensorOf(input)]] : [])),
    );
    const found = await session.run(feeds);
    const results = outputs.map((i) => ({
      output: i,
      shape: [...found[`y${i}`].dims],
      values: Array.from(found[`y${i}`].data, (v) =>
        Number.isFinite(Number(v)) ? Number(Number(v).toPrecision(8)) : String(v),
      ),
    }));
    rows.push({
      op,
      version,
      attributes,
      inputs: inputs.map((input) =>
        input
          ? { ...input, values: input.values.map((v) => (Number.isFinite(v) ? v : String(v))) }
          : null,
      ),
      results,
    });
  } catch (error) {
    console.error(`${op} ${version}: ${error.message.slice(0, 300)}`);
  }
}
const text = `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`;
writeFileSync(new URL('onnx-rules.json', import.meta.url), text);
console.log(`${rows.length} of ${cases.length} ops`);
