/** Recurrent layers whose states to begin with are inputs, and settings that follow tfjs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/graph/tensor.js';
import { functional, gru, input, lstm, rnn, sequential } from '../../src/layers/index.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refuses } from '../support/refuses.js';

interface Case {
  readonly kind: 'lstm' | 'gru' | 'rnn';
  readonly N: number;
  readonly T: number;
  readonly F: number;
  readonly H: number;
  readonly layers: number;
  readonly both: boolean;
  readonly names: string[];
  readonly seed: number;
  readonly y: string;
}

test('with states as inputs, layers give PyTorch’s values', async () => {
  const cases = loadGolden<Case>('recurrent-layer-states');
  assert.is(cases.length, 3);
  for (const { kind, N, T, F, H, layers, both, names, seed, y } of cases) {
    const options = { numLayers: layers, bidirectional: both, initialStates: true };
    const layer = { lstm, gru, rnn }[kind](F, H, options);
    const count = layers * (both ? 2 : 1);
    const [x, h, c] = [input([T, F]), input([count, H]), input([count, H])];
    const isLstm = kind === 'lstm';
    const model = functional({
      inputs: isLstm ? { x, h, c } : { x, h },
      outputs: isLstm ? layer(x, h, c) : layer(x, h),
      layers: { cell: layer },
    });
    const weights = new Map(
      model.parameters.map(({ name, shape }) => [
        name,
        numbers(sizeOf(shape), seed + names.indexOf(name.replace('cell.', ''))),
      ]),
    );
    const fields = Object.entries(model.architecture.inputs).map(([name, { shape }], i) => [
      name,
      { shape, values: numbers(N * sizeOf(shape), seed + 40 + i) },
    ]);
    const trained = withWeights(model, weights, { loss: 'meanSquaredError' });
    const { scores } = await trained.predict(Object.fromEntries(fields) as never);
    // Small values are differences of larger ones.
    assertClose(scores, unpack(y), 1e-4, kind);
  }
});

test('settings at their defaults are not written', () => {
  const written = JSON.stringify(gru(2, 3).settings);
  const same = gru(2, 3, {
    resetAfter: true,
    recurrentActivation: 'sigmoid',
    initialStates: false,
  });
  assert.is(JSON.stringify(same.settings), written);
  assert.not.match(written, /resetAfter|recurrentActivation|initialStates/);
  assert.match(JSON.stringify(gru(2, 3, { resetAfter: false }).settings), /"resetAfter":false/);
});

test('what does not fit is refused', () => {
  const x = input([4, 2]);
  refuses(() => {
    const h = input([3]);
    functional({
      inputs: { x, h },
      outputs: gru(2, 3, { initialStates: true, bidirectional: true })(x, h),
    });
  }, /gru 'gru': states to begin with are 3 a sample, expected 2×3/);
  assert.throws(
    () => sequential([lstm(2, 3, { resetAfter: false } as never)], { input: [4, 2] }),
    /lstm: unknown option 'resetAfter'/,
  );
  assert.throws(
    () => gru(2, 3, { recurrentActivation: 'tanh' as never }),
    /gru: recurrentActivation is 'tanh', expected one of sigmoid, hardSigmoid/,
  );
});

test.run();
