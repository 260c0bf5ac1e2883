/** A stepper's calls: forms of batches, what is refused, states, values that steppers share. */
// slow: a stepper for each wrong call
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { digits } from '../../src/data/digits/index.js';
import { subset } from '../../src/data/subset.js';
import {
  add,
  batchNorm1d,
  dropout,
  functional,
  input,
  linear,
  relu,
  sequential,
  softmax,
} from '../../src/layers/index.js';
import { crossEntropy } from '../../src/losses/index.js';
import { mlp } from '../../src/models/index.js';
import { adam, ema, lars, momentum, sgd, swa } from '../../src/optimizers/index.js';
import { loadModel } from '../../src/trained/model-store.js';
import { createStepper, type Stepper } from '../../src/train/stepper.js';
import type { StepperSettings } from '../../src/train/stepper-settings.js';
import type { StepData } from '../../src/train/minibatch.js';
import { LanewiseError } from '../../src/base/errors.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const xor = () => sequential({ l1: linear(2, 8), a1: relu(), l2: linear(8, 2) }, { input: [2] });

const inputs = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];
const labels = [0, 1, 1, 0];

const open = (settings: Partial<StepperSettings> = {}) =>
  createStepper(xor(), { optimizer: adam({ lr: 0.05 }), workers: 0, ...settings });

async function hashAfter(
  batch: StepData,
  settings: Partial<StepperSettings> = {},
): Promise<string> {
  const stepper = await open(settings);
  for (let i = 0; i < 3; i++) await stepper.step(batch);
  const hash = await (await stepper.model()).sha256();
  await stepper.close();
  return hash;
}

test('lists, typed arrays, names, fields and data sets are the same batch', async () => {
  const flat = Float32Array.from(inputs.flat());
  const expected = await hashAfter({ inputs, labels });
  const field = { shape: [2], values: flat };
  const same: readonly StepData[] = [
    { inputs: flat, labels: Int32Array.from(labels) },
    { inputs: flat, labels: Uint8Array.from(labels) },
    { inputs: inputs.flat(), labels },
    { inputs: { input: inputs }, labels: { output: labels } },
    { inputs: field, labels },
    {
      inputs: { input: field },
      targets: { output: { shape: [], values: Int32Array.from(labels) } },
    },
    {
      name: 'xor',
      inputs: { input: field },
      targets: { output: { shape: [], values: Int32Array.from(labels) } },
    },
    { samples: inputs, labels },
    { inputs, labels, weights: [1, 1, 1, 1] },
  ];
  for (const [i, batch] of same.entries()) assert.is(await hashAfter(batch), expected, `${i}`);
  const doubled = { inputs, labels, weights: [1, 2, 1, 1] };
  assert.is.not(await hashAfter(doubled), expected);
  const oneHot = labels.map((label) => [1 - label, label]);
  const settings = { loss: 'crossEntropy' } as const;
  assert.is.not(await hashAfter({ inputs, targets: oneHot }, settings), undefined);
});

test('targets are numbers to predict, and the default loss is theirs', async () => {
  const model = sequential({ l1: linear(2, 1) }, { input: [2] });
  const stepper = await createStepper(model, { optimizer: sgd({ lr: 0.1 }), workers: 0 });
  for (let i = 0; i < 200; i++) await stepper.step({ inputs, targets: [1, 3, 4, 6] });
  const { scores } = await stepper.predict([[1, 1]]);
  assert.ok(Math.abs(scores[0]! - 6) < 0.01, `${scores[0]}`);
  assert.equal((await stepper.model()).terms[0]!.loss.kind, 'meanSquaredError');
  await stepper.close();
});

test('several inputs and targets go by their names', async () => {
  const [a, b] = [input([2]), input([3])];
  const layers = { la: linear(2, 4), lb: linear(3, 4), lc: linear(4, 2), lv: linear(4, 1) };
  const both = add(layers.la(a), layers.lb(b));
  const model = functional({
    inputs: { a, b },
    outputs: { classes: layers.lc(both), value: layers.lv(both) },
    layers,
  });
  const stepper = await createStepper(model, {
    optimizer: 'adam',
    loss: { classes: 'crossEntropy', value: 'meanSquaredError' },
    workers: 0,
  });
  const batch = {
    inputs: { a: [1, 2], b: [[1, 2, 3]] },
    labels: { classes: [1] },
    targets: { value: [0.5] },
  };
  const { samples, accuracy } = await stepper.step(batch);
  assert.is(samples, 1);
  assert.type(accuracy, 'number');
  assert.match(
    await refusal(() => stepper.step({ ...batch, labels: [1] })),
    /^batch: labels are one array, the loss has targets classes, value\nlabels: { classes: …, value: … }$/,
  );
  assert.match(
    await refusal(() => stepper.step({ ...batch, inputs: { a: [1, 2] } })),
    /has no input 'b', found a/,
  );
  await stepper.close();
});

const wrongBatches: readonly (readonly [batch: unknown, message: RegExp])[] = [
  [undefined, /^\w+: batch is undefined, expected an object with inputs/],
  [[1, 2], /^\w+: batch is \[1, 2\], expected an object/],
  [{ inputs, label: labels }, /^batch: unknown option 'label', .*\ndid you mean 'labels'\?/],
  [{ labels }, /^batch: inputs are undefined, expected an array, or one for each input/],
  [{ inputs }, /^data set 'batch' has no target 'output', found none/],
  [{ inputs: [1, 2, 3], labels: [1] }, /3 values are not whole samples of shape 2/],
  [
    { inputs: new Float32Array(3), labels: [1] },
    /^batch: input 'input' has 3 values, expected whole samples of 2/,
  ],
  [{ inputs: [[NaN, 1]], labels: [1] }, /NaN .*expected a finite number/],
  [{ inputs, labels: [0, 1, 2, 0] }, /label 2|2 of sample 2|classes/],
  [{ inputs, labels: [0, 1.5, 1, 0] }, /^batch: label 1\.5 at 1, expected class indices/],
  [{ inputs, labels: ['a', 'b', 'a', 'b'] }, /^batch: 'a' at 0, expected numbers/],
  [{ inputs, labels: [0, 1, 1] }, /^batch: 3 labels for 4 samples/],
  [
    {
      inputs,
      targets: [
        [NaN, 1],
        [0, 1],
        [0, 1],
        [0, 1],
      ],
    },
    /NaN/,
  ],
  [{ inputs: { x: inputs }, labels }, /^batch: the model has no input 'x', expected input/],
  [
    { inputs, labels, weights: [1, 1] },
    /weights are Float32Array of 2, expected a Float32Array of 4/,
  ],
  [{ inputs, labels, weights: [1, 1, 1, -1] }, /weight -1 of sample 3/],
  [
    { inputs: new Float32Array(130), labels: new Uint8Array(65) },
    /^a batch of 65 samples, expected at most 64\nthe setting batch .*: batch: 65$/,
  ],
  [{ open: () => {} }, /^a streamed batch/],
];

test('wrong batches are refused by what is wrong, and change nothing', async () => {
  const stepper = await open({ loss: 'crossEntropy' });
  const before = stepper.weights();
  for (const call of ['step', 'gradients', 'loss'] as const)
    for (const [batch, message] of wrongBatches)
      assert.match(await refusal(() => stepper[call](batch as StepData)), message);
  assert.equal(stepper.weights(), before);
  assert.is(stepper.steps, 0);
  await stepper.step({ inputs, labels });
  await stepper.close();
});

const wrongSettings: readonly (readonly [settings: unknown, message: RegExp])[] = [
  [undefined, /^createStepper: settings is undefined/],
  [{}, /optimizer/],
  [{ optimizer: 'adm' }, /did you mean 'adam'/],
  [
    { optimizer: 'adam', epochs: 3 },
    /^createStepper: unknown option 'epochs', .*\nthe loop is yours/,
  ],
  [{ optimizer: 'adam', learningRate: 3 }, /unknown option 'learningRate'/],
  [{ optimizer: 'adam', batch: 0 }, /^createStepper: batch is 0/],
  [{ optimizer: 'adam', batch: 4, shards: 5 }, /^createStepper: shards is 5/],
  [{ optimizer: 'adam', workers: -1 }, /workers is -1/],
  [{ optimizer: 'adam', loss: 'crossentropy' }, /crossEntropy/],
  [{ optimizer: 'adam', freeze: ['l9'] }, /l9/],
  [{ optimizer: lars({ lr: 0.1 }), clipNorm: 1 }, /clipNorm with lars/],
  [
    { optimizer: 'adam', schedule: 'cosine' },
    /^createStepper: schedule is 'cosine', expected a function/,
  ],
  [{ optimizer: 'adam', average: swa() }, /^createStepper: average swa .*\nswa\({ from: 1000 }\)/],
  [{ optimizer: 'adam', share: {} }, /^createStepper: share is .*, expected a stepper/],
  [{ optimizer: 'adam', weights: new Map([['l3.bias', new Float32Array(1)]]) }, /l3\.bias/],
];

test('wrong settings are refused before anything is allocated', async () => {
  for (const [settings, message] of wrongSettings)
    assert.match(
      await refusal(() => createStepper(xor(), settings as StepperSettings)),
      message,
      JSON.stringify(settings),
    );
  assert.match(
    await refusal(() => createStepper(undefined as never, { optimizer: 'adam' })),
    /model/,
  );
  const stepper = await open({ schedule: () => NaN });
  assert.match(await refusal(() => stepper.step({ inputs, labels })), /schedule\(0\) is NaN/);
  assert.match(await refusal(() => stepper.step({ inputs, labels }, { lr: -1 })), /lr is -1/);
  assert.match(
    await refusal(() => stepper.step({ inputs, labels }, { rate: 1 } as never)),
    /unknown option 'rate'/,
  );
  await stepper.close();
});

test('gradients to apply are looked at', async () => {
  const stepper = await open();
  const refused = (gradients: unknown) => refusal(() => stepper.apply(gradients as never));
  assert.match(await refused(new Map()), /^apply before the first batch/);
  const { gradients, loss } = await stepper.gradients({ inputs, labels });
  assert.ok(loss > 0);
  assert.match(await refused({}), /^apply: gradients are .*, expected a Map/);
  assert.match(await refused(new Map()), /^apply: gradient of 'l1\.weight' is undefined/);
  const but = (name: string, values: Float32Array) => new Map([...gradients, [name, values]]);
  assert.match(await refused(but('l1.wait', new Float32Array(1))), /'l1\.wait' is not trained/);
  assert.match(
    await refused(but('l1.bias', new Float32Array(1))),
    /is 1 values, expected a Float32Array of 8/,
  );
  assert.match(
    await refused(but('l1.bias', new Float32Array(8).fill(Infinity))),
    /gradient of 'l1\.bias': Infinity at 0/,
  );
  assert.is(stepper.steps, 0);
  assert.equal(await stepper.apply(gradients, { lr: 0.5 }), { step: 1, rate: 0.5 });
  await stepper.close();
});

test('a loss that is not finite says where and when, and leaves the weights', async () => {
  const stepper = await open({ optimizer: sgd({ lr: 0.1 }) });
  await stepper.step({ inputs, labels });
  const weights = stepper.weights();
  weights.get('l2.bias')!.set([3e38, -3e38]);
  stepper.setWeights(weights);
  const sick = { inputs, labels };
  const message =
    /^the loss became (NaN|Infinity) in step 2: .*'l2'.*; the weights are as they were before/;
  assert.match(await refusal(() => stepper.step(sick)), message);
  assert.match(await refusal(() => stepper.gradients(sick)), message);
  assert.match(
    await refusal(() => stepper.loss(sick)),
    /^the loss became (NaN|Infinity) after step 1: /,
  );
  assert.equal(stepper.weights(), weights);
  assert.is(stepper.steps, 1);
  await stepper.close();
});

test('loss is that of evaluation: dropout rests, nothing changes', async () => {
  const model = sequential(
    { l1: linear(2, 8), a1: relu(), d: dropout(0.5), l2: linear(8, 2) },
    { input: [2] },
  );
  const stepper = await createStepper(model, {
    optimizer: 'adam',
    loss: 'crossEntropy',
    workers: 2,
  });
  const weights = Float32Array.of(1, 0, 0.5, 1);
  const found = await stepper.loss({ inputs, labels, weights });
  const trained = await stepper.model();
  assert.equal(stepper.weights(), trained.weights);
  const { loss, accuracy } = await trained.evaluate({
    name: 'xor',
    inputs: { input: { shape: [2], values: Float32Array.from(inputs.flat()) } },
    targets: { output: { shape: [], values: Int32Array.from(labels) } },
    weights,
  });
  assert.equal(found, { loss, accuracy, samples: 4 });
  await stepper.close();
});

test('loss takes as many samples as a step, whatever came before', async () => {
  const data = digits({ count: 64 });
  const first = (count: number) =>
    subset(
      data,
      Array.from({ length: count }, (_, i) => i),
    );
  const settings = { optimizer: 'adam', loss: 'crossEntropy', workers: 0 } as const;
  const model = mlp();
  const stepper = await createStepper(model, settings);
  const trained = await stepper.model();
  for (let count = 1; count <= 64; count++) {
    const { loss, accuracy } = await trained.evaluate(first(count), { workers: 0 });
    assert.equal(await stepper.loss(first(count)), { loss, accuracy, samples: count });
  }
  await stepper.close();
  for (const workers of [0, 1])
    for (const count of [33, 56, 64]) {
      const fresh = await createStepper(model, { ...settings, workers });
      const { loss } = await trained.evaluate(first(count), { workers: 0 });
      assert.is((await fresh.loss(first(count))).loss, loss);
      await fresh.close();
    }
});

test('losses of more samples than one job scores are those of evaluation, and nothing changes', async () => {
  // 4096 samples are a job; of 200,000 scores 83, which are no whole number of blocks.
  for (const [classes, count] of [
    [2, 9000],
    [200_000, 100],
  ] as const) {
    const model = sequential(
      { l1: linear(2, 3), a1: relu(), l2: linear(3, classes) },
      { input: [2] },
    );
    const data = {
      name: 'many',
      inputs: { input: { shape: [2], values: numbers(2 * count, 1) } },
      targets: {
        output: { shape: [], values: Int32Array.from({ length: count }, (_, i) => i % 2) },
      },
      weights: Float32Array.from({ length: count }, (_, i) => 0.5 + (i % 3)),
    };
    for (const workers of classes === 2 ? [0, 1, 2] : [0]) {
      const settings = { optimizer: 'adam', loss: 'crossEntropy', batch: count, workers } as const;
      const stepper = await createStepper(model, settings);
      const trained = await stepper.model();
      const { loss, accuracy } = await trained.evaluate(data, { workers: 0 });
      for (let i = 0; i < 2; i++)
        assert.equal(await stepper.loss(data), { loss, accuracy, samples: count });
      assert.equal(stepper.weights(), trained.weights);
      await stepper.close();
    }
  }
});

test('labels that are ignored come and go; of nothing that counts there is no accuracy', async () => {
  const loss = crossEntropy({ ignoreIndex: -100 });
  const stepper = await open({ loss });
  const plain = await open({ loss });
  await stepper.step({ inputs, labels });
  await plain.step({ inputs, labels });
  assert.equal(stepper.weights(), plain.weights());
  await stepper.step({ inputs, labels: [0, -100, 1, 0] });
  const none = { inputs, labels: [-100, -100, -100, -100] };
  assert.equal(await stepper.loss(none), { loss: 0, samples: 4 });
  assert.equal(await stepper.step(none), { step: 3, loss: 0, samples: 4, rate: 0.05 });
  await Promise.all([stepper.close(), plain.close()]);
});

test('a batch too small for batch normalisation is refused, and the next is taken', async () => {
  const model = sequential({ l: linear(2, 2), n: batchNorm1d(2) }, { input: [2] });
  const stepper = await createStepper(model, { optimizer: 'adam', workers: 0 });
  const one = { inputs: [[1, 2]], labels: [1] };
  const message = /: the minibatch has 1 sample\ngive it 2 samples or more$/;
  assert.match(await refusal(() => stepper.step(one)), message);
  await stepper.step({ inputs, labels });
  assert.match(await refusal(() => stepper.step(one)), message);
  assert.is((await stepper.loss(one)).samples, 1);
  await stepper.close();
});

test('calls wait for each other; values are not read meanwhile', async () => {
  const stepper = await open();
  const [first, second] = await Promise.all([
    stepper.step({ inputs, labels }),
    stepper.step({ inputs, labels }),
  ]);
  assert.equal([first.step, second.step], [1, 2]);
  const running = stepper.step({ inputs, labels });
  assert.throws(() => stepper.weights(), /^weights while a step or another call is at work/);
  assert.throws(() => stepper.setWeights(new Map()), /^setWeights while/);
  await running;
  assert.is(stepper.weights().size, 4);
  await stepper.close();
  await stepper.close();
  assert.match(
    await refusal(() => stepper.step({ inputs, labels })),
    /^step: the stepper is closed$/,
  );
});

test('a state goes on to the same bits; others are refused by what differs', async () => {
  const optimizer = adam({ lr: 0.05 });
  const settings = { optimizer, loss: crossEntropy(), average: ema(), batch: 4, seed: 7 };
  const steps = async (stepper: Stepper, count: number) => {
    for (let i = 0; i < count; i++) await stepper.step({ inputs, labels });
  };
  const whole = await open(settings);
  await steps(whole, 5);
  const middle = await whole.state();
  await steps(whole, 4);
  const expected = await whole.state();
  await whole.restore(middle);
  assert.is(whole.steps, 5);
  await steps(whole, 4);
  assert.equal(await whole.state(), expected, 'going back');
  const later = await open(settings);
  await later.restore(middle);
  await steps(later, 4);
  assert.equal(await later.state(), expected, 'in another stepper');

  const folder = await mkdtemp(join(tmpdir(), 'stepper-'));
  const path = join(folder, 'state.safetensors');
  await later.save(path);
  const loaded = await loadModel(path);
  assert.equal(loaded.weights, later.weights(), 'the file is a model');
  const third = await open(settings);
  await third.restore(path);
  assert.equal(await third.state(), expected);

  const refused = async (bytes: Uint8Array, others: Partial<StepperSettings> = {}) => {
    const stepper = await open({ ...settings, ...others });
    const message = await refusal(() => stepper.restore(bytes));
    await stepper.close();
    return message;
  };
  assert.match(
    await refused(middle, { seed: 8 }),
    /^'state' was taken with seed 7, this stepper has 8\n/,
  );
  assert.match(
    await refused(middle, { optimizer: momentum({ lr: 0.05 }) }),
    /was taken with optimizer \{"kind":"adam"/,
  );
  assert.match(await refused(middle, { clipNorm: 1 }), /clipNorm none, this stepper has 1/);
  const damaged = middle.slice();
  damaged[damaged.length - 3]! ^= 1;
  assert.match(await refused(damaged), /was changed or cut short/);
  await writeFile(path, 'nothing');
  assert.match(await refusal(() => third.restore(path)), /safetensors|header|bytes/);
  await Promise.all([whole, later, third].map((stepper) => stepper.close()));
  await rm(folder, { recursive: true });
});

test('steppers that share values have each other’s, to the bit', async () => {
  const settings = { optimizer: momentum({ lr: 0.1 }), batch: 4, loss: 'crossEntropy' } as const;
  // The same net with more behind it: 'l1' and 'l2' are shared, 'l3' is not.
  const longer = sequential(
    { l1: linear(2, 8), a1: relu(), l2: linear(8, 2), s: softmax(), l3: linear(2, 2) },
    { input: [2] },
  );
  for (const workers of [0, 2]) {
    const first = await open({ ...settings, workers });
    const second = await createStepper(longer, {
      ...settings,
      workers,
      seed: 2,
      freeze: ['l2'],
      share: first,
    });
    const shared = (stepper: Stepper) => [...stepper.weights()].filter(([name]) => name < 'l3');
    assert.equal(shared(second), shared(first), 'from the beginning');
    const weights = new Map([['l1.bias', new Float32Array(8)]]);
    assert.match(
      await refusal(() => createStepper(longer, { ...settings, share: first, weights })),
      /^createStepper: weights has 'l1\.bias', whose values come from share/,
    );
    const begun = second.weights();
    await first.step({ inputs, labels });
    assert.equal(shared(second), shared(first));
    assert.is.not(second.weights().get('l1.bias')!.join(), begun.get('l1.bias')!.join());
    await second.step({ inputs, labels });
    assert.equal(shared(second), shared(first));
    const [l2] = [first.weights().get('l2.weight')!];
    await second.step({ inputs, labels });
    assert.equal(first.weights().get('l2.weight'), l2, 'who has it frozen leaves it');
    await first.close();
    await second.step({ inputs, labels });
    assert.not.equal(second.weights().get('l3.bias'), begun.get('l3.bias'));
    await second.close();
  }
});

test('steps in turns are the same as with one memory: a third stepper of the same net finds nothing new', async () => {
  const settings = { optimizer: sgd({ lr: 0.1 }), batch: 4, loss: 'crossEntropy' } as const;
  const alone = await open(settings);
  for (let i = 0; i < 6; i++) await alone.step({ inputs, labels });
  const first = await open(settings);
  const others = [first];
  for (let i = 0; i < 2; i++) others.push(await open({ ...settings, share: first, seed: i + 5 }));
  for (let i = 0; i < 6; i++) await others[i % 3]!.step({ inputs, labels });
  for (const one of others) assert.equal(one.weights(), alone.weights());
  await Promise.all([alone, ...others].map((stepper) => stepper.close()));
});

test('one that is not closed does not keep the process alive', async () => {
  const program = `
    const { createStepper, linear, sequential } = await import(${JSON.stringify(
      new URL('../../src/index.js', import.meta.url).href,
    )});
    const model = sequential({ l: linear(2, 2) }, { input: [2] });
    const stepper = await createStepper(model, { optimizer: 'adam', workers: 2 });
    await stepper.step({ inputs: [[1, 2]], labels: [1] });
    console.log('stepped');
  `;
  const started = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program],
    { timeout: 60_000 },
  );
  assert.is(stdout.trim(), 'stepped');
  assert.ok(performance.now() - started < 50_000);
});

test('errors are LanewiseErrors with kinds', async () => {
  const stepper = await open({ loss: crossEntropy() });
  await stepper.step({ inputs: [] as never, labels }).then(
    () => assert.unreachable(),
    (error) => {
      assert.instance(error, LanewiseError);
      assert.is(error.kind, 'data');
    },
  );
  await stepper.close();
});

test.run();
