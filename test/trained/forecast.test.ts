/** Forecasters: they begin at the last value, learn, keep the series in their files, and forecast its next rows. */
// slow: trains recurrent nets
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { forecastFigures } from '../../src/baselines/index.js';
import { LanewiseError } from '../../src/base/errors.js';
import { csvSeries } from '../../src/data/series-csv.js';
import { seriesDataset, type SeriesOptions } from '../../src/data/series-dataset.js';
import { splitSeries } from '../../src/data/series-parts.js';
import { l1 } from '../../src/losses/index.js';
import { forecaster } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { forecast } from '../../src/trained/next-rows.js';
import { decodeModel, encodeModel } from '../../src/trained/model-file.js';
import { readDescription } from '../../src/trained/read-description.js';
import { withWeights } from '../../src/trained/with-weights.js';

const hour = (i: number) => new Date(Date.UTC(2020, 0, 1, i)).toISOString().slice(0, 16);

/** Hours with a day's rhythm, a promotion that is known in advance, and a slow rise. */
const hours = (count: number) =>
  Array.from({ length: count }, (_, i) => {
    const promotion = Number((i * 7) % 31 < 4);
    const value = [3, 5, 9, 12, 8, 4][i % 6]! + 0.02 * i + 2 * promotion;
    return { hour: hour(i), sales: value, returns: value / 4 + (i % 2), promotion };
  });

const OPTIONS: SeriesOptions = {
  time: 'hour',
  target: ['sales', 'returns'],
  known: ['promotion'],
  calendar: ['hour'],
  window: 12,
  horizon: 4,
  season: 6,
};

test('without training each forecast is the last value, in the unit of its column', async () => {
  for (const cell of ['linear', 'lstm', 'gru'] as const) {
    const model = forecaster({
      window: 3,
      horizon: 2,
      targets: 2,
      columns: 4,
      known: 1,
      cell,
      mean: [10, 20, 30, 40],
      deviation: [1, 2, 3, 4],
    });
    const zeros = new Map(
      model.parameters.map(({ name, shape }) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b, 1)),
      ]),
    );
    const { scores } = await withWeights(model, zeros, { loss: 'l1' }).predict({
      input: { shape: [3, 4], values: Float32Array.from({ length: 12 }, (_, i) => i) },
      future: { shape: [2, 1], values: Float32Array.of(1, 2) },
    });
    assert.equal([...scores], [8, 9, 8, 9]);
  }
});

test('a linear forecaster is the matrix of its weights, for each target by itself', async () => {
  const model = forecaster({ window: 2, horizon: 2, targets: 2, mean: [5, 1], deviation: [2, 4] });
  assert.equal(
    model.parameters.map(({ name, shape }) => [name, shape.join('×')]),
    [
      ['linear.weight', '2×2'],
      ['linear.bias', '2'],
    ],
  );
  const trained = withWeights(
    model,
    new Map([
      ['linear.weight', Float32Array.of(1, 2, 3, 4)],
      ['linear.bias', Float32Array.of(0.5, -0.5)],
    ]),
    { loss: 'l1' },
  );
  const { scores } = await trained.predict({
    input: { shape: [2, 2], values: Float32Array.of(1, 10, 3, 14) },
  });
  // Changes since the last value, in units of the deviation: (−1, 0) and (−1, 0).
  assert.equal([...scores], [3 + 2 * (0.5 - 1), 14 + 4 * (0.5 - 1), 3 + 2 * -3.5, 14 + 4 * -3.5]);
});

/** A forecaster of the test's hours, trained for a few epochs. */
async function trainedOn(cell: 'linear' | 'lstm', workers: number) {
  const data = await seriesDataset(hours(240), OPTIONS);
  const { train: known, validation, test: held } = splitSeries(data);
  const model = forecaster({
    window: 12,
    horizon: 4,
    targets: 2,
    columns: known.inputs['input']!.shape[1]!,
    known: 3,
    cell,
    hidden: 8,
    mean: [10, 3, 0, 0, 0],
    deviation: [4, 1, 1, 1, 1],
  });
  const { model: trained } = await train(model, {
    data: known,
    validation: validation!,
    loss: l1({ scale: known.series.scale! }),
    optimizer: adam({ lr: 0.01 }),
    epochs: 60,
    batch: 16,
    keepBest: true,
    workers,
    numerics: 'strict',
  });
  return { trained, held: held! };
}

test('a forecaster learns a rhythm, with the same bits from any number of workers', async () => {
  for (const cell of ['linear', 'lstm'] as const) {
    const one = await trainedOn(cell, 1);
    const two = await trainedOn(cell, 2);
    assert.is(await one.trained.sha256(), await two.trained.sha256());
    const { scores } = await one.trained.predict(one.held.inputs);
    const { model, baselines } = forecastFigures(one.held, scores);
    assert.equal(
      baselines.map(({ name }) => name),
      ['the last value', 'the value 6 hours before'],
    );
    for (const baseline of baselines)
      assert.ok(model.mase < 0.7 * baseline.mase, `${cell}: ${model.mase} ${baseline.mase}`);
  }
});

test('a model’s file has the series; it forecasts the next rows, of objects, columns and files', async () => {
  const { trained } = await trainedOn('linear', 0);
  const again = decodeModel(encodeModel(trained), 'file');
  assert.equal(again.series, trained.series);
  assert.equal(again.series!.targets, ['sales', 'returns']);
  assert.is(again.origin!.selections[0]!.by, 'periods');
  const all = hours(260);
  const past = all.slice(0, 250);
  const ahead = all.slice(250, 254).map((row) => ({ ...row, sales: null, returns: undefined }));
  const found = await forecast(again, [...past, ...ahead]);
  assert.equal(
    found.map((row) => row['hour']),
    [250, 251, 252, 253].map(hour),
  );
  assert.equal(Object.keys(found[0]!), ['hour', 'sales', 'returns']);
  found.forEach((row, i) =>
    assert.ok(Math.abs((row['sales'] as number) - all[250 + i]!.sales) < 2),
  );
  // Only the last window counts, and columns are as good as rows.
  const few = [...past.slice(-12), ...ahead];
  const columns = Object.fromEntries(
    ['hour', 'sales', 'returns', 'promotion'].map((name) => [
      name,
      few.map((row) => (row as Record<string, unknown>)[name]),
    ]),
  );
  assert.equal(await forecast(again, columns), found);
  const refuses = async (rows: readonly Record<string, unknown>[], message: RegExp) => {
    try {
      await forecast(again, rows);
      assert.unreachable(`not refused: ${message}`);
    } catch (error) {
      assert.instance(error, LanewiseError, String(error));
      assert.match((error as LanewiseError).message, message);
    }
  };
  await refuses([...past.slice(-11), ...ahead], /there are 11 rows, the model takes the last 12/);
  await refuses([...past, ...ahead.slice(1)], /a row is missing between/);
  await refuses(
    [...past, ...ahead.slice(0, 3)],
    /3 rows follow the last one with sales, returns, expected 4 with the values of promotion/,
  );
  await refuses(
    past.filter((_, i) => i % 2 === 0),
    /a row is missing between '2020-01-01T00:00' \(row 0\) and '2020-01-01T02:00' \(row 1\)/,
  );
  await refuses(
    past.map(({ hour, promotion, returns }) => ({ hour, promotion, returns })),
    /has no column 'sales'/,
  );
});

test('MAE, RMSE and MASE are those of their definitions, for each step', async () => {
  const rows = { y: [0, 2, 1, 3, 2, 4, 3, 5, 4, 6, 5, 7] };
  const data = await seriesDataset(rows, { target: 'y', window: 2, horizon: 2, season: 2 });
  const { train: known, test: held } = splitSeries(data, { validation: 0, test: 0.3 });
  // Training rows rise by 1 from season to season.
  assert.equal(known.series.scale, [1]);
  assert.equal([...held!.targets['output']!.values], [4, 6, 6, 5, 5, 7]);
  const { model, baselines } = forecastFigures(held!, [4, 6, 6, 7, 5, 7]);
  assert.equal([model.mae, model.rmse, model.mase], [1 / 3, Math.sqrt(4 / 6), 1 / 3]);
  assert.equal(
    model.steps.map(({ mae }) => mae),
    [0, 2 / 3],
  );
  assert.equal([...model.windows], [0, 1, 0]);
  const [last, season] = baselines;
  assert.is(last!.mae, (1 + 1 + 2 + 1 + 1 + 1) / 6);
  assert.is(season!.mae, 1);
});

test('a damaged description of a series is refused by its field', async () => {
  const data = await seriesDataset(hours(40), OPTIONS);
  const whole = JSON.parse(JSON.stringify(data.series)) as Record<string, unknown>;
  const read = (value: unknown) =>
    readDescription({ series: JSON.stringify(value) }, 'file').series;
  assert.equal(read(whole), data.series);
  const wrongs: readonly unknown[] = [
    null,
    0,
    -1,
    1.5,
    1e12,
    '',
    'x',
    [],
    {},
    [1],
    { unit: 'rows' },
  ];
  // What is as good as what was there.
  const fits = new Set([
    'features []',
    'known []',
    'calendar []',
    'time "x"',
    'season 1000000000000',
  ]);
  for (const key of [...Object.keys(whole), 'scale', 'series'])
    for (const wrong of wrongs) {
      if (fits.has(`${key} ${JSON.stringify(wrong)}`)) continue;
      if (key === 'scale' && JSON.stringify(wrong) === '[]') continue;
      if (key === 'scale' && JSON.stringify(wrong) === '[1]') continue;
      if (key === 'series' && wrong === 'x') continue;
      if (key === 'stride' && wrong === 1e12) continue;
      assert.throws(
        () => read({ ...whole, [key]: wrong }),
        /'file': its series does not say its columns, spacing, window and horizon/,
        `${key} ${JSON.stringify(wrong)}`,
      );
    }
});

test('10,000 damaged files are read or refused with their place', async () => {
  const text = [
    'hour,sales,returns,promotion',
    ...hours(20).map((row) => Object.values(row).join(',')),
  ].join('\n');
  const bytes = new TextEncoder().encode(text);
  let state = 11;
  const draw = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  let refused = 0;
  for (let round = 0; round < 10_000; round++) {
    const damaged = bytes.slice(0, draw(8) === 0 ? draw(bytes.length) : bytes.length);
    for (let i = draw(4); i >= 0; i--) damaged[draw(damaged.length || 1)] = draw(128);
    try {
      await csvSeries(damaged, { ...OPTIONS, missing: (['refuse', 'last'] as const)[draw(2)]! });
    } catch (error) {
      assert.instance(error, LanewiseError, String((error as Error).stack));
      refused++;
    }
  }
  assert.ok(refused > 5000, String(refused));
});

test.run();
