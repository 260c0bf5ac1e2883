/**
 * Targets that count in part: weights of samples and of single values beside a target, and ignored labels.
 * Losses and gradients are PyTorch's, and the definition's by central differences; no bit depends on the workers.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Field, TensorDataset } from '../../src/data/dataset.js';
import { sequential as inOrder } from '../../src/data/samplers.js';
import { subset } from '../../src/data/subset.js';
import { sizeOf } from '../../src/graph/tensor.js';
import { functional, input, linear, scale, sequential } from '../../src/layers/index.js';
import { createLoss, crossEntropy, type Loss } from '../../src/losses/loss-kinds.js';
import { adam, sgd } from '../../src/optimizers/index.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train } from '../../src/train/train.js';
import * as reference from '../reference/losses.js';
import { assertClose, loadGolden, unpack } from '../support/golden.js';
import { createDraw, numbers } from '../support/numbers.js';
import { refusal } from '../support/refusal.js';

interface Case {
  kind: string;
  settings: Record<string, unknown>;
  shape: number[];
  x: string;
  targetShape: number[];
  isLabels: boolean;
  target: string | number[];
  weights: string | null;
  loss: number;
  gradient: string;
}

/** A loss of outputs that are the inputs, and its gradient by them. */
async function gradient(loss: Loss, shape: readonly number[], x: Float32Array, target: Field) {
  const [count, ...sample] = shape;
  const model = sequential([scale(1)], { input: sample });
  const data: TensorDataset = {
    name: `${loss.kind} of ${count}`,
    inputs: { input: { shape: sample, values: x } },
    targets: { output: target },
  };
  const options = { loss, by: ['input'], numerics: 'strict' } as const;
  const found = await gradientsOf(model, new Map(), data, options);
  return { loss: found.loss, gradient: found.gradients.get('input')! };
}

test('losses and gradients of what counts are PyTorch’s', async () => {
  for (const { kind, settings, shape, isLabels, target, ...golden } of loadGolden<Case>('counts')) {
    const weights = golden.weights === null ? undefined : unpack(golden.weights);
    const found = await gradient(createLoss({ kind, settings }), shape, unpack(golden.x), {
      shape: golden.targetShape.slice(1),
      values: isLabels ? Int32Array.from(target as number[]) : unpack(target as string),
      ...(weights ? { weights } : {}),
    });
    const what = `${kind} ${JSON.stringify(settings)} of ${shape.join('×')}, ${weights?.length ?? 'no'} weights`;
    assertClose([found.loss], [golden.loss], 1e-5, what);
    assertClose(found.gradient, unpack(golden.gradient), 2e-5, `${what}: gradient`);
  }
});

test('the gradient of the mean over what counts is that of its definition in doubles', async () => {
  const draw = createDraw(77);
  for (let round = 0; round < 12; round++) {
    const [n, T, C] = [1 + draw(0, 3), 1 + draw(0, 4), 2 + draw(0, 3)];
    const x = numbers(n * T * C, round + 1).map((v) => 3 * v);
    const labels = Int32Array.from({ length: n * T }, () =>
      draw(0, 2) === 0 ? -1 : draw(0, C - 1),
    );
    labels[0] = 0;
    const weights = Float32Array.from({ length: n * T }, () => draw(0, 3) / 2);
    weights[0] = 1;
    const definition = (values: ArrayLike<number>): number => {
      let [sum, all] = [0, 0];
      labels.forEach((label, i) => {
        if (label < 0) return;
        const row = Array.from({ length: C }, (_, c) => values[i * C + c]!);
        const oneHot = row.map((_, c) => Number(c === label));
        sum +=
          weights[i]! *
          reference.crossEntropy(
            row,
            oneHot,
            0,
            oneHot.map(() => 1),
          );
        all += weights[i]!;
      });
      return sum / all;
    };
    const loss = crossEntropy({ ignoreIndex: -1 });
    const target = { shape: [T], values: labels, weights };
    const found = await gradient(loss, [n, T, C], x, target);
    assertClose([found.loss], [definition(x)], 1e-5, `loss of ${n}×${T}×${C}`);
    const differences = Array.from(x, (value, i) => {
      const at = (change: number) =>
        definition(Array.from(x, (v, k) => (k === i ? value + change : v)));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    assertClose(found.gradient, differences, 1e-4, `gradient of ${n}×${T}×${C}`);
  }
});

/** Two outputs of four positions each: a class, ignored at some, and a value, missing at some. */
function partly(count: number, missing = NaN): TensorDataset {
  const x = numbers(count * 8, 5);
  const first = Float32Array.from({ length: count * 4 }, (_, i) => x[i * 2]!);
  const weights = first.map((_, i) => ((i * 7) % 5) * (0.5 + (i % 3)));
  return {
    name: 'partly',
    inputs: { input: { shape: [4, 2], values: x } },
    targets: {
      tag: {
        shape: [4],
        values: Int32Array.from(first, (v, i) =>
          i % 3 === 1 ? -100 : Number(v > 0) + Number(v > 0.5),
        ),
      },
      value: {
        shape: [4, 1],
        values: first.map((v, i) => (weights[i] === 0 ? missing : v / 2)),
        weights,
      },
    },
  };
}

function twoHeads() {
  const x = input([4, 2]);
  const [tag, value] = [linear(2, 3), linear(2, 1)];
  return functional({
    inputs: x,
    outputs: { tag: tag(x), value: value(x) },
    layers: { tag, value },
  });
}

const settings = {
  data: partly(53),
  loss: { tag: crossEntropy({ ignoreIndex: -100 }), value: 'meanSquaredError' },
  optimizer: adam({ lr: 0.05 }),
  epochs: 3,
  batch: 12,
  shards: 3,
  seed: 2,
  numerics: 'strict',
  workers: 0,
} as const satisfies TrainSettings;

test('the bits are the same for 0, 1 and 3 workers, with accumulation and mixup too', async () => {
  for (const more of [
    {},
    { accumulate: 2 },
    { mixup: { alpha: 0.4 } },
    { validation: partly(20) },
  ]) {
    const runs = await Promise.all(
      [0, 1, 3].map((workers) => train(twoHeads(), { ...settings, ...more, workers })),
    );
    const hashes = await Promise.all(runs.map(({ model }) => model.sha256()));
    assert.is(new Set(hashes).size, 1, JSON.stringify(more));
    const histories = runs.map(({ history }) =>
      JSON.stringify(
        history.map(({ loss, accuracy, valLoss, valAccuracy }) => [
          loss,
          accuracy,
          valLoss,
          valAccuracy,
        ]),
      ),
    );
    assert.is(new Set(histories).size, 1, `history with ${JSON.stringify(more)}`);
  }
});

test('shards, however many, give the gradient of the minibatch’s mean', async () => {
  const model = twoHeads();
  const weights = new Map(
    model.parameters.map(({ name, shape }, i) => [name, numbers(sizeOf(shape), i + 9)]),
  );
  const { gradients } = await gradientsOf(model, weights, settings.data, {
    loss: settings.loss,
    numerics: 'strict',
  });
  for (const shards of [1, 4, 53]) {
    const { model: moved } = await train(model, {
      ...settings,
      weights,
      shards,
      epochs: 1,
      batch: 53,
      optimizer: sgd({ lr: 1 }),
    });
    for (const [name, before] of weights) {
      const expected = before.map((value, i) => value - gradients.get(name)![i]!);
      assertClose(moved.weights.get(name)!, expected, 1e-5, `${name}, ${shards} shards`);
    }
  }
});

test('values of weight 0 are not read', async () => {
  const hashOf = async (missing: number) =>
    (await train(twoHeads(), { ...settings, data: partly(53, missing) })).model.sha256();
  const expected = await hashOf(0);
  for (const missing of [NaN, Infinity, 1e30]) assert.is(await hashOf(missing), expected);
});

test('accuracy and validation loss are those of what counts', async () => {
  const { model, history } = await train(twoHeads(), {
    ...settings,
    epochs: 120,
    validation: partly(20),
  });
  const last = history.at(-1)!;
  const data = partly(20);
  const { scores: tags } = await model.predict(data.inputs, undefined, 'tag');
  const { scores: values } = await model.predict(data.inputs, undefined, 'value');
  let [right, counted, logs, errors, all] = [0, 0, 0, 0, 0];
  const { tag, value } = data.targets;
  tag!.values.forEach((label, i) => {
    const row = tags.slice(i * 3, i * 3 + 3);
    if (label >= 0) {
      counted++;
      right += Number(row.indexOf(Math.max(...row)) === label);
      logs -= Math.log(row[label]!);
    }
    const weight = value!.weights![i]!;
    if (weight > 0) errors += weight * (values[i]! - value!.values[i]!) ** 2;
    all += weight;
  });
  assert.ok(last.accuracy! > 0.9, `accuracy ${last.accuracy}`);
  assertClose([last.valAccuracy!], [right / counted], 1e-6, 'accuracy');
  assertClose([last.valLoss!], [logs / counted + errors / all], 1e-5, 'loss');
  const { loss, accuracy } = await model.evaluate(data, { workers: 2 });
  assert.equal([loss, accuracy], [last.valLoss, last.valAccuracy]);
});

test('weights in the validation data alone change its figures, and no bit of the training', async () => {
  const whole = (data: TensorDataset): TensorDataset => ({
    ...data,
    targets: { value: { shape: [4, 1], values: data.targets['value']!.values } },
  });
  const only = {
    ...settings,
    loss: { value: 'meanSquaredError' },
    data: whole(partly(53, 3)),
  } as const;
  const plain = await train(twoHeads(), { ...only, validation: whole(partly(20, 3)) });
  const weighed = await train(twoHeads(), { ...only, validation: partly(20, NaN) });
  assert.is(await weighed.model.sha256(), await plain.model.sha256());
  assert.is.not(weighed.history[0]!.valLoss, plain.history[0]!.valLoss);
  const { loss } = await weighed.model.evaluate(partly(20));
  assert.is(loss, weighed.history.at(-1)!.valLoss);
});

test('weights that are all the same change nothing but roundings', async () => {
  const data = partly(53, 3);
  const value = data.targets['value']!;
  const run = async (weights: Float32Array | undefined) => {
    const { weights: _, ...field } = value;
    const { history } = await train(twoHeads(), {
      ...settings,
      data: {
        ...data,
        targets: { ...data.targets, value: weights ? { ...field, weights } : field },
      },
    });
    return history.map(({ loss }) => loss);
  };
  const expected = await run(undefined);
  for (const length of [53, 212])
    assertClose(await run(new Float32Array(length).fill(7)), expected, 1e-5, `${length} weights`);
});

test('a minibatch of which nothing counts changes nothing', async () => {
  const data = {
    name: 'half',
    inputs: { input: { shape: [2], values: numbers(16, 3) } },
    targets: {
      output: { shape: [], values: Int32Array.of(-1, -1, -1, -1, 0, 1, 0, 1) },
    },
  };
  const run = (loss: Loss, labels: Int32Array) =>
    train(sequential([linear(2, 2)], { input: [2] }), {
      data: { ...data, targets: { output: { shape: [], values: labels } } },
      loss,
      optimizer: sgd({ lr: 0.1 }),
      sampler: inOrder(),
      epochs: 2,
      batch: 4,
      numerics: 'strict',
      workers: 0,
    });
  const { history, model } = await run(
    crossEntropy({ ignoreIndex: -1 }),
    data.targets.output.values,
  );
  assert.ok(history.every(({ loss }) => Number.isFinite(loss)));
  assert.ok([...model.weights.values()].every((values) => values.every(Number.isFinite)));
  const message = await refusal(() =>
    run(crossEntropy({ ignoreIndex: 1 }), new Int32Array(8).fill(1)),
  );
  assert.match(message, /nothing of target 'output' of data set 'half' counts/);
});

test('metrics are of the rows that count', async () => {
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i % 4 === 3 ? -100 : i % 3));
  const x = numbers(80, 3);
  const data = (output: Field): TensorDataset => ({
    name: 'rows',
    inputs: { input: { shape: [2], values: x } },
    targets: { output },
  });
  const tagged = data({ shape: [], values: labels });
  const run = (validation: TensorDataset) =>
    train(sequential([linear(2, 3)], { input: [2] }), {
      data: tagged,
      validation,
      loss: crossEntropy({ ignoreIndex: -100 }),
      optimizer: sgd({ lr: 0.1 }),
      epochs: 1,
      metrics: ['f1', 'auc', 'recallWeighted', 'perplexity'],
      numerics: 'strict',
      workers: 0,
    });
  const counting = [...labels.keys()].filter((i) => labels[i]! >= 0);
  const [all, part] = [await run(tagged), await run(subset(tagged, counting))];
  const { perplexity, ...figures } = all.history[0]!.metrics!;
  const { perplexity: expected, ...others } = part.history[0]!.metrics!;
  assert.equal(figures, others);
  assertClose([perplexity!], [expected!], 1e-5, 'perplexity');
  assert.is(all.history[0]!.valAccuracy!.toFixed(6), part.history[0]!.valAccuracy!.toFixed(6));
});

test('a part of a data set has the weights of its samples', () => {
  const data = partly(6);
  const { value } = subset(data, [4, 1]).targets;
  const of = (i: number) => data.targets['value']!.weights!.slice(i * 4, i * 4 + 4);
  assert.equal([...value!.weights!], [...of(4), ...of(1)]);
  const perSample = { ...data.targets['value']!, weights: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const part = subset({ ...data, targets: { value: perSample } }, [4, 1]);
  assert.equal([...part.targets['value']!.weights!], [5, 2]);
});

test('weights that do not fit are refused by name', async () => {
  const base = partly(6);
  const run = (changes: Partial<Field>, loss: TrainSettings['loss'] = { value: 'l1' }) =>
    refusal(() =>
      train(twoHeads(), {
        ...settings,
        batch: 6,
        loss,
        data: { ...base, targets: { value: { ...base.targets['value']!, ...changes } } },
      }),
    );
  assert.match(
    await run({ weights: new Float32Array(5) }),
    /target 'value': weights are Float32Array of 5, expected a Float32Array of 6 or 24/,
  );
  assert.match(await run({ weights: [1] as never }), /weights are Array, expected a Float32Array/);
  assert.match(
    await run({ weights: new Float32Array(24).fill(-1) }),
    /weight -1 of value 0, expected a finite number of at least 0/,
  );
  assert.match(
    await run({ weights: new Float32Array(6) }),
    /nothing of target 'value' of data set 'partly' counts/,
  );
  assert.match(
    await run(
      { values: new Float32Array(24), weights: new Float32Array(24).fill(1) },
      { value: 'cosine' },
    ),
    /cosine 'value': .*weights for 4 values of a sample, .*expected one weight a sample/,
  );
  const weighted = { ...base.inputs['input']!, weights: new Float32Array(6) };
  const wrong = { ...base, inputs: { input: weighted } };
  assert.match(
    await refusal(() => train(twoHeads(), { ...settings, batch: 6, data: wrong })),
    /input 'input': there are weights, which only targets have/,
  );
  const byOutput = (weights: object) =>
    refusal(() =>
      train(twoHeads(), { ...settings, batch: 6, data: { ...base, weights: weights as never } }),
    );
  assert.match(
    await byOutput({ vlaue: new Float32Array(6) }),
    /weights for 'vlaue', expected one of tag, value\n.*value/,
  );
  assert.match(
    await byOutput({ value: new Float32Array(6) }),
    /'value', which has weights beside its values/,
  );
  assert.match(
    await byOutput({ tag: [1, 2] }),
    /target 'tag': weights are Array, expected a Float32Array of 6 or 24/,
  );
});

test.run();
