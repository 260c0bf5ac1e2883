/** Windows of series: what they hold, how they are ordered, how parts of them are kept apart, and what is refused. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LanewiseError } from '../../src/base/errors.js';
import { csvSeries } from '../../src/data/series-csv.js';
import { seriesDataset as ofRows, type SeriesOptions } from '../../src/data/series-dataset.js';
import { splitSeries } from '../../src/data/series-parts.js';
import { subset } from '../../src/data/subset.js';
import type { SeriesRows } from '../../src/data/series-rows.js';

const text = (value: string) => new TextEncoder().encode(value);
const csv = (rows: readonly (readonly unknown[])[]) =>
  text(rows.map((row) => row.join(',')).join('\n'));

const day = (i: number) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
const days = (count: number, valueOf = (i: number) => i) =>
  Array.from({ length: count }, (_, i) => ({ day: day(i), y: valueOf(i) }));

const seriesDataset = (source: SeriesRows | Uint8Array, options: SeriesOptions) =>
  source instanceof Uint8Array ? csvSeries(source, options) : ofRows(source, options);

const refuses = async (
  source: SeriesRows | Uint8Array,
  options: SeriesOptions,
  kind: string,
  message: RegExp,
) => {
  try {
    await seriesDataset(source, options);
  } catch (error) {
    assert.instance(error, LanewiseError, String(error));
    assert.match((error as LanewiseError).message, message);
    assert.is((error as LanewiseError).kind, kind);
    return;
  }
  assert.unreachable(`not refused: ${message}`);
};

test('windows begin every stride, and targets are the rows that follow', async () => {
  // Keras: timeseries_dataset_from_array(data, targets, sequence_length, sequence_stride) gives input i as
  // data[i·stride : i·stride + length]; with targets = data[length:], its target i is the row behind the window.
  for (const [window, horizon, stride] of [
    [3, 1, 1],
    [3, 2, 2],
    [1, 4, 3],
    [5, 5, 7],
  ] as const) {
    const data = await seriesDataset(days(20), {
      time: 'day',
      target: 'y',
      window,
      horizon,
      stride,
    });
    const rows = Array.from({ length: 20 }, (_, i) => i);
    const starts = rows.filter((row) => row % stride === 0 && row + window + horizon <= 20);
    assert.equal(data.inputs['input']!.shape, [window, 1]);
    assert.equal(data.targets['output']!.shape, [horizon, 1]);
    assert.equal(
      [...data.inputs['input']!.values],
      starts.flatMap((start) => rows.slice(start, start + window)),
    );
    assert.equal(
      [...data.targets['output']!.values],
      starts.flatMap((start) => rows.slice(start + window, start + window + horizon)),
    );
  }
});

test('targets come first, then columns of the past, then what is known in advance', async () => {
  const table = csv([
    ['day', 'known', 'other', 'b', 'past', 'a'],
    ...Array.from({ length: 6 }, (_, i) => [day(i), 50 + i, 'x', 20 + i, 30 + i, 10 + i]),
  ]);
  const data = await seriesDataset(table, {
    time: 'day',
    target: ['a', 'b'],
    features: ['past'],
    known: ['known'],
    window: 2,
    horizon: 2,
    stride: 2,
    name: 'both',
  });
  assert.is(data.name, 'both');
  assert.equal([...data.inputs['input']!.values.subarray(0, 8)], [10, 20, 30, 50, 11, 21, 31, 51]);
  assert.equal(data.inputs['future'], { shape: [2, 1], values: Float32Array.of(52, 53, 54, 55) });
  assert.equal([...data.targets['output']!.values.subarray(0, 4)], [12, 22, 13, 23]);
  assert.equal(data.series.spacing, { unit: 'milliseconds', every: 86_400_000 });
  assert.is(data.series.season, 7);
  const chosen = subset(data, [1]);
  assert.equal([...chosen.windows.starts], [2]);
});

test('the calendar is known in advance: the day of the week is one of seven', async () => {
  const data = await seriesDataset(days(16), {
    time: 'day',
    target: 'y',
    calendar: true,
    window: 8,
    horizon: 7,
  });
  assert.equal(data.series.calendar, ['weekday', 'month']);
  assert.equal(data.inputs['future']!.shape, [7, 9]);
  // The first horizon begins on 9 January 2020, a Thursday.
  const rows = Array.from({ length: 7 }, (_, i) => [
    ...data.inputs['future']!.values.subarray(i * 9, i * 9 + 7),
  ]);
  assert.equal(
    rows.map((row) => row.indexOf(1)),
    [3, 4, 5, 6, 0, 1, 2],
  );
});

test('rows are put in order, several series are kept apart, and their windows follow time', async () => {
  const rows = ['a', 'b'].flatMap((shop, s) =>
    days(6).map((row) => ({ ...row, shop, y: 100 * s + row.y })),
  );
  const mixed = rows.toSorted((one, two) => ((one.y * 37) % 11) - ((two.y * 37) % 11));
  const data = await seriesDataset(mixed, {
    time: 'day',
    target: 'y',
    series: 'shop',
    window: 3,
    horizon: 2,
  });
  const windows = [0, 1, 2, 3].map((i) => [
    ...data.inputs['input']!.values.subarray(3 * i, 3 * i + 3),
  ]);
  assert.equal(
    windows.toSorted((a, b) => a[0]! - b[0]!),
    [
      [0, 1, 2],
      [1, 2, 3],
      [100, 101, 102],
      [101, 102, 103],
    ],
  );
  assert.equal(
    windows.map(([first]) => first! % 100),
    [0, 0, 1, 1],
  );
});

test('rows that are only counted are put in the order of their times, and parts are periods', async () => {
  // Trading days, the newest first, as brokers' files have them.
  const open = days(60).filter((_, i) => i % 7 < 5);
  const options = { time: 'day', target: 'y', window: 3, horizon: 2, spacing: 'rows' } as const;
  const found = await seriesDataset(
    csv([['day', 'y'], ...open.toReversed().map((row) => [row.day, row.y])]),
    options,
  );
  const { inputs, targets } = await seriesDataset(open, options);
  assert.equal(found.inputs['input']!.values, inputs['input']!.values);
  assert.equal(found.targets['output']!.values, targets['output']!.values);
  assert.equal([...found.inputs['input']!.values.subarray(0, 3)], [0, 1, 2]);
  // Of several series no part has a target of a time at which an earlier part goes on.
  const of = (key: string, rows: typeof open) => rows.map((row) => ({ ...row, key }));
  const some = [
    ...of('a', open),
    ...of('b', open.slice(20)),
    ...of(
      'c',
      open.filter((_, i) => i % 3 > 0),
    ),
  ];
  const parts = splitSeries(await seriesDataset(some, { ...options, series: 'key' }), {
    validation: 0.25,
    test: 0.25,
  });
  const spans = [parts.train, parts.validation!, parts.test!].map(({ targets }) => [
    Math.min(...targets['output']!.values),
    Math.max(...targets['output']!.values),
  ]);
  assert.ok(spans[0]![1]! < spans[1]![0]! && spans[1]![1]! < spans[2]![0]!, String(spans));
  await refuses([{ day: 'soon', y: 1 }], options, 'data', /'soon' is not a time/);
});

test('gaps are refused by line, or filled by rule', async () => {
  const rows = [
    ['day', 'y'],
    [day(0), 1],
    [day(1), 2],
    [day(3), 8],
    [day(4), 'NA'],
    [day(5), 6],
  ];
  const options = { time: 'day', target: 'y', window: 4, horizon: 2 };
  await refuses(
    csv(rows),
    options,
    'data',
    /a row is missing between '2020-01-02' \(line 3\) and '2020-01-04' \(line 4\); 1 of 6 in all/,
  );
  await refuses(
    csv(rows.filter(([one]) => one !== day(3))).slice(),
    { ...options, spacing: 'rows', window: 1, horizon: 1 },
    'data',
    /line 4, column 'y': the value is missing/,
  );
  const values = async (missing: 'last' | 'interpolate') => {
    const { inputs, targets } = await seriesDataset(csv(rows), { ...options, missing });
    return [...inputs['input']!.values, ...targets['output']!.values];
  };
  assert.equal(await values('last'), [1, 2, 2, 8, 8, 6]);
  assert.equal(await values('interpolate'), [1, 2, 5, 8, 7, 6]);
  await refuses(
    csv([...rows, [`9${day(5).slice(1)}`, 3]]),
    { ...options, missing: 'last' },
    'data',
    /rows would have to be filled in, expected at most 10 for each of the 6/,
  );
});

test('what is no time, stands there twice or is out of the rhythm is refused by its line', async () => {
  const options = { time: 'day', target: 'y', window: 1 };
  const rows = days(5).map(({ day, y }) => [day, y]);
  const table = (...more: unknown[][]) => csv([['day', 'y'], ...rows, ...more]);
  await refuses(table([day(2), 5]), options, 'data', /'2020-01-03' stands in line 4 and in line 7/);
  await refuses(
    table(['soon', 5]),
    options,
    'data',
    /line 7: 'soon' is not a time as '2020-01-01'/,
  );
  await refuses(table([day(7), '1,5']), options, 'data', /'csv' line 7 has 3 fields, expected 2/);
  await refuses(table([day(7), 'x']), options, 'data', /line 7, column 'y': 'x' is not a number/);
  await refuses(table([day(7), 1e39]), options, 'data', /line 7.*too large for a float32/);
  const hours = rows.map(([one, y]) => [`${one} 00:00`, y]);
  await refuses(
    csv([['day', 'y'], ...hours, [`${day(5)} 11:00`, 5]]),
    options,
    'data',
    /line 7: '2020-01-06 11:00' follows '2020-01-05 00:00', expected a day later: 2020-01-06 00:00/,
  );
});

test('columns and options that cannot be are refused', async () => {
  const rows = days(5);
  await refuses(rows, { target: 'z' }, 'data', /has no column 'z', it has day, y/);
  await refuses(rows, { target: 'y', time: 'y' }, 'argument', /column 'y' is named twice/);
  await refuses(rows, { target: 'y', calendar: true }, 'data', /5 rows, a window of 8/);
  await refuses(rows, { target: 'y', calendar: ['hour'] }, 'argument', /have no dates/);
  await refuses(rows, { target: 'y', window: 4, horizon: 2 }, 'data', /5 rows.* take 6/);
  await refuses(rows, {} as SeriesOptions, 'argument', /target is undefined/);
  await refuses(rows, { target: 'y', window: 0 }, 'argument', /window is 0/);
  await refuses({ y: [1, 2], t: [1] }, { target: 'y', time: 't' }, 'data', /has 1 values and/);
  const long = { y: new Float32Array(200_000) };
  await refuses(
    long,
    { target: 'y', window: 5000 },
    'memory',
    /195000 windows of 5000 rows of 1 columns .* expected at most 2147483648/,
  );
});

/** A few draws of a linear congruential generator. */
function* draws(seed: number): Generator<number> {
  for (let state = seed; ;) yield (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

test('no part shares a target with another, and later parts lie behind earlier ones', async () => {
  const drawn = draws(7);
  const whole = (low: number, high: number) =>
    low + Math.floor(drawn.next().value * (high - low + 1));
  for (let round = 0; round < 60; round++) {
    const [window, horizon, stride] = [whole(1, 8), whole(1, 6), whole(1, 4)];
    const series = whole(1, 3);
    const rows = Array.from({ length: series }, (_, s) =>
      days(whole(90, 140)).map((row) => ({ ...row, y: row.y, key: `s${s}` })),
    ).flat();
    const data = await seriesDataset(rows, {
      time: 'day',
      target: 'y',
      series: 'key',
      window,
      horizon,
      stride,
    });
    const { train, validation, test } = splitSeries(data, { validation: 0.2, test: 0.25 });
    // Values are days, so that targets are the days of the horizon.
    const spans = [train, validation!, test!].map(({ targets }) => {
      const values = [...targets['output']!.values];
      return [Math.min(...values), Math.max(...values)];
    });
    assert.ok(spans[0]![1]! < spans[1]![0]! && spans[1]![1]! < spans[2]![0]!, spans.join(' | '));
    const counts = [train, validation!, test!].map(({ windows }) => windows.starts.length);
    assert.ok(counts.reduce((a, b) => a + b) <= data.windows.starts.length);
    assert.equal(
      train.series.scale!.map((one) => Math.round(one * 1e6) / 1e6),
      [data.series.season],
    );
  }
});

test('parts without a window are refused, and parts of 0 are absent', async () => {
  const data = await seriesDataset(days(40), { time: 'day', target: 'y', window: 4, horizon: 3 });
  const parts = splitSeries(data, { validation: 0, test: 0.5 });
  assert.is(parts.validation, undefined);
  assert.is(parts.test!.targets['output']!.values[0], 20);
  const refused = (validation: number, test: number, message: RegExp) =>
    assert.throws(() => splitSeries(data, { validation, test }), message);
  refused(0.02, 0.5, /no window's horizon of 3 rows lies within the validation part, 2 %/);
  refused(0.5, 0.5, /leave nothing to train on/);
});

test.run();
