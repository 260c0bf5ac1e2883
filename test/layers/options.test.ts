/** Options with a name that a layer does not know are refused: a run with defaults in their place would be silently wrong. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import * as layers from '../../src/layers/index.js';

// As plain JavaScript would call them.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = (...args: any[]) => unknown;

/** Some of each kind of table; that every layer refuses, test/misuse/ holds. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
  concat: [],
  conv2d: [2, 2, 3],
  elu: [],
  gru: [4, 4],
  mean: [1],
  multiheadAttention: [4, 2],
  pad: [[[1, 1]]],
  residual: [[layers.relu()], []],
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
