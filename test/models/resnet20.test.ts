/**
 * ResNet-20 trained and evaluated by Lanewise and by PyTorch in float64, from the same weights; make.py says of which
 * images.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import type { Dataset } from '../../src/data/dataset.js';
import { sizeOf } from '../../src/graph/tensor.js';
import type { Numerics } from '../../src/engine/features.js';
import { parameterCount, rebuild, type Architecture, type Model } from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { resnet20 } from '../../src/models/index.js';
import { momentum } from '../../src/optimizers/index.js';
import { createSession } from '../../src/crew/session.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { createTrainedModel } from '../../src/trained/trained-model.js';
import { availableNumerics } from '../kernels/instance.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

interface Golden {
  /** The seed of the images. */
  seed: number;
  /** Every value of PyTorch's state, in its order. */
  parameters: Record<string, number[]>;
  trained: number;
  losses: number[];
  /** All running statistics after the steps, one after another. */
  running: string;
  fc: string;
  conv1: string;
  scores: string;
  evaluated: string;
}

const golden = loadGolden<Golden>('resnet20')[0]!;

/** The first values of make.py. */
function firstWeights(): Map<string, Float32Array> {
  const entries = Object.entries(golden.parameters).map(([name, shape], i) => {
    const count = sizeOf(shape);
    if (name.endsWith('running_mean')) return [name, new Float32Array(count)] as const;
    if (name.endsWith('running_var')) return [name, new Float32Array(count).fill(1)] as const;
    const isVector = shape.length === 1;
    const scale = Math.fround(isVector ? 0.25 : Math.sqrt(6 / sizeOf(shape.slice(1))));
    const shift = isVector && name.endsWith('weight') ? 1 : 0;
    return [name, numbers(count, 8001 + i).map((v) => Math.fround(v * scale) + shift)] as const;
  });
  return new Map(entries);
}

const images = (count: number): Dataset => ({
  name: 'noise',
  shape: [3, 32, 32],
  classes: [...'0123456789'],
  samples: Uint8Array.from(numbers(count * 3072, golden.seed), (v) =>
    Math.fround(Math.fround(v + 1) * 127),
  ),
  labels: Uint8Array.from({ length: count }, (_, i) => (i * 7 + Math.floor(i / 10)) % 10),
});

test('names, shapes and number of parameters are PyTorch’s', () => {
  const model = resnet20();
  assert.equal(
    model.parameters.map(({ name, shape }) => [name, [...shape]]),
    Object.entries(golden.parameters),
  );
  // 3×3 filters: of the image, and of 6 convolutions a stage, the first of which has half the channels.
  const filters = 9 * (3 * 16 + 6 * 16 ** 2 + (16 * 32 + 5 * 32 ** 2) + (32 * 64 + 5 * 64 ** 2));
  const projections = 16 * 32 + 32 * 64;
  const normalisations = 2 * (7 * 16 + 7 * 32 + 7 * 64);
  const count = filters + projections + normalisations + 64 * 10 + 10;
  assert.is(count, 272_474);
  assert.is(golden.trained, count);
  assert.is(parameterCount(model), count);
});

test('other depths, channels and classes', () => {
  const filters = 9 * (16 + 2 * 16 ** 2 + (16 * 32 + 32 ** 2) + (32 * 64 + 64 ** 2));
  const others = 16 * 32 + 32 * 64 + 2 * 3 * (16 + 32 + 64) + 64 * 7 + 7;
  const small = resnet20({ depth: 8, channels: 1, classes: 7 });
  assert.is(parameterCount(small), filters + others);
  assert.throws(() => resnet20({ depth: 18 }), /resnet20: depth is 18, expected 6n \+ 2/);
});

/** The same model without Winograd's algorithm, whose rounding is larger than make.py's distance from kinks. */
function direct(model: Model): Model {
  const withoutTransforms = (_: string, value: { kind?: string; settings?: object }): unknown =>
    value?.kind === 'conv2d'
      ? { ...value, settings: { ...value.settings, algorithm: 'direct' } }
      : value;
  const text = JSON.stringify(model.architecture);
  return rebuild(JSON.parse(text, withoutTransforms) as Architecture);
}

for (const numerics of availableNumerics) {
  test(`the first loss (${numerics}) by Winograd’s algorithm is PyTorch’s, later ones nearly so`, async () => {
    const { losses } = await run(resnet20(), numerics);
    assertClose(losses.slice(0, 1), golden.losses.slice(0, 1), 1e-5, 'loss');
    // Here and there a relu's input falls on the other side of its kink.
    assertClose(losses, golden.losses, 2e-3, 'losses');
  });

  test(`three steps and an evaluation (${numerics}) are PyTorch’s`, async () => {
    const { losses, weights, evaluation } = await run(direct(resnet20()), numerics);
    assertClose(losses, golden.losses, 1e-6, 'losses');
    const running = [...weights].flatMap(([name, values]) =>
      name.includes('running') ? [...values] : [],
    );
    assertClose(running, unpack(golden.running), 1e-4, 'running statistics');
    assertClose(weights.get('fc.weight')!, unpack(golden.fc), 1e-4, 'fc.weight');
    assertClose(weights.get('conv1.weight')!, unpack(golden.conv1), 1e-4, 'conv1.weight');
    const { scores, losses: evaluated } = evaluation;
    assertClose(scores, unpack(golden.scores), 1e-4, 'scores');
    assertClose(evaluated!, unpack(golden.evaluated), 1e-4, 'losses of the evaluation');
  });
}

const terms = lossTerms('crossEntropy', ['output']);

/** Trains on all images and evaluates. */
async function run(model: Model, numerics: Numerics) {
  const optimizer = momentum({ lr: 0.02, weightDecay: 1e-4 });
  const session = await createSession({
    model,
    terms,
    numerics,
    workers: 0,
    datasets: [samplesOf(images(12)), samplesOf(images(12))],
    // One shard, so that its statistics are the minibatch's.
    training: { optimizer, batch: 4, shards: 1 },
  });
  session.writeWeights(firstWeights());
  session.writeOrder(Uint32Array.from({ length: 12 }, (_, i) => i));
  const rates = golden.losses.map((_, step) => optimizer.rates(step, optimizer.learningRate));
  const losses = (await session.train(0, rates, 0)).map(({ loss }) => loss);
  const weights = session.readWeights();
  const evaluation = await session.evaluate(1, true);
  await session.close();
  return { losses, weights, evaluation };
}

test('a model file rebuilds it', async () => {
  const trained = createTrainedModel(resnet20(), terms, 'strict', firstWeights());
  const bytes = encodeModel(trained);
  const back = decodeModel(bytes, 'm');
  assert.equal(back.model.architecture, JSON.parse(JSON.stringify(trained.model.architecture)));
  assert.is(await back.sha256(), await trained.sha256());
  const { samples, shape } = images(2);
  assert.equal(await back.predict(samples, shape), await trained.predict(samples, shape));
});

test.run();
