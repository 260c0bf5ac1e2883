/** The features of one value of a column. */
import { quote, shorten } from '../base/check.js';
import { dateOf, widthOfPart, writeDate } from './dates.js';
import type { ColumnFormat, TableFormat } from './table-format.js';

/** What is wrong with a value, and the way out. */
export type Wrong = readonly [what: string, hint?: string];

/** Whether a value is missing. */
const isGap = (cell: unknown): boolean =>
  cell === undefined || cell === null || cell === '' || Number.isNaN(cell);

/**
 * Number of features that a column becomes: one of numbers, one per class, those of a date's parts; and one more if it
 * says where values were missing.
 */
export const widthOf = ({ classes, parts, flag }: ColumnFormat): number =>
  (classes?.length ?? parts?.reduce((sum, part) => sum + widthOfPart(part), 0) ?? 1) +
  (flag ? 1 : 0);

/** Number of features of a row. */
export const widthOfTable = ({ columns }: TableFormat): number =>
  columns.reduce((sum, column) => sum + widthOf(column), 0);

/** Writes the features of a value to zeros; returns what is wrong with it, if anything is. */
export function writeCell(
  column: ColumnFormat,
  cell: unknown,
  to: Float32Array,
  at: number,
): Wrong | undefined {
  if (!isGap(cell)) return writeValue(column, cell, to, at);
  if (column.missing !== undefined) return writeMissing(column, to, at);
  return [
    'the value is missing, as none was in training',
    'put a value there, or leave the row out',
  ];
}

/** Writes what stands for a missing value in a column that has such a rule. */
export function writeMissing(
  column: ColumnFormat,
  to: Float32Array,
  at: number,
): Wrong | undefined {
  if (column.flag) to[at + widthOf(column) - 1] = 1;
  return writeValue(column, column.missing, to, at);
}

function writeValue(
  { type, classes, parts }: ColumnFormat,
  cell: unknown,
  to: Float32Array,
  at: number,
): Wrong | undefined {
  if (type === 'class') {
    const place = placeOf(classes!, cell);
    if (place < 0)
      return [
        `${quote(cell)} is none of the classes ${shorten(classes!.filter(Boolean).join(', '))}`,
      ];
    to[at + place] = 1;
    return undefined;
  }
  if (type === 'date') {
    const date = cell instanceof Date ? cell.getTime() : dateOf(String(cell).trim());
    if (date === undefined || Number.isNaN(date))
      return [`${quote(cell)} is not a date`, 'dates are as 2024-05-31 or 2024-05-31 18:30'];
    writeDate(date, parts!, to, at);
    return undefined;
  }
  if (!['number', 'bigint', 'boolean'].includes(typeof cell))
    return [`${quote(cell)} is not a number`];
  const value = Math.fround(Number(cell));
  if (!Number.isFinite(value)) return [`${String(cell)} is not finite in float32`];
  to[at] = value;
  return undefined;
}

/** The place of a category; numbers are those of their value, as 1 is of 1.0. */
function placeOf(classes: readonly string[], cell: unknown): number {
  const place = classes.indexOf(typeof cell === 'string' ? cell.trim() : String(cell));
  if (place >= 0 || typeof cell !== 'number') return place;
  return classes.findIndex((name) => name !== '' && Number(name) === cell);
}
