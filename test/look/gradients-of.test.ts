/** Gradients of samples that are read, not held: those of the same samples in memory. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { SampleStream } from '../../src/data/dataset.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';

const model = sequential([flatten(), linear(2, 2)], { input: [1, 1, 2] });
const weights = new Map([
  ['1.weight', Float32Array.of(0.1, -0.2, 0.3, 0.4)],
  ['1.bias', Float32Array.of(0.5, -0.6)],
]);
const kept = {
  name: 'kept',
  shape: [1, 1, 2] as const,
  classes: ['a', 'b'],
  samples: Float32Array.of(1, 2, 3, 4, 5, 6),
  labels: Uint8Array.of(0, 1, 1),
};

test('a stream has the loss and the gradients of its samples in memory', async () => {
  const { name, shape, classes, samples, labels } = kept;
  const stream: SampleStream = {
    name,
    shape,
    classes,
    length: 3,
    type: 'float32',
    async *open() {
      for (const [i, label] of labels.entries())
        yield { values: samples.subarray(2 * i, 2 * i + 2), label };
    },
  };
  const read = await gradientsOf(model, weights, stream);
  assert.equal(read, await gradientsOf(model, weights, kept));
  assert.ok(read.loss > 0);
});

test.run();
