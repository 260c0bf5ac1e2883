/** Sequences learn: a text's next letter by recurrent layers and by attention, with the same bits for any workers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import {
  embedding,
  flatten,
  gru,
  linear,
  lstm,
  multiheadAttention,
  positionEmbedding,
  residual,
  rnn,
  sequential,
  type Layers,
} from '../../src/layers/index.js';
import { adam } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';

const text =
  'the cat sat on the mat, and the rat that ate the malt lay in the house that jack built. ';
const letters = [...new Set(text)].toSorted();
const tokens = Int32Array.from(text, (letter) => letters.indexOf(letter));
const [V, T] = [letters.length, 6];

/** Each window of T letters of the text, with the letter that follows. */
const windows: TensorDataset = (() => {
  const count = tokens.length - T;
  const values = Int32Array.from(
    { length: count * T },
    (_, i) => tokens[Math.floor(i / T) + (i % T)]!,
  );
  return {
    name: 'windows',
    inputs: { input: { shape: [T], values } },
    targets: { output: { shape: [], values: tokens.subarray(T) } },
  };
})();

const nets: Readonly<Record<string, Layers>> = {
  lstm: [embedding(V, 8), lstm(8, 24, { returns: 'last' }), linear(24, V)],
  gru: [embedding(V, 8), gru(8, 24, { returns: 'last', numLayers: 2 }), linear(24, V)],
  rnn: [embedding(V, 8), rnn(8, 24, { returns: 'last', bidirectional: true }), linear(48, V)],
  attention: [
    embedding(V, 16),
    positionEmbedding(T, 16),
    residual([multiheadAttention(16, 2, { causal: true })]),
    flatten(),
    linear(16 * T, V),
  ],
};

for (const [name, layers] of Object.entries(nets)) {
  test(`${name} learns a text, with the same bits for any number of workers`, async () => {
    const settings = {
      data: windows,
      optimizer: adam({ lr: 0.02 }),
      epochs: 40,
      batch: 32,
      shards: 3,
      numerics: 'strict',
    } as const;
    const runs = [0, 1, 3].map((workers) =>
      train(sequential(layers, { input: [T], vocabulary: V }), { ...settings, workers }),
    );
    const results = await Promise.all(runs);
    const last = results[0]!.history.at(-1)!;
    assert.ok(last.accuracy! > 0.95, `accuracy ${last.accuracy}, loss ${last.loss}`);
    const hashes = await Promise.all(results.map(({ model }) => model.sha256()));
    assert.is(new Set(hashes).size, 1);
  });
}

test.run();
