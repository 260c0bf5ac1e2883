/** The setting `mixup`: checked, part of the run and of its description, and learning. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import { charRnn, lenet5, mlp } from '../../src/models/index.js';
import { momentum, sgd } from '../../src/optimizers/index.js';
import { describeRun, differences } from '../../src/train/describe-run.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { availableNumerics } from '../kernels/instance.js';
import { refusal } from '../support/refusal.js';

const data = digits({ count: 150, seed: 4 });
const settings = {
  data,
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 5,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
  mixup: { alpha: 0.4 },
} as const satisfies TrainSettings;

const hash = async (changes: object) =>
  (await train(lenet5(), { ...settings, workers: 0, ...changes })).model.sha256();

test('the same weights for 0, 1, 2, 3 and 5 workers, in both numerics', async () => {
  for (const numerics of availableNumerics) {
    const alone = await hash({ numerics });
    for (const workers of [1, 2, 3, 5])
      assert.is(await hash({ numerics, workers }), alone, `${workers} workers`);
  }
});

test('the recorded bits: the same in every engine; alpha and seed are part of them', async () => {
  const expected = '5d19352ab253d7753602103c950616b6e57b69208a6247ee487c621e255723e4';
  assert.is(await hash({}), expected);
  const others = [{ mixup: undefined }, { mixup: { alpha: 0.5 } }, { seed: 4 }];
  const found = await Promise.all(others.map(hash));
  assert.is(new Set([expected, ...found]).size, 4);
});

test('a minibatch of one sample is its own partner', async () => {
  const one = { batch: 1, shards: 1, epochs: 1, optimizer: sgd({ lr: 0.1 }) };
  const [mixed, plain] = await Promise.all(
    [settings.mixup, undefined].map((mixup) =>
      train(mlp(), { ...settings, ...one, mixup, workers: 0 } as TrainSettings),
    ),
  );
  const difference = Math.abs(mixed!.history[0]!.loss - plain!.history[0]!.loss);
  assert.ok(difference < 1e-3, `the losses differ by ${difference}`);
  assert.is(mixed!.history[0]!.accuracy, plain!.history[0]!.accuracy);
});

test('what is only scored is not mixed', async () => {
  const still = { ...settings, optimizer: sgd({ lr: 0 }), workers: 0, validation: data };
  const mixed = await train(lenet5(), still);
  const { mixup: _, ...without } = still;
  const plain = await train(lenet5(), without);
  const figures = ({ history }: typeof mixed) =>
    history.map(({ valLoss, valAccuracy }) => [valLoss, valAccuracy]);
  assert.equal(figures(mixed), figures(plain));
  assert.is.not(mixed.history[0]!.loss, plain.history[0]!.loss);
});

test('it learns', async () => {
  const { history } = await train(mlp(), {
    ...settings,
    data: digits({ count: 2000 }),
    validation: digits({ count: 500, first: 1_000_000 }),
    epochs: 6,
    mixup: { alpha: 0.2 },
    workers: 0,
  });
  const { valAccuracy } = history.at(-1)!;
  assert.ok(valAccuracy! > 0.8, `accuracy ${valAccuracy}`);
});

test('a run’s description has it, and that of a run without is what it was', async () => {
  const model = mlp();
  const describe = (changes: object) =>
    describeRun(model, resolveSettings(model, { ...settings, ...changes }));
  const [with4, with5, without] = await Promise.all(
    [{}, { mixup: { alpha: 0.5 } }, { mixup: undefined }].map(describe),
  );
  assert.not.ok('mixup' in without!);
  assert.equal(differences(with4!, with5!), [
    { name: 'mixup', text: 'mixup.alpha: 0.4 in the checkpoint, 0.5 now' },
  ]);
  assert.equal(differences(with4!, without!), [
    { name: 'mixup', text: 'mixup: {"alpha":0.4} in the checkpoint, none now' },
  ]);
});

test('what cannot be is refused before training', async () => {
  const refused = (mixup: unknown, model = mlp()) =>
    refusal(() => train(model, { ...settings, mixup } as unknown as TrainSettings));
  const range = 'expected a number from 0.001 to 1000';
  assert.is(await refused({ alpha: 0 }), `mixup: alpha is 0, ${range}`);
  assert.is(await refused({ alpha: NaN }), `mixup: alpha is NaN, ${range}`);
  assert.is(await refused({ alpha: Infinity }), `mixup: alpha is Infinity, ${range}`);
  assert.is(await refused({ alpha: '0.2' }), `mixup: alpha is '0.2', ${range}`);
  assert.is(await refused({}), `mixup: alpha is undefined, ${range}`);
  assert.is(await refused(0.2), 'train: mixup is 0.2, expected an object with alpha');
  assert.is(await refused(null), 'train: mixup is null, expected a value or undefined');
  assert.is(await refused({ alpha: 1, beta: 2 }), "mixup: unknown option 'beta', expected alpha");
  assert.match(
    await refused({ alpha: 1 }, charRnn({ vocabulary: 20 })),
    /^train: mixup blends samples, and the model’s input '.*' takes whole numbers below 20$/,
  );
});

test.run();
