/**
 * The parts of a series for training, validation and test: one period after another, so that a model is judged by what
 * was still to come when its training data ended.
 */
import { checkOptions, numberIn, type Checks } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { samplesOf, datasetOf } from './forms.js';
import type { SeriesDataset } from './series-dataset.js';
import type { SeriesFormat } from './series-format.js';
import type { SeriesWindows } from './series-windows.js';
import { partOf } from './subset.js';

/** Options of `splitSeries`: shares of the time from the first row to the last one. */
export interface SeriesSplitOptions {
  /** The share before the test part by which settings are chosen; 0 for no validation part; default 0.1. */
  readonly validation?: number;
  /** The last share; 0 for no test part; default 0.2. */
  readonly test?: number;
}

/** Three periods; a part that was not asked for is absent. */
export interface SeriesParts {
  readonly train: SeriesDataset;
  readonly validation?: SeriesDataset;
  readonly test?: SeriesDataset;
}

const CHECKS: Checks<SeriesSplitOptions> = {
  validation: /* @__PURE__ */ numberIn(0, 1),
  test: /* @__PURE__ */ numberIn(0, 1),
};

/**
 * Three periods of the windows. A window belongs to the period in which all rows of its horizon lie, so that no two parts
 * share a target; windows whose horizon begins in one period and ends in the next belong to none. The rows before a
 * horizon may be of an earlier part, as they are known by then.
 * @throws LanewiseError kind 'data' if a part would have no window; kind 'argument' for shares that leave nothing, and
 * for a data set that `seriesDataset` has not made.
 */
export function splitSeries(data: SeriesDataset, options: SeriesSplitOptions = {}): SeriesParts {
  const { validation = 0.1, test = 0.2 } = checkOptions('splitSeries', options, CHECKS);
  const samples = samplesOf(data);
  const { name, series, windows } = samples;
  if (!series || !windows)
    throw new LanewiseError(
      'argument',
      `splitSeries: data set '${name}' has no windows of a series, expected one made by seriesDataset`,
    );
  if (validation + test >= 1)
    throw new LanewiseError(
      'argument',
      `splitSeries: validation ${validation} and test ${test} leave nothing to train on, expected less than 1 in all`,
    );
  const ranges = rangesOf(name, windows, series, [1 - validation - test, validation, test]);
  const scale = scalesOf(windows, series, ranges[0]!);
  const parts = ranges.map((range, part): SeriesDataset | undefined => {
    if (range[1] === range[0]) return undefined;
    const indices = Uint32Array.from({ length: range[1] - range[0] }, (_, i) => range[0] + i);
    const chosen = partOf(samples, indices, { by: 'periods', periods: ranges, part });
    return datasetOf({ ...chosen, series: { ...series, scale } }) as SeriesDataset;
  });
  const [train, middle, last] = parts;
  return {
    train: train!,
    ...(middle ? { validation: middle } : {}),
    ...(last ? { test: last } : {}),
  };
}

/** The first window of each period, and the one behind its last. */
type Range = readonly [from: number, to: number];

/** @throws LanewiseError kind 'data' for a period that should have windows and has none. */
function rangesOf(
  name: string,
  { table, starts }: SeriesWindows,
  { window, horizon, spacing }: SeriesFormat,
  shares: readonly number[],
): Range[] {
  const { times } = table;
  const timeAt = spacing.unit === 'rows' ? timesOfRows(table) : timesOfSpan(table);
  let passed = 0;
  return shares.map((share, part) => {
    const [begin, end] = [passed, (passed += share)].map(timeAt);
    if (share === 0) return [0, 0];
    const isLast = passed > 1 - 1e-9;
    const isIn = (start: number) =>
      times[start + window]! >= begin! - (part === 0 ? Infinity : 0) &&
      (isLast || times[start + window + horizon - 1]! < end!);
    const from = starts.findIndex(isIn);
    // Among series of uneven times, a horizon that reaches into the next part may begin before others that do not.
    const behind = starts.findIndex((start, i) => i > from && !isIn(start));
    if (from >= 0) return [from, behind < 0 ? starts.length : behind];
    const said = ['training', 'validation', 'test'][part]!;
    throw new LanewiseError(
      'data',
      `'${name}': no window's horizon of ${horizon} rows lies within the ${said} part, ${Math.round(share * 100)} % of the time`,
      `a smaller horizon or more rows; a larger share: ${said}`,
    );
  });
}

/** The time until which a share of the rows with targets lies, for rows that are counted rather than timed. */
function timesOfRows({ series, times }: SeriesWindows['table']): (share: number) => number {
  const sorted = series
    .flatMap(({ first, rows }) => Array.from(times.subarray(first, first + rows)))
    .toSorted((a, b) => a - b);
  return (share) => sorted[Math.ceil(share * (sorted.length - 1))] ?? Infinity;
}

/** The time at which a share of the time from the first row with targets to the last has passed. */
function timesOfSpan({ series, times }: SeriesWindows['table']): (share: number) => number {
  const some = series.filter(({ rows }) => rows > 0);
  const firsts = some.map(({ first }) => times[first]!);
  const lasts = some.map(({ first, rows }) => times[first + rows - 1]!);
  const from = firsts.reduce((a, b) => Math.min(a, b));
  const to = lasts.reduce((a, b) => Math.max(a, b));
  return (share) => from + share * (to - from);
}

/**
 * Mean |y(t) − y(t − season)| of each target over the rows of the training windows; over neighbours if there are no rows
 * a season apart.
 */
function scalesOf(
  windows: SeriesWindows,
  { season, targets, window, horizon }: SeriesFormat,
  [from, to]: Range,
): number[] {
  const { table, starts } = windows;
  const ends = new Map<number, number>();
  for (const start of starts.subarray(from, to)) {
    const first = firstRowOf(windows.table, start);
    ends.set(first, Math.max(ends.get(first) ?? 0, start + window + horizon));
  }
  const lagOf = (lag: number) => [...ends].some(([first, end]) => end - first > lag);
  const lag = lagOf(season) ? season : 1;
  return targets.map((_, c) => {
    let [sum, count] = [0, 0];
    for (const [first, end] of ends)
      for (let row = first + lag; row < end; row++, count++)
        sum += Math.abs(
          table.values[row * table.width + c]! - table.values[(row - lag) * table.width + c]!,
        );
    return sum / count;
  });
}

/** The first row of the series that a row belongs to. */
export function firstRowOf({ series }: SeriesWindows['table'], row: number): number {
  let [low, high] = [0, series.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (series[middle]!.first <= row) low = middle;
    else high = middle - 1;
  }
  return series[low]!.first;
}
