/**
 * Rows of a table, as a program has them, encoded as the features of a model's table. It is small and needs no parser, as
 * pages and edge workers that only predict have it too.
 */
import { isList, isObject, quote, shorten } from '../base/check.js';
import { LanewiseError, nearest } from '../base/errors.js';
import type { TableFormat } from './table-format.js';
import { widthOf, widthOfTable, writeCell } from './write-cell.js';

/** A value in a row: null, undefined, NaN and an empty text are missing. */
export type Cell = string | number | bigint | boolean | Date | null | undefined;

/**
 * Rows as objects by column names (of any interface, or as JSON is parsed: their values are checked when they are used), as
 * lists in the order of the model's columns, or all columns by their names.
 */
export type Rows =
  readonly object[] | readonly (readonly Cell[])[] | Readonly<Record<string, ArrayLike<Cell>>>;

export interface EncodedRows {
  readonly count: number;
  /** count × features. */
  readonly values: Float32Array;
}

/** What a row is called in messages. */
export type NameRow = (row: number) => string;

/**
 * The features of rows. Further columns are not read.
 * @throws LanewiseError kind 'data' naming row and column of a missing column, a value of another type, an unknown
 * category, a missing value for which the table has no rule, and a number that is not finite.
 */
export function encodeRows(
  table: TableFormat,
  rows: Rows,
  nameRow: NameRow = (row) => `rows[${row}]`,
): EncodedRows {
  const { count, cell } = cellsOf(table, rows, nameRow);
  const width = widthOfTable(table);
  const values = new Float32Array(count * width);
  let first = 0;
  table.columns.forEach((column, place) => {
    for (let row = 0; row < count; row++) {
      const wrong = writeCell(column, cell(row, place), values, row * width + first);
      if (wrong === undefined) continue;
      const [what, hint] = wrong;
      throw new LanewiseError(
        'data',
        `${nameRow(row)}, column ${quote(column.name)}: ${what}`,
        hint,
      );
    }
    first += widthOf(column);
  });
  return { count, values };
}

interface Cells {
  readonly count: number;
  /** The value of the column at `place` of the table. */
  cell(row: number, place: number): unknown;
}

function cellsOf({ columns }: TableFormat, rows: unknown, nameRow: NameRow): Cells {
  const names = columns.map(({ name }) => name);
  const refuse = (what: string, hint?: string): never => {
    throw new LanewiseError('data', what, hint);
  };
  const lacking = (where: string, name: string, found: readonly string[]): never =>
    refuse(
      `${where} no column ${quote(name)}, which the model has; there are ${shorten(found.join(', '))}`,
      nearest(name, found),
    );
  if (isObject(rows)) {
    const given = names.map((name) => {
      if (!Object.hasOwn(rows, name)) lacking('the rows have', name, Object.keys(rows));
      const list = rows[name];
      if (!isList(list))
        refuse(
          `column ${quote(name)} is ${quote(list)}, expected a list of its values`,
          'one row is a list of one: [{ … }]',
        );
      return list as ArrayLike<unknown>;
    });
    const count = given[0]?.length ?? 0;
    const other = given.findIndex(({ length }) => length !== count);
    if (other >= 0)
      refuse(
        `column ${quote(names[other])} has ${given[other]!.length} values, column ${quote(names[0])} ${count}`,
      );
    if (count === 0) refuse('there are no rows: the columns have no values');
    return { count, cell: (row, place) => given[place]![row] };
  }
  const list = rows as readonly unknown[];
  if (!Array.isArray(rows) || list.length === 0)
    refuse(
      list?.length === 0 ? 'there are no rows' : `rows are ${quote(rows)}, expected a list of them`,
    );
  // By entries, as holes are refused too.
  for (const [row, one] of list.entries()) {
    if (isList(one)) {
      const { length } = one as ArrayLike<unknown>;
      if (length !== names.length)
        refuse(
          `${nameRow(row)} has ${length} values, expected ${names.length}: ${shorten(names.join(', '))}`,
        );
    } else if (isObject(one)) {
      const absent = names.find((name) => !Object.hasOwn(one, name));
      if (absent !== undefined) lacking(`${nameRow(row)} has`, absent, Object.keys(one));
    } else
      refuse(
        `${nameRow(row)} is ${quote(one)}, expected an object or a list`,
        row === 0 ? 'one row is a list of one: [[ … ]]' : undefined,
      );
  }
  return {
    count: list.length,
    cell(row, place) {
      const one = list[row] as Readonly<Record<string | number, unknown>>;
      return one[isList(one) ? place : names[place]!];
    },
  };
}

/**
 * The features of rows for a model's only input, of `size` values; undefined for anything but rows.
 * @throws LanewiseError as `encodeRows`, and for a table whose rows have other features than the input takes.
 */
export function encodeGiven(
  table: TableFormat,
  given: unknown,
  inputs: readonly string[],
  size: number,
): EncodedRows | undefined {
  if (inputs.length > 1 || !areRows(table, given, inputs)) return undefined;
  const width = widthOfTable(table);
  if (width !== size)
    throw new LanewiseError(
      'data',
      `rows of the model's table have ${width} features, and its input takes ${size}`,
    );
  return encodeRows(table, given);
}

/**
 * Objects and texts are rows. A list of numbers is a row if there is one for each column, else the features of a sample; an
 * object of lists has columns unless it has the model's `inputs`.
 */
function areRows(table: TableFormat, given: unknown, inputs: readonly string[]): given is Rows {
  if (isObject(given)) {
    const isColumn = (name: string): boolean =>
      table.columns.some((column) => column.name === name);
    const names = Object.keys(given);
    return (
      names.some(isColumn) || !names.some((name) => OTHER.includes(name) || inputs.includes(name))
    );
  }
  if (!Array.isArray(given)) return false;
  const [first] = given as readonly unknown[];
  if (typeof first === 'number') return given.some((cell) => typeof cell !== 'number');
  if (!Array.isArray(first)) return !isList(first);
  if (first.some(isList)) return false;
  return (
    first.length === table.columns.length || given.flat().some((cell) => typeof cell !== 'number')
  );
}

/** Names in a data set, which some give in the place of its samples. */
const OTHER: readonly string[] = ['samples', 'inputs'];
