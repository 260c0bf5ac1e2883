/**
 * Updates within the program of gradients: the bits of updates afterwards, no memory for gradients, no update at a loss that
 * is not finite; and the memory of the large nets that follows.
 */
// slow: trains by every rule, and plans the largest nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createSession } from '../../src/crew/session.js';
import type { Dataset } from '../../src/data/dataset.js';
import { samplesOf } from '../../src/data/forms.js';
import { columnsOf } from '../../src/feed/columns.js';
import {
  batchNorm2d,
  conv2d,
  dropout,
  flatten,
  input,
  linear,
  functional,
  relu,
  type Model,
} from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import * as zoo from '../../src/models/index.js';
import { adamW, ema, momentum, sgd, type Optimizer } from '../../src/optimizers/index.js';
import * as rules from '../../src/optimizers/rules.js';
import { planRun, type RunPlan } from '../../src/step/run-plan.js';
import { defaultShards } from '../../src/step/shards.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { numbers } from '../support/numbers.js';

/** 8×8 noise with the label written into it as a bright row. */
function rows(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 8);
  const samples = Uint8Array.from(numbers(count * 64, 5), (v) => (v + 1) * 60);
  labels.forEach((label, i) => samples.fill(250, i * 64 + label * 8, i * 64 + label * 8 + 8));
  return { name: 'rows', shape: [1, 8, 8], classes: [...'01234567'], samples, labels };
}

/** With statistics, a weight used twice, biases that do not fill vectors, and a weight whose gradient is made in parts. */
function mixedNet(): Model {
  const x = input([1, 8, 8]);
  const shared = linear(75, 75);
  const before = flatten()(relu()(batchNorm2d(3)(conv2d(1, 3, 4)(x))));
  const twice = shared(relu()(shared(before)));
  const wide = relu()(linear(75, 1100)(dropout(0.2)(twice)));
  const outputs = linear(1001, 8)(relu()(linear(1100, 1001)(wide)));
  return functional({ inputs: x, outputs });
}

const base: TrainSettings = {
  data: rows(26),
  optimizer: momentum({ lr: 0.05 }),
  epochs: 2,
  batch: 10,
  shards: 1,
  seed: 3,
  numerics: 'strict',
};
const hash = async (settings: Partial<TrainSettings>) =>
  (await train(mixedNet(), { ...base, ...settings })).model.sha256();

/** The same, at once with one worker and with two, and afterwards: a bound that nothing reaches needs all gradients. */
async function same(settings: Partial<TrainSettings>): Promise<void> {
  const atOnce = await hash({ ...settings, workers: 0 });
  assert.is(await hash({ ...settings, workers: 2 }), atOnce);
  assert.is(await hash({ ...settings, workers: 2, clipValue: 1e30 }), atOnce);
}

test('groups, decay, an average and frozen parameters: the bits of updates afterwards, in both numerics', async () => {
  const settings: Partial<TrainSettings> = {
    optimizer: adamW({
      lr: 0.01,
      weightDecay: 0.1,
      groups: [{ match: 'bias', weightDecay: 0, lrFactor: 2 }],
    }),
    average: ema({ decay: 0.8 }),
    validation: rows(12),
  };
  for (const numerics of ['strict', 'fused'] as const) await same({ ...settings, numerics });
});

test('every rule: the bits of updates afterwards', async () => {
  for (const [name, rule] of Object.entries(rules)) {
    const create = rule as (options: { lr: number }) => Optimizer;
    if (typeof rule !== 'function' || name === 'lars') continue;
    await same({ optimizer: create({ lr: 0.01 }), epochs: 1 });
  }
});

function planOf(model: Model, batch: number, workers: number, optimizer: Optimizer): RunPlan {
  const loss = model.outputs.size > 1 ? zoo.googLeNetLoss : 'crossEntropy';
  const terms = lossTerms(loss, [...model.outputs.keys()]);
  const { shape } = Object.values(model.architecture.inputs)[0]!;
  const [classes] = [...model.outputs.values()][0]!;
  const data: Dataset = {
    name: 'grey',
    shape: shape as Dataset['shape'],
    classes: Array.from({ length: classes! }, (_, i) => String(i)),
    samples: new Uint8Array(batch * shape.reduce((a, b) => a * b)),
    labels: new Uint8Array(batch),
  };
  return planRun({
    model,
    terms,
    numerics: 'strict',
    workers,
    datasets: [columnsOf(model, terms, samplesOf(data))],
    training: { optimizer, batch, shards: defaultShards(model, batch) },
  });
}

const bytesOf = ({ memory }: RunPlan, region: string) =>
  memory.regions.find(({ name }) => name === region)!.bytes;

test('gradients have no memory then; they have for several shards or norms', () => {
  const rule = sgd({ lr: 0.1 });
  const plan = planOf(mixedNet(), 10, 1, rule);
  const { gradientBytes, trainedBytes } = plan.parameters;
  // Means and variances of batch normalisation.
  assert.is(bytesOf(plan, 'gradients'), gradientBytes - trainedBytes);
  assert.ok(bytesOf(plan, 'activations') < 2 ** 23 && trainedBytes > 2 ** 22);
  assert.is(bytesOf(planOf(mixedNet(), 10, 3, rule), 'gradients'), gradientBytes - trainedBytes);
  assert.is(bytesOf(planOf(mixedNet(), 32, 1, rule), 'gradients'), 2 * gradientBytes);
  assert.is(bytesOf(planOf(mixedNet(), 10, 1, rules.lars({ lr: 1 })), 'gradients'), gradientBytes);
});

test('at a loss that is not finite, no weight is written', async () => {
  const model = mixedNet();
  const session = await createSession({
    model,
    terms: lossTerms('crossEntropy', [...model.outputs.keys()]),
    numerics: 'strict',
    workers: 0,
    datasets: [samplesOf(rows(10))],
    training: { optimizer: base.optimizer as Optimizer, batch: 10, shards: 1 },
  });
  try {
    session.initialize(1);
    session.writeOrder(Uint32Array.from({ length: 10 }, (_, i) => i));
    const weights = session.readWeights();
    session.writeWeights(new Map([...weights].map(([name, one]) => [name, one.fill(3e38)])));
    const before = session.snapshot();
    const [metrics] = await session.train(0, [[0.1]], 0);
    assert.not.ok(Number.isFinite(metrics!.loss));
    assert.equal(session.snapshot(), before);
    assert.not.ok(session.isWriting());
  } finally {
    await session.close();
  }
});

test('the largest nets need little more than weights and state', () => {
  const nets = {
    alexNet: 540,
    deepFace: 1250,
    googLeNet: 215,
    networkInNetwork: 40,
    resNet18: 190,
    resNet50: 430,
    resNet152: 880,
    seResNet: 490,
    vgg16: 1290,
    vgg19: 1340,
    zfNet: 560,
  };
  for (const [name, most] of Object.entries(nets)) {
    const { memory } = planOf(zoo[name as keyof typeof nets](), 2, 1, momentum({ lr: 0.1 }));
    const mebibytes = memory.bytes / 2 ** 20;
    assert.ok(mebibytes <= most, `${name}: ${mebibytes.toFixed(1)} MiB, expected at most ${most}`);
  }
  const { memory } = planOf(zoo.vgg16(), 4, 1, momentum({ lr: 0.1 }));
  assert.ok(memory.bytes <= 1440 * 2 ** 20, `${memory.bytes / 2 ** 20} MiB`);
});

test.run();
