/** Samples taken from data sets of every kind are the same. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { choose, firstOf, samplesAt, takeFirst } from '../../src/data/chosen.js';
import type { Dataset, StreamedDataset, TensorDataset } from '../../src/data/dataset.js';
import { datasetOf, samplesOf, streamOf } from '../../src/data/forms.js';
import { originOf } from '../../src/data/origin.js';
import type { Samples } from '../../src/data/samples.js';
import { firstSamples, subset } from '../../src/data/subset.js';
import * as transforms from '../../src/data/transforms/index.js';

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

const arrays: TensorDataset = {
  name: 'arrays',
  inputs: { x: { shape: [2], values: Float32Array.from({ length: 20 }, (_, i) => i / 2) } },
  targets: {
    y: {
      shape: [2],
      values: Float32Array.from({ length: 20 }, (_, i) => -i),
      weights: Float32Array.from({ length: 20 }, (_, i) => i % 2),
    },
    z: {
      shape: [],
      values: labels,
      as: 'classes',
      weights: Float32Array.from({ length: 10 }, (_, i) => i),
    },
  },
  weights: Float32Array.from(labels),
  classes: { z: ['a', 'b', 'c'] },
};

/** All that images may say, so that none of it gets lost. */
const described: Dataset = {
  ...memory,
  transforms: [transforms.randomHorizontalFlip()],
  fit: 'pad',
  table: { columns: [{ name: 'a', type: 'number' }], targets: [{ name: 'b', type: 'number' }] },
};

const plain = (samples: Samples) => {
  const { origin: _, ...others } = samples;
  return JSON.parse(JSON.stringify(datasetOf(others)));
};

test('everything that has a sample goes with it, and what is said of all stays', async () => {
  for (const data of [memory, described, arrays]) {
    const samples = samplesOf(data);
    const first = firstOf(samples, 3);
    assert.equal(plain(first), plain(choose(samples, Uint32Array.of(0, 1, 2))), data.name);
    assert.equal(plain(await samplesAt(samples, [0, 1, 2])), plain(first));
    assert.equal(plain(await takeFirst(samples, 3)), plain(first));
    assert.equal(plain(samplesOf(subset(data, [0, 1, 2]))), plain(first));
    assert.equal(
      plain(
        choose(
          samples,
          Uint32Array.from(labels, (_, i) => i),
        ),
      ),
      plain(samples),
    );
  }
  const { fit, transforms: kept, table } = subset(described, [4]);
  assert.equal([fit, kept, table], ['pad', described.transforms, described.table]);
});

test('the first samples share memory, and are known as a part', () => {
  const first = firstSamples(memory, 4);
  assert.is(first.samples.buffer, samples.buffer);
  assert.equal(first.origin!.samples, 10);
  assert.equal(first.origin!.fingerprint, originOf(samplesOf(memory))!.fingerprint);
  assert.is(firstSamples(memory, 10), memory);
});

test('the files of a folder go with their samples', async () => {
  const files = Array.from(labels, (_, i) => ({ path: `${i}.png`, bytes: i }));
  const folder = { ...streamed, files };
  const part = subset(folder, [7, 0]);
  assert.equal(part.files, [files[7], files[0]]);
  assert.equal(firstOf(samplesOf(folder), 2).files, files.slice(0, 2));
  assert.equal(
    plain(await samplesAt(samplesOf(part), [0, 1])),
    plain(await samplesAt(samplesOf(folder), [7, 0])),
  );
});

test('values per sample and per value, by hand', () => {
  const { inputs, targets, weights } = subset(arrays, [9, 2]);
  assert.equal([...inputs['x']!.values], [9, 9.5, 2, 2.5]);
  assert.equal([...targets['y']!.values], [-18, -19, -4, -5]);
  assert.equal([...targets['y']!.weights!], [0, 1, 0, 1]);
  assert.equal([...targets['z']!.weights!], [9, 2]);
  assert.equal([...(weights as Float32Array)], [labels[9], labels[2]]);
});

test('positions, from memory and through a reader', async () => {
  const taken = datasetOf(await samplesAt(samplesOf(memory), [7, 0])) as Dataset;
  assert.equal([...taken.samples], [28, 29, 30, 31, 0, 1, 2, 3]);
  assert.equal(
    [[...taken.labels], [...taken.weights!]],
    [
      [1, 0],
      [1, 0],
    ],
  );
  assert.equal(datasetOf(await samplesAt(samplesOf(streamed), [7, 0])), taken);
});

test('fields of a data set of arrays', async () => {
  const data: TensorDataset = {
    name: 'arrays',
    inputs: { x: { shape: [2], values: Float32Array.of(1, 2, 3, 4, 5, 6) } },
    targets: { y: { shape: [], values: Int32Array.of(7, 8, 9), as: 'classes' } },
  };
  const { inputs, targets } = await samplesAt(samplesOf(data), [2, 1]);
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
  const taken = datasetOf(await takeFirst(samplesOf(stream), 3)) as Dataset;
  assert.equal([[...taken.samples], [...taken.labels]], [[...samples.subarray(0, 12)], [0, 1, 2]]);
  assert.ok(isLeft);
  assert.is((await takeFirst(samplesOf(streamed), 99)).count, 10);
});

test.run();
