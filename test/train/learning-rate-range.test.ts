/** The learning-rate range test: what it suggests lies where training works, and follows from the settings alone. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  digits,
  findLearningRate,
  LanewiseError,
  linear,
  mlp,
  momentum,
  sequential,
  sgd,
  train,
  type RangeOptions,
  type RangeSettings,
  type RateRange,
} from '../../src/index.js';

const data = digits({ count: 1200 });
const validation = digits({ count: 300, first: 5000 });
const wide = { to: 100, steps: 160 };
const ofDigits: RangeSettings = { data, loss: 'crossEntropy', optimizer: momentum({ lr: 1 }) };

let found: RateRange;
test.before(async () => {
  found = await findLearningRate(mlp(), { ...ofDigits, workers: 0 }, wide);
});

test('rates grow by one factor, and the curve falls and then explodes', () => {
  const { points, stopped } = found;
  assert.is(points[0]!.rate, 1e-6);
  points.slice(1).forEach(({ rate }, i) => {
    assert.ok(Math.abs(rate / points[i]!.rate / 10 ** (8 / 159) - 1) < 1e-12);
  });
  const least = Math.min(...points.map(({ smoothed }) => smoothed));
  assert.ok(least < points[0]!.smoothed / 2, `${least}`);
  assert.match(stopped!, /^the loss (exploded|was not finite) at a rate of /);
  assert.ok(points.length < 160);
});

test('training at the suggested rate is better than at a thirtieth of it, or thirty times it', async () => {
  const lossAt = async (lr: number): Promise<number> => {
    const settings = { data, validation, loss: 'crossEntropy', epochs: 2, workers: 0 } as const;
    try {
      const { history } = await train(mlp(), { ...settings, optimizer: momentum({ lr }) });
      return history.at(-1)!.valLoss!;
    } catch (error) {
      assert.ok(error instanceof LanewiseError);
      return Infinity;
    }
  };
  const { suggestion, steepest, minimumOverTen } = found;
  assert.ok(Math.abs(suggestion! ** 2 / (steepest! * minimumOverTen!) - 1) < 1e-12);
  const [low, there, high] = [
    await lossAt(suggestion! / 30),
    await lossAt(suggestion!),
    await lossAt(suggestion! * 30),
  ];
  assert.ok(there < low && there < high, `${low} ${there} ${high} at ${suggestion}`);
});

test('the same bits with any number of workers', async () => {
  for (const workers of [1, 2])
    assert.equal(await findLearningRate(mlp(), { ...ofDigits, workers }, wide), found);
});

test('on a quadratic the suggestion is below the limit of stability, within a factor of 100', async () => {
  // The loss of y = w·x for targets 3·x + c is (w − 3)²·h and a constant, with h the mean of x²: descent is stable for rates below 1/h.
  for (const size of [0.5, 8]) {
    const values = Float32Array.from({ length: 256 }, (_, i) => (i % 2 ? size : -size));
    const line = {
      name: 'line',
      inputs: { input: { shape: [1], values } },
      targets: {
        output: { shape: [1], values: values.map((x, i) => 3 * x + (((i % 5) - 2) * size) / 10) },
      },
    };
    const model = sequential([linear(1, 1, { bias: false })], { input: [1] });
    const { suggestion, stopped } = await findLearningRate(model, {
      data: line,
      loss: 'meanSquaredError',
      optimizer: sgd({ lr: 0.1 }),
      batch: 32,
      workers: 0,
    });
    const limit = 1 / size ** 2;
    assert.ok(suggestion! < limit && suggestion! > limit / 100, `${suggestion} of ${limit}`);
    if (limit < 1) assert.match(stopped!, /^the loss/);
  }
});

test('without a fall there is no suggestion', async () => {
  const { points, ...others } = await findLearningRate(
    mlp(),
    { ...ofDigits, workers: 0 },
    { from: 1e-12, to: 1e-10, steps: 20 },
  );
  assert.is(points.length, 20);
  assert.equal(others, {});
});

test('settings of a whole run may stand there, a signal ends the test, points are told', async () => {
  const controller = new AbortController();
  const told: number[] = [];
  const { points, stopped } = await findLearningRate(
    mlp(),
    { ...ofDigits, validation, epochs: 3, schedule: 'cosine', keepBest: true, workers: 0 },
    {
      signal: controller.signal,
      onPoint({ rate }) {
        told.push(rate);
        if (told.length === 12) controller.abort();
      },
    },
  );
  assert.equal(
    points.map(({ rate }) => rate),
    told,
  );
  assert.is(points.length, 12);
  assert.is(stopped, 'the signal stopped it');
});

test('refuses what makes no range', async () => {
  const refused = async (
    message: RegExp,
    options: RangeOptions,
    more: Partial<RangeSettings> = {},
  ) => {
    try {
      await findLearningRate(mlp(), { ...ofDigits, ...more }, options);
    } catch (error) {
      assert.instance(error, LanewiseError);
      return assert.match((error as LanewiseError).message, message);
    }
    return assert.unreachable();
  };
  await refused(/from is 1 and to is 0.1, expected a range of rates, the lower one first/, {
    from: 1,
    to: 0.1,
  });
  await refused(/steps is 5, expected a whole number of at least 10/, { steps: 5 });
  await refused(/from is 0, expected a number above 0/, { from: 0 });
  await refused(/the optimizer has a rate of 0/, {}, { optimizer: sgd({ lr: 0 }) });
  await refused(/batch is 0/, {}, { batch: 0 });
  await refused(/train: unknown option 'lr'/, {}, { lr: 1 } as object);
});

test.run();
