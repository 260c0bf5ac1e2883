/** Reads the columns of a table from a file's metadata, in today's form and in earlier ones. All of it is checked. */
import { isFloat, isObject } from '../base/check.js';
import { dateOf } from './dates.js';
import { MOST_NAMES, readNames } from './sample-format.js';
import {
  DATE_PARTS,
  type ColumnFormat,
  type TableFormat,
  type TargetFormat,
} from './table-format.js';

const isText = (value: unknown): value is string => typeof value === 'string';

const isMaybeText = (value: unknown): value is string | undefined =>
  value === undefined || isText(value);

/**
 * The columns of a table, or undefined for a wrong value. Earlier files name one `target` without its type: it has the
 * `classes` of the model, if there are any.
 */
export function readTableFormat(
  value: unknown,
  classes: readonly string[] | undefined,
): TableFormat | undefined {
  if (!isObject(value)) return undefined;
  const { columns, targets, target } = value;
  if (!isMaybeText(target)) return undefined;
  const read = listOf(columns, columnFormat);
  if (!read || new Set(read.map(({ name }) => name)).size !== read.length) return undefined;
  if (targets !== undefined) {
    const known = listOf(targets, targetFormat);
    return known && { columns: read, targets: known };
  }
  if (target === undefined) return { columns: read };
  const told = classes ? { type: 'class' as const, classes } : { type: 'number' as const };
  return { columns: read, targets: [{ name: target, ...told }] };
}

function listOf<T>(value: unknown, read: (one: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > MOST_NAMES) return undefined;
  const all = value.map(read);
  return all.includes(undefined) ? undefined : (all as T[]);
}

function columnFormat(value: unknown): ColumnFormat | undefined {
  if (!isObject(value)) return undefined;
  const { name, type, classes, parts, missing, flag, unit } = value;
  if (!isText(name) || !isMaybeText(unit) || (flag !== undefined && typeof flag !== 'boolean'))
    return undefined;
  const rest = {
    ...(missing === undefined ? {} : { missing: missing as string | number }),
    ...(flag ? { flag } : {}),
    ...(unit === undefined ? {} : { unit }),
  };
  const fits = (isRule: boolean): boolean => (missing === undefined ? !flag : isRule);
  if (type === 'number') return fits(isFloat(missing)) ? { name, type, ...rest } : undefined;
  if (type === 'class') {
    const known = readNames(classes);
    return known && known.length > 0 && fits(known.includes(missing as string))
      ? { name, type, classes: known, ...rest }
      : undefined;
  }
  if (type !== 'date' || !Array.isArray(parts)) return undefined;
  const known = DATE_PARTS.filter((part) => parts.includes(part));
  const areParts = known.length > 0 && known.join() === parts.join();
  const isRule = isText(missing) && dateOf(missing) !== undefined;
  return areParts && fits(isRule) ? { name, type, parts: known, ...rest } : undefined;
}

function targetFormat(value: unknown): TargetFormat | undefined {
  if (!isObject(value)) return undefined;
  const { name, type, classes, unit } = value;
  if (!isText(name) || !isMaybeText(unit)) return undefined;
  const rest = unit === undefined ? {} : { unit };
  if (type === 'number') return { name, type, ...rest };
  const known = readNames(classes);
  return known && (type === 'class' || type === 'labels')
    ? { name, type, classes: known, ...rest }
    : undefined;
}
