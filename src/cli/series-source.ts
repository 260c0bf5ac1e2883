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

/**
 * The windows of a series: the last fifth of the time for tests, or `holdout`, a tenth before it for validation.
 * @throws LanewiseError as `csvSeries` and `splitSeries` do.
 */
export async function loadSeries(
  request: DataRequest,
  path: string,
): Promise<PartsOf<SeriesDataset>> {
  for (const name of ['shape', 'columns', 'header', 'split'] as const)
    if (request[name] !== undefined)
      throw new LanewiseError(
        'argument',
        `--${name === 'header' ? (request.header ? 'header' : 'no-header') : name} is for tables, and the data is a series`,
        'leave it out; --features names further columns of the past, --known those known in advance',
      );
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
