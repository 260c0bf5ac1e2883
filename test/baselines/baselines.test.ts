/** Baselines against scikit-learn's, and what they refuse. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { constant } from '../../src/baselines/constant-prediction.js';
import { lastValue, seasonal } from '../../src/baselines/forecast.js';
import { linear, mostRows } from '../../src/baselines/linear-model.js';
import { arrays } from '../../src/data/arrays.js';
import type { Dataset, TensorDataset } from '../../src/data/dataset.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

interface RidgeCase {
  readonly kind: 'ridge';
  readonly name: string;
  readonly width: number;
  readonly columns: number;
  readonly x: string;
  readonly y: string;
  readonly penalties: number[];
  readonly outputs: number[];
  readonly seven: number[];
}
interface LogisticCase {
  readonly kind: 'logistic';
  readonly name: string;
  readonly width: number;
  readonly x: string;
  readonly labels: number[];
  readonly probabilities: number[];
  readonly strong: number[];
}
const cases = loadGolden<RidgeCase | LogisticCase>('honest');

const valuesOf = ({ name, x, y, width, columns }: RidgeCase): TensorDataset => ({
  name,
  inputs: { input: { shape: [width], values: unpack(x) } },
  targets: { output: { shape: [columns], values: unpack(y) } },
});

for (const one of cases) {
  if (one.kind === 'ridge') {
    test(`ridge regression of ${one.name} is scikit-learn's, its penalty that of the least GCV`, () => {
      const data = valuesOf(one);
      assertClose(linear(data).predict(data), one.outputs, 1e-6, 'chosen');
      assertClose(linear(data, { penalty: 7 }).predict(data), one.seven, 1e-9, 'seven');
    });
  }
  if (one.kind === 'logistic') {
    const { name, width, x, labels } = one;
    test(`logistic regression of ${name} is scikit-learn's`, () => {
      const data: TensorDataset = {
        name,
        inputs: { input: { shape: [width], values: unpack(x) } },
        targets: { output: { shape: [], values: Int32Array.from(labels) } },
      };
      assertClose(linear(data).predict(data), one.probabilities, 2e-3, 'defaults');
      const long = linear(data, { iterations: 2000, penalty: 30 });
      assertClose(long.predict(data), one.strong, 1e-4, 'strong');
    });
  }
}

const iris = cases.find((one): one is LogisticCase => one.name === 'iris')!;
const rows: Dataset = {
  name: 'rows',
  shape: [4, 1, 1],
  classes: ['setosa', 'versicolor', 'virginica', 'unseen'],
  samples: unpack(iris.x),
  labels: Int32Array.from(iris.labels),
};

test('a linear model of samples with labels: classes without samples have no probability', () => {
  const model = linear(rows);
  assert.equal([model.name, model.task, model.outputs], ['a linear model', 'classes', 4]);
  const found = model.predict(rows);
  assert.ok(found.every((p, i) => (i % 4 === 3 ? p === 0 : p > 0)));
  assertClose(
    found.filter((_, i) => i % 4 < 3),
    iris.probabilities,
    2e-3,
    'the others',
  );
  const same = linear(rows).predict(rows);
  assert.equal(same, found);
});

test('samples without a class are left out, bytes are pixels, and what does not vary is ignored', () => {
  const [labels, samples] = [Int32Array.from(rows.labels), rows.samples as Float32Array];
  const more = {
    ...rows,
    samples: Float32Array.of(...samples, 1e6, 1e6, 1e6, 1e6),
    labels: Int32Array.of(...labels, -100),
  };
  assert.equal(linear(more).predict(rows), linear(rows).predict(rows));
  const bytes = { ...rows, samples: Uint8Array.from(samples, (v) => v * 10) };
  const tens = { ...rows, samples: Float32Array.from(bytes.samples) };
  assert.equal(linear(bytes).predict(bytes), linear(tens).predict(tens));
  const wide = { ...rows, shape: [5, 1, 1] as const, samples: new Float32Array(150 * 5).fill(0.1) };
  for (let i = 0; i < 150; i++) wide.samples.set(samples.subarray(i * 4, i * 4 + 4), i * 5);
  assertClose(linear(wide).predict(wide), linear(rows).predict(rows), 1e-12, 'constant');
});

test('more samples than the work allows are drawn by the seed, and the name says so', () => {
  assert.is(mostRows(784, { task: 'classes', outputs: 10 }), 1275);
  assert.is(mostRows(8, { task: 'values', outputs: 1 }), 1_250_000);
  const count = 5100;
  const data = arrays({
    samples: numbers(count * 2000, 5),
    shape: [2000],
    labels: Array.from({ length: count }, (_, i) => i % 2),
  } as never) as TensorDataset;
  const small = linear(data, { iterations: 1 });
  assert.is(small.name, 'a linear model of 2500 samples');
  assert.equal(small.predict(data), linear(data, { iterations: 1, seed: 1 }).predict(data));
  assert.not.equal(small.predict(data), linear(data, { iterations: 1, seed: 2 }).predict(data));
});

test('several questions of yes or no', () => {
  const labels = Array.from(iris.labels, (label) => [Number(label === 1), Number(label > 0), 1]);
  const data: TensorDataset = {
    name: 'questions',
    inputs: { input: { shape: [4], values: unpack(iris.x) } },
    targets: { output: { shape: [3], values: Float32Array.from(labels.flat()) } },
  };
  const model = linear(data, { binary: true });
  assert.equal([model.task, model.outputs], ['sides', 3]);
  const found = model.predict(data);
  const right = found.filter((p, i) => Number(p > 0.5) === labels.flat()[i]).length;
  assert.ok(right > 0.88 * found.length, `${right}`);
  assert.ok(found.every((p, i) => i % 3 !== 2 || p === 1));
  const shares = constant(data, { binary: true });
  assertClose(shares.predict(data).subarray(0, 3), [1 / 3, 2 / 3, 1], 1e-12, 'shares');
});

test('constants: the frequencies of the classes, mean and median of values', () => {
  const uneven = { ...rows, labels: Int32Array.from(rows.labels, (l, i) => (i < 10 ? -1 : l)) };
  const majority = constant(uneven);
  assert.equal([majority.name, majority.task], ["always 'versicolor'", 'classes']);
  assert.equal(Array.from(majority.predict(uneven).subarray(0, 4)), [
    40 / 140,
    50 / 140,
    50 / 140,
    0,
  ]);
  const data = arrays({ samples: [1, 2, 3, 4], targets: [1, 2, 3, 10] }) as TensorDataset;
  assert.equal(constant(data).name, 'the mean');
  assert.equal(Array.from(constant(data).predict(data)), [4, 4, 4, 4]);
  const median = constant(data, { of: 'median' });
  assert.equal([median.name, ...median.predict(data)], ['the median', 2.5, 2.5, 2.5, 2.5]);
});

test('forecasts: the last value, and that of a season before', () => {
  // Windows of 4 steps and 2 columns.
  const data: TensorDataset = {
    name: 'series',
    inputs: { past: { shape: [4, 2], values: Float32Array.from({ length: 16 }, (_, i) => i) } },
    targets: { output: { shape: [5], values: new Float32Array(10) } },
  };
  const last = lastValue({ column: 1, horizon: 2 });
  assert.equal([last.name, last.outputs], ['the last value', 2]);
  assert.equal(Array.from(last.predict(data)), [7, 7, 15, 15]);
  const season = seasonal({ season: 3, horizon: 5 });
  assert.equal(Array.from(season.predict(data)), [2, 4, 6, 2, 4, 10, 12, 14, 10, 12]);
});

const table = arrays({ samples: [1, 2], targets: [1, 2] }) as TensorDataset;
const wrong: readonly (readonly [run: () => unknown, message: RegExp])[] = [
  [() => linear({ ...table, targets: {} }), /a linear model of 'arrays'.*: there is no target/],
  [() => linear(table, { target: 'price' }), /there is no target 'price', only output/],
  [() => linear(table, { binary: true }), /value 1 of the target is 2, expected 0 or 1/],
  [() => linear(table, { penalty: -1 }), /penalty is -1/],
  [
    () =>
      linear({ ...table, targets: { a: table.targets['output']!, b: table.targets['output']! } }),
    /there are the targets a, b\ntarget: 'a' names one/,
  ],
  [
    () => linear({ ...table, inputs: { input: { shape: [1], values: Float32Array.of(1, NaN) } } }),
    /NaN/,
  ],
  [
    () => linear({ ...table, inputs: { input: { shape: [1], values: Int32Array.of(1, 2) } } }),
    /input 'input' are tokens/,
  ],
  [() => linear(rows).predict(table), /have 1 features, those of training 4/],
  [() => seasonal({ season: 9 }).predict(table), /a season has 9 steps, and the window 1/],
  [() => seasonal({} as never), /season is undefined, expected its number of steps/],
  [() => lastValue({ column: 1 }).predict(table), /column 1 of a window of 1/],
  [() => lastValue({ input: 'x' }).predict(table), /there is no input 'x'/],
  [() => lastValue().predict(rows), /there is no input '' of windows/],
];
for (const [run, message] of wrong)
  test(`refuses ${String(run).slice(6, 80)}`, async () => {
    assert.match(await refusal(run), message);
  });

test.run();
