/** The convolutional layers: parameters and shapes, what comes back from a file, and refusals. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import {
  connectedConv2d,
  conv1d,
  conv2d,
  convTranspose2d,
  depthwiseConv2d,
  locallyConnected2d,
  pad2d,
  parameterCount,
  rebuild,
  sequential,
  type Architecture,
  type Layer,
} from '../../src/layers/index.js';

/** LeCun et al. 1998, table 1, by columns. */
const table = [
  ...[0, 1, 2, 3, 4, 5].map((o) => [0, 1, 2].map((i) => (o + i) % 6)),
  ...[0, 1, 2, 3, 4, 5].map((o) => [0, 1, 2, 3].map((i) => (o + i) % 6)),
  [0, 1, 3, 4],
  [1, 2, 4, 5],
  [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];

const model = (layer: Layer, input: number[] = [6, 14, 14]) => sequential({ layer }, { input });

/** Output without the batch, and the parameters' shapes. */
const shapes = (layer: Layer, input?: number[]) => {
  const { graph, parameters } = model(layer, input);
  return [
    graph(2, 'training').activations.at(-1)!.output.shape.slice(1).join('×'),
    ...parameters.map(({ name, shape }) => `${name} ${shape.join('×')}`),
  ].join(', ');
};

const layers: readonly [Layer, string, number[]?][] = [
  [
    conv2d(6, 8, 3, { groups: 2, padding: 'same', stride: 2 }),
    '8×7×7, layer.weight 8×3×3×3, layer.bias 8',
  ],
  [
    conv2d(6, 4, [4, 3], {
      dilation: [1, 2],
      padding: [1, 0],
      paddingMode: 'reflect',
      bias: false,
    }),
    '4×13×10, layer.weight 4×6×4×3',
  ],
  [
    depthwiseConv2d(6, 3, { depthMultiplier: 2, padding: 1 }),
    '12×14×14, layer.weight 12×1×3×3, layer.bias 12',
  ],
  [conv1d(6, 4, 5, { padding: 'same' }), '4×30, layer.weight 4×6×5, layer.bias 4', [6, 30]],
  [
    convTranspose2d(6, 4, 4, { stride: 2, padding: 1, groups: 2 }),
    '4×28×28, layer.weight 6×2×4×4, layer.bias 4',
  ],
  [connectedConv2d(6, table, 5), '16×10×10, layer.weight 60×5×5, layer.bias 16'],
  [
    locallyConnected2d(6, 4, 3, { stride: 2, padding: 1 }),
    '4×7×7, layer.weight 7×7×54×4, layer.bias 4×7×7',
  ],
  [pad2d([1, 2, 3, 0], { mode: 'replicate' }), '6×17×17'],
  [pad2d([1, 2], { value: 0.5 }), '6×16×18'],
];

test('shapes and parameters, and the same layers from a file', () => {
  for (const [layer, expected, input] of layers) {
    assert.is(shapes(layer, input), expected, layer.kind);
    const { architecture, parameters } = model(layer, input);
    const json = JSON.stringify(architecture);
    const again = rebuild(JSON.parse(json) as Architecture);
    assert.is(JSON.stringify(again.architecture), json, layer.kind);
    assert.equal(again.parameters, parameters, layer.kind);
  }
});

test('LeNet-5’s C3 has the 1,516 parameters of the paper', () => {
  assert.is(parameterCount(model(connectedConv2d(6, table, 5))), 1516);
});

test('first values follow the inputs of one output', () => {
  const bound = (layer: Layer) => {
    const { initializer } = model(layer).parameters[0]!;
    return initializer.kind === 'uniform' && initializer.high;
  };
  assert.is(bound(conv2d(6, 8, 3, { groups: 2 })), 1 / Math.sqrt(27));
  assert.is(bound(depthwiseConv2d(6, 3)), 1 / 3);
  assert.is(bound(locallyConnected2d(6, 4, 3)), 1 / Math.sqrt(54));
});

test('what cannot be is refused as an argument', () => {
  const refused: [() => Layer, RegExp][] = [
    [() => conv2d(8, 6, 3, { groups: 3 }), /^conv2d: groups 3 do not divide 8 input channels$/],
    [() => conv2d(8, 6, 3, { groups: 4 }), /^conv2d: groups 4 do not divide 6 output channels$/],
    [() => conv2d(8, 6, 3, { padding: 'full' as 'same' }), /conv2d: padding is 'full', expected/],
    [() => conv2d(8, 6, 3, { paddingMode: 'mirror' as 'zeros' }), /paddingMode is 'mirror'/],
    [() => conv1d(8, 6, 3, { dilation: 0 }), /conv1d: dilation is 0, expected a whole number/],
    [() => convTranspose2d(8, 6, 3, { groups: 5 }), /convTranspose2d: groups 5 do not divide 8/],
    [() => connectedConv2d(2, [[0], [2]], 5), /connectedConv2d: table .* output 1 has \[2\]/],
    [() => connectedConv2d(2, [[0, 0]], 5), /connectedConv2d: table .* output 0 has \[0,0\]/],
    [() => pad2d(-1), /pad2d: padding is -1, expected a whole number of at least 0/],
  ];
  for (const [make, message] of refused) {
    assert.throws(make, (error: unknown) => {
      assert.instance(error, LanewiseError);
      assert.is((error as LanewiseError).kind, 'argument');
      assert.match((error as LanewiseError).message, message);
      return true;
    });
  }
});

test.run();
