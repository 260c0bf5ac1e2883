/** Runs that are resumed with something changed: updates are counted on, nothing is lost, and what is repeated is said. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '../../src/data/digits/index.js';
import { flatten, linear, sequential } from '../../src/layers/index.js';
import { mlp } from '../../src/models/index.js';
import {
  adam,
  adamW,
  ema,
  momentum,
  schedule,
  swa,
  type Optimizer,
} from '../../src/optimizers/index.js';
import { calibrationOf } from '../../src/quantize/calibrated.js';
import { trainEvents, type TrainOptions } from '../../src/train/train.js';
import { readMetrics } from '../../src/runs/metrics-log.js';
import { describeRun, presentDescription } from '../../src/train/describe-run.js';
import { checkResume } from '../../src/train/resume.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import { SETTINGS, type TrainSettings } from '../../src/train/settings.js';

async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-resume-'));
  try {
    await check(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The gradient is −1 always, so that each of Adam's updates is lr. */
const far = (n: number) => ({
  name: 'far',
  inputs: { input: { shape: [1], values: new Float32Array(n) } },
  targets: { output: { shape: [1], values: new Float32Array(n).fill(20) } },
});
const line = sequential({ out: linear(1, 1) }, { input: [1] });
const constant: TrainSettings = {
  data: far(640),
  loss: 'l1',
  optimizer: adam({ lr: 0.01 }),
  epochs: 2,
  batch: 32,
  shards: 1,
  numerics: 'strict',
  workers: 0,
};

interface Seen {
  readonly losses: number[];
  readonly rates: number[];
  readonly steps: number[];
  readonly warnings: string[];
}

async function go(
  folder: string,
  changes: Partial<TrainSettings>,
  options: TrainOptions,
  until?: number,
): Promise<Seen> {
  const seen: Seen = { losses: [], rates: [], steps: [], warnings: [] };
  const all = { folder, stepsPerEvent: 1, report: false, ...options };
  for await (const event of trainEvents(line, { ...constant, ...changes }, all)) {
    if (event.event === 'warning') seen.warnings.push(event.message);
    if (event.event !== 'step') continue;
    const { loss, rate, step } = event;
    seen.losses.push(loss);
    seen.rates.push(rate);
    seen.steps.push(step);
    if (step === until) break;
  }
  return seen;
}

const resumes: [string, Partial<TrainSettings>, Partial<TrainSettings>, string[], RegExp?][] = [
  ['nothing', {}, {}, []],
  ['a smaller batch', {}, { batch: 16 }, ['batch'], /minibatches of 16 after 160 of its 640/],
  ['a larger batch', {}, { batch: 64 }, ['batch'], /the last 32 of the 160 .* taken again/],
  ['fewer data', {}, { data: far(320) }, ['data'], /epoch 1 starts over.*\(data\): the 160/],
  ['another seed', {}, { seed: 9 }, ['seed'], /another order now \(seed\)/],
  ['more epochs', {}, { epochs: 3 }, ['epochs']],
  ['other shards', {}, { shards: 2 }, ['shards']],
  [
    'fewer updates an epoch',
    {},
    { stepsPerEpoch: 10 },
    ['stepsPerEpoch'],
    /after 160 of its 320 samples: none is repeated or skipped/,
  ],
  ['minibatches put together', {}, { accumulate: 2 }, ['accumulate'], /minibatches of 64/],
  [
    'another rule',
    {},
    { optimizer: adamW({ lr: 0.01, weightDecay: 0 }) },
    ['optimizer'],
    /optimizer starts over/,
  ],
  [
    'from another rule',
    { optimizer: momentum({ lr: 0.01 }) },
    { optimizer: adam({ lr: 0.01 }) },
    ['optimizer'],
    /over: adam cannot go on with the state of momentum/,
  ],
];
for (const [what, before, after, override, warning] of resumes) {
  test(`each of Adam’s updates is its rate after a resume with ${what}`, () =>
    inFolder(async (folder) => {
      await go(folder, before, {}, 5);
      const { losses, steps, warnings } = await go(
        folder,
        { ...before, ...after },
        { resume: { override } },
        14,
      );
      assert.equal(steps, [6, 7, 8, 9, 10, 11, 12, 13, 14]);
      losses.slice(1).forEach((loss, i) => {
        const update = (losses[i]! - loss) / 0.01;
        assert.ok(Math.abs(update - 1) < 2e-3, `update ${i}: ${update}`);
      });
      if (warning) assert.match(warnings.join('\n'), warning);
      else assert.equal(warnings, []);
    }));
}

const rates = (one: TrainSettings['schedule']) => async (folder: string) => {
  const changes = { epochs: 4, optimizer: adam({ lr: 1 }), ...(one ? { schedule: one } : {}) };
  const first = await go(folder, changes, {}, 30);
  const all = { ...changes, batch: 16 };
  const second = await go(folder, all, { resume: { override: ['batch'] } });
  return { before: first.rates, after: second.rates };
};

test('lines that the log has lost, and a checkpoint that is gone, are said, and in the log', () =>
  inFolder(async (folder) => {
    await go(folder, {}, { checkpoints: { everySteps: 4 } }, 25);
    const log = join(folder, 'metrics.jsonl');
    const isEpoch = (line: string) => line.startsWith('{"event":"epoch"');
    const lines = (await readFile(log, 'utf8')).split('\n');
    await writeFile(log, lines.filter((line) => !isEpoch(line)).join('\n'));
    await rm(join(folder, 'checkpoint.safetensors'));
    const { warnings } = await go(folder, {}, { resume: true });
    assert.equal(warnings, [
      `there is no '${join(folder, 'checkpoint.safetensors')}': going on from '${join(folder, 'checkpoint-previous.safetensors')}'`,
      `'${log}' has lost lines: of the finished epochs it lacks 1`,
    ]);
    const said = (await readMetrics(log)).filter(({ event }) => event === 'warning');
    assert.equal(
      said,
      warnings.map((message) => ({ event: 'warning', step: 24, message })),
    );
  }));

test('an optimizer that starts over for parameters that were frozen says so', () =>
  inFolder(async (folder) => {
    const frozen = { freeze: ['out.weight'] };
    await go(folder, frozen, {}, 5);
    const { warnings } = await go(folder, {}, { resume: { override: ['freeze'] } });
    assert.equal(warnings, [
      'the optimizer starts over: adam has no arrays for parameters that were frozen',
    ]);
  }));

test('schedules go on where they were when minibatches become smaller', async () => {
  // 20 steps an epoch, then 40: after 30 of 80 the run is at 60 of 160.
  const shares = {
    linear: (t: number) => 1 - t,
    cosine: (t: number) => (1 + Math.cos(Math.PI * t)) / 2,
    polynomial: (t: number) => (1 - t) ** 2,
  };
  for (const [name, one] of [
    ['linear', 'linear'],
    ['cosine', schedule.cosine()],
    ['polynomial', schedule.polynomial({ power: 2 })],
  ] as const) {
    await inFolder(async (folder) => {
      const { after } = await rates(one)(folder);
      assert.is(after.length, 100);
      after.forEach((rate, i) =>
        assert.ok(Math.abs(rate - shares[name]((60 + i) / 160)) < 1e-9, `${name} ${i}: ${rate}`),
      );
    });
  }
  await inFolder(async (folder) => {
    // By epochs: falls where epochs end. By steps: by updates.
    const { after } = await rates(schedule.step({ every: 1, gamma: 0.5 }))(folder);
    assert.equal([after[0], after[19], after[20], after[60]], [0.5, 0.5, 0.25, 0.125]);
  });
  await inFolder(async (folder) => {
    const { before, after } = await rates(schedule.step({ every: 25, gamma: 0.5, by: 'step' }))(
      folder,
    );
    assert.equal(
      [before[24], before[25], after[0], after[19], after[20]],
      [1, 0.5, 0.5, 0.5, 0.25],
    );
  });
  await inFolder(async (folder) => {
    // Ten steps of warming up are over at place 10 of 80, which is 20 of 160 now.
    const { after } = await rates(schedule.warmup(10, 'linear'))(folder);
    after.forEach((rate, i) =>
      assert.ok(Math.abs(rate - (1 - (40 + i) / 140)) < 1e-9, `warmup ${i}: ${rate}`),
    );
  });
});

test('a schedule that looks back sees no epochs before it came', () =>
  inFolder(async (folder) => {
    await go(folder, {}, {}, 21);
    const flat = schedule.reduceOnPlateau({ metric: 'loss', threshold: 0.99, patience: 0 });
    const { rates: found } = await go(
      folder,
      { epochs: 4, schedule: flat },
      { resume: { override: ['schedule', 'epochs'] } },
    );
    // The first epoch that it sees is the best; after the second the rate falls.
    assert.equal(
      [found[0], found[19 + 19], found[19 + 20]].map((rate) => rate!.toFixed(4)),
      ['0.0100', '0.0100', '0.0010'],
    );
  }));

test('the log keeps every epoch, and its steps rise, over resumes with other minibatches', () =>
  inFolder(async (folder) => {
    const settings: TrainSettings = {
      data: digits({ count: 320 }),
      optimizer: momentum({ lr: 0.02 }) as Optimizer,
      average: ema({ decay: 0.9 }),
      epochs: 4,
      batch: 32,
      numerics: 'strict',
      workers: 0,
    };
    const run = async (changes: Partial<TrainSettings>, options: TrainOptions, until?: number) => {
      const all = { folder, stepsPerEvent: 1, logEvery: 1, report: false, ...options };
      for await (const event of trainEvents(mlp(), { ...settings, ...changes }, all)) {
        if (event.event === 'step' && event.step === until) break;
        if (event.event === 'done') return event.result().history.map(({ epoch }) => epoch);
      }
      return undefined;
    };
    await run({}, {}, 25);
    await run({ batch: 64 }, { resume: { override: ['batch'] } }, 27);
    assert.equal(await run({ batch: 64 }, { resume: true }), [1, 2, 3, 4]);
    const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const events = lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    const of = (name: string, field: string) =>
      events.filter(({ event }) => event === name).map((event) => event[field]);
    assert.equal(of('epoch', 'epoch'), [1, 2, 3, 4]);
    assert.equal(
      of('step', 'step'),
      Array.from({ length: 33 }, (_, i) => i + 1),
    );
    assert.equal(of('epoch', 'step'), [10, 20, 28, 33]);
    assert.equal(of('start', 'resumedAt'), [undefined, 25, 27]);
  }));

test('an average that does not begin within the run is said', () =>
  inFolder(async (folder) => {
    const { warnings } = await go(folder, { average: swa({ from: 9 }) }, {});
    assert.equal(warnings, [
      'the average of the weights (swa) does not begin within the run: the model has the last weights',
    ]);
    assert.equal((await go(folder, { average: swa() }, { fresh: true })).warnings, []);
  }));

test('averages count the steps that are in them, after a resume with another batch or of another kind', () =>
  inFolder(async (folder) => {
    // Adam’s weights are 0.01, 0.02, …: each average of them is known.
    const start = { weights: new Map([['out.bias', new Float32Array(1)]]) };
    const weights = Array.from({ length: 90 }, (_, i) => (i + 1) * 0.01);
    const end = async (changes: Partial<TrainSettings>, override: string[]) => {
      let bias = NaN;
      const all = { ...constant, ...start, ...changes };
      for await (const event of trainEvents(line, all, {
        folder,
        report: false,
        resume: { override },
      }))
        if (event.event === 'done') bias = event.result().model.weights.get('out.bias')![0]!;
      return bias;
    };
    const near = (found: number, expected: number, what: string) =>
      assert.ok(Math.abs(found - expected) < 2e-3, `${what}: ${found}, expected ${expected}`);
    for (const options of [{}, { warmup: false }, { biasCorrection: true }]) {
      const average = ema({ decay: 0.9, ...options });
      await go(folder, { ...start, average }, { fresh: true }, 5);
      let r = NaN;
      weights.slice(0, 75).forEach((value, n) => {
        const share = average.share(n, 1, 1);
        r = n === 0 ? value : r + share * (value - r);
      });
      near(await end({ average, batch: 16 }, ['batch']), r, JSON.stringify(options));
    }
    await go(folder, { ...start, average: ema({ decay: 0.9 }) }, { fresh: true }, 5);
    const mean = weights.slice(5, 40).reduce((a, b) => a + b, 0) / 35;
    near(await end({ average: swa({ every: 'step', from: 0 }) }, ['average']), mean, 'swa');
  }));

/** For every setting another value: the type asks for one of each that is new. */
const others: Readonly<Record<keyof TrainSettings, Partial<TrainSettings>>> = {
  data: { data: digits({ count: 65 }) },
  validation: { validation: digits({ count: 11, first: 1000 }) },
  loss: { loss: 'squaredError' },
  optimizer: { optimizer: adam({ lr: 0.5 }) },
  schedule: { schedule: 'linear' },
  average: { average: ema() },
  sampler: { sampler: { kind: 'own', settings: {}, order: (n) => new Uint32Array(n) } },
  weights: { weights: new Map([['out.bias', new Float32Array(10)]]) },
  epochs: { epochs: 3 },
  batch: { batch: 16, shards: 1 },
  dropLast: { dropLast: true },
  stepsPerEpoch: { stepsPerEpoch: 1 },
  accumulate: { accumulate: 2 },
  shards: { shards: 2 },
  seed: { seed: 5 },
  numerics: { numerics: 'fused' },
  clipNorm: { clipNorm: 1 },
  clipValue: { clipValue: 1 },
  freeze: { freeze: ['out.bias'] },
  mixup: { mixup: { alpha: 0.2 } },
  quantization: {
    quantization: calibrationOf({
      samples: 1,
      range: 'minmax',
      ranges: { flat: { scale: 0.01, zero: 3 } },
      float: [],
    }),
  },
  validateEvery: { validateEvery: { steps: 3 } },
  metrics: { metrics: ['f1'] },
  earlyStopping: { earlyStopping: { patience: 3 } },
  keepBest: { keepBest: true },
  workers: { workers: 1 },
  decoders: { decoders: 1 },
  prefetchBytes: { prefetchBytes: 2 ** 22 },
};

test('no setting on which a weight depends escapes the comparison', async () => {
  const net = sequential({ flat: flatten(), out: linear(784, 10) }, { input: [1, 28, 28] });
  const base: TrainSettings = {
    data: digits({ count: 64 }),
    validation: digits({ count: 10, first: 1000 }),
    optimizer: adam(),
    epochs: 2,
    batch: 32,
    shards: 1,
    seed: 1,
    numerics: 'strict',
  };
  const describe = (settings: TrainSettings) => describeRun(net, resolveSettings(net, settings));
  const before = await describe(base);
  for (const [name, changes] of Object.entries(others)) {
    const now = await describe({ ...base, ...changes });
    const indifferent = ['workers', 'decoders', 'prefetchBytes'].includes(name);
    if (indifferent) {
      assert.equal(checkResume(before, now, []), [], name);
      continue;
    }
    assert.throws(() => checkResume(before, now, []), /the run to resume is another one/, name);
    assert.ok(checkResume(before, now, [name]).length > 0, name);
    if (typeof SETTINGS[name as keyof TrainSettings].described !== 'object')
      assert.equal(checkResume(before, now, [name]), [name]);
  }
  assert.throws(() => checkResume(before, before, ['epoch']), /'epoch' cannot be overridden/);
});

test('the description in a checkpoint of an earlier release is compared by the names of now', async () => {
  const now = {
    model: 1,
    batch: 8,
    validateEvery: { epochs: 2 },
    earlyStopping: { monitor: 'loss', patience: 3, minDelta: 0 },
    metrics: ['f1'],
  };
  const monitor = { name: 'loss', better: 'lower', minDelta: 0, patience: 3, keepsBest: false };
  const earlier = { model: 1, batch: 8, validationSteps: 20, monitor };
  assert.equal(presentDescription(earlier, now, 10), now);
  assert.equal(checkResume(earlier, now, [], 10), []);
  assert.throws(
    () => checkResume({ ...earlier, validationSteps: 10 }, now, [], 10),
    /validateEvery/,
  );
});

test.run();
