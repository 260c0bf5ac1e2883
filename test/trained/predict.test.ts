/** Predictions in a row: the session of one serves the next, and no result shows it. */
// slow: many calls side by side
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { conv2d, flatten, linear, relu, sequential } from '../../src/layers/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import type { TrainedModel } from '../../src/trained/trained-model.js';

const optimizer = sgd({ lr: 0.05 });
const data = digits({ count: 60, seed: 5 });
const shape = [1, 28, 28];
const sample = (i: number, n = 1) => data.samples.subarray(i * 784, (i + n) * 784);

/** Of images framed to 32×32, so that a column has a border. */
async function trained(seed: number): Promise<TrainedModel> {
  const net = sequential([conv2d(1, 4, 5), relu(), flatten(), linear(4 * 28 * 28, 10)], {
    input: [1, 32, 32],
    mean: 0.1307,
    deviation: 0.3081,
  });
  return (await train(net, { data, optimizer, epochs: 1, batch: 20, seed, workers: 0 })).model;
}

const model = await trained(1);
/** Each sample's scores as a row of one prediction, which no other call was near. */
const { scores: rows } = await model.predict(data.samples, shape);
const row = (i: number) => rows.slice(i * 10, i * 10 + 10);

test('samples one by one score as all at once', async () => {
  for (const i of [0, 1, 2, 1]) {
    const { scores, classes } = await model.predict(sample(i), shape);
    assert.equal(scores, row(i));
    assert.equal([...classes], [row(i).indexOf(Math.max(...row(i)))]);
  }
});

test('calls at the same time do not mix', async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  const all = await Promise.all(numbers.map((i) => model.predict(sample(i), shape)));
  all.forEach(({ scores }, i) => assert.equal(scores, row(i)));
});

test('numbers, types, shapes and frames of samples alternate', async () => {
  const floats = Float32Array.from(sample(7), (v) => v / 255);
  const small = Uint8Array.from(sample(3).subarray(0, 400));
  const framed = new Uint8Array(1024);
  for (let y = 0; y < 20; y++) framed.set(small.subarray(y * 20, y * 20 + 20), (y + 6) * 32 + 6);
  const { scores: ofSmall } = await model.predict(framed);
  for (let round = 0; round < 3; round++) {
    assert.equal((await model.predict(sample(4, 3), shape)).scores, rows.slice(40, 70));
    assert.equal((await model.predict(small, [1, 20, 20])).scores, ofSmall);
    assert.equal((await model.predict(sample(9), shape)).scores, row(9));
    const { scores } = await model.predict(floats, shape);
    scores.forEach((score, i) => assert.ok(Math.abs(score - row(7)[i]!) < 1e-5));
  }
});

test('a model has its own weights, also when they have been changed', async () => {
  const other = await trained(2);
  const { scores: before } = await other.predict(sample(0), shape);
  assert.not.equal(before, row(0));
  assert.equal((await model.predict(sample(0), shape)).scores, row(0));
  for (const values of other.weights.values()) values.fill(0);
  assert.equal([...new Set((await other.predict(sample(0), shape)).scores)], [Math.fround(0.1)]);
  assert.equal((await model.predict(sample(0), shape)).scores, row(0));
});

test('after a refusal predictions go on', async () => {
  const copy = await trained(1);
  await copy.predict(sample(1), shape);
  copy.weights.get('3.bias')![0] = NaN;
  for (let i = 0; i < 2; i++) {
    const refused = await copy.predict(sample(1), shape).catch((error) => error);
    assert.match(refused.message, /scores are NaN/);
  }
  copy.weights.get('3.bias')!.set(model.weights.get('3.bias')!);
  assert.equal((await copy.predict(sample(1), shape)).scores, row(1));
});

test('a prediction costs what its sample does, not what a plan does', async () => {
  await model.predict(sample(0), shape);
  const cpu = process.cpuUsage();
  for (let i = 0; i < 200; i++) await model.predict(sample(i % 60), shape);
  const { user, system } = process.cpuUsage(cpu);
  // 0.15 ms; with a plan for each it was 2.5 ms.
  assert.ok((user + system) / 200 < 1000, `${(user + system) / 200} µs`);
});

const burst = fileURLToPath(new URL('predict-burst.js', import.meta.url));

test('calls at the same time take the memory of a few, and get what they get alone', () => {
  // 400 of a model of 12.7 MB; 10,000 of one of 0.03 MB.
  for (const [hidden, calls, most] of [
    [4000, 400, 400],
    [10, 10_000, 400],
  ] as const) {
    const { stdout, stderr } = spawnSync(process.execPath, [burst, `${hidden}`, `${calls}`]);
    assert.is(String(stderr), '');
    const { megabytes, right } = JSON.parse(String(stdout)) as Record<string, number>;
    assert.is(right, calls);
    assert.ok(megabytes! <= most, `${megabytes} MB for ${calls} calls`);
  }
});

test('each call gets its own scores or its own error, with any others waiting beside it', async () => {
  const other = await trained(3);
  const expected = await other.predict(data.samples, shape);
  const buffer = new Uint8Array(784);
  const work = Array.from({ length: 90 }, async (_, i) => {
    if (i % 9 === 0) {
      const wrong = await model
        .predict(sample(0).subarray(1), shape)
        .catch((error: Error) => error);
      return assert.match((wrong as Error).message, 'not whole samples');
    }
    if (i % 9 === 1) {
      const { scores } = await other.predict(sample(i % 60), shape);
      return assert.equal(scores, expected.scores.slice((i % 60) * 10, (i % 60) * 10 + 10));
    }
    if (i % 9 === 2)
      return assert.equal((await model.predict(sample(3, 5), shape)).scores, rows.slice(30, 80));
    // One array for all, as servers have it.
    buffer.set(sample(i % 60));
    return assert.equal((await model.predict(buffer, shape)).scores, row(i % 60));
  });
  await Promise.all(work);
});

test.run();
