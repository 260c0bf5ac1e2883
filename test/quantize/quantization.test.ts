/** The setting `quantization`: the same bits for any workers, part of the run and of its description, resumed, checked. */
// slow: trains with every number of workers
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '../../src/data/digits/index.js';
import {
  batchNorm2d,
  conv2d,
  dropout,
  flatten,
  linear,
  maxPool2d,
  relu,
  sequential,
} from '../../src/layers/index.js';
import { momentum, sgd } from '../../src/optimizers/index.js';
import {
  calibrationOf,
  readCalibration,
  type Calibration,
  type CalibrationData,
} from '../../src/quantize/calibrated.js';
import { describeRun, differences } from '../../src/train/describe-run.js';
import { resolveSettings } from '../../src/train/resolve-settings.js';
import type { TrainSettings } from '../../src/train/settings.js';
import { train, trainEvents } from '../../src/train/train.js';
import { availableNumerics } from '../kernels/instance.js';
import { refusal } from '../support/refusal.js';

const net = () =>
  sequential(
    {
      c1: conv2d(1, 6, 5, { bias: false }),
      n1: batchNorm2d(6),
      r1: relu(),
      p1: maxPool2d(4),
      flat: flatten(),
      drop: dropout(0.1),
      out: linear(6 * 36, 10),
    },
    { input: [1, 28, 28] },
  );

/** Few steps, so that every rounding is felt. */
const found: CalibrationData = {
  samples: 64,
  range: 'minmax',
  ranges: { input: { scale: 1 / 8, zero: 0 }, c1: { scale: 1 / 4, zero: 0 } },
  float: [],
};
const quantization = calibrationOf(found);
const changed = (changes: Partial<CalibrationData>) => calibrationOf({ ...found, ...changes });

const settings = {
  data: digits({ count: 150, seed: 4 }),
  optimizer: momentum({ lr: 0.05 }),
  batch: 32,
  shards: 5,
  epochs: 2,
  seed: 3,
  numerics: 'strict',
  quantization,
} as const satisfies TrainSettings;

const hash = async (changes: object) =>
  (await train(net(), { ...settings, workers: 0, ...changes })).model.sha256();

test('the same weights for 0, 1, 2 and 3 workers, in both numerics', async () => {
  for (const numerics of availableNumerics) {
    const alone = await hash({ numerics });
    for (const workers of [1, 2, 3])
      assert.is(await hash({ numerics, workers }), alone, `${workers} workers`);
  }
});

test('the recorded bits: the same in every engine; ranges and layers that stay float are part of them', async () => {
  const expected = 'ba8b7808a63b162e984e88f9db7a74cb0eca7c63e03484cd792399930f174e4e';
  assert.is(await hash({}), expected);
  const { ranges } = found;
  const others = [
    undefined,
    changed({ ranges: { ...ranges, input: { scale: 1 / 7, zero: 0 } } }),
    changed({ ranges: { ...ranges, c1: { scale: 1 / 5, zero: 0 } } }),
    changed({ float: ['out'] }),
  ];
  const hashes = await Promise.all(others.map((one) => hash({ quantization: one })));
  assert.is(new Set([expected, ...hashes]).size, 1 + others.length);
});

test('validation has the same roundings, and a small learning rate moves weights between two steps', async () => {
  const validation = digits({ count: 100, seed: 5 });
  const still = { ...settings, optimizer: sgd({ lr: 0 }), validation, workers: 0, epochs: 1 };
  const [rounded, exact] = await Promise.all(
    [quantization, undefined].map((one) =>
      train(net(), { ...still, quantization: one } as TrainSettings),
    ),
  );
  assert.is.not(rounded!.history[0]!.valLoss, exact!.history[0]!.valLoss);
  const moved = await train(net(), { ...still, optimizer: sgd({ lr: 1e-5 }) });
  const weightOf = ({ model }: typeof moved) => model.weights.get('c1.weight');
  assert.equal(weightOf(rounded!), weightOf(exact!));
  assert.not.equal(weightOf(moved), weightOf(exact!));
});

test('it learns', async () => {
  const { history } = await train(net(), {
    ...settings,
    data: digits({ count: 2000 }),
    validation: digits({ count: 500, first: 1_000_000 }),
    epochs: 4,
    workers: 0,
  });
  const { valAccuracy } = history.at(-1)!;
  assert.ok(valAccuracy! > 0.8, `accuracy ${valAccuracy}`);
});

test('a run that was stopped ends with the bits of one that was not, and another calibration is another run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lanewise-quantization-'));
  try {
    const options = { folder, stepsPerEvent: 1, report: false } as const;
    for await (const event of trainEvents(net(), { ...settings, workers: 0 }, options))
      if (event.event === 'step' && event.step === 6) break;
    const other = changed({ ranges: { ...found.ranges, input: { scale: 1, zero: 0 } } });
    assert.match(
      await refusal(() =>
        train(
          net(),
          { ...settings, quantization: other, workers: 0 },
          { ...options, resume: true },
        ),
      ),
      /the run to resume is another one.*quantization/s,
    );
    const { model } = await train(net(), { ...settings, workers: 0 }, { ...options, resume: true });
    assert.is(await model.sha256(), await hash({}));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a run’s description has it, and that of a run without is what it was', async () => {
  const model = net();
  const describe = (one: Calibration | undefined) =>
    describeRun(model, resolveSettings(model, { ...settings, quantization: one } as TrainSettings));
  const [own, same, other, without] = await Promise.all(
    [
      quantization,
      readCalibration(JSON.parse(JSON.stringify(quantization))),
      changed({ ranges: { ...found.ranges, input: { scale: 1, zero: 0 } } }),
      undefined,
    ].map(describe),
  );
  assert.not.ok('quantization' in without!);
  assert.equal(differences(own!, same!), []);
  assert.equal(
    differences(own!, other!).map(({ name }) => name),
    ['quantization'],
  );
});

test('what cannot be is refused before training', async () => {
  const refused = (one: unknown) =>
    refusal(() => train(net(), { ...settings, quantization: one } as unknown as TrainSettings));
  const given = 'expected what calibrate or readCalibration of lanewise/quantize gives';
  assert.is(await refused(true), `train: quantization is true, ${given}`);
  assert.is(await refused(found), `train: quantization is an object, ${given}`);
  const lacks = (what: string) =>
    `train: the calibration has ${what}\na calibration belongs to the model that it was made with: calibrate(trained, data) makes one`;
  const { ranges } = found;
  const c9 = { ...ranges, c9: { scale: 1, zero: 0 } };
  assert.is(
    await refused(changed({ ranges: c9 })),
    lacks("a range for 'c9', which the model lacks"),
  );
  assert.is(await refused(changed({ ranges: {} })), lacks("no range for 'input' of the model"));
});

test('readCalibration reads what JSON has kept, and refuses anything else', async () => {
  const read = (changes: object) => refusal(() => readCalibration({ ...found, ...changes }));
  const at = "readCalibration: range of 'input'";
  for (const [range, refused] of [
    [{ scale: 0, zero: 0 }, `${at}: scale is 0, expected a finite number above 0`],
    [{ scale: 1, zero: 128 }, `${at}: zero is 128, expected a whole number from 0 to 127`],
    [{ scale: 1, zero: 0.5 }, `${at}: zero is 0.5, expected a whole number from 0 to 127`],
    [3, `${at}: scale is undefined, expected a finite number above 0`],
    [null, `${at}: scale is undefined, expected a finite number above 0`],
  ] as const)
    assert.is(await read({ ranges: { input: range } }), refused);
  assert.match(
    await refusal(() => readCalibration('{}')),
    /calibration is '{}', expected what JSON/,
  );
  assert.match(await read({ samples: 0 }), /samples is 0/);
  assert.match(
    await read({ range: 'mean' }),
    /range is 'mean', expected minmax, percentile, error/,
  );
  assert.match(await read({ float: [1] }), /float is \[1\], expected a list of layers/);
  assert.match(await read({ ranges: [] }), /ranges is \[\], expected an object/);
  assert.match(await read({ more: 1 }), /unknown option 'more'/);
  assert.is(JSON.stringify(readCalibration(quantization)), JSON.stringify(found));
});

test.run();
