/** Tables from CSV files, with columns of numbers and of classes. */
import {
  checkOptions,
  flag,
  isFloat,
  isObject,
  quote,
  refuse,
  text,
  type Check,
  type Checks,
} from '../base/check.js';
import { LanewiseError, nearest, show } from '../base/errors.js';
import { csvRecords } from '../formats/csv.js';
import { sourceInPieces, sourceName, type FileSource } from './file-source.js';
import type { TextSource } from '../formats/utf8.js';
import {
  isNumber,
  programWords,
  type ColumnBuilder,
  type ColumnType,
  type TableColumn,
  type TableWords,
} from './csv-builders.js';
import { columnBuilder } from './csv-columns.js';

/** Options for reading a table from text. */
export interface CsvOptions {
  /** The name in messages, and the data set's; default the path, or `csv`. */
  readonly name?: string;
  /** One character or more; default a comma. */
  readonly delimiter?: string;
  /**
   * Whether the first record names the columns; without it they are named 0, 1, 2 …. Default true, which is refused if
   * one of the names is a number.
   */
  readonly header?: boolean;
  /** Column types by name; unnamed columns hold numbers if every field is one, else classes. */
  readonly columns?: Readonly<Record<string, ColumnType>>;
  /**
   * Treatment of missing fields: refused by default; `drop` leaves their rows out; a number takes their place in
   * columns of numbers; `keep` keeps them as NaN, or class −1. A list names further texts that mean missing, and leaves
   * their rows out.
   */
  readonly missing?: 'drop' | 'keep' | number | readonly string[];
  /** The texts that mean missing; default the empty one, `?`, and pandas' own: NA, N/A, NaN, null, None …. */
  readonly missingTexts?: readonly string[];
}

/** A CSV file, column by column. */
export interface Table {
  readonly name: string;
  /** Number of rows. */
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

/** The missing values of pandas 2, and `?` of the UCI repository's tables. */
export const MISSING = (
  '?,NA,N/A,n/a,<NA>,#N/A,#NA,#N/A N/A,NaN,nan,-NaN,-nan,null,NULL,None,' +
  '1.#IND,-1.#IND,1.#QNAN,-1.#QNAN,'
).split(',');
/** Largest number of columns, each of which has arrays of its own. */
const MAX_COLUMNS = 100_000;

/**
 * Reads a CSV file (a path, bytes or a Blob) or a stream, a piece at a time. Space around fields is ignored.
 * @throws LanewiseError kind 'data' naming file, line and column of an invalid number, a missing value or an unknown
 * class; kind 'file' if the file cannot be read; kind 'argument' for columns that do not exist.
 */
export async function readCsv(
  source: FileSource | TextSource,
  options: CsvOptions = {},
): Promise<Table> {
  checkCsvOptions(options);
  const { name, rows, columns } = await readTable(source, options, {});
  return { name, rows, columns };
}

/** Records that are no text, such as those of a Parquet file; the first one names the columns. */
export interface RecordSource {
  readonly name: string;
  readonly records: AsyncIterable<{ readonly line: number; readonly fields: readonly string[] }>;
}

/** What a table is read from. */
export type TableSource = FileSource | TextSource | RecordSource;

const isRecords = (source: TableSource): source is RecordSource =>
  typeof source === 'object' && source !== null && 'records' in source;

/** The needs of a data set: the columns to predict, and the types of the others unless the options declare them. */
export interface TableRoles {
  readonly targets?: readonly (string | number)[];
  readonly targetType?: ColumnType;
  readonly type?: ColumnType;
  /** Called for columns that are left out because they are unfit as features; without it, they are refused. */
  readonly ignored?: (column: string, reason: LanewiseError) => void;
  /** Whether columns become features. */
  readonly asFeatures?: boolean;
  /** Whether columns of undeclared type may hold dates. */
  readonly asDates?: boolean;
  /** Called with the number of rows without a target, which are left out where gaps are kept. */
  readonly untold?: (rows: number) => void;
  readonly words?: TableWords;
  /** Called with the names of the columns that are not read. */
  readonly unused?: (names: readonly string[]) => void;
  /** A column whose fields are told row by row, besides what else it is. */
  readonly key?: { readonly column: string; add(text: string): void };
}

/** A table, and the names of its targets. */
export async function readTable(
  source: TableSource,
  options: CsvOptions,
  roles: TableRoles,
): Promise<Table & { readonly targets: readonly string[] }> {
  const name = options.name ?? (isRecords(source) ? source.name : sourceName(source, 'csv'));
  const { delimiter = ',', missingTexts = MISSING } = options;
  const { words = programWords } = roles;
  const found = isRecords(source)
    ? source.records
    : csvRecords(sourceInPieces('CSV', source), name, delimiter);
  const more = isList(options.missing) ? options.missing : [];
  const missing = isList(options.missing) ? 'drop' : options.missing;
  const isMissing = new Set([...missingTexts, ...more]);
  let builders: readonly (ColumnBuilder | undefined)[] | undefined;
  let targets: readonly string[] = [];
  let rows = 0;
  let untold = 0;
  let key = -1;
  for await (const { line, fields } of found) {
    const texts = fields.map((field) => field.trim());
    if (!builders) {
      const names = namesOf(name, texts, options, words);
      targets = (roles.targets ?? []).map((one) => targetOf(name, names, one, delimiter));
      builders = names.map((column) => {
        const type =
          ownValue(options.columns, column) ??
          (targets.includes(column) ? roles.targetType : roles.type);
        return type === 'ignore'
          ? undefined
          : columnBuilder(name, column, type, words, roles.asDates && !targets.includes(column));
      });
      if (roles.key) key = names.indexOf(targetOf(name, names, roles.key.column, delimiter));
      roles.unused?.(names.filter((_, i) => !builders![i]));
      if (options.header ?? true) continue;
    }
    if (texts.length !== builders.length) {
      throw new LanewiseError(
        'data',
        `'${name}' line ${line} has ${texts.length} fields, expected ${builders.length} as in the first line`,
        delimiterHint(texts, delimiter),
      );
    }
    const isGap = (text: string, i: number) => builders![i] !== undefined && isMissing.has(text);
    const gap = texts.findIndex(isGap);
    const hasKey = key < 0 || !isMissing.has(texts[key]!);
    if (missing === 'drop' && (gap >= 0 || !hasKey)) continue;
    if (!hasKey) throw keyMissing(name, line, roles.key!.column, texts[key]!);
    if (gap >= 0 && missing === undefined) {
      throw new LanewiseError(
        'data',
        `'${name}' line ${line}, column '${builders[gap]!.name}': the value is missing ('${texts[gap]}')`,
        words.gap,
      );
    }
    if (
      gap >= 0 &&
      missing === 'keep' &&
      texts.some((text, i) => isGap(text, i) && targets.includes(builders![i]!.name))
    ) {
      untold++;
      continue;
    }
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i]!;
      if (gap < 0 || !isGap(text, i)) builders[i]?.add(text, line);
      else if (missing === 'keep') builders[i]!.addGap(line);
      else builders[i]!.addMissing(missing as number, line);
    }
    if (key >= 0) roles.key!.add(texts[key]!);
    rows++;
  }
  if (untold > 0) roles.untold?.(untold);
  if (rows === 0) throw new LanewiseError('data', `'${name}' has no rows`);
  const columns = builders!.flatMap((builder) =>
    builder && !isLeftOut(builder, targets, roles) ? [builder.finish()] : [],
  );
  return { name, rows, columns, targets };
}

const keyMissing = (file: string, line: number, column: string, found: string): LanewiseError =>
  new LanewiseError(
    'data',
    `'${file}' line ${line}, column '${column}': the value is missing ('${found}'), and it decides which part the row belongs to`,
    'fill it in the file, or leave the row out',
  );

/** Whether a column is unfit as a feature and the roles allow leaving it out. @throws LanewiseError if they do not. */
function isLeftOut(
  builder: ColumnBuilder,
  targets: readonly string[],
  { asFeatures = false, ignored }: TableRoles,
): boolean {
  const isTarget = targets.includes(builder.name);
  const unfit = asFeatures ? builder.unfit?.(isTarget ? 'classes' : 'features') : undefined;
  if (!unfit) return false;
  if (isTarget || !ignored) throw unfit;
  ignored(builder.name, unfit);
  return true;
}

const isList = (value: CsvOptions['missing']): value is readonly string[] => Array.isArray(value);

const ownValue = <T>(
  table: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined => (table && Object.hasOwn(table, name) ? table[name] : undefined);

/** @throws LanewiseError kind 'argument' for an unknown treatment of missing fields. */
export function checkMissing(owner: string, name: string, value: unknown): void {
  if (value === 'drop' || value === 'keep' || isFloat(value) || isTexts(value)) return;
  refuse(owner, name, value, "'drop', 'keep', 'impute', a finite number or a list of texts");
}

/** Checks of the options of `readCsv`; a data set has more. */
const CHECKS: Checks<CsvOptions> = {
  name: text,
  delimiter(_, __, value) {
    if (typeof value === 'string' && value !== '' && !/["\r\n]/.test(value)) return;
    throw new LanewiseError(
      'argument',
      `CSV delimiter ${JSON.stringify(value)}, expected a character such as ',' or '\\t'`,
    );
  },
  header: flag,
  columns(owner, name, value) {
    if (!isObject(value)) refuse(owner, name, value, "an object such as { width: 'number' }");
    checkColumns(value as NonNullable<CsvOptions['columns']>);
  },
  missing: checkMissing,
  missingTexts(owner, name, value) {
    if (!isTexts(value)) refuse(owner, name, value, 'a list of texts');
  },
};

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** @throws LanewiseError kind 'argument' for unknown or invalid options of a table. */
export function checkCsvOptions(
  options: CsvOptions,
  owner = 'readCsv',
  more: Readonly<Record<string, Check | true>> = {},
): void {
  checkOptions(
    owner,
    options,
    { ...CHECKS, ...more },
    {
      ignore: "columns: { name: 'ignore' } leaves a column out",
    },
  );
}

function checkColumns(columns: Readonly<Record<string, ColumnType>>): void {
  for (const [name, type] of Object.entries(columns)) {
    if (isTexts(type) && new Set(type).size !== type.length)
      throw new LanewiseError(
        'argument',
        `column '${name}' names a class twice: ${type.join(', ')}`,
      );
    if (isTexts(type) || ['number', 'byte', 'class', 'date', 'ignore'].includes(type as string))
      continue;
    throw new LanewiseError(
      'argument',
      `column '${name}' is ${quote(type)}, expected 'number', 'byte', 'class', 'date', 'ignore' or a list of classes`,
    );
  }
}

/** The names of the columns, all different. */
function namesOf(
  file: string,
  first: readonly string[],
  { header, columns = {}, delimiter = ',' }: CsvOptions,
  words: TableWords,
): readonly string[] {
  if (first.length > MAX_COLUMNS) {
    throw new LanewiseError(
      'data',
      `'${file}' has ${first.length} columns, at most ${MAX_COLUMNS} are read`,
    );
  }
  const names = header === false ? first.map((_, i) => String(i)) : first;
  const number = header === undefined ? names.find(isNumber) : undefined;
  if (number !== undefined) {
    throw new LanewiseError(
      'data',
      `'${file}': the first line should name the columns, and '${number}' is a number`,
      `${words.header(false)} if it is data, ${words.header(true)} if it is a name`,
    );
  }
  const known = new Set<string>();
  for (const name of names) {
    if (known.has(name)) {
      throw new LanewiseError(
        'data',
        `'${file}' has two columns '${name}'`,
        `if the first line is data: ${words.header(false)}`,
      );
    }
    known.add(name);
  }
  const unknown = Object.keys(columns).find((name) => !known.has(name));
  if (unknown !== undefined) throw noColumn(file, unknown, names, delimiterHint(first, delimiter));
  return names;
}

function targetOf(
  file: string,
  names: readonly string[],
  target: string | number,
  delimiter: string | undefined,
): string {
  if (typeof target === 'string') {
    if (names.includes(target)) return target;
    throw noColumn(file, target, names, delimiterHint(names, delimiter));
  }
  const found = Number.isInteger(target) ? names.at(target) : undefined;
  if (found !== undefined) return found;
  throw new LanewiseError(
    'argument',
    `target is ${show(target)}, expected the name of a column of '${file}' or its place among ${names.length}`,
  );
}

/** `'iris.csv' has no column 'sorte'`, with a few of those it has. */
function noColumn(
  file: string,
  name: string,
  names: readonly string[],
  hint?: string,
): LanewiseError {
  const shown = names.length > 12 ? [...names.slice(0, 12), '…'] : names;
  return new LanewiseError(
    'argument',
    `'${file}' has no column '${name}', it has ${shown.join(', ')}`,
    hint ?? nearest(name, names.slice(0, 1000)),
  );
}

/** Advice for a table with one column, which may have another delimiter. */
function delimiterHint(first: readonly string[], delimiter = ','): string | undefined {
  const other = [';', '\t', '|', ','].find((c) => c !== delimiter && first[0]!.includes(c));
  return first.length === 1 && other
    ? `perhaps the delimiter is ${JSON.stringify(other)}; it is read with ${JSON.stringify(delimiter)} between the columns`
    : undefined;
}
