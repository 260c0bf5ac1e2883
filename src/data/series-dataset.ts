/** Data sets of windows, from the rows of series: objects, or columns; series-csv.ts reads those of files. */
import {
  checkOptions,
  extent,
  listOf,
  listOr,
  oneOf,
  required,
  text,
  type Checks,
} from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { TensorDataset } from './dataset.js';
import type { SeriesFormat, SeriesGaps } from './series-format.js';
import { framesOf, type Frames } from './series-frames.js';
import { gatherRows, type GatheredRows, type SeriesRoles, type SeriesRows } from './series-rows.js';
import { tableOf, windowFields, windowsOf, type SeriesWindows } from './series-windows.js';
import { usualCalendar, usualSeason } from './spacing.js';
import type { CalendarPart } from './times.js';

/** Options of `seriesDataset`. */
export interface SeriesOptions {
  /** The column of times; without one the rows are evenly spaced as they come. */
  readonly time?: string;
  /** The column to forecast, or several. */
  readonly target: string | readonly string[];
  /** Rows of the past in a sample; default two seasons, or twice the horizon if that is more. */
  readonly window?: number;
  /** Rows to forecast; default 1. */
  readonly horizon?: number;
  /** Rows from one window's start to the next; default 1. */
  readonly stride?: number;
  /** Further columns that are known of the past alone, as windows have them. */
  readonly features?: readonly string[];
  /** Columns that are known in advance: planned values, prices, holidays as 0 and 1. */
  readonly known?: readonly string[];
  /**
   * Parts of the calendar that the model is given of past and horizon; true for those that suit the spacing; default
   * none.
   */
  readonly calendar?: boolean | readonly CalendarPart[];
  /** Rows after which the series repeats itself; default a day of hours or minutes, a week of days, a year of months. */
  readonly season?: number;
  /** A column that tells several series apart; windows are never of two of them. */
  readonly series?: string;
  /**
   * A value or a row that is missing is refused by default; `last` repeats the value before it, `interpolate` draws a
   * line to the next value, which is then known a little early.
   */
  readonly missing?: SeriesGaps;
  /** `rows` takes the rows as evenly spaced, such as trading days; default by their times. */
  readonly spacing?: 'times' | 'rows';
  /** The name in messages and reports; default the path. */
  readonly name?: string;
  /** Of CSV: default a comma. */
  readonly delimiter?: string;
}

/** Windows of series. */
export interface SeriesDataset extends TensorDataset {
  readonly series: SeriesFormat;
  readonly windows: SeriesWindows;
}

const CALENDAR: readonly CalendarPart[] = ['hour', 'weekday', 'month'];

/** Checks of the options, `target` excepted, which must be there. */
const CHECKS: Checks<SeriesOptions> = {
  time: text,
  target: /* @__PURE__ */ required((owner, name, value) =>
    listOr(text, listOf(text))(owner, name, value),
  ),
  window: extent,
  horizon: extent,
  stride: extent,
  features: /* @__PURE__ */ listOf(text, 0),
  known: /* @__PURE__ */ listOf(text, 0),
  calendar: (owner, name, value) => {
    if (typeof value !== 'boolean') listOf(oneOf(CALENDAR), 0)(owner, name, value);
  },
  season: extent,
  series: text,
  missing: /* @__PURE__ */ oneOf(['refuse', 'last', 'interpolate']),
  spacing: /* @__PURE__ */ oneOf(['times', 'rows']),
  name: text,
  delimiter: text,
};

/**
 * Windows of one or several series as samples, in the order of time: `input` [window, columns] with the targets first,
 * `future` [horizon, columns known in advance] if there are any, and the target `output` [horizon, targets]. Rows are put
 * in the order of their times.
 * @throws LanewiseError kind 'data' naming the row of a value that is no number, a time that
 * is none, that stands there twice or does not fit the others' spacing, and a gap; kind 'memory' for windows of more than
 * 2 GiB; kind 'argument' for columns with two roles.
 */
export async function seriesDataset(
  rows: SeriesRows,
  options: SeriesOptions,
): Promise<SeriesDataset> {
  checkSeriesOptions('seriesDataset', options);
  const { name = 'series' } = options;
  return datasetOfRows(gatherRows(rows, rolesOf(options), name), options);
}

export const checkSeriesOptions = (owner: string, options: SeriesOptions): SeriesOptions =>
  checkOptions(owner, options, CHECKS);

/** The windows of rows from anywhere. */
export function datasetOfRows(rows: GatheredRows, options: SeriesOptions): SeriesDataset {
  const { missing = 'refuse', spacing } = options;
  const roles = rolesOf(options);
  const { frames, ...rhythm } = framesOf(rows, roles, {
    missing,
    ...(spacing === 'rows' ? { spacing: { unit: 'rows', every: 1 } } : {}),
  });
  const format = formatOf(options, roles, rhythm);
  const windows = windowsOf(rows.name, tableOf(frames, format), format);
  return { name: rows.name, ...windowFields(rows.name, windows, format), series: format, windows };
}

/** The columns that the options name. */
export const rolesOf = ({
  time,
  target,
  features = [],
  known = [],
  series,
}: SeriesOptions): SeriesRoles => ({
  ...(time === undefined ? {} : { time }),
  ...(series === undefined ? {} : { series }),
  targets: [target].flat() as readonly string[],
  features,
  known,
});

function formatOf(
  options: SeriesOptions,
  roles: SeriesRoles,
  { spacing, layout }: Omit<Frames, 'frames'>,
): SeriesFormat {
  const { horizon = 1, season = usualSeason(spacing), stride = 1, calendar = false } = options;
  const { window = Math.max(2 * season, 2 * horizon, 8), missing = 'refuse' } = options;
  const parts = calendar === true ? usualCalendar(spacing) : calendar === false ? [] : calendar;
  if (parts.length > 0 && (spacing.unit === 'rows' || spacing.unit === 'number'))
    throw new LanewiseError(
      'argument',
      `seriesDataset: calendar is [${parts.join(', ')}], and the rows have no dates`,
      'name the column of dates: time',
    );
  return {
    ...roles,
    ...(layout ? { layout } : {}),
    spacing,
    calendar: parts,
    window,
    horizon,
    stride,
    season,
    missing,
  };
}
