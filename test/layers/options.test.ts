/** Options with a name that a layer does not know are refused: a run with defaults in their place would be silently wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/errors.js';
import * as layers from '../../src/layers/index.js';

// As plain JavaScript would call them.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = (...args: any[]) => unknown;

const calls: Readonly<Record<string, readonly unknown[]>> = {
  avgPool1d: [2],
  avgPool2d: [2],
  batchNorm1d: [4],
  batchNorm2d: [4],
  concat: [],
  connectedConv2d: [2, [[0], [0, 1]], 3],
  conv1d: [2, 2, 3],
  conv2d: [2, 2, 3],
  convTranspose2d: [2, 2, 3],
  depthwiseConv2d: [2, 3],
  elu: [],
  embedding: [10, 4],
  gelu: [],
  groupNorm: [2, 4],
  gru: [4, 4],
  hardTanh: [],
  instanceNorm2d: [4],
  layerNorm: [4],
  leakyRelu: [],
  linear: [4, 4],
  localResponseNorm: [5],
  locallyConnected2d: [2, 2, 3],
  lstm: [4, 4],
  maxPool1d: [2],
  maxPool2d: [2],
  mean: [1],
  multiheadAttention: [4, 2],
  pad: [[[1, 1]]],
  pad2d: [1],
  positionEmbedding: [8, 4],
  prelu: [],
  rbf: [4, 2],
  residual: [[layers.relu()], []],
  rnn: [4, 4],
  subsampling2d: [4, 2],
  sum: [1],
};

for (const [kind, args] of Object.entries(calls)) {
  test(`${kind} refuses options it does not know, and what is no object`, () => {
    const create = (layers as unknown as Record<string, Loose>)[kind]!;
    assert.ok(create(...args, {}), 'empty options');
    for (const [options, message] of [
      [{ nosuch: 1 }, /unknown option 'nosuch', expected \w+/],
      [null, /options are null, expected an object/],
      [0.1, /options are 0.1, expected an object/],
    ] as const) {
      assert.throws(
        () => create(...args, options),
        (error: Error) => error instanceof LanewiseError && message.test(error.message),
        `${kind} with ${JSON.stringify(options)}`,
      );
    }
  });
}

test('the nearest name is the hint', () => {
  const conv2d = layers.conv2d as Loose;
  try {
    conv2d(1, 2, 3, { strides: 2 });
    assert.unreachable();
  } catch (error) {
    assert.is((error as LanewiseError).hint, "did you mean 'stride'?");
  }
});

test.run();
