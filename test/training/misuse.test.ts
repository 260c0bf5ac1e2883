/** What is no data set, loss, optimizer or weights is refused by name before work starts. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/errors.js';
import { linear, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/training/train.js';

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
  [{ weights: new Map([['0.weight', null]]) }, /weights of '0.weight': null, expected 6/],
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

test.run();
