/** `ops.gradients`: a gradient that is part of a graph, in layers of one's own. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { parameter, type Tensor } from '../../src/graph/tensor.js';
import {
  createStepper,
  defineLayer,
  functional,
  gradientsOf,
  input,
  linear,
  ops,
  sequential,
  sgd,
  tanh,
  type Layer,
} from '../../src/index.js';
import { evaluate } from '../../src/step/compute-tensors.js';

test('of x³ it is 3x², and its own gradient is 6x', async () => {
  const x = parameter('x', [4]);
  const cube = ops.multiply(x, ops.square(x));
  const [first] = ops.gradients(ops.sum(cube), [x]);
  const [second] = ops.gradients(ops.sum(first!), [x]);
  const values = Float32Array.of(-2, 0, 0.5, 3);
  const found = await evaluate([first!, second!], new Map([[x, values]]), { numerics: 'strict' });
  assert.equal([...found[0]!], [12, 0, 0.75, 27]);
  assert.equal([...found[1]!], [-12, 0, 3, 18]);
});

const net = sequential({ a: linear(3, 5), act: tanh(), b: linear(5, 2) }, { input: [3] });
const data = {
  inputs: [
    [0.1, 0.9, -0.4],
    [1, -1, 0.5],
    [-0.3, 0.2, 0.8],
  ],
  labels: [0, 1, 1],
};

const crossEntropy = (scores: Tensor, label: Tensor) =>
  ops.negate(ops.pick(ops.logSoftmax(scores), label));

/** A model of the gradient of a net's figure of each sample, such as its cross-entropy, by the sample. */
function sloping(net: Layer, figure: (scores: Tensor, label: Tensor) => Tensor) {
  const slope = defineLayer(
    'slope',
    {},
    (scope, x: Tensor, label: Tensor) => {
      return ops.gradients(ops.sum(figure(scope.apply('', net, x), label)), [x])[0]!;
    },
    2,
  );
  const [x, label] = [input([3]), input([], { vocabulary: 2 })];
  return functional({
    inputs: { x, label },
    outputs: { slope: slope(x, label) },
    layers: { slope },
  });
}

test('a layer gives the gradient that gradientsOf finds by the input', async () => {
  for (const workers of [0, 2]) {
    const stepper = await createStepper(sloping(net, crossEntropy), {
      optimizer: sgd({ lr: 0.1 }),
      loss: { slope: 'squaredError' },
      numerics: 'strict',
      workers,
      batch: 3,
      shards: 3,
    });
    const weights = new Map(
      [...stepper.weights()].map(([name, values]) => [name.replace('slope.', ''), values]),
    );
    assert.ok(weights.has('a.weight'), 'the parameters are named as if they were the layer’s');
    const { scores } = await stepper.predict({
      x: { shape: [3], values: Float32Array.from(data.inputs.flat()) },
      label: { shape: [], values: Int32Array.from(data.labels) },
    });
    const samples = {
      name: 'three',
      inputs: { input: { shape: [3], values: Float32Array.from(data.inputs.flat()) } },
      targets: { output: { shape: [], values: Int32Array.from(data.labels) } },
    };
    const options = { by: ['input'], numerics: 'strict' } as const;
    const { gradients } = await gradientsOf(net, weights, samples, options);
    // gradientsOf takes the mean over the three samples, the layer each sample's own loss.
    const expected = gradients.get('input')!.map((value) => value * 3);
    assert.ok(
      expected.every((value, i) => Math.abs(value - scores[i]!) < 1e-6 && value !== 0),
      `${[...scores]} and ${[...expected]}`,
    );

    await stepper.close();
  }
});

test('a loss of a gradient trains, with the gradients of central differences', async () => {
  // Double backpropagation (Drucker & Le Cun 1992), through the squares of a dense layer.
  const square = defineLayer('square', {}, (_, x) => ops.square(x));
  const squares = sequential({ a: linear(3, 5), act: square, b: linear(5, 2) }, { input: [3] });
  const stepper = await createStepper(sloping(squares, ops.pick), {
    optimizer: sgd({ lr: 0.1 }),
    loss: { slope: 'squaredError' },
    numerics: 'strict',
    workers: 0,
    batch: 3,
  });
  const targets = { slope: data.inputs.map(() => [0, 0, 0]) };
  const batch = { inputs: { x: data.inputs, label: data.labels }, targets };
  const { gradients } = await stepper.gradients(batch);
  for (const [name, at] of [
    ['slope.a.weight', 4],
    ['slope.b.weight', 3],
  ] as const) {
    const values = stepper.weights().get(name)!;
    const lossAt = async (shift: number) => {
      const moved = values.slice();
      moved[at]! += shift;
      stepper.setWeights(new Map([[name, moved]]));
      return (await stepper.loss(batch)).loss;
    };
    const difference = ((await lossAt(0.01)) - (await lossAt(-0.01))) / 0.02;
    stepper.setWeights(new Map([[name, values]]));
    const found = gradients.get(name)![at]!;
    assert.ok(Math.abs(found) > 1e-3, `${name}: ${found}`);
    assert.ok(Math.abs(found - difference) < 2e-3 * Math.abs(found), `${found} ${difference}`);
  }
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) losses.push((await stepper.step(batch)).loss);
  assert.ok(losses.at(-1)! < losses[0]! / 2, `${losses[0]} to ${losses.at(-1)}`);
  await stepper.close();
});

test('what cannot be differentiated is refused', () => {
  const x = parameter('x', [4]);
  const y = ops.sum(ops.square(x));
  const message = (make: () => unknown) => {
    try {
      make();
    } catch (error) {
      assert.instance(error, LanewiseError);
      return (error as LanewiseError).message;
    }
    return 'not refused';
  };
  assert.match(
    message(() => ops.gradients(x, [x])),
    /shape 4: expected a scalar/,
  );
  assert.match(
    message(() => ops.gradients(y, [parameter('z', [2])])),
    /no gradient by 'z'/,
  );
  assert.match(
    message(() => ops.gradients(y, x as never)),
    /^gradients: by is .*, expected a list of 1 or more/,
  );
  assert.match(
    message(() => ops.gradients(y, [3] as never)),
    /^gradients: by\[0\] is 3, expected a tensor/,
  );
  assert.match(
    message(() => ops.gradients(2 as never, [x])),
    /^gradients: y is 2, expected a tensor/,
  );
});

test.run();
