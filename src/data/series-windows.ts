/**
 * Windows of series: so many rows of the past, and the rows that follow as targets (Keras'
 * timeseries_dataset_from_array, with a horizon). Windows are in the order of time, so that parts of them are periods.
 */
import { cosPi } from '../base/arithmetic.js';
import { LanewiseError } from '../base/errors.js';
import type { Field } from './dataset.js';
import type { Frame } from './series-frames.js';
import { knownWidth, pastWidth, type SeriesFormat } from './series-format.js';
import { spacingInWords } from './spacing.js';
import { phaseOf, type CalendarPart } from './times.js';

/** All rows of all series, one after another, of which windows are parts. */
export interface SeriesTable {
  /** Rows × columns: targets, features, and the columns that are known in advance. */
  readonly values: Float32Array;
  readonly width: number;
  /** The time of each row: milliseconds since 1970, numbers, or rows from 0. */
  readonly times: Float64Array;
  /** The series, each with its first row and its number of rows with targets. */
  readonly series: readonly {
    readonly key: string;
    readonly first: number;
    readonly rows: number;
  }[];
}

/** The windows of a data set: of which rows they are made. */
export interface SeriesWindows {
  readonly table: SeriesTable;
  /** The first row of each window. */
  readonly starts: Int32Array;
}

/** Bound on the bytes of all windows, their horizons and targets. */
const MAX_BYTES = 2 ** 31;

/** The frames as one table, with the columns of the calendar behind their own. */
export function tableOf(frames: readonly Frame[], format: SeriesFormat): SeriesTable {
  const width = pastWidth(format);
  const count = frames.reduce((sum, { times }) => sum + times.length, 0);
  const values = new Float32Array(count * width);
  const times = new Float64Array(count);
  let first = 0;
  const series = frames.map((frame) => {
    times.set(frame.times, first);
    frame.columns.forEach((column, c) => {
      for (let row = 0; row < column.length; row++)
        values[(first + row) * width + c] = column[row]!;
    });
    frame.times.forEach((time, row) => {
      let at = (first + row) * width + frame.columns.length;
      for (const part of format.calendar)
        for (const value of calendarValues(part, time)) values[at++] = value;
    });
    const one = { key: frame.key, first, rows: frame.rows };
    first += frame.times.length;
    return one;
  });
  return { values, width, times, series };
}

/** Numbers for a place in the calendar: a day of the week is one of seven, hours and months stand on a circle. */
function calendarValues(part: CalendarPart, time: number): number[] {
  const phase = phaseOf(part, time);
  if (part === 'weekday')
    return Array.from({ length: 7 }, (_, day) => (day === Math.round(phase * 7) ? 1 : 0));
  return [cosPi(2 * phase), cosPi(2 * phase - 0.5)];
}

/**
 * All windows with whole horizons, every `stride` rows of each series, in the order of time.
 * @throws LanewiseError kind 'data' if no series has as many rows.
 */
export function windowsOf(name: string, table: SeriesTable, format: SeriesFormat): SeriesWindows {
  const { window, horizon, stride } = format;
  const starts: number[] = [];
  for (const { first, rows } of table.series)
    for (let row = 0; row + window + horizon <= rows; row += stride) starts.push(first + row);
  if (starts.length === 0) {
    const most = table.series.reduce((rows, one) => Math.max(rows, one.rows), 0);
    throw new LanewiseError(
      'data',
      `'${name}': ${table.series.length === 1 ? 'the series has' : 'the longest series has'} ${most} rows, a window of ${window} and a horizon of ${horizon} take ${window + horizon}`,
      'a smaller window or horizon takes fewer',
    );
  }
  // Series are in a row already; a stable sort keeps their order among windows of one time.
  const { times } = table;
  if (table.series.length > 1)
    starts.sort((a, b) => times[a + window]! - times[b + window]! || a - b);
  return { table, starts: Int32Array.from(starts) };
}

/** The arrays of windows: the model's inputs, and what follows them. */
export interface WindowFields {
  readonly inputs: Readonly<Record<string, Field>>;
  readonly targets: Readonly<Record<string, Field>>;
}

/**
 * The values of windows: `input` [window, columns], `future` [horizon, columns known in advance] if there are any, and
 * the target `output` [horizon, targets] unless the rows that follow are not known yet.
 * @throws LanewiseError kind 'memory' beyond 2 GiB.
 */
export function windowFields(
  name: string,
  { table, starts }: SeriesWindows,
  format: SeriesFormat,
  withTargets = true,
): WindowFields {
  const { window, horizon, targets } = format;
  const { values, width } = table;
  const count = starts.length;
  const known = knownWidth(format);
  const each = window * width + horizon * (known + targets.length);
  if (count * each * 4 > MAX_BYTES)
    throw new LanewiseError(
      'memory',
      `'${name}': ${count} windows of ${window} rows of ${width} columns and their horizons take ${count * each * 4} bytes, expected at most ${MAX_BYTES}`,
      `a stride of ${Math.ceil((format.stride * count * each * 4) / MAX_BYTES)} or more takes fewer`,
    );
  const input = new Float32Array(count * window * width);
  starts.forEach((row, i) =>
    input.set(values.subarray(row * width, (row + window) * width), i * window * width),
  );
  /** Columns from `first` of the rows of each horizon. */
  const ahead = (first: number, columns: number): Field => {
    const part = new Float32Array(count * horizon * columns);
    let at = 0;
    for (const start of starts)
      for (let row = start + window; row < start + window + horizon; row++)
        for (let c = 0; c < columns; c++) part[at++] = values[row * width + first + c]!;
    return { shape: [horizon, columns], values: part };
  };
  return {
    inputs: {
      input: { shape: [window, width], values: input },
      ...(known > 0 ? { future: ahead(width - known, known) } : {}),
    },
    targets: withTargets ? { output: ahead(0, targets.length) } : {},
  };
}

/** The last window of each series, from which the rows that follow it are forecast. */
export function lastWindows(name: string, table: SeriesTable, format: SeriesFormat): SeriesWindows {
  const { window, horizon, known, spacing } = format;
  const starts = table.series.map(({ key, first, rows }, i) => {
    const of = key === '' ? `'${name}'` : `'${name}', series '${key}'`;
    if (rows < window)
      throw new LanewiseError(
        'data',
        `${of}: there are ${rows} rows, the model takes the last ${window}, ${spacingInWords(spacing)} apart`,
      );
    const end = table.series[i + 1]?.first ?? table.times.length;
    if (end - first - rows < horizon)
      throw new LanewiseError(
        'data',
        `${of}: ${end - first - rows} rows follow the last one with ${format.targets.join(', ')}, expected ${horizon} with the values of ${known.join(', ')}, which are known in advance`,
        'leave the targets of these rows empty',
      );
    return first + rows - window;
  });
  return { table, starts: Int32Array.from(starts) };
}
