/** Layers made of layers: names, what comes back from a file, and refusals that say where. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import {
  batchNorm2d,
  chain,
  conv2d,
  flatten,
  globalAvgPool2d,
  linear,
  rebuild,
  relu,
  residual,
  sequential,
  type Architecture,
  type Layers,
} from '../../src/layers/index.js';
import { refuses } from '../support/refuses.js';

const model = (layers: Layers) => sequential(layers, { input: [2, 6, 6] });
const head = { pool: globalAvgPool2d(), out: linear(2, 3) };
const same = () => conv2d(2, 2, 3, { padding: 1 });

test('names are joined by dots; layers made of layers come after these', () => {
  const { graph: build, parameters } = model({
    stage: chain({ a: chain([same()]), b: residual({ conv: same() }, [batchNorm2d(2)]) }),
    ...head,
  });
  assert.equal(
    parameters.map(({ name, momentum }) => (momentum === undefined ? name : `${name} ${momentum}`)),
    [
      'stage.a.0.weight',
      'stage.a.0.bias',
      'stage.b.conv.weight',
      'stage.b.conv.bias',
      'stage.b.shortcut.0.weight',
      'stage.b.shortcut.0.bias',
      'stage.b.shortcut.0.running_mean 0.1',
      'stage.b.shortcut.0.running_var 0.1',
      'out.weight',
      'out.bias',
    ],
  );
  const graph = build(2, 'training');
  assert.equal(
    graph.activations.map(({ layer, kind }) => `${layer} ${kind}`),
    [
      'stage.a.0 conv2d',
      'stage.a chain',
      'stage.b.conv conv2d',
      'stage.b.shortcut.0 batchNorm2d',
      'stage.b.shortcut chain',
      'stage.b residual',
      'stage chain',
      'pool globalAvgPool2d',
      'out linear',
    ],
  );
  assert.equal(
    [...graph.observations.keys()],
    ['stage.b.shortcut.0.running_mean', 'stage.b.shortcut.0.running_var'],
  );
  assert.is(build(2, 'evaluation').observations.size, 0);
});

test('a model of nested layers is rebuilt from its architecture', () => {
  const first = model({
    body: residual(
      { conv: same(), bn: batchNorm2d(2, { eps: 0.001, momentum: 0.2 }) },
      { skip: chain([same(), relu()]) },
      { activation: 'relu' },
    ),
    ...head,
  });
  const json = JSON.stringify(first.architecture);
  const again = rebuild(JSON.parse(json) as Architecture);
  assert.is(JSON.stringify(again.architecture), json);
  assert.equal(again.parameters, first.parameters);
});

test('branches that do not fit are refused with the layer and both shapes', () => {
  refuses(
    () => model({ stage: chain([residual([conv2d(2, 4, 3)])]), ...head }),
    /^residual 'stage\.0': its body gives 1×4×4×4, its input 1×2×6×6: expected the same$/,
  );
  refuses(
    () => model({ block: residual([conv2d(2, 4, 3)], [conv2d(2, 4, 1)]), ...head }),
    /^residual 'block': its body gives 1×4×4×4, its shortcut 1×4×6×6/,
  );
  refuses(
    () => model({ stage: chain({ a: same(), norm: batchNorm2d(3) }), ...head }),
    /^batchNorm 'stage\.norm': mean has shape 3, input 1×2×6×6 has 2 channels$/,
  );
});

test('what cannot be is refused as an argument', () => {
  const refusal = (make: () => unknown): string => {
    try {
      make();
    } catch (error) {
      assert.instance(error, LanewiseError);
      assert.is((error as LanewiseError).kind, 'argument');
      return (error as LanewiseError).message;
    }
    throw new Error('nothing was refused');
  };
  assert.is(
    refusal(() => chain([])),
    'a chain needs at least one layer',
  );
  assert.is(
    refusal(() => residual({})),
    'a residual needs at least one layer',
  );
  assert.is(
    refusal(() => residual([relu()], [], { activation: 'tanh' as 'relu' })),
    "residual: activation is 'tanh', expected one of none, relu",
  );
  assert.match(
    refusal(() => batchNorm2d(0)),
    /features is 0, expected a whole number/,
  );
  assert.match(
    refusal(() => batchNorm2d(2, { momentum: 1.5 })),
    /momentum is 1.5, expected a number from 0 to 1/,
  );
  assert.match(
    refusal(() => batchNorm2d(2, { eps: -1 })),
    /eps is -1, expected a number of at least 0/,
  );
  assert.is(
    refusal(() => model({ 'a.b': same(), a: chain({ b: same() }), flat: flatten() })),
    "two layers have a parameter 'a.b.weight'",
  );
  const { architecture } = model({ stage: chain([relu()]), ...head });
  const nested = (layers: unknown) => () =>
    rebuild({
      ...architecture,
      layers: [{ name: 'stage', kind: 'chain', settings: { layers } }],
    });
  const plain = { name: 'x', kind: 'relu', settings: {} };
  assert.is(refusal(nested(undefined)), 'there is no list of layers');
  assert.is(
    refusal(nested([{ name: 'x', kind: 'relu' }])),
    'there is a layer without name, kind and settings',
  );
  assert.is(refusal(nested([plain, plain])), "it names two layers 'x'");
});

test.run();
