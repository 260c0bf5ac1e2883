/**
 * Losses that are functions of outputs and targets: against PyTorch and central differences, with any workers, in files,
 * refused.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TensorDataset } from '../../src/data/dataset.js';
import { digits } from '../../src/data/digits/index.js';
import { streamOf } from '../../src/data/forms.js';
import { flatten, functional, input, linear, sequential, tanh } from '../../src/layers/index.js';
import { crossEntropy, type LossFunction } from '../../src/losses/index.js';
import * as ops from '../../src/ops/checked.js';
import { adam, sgd } from '../../src/optimizers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { train, trainEvents } from '../../src/train/train.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { availableNumerics } from '../kernels/instance.js';
import { centralDifferences } from '../reference/ops.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

const N = 7;
const scaled = (seed: number, factor: number, shift = 0) =>
  numbers(N, seed).map((value) => Math.fround(value * factor) + shift);

const x = input([4]);
const layers = { hidden: linear(4, 5), scores: linear(5, 3), value: linear(5, 1) };
const hidden = tanh(layers.hidden(x));
/** The net of make_function_losses.py, from which everything here comes. */
const net = functional({
  inputs: x,
  outputs: { scores: layers.scores(hidden), value: layers.value(hidden) },
  layers,
});
const weights = new Map(
  net.parameters.map(({ name, shape }, i) => [
    name,
    numbers(
      shape.reduce((a, b) => a * b, 1),
      i + 2,
    ),
  ]),
);
const actions = Int32Array.from({ length: N }, (_, i) => (i * 5) % 3);
const data: TensorDataset = {
  name: 'steps',
  inputs: { input: { shape: [4], values: numbers(N * 4, 1) } },
  targets: {
    action: { shape: [], values: actions },
    advantage: { shape: [], values: scaled(21, 2) },
    returns: { shape: [], values: scaled(22, 3) },
    old: { shape: [], values: scaled(23, 0.5, -1) },
    unread: { shape: [2, 2], values: new Float32Array(N * 4) },
  },
};
const weighted = { ...data, weights: scaled(24, 1, 1) };

const chosen: LossFunction = ({ scores }, { action }) => ops.pick(ops.logSoftmax(scores!), action!);
const flat = (values: ReturnType<LossFunction>) => ops.reshape(values, [-1]);

/** By the names of make_function_losses.py. */
const functions: Readonly<Record<string, LossFunction>> = {
  actor_critic(outputs, targets) {
    const logs = ops.logSoftmax(outputs['scores']!);
    const entropy = ops.negate(ops.sum(ops.multiply(ops.exp(logs), logs), 1));
    const error = ops.square(ops.subtract(flat(outputs['value']!), targets['returns']!));
    const gain = ops.multiply(chosen(outputs, targets), targets['advantage']!);
    return ops.subtract(ops.subtract(ops.scale(error, 0.5), gain), ops.scale(entropy, 0.01));
  },
  clipped(outputs, targets) {
    const ratio = ops.exp(ops.subtract(chosen(outputs, targets), targets['old']!));
    const gain = (by: typeof ratio) => ops.multiply(by, targets['advantage']!);
    return ops.negate(ops.minimum(gain(ratio), gain(ops.clamp(ratio, 0.8, 1.2))));
  },
  focal({ scores }, { action }) {
    const p = ops.pick(ops.softmax(scores!), action!);
    const rest = ops.subtract(ops.constant(1, [1]), p);
    return ops.negate(ops.multiply(ops.square(rest), ops.log(p)));
  },
  quantile({ value }, { returns }) {
    const d = ops.subtract(returns!, flat(value!));
    return ops.maximum(ops.scale(d, 0.9), ops.scale(d, -0.1));
  },
  likelihood({ scores, value }, { returns }) {
    const logVariance = flat(ops.slice(scores!, [[], [0, 1]]));
    const error = ops.square(ops.subtract(returns!, flat(value!)));
    return ops.scale(ops.add(logVariance, ops.divide(error, ops.exp(logVariance))), 0.5);
  },
  // n×1, which is one value a sample as well.
  generator: ({ value }) => ops.softplus(ops.negate(value!)),
  margin({ scores, value }) {
    const gap = ops.subtract(ops.min(scores!, 1), ops.max(scores!, 1));
    const size = ops.sqrt(ops.abs(flat(value!)));
    return ops.add(ops.relu(ops.add(gap, ops.constant(1, [1]))), size);
  },
};

interface Case {
  loss: string;
  weighted: boolean;
  mean: number;
  gradients: Record<string, string>;
}

for (const numerics of availableNumerics) {
  test(`losses and gradients (${numerics}) are PyTorch’s, with weights and without`, async () => {
    for (const golden of loadGolden<Case>('function-losses')) {
      const found = await gradientsOf(net, weights, golden.weighted ? weighted : data, {
        loss: functions[golden.loss]!,
        by: Object.keys(golden.gradients),
        numerics,
      });
      const what = `${golden.loss}${golden.weighted ? ', weighted' : ''}`;
      assertClose([found.loss], [golden.mean], 1e-5, what);
      for (const [name, values] of Object.entries(golden.gradients))
        assertClose(found.gradients.get(name)!, unpack(values), 1e-4, `${what} by ${name}`);
    }
  });
}

test('gradients are the central differences of the definition', async () => {
  const definition = (bias: Float64Array) => {
    let sum = 0;
    const at = (name: string) => weights.get(name)!;
    for (let n = 0; n < N; n++) {
      const row = data.inputs['input']!.values.subarray(n * 4, n * 4 + 4);
      const apply = (name: string, from: ArrayLike<number>, count: number, b: ArrayLike<number>) =>
        Array.from({ length: count }, (_, o) => {
          let y = b[o]!;
          for (let i = 0; i < from.length; i++)
            y += at(`${name}.weight`)[o * from.length + i]! * from[i]!;
          return y;
        });
      const h = apply('hidden', row, 5, bias).map(Math.tanh);
      const scores = apply('scores', h, 3, at('scores.bias'));
      const [value] = apply('value', h, 1, at('value.bias'));
      const total = Math.log(scores.reduce((s, score) => s + Math.exp(score), 0));
      const logs = scores.map((score) => score - total);
      const entropy = -logs.reduce((s, log) => s + Math.exp(log) * log, 0);
      const error = value! - data.targets['returns']!.values[n]!;
      const gain = logs[actions[n]!]! * data.targets['advantage']!.values[n]!;
      sum += 0.5 * error * error - gain - 0.01 * entropy;
    }
    return sum / N;
  };
  const { gradients } = await gradientsOf(net, weights, data, {
    loss: functions['actor_critic']!,
    by: ['hidden.bias'],
    numerics: 'strict',
  });
  const expected = centralDifferences(definition, weights.get('hidden.bias')!);
  assertClose(gradients.get('hidden.bias')!, expected, 1e-4, 'hidden.bias');
});

const settings: TrainSettings = {
  data: weighted,
  loss: functions['actor_critic']!,
  optimizer: adam({ lr: 0.01 }),
  epochs: 3,
  batch: 5,
  shards: 2,
  workers: 0,
  numerics: 'strict',
};

test('the weights have the same bits with 0, 1 and 3 workers, and there is no accuracy', async () => {
  const hashes = [];
  for (const workers of [0, 1, 3]) {
    const { model, history } = await train(net, { ...settings, workers });
    hashes.push(await model.sha256());
    assert.not('accuracy' in history[0]!);
    assert.ok(history.at(-1)!.loss < history[0]!.loss);
  }
  assert.is(new Set(hashes).size, 1);
});

/** Images, in memory or as they come: their labels are the target `labels`. */
const images = digits({ count: 64 });
const dense = sequential([flatten(), linear(784, 10)], { input: [1, 28, 28] });
const imageSettings = {
  optimizer: sgd({ lr: 0.1 }),
  epochs: 2,
  workers: 0,
  numerics: 'strict',
} as const;
const likelihood: LossFunction = ({ output }, { labels }) =>
  ops.negate(ops.pick(ops.logSoftmax(output!), labels!));

test('a function that says what crossEntropy does trains as it does', async () => {
  const whole = await train(dense, { ...imageSettings, data: images, loss: 'crossEntropy' });
  const stream = streamOf({
    name: 'numbers',
    shape: [1, 28, 28],
    classes: images.classes,
    length: 64,
    type: 'uint8',
    async *open() {
      for (let i = 0; i < 64; i++)
        yield { values: images.samples.subarray(784 * i, 784 * (i + 1)), label: images.labels[i]! };
    },
  });
  const byRecord: LossFunction = ({ output }, { labels }) =>
    crossEntropy().perSample(output!, labels!);
  for (const loss of [likelihood, byRecord]) {
    const found = await train(dense, { ...imageSettings, data: images, validation: images, loss });
    for (const [i, { loss: mean }] of found.history.entries())
      assertClose([mean], [whole.history[i]!.loss], 1e-5, 'loss of the epoch');
    assert.ok(found.history[0]!.valLoss! > found.history[1]!.valLoss!);
    const streamed = await train(dense, { ...imageSettings, data: stream, loss });
    assert.ok(streamed.history[1]!.loss < streamed.history[0]!.loss);
  }
});

test('mixup blends what the function makes of both targets', async () => {
  const mixup = { alpha: 1 };
  const [by, expected] = await Promise.all(
    [likelihood, 'crossEntropy' as const].map((loss) =>
      train(dense, { ...imageSettings, data: images, loss, mixup }),
    ),
  );
  assertClose([by!.history[1]!.loss], [expected!.history[1]!.loss], 1e-5, 'loss');
});

test('a data set without targets trains a function that reads none', async () => {
  const { inputs } = data;
  const loss = functions['generator']!;
  const { history } = await train(net, {
    ...settings,
    data: { name: 'z', inputs, targets: {} },
    loss,
  });
  assert.ok(history.at(-1)!.loss < history[0]!.loss);
});

test('a model file says that the loss was a function: it predicts, and cannot be scored', async () => {
  const { model } = await train(net, settings);
  assert.equal((await model.evaluate(data)).loss > 0, true);
  const loaded = decodeModel(encodeModel(model), 'custom.safetensors');
  const { inputs } = data;
  const before = await model.predict(inputs);
  assert.equal((await loaded.predict(inputs)).scores, before.scores);
  assert.equal(loaded.terms[0]!.loss.kind, 'function');
  assert.equal(loaded.terms[0]!.loss.settings, { targets: ['action', 'advantage', 'returns'] });
  assert.match(
    await refusal(() => loaded.evaluate(data)),
    /^the loss is a function, which files do not keep\npredict works/,
  );
});

test('a run goes on to the same bits with the same function, and is refused another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-function-'));
  try {
    const { model } = await train(net, settings);
    const options = { folder, stepsPerEvent: 1 };
    for await (const event of trainEvents(net, settings, options))
      if (event.event === 'epoch') break;
    const other: LossFunction = (outputs, targets) => ops.negate(chosen(outputs, targets));
    assert.match(
      await refusal(() => train(net, { ...settings, loss: other }, { folder, resume: true })),
      /the run to resume is another one:[^]*loss\.0\.sourceSha256: "[0-9a-f]{64}" in the checkpoint[^]*override loss$/,
    );
    const warnings: string[] = [];
    const resumed = await train(net, settings, {
      folder,
      resume: true,
      onWarning: ({ message }) => warnings.push(message),
    });
    assert.is(await resumed.model.sha256(), await model.sha256());
    assert.equal(warnings, [
      'loss is a function: that its text is the same has been checked, values that it takes from elsewhere have not',
    ]);
    await train(
      net,
      { ...settings, epochs: 4, loss: other },
      { folder, resume: { override: ['epochs', 'loss'] } },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

const wrong: readonly (readonly [loss: unknown, message: RegExp])[] = [
  [
    () => undefined,
    /^loss: the function returned undefined, expected one value for each of the 5 samples that it is tried with\na function with braces needs return$/,
  ],
  [() => 3, /^loss: the function returned 3, expected one value/],
  [async () => 3, /^loss: the function returned a promise, expected one value/],
  [
    ({ score }: never) => score,
    /^loss: the function asks for output 'score', expected one of 'scores', 'value'\ndid you mean 'scores'\?$/,
  ],
  [
    (_: never, { label }: never) => label,
    /^loss: the function asks for target 'label', expected one of 'action', /,
  ],
  [
    ({ value }: never) => ops.mean(value),
    /^loss: the function returned scalar, expected one value for each of the 5 samples that it is tried with\nsums and means over all axes but axis 0/,
  ],
  [({ scores }: never) => scores, /^loss: the function returned 5×3, expected one value/],
  [
    ({ scores }: never) => ops.mean(scores, 0),
    /^loss: the function returned 3, expected one value/,
  ],
  [
    (_: never, { action }: never) => action,
    /^loss: the function returned whole numbers, expected .*\nops.toFloats/,
  ],
  [
    (_: never, { returns }: never) => returns,
    /^loss: the function's result has no gradient by an output \('scores', 'value'\)$/,
  ],
  [({ value }: never) => ops.stopGradient(value), /has no gradient by an output/],
  [
    ({ scores }: never, { action }: never) => ops.pick(action, scores),
    /^pick 'loss': x 5 and index 5×3 \(f32\)/,
  ],
  [
    ({ scores }: never, { old }: never) => ops.multiply(scores, old),
    /^multiply 'loss': shapes 5×3 and 5 differ/,
  ],
  [
    ({ scores }: never) => ops.multiply(scores, 2 as never),
    /^multiply: b is 2, expected a tensor\n/,
  ],
  [
    ({ scores }: never) => (scores as { data: number[] }).data[0],
    /^loss: the function threw TypeError: /,
  ],
  [crossEntropy, /^loss is the function crossEntropy, expected a loss\ncall it: crossEntropy\(\)$/],
  [
    { scores: () => 1 },
    /^loss is a function, expected a loss or its name\na function of outputs and targets is the whole setting/,
  ],
];

for (const [loss, message] of wrong) {
  test(`refused: ${String(message)}`, async () => {
    assert.match(await refusal(() => train(net, { ...settings, loss } as never)), message);
  });
}

test('targets with weights, values that are not finite and missing targets are refused', async () => {
  const refused = (change: object) =>
    refusal(() =>
      train(net, { ...settings, data: { ...data, targets: { ...data.targets, ...change } } }),
    );
  const { old, returns } = data.targets;
  assert.match(
    await refused({ returns: { ...returns, weights: new Float32Array(N).fill(1) } }),
    /target 'returns': it has weights, which a loss that is a function does not see\nweights of the data set count/,
  );
  assert.match(
    await refused({
      returns: { ...returns, values: returns!.values.map((v, i) => (i ? v : NaN)) },
    }),
    /target 'returns': NaN of sample 0, expected a finite number\nsubset/,
  );
  const { returns: _, ...others } = data.targets;
  assert.match(
    await refusal(() => train(net, { ...settings, validation: { ...data, targets: others } })),
    /data set 'steps' has no target 'returns', found action, advantage, old, unread/,
  );
  assert.ok(old);
});

test.run();
