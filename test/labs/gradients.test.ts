/** What the labs on gradients find is what theory says, also with other settings than their own. */
// slow: trains deep nets in seven ways, twice
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOf, runSmall } from '../support/lab.js';

const isAbout = (found: number, expected: number, relative: number, what: string) =>
  assert.ok(
    Math.abs(found - expected) <= relative * expected,
    `${what}: ${found}, not ${expected}`,
  );

test('a ReLU layer multiplies gradients by gain/√2, for half of its units are off', async () => {
  // At √2, He's gain, they keep their size; at 1 each layer takes 3 dB away.
  const settings = { weak: 1, strong: Math.SQRT2 };
  const result = await runSmall('vanishing-gradients', { settings });
  isAbout(figureOf(result, 'factor per layer: ReLU, gain 1'), Math.SQRT1_2, 0.1, 'gain 1');
  isAbout(figureOf(result, `factor per layer: ReLU, gain ${Math.SQRT2}`), 1, 0.1, 'gain √2');
  // A sigmoid's slope is at most ¼.
  assert.ok(figureOf(result, 'factor per layer: sigmoid, gain 1') < 0.25);
});

test('an orthogonal linear net keeps lengths, at any depth', async () => {
  for (const depth of [3, 30]) {
    const result = await runSmall('dynamical-isometry', { settings: { depth } });
    for (const which of ['largest', 'smallest'])
      isAbout(figureOf(result, `${which} singular value: linear, orthogonal`), 1, 1e-4, which);
    // A slope of tanh is at most 1, and only of 0 it is 1.
    assert.ok(figureOf(result, 'largest singular value: tanh, orthogonal') <= 1 + 1e-6);
    assert.ok(figureOf(result, 'smallest singular value: linear, Gaussian') < 0.01);
  }
});

test('a signal of no size leaves tanh linear', async () => {
  const result = await runSmall('dynamical-isometry', { settings: { signal: 1e-4 } });
  isAbout(figureOf(result, 'smallest singular value: tanh, orthogonal'), 1, 1e-4, 'smallest');
});

test('central differences are wrong by ε², forward ones by ε, whatever the seed', async () => {
  const result = await runSmall('backprop-against-differences', { settings: { seed: 5 } });
  isAbout(figureOf(result, 'central differences: power of ε'), 2, 0.1, 'central');
  isAbout(figureOf(result, 'forward differences: power of ε'), 1, 0.1, 'forward');
  assert.ok(figureOf(result, 'central differences: least relative error') < 1e-3);
  // 784·64 + 2·64² + 64·10 products forward; twice as many back, but none by the images.
  const [products, first] = [784 * 64 + 2 * 64 * 64 + 640, 784 * 64];
  const counted = figureOf(result, 'backward / forward pass, by products');
  assert.is(counted, (2 * products - first) / products);
});

test('the cures work where the usual beginning does not, with any number of workers', async () => {
  const settings = { samples: 320, epochs: 2 };
  const [alone, two] = [
    await runSmall('deep-nets-that-learn', { settings, workers: 0 }),
    await runSmall('deep-nets-that-learn', { settings, workers: 2 }),
  ];
  assert.is(alone.sha256, two.sha256);
  // Fourteen times 1/√6: what is left is too little to learn from.
  const left = figureOf(alone, 'gradient, first / last layer: uniform ±1/√n');
  assert.ok(left < 4 * 6 ** -7 && left > 6 ** -7 / 4, String(left));
  const [usual, residual] = ['uniform ±1/√n', 'residual'].map((way) =>
    figureOf(alone, `test accuracy: ${way}`),
  );
  assert.ok(residual! > usual! + 0.3, `${residual} against ${usual}`);
});

test.run();
