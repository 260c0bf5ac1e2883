/** Schedules: the factor of every step of a run of 30 epochs against PyTorch's schedulers. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cosPi, exp, log, power } from '../../src/base/arithmetic.js';
import { LanewiseError } from '../../src/base/errors.js';
import { factorOf, schedule, type Schedule } from '../../src/optimizers/index.js';
import { loadGolden } from '../support/golden.js';

interface Case {
  kind: keyof typeof schedule;
  // oxlint-disable-next-line typescript/no-explicit-any
  options: any;
  factors: number[];
  /** The epochs' losses; the accuracies are 1 − loss/2. */
  history?: number[];
}

const STEPS_PER_EPOCH = 4;

function create({ kind, options }: Case): Schedule {
  if (kind !== 'warmup') return schedule[kind](options);
  const { steps, then, ...rest } = options;
  return schedule.warmup(steps, then === 'cosine' ? schedule.cosine() : 'constant', rest);
}

test('every schedule gives PyTorch’s rates', () => {
  const cases = loadGolden<Case>('schedules');
  assert.is(cases.length, 19);
  for (const golden of cases) {
    const made = create(golden);
    assert.is(made.kind, golden.kind);
    const steps = golden.factors.length;
    golden.factors.forEach((expected, i) => {
      const done = (golden.history ?? []).slice(0, Math.floor(i / STEPS_PER_EPOCH));
      const history = done.map((loss) => ({ loss, accuracy: 1 - loss / 2 }));
      const at = { step: i, steps, stepsPerEpoch: STEPS_PER_EPOCH, history };
      const found = factorOf(made, at);
      assert.ok(
        Math.abs(found - expected) <= 1e-6 * expected + 1e-12,
        `${golden.kind} ${JSON.stringify(golden.options)}: step ${i} is ${found}, expected ${expected}`,
      );
    });
  }
});

test('schedules are printed with all they were made with', () => {
  const made = schedule.warmup(5, schedule.cosine({ period: 3 }), { start: 0.1 });
  assert.is(
    JSON.stringify(made.settings),
    '{"steps":5,"start":0.1,"next":{"kind":"cosine","period":3,"multiplier":1,"min":0,"by":"epoch"}}',
  );
});

test('values out of range are refused by name', () => {
  const refused: [() => unknown, RegExp][] = [
    [() => schedule.step({}), /step takes either `every` or `milestones`/],
    [
      () => schedule.step({ every: 0 }),
      /schedule\.step: every is 0, expected a whole number of at least 1/,
    ],
    [() => schedule.cosine({ period: 1.5 }), /schedule\.cosine: period is 1.5/],
    [() => schedule.exponential({ gamma: -1 }), /schedule\.exponential: gamma is -1/],
    [
      () => schedule.oneCycle({ pctStart: 1 }),
      /schedule\.oneCycle: pctStart is 1, expected .* \[0, 1\)/,
    ],
    [() => schedule.warmup(0), /schedule\.warmup: steps is 0/],
    [() => schedule.warmup(3, 'linaer' as 'linear'), /schedule is 'linaer'/],
    [() => schedule.polynomial({ power: NaN }), /schedule\.polynomial: power is NaN/],
    [() => schedule.reduceOnPlateau({ patience: -1 }), /schedule\.reduceOnPlateau: patience is -1/],
    [
      () => schedule.reduceOnPlateau({ metric: 'los' as 'loss' }),
      /schedule\.reduceOnPlateau: metric is 'los', expected one of loss/,
    ],
  ];
  for (const [make, message] of refused) {
    assert.throws(
      make,
      (error: Error) => error instanceof LanewiseError && message.test(error.message),
    );
  }
});

test('a metric that needs validation data says so', () => {
  const made = schedule.reduceOnPlateau({ metric: 'valLoss' });
  const at = { step: 4, steps: 8, stepsPerEpoch: 4, history: [{ loss: 1, accuracy: 0 }] };
  assert.throws(
    () => made.factor(at),
    /reduceOnPlateau: the run's epochs have no 'valLoss', expected validation data/,
  );
});

test('our exp, log, cosine and powers agree with Math’s to 1e-14', () => {
  const near = (found: number, expected: number, what: string) =>
    assert.ok(
      Math.abs(found - expected) <= 1e-14 * Math.max(Math.abs(expected), 1e-2),
      `${what}: ${found}, expected ${expected}`,
    );
  for (let i = 0; i <= 1000; i++) {
    const x = (i - 500) / 37;
    near(exp(x) / Math.exp(x), 1, `exp ${x}`);
    near(1 + cosPi(x), 1 + Math.cos(Math.PI * (Math.abs(x) % 2)), `cosPi ${x}`);
    near(log(i / 50 + 1e-3), Math.log(i / 50 + 1e-3), `log ${i}`);
    near(power(i / 1000, 0.9), (i / 1000) ** 0.9, `power ${i}`);
    near(power(i / 1000, 2.5), (i / 1000) ** 2.5, `power ${i}`);
  }
  assert.is(exp(0), 1);
  assert.is(exp(1000), Infinity);
  assert.is(exp(-1000), 0);
  assert.is(cosPi(0.5), 0);
  assert.is(cosPi(1e9 + 1), -1);
});

test('a schedule says which figure it goes by: its factor changes with that of the epochs, and with no other', () => {
  const history = (worse: string) =>
    Array.from({ length: 30 }, (_, i) => ({
      loss: 1 / (i + 1),
      accuracy: 0.5 + i / 100,
      valLoss: 1 / (i + 1),
      valAccuracy: 0.5 + i / 100,
      [worse]: worse.endsWith('oss') ? 1 : 0.5,
    }));
  const at = (worse: string) => ({
    step: 120,
    steps: 400,
    stepsPerEpoch: 4,
    history: history(worse),
  });
  const figures = ['loss', 'accuracy', 'valLoss', 'valAccuracy'] as const;
  const plateaus = figures.map((metric) => schedule.reduceOnPlateau({ metric }));
  const made = [
    ...plateaus,
    ...plateaus.map((one) => schedule.warmup(4, one)),
    schedule.warmup(4, 'cosine'),
    schedule.oneCycle(),
    schedule.polynomial(),
  ];
  for (const one of made) {
    const moving = figures.filter(
      (figure) => factorOf(one, at(figure)) !== factorOf(one, at('none')),
    );
    assert.equal(moving, one.follows === undefined ? [] : [one.follows], one.kind);
  }
  assert.is(schedule.reduceOnPlateau().follows, 'validation');
});

test.run();
