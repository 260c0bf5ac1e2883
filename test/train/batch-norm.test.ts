/** Batch normalisation in training: shards' statistics, running ones, and the same bits for all workers. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Dataset } from '../../src/data/dataset.js';
import { relaxedMaddIsFused } from '../../src/engine/features.js';
import {
  batchNorm2d,
  chain,
  conv2d,
  globalAvgPool2d,
  linear,
  parameterCount,
  relu,
  residual,
  sequential,
} from '../../src/layers/index.js';
import { adam, momentum, sgd } from '../../src/optimizers/index.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

/** Noise of 1×9×9 with a bright row that says the label. */
function rows(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 9);
  const samples = Uint8Array.from(numbers(count * 81, 5), (v) => (v + 1) * 60);
  labels.forEach((label, i) => samples.fill(250, i * 81 + label * 9, i * 81 + label * 9 + 9));
  return { name: 'rows', shape: [1, 9, 9], classes: [...'012345678'], samples, labels };
}

const small = () =>
  sequential(
    {
      conv: conv2d(1, 6, 3, { padding: 1, bias: false }),
      bn: batchNorm2d(6),
      act: relu(),
      stage: chain([
        residual(
          { conv1: conv2d(6, 8, 3, { stride: 2, padding: 1, bias: false }), bn1: batchNorm2d(8) },
          [conv2d(6, 8, 1, { stride: 2, bias: false }), batchNorm2d(8)],
          { activation: 'relu' },
        ),
        residual({ conv1: conv2d(8, 8, 3, { padding: 1 }), bn1: batchNorm2d(8) }),
      ]),
      pool: globalAvgPool2d(),
      norm: batchNorm2d(8, { momentum: 0.3 }),
      fc: linear(8, 9),
    },
    { input: [1, 9, 9], mean: 0.3, deviation: 0.3 },
  );

const data = rows(101);
const base = { data, epochs: 2, seed: 3, schedule: 'linear', numerics: 'strict' } as const;
const run = async (settings: TrainSettings) => (await train(small(), settings)).model;

test('weights and running statistics are the same for 0, 1, 2, 3 and 5 workers', async () => {
  for (const optimizer of [momentum({ lr: 0.05 }), adam()]) {
    // Minibatches of 24 in 5 shards; the last has 5 samples in 2.
    const settings = { ...base, optimizer, batch: 24, shards: 5 };
    const alone = await (await run({ ...settings, workers: 0 })).sha256();
    for (const workers of [1, 2, 3, 5])
      assert.is(await (await run({ ...settings, workers })).sha256(), alone, `${workers} workers`);
  }
});

test('the same holds for fused numerics', async () => {
  const numerics = relaxedMaddIsFused() ? 'fused' : 'strict';
  const settings = { ...base, numerics, optimizer: momentum({ lr: 0.05 }), batch: 24, shards: 5 };
  const [alone, many] = await Promise.all(
    [0, 3].map((workers) => run({ ...settings, workers } as TrainSettings)),
  );
  assert.is(await many!.sha256(), await alone!.sha256());
});

test('running statistics stand beside the weights, under PyTorch’s names, and are not trained', async () => {
  const model = await run({ ...base, optimizer: sgd({ lr: 0 }), batch: 24, workers: 0 });
  assert.equal([...model.weights.keys()].slice(0, 9), [
    'conv.weight',
    'bn.weight',
    'bn.bias',
    'bn.running_mean',
    'bn.running_var',
    'stage.0.conv1.weight',
    'stage.0.bn1.weight',
    'stage.0.bn1.bias',
    'stage.0.bn1.running_mean',
  ]);
  assert.ok(model.weights.has('stage.0.shortcut.1.running_var'));
  assert.equal([...model.weights.get('bn.weight')!], [1, 1, 1, 1, 1, 1]);
  assert.ok(model.weights.get('bn.running_var')!.every((v) => v > 0 && v !== 1));
  const back = decodeModel(encodeModel(model), 'm');
  assert.is(await back.sha256(), await model.sha256());
  assert.is(parameterCount(back.model), 54 + 12 + 432 + 16 + 48 + 16 + 584 + 16 + 16 + 81);
});

test('weight decay leaves the running statistics alone', async () => {
  const one = { ...base, epochs: 1, batch: 101, shards: 4, workers: 2 };
  const plain = await run({ ...one, optimizer: momentum({ lr: 0.01 }) });
  const decayed = await run({ ...one, optimizer: momentum({ lr: 0.01, weightDecay: 0.1 }) });
  assert.equal(decayed.weights.get('bn.running_mean'), plain.weights.get('bn.running_mean'));
  assert.not.equal(decayed.weights.get('conv.weight'), plain.weights.get('conv.weight'));
});

test('a net with batch normalisation learns, and its running statistics know what it learned', async () => {
  const settings = { ...base, validation: rows(60), epochs: 20, batch: 16 };
  const { history } = await train(small(), { ...settings, optimizer: momentum({ lr: 0.05 }) });
  assert.ok(history.at(-1)!.valAccuracy! > 0.8, `accuracy ${history.at(-1)!.valAccuracy}`);
});

test('a shard with one value a channel is refused before training, by name', async () => {
  let message = '';
  await run({ ...base, optimizer: sgd({ lr: 0.1 }), batch: 25, shards: 2, workers: 0 }).catch(
    (error: Error) => (message = error.message),
  );
  assert.is(
    message,
    "batchNorm 'norm': expected more than one value a channel in training, found a shard of 1×8: the last minibatch of each epoch has 1 sample (101 = 4·25 + 1)",
  );
});

test.run();
