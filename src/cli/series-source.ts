/** Series for the command line: a CSV file with a column of times, cut into windows, with parts one after another. */
import { csvSeries } from '../data/series-csv.js';
import type { SeriesDataset, SeriesOptions } from '../data/series-dataset.js';
import type { SeriesFormat } from '../data/series-format.js';
import { splitSeries } from '../data/series-parts.js';
import { LanewiseError } from '../base/errors.js';
import type { CalendarPart } from '../data/times.js';
import type { DataRequest, PartsOf } from './data-sources.js';
import type { Task } from './task.js';

/** What options say about a series, besides its target and its window. */
export interface SeriesRequest {
  readonly time?: string;
  readonly horizon?: number;
  readonly stride?: number;
  readonly features?: readonly string[];
  readonly known?: readonly string[];
  readonly calendar?: readonly CalendarPart[];
  readonly season?: number;
  readonly series?: string;
  readonly spacing?: 'rows';
}

/** A series' options as words of the command line. */
export const seriesWords = (request: SeriesRequest): string[] =>
  Object.entries(request).flatMap(([name, value]) => [
    `--${name}`,
    Array.isArray(value) ? value.join(',') || 'none' : String(value),
  ]);

export const SERIES_TASK: Task = { kind: 'series', unit: 'windows' };

/** The part of the time by which a run chooses its best weights. */
const VALIDATION = 0.1;

export const delimiterOf = (path: string): string => (/\.tsv$/i.test(path) ? '\t' : ',');

/** The options of a request for `csvSeries`. @throws LanewiseError kind 'argument' without a target. */
function optionsOf(path: string, request: DataRequest): SeriesOptions {
  const { series: { calendar, ...asked } = {}, target, window, missing } = request;
  if (target === undefined)
    throw new LanewiseError(
      'argument',
      `'${path}' is read as a series, and --target is missing`,
      '--target is the column to forecast, or several, separated by commas',
    );
  const targets = target.split(',').map((name) => name.trim());
  return {
    ...asked,
    target: targets,
    calendar: calendar ?? false,
    ...(window === undefined ? {} : { window }),
    ...gapsOf(missing),
    delimiter: delimiterOf(path),
    name: path,
  };
}

/** @throws LanewiseError kind 'argument' for what tables do with gaps. */
function gapsOf(missing: DataRequest['missing']): Pick<SeriesOptions, 'missing'> {
  if (missing === undefined) return {};
  const [rule, ...others] = [missing].flat();
  if (others.length === 0 && (rule === 'last' || rule === 'interpolate')) return { missing: rule };
  throw new LanewiseError(
    'argument',
    `--missing ${[missing].flat().join(' --missing ')} is for tables, and the data is a series`,
    '--missing last repeats the value before a gap, --missing interpolate draws a line to the next one',
  );
}

/** Options of tables, and what a series has instead. */
const OF_TABLES = {
  shape: ['--shape', 'leave it out'],
  columns: [
    '--columns or --ignore',
    'other columns are not read; --features names further ones of the past, --known those known in advance',
  ],
  split: ['--split', 'leave it out: the parts of a series are periods, the last one for tests'],
  task: ['--task', 'leave it out: --target names numbers'],
  intervals: [
    '--intervals',
    'leave it out: forecasts have no intervals; the error of each step is printed, and in the report',
  ],
} as const;

/** @throws LanewiseError kind 'argument' for options of tables. */
function refuseOfTables(request: DataRequest): void {
  const { header } = request;
  for (const [name, [flag, hint]] of Object.entries(OF_TABLES))
    if (request[name as keyof typeof OF_TABLES] !== undefined)
      throw new LanewiseError('argument', `${flag} is for tables, and the data is a series`, hint);
  if (header !== undefined)
    throw new LanewiseError(
      'argument',
      `--${header ? 'header' : 'no-header'} is for tables, and the data is a series`,
      'leave it out: the first line of a series names its columns',
    );
}

/**
 * The windows of a series: the last fifth of the time for tests, or `holdout`, a tenth before it for validation.
 * @throws LanewiseError as `csvSeries` and `splitSeries` do.
 */
export async function loadSeries(
  request: DataRequest,
  path: string,
): Promise<PartsOf<SeriesDataset>> {
  refuseOfTables(request);
  const data = await csvSeries(path, optionsOf(path, request));
  return partsOfSeries(path, data, request.holdout);
}

/** The parts of a series, with their names. */
export function partsOfSeries(
  path: string,
  data: SeriesDataset,
  holdout = 0.2,
): PartsOf<SeriesDataset> {
  const { train, validation, test } = splitSeries(data, { validation: VALIDATION, test: holdout });
  return {
    train: { ...train, name: `${path} train` },
    validation: { ...validation!, name: `${path} validation` },
    test: { ...test!, name: `${path} test` },
    task: SERIES_TASK,
    isHeldOut: true,
  };
}

/** The windows of a file by the description of a model that was trained on such a series. */
export function seriesLike(path: string, format: SeriesFormat): Promise<SeriesDataset> {
  const { time, series, targets, features, known, calendar, spacing, missing } = format;
  const { window, horizon, stride, season } = format;
  return csvSeries(path, {
    ...(time === undefined ? {} : { time }),
    ...(series === undefined ? {} : { series }),
    ...(spacing.unit === 'rows' ? { spacing: 'rows' } : {}),
    target: targets,
    features,
    known,
    calendar,
    missing,
    window,
    horizon,
    stride,
    season,
    delimiter: delimiterOf(path),
    name: path,
  });
}
