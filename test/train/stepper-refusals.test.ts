/** What a stepper must not do silently: forget a loss, mix up classes, read values late, share nothing. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { arrays } from '../../src/data/arrays.js';
import { digits } from '../../src/data/digits/index.js';
import {
  embedding,
  flatten,
  functional,
  input,
  linear,
  sequential,
  type Layer,
} from '../../src/layers/index.js';
import { huber, type LossSetting } from '../../src/losses/index.js';
import { loadModel } from '../../src/trained/model-store.js';
import { mlp } from '../../src/models/index.js';
import * as ops from '../../src/ops/index.js';
import { adam, sgd } from '../../src/optimizers/index.js';
import type { StepData } from '../../src/train/minibatch.js';
import { createStepper, type Stepper } from '../../src/train/stepper.js';
import type { StepperSettings } from '../../src/train/stepper-settings.js';
import { refusal } from '../support/refusal.js';

const small = () => sequential({ out: linear(2, 2) }, { input: [2] });
const settings = { optimizer: sgd({ lr: 0.1 }), workers: 0 } as const;
const inputs = [
  [1, 2],
  [3, 4],
];
const labels = [0, 1];
const values = {
  inputs,
  targets: [
    [3, 1],
    [1, 0],
  ],
};
const shares = {
  inputs,
  targets: [
    [0, 1],
    [1, 0],
  ],
};

const open = (others: Partial<StepperSettings> = {}) =>
  createStepper(small(), { ...settings, ...others });

/** Uses a stepper and closes it. */
async function using<T>(
  others: Partial<StepperSettings>,
  use: (stepper: Stepper) => Promise<T>,
): Promise<T> {
  const stepper = await open(others);
  try {
    return await use(stepper);
  } finally {
    await stepper.close();
  }
}

const stateAfter = (batch: StepData, others: Partial<StepperSettings> = {}) =>
  using(others, async (stepper) => {
    await stepper.step(batch);
    return stepper.state();
  });

const restoring = (state: Uint8Array, others: Partial<StepperSettings> = {}) =>
  using(others, (stepper) => refusal(() => stepper.restore(state)));

test('a state keeps the loss that its first batch decided', async () => {
  const first = await open();
  await first.step(values);
  const state = await first.state();
  const expected = await first.step(shares);
  await first.close();
  await using({}, async (second) => {
    await second.restore(state);
    assert.equal((await second.model()).terms[0]!.loss.kind, 'meanSquaredError');
    assert.equal(await second.step(shares), expected);
    await second.restore(state);
    assert.equal(await second.step(shares), expected, 'and again, once it has run');
  });
  await using({ loss: 'meanSquaredError' }, async (same) => {
    await same.restore(state);
    assert.equal(await same.step(shares), expected, 'the same loss, given');
  });
  await using({}, async (other) => {
    await other.step(shares);
    assert.match(
      await refusal(() => other.restore(state)),
      /^'state' was taken with loss .*"meanSquaredError".*, this stepper has .*"crossEntropy"/,
    );
  });
});

test('a state of another loss is refused by what differs', async () => {
  const lossOf =
    (factor: number): LossSetting =>
    ({ output }, { targets }) =>
      ops.mean(ops.abs(ops.subtract(output!, ops.scale(targets!, factor))), 1);
  const squares: LossSetting = ({ output }, { targets }) =>
    ops.mean(ops.square(ops.subtract(output!, targets!)), 1);
  const ofSquares = await stateAfter(values, { loss: 'meanSquaredError' });
  assert.match(await restoring(ofSquares, { loss: 'l1' }), /with loss .*, this stepper has .*"l1"/);
  assert.match(await restoring(ofSquares, { loss: squares }), /, this stepper has a function/);
  const ofHuber = await stateAfter(values, { loss: huber({ delta: 2 }) });
  assert.match(await restoring(ofHuber, { loss: huber({ delta: 1 }) }), /"delta":2.*"delta":1/);
  const ofFunction = await stateAfter(values, { loss: lossOf(1) });
  assert.match(
    await restoring(ofFunction, { loss: squares }),
    /^'state' was taken with loss a function whose text has SHA-256 \w{64}, this stepper has a function whose/,
  );
  assert.match(await restoring(ofFunction, {}), /with loss a function .*, this stepper has no f/);
  await using({ loss: lossOf(1) }, async (stepper) => {
    await stepper.restore(ofFunction);
    assert.is((await stepper.step(values)).step, 2);
  });
});

test('a state of another schedule is refused', async () => {
  const state = await stateAfter(values, { schedule: (step) => 1 / (step + 1) });
  assert.match(
    await restoring(state, { schedule: (step) => 2 / (step + 1) }),
    /^'state' was taken with schedule a function whose text has/,
  );
  assert.match(await restoring(state), /schedule a function .*, this stepper has no function/);
  await using({ schedule: (step) => 1 / (step + 1) }, (stepper) => stepper.restore(state));
});

const refused: readonly (readonly [batch: object, message: RegExp])[] = [
  [{ labels: [0, 2 ** 32 + 1] }, /^batch: label 4294967297 at 1, expected class indices below/],
  [{ labels: new Uint32Array([2 ** 31, 0]) }, /^batch: label 2147483648 at 0/],
  [
    { ...values, labels },
    /^batch: labels and targets are both given for 'output', expected one of them$/,
  ],
  [{ labels, weights: [0, 0] }, /^batch: the weights are all 0\none sample at least/],
  [{ labels, weights: { output: new Float32Array(2) } }, /^batch: the weights are all 0/],
];

test('batches that would be misread are refused, and change nothing', () =>
  using({ optimizer: adam() }, async (stepper) => {
    await stepper.step({ inputs, labels });
    const before = stepper.weights();
    for (const call of ['step', 'gradients', 'loss'] as const) {
      for (const [batch, message] of refused)
        assert.match(await refusal(() => stepper[call]({ inputs, ...batch } as StepData)), message);
      assert.match(
        await refusal(() => stepper[call](null as never)),
        new RegExp(`^${call}: batch is null`),
      );
    }
    assert.equal(stepper.weights(), before);
  }));

test('tokens that are not whole numbers of 32 bits are refused', async () => {
  const model = sequential(
    { e: embedding(4, 3), f: flatten(), out: linear(6, 2) },
    { input: [2], vocabulary: 4 },
  );
  const stepper = await createStepper(model, { ...settings, loss: 'crossEntropy' });
  await stepper.step({ inputs: [[1, 2]], labels: [1] });
  for (const wrong of [1.5, 2 ** 32 + 1, -1]) {
    const tokens = [[1, wrong]];
    const message = /input 'input' has .* at 1, expected whole numbers below 4 in/;
    assert.match(await refusal(() => stepper.step({ inputs: tokens, labels: [1] })), message);
    assert.match(await refusal(() => stepper.predict(tokens)), message);
  }
  await stepper.close();
});

test('batches of several named targets keep the names of each', async () => {
  const shared = input([2]);
  const layers = { animal: linear(2, 2), colour: linear(2, 2) };
  const outputs = { animal: layers.animal(shared), colour: layers.colour(shared) };
  const model = functional({ inputs: shared, outputs, layers });
  const stepper = await createStepper(model, { ...settings, loss: 'crossEntropy' });
  const batch = (animal: number[], colour: number[], classes: Record<string, string[]> = {}) => ({
    inputs,
    labels: { animal, colour },
    classes,
  });
  const animals = ['cat', 'dog'];
  const first = await stepper.loss(batch([0, 1], [1, 0], { animal: animals }));
  const second = batch([1, 0], [1, 0], { animal: ['dog', 'cat'], colour: ['red', 'blue'] });
  assert.equal(await stepper.loss(second), first);
  const third = batch([0, 1], [0, 1], { colour: ['blue', 'red'] });
  assert.equal(await stepper.loss(third), first);
  assert.equal((await stepper.model()).targetClasses, { animal: animals, colour: ['red', 'blue'] });
  await stepper.close();
});

test('a class is its name in every batch, and in the model', () =>
  using({}, async (stepper) => {
    const named = (...names: string[]) => arrays({ samples: inputs, labels: names });
    const catDog = await stepper.loss(named('cat', 'dog'));
    assert.equal(await stepper.loss({ inputs, labels: [0, 1] }), catDog);
    const dogs = await stepper.loss({ inputs, labels: [1, 1] });
    assert.equal(await stepper.loss(named('dog', 'dog')), dogs);
    assert.equal(await stepper.loss({ samples: inputs, labels: ['dog', 'dog'] }), dogs);
    assert.equal(await stepper.loss({ inputs, labels: [0, 0], classes: ['dog', 'cat'] }), dogs);
    assert.match(
      await refusal(() => stepper.step(named('emu', 'fox'))),
      /has 2 samples of classes that the stepper does not know: 'emu', 'fox'; /,
    );
    assert.equal((await stepper.model()).classes, ['cat', 'dog']);
    const state = await stepper.state();
    assert.equal((await loadModel(state)).classes, ['cat', 'dog']);
    await using({}, async (later) => {
      await later.restore(state);
      assert.equal(await later.loss(named('dog', 'dog')), dogs);
      assert.match(await refusal(() => later.step(named('emu', 'dog'))), /does not know: 'emu'/);
    });
  }));

test('what a call is given may change as soon as it has returned', async () => {
  const given = () => ({
    inputs: Float32Array.of(1, 2, 3, 4),
    targets: Float32Array.of(3, 1, 1, 0),
    weights: Float32Array.of(1, 2),
  });
  const loss = 'meanSquaredError';
  const quiet = await open({ loss });
  const hasty = await open({ loss });
  const expected = [await quiet.step(given()), await quiet.step(given())];
  const pending = [0, 1].map(() => {
    const batch = given();
    const step = hasty.step(batch);
    for (const array of Object.values(batch)) array.fill(50);
    return step;
  });
  assert.equal(await Promise.all(pending), expected);
  const { gradients } = await quiet.gradients(given());
  await hasty.gradients(given());
  const copies = new Map([...gradients].map(([name, array]) => [name, array.slice()]));
  const applied = hasty.apply(copies);
  for (const array of copies.values()) array.fill(50);
  await Promise.all([applied, quiet.apply(gradients)]);
  assert.equal(hasty.weights(), quiet.weights());
  const [samples, list] = [Float32Array.of(1, 2), [3, 4]];
  const scores = [(await quiet.predict(samples)).scores, (await quiet.predict([list])).scores];
  const predictions = [hasty.predict(samples), hasty.predict([list])];
  samples.fill(50);
  list.fill(50);
  assert.equal(
    (await Promise.all(predictions)).map((one) => one.scores),
    scores,
  );
  const bytes = Buffer.from(await quiet.state());
  const restored = hasty.restore(bytes);
  bytes.fill(0);
  await restored;
  await Promise.all([quiet.close(), hasty.close()]);
});

test('after bytes floats of 0 to 255 are refused', async () => {
  const data = digits({ count: 4 });
  const stepper = await createStepper(mlp(), { ...settings, loss: 'crossEntropy' });
  const floats = { inputs: Float32Array.from(data.samples), labels: data.labels };
  const message = /are floats that are whole numbers up to 255, .* bytes, which count 0 to 1/;
  const { loss } = await stepper.loss(data);
  for (const call of ['step', 'gradients', 'loss'] as const) {
    assert.match(await refusal(() => stepper[call](floats)), message);
    const lists = { inputs: [...data.samples], labels: [...data.labels] };
    assert.match(await refusal(() => stepper[call](lists)), message);
  }
  assert.match(await refusal(() => stepper.predict(floats.inputs)), message);
  const scaled = floats.inputs.map((value) => value / 255);
  assert.ok(Math.abs((await stepper.loss({ ...floats, inputs: scaled })).loss - loss) < 1e-5);
  await stepper.close();
});

test('steppers share parameters of one name and shape, and closed ones nothing', async () => {
  const first = await open();
  const of = (layers: Readonly<Record<string, Layer>>) => () =>
    createStepper(sequential(layers, { input: [2] }), { ...settings, share: first });
  assert.match(
    await refusal(of({ other: linear(2, 2) })),
    /no parameter of share: other\.weight, other\.bias; share has out\.weight, out\.bias\n/,
  );
  assert.match(
    await refusal(of({ out: linear(2, 3) })),
    /^createStepper: parameter 'out\.weight' is 3×2, and 2×2 in share\n/,
  );
  const second = await of({ out: linear(2, 2), more: linear(2, 2) })();
  await first.step({ inputs, labels });
  assert.equal(second.weights().get('out.bias'), first.weights().get('out.bias'));
  await first.close();
  assert.throws(() => first.weights(), /^weights: the stepper is closed$/);
  assert.match(
    await refusal(of({ out: linear(2, 2) })),
    /^createStepper: share: the stepper is closed$/,
  );
  assert.is(first.steps, 1);
  await second.close();
});

test('a function that returns the wrong shape is told what it was tried with', () =>
  using({ loss: ({ output }) => output! }, async (stepper) => {
    assert.match(
      await refusal(() => stepper.step(values)),
      /^loss: the function returned 5×2, expected one value for each of the 5 samples that it is tried with/,
    );
  }));

test.run();
