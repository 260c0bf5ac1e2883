/** Weights of torchvision's nets under their own names: ours give torchvision's probabilities of images of bytes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeWeights, resNet18 } from '../../src/index.js';
import '../../src/import/index.js';

const folder = fileURLToPath(new URL('../../../test/golden/torch/', import.meta.url));
const golden = JSON.parse(readFileSync(`${folder}torchvision.json`, 'utf8')) as {
  count: number;
  size: number;
  width: number;
  probabilities: number[];
};

/** The bytes of make_torchvision.py. */
const images = Uint8Array.from(
  { length: golden.count * 3 * golden.size ** 2 },
  (_, i) => (i * i * 7 + i * 13 + Math.floor(i / 97)) % 256,
);

test('ResNet-18 with a state dictionary of torchvision gives its probabilities, within 1e-5 of the largest', async () => {
  const { size, width, probabilities } = golden;
  const bytes = new Uint8Array(readFileSync(`${folder}resnet18-small.pt`));
  const trained = decodeWeights(resNet18({ size, width, classes: 5 }), bytes, 'resnet18-small.pt');
  assert.equal(trained.notes, []);
  const { scores } = await trained.predict(images);
  assert.is(scores.length, probabilities.length);
  const off = Math.max(...probabilities.map((value, i) => Math.abs(value - scores[i]!)));
  assert.ok(off <= 1e-5 * Math.max(...probabilities), `off by ${off}`);
  // Another scale gives other answers, so that these show the scale.
  const grey = resNet18({ size, width, classes: 5, mean: 0.449, deviation: 0.226 });
  const other = (await decodeWeights(grey, bytes, 'w').predict(images)).scores;
  assert.ok(Math.max(...probabilities.map((value, i) => Math.abs(value - other[i]!))) > 1e-3);
});

test.run();
