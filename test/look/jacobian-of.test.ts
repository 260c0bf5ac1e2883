/** Jacobians are PyTorch's, and follow the inputs and outputs that are named. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { add, batchNorm1d, conv2d, dropout, embedding, flatten } from '../../src/layers/index.js';
import { functional, input, linear, sequential, sigmoid, tanh } from '../../src/layers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { jacobianOf } from '../../src/look/jacobian-of.js';
import { initialWeights } from '../../src/trained/initial-weights.js';
import { createStepper } from '../../src/train/stepper.js';
import { sgd } from '../../src/optimizers/index.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { refusal } from '../support/refusal.js';

interface Case {
  weights: Record<string, string>;
  samples: string;
  jacobian: string;
}
const [golden] = loadGolden<Case>('jacobian');
const net = sequential(
  [conv2d(1, 2, 3, { padding: 1 }), tanh(), flatten(), linear(18, 3), sigmoid()],
  { input: [1, 3, 3], mean: 0.25, deviation: 0.5 },
);
const weights = new Map(Object.entries(golden!.weights).map(([name, w]) => [name, unpack(w)]));
const unlabelled = {
  name: 'four',
  inputs: { input: { shape: [1, 3, 3], values: unpack(golden!.samples) } },
  targets: {},
};

for (const numerics of ['strict', 'fused'] as const) {
  test(`the Jacobian of a net is PyTorch's, ${numerics}`, async () => {
    const { shape, values } = await jacobianOf(net, weights, unlabelled, { numerics });
    assert.equal(shape, [4, 3, 9]);
    // PyTorch's is by x, ours by (x − mean)/deviation, which the first layer sees.
    const byScaled = unpack(golden!.jacobian).map((value) => value * 0.5);
    assertClose(values, byScaled, 1e-5, 'jacobian');
  });
}

/** y = a·A + b·B, z = a·A, of which every Jacobian is one of the matrices. */
const [a, b] = [input([2]), input([3])];
const layers = { A: linear(2, 4, { bias: false }), B: linear(3, 4, { bias: false }) };
const z = layers.A(a);
const two = functional({ inputs: { a, b }, outputs: { y: add(z, layers.B(b)), z }, layers });
const data = {
  name: 'two',
  inputs: {
    a: { shape: [2], values: Float32Array.of(1, 2, 3, 4) },
    b: { shape: [3], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
  },
  targets: {},
};

test('output and input are those that are named', async () => {
  const drawn = await initialWeights(two, { seed: 4 });
  const [A, B] = ['A.weight', 'B.weight'].map((name) => Array.from(drawn.get(name)!));
  const of = async (options: object) => {
    const { shape, values } = await jacobianOf(two, drawn, data, options);
    return [shape, Array.from(values)];
  };
  assert.equal(await of({}), [
    [2, 4, 2],
    [...A!, ...A!],
  ]);
  assert.equal(await of({ by: 'b' }), [
    [2, 4, 3],
    [...B!, ...B!],
  ]);
  assert.equal(await of({ output: 'z' }), [
    [2, 4, 2],
    [...A!, ...A!],
  ]);
});

test('a row is the gradient of its output, as in evaluation', async () => {
  const model = sequential([linear(3, 8), batchNorm1d(8), tanh(), dropout(0.5), linear(8, 2)], {
    input: [3],
  });
  const drawn = await initialWeights(model);
  const values = Float32Array.of(0.5, -1, 2);
  const sample = { name: 'one', inputs: { input: { shape: [3], values } }, targets: {} };
  const found = await jacobianOf(model, drawn, sample, { numerics: 'strict' });
  for (const row of [0, 1]) {
    const labelled = {
      ...sample,
      targets: { output: { shape: [2], values: Float32Array.of(+(row === 0), +(row === 1)) } },
    };
    const { loss } = await gradientsOf(model, drawn, labelled, {
      numerics: 'strict',
      mode: 'evaluation',
      loss: 'squaredError',
    });
    // |y − e|² − |y|² is 1 − 2·y[row]: its gradient is −2 times the row.
    const zero = { ...sample, targets: { output: { shape: [2], values: new Float32Array(2) } } };
    const options = {
      numerics: 'strict',
      mode: 'evaluation',
      loss: 'squaredError',
      by: ['input'],
    } as const;
    const [one, none] = [
      await gradientsOf(model, drawn, labelled, options),
      await gradientsOf(model, drawn, zero, options),
    ];
    const expected = one.gradients
      .get('input')!
      .map((g, i) => (none.gradients.get('input')![i]! - g) / 2);
    assert.ok(loss > 0);
    assertClose(found.values.subarray(row * 3, row * 3 + 3), expected, 1e-4, `row ${row}`);
  }
});

test('what cannot be differentiated is refused', async () => {
  const drawn = await initialWeights(two);
  assert.is(
    await refusal(() => jacobianOf(two, drawn, data, { by: 'c' })),
    "jacobianOf: by is 'c', expected one of a, b",
  );
  assert.match(
    await refusal(() => jacobianOf(two, drawn, data, { output: 'a' })),
    /expected one of y, z/,
  );
  assert.match(await refusal(() => jacobianOf(two, new Map(), data)), /A\.weight/);
  const letters = sequential([embedding(5, 2), flatten(), linear(6, 2)], {
    input: [3],
    vocabulary: 5,
  });
  const tokens = {
    name: 'tokens',
    inputs: { input: { shape: [3], values: Int32Array.of(1, 2, 3) } },
    targets: {},
  };
  assert.match(
    await refusal(async () => jacobianOf(letters, await initialWeights(letters), tokens)),
    /input 'input' has whole numbers/,
  );
});

test('initial weights are those that a stepper begins with', async () => {
  const stepper = await createStepper(net, {
    optimizer: sgd({ lr: 1 }),
    seed: 9,
    workers: 0,
    numerics: 'strict',
  });
  const begun = stepper.weights();
  await stepper.close();
  assert.equal([...(await initialWeights(net, { seed: 9, numerics: 'strict' }))], [...begun]);
  assert.match(await refusal(() => initialWeights(net, { sede: 9 } as never)), /sede/);
});

test.run();
