/** Impossible settings are refused before work starts, by name, value and range. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { conv2d, flatten, linear, relu, sequential, type Model } from '../../src/layers/index.js';
import { lenet5, mlp } from '../../src/models/index.js';
import { adam, momentum, sgd } from '../../src/optimizers/index.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train, type TrainOptions } from '../../src/train/train.js';

const data = {
  name: 'grey',
  shape: [1, 28, 28],
  classes: [...'0123456789'],
  samples: new Uint8Array(784 * 20),
  labels: new Uint8Array(20),
} as const;
const good: TrainSettings = { data, optimizer: sgd({ lr: 0.1 }), epochs: 1, batch: 4, workers: 0 };

async function refusal(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    assert.instance(error, LanewiseError);
    const { message, hint } = error as LanewiseError;
    return hint ? `${message} (${hint})` : message;
  }
  throw new Error('nothing was refused');
}

const trainWith = (settings: object, model = mlp()) =>
  refusal(() => train(model, { ...good, loss: 'squaredError', ...settings }));

test('whole numbers out of range', async () => {
  assert.is(
    await trainWith({ batch: 0 }),
    'train: batch is 0, expected a whole number from 1 to 20',
  );
  assert.is(
    await trainWith({ batch: 21 }),
    'train: batch is 21, expected a whole number from 1 to 20',
  );
  assert.is(
    await trainWith({ decoders: -1 }),
    'train: decoders is -1, expected a whole number from 0 to 64',
  );
  assert.is(
    await trainWith({ prefetchBytes: '1 GB' }),
    "train: prefetchBytes is '1 GB', expected a whole number from 1 to 4294967296",
  );
  assert.is(
    await trainWith({ shards: 5 }),
    'train: shards is 5, expected a whole number from 1 to 4',
  );
  assert.is(
    await trainWith({ epochs: 1.5 }),
    'train: epochs is 1.5, expected a whole number of at least 1',
  );
  assert.is(
    await trainWith({ workers: -1 }),
    'train: workers is -1, expected a whole number from 0 to 1024',
  );
  assert.match(
    await trainWith({ seed: -1 }),
    /^train: seed is -1, expected a whole number of at least 0/,
  );
});

test('what is no model or no setting', async () => {
  assert.match(
    await trainWith({ epoch: 3 }),
    /^train: unknown option 'epoch', expected data, validation, .*, numerics \(did you mean 'epochs'\?\)$/,
  );
  assert.is(
    await trainWith({}, relu() as unknown as Model),
    'model is a layer (relu), expected one made by sequential, functional or lenet5()',
  );
  assert.is(
    await refusal(() => train(mlp(), undefined as unknown as TrainSettings)),
    'train: settings is undefined, expected an object with data, optimizer and epochs',
  );
  assert.is(await trainWith({ loss: {} }), 'loss names no output, expected one of output');
});

test('options of settings, and callbacks, that there are not', async () => {
  const refused: readonly [object, string][] = [
    [{ keepBest: { figure: 'accuracy' } }, "keepBest: unknown option 'figure', expected monitor"],
    [
      { earlyStopping: { patence: 3 } },
      "earlyStopping: unknown option 'patence', expected monitor, patience, minDelta (did you mean 'patience'?)",
    ],
    [
      { earlyStopping: { monitor: 'valAccuracy' } },
      "the run has no figure 'valAccuracy' to watch, expected one of loss, accuracy (did you mean 'accuracy'?)",
    ],
    [
      { validation: data, validateEvery: { step: 5 } },
      "validateEvery: unknown option 'step', expected steps, epochs (did you mean 'steps'?)",
    ],
    [
      { validation: data, validateEvery: 5 },
      'train: validateEvery is 5, expected { steps } or { epochs }',
    ],
  ];
  for (const [settings, message] of refused) assert.is(await trainWith(settings), message);
  assert.match(
    await refusal(() => train(mlp(), good, { onEpochEnd() {} } as TrainOptions)),
    /^train: unknown option 'onEpochEnd', expected folder, .* \(did you mean 'onEpoch'\?\)$/,
  );
});

test('unknown names, with the nearest one suggested', async () => {
  assert.is(
    await trainWith({ schedule: 'linaer' }),
    "train: schedule is 'linaer', expected one of constant, linear, cosine, oneCycle, polynomial, reduceOnPlateau, or one made by schedule.cosine, … (did you mean 'linear'?)",
  );
  assert.match(
    await trainWith({ loss: 'crossentropy' }),
    /^unknown loss 'crossentropy', expected one of crossEntropy, squaredError, .* \(did you mean 'crossEntropy'\?\)$/,
  );
  assert.match(await trainWith({ loss: 'mse' }), /did you mean 'meanSquaredError'\?\)$/);
  assert.match(
    await trainWith({ loss: 'BCEWithLogitsLoss' }),
    /did you mean 'binaryCrossEntropyWithLogits'\?\)$/,
  );
  assert.match(
    await trainWith({ numerics: 'exact' }),
    /numerics is 'exact', expected one of fused, strict/,
  );
});

test('rates of optimizers', async () => {
  assert.is(
    await refusal(() => sgd({ lr: NaN })),
    'sgd: lr is NaN, expected a number of at least 0',
  );
  assert.is(
    await refusal(() => sgd({ lr: -0.1 })),
    'sgd: lr is -0.1, expected a number of at least 0',
  );
  assert.is(
    await refusal(() => momentum({ lr: 0.1, beta: 1 })),
    'momentum: beta is 1, expected a number in [0, 1)',
  );
  assert.is(
    await refusal(() => adam({ betas: [0.9, 2] })),
    'adam: betas[1] is 2, expected a number in [0, 1)',
  );
});

test('layers that do not fit are named with both shapes', async () => {
  const input = [1, 4, 4] as const;
  assert.is(
    await refusal(() => sequential({ c3: conv2d(1, 6, 5) }, { input })),
    "conv2d 'c3': kernel 5×5 does not fit input 4×4 with padding 0",
  );
  assert.is(
    await refusal(() => sequential({ flat: flatten(), out: linear(15, 10) }, { input })),
    "linear 'out': input 1×16 does not fit weight 10×15 (out×in): expected n×15",
  );
  assert.match(
    await refusal(() => conv2d(0, 6, 5)),
    /conv2d: inChannels is 0, expected a whole number of at least 1/,
  );
});

test('data that does not fit the model', async () => {
  const wide = { ...data, shape: [1, 14, 56] as const };
  assert.is(
    await trainWith({ data: wide }, lenet5()),
    "data set 'grey' has samples of 1×14×56, the model takes 1×32×32 or smaller images of as many channels",
  );
  assert.match(
    await trainWith({}, lenet5({ classes: 9 })),
    /has 10 classes, output 'output' of shape 9 has room for 9/,
  );
});

test('data sets that contradict themselves', async () => {
  const labels = new Uint8Array(20).fill(10, 7, 8);
  assert.is(
    await trainWith({ data: { ...data, labels } }),
    "data set 'grey': label 10 of sample 7, expected a whole number from 0 to 9",
  );
  assert.is(
    await trainWith({ validation: { ...data, labels } }),
    "data set 'grey': label 10 of sample 7, expected a whole number from 0 to 9",
  );
  assert.match(
    await trainWith({ data: { ...data, samples: new Uint8Array(784) } }),
    /20 labels need 15680 values of shape 1×28×28, found 784/,
  );
  assert.match(
    await trainWith({ data: { ...data, samples: new Uint8ClampedArray(784 * 20) } }),
    /samples are Uint8ClampedArray, expected Uint8Array or Float32Array/,
  );
  assert.match(
    await trainWith({ data: { ...data, labels: [0, 1] } }),
    /labels are Array, expected Uint8Array/,
  );
  const none = { ...data, samples: new Uint8Array(0), labels: new Uint8Array(0) };
  assert.match(await trainWith({ validation: none }), /has no samples/);
});

test('a run beyond 4 GiB is refused with the number, before training', async () => {
  const huge = sequential([flatten(), linear(784, 400_000), linear(400_000, 10)], {
    input: [1, 28, 28],
  });
  const message = await trainWith({ batch: 16, shards: 16 }, huge);
  assert.match(
    message,
    /this run needs \d+\.\d+ GiB \(gradients \d+\.\d+ GiB, .*WebAssembly addresses at most 4 GiB/,
  );
});

test('a diverging run stops and says so instead of going on with NaN', async () => {
  const noisy = { ...data, samples: data.samples.map((_, i) => (i * 97) % 256) };
  assert.match(
    await trainWith({ data: noisy, optimizer: sgd({ lr: 1e6 }), epochs: 50 }),
    /the loss became (NaN|Infinity) in epoch \d+, step \d+: .* \(lower the learning rate/,
  );
});

test('a run that diverges in its very last update is not called a success', async () => {
  const noisy = { ...data, samples: data.samples.map((_, i) => (i * 97) % 256) };
  const message = await trainWith({ data: noisy, batch: 20, optimizer: sgd({ lr: 3e38 }) });
  assert.match(
    message,
    /the last update made '.*' (NaN|-?Infinity) in epoch \d+, step \d+ \(lower the learning rate/,
  );
  assert.match(
    await refusal(() => sgd({ lr: 1e39 })),
    /sgd: lr is 1e\+39, expected one within ±3.4/,
  );
});

test.run();
