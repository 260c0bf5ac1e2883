/** What of a model is computed on bytes, and where they are. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as L from '../../src/index.js';
import type { Mode, Model } from '../../src/layers/index.js';
import { placesOf } from '../../src/quantize/byte-places.js';
import { walk, type WalkOptions } from '../../src/quantize/byte-walk.js';

const outputsOf = (model: Model, mode: Mode = 'evaluation') => [
  ...model.graph(4, mode).outputs.values(),
];

/** `c1 product, s2 averagePool, …`; float steps with their kind. */
const listed = (model: Model, options?: WalkOptions): string =>
  walk(outputsOf(model), options)
    .steps.map((step) => `${step.name} ${step.is === 'float' ? step.kind : step.is}`)
    .join(', ');

const names = (model: Model, mode?: Mode) => {
  const { bytes, inner, weights } = placesOf(outputsOf(model, mode));
  return [bytes, inner, weights].map((places) => places.map(({ name }) => name).join(' '));
};

test('LeNet-5 is integers throughout, and its functions are looked up', () => {
  assert.is(
    listed(L.lenet5()),
    'c1 product, s2 averagePool, c3 product, s4 averagePool, flat view, c5 product, f6 product, output product',
  );
  assert.equal(names(L.lenet5()), [
    'input c1 s2 c3 s4 c5 f6',
    'c1.inner c3.inner c5.inner f6.inner',
    'c1 c3 c5 f6 output',
  ]);
});

test('a residual net is integers throughout, its normalisations folded, its sums clamped', () => {
  const steps = walk(outputsOf(L.resnet20({ depth: 8 }))).steps;
  assert.equal(
    steps.filter(({ is }) => is === 'float'),
    [],
  );
  assert.is(steps.filter(({ is }) => is === 'sum').length, 3);
  assert.ok(steps.every((step) => step.is !== 'product' || step.name === 'fc' || step.norm));
});

test('places have the same names in the graph of training', () => {
  const block = L.chain([L.conv2d(4, 4, 3, { padding: 1 }), L.batchNorm2d(4), L.relu()]);
  const dropping = L.sequential(
    [block, L.dropout(0.5), L.maxPool2d(2), L.flatten(), L.linear(64, 3)],
    {
      input: [4, 8, 8],
    },
  );
  for (const model of [L.lenet5(), L.resnet20({ depth: 8 }), dropping])
    assert.equal(names(model), names(model, 'training'));
});

test('a layer stays float where it is asked to, and a sum with a float input as well', () => {
  const model = L.resnet20({ depth: 8 });
  const { steps } = walk(outputsOf(model), { float: ['layer1.0.conv2'] });
  const float = steps.flatMap((step) => (step.is === 'float' ? [step.reason] : []));
  assert.ok(float.includes('it was asked to'), float.join());
  assert.ok(float.includes('one of its inputs is float'), float.join());
});

test('functions whose result only float layers read are float', () => {
  const model = L.sequential([L.linear(4, 4), L.tanh(), L.softmax(), L.linear(4, 2)], {
    input: [4],
  });
  assert.is(listed(model), '0 product, 1 activation, 2 softmax, 3 product');
});

test.run();
