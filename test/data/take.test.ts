/** Samples taken from data sets of every kind are the same. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset, TensorDataset } from '../../src/data/dataset.js';
import { streamOf, type StreamedDataset } from '../../src/data/streamed.js';
import { samplesAt, takeFirst } from '../../src/data/take.js';

const shape = [1, 2, 2] as const;
const samples = Uint8Array.from({ length: 40 }, (_, i) => i);
const labels = Uint8Array.from({ length: 10 }, (_, i) => i % 3);
const memory: Dataset = {
  name: 'numbers',
  shape,
  classes: ['a', 'b', 'c'],
  samples,
  labels,
  weights: Float32Array.from(labels),
};
const { samples: _, ...rest } = memory;
const streamed: StreamedDataset = {
  ...rest,
  reader: {
    type: 'uint8',
    async read(index, to) {
      to.set(samples.subarray(index * 4, index * 4 + 4));
    },
  },
};

test('positions, from memory and through a reader', async () => {
  const taken = (await samplesAt(memory, [7, 0])) as Dataset;
  assert.equal([...taken.samples], [28, 29, 30, 31, 0, 1, 2, 3]);
  assert.equal(
    [[...taken.labels], [...taken.weights!]],
    [
      [1, 0],
      [1, 0],
    ],
  );
  assert.equal(await samplesAt(streamed, [7, 0]), taken);
});

test('fields of a data set of arrays', async () => {
  const data: TensorDataset = {
    name: 'arrays',
    inputs: { x: { shape: [2], values: Float32Array.of(1, 2, 3, 4, 5, 6) } },
    targets: { y: { shape: [], values: Int32Array.of(7, 8, 9), as: 'classes' } },
  };
  const { inputs, targets } = (await samplesAt(data, [2, 1])) as TensorDataset;
  assert.equal([...inputs['x']!.values], [5, 6, 3, 4]);
  assert.equal(targets['y'], { shape: [], values: Int32Array.of(9, 8), as: 'classes' });
});

test('the first of a stream, which is then left', async () => {
  let isLeft = false;
  const stream = streamOf({
    name: 'stream',
    shape,
    classes: ['a', 'b', 'c'],
    length: 10,
    type: 'uint8',
    async *open() {
      try {
        for (let i = 0; i < 10; i++)
          yield { values: samples.subarray(i * 4, i * 4 + 4), label: labels[i]! };
      } finally {
        isLeft = true;
      }
    },
  });
  const taken = (await takeFirst(stream, 3)) as Dataset;
  assert.equal([[...taken.samples], [...taken.labels]], [[...samples.subarray(0, 12)], [0, 1, 2]]);
  assert.ok(isLeft);
  assert.is(((await takeFirst(streamed, 99)) as Dataset).labels.length, 10);
});

test.run();
