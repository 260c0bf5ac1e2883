/** Models with given weights: what they score, how they are saved, and weights that are not the model's. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import { relu, sequential } from '../../src/layers/index.js';
import { mlp } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';
import { withWeights } from '../../src/trained/with-weights.js';

test('a model with the weights of another scores and hashes like it, in any order of the weights', async () => {
  const data = digits({ count: 100 });
  const loss = 'squaredError';
  const settings = { data, loss, optimizer: sgd({ lr: 0.05 }), epochs: 1, workers: 0 } as const;
  const { model } = await train(mlp(), { ...settings, numerics: 'strict' });
  const reversed = new Map([...model.weights].toReversed());
  const again = withWeights(mlp(), reversed, { loss, numerics: 'strict' });
  assert.is(await again.sha256(), await model.sha256());
  assert.equal(
    await again.evaluate(data, { workers: 0 }),
    await model.evaluate(data, { workers: 0 }),
  );
  assert.is(await decodeModel(encodeModel(again), 'again').sha256(), await model.sha256());
});

test('a model without parameters is a function', async () => {
  const model = withWeights(sequential([relu()], { input: [3] }), new Map(), { loss: 'l1' });
  const { scores } = await model.predict(Float32Array.of(-1, 0, 2));
  assert.equal([...scores], [0, 0, 2]);
});

test('weights that are not the model’s are refused', () => {
  const refusal = (weights: Map<string, Float32Array>, message: string) =>
    assert.throws(
      () => withWeights(mlp(), weights),
      (error: unknown) => error instanceof LanewiseError && error.message === message,
    );
  refusal(new Map(), "weights of 'hidden.weight': none values, expected 78400 (100×784)");
  refusal(
    new Map([['hiden.bias', new Float32Array(100)]]),
    "weights: the model has no parameter 'hiden.bias'",
  );
});

test.run();
