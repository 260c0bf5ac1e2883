/**
 * Sequences of unequal length in whole models: they are trained, scored, saved and compiled; wrong lengths are refused
 * by name.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  concat,
  decodeModel,
  encodeModel,
  encodeProgram,
  embedding,
  functional,
  gru,
  input,
  linear,
  lstm,
  max,
  mean,
  multiheadAttention,
  sequential,
  sum,
  train,
  withWeights,
  adam,
  type Model,
  type TensorDataset,
} from '../../src/index.js';
import { loadProgram } from '../../src/inference/index.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

/** The three steps of CASES.md 9 in a sequence of `T`, the rest of which holds `rest`. */
async function state(T: number, rest: number, withLengths: boolean): Promise<Float32Array> {
  const x = input([T, 2]);
  const lengths = input([], { lengths: T });
  const layer = gru(2, 3, { returns: 'last' });
  const model = functional(
    withLengths
      ? { inputs: { x, lengths }, outputs: layer(x, lengths), layers: { layer } }
      : { inputs: { x }, outputs: layer(x), layers: { layer } },
  );
  const weights = new Map(
    model.parameters.map(({ name, shape }, k) => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        Math.sin(i + 3 * k),
      ),
    ]),
  );
  const trained = withWeights(model, weights, { loss: 'meanSquaredError', numerics: 'strict' });
  const values = Float32Array.from({ length: 2 * T }, (_, i) => (i < 6 ? Math.cos(i) : rest));
  const given = {
    x: { shape: [T, 2], values },
    lengths: { shape: [], values: Int32Array.of(3) },
  };
  return (await trained.predict(withLengths ? given : { x: given.x })).scores;
}

test('padding changes nothing: the state after the last own step', async () => {
  const expected = await state(3, 0, false);
  for (const [T, rest] of [
    [3, 0],
    [5, 0],
    [20, 7],
  ] as const)
    assert.equal(await state(T, rest, true), expected, `${T} steps`);
});

const T = 6;

/** Two sequences of tokens read in all ways that know lengths. */
function tagger(): Model {
  const tokens = input([T], { vocabulary: 7 });
  const lengths = input([], { lengths: T });
  const [table, both, attention, out] = [
    embedding(7, 8),
    lstm(8, 4, { numLayers: 2, bidirectional: true, dropout: 0.25 }),
    multiheadAttention(8, 2, { causal: true, dropout: 0.1 }),
    linear(16, 5),
  ];
  const h = both(table(tokens), lengths);
  const y = out(concat(mean(1)(h, lengths), sum(1)(attention(h, lengths), lengths)));
  return functional({
    inputs: { tokens, lengths },
    outputs: y,
    layers: { table, both, attention, out },
  });
}

const N = 40;

const data = (change: (lengths: Int32Array) => void = () => {}): TensorDataset => {
  const lengths = Int32Array.from({ length: N }, (_, i) => 1 + (i % T));
  change(lengths);
  return {
    name: 'tags',
    inputs: {
      tokens: { shape: [T], values: Int32Array.from({ length: N * T }, (_, i) => (i * i + 3) % 7) },
      lengths: { shape: [], values: lengths },
    },
    targets: {
      output: { shape: [], values: Int32Array.from({ length: N }, (_, i) => (1 + (i % T)) % 5) },
    },
  };
};

const settings = {
  optimizer: adam({ lr: 0.01 }),
  epochs: 3,
  batch: 16,
  numerics: 'strict',
} as const;

test('the same weights for every number of workers, files and programs give the same scores', async () => {
  const runs = await Promise.all(
    [0, 1, 3].map((workers) => train(tagger(), { ...settings, data: data(), workers })),
  );
  const hashes = await Promise.all(runs.map(({ model }) => model.sha256()));
  assert.equal(new Set(hashes).size, 1);
  const { model } = runs[0]!;
  const given = {
    tokens: data().inputs['tokens']!.values as Int32Array,
    lengths: data().inputs['lengths']!.values as Int32Array,
  };
  const { scores } = await model.predict(data().inputs);
  assert.ok(scores.every(Number.isFinite));
  const again = await decodeModel(encodeModel(model), 'm');
  assert.equal((await again.predict(data().inputs)).scores, scores);
  const program = await loadProgram(encodeProgram(model, { batch: 8 }));
  assert.equal(program.predict(given).scores, scores);
  assert.match(
    await refusal(() => program.predict({ ...given, lengths: new Int32Array(N) })),
    /input 'lengths' has 0 at 0, expected lengths from 1 to 6/,
  );
});

test('lengths that cannot be are refused by sample', async () => {
  for (const length of [0, -1, 7]) {
    assert.match(
      await refusal(() => train(tagger(), { ...settings, data: data((all) => (all[9] = length)) })),
      new RegExp(`input 'lengths' has ${length} at 9, expected lengths from 1 to 6`),
    );
  }
});

test('lengths of other sequences, and what are no lengths, are refused where the model is made', async () => {
  const x = input([T, 4]);
  const wire = (lengths: ReturnType<typeof input>, layer = gru(4, 3)) =>
    functional({ inputs: { x, lengths }, outputs: layer(x, lengths) });
  const cases: [() => unknown, RegExp][] = [
    [
      () => wire(input([], { lengths: 5 })),
      /lengths up to 5, for 6 steps, expected lengths: input\(\[\], \{ lengths: 6 \}\)/,
    ],
    [() => wire(input([], { vocabulary: 7 })), /found i32 1, expected lengths/],
    [() => wire(input([T])), /found f32 1×6, expected lengths/],
    [() => wire(input([T]), multiheadAttention(4, 2)), /and perhaps lengths, found 1×6×4, 1×6/],
    [() => wire(input([], { lengths: T }), mean(2)), /axes 2 and lengths, expected axis 1/],
    [() => wire(input([], { lengths: T }), max(1)), /applied to 2 inputs, expected 1/],
    [() => input([], { lengths: 0 }), /lengths is 0/],
    [() => input([3], { lengths: 4 }), /lengths beside the shape 3/],
    [() => input([], { lengths: 4, vocabulary: 9 }), /lengths beside a vocabulary of 9/],
    [() => input([]), /model input is/],
  ];
  for (const [make, message] of cases) assert.match(await refusal(make), message);
});

test('the mean and the sum of own steps, and one token a sample', async () => {
  const [F, length] = [3, [2, 6, 1]];
  const values = numbers(3 * T * F, 5);
  for (const layer of [mean(1), sum(-2, { keepDims: true })]) {
    const [x, lengths] = [input([T, F]), input([], { lengths: T })];
    const model = functional({ inputs: { x, lengths }, outputs: layer(x, lengths) });
    const trained = withWeights(model, new Map(), { loss: 'meanSquaredError', numerics: 'strict' });
    const padded = values.map((v, i) =>
      Math.floor(i / F) % T < length[Math.floor(i / F / T)]! ? v : 1e30,
    );
    const { scores } = await trained.predict({
      x: { shape: [T, F], values: padded },
      lengths: { shape: [], values: Int32Array.from(length) },
    });
    scores.forEach((found, at) => {
      const [n, j] = [Math.floor(at / F), at % F];
      let expected = 0;
      for (let t = 0; t < length[n]!; t++) expected += values[(n * T + t) * F + j]!;
      if (layer.kind === 'mean') expected /= length[n]!;
      assert.ok(Math.abs(found - expected) < 1e-6, `${layer.kind} ${at}`);
    });
  }
  const one = sequential([embedding(5, 2)], { input: [], vocabulary: 5 });
  assert.equal([...one.outputs.values()], [[2]]);
});

test.run();
