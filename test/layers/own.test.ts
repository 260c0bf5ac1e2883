/** Custom layers: made of ops, trained like others, and read from files once they are registered. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import {
  chain,
  defineLayer,
  flatten,
  initializers,
  linear,
  registerLayer,
  sequential,
  type Layer,
} from '../../src/layers/index.js';
import * as ops from '../../src/ops/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train } from '../../src/train/train.js';

/** x·sigmoid(βx) with a trained β (Ramachandran et al. 2017). */
const swish = (beta = 1): Layer =>
  defineLayer('swish', { beta }, (scope, x) => {
    const b = scope.parameter('beta', [1], initializers.constant(beta));
    return ops.multiply(x!, ops.sigmoid(ops.multiply(x!, b)));
  });

const model = () =>
  sequential(
    { flat: flatten(), fc: linear(784, 8), acts: chain([swish(0.5)]), out: linear(8, 10) },
    { input: [1, 28, 28] },
  );

const settings = {
  data: digits({ count: 100 }),
  optimizer: sgd({ lr: 0.1 }),
  epochs: 1,
  numerics: 'strict',
} as const;

const refusal = (make: () => unknown): LanewiseError => {
  try {
    make();
  } catch (error) {
    assert.instance(error, LanewiseError);
    return error as LanewiseError;
  }
  throw new Error('nothing was refused');
};

test('it has parameters, trains, and the workers do not matter', async () => {
  const runs = await Promise.all([0, 2].map((workers) => train(model(), { ...settings, workers })));
  const [alone, shared] = await Promise.all(runs.map(({ model }) => model.sha256()));
  assert.is(alone, shared);
  assert.is.not(runs[0]!.model.weights.get('acts.0.beta')![0], 0.5);
});

test('a file with it is read once it is registered, and not before', async () => {
  const { model: trained } = await train(model(), { ...settings, workers: 0 });
  const bytes = encodeModel(trained);
  const { message, hint } = refusal(() => decodeModel(bytes, 'own.safetensors'));
  assert.is(message, "'own.safetensors': its architecture cannot be built: unknown layer 'swish'");
  assert.is(hint, 'registerLayer registers a layer of your own');
  registerLayer('swish', ({ beta }) => swish(beta));
  assert.is(await decodeModel(bytes, 'own.safetensors').sha256(), await trained.sha256());
});

test('a kind is registered once, with a function', () => {
  assert.is(
    refusal(() => registerLayer('relu', () => swish())).message,
    "there is a layer 'relu' already",
  );
  assert.is(
    refusal(() => registerLayer('mine', 3 as unknown as () => Layer)).message,
    "layer 'mine' is made by 3, expected a function",
  );
});

test.run();
