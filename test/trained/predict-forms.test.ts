/** The forms of input that `predict` takes, an untrained model's refusal, and values that are not finite. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeModel,
  functional,
  input,
  linear,
  loadModel,
  saveModel,
  sequential,
  train,
  withWeights,
} from '../../src/index.js';
import { LanewiseError } from '../../src/base/errors.js';

const model = sequential([linear(2, 1)], { input: [2] });
const weights = new Map([
  ['0.weight', Float32Array.of(1, 1)],
  ['0.bias', Float32Array.of(0)],
]);
const summing = withWeights(model, weights, { loss: 'meanSquaredError', numerics: 'strict' });

async function refusal(call: () => unknown): Promise<LanewiseError> {
  try {
    await call();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return error as LanewiseError;
  }
  assert.unreachable('nothing was refused');
  throw new Error();
}

test('lists of numbers, to any depth, are samples', async () => {
  for (const samples of [
    [1, 2, 3, 4],
    [
      [1, 2],
      [3, 4],
    ],
    Float64Array.of(1, 2, 3, 4),
  ])
    assert.equal([...(await summing.predict(samples as number[])).scores], [3, 7]);
  const bytes = await summing.predict(Uint8Array.of(51, 102));
  assert.equal(await summing.predict(Uint8ClampedArray.of(51, 102)), bytes);
});

test('lists that are no samples are refused by place', async () => {
  const [ragged, others] = [
    [[1, 2], [3]],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ];
  assert.match((await refusal(() => summing.predict(ragged))).message, /samples\[1\] has 1/);
  assert.match((await refusal(() => summing.predict(others))).message, /2×3 numbers, expected 2/);
  assert.match((await refusal(() => summing.predict(['a' as never]))).message, /value 0 is 'a'/);
  assert.match((await refusal(() => summing.predict([1, 2, 3]))).message, /3 values are not whole/);
  assert.match((await refusal(() => summing.predict(null as never))).message, /samples are null/);
});

test('a value that is not finite is the input’s fault, by its index', async () => {
  const error = await refusal(() => summing.predict(Float32Array.of(1, 2, NaN, 2)));
  assert.is(error.kind, 'data');
  assert.match(error.message, /samples: NaN of sample 1(, value 0)?, expected a finite number/);
  const infinite = await refusal(() =>
    summing.predict({ input: { shape: [2], values: Float32Array.of(Infinity, 1) } }),
  );
  assert.match(infinite.message, /input 'input': Infinity of sample 0/);
});

test('a model without weights says how to have some', async () => {
  const untrained = model as unknown as { predict(x: unknown): unknown };
  for (const call of [() => untrained.predict([1, 2]), () => encodeModel(model as never)]) {
    const error = await refusal(call);
    assert.match(error.message, /the model is not trained/);
    assert.match(error.hint!, /the model that train\(…\) resolves to, or withWeights/);
  }
});

test('an untrained model is saved with what it would begin with', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lanewise-')), 'model.safetensors');
  await saveModel(model, path);
  const data = {
    name: 'd',
    inputs: { input: { shape: [2], values: Float32Array.of(1, 2) } },
    targets: { output: { shape: [1], values: Float32Array.of(3) } },
  };
  const { model: begun } = await train(model, {
    data,
    loss: 'meanSquaredError',
    optimizer: 'adam',
    // With the weight frozen, only the bias moves.
    freeze: ['0.weight'],
    epochs: 1,
    workers: 0,
  });
  const loaded = await loadModel(path);
  assert.equal(loaded.weights.get('0.weight'), begun.weights.get('0.weight'));
  const x = input([2]);
  const two = functional({ inputs: x, outputs: linear(2, 1)(x) });
  await saveModel(two, path);
  assert.is((await loadModel(path)).weights.size, 2);
});

test.run();
