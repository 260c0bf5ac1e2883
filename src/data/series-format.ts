/**
 * The description of a series, kept beside the windows made of it and in the files of models trained on them: with it
 * other rows are read, and the rows that follow are forecast.
 */
import type { CalendarPart, TimeLayout } from './times.js';

/** The distance from one row to the next: so many milliseconds, months, units of a number, or rows of any times. */
export interface Spacing {
  /** `monthEnds` are the last days of months; `rows` have no times, or times that do not count. */
  readonly unit: 'milliseconds' | 'months' | 'monthEnds' | 'number' | 'rows';
  readonly every: number;
}

/** The rule for a value or a whole row that is missing. */
export type SeriesGaps = 'refuse' | 'last' | 'interpolate';

/** The columns and extents of a series' windows. */
export interface SeriesFormat {
  /** The column of times; absent if rows are steps. */
  readonly time?: string;
  readonly layout?: TimeLayout;
  readonly spacing: Spacing;
  /** The column that says which of several series a row belongs to. */
  readonly series?: string;
  /** The columns to forecast, the first of a window's columns. */
  readonly targets: readonly string[];
  /** Further columns of a window, known only of the past. */
  readonly features: readonly string[];
  /** Columns known in advance: of the past and of the horizon. */
  readonly known: readonly string[];
  /** Parts of the calendar, known in advance as well. */
  readonly calendar: readonly CalendarPart[];
  /** Rows of a window. */
  readonly window: number;
  /** Rows that are forecast. */
  readonly horizon: number;
  /** Rows from one window's start to the next. */
  readonly stride: number;
  /** Rows after which the series repeats itself, as a day has 24 hours; 1 for none. */
  readonly season: number;
  readonly missing: SeriesGaps;
  /**
   * The mean change of each target from a season before, over the training part: the unit of MASE (Hyndman & Koehler
   * 2006).
   */
  readonly scale?: readonly number[];
}

/** Columns of each part of the calendar. */
const CALENDAR_WIDTH: Readonly<Record<CalendarPart, number>> = { hour: 2, weekday: 7, month: 2 };

/** Number of columns that are known in advance. */
export const knownWidth = ({ known, calendar }: Pick<SeriesFormat, 'known' | 'calendar'>): number =>
  known.length + calendar.reduce((sum, part) => sum + CALENDAR_WIDTH[part], 0);

/** Number of a window's columns. */
export const pastWidth = (format: SeriesFormat): number =>
  format.targets.length + format.features.length + knownWidth(format);

/** The columns of numbers that rows must have, in a window's order. */
export const seriesColumns = ({
  targets,
  features,
  known,
}: Pick<SeriesFormat, 'targets' | 'features' | 'known'>): string[] => [
  ...targets,
  ...features,
  ...known,
];
