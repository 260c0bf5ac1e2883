/** Subsets, splits, folds and class weights: nothing lost, nothing twice, a function of the seed. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import { arrays } from '../../src/data/arrays.js';
import { classWeights, labelsOf, withClassWeights } from '../../src/data/class-labels.js';
import { type Dataset, type StreamedDataset, type TensorDataset } from '../../src/data/dataset.js';
import { kFold } from '../../src/data/folds.js';
import { split, splitParts } from '../../src/data/split-samples.js';
import { leftOut } from '../../src/data/left-out.js';
import { subset } from '../../src/data/subset.js';
import { refusal } from '../support/refusal.js';

/** Samples of one value, their own number; labels as given. */
const imagesOf = (labels: number[]): Dataset => ({
  name: 'numbered',
  shape: [1, 1, 2],
  classes: ['a', 'b', 'c'],
  samples: Float32Array.from({ length: 2 * labels.length }, (_, i) => Math.floor(i / 2)),
  labels: Uint8Array.from(labels),
  weights: Float32Array.from(labels, (_, i) => i + 1),
});
const numbers = (data: Dataset) => Array.from(data.samples).filter((_, i) => i % 2 === 0);

/** 60 of class 0, 30 of 1, 10 of 2, mixed. */
const mixed = imagesOf(
  Array.from({ length: 100 }, (_, i) => (i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2)),
);
const counts = (data: Dataset) => [0, 1, 2].map((c) => data.labels.filter((l) => l === c).length);

test('a subset takes what belongs to the samples, in the order given, as copies', () => {
  const { origin, ...part } = subset(mixed, [7, 2, 7]);
  assert.equal(origin?.selections, [{ by: 'subset', count: 3 }]);
  assert.equal(part, {
    ...mixed,
    samples: Float32Array.of(7, 7, 2, 2, 7, 7),
    labels: Uint8Array.of(1, 0, 1),
    weights: Float32Array.of(8, 3, 8),
  });
  const fields = arrays({
    samples: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    targets: [7, 8, 9],
    name: 'f',
  });
  const { origin: _, ...few } = subset(fields, Uint8Array.of(2, 0));
  assert.equal(few, {
    name: 'f',
    inputs: { input: { shape: [2], values: Float32Array.of(5, 6, 1, 2) } },
    targets: { output: { shape: [1], values: Float32Array.of(9, 7) } },
  });
});

test('a subset of images that are read when wanted reads the right ones', async () => {
  const url =
    'data:text/javascript,export const createReader = (n) => ({ type: "uint8", read: (i, to) => to.fill(n + i) })';
  const streamed: StreamedDataset = {
    name: 'streamed',
    shape: [1, 1, 1],
    classes: ['a', 'b'],
    labels: Uint8Array.of(0, 1, 0, 1),
    fingerprint: 'f',
    reader: {
      type: 'uint8',
      read: (index, to) => void to.fill(10 + index),
      describe: (index) => `file ${index}`,
      module: { url, settings: 10 },
    },
  };
  const part = subset(streamed, [3, 0]);
  assert.equal(part.labels, Uint8Array.of(1, 0));
  assert.is.not(part.fingerprint, subset(streamed, [0, 3]).fingerprint);
  assert.is(part.fingerprint, subset(streamed, [3, 0]).fingerprint);
  const deeper = subset(part, [1]);
  assert.is(deeper.reader.describe!(0), 'file 0');
  for (const [{ reader }, index, expected] of [
    [part, 0, 13],
    [part, 1, 10],
    [deeper, 0, 10],
  ] as const) {
    const to = new Uint8Array(1);
    await reader.read(index, to);
    assert.is(to[0], expected);
    // And as a decoder thread makes it.
    const { createReader } = (await import(reader.module!.url)) as {
      createReader(settings: unknown): Promise<StreamedDataset['reader']>;
    };
    const again = await createReader(structuredClone(reader.module!.settings));
    await again.read(index, to.fill(0));
    assert.is(to[0], expected);
  }
});

test('a split has every sample once, in the order of the data, by seed', () => {
  const [train, rest] = split(mixed, 0.9);
  assert.equal([samplesOf(train).count, samplesOf(rest).count], [90, 10]);
  assert.equal(
    [...numbers(train), ...numbers(rest)].toSorted((a, b) => a - b),
    numbers(mixed),
  );
  for (const part of [train, rest])
    assert.equal(
      numbers(part),
      numbers(part).toSorted((a, b) => a - b),
    );
  assert.equal(split(mixed, { count: 90 }), [train, rest]);
  assert.equal(split(mixed, 90), [train, rest]);
  const other = split(mixed, { fraction: 0.9, seed: 2 })[1];
  assert.is.not(numbers(other).join(), numbers(rest).join());
  // Recorded: a split is the same for ever.
  assert.equal(numbers(rest), RECORDED_REST);
  const [first, second] = split(mixed, { count: 99, shuffled: false });
  assert.equal([numbers(first).at(-1), numbers(second)], [98, [99]]);
});
const RECORDED_REST = [2, 13, 20, 42, 54, 56, 63, 74, 75, 77];

test('a stratified split keeps the proportions, to the sample', () => {
  for (const count of [1, 10, 33, 50, 95, 99]) {
    const [first, second] = split(mixed, { count, stratified: true });
    assert.is(samplesOf(first).count, count);
    const expected = [0.6, 0.3, 0.1].map((share) => share * count);
    counts(first).forEach((found, c) =>
      assert.ok(Math.abs(found - expected[c]!) < 1, `${found} for ${expected[c]}`),
    );
    assert.equal(
      [...numbers(first), ...numbers(second)].toSorted((a, b) => a - b),
      numbers(mixed),
    );
  }
});

test('folds: every sample is validated once, by parts that differ by one at most', () => {
  for (const stratified of [false, true]) {
    for (const k of [2, 3, 7, 100]) {
      const folds = [...kFold(mixed, k, { stratified })];
      assert.is(folds.length, k);
      const validated = folds.flatMap(([, validation]) => numbers(validation));
      assert.equal(
        validated.toSorted((a, b) => a - b),
        numbers(mixed),
      );
      const sizes = folds.map(([, validation]) => samplesOf(validation).count);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      for (const [train, validation] of folds)
        assert.equal(
          [...numbers(train), ...numbers(validation)].toSorted((a, b) => a - b),
          numbers(mixed),
        );
      if (!stratified) continue;
      for (const c of [0, 1, 2]) {
        const ofClass = folds.map(([, validation]) => counts(validation)[c]!);
        assert.ok(Math.max(...ofClass) - Math.min(...ofClass) <= 1);
      }
    }
  }
});

test('groups stay together, on both sides of a split and in folds, and sizes are nearly met', () => {
  // 25 groups of 1 to 7 samples, mixed.
  const groups = Array.from(
    { length: 100 },
    (_, i) => `g${Math.floor(Math.sqrt(((i * 37) % 100) * 6))}`,
  );
  const groupsIn = (data: Dataset) => new Set(numbers(data).map((i) => groups[i]!));
  for (const stratified of [false, true])
    for (const seed of [1, 2, 3]) {
      const parts = split(mixed, { fraction: 0.8, groups, stratified, seed });
      const [train, rest] = parts;
      assert.ok(Math.abs(samplesOf(train).count - 80) <= 8, `${samplesOf(train).count}`);
      assert.equal(
        [...groupsIn(train)].filter((one) => groupsIn(rest).has(one)),
        [],
      );
      assert.equal(
        [...numbers(train), ...numbers(rest)].toSorted((a, b) => a - b),
        numbers(mixed),
      );
      assert.equal(split(mixed, { fraction: 0.8, groups, stratified, seed }), parts);
      const folds = [...kFold(mixed, 5, { groups, stratified, seed })];
      const validated = folds.flatMap(([, validation]) => numbers(validation));
      assert.equal(
        validated.toSorted((a, b) => a - b),
        numbers(mixed),
      );
      for (const [training, validation] of folds) {
        assert.equal(
          [...groupsIn(training)].filter((one) => groupsIn(validation).has(one)),
          [],
        );
        assert.ok(Math.abs(samplesOf(validation).count - 20) <= 5);
        assert.equal(leftOut(mixed, training.origin!.selections[0] as never), validation);
      }
    }
  const [one, other] = [1, 2].map((seed) => numbers(split(mixed, { count: 80, groups, seed })[1]));
  assert.not.equal(one, other);
});

test('stratified groups keep the proportions better than others do', () => {
  // Each group is of one class: by chance a part may lack the rare one.
  const labels = Array.from({ length: 120 }, (_, i) => (i < 90 ? 0 : i < 110 ? 1 : 2));
  const data = imagesOf(labels);
  const groups = labels.map((_, i) => Math.floor(i / 5));
  for (const seed of [1, 2, 3, 4]) {
    const [, test] = split(data, { fraction: 0.5, groups, stratified: true, seed });
    assert.equal(
      counts(test).map((found) => found > 0),
      [true, true, true],
    );
    assert.ok(Math.abs(counts(test)[0]! - 45) <= 5);
  }
});

test('by times the second part is the latest, and the same time stays together', () => {
  const times = numbers(mixed).map((i) => (i * 7) % 50);
  const [train, latest] = split(mixed, { fraction: 0.8, times });
  const timesIn = (data: Dataset) => numbers(data).map((i) => times[i]!);
  assert.ok(Math.max(...timesIn(train)) < Math.min(...timesIn(latest)));
  assert.equal([samplesOf(train).count, samplesOf(latest).count], [80, 20]);
  // Every fifth sample has the highest time: 81 cannot be cut off.
  const tied = times.map((time) => (time >= 40 ? 99 : time));
  assert.is(samplesOf(split(mixed, { count: 85, times: tied })[0]).count, 80);
  assert.is(
    samplesOf(split(mixed, { count: 85, times: tied.map((t) => (t === 99 ? 99 : 1)) })[0]).count,
    80,
  );
  const dates = times.map((day) => new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10));
  assert.equal(numbers(split(mixed, { fraction: 0.8, times: dates })[0]), numbers(train));
  const offsets = times.map(
    (t, i) => `2024-01-01 ${String(10 + (t % 10)).padStart(2, '0')}:00${i % 2 ? 'Z' : '+0000'}`,
  );
  assert.is(samplesOf(split(mixed, { fraction: 0.5, times: offsets })[0]).count, 50);
  // 2020 as a number would be before all dates.
  for (const other of ['2020', 2020])
    assert.throws(
      () => split(mixed, { fraction: 0.8, times: dates.with(7, other as string) }),
      /times\[0\] is '2024-01-01' and times\[7\] is '?2020'?, expected either numbers or dates/,
    );
  assert.throws(
    () => split(mixed, { fraction: 0.8, times: times.with(3, NaN) }),
    /times\[3\] is NaN/,
  );
});

test('three parts: disjoint, each found again by what the parts remember', () => {
  const groups = numbers(mixed).map((i) => i % 20);
  const times = numbers(mixed);
  for (const how of [
    {},
    { stratified: true },
    { groups },
    { groups, stratified: true },
    { times },
    { shuffled: false },
  ]) {
    const {
      train,
      validation,
      test: last,
    } = splitParts(mixed, { validation: 0.15, test: 0.25, ...how });
    const most = 'stratified' in how && 'groups' in how ? 5 : 0;
    [train, validation, last].forEach((part, p) => {
      const found = samplesOf(part).count;
      assert.ok(
        Math.abs(found - [60, 15, 25][p]!) <= most,
        `${found} by ${Object.keys(how).join()}`,
      );
    });
    assert.equal(
      [train, validation, last].flatMap(numbers).toSorted((a, b) => a - b),
      numbers(mixed),
    );
    const [first, second] = train.origin!.selections;
    assert.equal(leftOut(mixed, first as never), last);
    // The rest of the first is what the second was made of.
    const rest = leftOut(mixed, last.origin!.selections[0] as never);
    assert.equal(numbers(leftOut(rest, second as never)), numbers(validation));
    if ('times' in how) {
      assert.equal(numbers(last), numbers(mixed).slice(75));
      assert.equal(numbers(validation), numbers(mixed).slice(60, 75));
    }
  }
});

test('class weights are inverse to frequencies, and their mean over the samples is 1', () => {
  const data = imagesOf([0, 0, 0, 2]);
  assert.equal(classWeights(data), [4 / 6, 0, 2]);
  const weighted = withClassWeights({ ...data, weights: Float32Array.of(1, 1, 3, 1) });
  assert.equal(weighted.weights, Float32Array.of(4 / 6, 4 / 6, 2, 2));
  const fields = arrays({ samples: [1, 2, 3, 4], labels: [0, 1, 1, 1] }) as TensorDataset;
  assert.equal(withClassWeights(fields).weights, Float32Array.of(2, 4 / 6, 4 / 6, 4 / 6));
  assert.equal(withClassWeights(fields, [5, 0]).weights, Float32Array.of(5, 0, 0, 0));
});

const stream = {
  name: 's',
  shape: [1, 1, 1],
  classes: [],
  length: 3,
  type: 'uint8',
  open: () => [],
} as unknown as Dataset;
const values = arrays({ samples: [1, 2], targets: [1, 2] }) as TensorDataset;

const wrong: readonly (readonly [run: () => unknown, message: RegExp])[] = [
  [() => subset(mixed, [0, 100]), /subset of 'numbered': index 100 at 1, expected .* 0–99/],
  [() => subset(mixed, [-1]), /index -1 at 0/],
  [() => subset(mixed, [0.5]), /index 0.5 at 0/],
  [() => subset(mixed, []), /expected a list of at least one/],
  [() => subset(mixed, undefined as never), /indices are undefined/],
  [() => subset(stream, [0]), /data set 's' is a stream/],
  [() => split(stream, 0.5), /data set 's' is a stream/],
  [() => split(mixed, 0), /fraction 0 of 100 samples, expected at least one in each part/],
  [() => split(mixed, 100), /split of 'numbered': 100 of 100 samples/],
  [() => split(mixed, NaN), /NaN of 100 samples/],
  [() => split(mixed, 0.999), /fraction 0.999 of 100 samples/],
  [() => split(mixed, {}), /expected a fraction or a count/],
  [() => split(mixed, { fraction: 0.5, count: 1 }), /expected a fraction or a count/],
  [() => split(mixed, { count: 5, stratified: true, shuffled: false }), /either stratified or not/],
  [() => split(values, { count: 1, stratified: true }), /has 0 targets that are one class index/],
  [() => split(mixed, { count: 5, groups: [1, 2] }), /2 groups for 100 samples/],
  [() => split(mixed, { count: 5, groups: 'a' as never }), /groups is "?'?a'?"?, expected a list/],
  [
    () => split(mixed, { count: 5, groups: mixed.labels.map(() => 1) }),
    /there is one group, expected/,
  ],
  [
    () => split(mixed, { count: 5, times: Array(100).fill(1) }),
    /all 100 samples have the same time/,
  ],
  [
    () => split(mixed, { count: 5, times: Array(100).fill('May') }),
    /times\[0\] is 'May', expected a number or a date/,
  ],
  [() => split(mixed, { count: 5, times: Array(100).fill(NaN) }), /times\[0\] is NaN/],
  [
    () => split(mixed, { count: 5, times: numbers(mixed), stratified: true }),
    /takes neither groups/,
  ],
  [
    () => split(mixed, { count: 5, groups: numbers(mixed), shuffled: false }),
    /does not take shuffled/,
  ],
  [
    () => kFold(mixed, 5, { groups: numbers(mixed).map((i) => i % 4) }),
    /there are 4 groups, expected/,
  ],
  [() => splitParts(mixed, { test: 1 }), /test is 1/],
  [() => splitParts(mixed, { validation: 0.001 }), /80 of 80 samples, expected at least one/],
  [() => splitParts(mixed, { validation: 0.9 }), /-10 of 80 samples, expected at least one/],
  [
    () => leftOut(mixed, { by: 'places', rule: 'group', count: 5, first: 'AAAA', part: 0 }),
    /split by groups was not made of the 100 samples/,
  ],
  [() => kFold(mixed, 1), /k is 1, expected a whole number from 2 to its 100 samples/],
  [() => kFold(mixed, 101), /k is 101/],
  [() => withClassWeights(mixed, [1, 2]), /2 weights, and 'numbered' has 3 classes: a, b, c/],
  [() => withClassWeights(mixed, [1, -2, 3]), /class 1 of 'numbered' has weight -2/],
  [() => labelsOf(samplesOf(values)), /has 0 targets/],
];

for (const [run, message] of wrong) {
  test(`refuses ${String(run).slice(6)}`, async () => {
    assert.match(await refusal(run), message);
  });
}

test.run();
