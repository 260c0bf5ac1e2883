/** Models and data with values that are tiny, huge or constant: their integers stand for what floats compute. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { encodeProgram, encodeModel } from '../../src/index.js';
import { conv2d, flatten, gelu, linear, relu, sequential } from '../../src/layers/index.js';
import type { Layer } from '../../src/layers/index.js';
import { calibrate, quantize } from '../../src/quantize/index.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const COUNT = 24;

/** A net whose weights of each layer are drawn numbers times its factor. */
function netOf(activation: Layer, factors: Readonly<Record<string, number>>) {
  const layers = { c: conv2d(1, 4, 3), a: activation, f: flatten(), l: linear(64, 5) };
  const model = sequential(layers, { input: [1, 6, 6] });
  const weights = new Map(
    model.parameters.map(({ name, shape }, i) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const factor = factors[name] ?? factors[name[0]!] ?? 1;
      return [name, numbers(size, 11 + i).map((v) => v * factor)] as const;
    }),
  );
  return withWeights(model, weights, { loss: 'squaredError' });
}

/** Half of its channels have faded, as they do by decay of weights. */
function faded() {
  const trained = netOf(gelu(), {});
  trained.weights.get('c.weight')!.fill(1e-14, 9, 27);
  trained.weights.get('c.bias')!.set([2, 1e-14, 1e-14, 3]);
  return trained;
}

const dataOf = (values: Float32Array) => ({
  name: 'drawn',
  inputs: { input: { shape: [1, 6, 6], values } },
  targets: {},
});

const draw = createDraw(5);
const drawn = Float32Array.from({ length: COUNT * 36 }, () => draw(-1000, 1000) / 1000);

/** √(Σ (int8 − float)² / Σ float²). */
async function errorOf(trained: ReturnType<typeof netOf>, values: Float32Array): Promise<number> {
  const quantized = await quantize(trained, dataOf(values));
  const { scores } = await quantized.predict(values);
  const { scores: expected } = await trained.predict(values);
  let [error, size] = [0, 0];
  expected.forEach((value, i) => {
    error += (value - scores[i]!) ** 2;
    size += value * value;
  });
  return Math.sqrt(error / size);
}

const cases: readonly (readonly [string, Parameters<typeof errorOf>])[] = [
  ['samples too small for a scale', [netOf(relu(), {}), drawn.map((v) => v * 1e-44)]],
  ['values between layers too small for a scale', [netOf(relu(), { c: 1e-44 }), drawn]],
  ['huge values between layers', [netOf(relu(), { c: 1e30 }), drawn]],
  ['a bias far beyond its weights', [netOf(relu(), { 'c.bias': 1e9 }), drawn]],
  ['samples that are all zero', [netOf(relu(), { c: 0.01 }), new Float32Array(36)]],
  ['channels without weights before a table whose range is not around 0', [faded(), drawn]],
];

for (const [what, [trained, values]] of cases) {
  test(what, async () => {
    const error = await errorOf(trained, values);
    assert.ok(error < 0.05, String(error));
  });
}

test('a quantised model is not quantised, calibrated or written as a float one, and this is said', async () => {
  const quantized = (await quantize(netOf(relu(), {}), dataOf(drawn))) as never;
  const calls: readonly (() => unknown)[] = [
    () => quantize(quantized, dataOf(drawn)),
    () => calibrate(quantized, dataOf(drawn)),
    () => encodeModel(quantized),
    () => encodeProgram(quantized),
  ];
  for (const call of calls)
    assert.match(
      await refusal(async () => call()),
      /a quantised model only predicts: take the float/,
    );
});

test.run();
