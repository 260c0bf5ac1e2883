/**
 * Mixup: the samples of a step are compared with blends made by hand, and have the same bits with any number of workers.
 */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { samplesOf } from '../../src/data/forms.js';
import type { AnyDataset, Dataset, TensorDataset } from '../../src/data/dataset.js';
import { digits } from '../../src/data/digits/index.js';
import { shuffledOrder } from '../../src/data/shuffle.js';
import { transformed } from '../../src/data/transforms/transformed.js';
import * as t from '../../src/data/transforms/index.js';
import {
  add,
  flatten,
  functional,
  input,
  linear,
  sequential,
  tanh,
} from '../../src/layers/index.js';
import { lossTerms } from '../../src/losses/terms.js';
import { lenet5 } from '../../src/models/index.js';
import { sgd } from '../../src/optimizers/index.js';
import { purpose } from '../../src/random/purposes.js';
import { createBeta } from '../../src/random/beta.js';
import { splitSeed } from '../../src/random/philox.js';
import { createSession, type SessionRequest } from '../../src/crew/session.js';
import { gradientsOf } from '../../src/look/gradients-of.js';
import { availableNumerics, createInstance } from '../kernels/instance.js';
import { numbers } from '../support/numbers.js';

/** Two inputs, a class and two values; twelve samples. */
function net() {
  const [left, right] = [input([5]), input([3])];
  const [a, b, kind, value] = [linear(5, 6), linear(3, 6), linear(6, 3), linear(6, 2)];
  const hidden = tanh(add(a(left), b(right)));
  return functional({
    inputs: { left, right },
    outputs: { kind: kind(hidden), value: value(hidden) },
    layers: { a, b, kind, value },
  });
}

const SAMPLES = 12;
const loss = { kind: 'crossEntropy', value: { loss: 'meanSquaredError', weight: 0.7 } } as const;

const data: TensorDataset = {
  name: 'twelve',
  inputs: {
    left: { shape: [5], values: numbers(SAMPLES * 5, 1) },
    right: { shape: [3], values: numbers(SAMPLES * 3, 2) },
  },
  targets: {
    kind: { shape: [], values: Uint8Array.from({ length: SAMPLES }, (_, i) => (i * 5 + 1) % 3) },
    value: { shape: [2], values: numbers(SAMPLES * 2, 3) },
  },
  weights: Float32Array.from({ length: SAMPLES }, (_, i) => 0.5 + i / 8),
};

/** l of a step of the runs below. */
const shareOf = (alpha: number, step: number): number =>
  Math.fround(createBeta(alpha, purpose.mixup)(step, ...splitSeed(9)));

const open = async (request: Partial<SessionRequest> & { alpha?: number; shards?: number }) => {
  const { alpha = 0.7, shards = 2, ...rest } = request;
  const model = rest.model ?? net();
  const session = await createSession({
    model,
    terms: lossTerms(loss, ['kind', 'value']),
    numerics: 'strict',
    workers: 0,
    datasets: [samplesOf(data)],
    training: { optimizer: sgd({ lr: 1 }), batch: 7, shards, mixup: { alpha } },
    ...rest,
  });
  session.initialize(9);
  return session;
};

/**
 * A minibatch as samples of its own: each blend twice, with the sample's targets and with its partner's, weighted so
 * that the mean over both is the mixed loss.
 */
function blends(order: readonly number[], share: number): TensorDataset {
  const rest = Math.fround(1 - share);
  const size = order.length;
  const rows = (values: ArrayLike<number>, width: number, i: number) =>
    Array.from(values).slice(order[i]! * width, (order[i]! + 1) * width);
  const blended = (values: ArrayLike<number>, width: number) =>
    Float32Array.from(
      order.flatMap((_, i) => {
        const [own, other] = [rows(values, width, i), rows(values, width, size - 1 - i)];
        const mix = own.map((v, e) => share * v + rest * other[e]!);
        return [...mix, ...mix];
      }),
    );
  const both = (values: ArrayLike<number>, width: number) =>
    order.flatMap((_, i) => [...rows(values, width, i), ...rows(values, width, size - 1 - i)]);
  const { inputs, targets, weights } = data;
  return {
    name: 'blends',
    inputs: {
      left: { shape: [5], values: blended(inputs['left']!.values, 5) },
      right: { shape: [3], values: blended(inputs['right']!.values, 3) },
    },
    targets: {
      kind: { shape: [], values: Uint8Array.from(both(targets['kind']!.values, 1)) },
      value: { shape: [2], values: Float32Array.from(both(targets['value']!.values, 2)) },
    },
    weights: Float32Array.from(
      both(weights as Float32Array, 1),
      (w, n) => 2 * w * (n % 2 === 0 ? share : rest),
    ),
  };
}

const assertNear = (found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void => {
  assert.is(found.length, expected.length);
  for (let e = 0; e < found.length; e++) {
    const difference = Math.abs(found[e]! - expected[e]!);
    assert.ok(difference < 3e-6, `${what}[${e}]: ${found[e]}, expected ${expected[e]}`);
  }
};

test('a step’s loss, right answers and gradients are those of the blends, in whole and last minibatches', async () => {
  const order = shuffledOrder(SAMPLES, 1, 1);
  for (const numerics of availableNumerics) {
    for (const shards of [1, 2, 7]) {
      const session = await open({ numerics, shards });
      // Larger than they are drawn, so that not all blends look the same class.
      const large = [...session.readWeights()].map(([k, w]) => [k, w.map((v) => v * 3)] as const);
      session.writeWeights(new Map(large));
      const model = net();
      for (const [position, from, to] of [
        [0, 0, 7],
        [1, 7, 12],
      ] as const) {
        const step = 5 + position;
        session.writeOrder(order);
        const before = session.readWeights();
        const [metrics] = await session.train(position, [[1]], step);
        const share = shareOf(0.7, step);
        const expected = blends([...order.subarray(from, to)], share);
        const { loss: mean, gradients } = await gradientsOf(model, before, expected, {
          loss,
          numerics,
        });
        const what = `${numerics}, ${shards} shards, step ${position}`;
        assertNear([metrics!.loss], [mean], what);
        const after = session.readWeights();
        for (const [name, gradient] of gradients) {
          const moved = before.get(name)!.map((w, e) => w - after.get(name)![e]!);
          assertNear(moved, gradient, `${what}: ${name}`);
        }
        // Right answers of y and of the partner's y count l and 1 − l, times the samples' weights; so does what they are of.
        session.writeWeights(before);
        const scored = await createSession({
          model,
          terms: lossTerms(loss, ['kind', 'value']),
          numerics,
          workers: 0,
          datasets: [samplesOf(expected)],
        });
        scored.writeWeights(before);
        const { hits } = await scored.evaluate(0, false);
        const weights = expected.weights as Float32Array;
        const right = hits!.reduce((sum, h, n) => sum + (h * weights[n]!) / 2, 0);
        const all = weights.reduce((sum, w) => sum + w / 2, 0);
        assertNear([metrics!.hits!, metrics!.answers!], [right, all], `${what}: hits`);
        if (position === 0) assert.is.not(Math.round(right), right, 'no right answer is mixed');
        await scored.close();
      }
      await session.close();
    }
  }
});

test('gradients are central differences of the mixed loss', async () => {
  const session = await open({});
  session.writeOrder(Uint32Array.from({ length: SAMPLES }, (_, i) => i));
  const weights = session.readWeights();
  const lossAt = async (changed: Map<string, Float32Array>) => {
    session.writeWeights(changed);
    return (await session.train(0, [[0]], 3))[0]!.loss;
  };
  session.writeWeights(weights);
  await session.train(0, [[1]], 3);
  const after = session.readWeights();
  const h = 2 ** -6;
  for (const [name, values] of weights) {
    for (let e = 0; e < values.length; e++) {
      const at = (value: number) =>
        lossAt(new Map([...weights, [name, values.map((v, i) => (i === e ? value : v))]]));
      const slope = ((await at(values[e]! + h)) - (await at(values[e]! - h))) / (2 * h);
      const found = values[e]! - after.get(name)![e]!;
      assert.ok(Math.abs(found - slope) < 5e-4, `${name}[${e}]: ${found}, slope ${slope}`);
    }
  }
  await session.close();
});

const images = transformed(digits({ count: 107, seed: 4 }), [
  t.randomAffine({ degrees: 10, translate: [0.1, 0.1] }),
  t.cutout({ size: 5 }),
]);
const classes = lossTerms('crossEntropy', ['output']);

/** Weights and metrics after an epoch and a half: 14 steps of 8, the last of 3. */
async function trainImages(
  set: AnyDataset,
  request: Partial<SessionRequest> & { shards?: number },
): Promise<[Map<string, Float32Array>, unknown]> {
  const { shards = 3, ...rest } = request;
  const session = await open({
    model: lenet5(),
    terms: classes,
    datasets: [samplesOf(set)],
    prefetchBytes: 1,
    training: { optimizer: sgd({ lr: 0.05 }), batch: 8, shards, mixup: { alpha: 0.4 } },
    ...rest,
  });
  const rates = Array.from({ length: 14 }, () => [0.05]);
  session.writeOrder(shuffledOrder(107, 1, 1), 1);
  const first = await session.train(0, rates, 0);
  session.writeOrder(shuffledOrder(107, 1, 2), 2);
  const second = await session.train(0, rates.slice(0, 7), 14);
  const weights = session.readWeights();
  await session.close();
  return [weights, [...first, ...second]];
}

const streamedOf = ({ samples, ...rest }: Dataset): AnyDataset => ({
  ...rest,
  reader: {
    type: 'uint8',
    read: (i, to) => to.set(samples.subarray(i * 784, (i + 1) * 784)),
  },
});

test('the same bits for 0, 1, 2, 3 and 5 workers, in memory and streamed, with transforms', async () => {
  for (const numerics of availableNumerics) {
    const expected = await trainImages(images, { numerics });
    for (const workers of [1, 2, 3, 5]) {
      const found = await trainImages(images, { numerics, workers });
      assert.equal(found, expected, `${numerics}, ${workers} workers`);
    }
    for (const workers of [0, 3]) {
      const found = await trainImages(streamedOf(images), { numerics, workers, decoders: 0 });
      assert.equal(found, expected, `${numerics}, ${workers} workers, streamed`);
    }
  }
});

test('other numbers of shards differ by rounding: pairs are the same whichever shard they are in', async () => {
  const [expected] = await trainImages(images, { shards: 1 });
  for (const shards of [2, 5, 8]) {
    const [found] = await trainImages(images, { shards });
    for (const [name, values] of expected) {
      const other = found.get(name)!;
      const difference = values.reduce((most, v, e) => Math.max(most, Math.abs(v - other[e]!)), 0);
      assert.ok(difference < 1e-4, `${name} with ${shards} shards: ${difference}`);
    }
  }
});

test('inputs are the blends of both samples’ own transforms', async () => {
  const model = sequential([flatten(), linear(784, 1)], { input: [1, 28, 28] });
  const { shape, samples: values } = images;
  const set: TensorDataset = {
    name: 'halves',
    inputs: { input: { shape, values, transforms: images.transforms! } },
    targets: { output: { shape: [1], values: new Float32Array(107).fill(0.5) } },
  };
  const terms = lossTerms('meanSquaredError', ['output']);
  const gradientOf = async (order: number[], mixup: boolean) => {
    const session = await createSession({
      model,
      terms,
      numerics: 'strict',
      workers: 0,
      datasets: [samplesOf(set)],
      training: {
        optimizer: sgd({ lr: 1 }),
        batch: order.length,
        shards: 1,
        ...(mixup ? { mixup: { alpha: 1 } } : {}),
      },
    });
    session.initialize(9);
    session.writeWeights(new Map([...session.readWeights()].map(([k, v]) => [k, v.fill(0)])));
    session.writeOrder(Uint32Array.from({ length: 107 }, (_, i) => order[i] ?? i));
    await session.train(0, [[1]], 6);
    const weights = session.readWeights();
    await session.close();
    return [...weights.values()].find(({ length }) => length === 784)!;
  };
  // (0 − ½)²: the gradient is the mean input but for its sign, and a minibatch’s blends have its samples’ mean.
  const order = [5, 17, 3, 60];
  assertNear(await gradientOf(order, true), await gradientOf(order, false), 'mean');
});

test('the kernel blends any number of values, and none behind them', async () => {
  for (const numerics of availableNumerics) {
    const { kernels, put, read } = await createInstance(numerics);
    for (let count = 1; count < 14; count++) {
      const [x, y] = [numbers(count, count), numbers(count, 99)];
      const [at, other] = [put(x), put(y)];
      const share = Math.fround(0.3);
      const rest = Math.fround(1 - share);
      kernels.blend(count, at, other, share, rest);
      const expected = x.map((v, e) => Math.fround(share * v) + Math.fround(rest * y[e]!));
      assert.equal(read(at, count), expected);
      assert.ok(Number.isNaN(read(at, count + 1)[count]));
    }
  }
});

test('without mixup nothing is laid out for it', async () => {
  const session = await open({
    training: { optimizer: sgd({ lr: 1 }), batch: 7, shards: 2 },
  });
  const { plan } = session;
  assert.is(plan.mixup, undefined);
  assert.is(
    plan.memory.regions.find(({ name }) => name === 'mixup'),
    undefined,
  );
  assert.ok(plan.datasets[0]!.columns.every(({ partner }) => partner === undefined));
  await session.close();
});

test.run();
