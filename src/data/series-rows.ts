/** Rows of a series as they come, from objects or columns: the numbers of the columns that are needed, and the times. */
import { isFloat, isList, isObject, quote, refuse, shorten } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import { seriesColumns, type SeriesFormat } from './series-format.js';
import { timeWriter } from './times.js';

/** Rows with a value for each column, by name: a list of objects, or an object of lists. */
export type SeriesRows =
  readonly Readonly<Record<string, unknown>>[] | Readonly<Record<string, ArrayLike<unknown>>>;

/** The columns that are read. */
export type SeriesRoles = Pick<
  SeriesFormat,
  'time' | 'series' | 'targets' | 'features' | 'known' | 'layout'
>;

/** Rows, column by column, in the order in which they came. */
export interface GatheredRows {
  /** The name of the data in messages. */
  readonly name: string;
  readonly count: number;
  /** Times as texts; empty without a column of times. */
  readonly times: readonly string[];
  /** The series that each row belongs to; empty without such a column. */
  readonly keys: readonly string[];
  /** The numbers of each column of `seriesColumns`; NaN where a value is missing. */
  readonly values: readonly (readonly number[])[];
  /** The place of a row in messages: `line 3`. */
  where(row: number): string;
}

/** A collector of rows; `what` is what rows are called, and `first` the number of the first. */
export interface RowCollector {
  add(fieldOf: (column: string) => unknown, place: number): void;
  all(): GatheredRows;
}

/** The columns of the roles, all different. @throws LanewiseError kind 'argument' for a column with two roles. */
export function columnsOfRoles(roles: SeriesRoles): string[] {
  const { time, series } = roles;
  const columns = [time, series, ...seriesColumns(roles)].filter((name) => name !== undefined);
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice === undefined) return columns;
  throw new LanewiseError(
    'argument',
    `column ${quote(twice)} is named twice, expected one of time, target, features, known and series`,
  );
}

/** @throws LanewiseError kind 'data' for a column that the rows lack, with the nearest that they have. */
export function checkSeriesColumns(
  name: string,
  roles: SeriesRoles,
  names: readonly string[],
  hint?: string,
): void {
  const missing = columnsOfRoles(roles).find((column) => !names.includes(column));
  if (missing === undefined) return;
  throw new LanewiseError(
    'data',
    `'${name}' has no column ${quote(missing)}, it has ${shorten(names.join(', '), 300)}`,
    hint ?? nearest(missing, names.slice(0, 1000)),
  );
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const ISO = 'YYYY-MM-DDTHH:mm:ssZZ';

export function rowCollector(
  name: string,
  what: 'line' | 'row',
  roles: SeriesRoles,
  isMissing: (value: unknown) => boolean,
): RowCollector {
  const columns = seriesColumns(roles);
  const [times, keys, places]: [string[], string[], number[]] = [[], [], []];
  const values: number[][] = columns.map(() => []);
  const writeTime = timeWriter(roles.layout ?? ISO);
  const where = (place: number) => `${what} ${place}`;
  const fail = (place: number, column: string, message: string): never => {
    throw new LanewiseError('data', `'${name}' ${where(place)}, column '${column}': ${message}`);
  };
  const numberOf = (value: unknown, column: string, place: number): number => {
    if (isMissing(value)) return NaN;
    const number =
      typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : (value as number);
    if (isFloat(number)) return number;
    return fail(
      place,
      column,
      typeof number === 'number'
        ? `${number} is too large for a float32`
        : `${quote(value)} is not a number`,
    );
  };
  const textOf = (value: unknown, column: string, place: number): string => {
    if (value instanceof Date && Number.isFinite(+value)) return writeTime(+value);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number' && Number.isFinite(value)) return String(value);
    return fail(place, column, `${quote(value)} is missing, or no time or name`);
  };
  return {
    add(fieldOf, place) {
      const { time, series } = roles;
      if (time !== undefined) times.push(textOf(fieldOf(time), time, place));
      if (series !== undefined) keys.push(textOf(fieldOf(series), series, place));
      columns.forEach((column, c) => values[c]!.push(numberOf(fieldOf(column), column, place)));
      places.push(place);
    },
    all: () => ({
      name,
      count: places.length,
      times,
      keys,
      values,
      where: (row) => where(places[row]!),
    }),
  };
}

/** Values that count as missing in objects; texts of files have more. */
const isGap = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || Number.isNaN(value);

/**
 * The rows of objects, or of columns of equal length.
 * @throws LanewiseError kind 'data' naming row and column of a value that is no number; kind 'argument' for anything
 * else.
 */
export function gatherRows(rows: SeriesRows, roles: SeriesRoles, name = 'rows'): GatheredRows {
  const collector = rowCollector(name, 'row', roles, isGap);
  if (Array.isArray(rows)) {
    rows.forEach((row: unknown, i) => {
      if (!isObject(row)) refuse(name, `[${i}]`, row, 'an object with a value for each column');
      if (i === 0) checkSeriesColumns(name, roles, Object.keys(row as object));
      collector.add((column) => (row as Readonly<Record<string, unknown>>)[column], i);
    });
    return collector.all();
  }
  if (!isObject(rows)) return refuse('series', name, rows, 'a list of objects, or columns by name');
  const columns = rows as Readonly<Record<string, ArrayLike<unknown>>>;
  const needed = columnsOfRoles(roles);
  checkSeriesColumns(name, roles, Object.keys(columns));
  for (const column of needed)
    if (!isList(columns[column])) refuse(name, column, columns[column], 'a list, one value a row');
  const { length } = columns[needed[0]!]!;
  const other = needed.find((column) => columns[column]!.length !== length);
  if (other !== undefined)
    throw new LanewiseError(
      'data',
      `${name}: column '${needed[0]}' has ${length} values and column '${other}' ${columns[other]!.length}`,
    );
  for (let i = 0; i < length; i++) collector.add((column) => columns[column]![i], i);
  return collector.all();
}
