/** Values that are not a data set, loss, optimizer or weights are refused by name before work starts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { linear, sequential } from '../../src/layers/index.js';
import { adam, lars, lion, momentum, sgd } from '../../src/optimizers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { train } from '../../src/train/train.js';

const data = {
  name: 'd',
  inputs: { input: { shape: [2], values: new Float32Array(8) } },
  targets: { output: { shape: [], values: new Uint8Array(4) } },
};

const wrong: readonly (readonly [settings: object, message: RegExp])[] = [
  [{ data: { ...data, inputs: null } }, /'inputs' of data set 'd' is null/],
  [{ data: { ...data, targets: undefined } }, /'targets' of data set 'd' is undefined/],
  [{ data: { ...data, inputs: { input: null } } }, /input 'input' is null/],
  [{ data: { ...data, inputs: { input: { shape: [2] } } } }, /values are undefined/],
  [{ data: { ...data, inputs: { input: { values: new Float32Array(8) } } } }, /shape is undefined/],
  [{ data: { ...data, weights: null } }, /weights are null/],
  [{ data: { name: 'd', samples: new Uint8Array(1), labels: new Uint8Array(1) } }, /classes are/],
  [{ validation: 3 }, /data set is 3/],
  [{ loss: 3 }, /loss is 3/],
  [{ loss: { output: null } }, /loss is null/],
  [{ loss: { output: 5 } }, /loss is 5/],
  [{ optimizer: {} }, /optimizer is an object, expected one made by/],
  [{ average: {} }, /average is an object, expected one made by/],
  [
    { weights: new Map([['0.weight', null]]) },
    /weights of '0.weight': null, expected a Float32Array of 6/,
  ],
];

for (const [settings, message] of wrong) {
  test(`refused: ${String(message)}`, async () => {
    const usual = { data, optimizer: sgd({ lr: 0.1 }), epochs: 1, workers: 0 };
    const model = sequential([linear(2, 3)], { input: [2] });
    try {
      await train(model, { ...usual, ...settings } as never);
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.match((error as Error).message, message);
      return;
    }
    assert.unreachable('nothing was refused');
  });
}

const calls: readonly (readonly [call: () => unknown, message: RegExp])[] = [
  [() => sgd(undefined as never), /sgd: options are undefined/],
  [() => momentum(0.1 as never), /momentum: options are 0.1/],
  [() => lars(null as never), /lars: options are null/],
  [() => adam({ betas: 0.9 as never }), /adam: betas is 0.9, expected a list of 2/],
  [() => lion({ betas: [0.9] as never }), /lion: betas is \[0.9\], expected a list of 2/],
  [() => sgd({ lr: 1, groups: [null] as never }), /sgd: groups\[0\]: options are null/],
];

for (const [call, message] of calls) {
  test(`refused: ${String(message)}`, () => {
    assert.throws(
      call,
      (error: Error) => error instanceof LanewiseError && message.test(error.message),
    );
  });
}

test('gradients are asked for by a list of names, in a mode there is', async () => {
  const model = sequential([linear(2, 3)], { input: [2] });
  const weights = new Map([
    ['0.weight', new Float32Array(6)],
    ['0.bias', new Float32Array(3)],
  ]);
  for (const options of [{ by: '0.weight' }, { mode: 'train' }, { seed: 0.5 }]) {
    try {
      await gradientsOf(model, weights, data, options as never);
    } catch (error) {
      assert.instance(error, LanewiseError);
      continue;
    }
    assert.unreachable(`${JSON.stringify(options)} was not refused`);
  }
});

test.run();
