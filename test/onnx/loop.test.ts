/**
 * The whole loop: a net out of an ONNX file gets a new head, is trained, and is written as ONNX again, whose answers in
 * onnxruntime are ours for every sample that was held out.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { digits } from '../../src/data/digits/index.js';
import * as L from '../../src/layers/index.js';
import { decodeOnnx } from '../../src/onnx/messages.js';
import { readOnnx } from '../../src/onnx/read-onnx.js';
import { encodeOnnx } from '../../src/onnx/write-messages.js';
import { writeOnnx } from '../../src/onnx/write-onnx.js';
import { adam } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { replaceHead } from '../../src/trained/fine-tuning.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { onnxruntime, runOnnx } from '../support/onnxruntime.js';

/** A net of three classes, as the file of another program: nothing in it says what wrote it. */
async function foreignFile(): Promise<Uint8Array> {
  const model = L.sequential(
    {
      conv1: L.conv2d(1, 8, 5, { stride: 2 }),
      bn1: L.batchNorm2d(8),
      relu1: L.relu(),
      pool: L.maxPool2d(2),
      flat: L.flatten(),
      fc: L.linear(8 * 6 * 6, 3),
    },
    { input: [1, 28, 28] },
  );
  const file = decodeOnnx(writeOnnx(withWeights(model, await initialWeights(model))), 'own');
  return encodeOnnx({ ...file, producer: 'other', metadata: new Map() });
}

test('imported, given a new head, trained and written again, onnxruntime gives its answers sample by sample', async () => {
  const { model, trained, warnings } = readOnnx(await foreignFile());
  assert.equal(warnings, []);
  assert.equal(
    model.architecture.layers.map(({ name, kind }) => [name, kind]),
    [
      ['conv1', 'conv2d'],
      ['bn1', 'batchNorm2d'],
      ['relu1', 'relu'],
      ['pool', 'maxPool2d'],
      ['flat', 'flatten'],
      ['fc', 'linear'],
    ],
  );
  const headed = replaceHead(trained, { classes: 10 });
  const validation = digits({ count: 200, seed: 2 });
  const { model: tuned } = await train(headed.model, {
    data: digits({ count: 600, seed: 1 }),
    validation,
    weights: headed.weights,
    optimizer: adam({ lr: 0.01 }),
    epochs: 2,
    batch: 50,
    workers: 0,
    numerics: 'strict',
  });
  const { accuracy, predictions, scores } = await tuned.evaluate(validation, { workers: 0 });
  assert.ok(accuracy > 0.5 && accuracy < 1, `${accuracy}: too few or all, which tells nothing`);
  const bytes = writeOnnx(tuned);
  const again = readOnnx(bytes).trained;
  assert.is(await again.sha256(), await tuned.sha256());
  assert.equal(again.classes, validation.classes);
  if (!onnxruntime) return console.log('skipped: npm run tools installs onnxruntime-node');
  const pixels = Float32Array.from(validation.samples, (byte) => byte / 255);
  const [answer] = runOnnx([
    { bytes, runs: [{ input: { dims: [200, 1, 28, 28], data: pixels } }] },
  ]);
  if (!answer || 'error' in answer) throw new Error(answer?.error);
  const logits = Float64Array.from(answer[0]!['output']!.data);
  // Sample by sample: the same class, and the same probabilities.
  let right = 0;
  for (let i = 0; i < 200; i++) {
    const own = [...logits.subarray(10 * i, 10 * i + 10)];
    const best = own.indexOf(Math.max(...own));
    assert.is(best, predictions[i], `sample ${i}`);
    if (best === validation.labels[i]) right++;
    const sum = own.reduce((total, logit) => total + Math.exp(logit), 0);
    own.forEach((logit, c) =>
      assert.ok(
        Math.abs(Math.exp(logit) / sum - scores[10 * i + c]!) < 1e-5,
        `sample ${i}, class ${c}`,
      ),
    );
  }
  assert.is(right / 200, accuracy);
});

test.run();
