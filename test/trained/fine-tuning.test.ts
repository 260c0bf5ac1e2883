/** Heads and layers exchanged, models cut short, and what is trained from there: weights carry over by name. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { StreamedDataset } from '../../src/data/dataset.js';
import { streamOf } from '../../src/data/forms.js';
import { digits } from '../../src/data/digits/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import {
  add,
  batchNorm2d,
  chain,
  conv2d,
  flatten,
  functional,
  globalAvgPool2d,
  input,
  linear,
  maxPool2d,
  relu,
  residual,
  sequential,
  type Model,
} from '../../src/layers/index.js';
import { googLeNet, lenet5, mlp, resNet18, vgg11 } from '../../src/models/index.js';
import { momentum, sgd } from '../../src/optimizers/index.js';
import { encode, withTeacher } from '../../src/trained/feature-extraction.js';
import {
  featuresOf,
  replaceHead,
  replaceLayer,
  type Pretrained,
} from '../../src/trained/fine-tuning.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import { withWeights } from '../../src/trained/with-weights.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { distillation } from '../../src/losses/index.js';
import { assertClose } from '../support/golden.js';
import { numbers } from '../support/numbers.js';

/** A model with all of its weights drawn here; statistics are positive. */
function drawn(model: Model): Pretrained {
  const weights = model.parameters.map(({ name, shape }, i) => {
    const values = numbers(sizeOf(shape), i + 1);
    return [name, name.endsWith('running_var') ? values.map((v) => 1.5 + v) : values] as const;
  });
  return { model, weights: new Map(weights) };
}

const shapesOf = ({ parameters }: Model): Record<string, string> =>
  Object.fromEntries(parameters.map(({ name, shape }) => [name, shape.join('×')]));

/** A net with a chain, a residual block and a shared layer, wired at will. */
function wired() {
  const x = input([3, 8, 8]);
  const shared = conv2d(4, 4, 3, { padding: 1 });
  const [stem, block, side, fc] = [
    chain({ conv: conv2d(3, 4, 3, { padding: 1 }), norm: batchNorm2d(4), act: relu() }),
    residual({ conv1: conv2d(4, 4, 3, { padding: 1 }) }, { proj: conv2d(4, 4, 1) }),
    linear(4, 2),
    chain({ hidden: linear(4, 6), act: relu(), out: linear(6, 3) }),
  ];
  const y = globalAvgPool2d(add(shared(block(shared(stem(x)))), stem(x)));
  return functional({
    inputs: x,
    outputs: { main: fc(y), side: side(y) },
    layers: { stem, shared, blocks: { first: block }, side, fc },
  });
}

test('a head for other classes: the same kind, newly drawn, everything before it carried over', () => {
  const heads: [Model, string][] = [
    [lenet5(), 'output'],
    [mlp({ hidden: [20, 10] }), 'output'],
    [resNet18({ size: 32, classes: 10, width: 1 / 8 }), 'fc'],
    [vgg11({ size: 32, classes: 10, width: 1 / 8 }), 'classifier.6'],
    [wired(), 'fc.out'],
    [
      sequential({ c: conv2d(1, 4, 1), gap: globalAvgPool2d(), act: relu() }, { input: [1, 4, 4] }),
      'c',
    ],
  ];
  for (const [model, head] of heads) {
    const from = drawn(model);
    const to = replaceHead(from, { classes: 7 });
    const before = shapesOf(model);
    const after = shapesOf(to.model);
    for (const [name, shape] of Object.entries(after)) {
      const isHead = name.startsWith(`${head}.`);
      assert.is(to.weights.get(name), isHead ? undefined : from.weights.get(name), name);
      if (!isHead) assert.is(shape, before[name]);
      else assert.is(shape.split('×')[0], '7');
    }
    assert.equal(Object.keys(after), Object.keys(before));
    assert.equal([...to.model.outputs.values()][0], [7]);
  }
});

test('the head of another output, and a head of several layers', () => {
  const from = drawn(wired());
  const side = replaceHead(from, { classes: 5, output: 'side' });
  assert.equal([...side.model.outputs.values()], [[3], [5]]);
  assert.is(side.weights.has('fc.out.weight'), true);
  assert.is(side.weights.has('side.weight'), false);

  const deeper = chain({ hidden: linear(84, 20), act: relu(), out: linear(20, 3) });
  const { model, weights } = replaceHead(drawn(lenet5()), deeper);
  assert.equal(
    Object.keys(shapesOf(model)).filter((name) => !weights.has(name)),
    ['output.hidden.weight', 'output.hidden.bias', 'output.out.weight', 'output.out.bias'],
  );
  // A model alone passes nothing on.
  assert.is(replaceHead(lenet5(), { classes: 2 }).weights.size, 0);
  const small = { size: 64, width: 1 / 8 };
  const aux = replaceHead(drawn(googLeNet({ ...small, classes: 10 })), { classes: 4 });
  assert.equal([...aux.model.outputs.values()].map(String), ['4', '10', '10']);
});

test('layers are replaced by the names of their parameters, in chains and blocks, wherever they are applied', () => {
  const from = drawn(wired());
  const bare = (name: string, layer = conv2d(4, 4, 3, { padding: 1, bias: false })) => {
    const to = replaceLayer(from, name, layer);
    return Object.keys(shapesOf(to.model)).filter((parameter) => !to.weights.has(parameter));
  };
  assert.equal(bare('shared'), ['shared.weight']);
  assert.equal(bare('blocks.first.conv1'), ['blocks.first.conv1.weight']);
  assert.equal(bare('blocks.first.shortcut.proj'), ['blocks.first.shortcut.proj.weight']);
  assert.equal(bare('stem.act', batchNorm2d(4)), [
    'stem.act.weight',
    'stem.act.bias',
    'stem.act.running_mean',
    'stem.act.running_var',
  ]);
  assert.equal(bare('fc', linear(4, 9)), ['fc.weight', 'fc.bias']);
});

test('a model up to a layer computes what the whole one computes there', async () => {
  const { model, weights } = drawn(wired());
  const samples = numbers(5 * 192, 9);
  const run = async (from: Pretrained) =>
    (
      await withWeights(from.model, from.weights, { loss: 'l1', numerics: 'strict' }).predict(
        samples,
      )
    ).scores;
  const graph = model.graph(5, 'evaluation');
  for (const name of [
    'stem',
    'stem.conv',
    'stem.norm',
    'shared',
    'shared2',
    'blocks.first',
    'fc.hidden',
  ]) {
    const part = featuresOf({ model, weights }, name);
    const whole = graph.activations.find(({ layer }) => layer === name);
    const found = await run(part);
    if (whole) assert.is(found.length, sizeOf(whole.output.shape), name);
    assert.equal([...part.model.outputs.keys()], ['output']);
    for (const key of part.weights.keys()) assert.is(part.weights.get(key), weights.get(key));
  }
  // From a chain in the middle on, by hand: relu of what its norm gives is what the chain gives.
  const norm = await run(featuresOf({ model, weights }, 'stem.norm'));
  const stem = await run(featuresOf({ model, weights }, 'stem'));
  assert.equal(
    stem,
    norm.map((v) => Math.max(0, v)),
  );
  // The head alone on features is the whole.
  const data = { name: 'x', inputs: { input: { shape: [3, 8, 8], values: samples } }, targets: {} };
  const features = await encode({ model, weights }, data, {
    layer: 'globalAvgPool2d',
    numerics: 'strict',
    workers: 0,
  });
  const fc = sequential(
    { fc: chain({ hidden: linear(4, 6), act: relu(), out: linear(6, 3) }) },
    { input: [4] },
  );
  const own = new Map([...weights].filter(([name]) => name.startsWith('fc.')));
  const { scores } = await withWeights(fc, own, { loss: 'l1', numerics: 'strict' }).predict(
    features.inputs['input']!.values,
  );
  assert.equal([...scores], [...(await run({ model, weights }))]);
});

test('what cannot be replaced is refused by name', () => {
  const model = wired();
  const refusals: [() => unknown, RegExp][] = [
    [() => replaceLayer(model, 'shard', relu()), /no layer 'shard'.*did you mean 'shared'/],
    [() => replaceLayer(model, 'stem.con', relu()), /no layer 'stem.con'.*mean 'stem.conv'/],
    [() => replaceLayer(model, 'shared2', relu()), /'shared2' is layer 'shared' applied again/],
    [
      () => replaceLayer(model, 'side', relu as never),
      /'side' is replaced by a function, expected/,
    ],
    [() => replaceLayer(model, 'side', 3 as never), /'side' is replaced by 3, expected a layer/],
    [() => replaceLayer(model, 'stem.conv', conv2d(3, 5, 3)), /batchNorm2d? 'stem.norm'|channels/],
    [() => replaceLayer({} as never, 'a', relu()), /model is undefined/],
    [() => replaceHead(model, { classes: 0 }), /classes is 0, expected a whole number/],
    [
      () => replaceHead(model, { classes: 2, output: 'aux' }),
      /no output 'aux', expected one of main, side/,
    ],
    [() => replaceHead(sequential([relu()], { input: [2] }), { classes: 2 }), /no layer before it/],
    [
      () => replaceHead(sequential([batchNorm2d(2)], { input: [2] }), { classes: 2 }),
      /'0' is a batchNorm2d, expected linear, conv2d/,
    ],
    [() => featuresOf(model, 'blocks.first.conv1'), /inside 'blocks.first' \(residual\)/],
    [() => featuresOf(model, 'blocks'), /no layer 'blocks'/],
  ];
  for (const [attempt, message] of refusals) {
    let found = '';
    try {
      attempt();
    } catch (error) {
      assert.instance(error, LanewiseError, String(error));
      const { message: said, hint } = error as LanewiseError;
      found = `${said} ${hint ?? ''}`;
    }
    assert.match(found, message);
  }
});

const net = sequential(
  {
    conv1: conv2d(1, 4, 5),
    norm1: batchNorm2d(4),
    act1: relu(),
    pool1: maxPool2d(4),
    conv2: conv2d(4, 8, 3),
    norm2: batchNorm2d(8),
    act2: relu(),
    flat: flatten(),
    fc: linear(128, 10),
  },
  { input: [1, 28, 28], mean: 0.13, deviation: 0.31 },
);
const data = digits({ count: 120 });
const base: TrainSettings = {
  data,
  optimizer: momentum({ lr: 0.02 }),
  epochs: 2,
  batch: 24,
  shards: 3,
  numerics: 'strict',
  workers: 0,
};

test('frozen features, a rate for each group, a new head: the same bits for 0 to 3 workers', async () => {
  const first = (await train(net, base)).model;
  const { model, weights } = replaceHead(first, { classes: 12 });
  const tuned = await Promise.all(
    [0, 1, 2, 3].map(async (workers) => {
      const settings: TrainSettings = {
        ...base,
        weights,
        freeze: ['conv1', 'norm1', 'norm2.running_*'],
        optimizer: momentum({ lr: 0.02, groups: [{ match: 'conv2', lrFactor: 0.1 }] }),
        workers,
      };
      return (await train(model, settings)).model;
    }),
  );
  const hashes = await Promise.all(tuned.map((one) => one.sha256()));
  assert.equal(
    hashes,
    hashes.map(() => hashes[0]!),
  );
  const changed = [...weights].filter(([name, values]) =>
    tuned[0]!.weights.get(name)!.some((value, i) => value !== values[i]),
  );
  assert.equal(
    changed.map(([name]) => name),
    ['conv2.weight', 'conv2.bias', 'norm2.weight', 'norm2.bias'],
  );
});

test('with frozen statistics training computes what evaluation does, and passes gradients on', async () => {
  const { model, weights } = (await train(net, base)).model;
  const still = { weights, optimizer: sgd({ lr: 0 }), epochs: 1, batch: 120, shards: 1 };
  const lossOf = async (freeze: string[]) =>
    (await train(model, { ...base, ...still, freeze })).history[0]!.loss;
  const evaluated = (await withWeights(model, weights, { numerics: 'strict' }).evaluate(data)).loss;
  assert.ok(Math.abs((await lossOf(['running_mean', 'running_var'])) - evaluated) < 1e-6);
  assert.ok(Math.abs((await lossOf(['conv1'])) - evaluated) > 1e-3);
  // The other values of the layer are frozen, its statistics move, and it normalises by the minibatch.
  assert.is(await lossOf(['norm1.weight', 'norm1.bias']), await lossOf(['conv1']));

  // Gradients in evaluation are those of central differences.
  const options = { mode: 'evaluation', numerics: 'strict' } as const;
  const few = digits({ count: 6 });
  const { gradients } = await gradientsOf(model, weights, few, options);
  const around = async (name: string, i: number, step: number) => {
    const values = weights.get(name)!.slice();
    values[i] = values[i]! + step;
    return (
      await gradientsOf(model, new Map(weights).set(name, values), few, {
        ...options,
        by: ['fc.bias'],
      })
    ).loss;
  };
  for (const [name, i] of [
    ['norm1.weight', 1],
    ['norm1.bias', 2],
    ['norm2.weight', 3],
    ['conv2.bias', 5],
    ['fc.weight', 77],
  ] as const) {
    const step = 2e-3;
    const slope = ((await around(name, i, step)) - (await around(name, i, -step))) / (2 * step);
    assert.ok(
      Math.abs(gradients.get(name)![i]! - slope) < 2e-3 * Math.max(0.2, Math.abs(slope)),
      `${name}: ${gradients.get(name)![i]} and ${slope}`,
    );
  }
});

test('codes of a layer carry targets and weights on, and train a head as frozen features do', async () => {
  const trained = (await train(net, base)).model;
  const weighted = { ...data, weights: new Float32Array(120).fill(0.5) };
  const codes = await encode(trained, weighted, { layer: 'flat', workers: 2 });
  assert.equal(codes.inputs['input']!.shape, [128]);
  assert.is(codes.weights, weighted.weights);
  assert.equal(codes.targets, { output: { shape: [], values: data.labels } });
  const alone = await encode(trained, weighted, { layer: 'flat', workers: 0 });
  assert.equal(alone.inputs['input']!.values, codes.inputs['input']!.values);

  const plain = { ...base, epochs: 3, weights: trained.weights };
  const frozen = await train(net, { ...plain, freeze: ['conv*', 'norm*'] });
  const head = await train(sequential({ fc: linear(128, 10) }, { input: [128] }), {
    ...plain,
    data: { ...codes, weights: undefined } as never,
    weights: new Map([...trained.weights].filter(([name]) => name.startsWith('fc.'))),
  });
  for (const name of ['fc.weight', 'fc.bias'])
    assertClose(head.model.weights.get(name)!, frozen.model.weights.get(name)!, 1e-3, name);
});

test('a teacher’s logits join the targets; validation and evaluation do without them', async () => {
  const teacher = (await train(net, base)).model;
  const taught = await withTeacher(teacher, data, { workers: 0 });
  assert.equal(Object.keys(taught.targets), ['output', 'teacher']);
  assert.equal(taught.targets['teacher']!.shape, [10]);
  // Softmax of the logits are the teacher's scores.
  const { scores } = await teacher.predict(data.samples, data.shape);
  const logits = taught.targets['teacher']!.values.subarray(0, 10) as Float32Array;
  const powers = [...logits].map((v) => Math.exp(v));
  const sum = powers.reduce((a, b) => a + b);
  assertClose(
    scores.subarray(0, 10),
    powers.map((v) => v / sum),
    1e-5,
    'scores',
  );

  const student = mlp({ hidden: 8 });
  const settings: TrainSettings = {
    ...base,
    data: taught,
    validation: data,
    loss: distillation({ temperature: 2, alpha: 0.5 }),
  };
  const results = await Promise.all(
    [0, 1, 2, 3].map((workers) => train(student, { ...settings, workers })),
  );
  const hashes = await Promise.all(results.map(({ model }) => model.sha256()));
  assert.equal(
    hashes,
    hashes.map(() => hashes[0]!),
  );
  const [{ model, history }] = results as [(typeof results)[0]];
  // Half of the cross-entropy of the labels: what the data has a target for.
  const plain = await withWeights(student, model.weights, { numerics: 'strict' }).evaluate(data);
  assert.ok(Math.abs(history[1]!.valLoss! - plain.loss / 2) < 1e-5);
  assert.is(history[1]!.valAccuracy, plain.accuracy);
  const scored = await model.evaluate(data);
  assert.is(scored.loss, history[1]!.valLoss);
  assert.equal(scored.predictions, plain.predictions);
  const both = await train(student, { ...settings, validation: taught });
  assert.is(await both.model.sha256(), hashes[0]);
  assert.ok(both.history[1]!.valLoss! > history[1]!.valLoss!);
});

test('samples that are read or come when they are wanted have codes and a teacher too', async () => {
  const { samples, labels, ...rest } = data;
  const sample = (i: number) => samples.subarray(i * 784, (i + 1) * 784);
  const read: StreamedDataset = {
    ...rest,
    labels,
    reader: { type: 'uint8', read: (i, to) => to.set(sample(i)) },
  };
  const stream = streamOf({
    ...rest,
    length: labels.length,
    type: 'uint8',
    async *open() {
      for (const [i, label] of labels.entries()) yield { values: sample(i), label };
    },
  });
  const from = drawn(net);
  const options = { workers: 0, numerics: 'strict' } as const;
  const [codes, taught] = [
    await encode(from, data, options),
    await withTeacher(from, data, options),
  ];
  for (const other of [read, stream]) {
    const found = await encode(from, other, options);
    assert.equal(found.inputs, codes.inputs);
    assert.equal([...found.targets['output']!.values], [...labels]);
    const { inputs, targets } = await withTeacher(from, other, options);
    assert.equal(inputs, taught.inputs);
    assert.equal(targets['teacher'], taught.targets['teacher']);
  }
});

test('data that training needs and lacks is named', async () => {
  const loss = distillation();
  const settings = { ...base, epochs: 1, loss };
  const refuse = async (run: Promise<unknown>, message: RegExp) => {
    let found = '';
    await run.catch((error: unknown) => {
      assert.instance(error, LanewiseError);
      found = (error as LanewiseError).message;
    });
    assert.match(found, message);
  };
  await refuse(train(net, settings), /has no target 'teacher', found output/);
  const teacher = drawn(net);
  const taught = await withTeacher(teacher, data, { target: 'tutor' });
  await refuse(
    train(net, { ...settings, data: taught }),
    /no target 'teacher', found output, tutor/,
  );
  await refuse(withTeacher(teacher, taught, { target: 'tutor' }), /has a target 'tutor' already/);
  await refuse(withTeacher(teacher, data, { output: 'y' }), /the teacher has no output 'y'/);
  await refuse(encode({ model: net, weights: new Map() }, data), /weights of 'conv1.weight': none/);
  const only = { ...settings, loss: { loss: 'l1', target: 'x' } };
  await refuse(train(net, { ...only, loss: [only.loss as never] }), /no target 'x'/);
});

test.run();
