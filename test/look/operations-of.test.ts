/** Operations of models: the multiply-adds that papers give, and those of training counted by hand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { operationsOf } from '../../src/look/operations-of.js';
import { lenet5, resNet18, resNet50, resnet20, vgg16 } from '../../src/models/index.js';

test('multiply-adds are those that papers give', () => {
  // c1 6·25 at 28×28 places, c3 16·150 at 10×10, then 400·120 + 120·84 + 84·10.
  assert.is(operationsOf(lenet5()).multiplyAdds, 117_600 + 240_000 + 58_920);
  /** torchvision's GFLOPS of its weights, which are multiply-adds; He et al. 2016 count ResNet-20 as 41 million. */
  const known = [
    [resNet18(), 1.81e9],
    [resNet50(), 4.09e9],
    [vgg16(), 15.47e9],
    [resnet20(), 41e6],
  ] as const;
  for (const [model, count] of known) {
    const { multiplyAdds } = operationsOf(model);
    assert.ok(Math.abs(multiplyAdds / count - 1) < 0.006, `${multiplyAdds}, expected ${count}`);
  }
});

test('a layer has its own operations, and all of them add up', () => {
  const model = sequential(
    { conv: conv2d(1, 2, 3, { bias: false }), act: relu(), flat: flatten(), output: linear(8, 3) },
    { input: [1, 4, 4] },
  );
  const { layers, multiplyAdds, operations, training } = operationsOf(model);
  assert.equal(
    layers.map((one) => [one.layer, one.kind, one.shape, one.multiplyAdds, one.operations]),
    [
      // Two filters of nine weights at 2×2 places.
      ['conv', 'conv2d', [2, 2, 2], 72, 144],
      ['act', 'relu', [2, 2, 2], 0, 0],
      ['flat', 'flatten', [8], 0, 0],
      // A bias adds once to each output.
      ['output', 'linear', [3], 24, 51],
    ],
  );
  assert.is(multiplyAdds, 96);
  assert.is(operations, 195);
  // Gradients of both weights and of what the second layer sees; the image needs none.
  assert.is(training, 195 + 144 + 48 + 48);
});

test.run();
