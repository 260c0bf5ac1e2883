/** Programs of series: the same forecasts as the model's, to the bit, and files whose series does not fit are refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { seriesDataset } from '../../src/data/series-dataset.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { forecastOf, loadProgram } from '../../src/inference/index.js';
import { forecaster } from '../../src/models/index.js';
import { adam } from '../../src/optimizers/index.js';
import { train } from '../../src/train/train.js';
import { forecast } from '../../src/trained/next-rows.js';
import { encodeProgram } from '../../src/trained/program-file.js';

const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10);
const rows = Array.from({ length: 60 }, (_, i) =>
  ['north', 'south'].map((shop, s) => ({
    day: day(i),
    shop,
    sales: ((i * 5) % 7) + 10 * s + i / 9,
    visits: (i * 3) % 11,
    holiday: Number(i % 7 === 6),
  })),
).flat();
const ahead = Array.from({ length: 3 }, (_, h) =>
  ['north', 'south'].map((shop) => ({
    day: day(60 + h),
    shop,
    sales: null,
    visits: '',
    holiday: Number((60 + h) % 7 === 6),
  })),
).flat();

async function trainedOn(cell: 'linear' | 'lstm') {
  const data = await seriesDataset(rows, {
    time: 'day',
    target: ['sales', 'visits'],
    series: 'shop',
    known: ['holiday'],
    calendar: ['weekday', 'month'],
    window: 10,
    horizon: 3,
  });
  const columns = data.inputs['input']!.shape[1]!;
  const model = forecaster({
    window: 10,
    horizon: 3,
    targets: 2,
    columns,
    known: columns - 2,
    cell,
    hidden: 6,
    mean: Array.from({ length: columns }, () => 1),
    deviation: Array.from({ length: columns }, () => 3),
  });
  const settings = { loss: 'l1', epochs: 2, batch: 16, workers: 0, numerics: 'strict' } as const;
  return (await train(model, { ...settings, data, optimizer: adam({ lr: 0.01 }) })).model;
}

const refuses = (call: () => unknown, kind: string, message: RegExp) => {
  try {
    call();
  } catch (error) {
    assert.instance(error, LanewiseError, String(error));
    assert.match((error as LanewiseError).message, message);
    return assert.is((error as LanewiseError).kind, kind);
  }
  return assert.unreachable(`not refused: ${message}`);
};

test('a program forecasts the rows of its model, with the same bits', async () => {
  for (const cell of ['linear', 'lstm'] as const) {
    const trained = await trainedOn(cell);
    const program = await loadProgram(encodeProgram(trained));
    const found = forecastOf(program, [...rows, ...ahead]);
    assert.equal(found, await forecast(trained, [...rows, ...ahead]));
    assert.equal(Object.keys(found[0]!), ['shop', 'day', 'sales', 'visits']);
    assert.equal([found.length, found[5]!['day'], found[5]!['shop']], [6, day(62), 'south']);
    refuses(() => forecastOf(program, rows), 'data', /0 rows follow the last one with sales/);
    refuses(() => forecastOf(program, [{ day: day(0) }]), 'data', /has no column 'shop'/);
  }
});

test('a program of another model, and a series that does not fit its inputs, are refused', async () => {
  const bytes = encodeProgram(await trainedOn('linear'));
  const { tensors, metadata } = decodeSafetensors(bytes, 'program');
  const changed = async (change: (series: Record<string, unknown>) => unknown) => {
    const series = JSON.stringify(change(JSON.parse(metadata['series']!) as never));
    return loadProgram(encodeSafetensors(tensors, { ...metadata, series }));
  };
  const { series: _, ...others } = metadata;
  const without = await loadProgram(encodeSafetensors(tensors, others));
  refuses(() => forecastOf(without, rows), 'argument', /was not trained on a series/);
  for (const [name, value] of [
    ['window', 11],
    ['horizon', 2],
    ['known', []],
    ['targets', ['sales']],
    ['calendar', ['month']],
  ] as const) {
    const program = await changed((series) => ({ ...series, [name]: value }));
    refuses(
      () => forecastOf(program, rows),
      'file',
      /the program takes input 10×\d+, future 3×\d+/,
    );
  }
  for (const value of [{}, 7, { targets: ['sales'] }]) {
    const program = await changed(() => value);
    refuses(() => forecastOf(program, rows), 'file', /does not say its columns, spacing, window/);
  }
});

test.run();
