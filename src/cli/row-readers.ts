/** The files whose rows `predict` reads, a line each by their extension. */
import { extname } from 'node:path';
import { isObject, quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { MISSING } from '../data/csv-table.js';
import { isNumber } from '../data/csv-builders.js';
import type { Cell, Rows } from '../data/encode-rows.js';
import { sourceInPieces } from '../data/file-source.js';
import { readNpy } from '../data/npy-set.js';
import { readNpz } from '../data/npz.js';
import { withParquetRecords } from '../data/parquet-dataset.js';
import type { TableFormat } from '../data/table-format.js';
import { csvRecords } from '../formats/csv.js';
import type { NpyArray } from '../formats/npy.js';
import { linesOf, valueOf } from '../formats/json-lines.js';
import { showShape } from '../graph/tensor.js';

/** Rows of a file. */
export interface GivenRows {
  readonly count: number;
  /** The names of the file's columns. */
  readonly names: readonly string[];
  /** `count` rows from `from` on, as `predict` takes them. */
  part(from: number, count: number): Rows;
  /** The value of any column, such as that of the target. */
  cell(name: string, row: number): unknown;
  /** The place of a row in the file, for messages: `line 7`. */
  place(row: number): string;
}

interface RowReader {
  /** The kind of file, in messages and help. */
  readonly what: string;
  read(path: string, table: TableFormat): Promise<GivenRows>;
}

const readers: Readonly<Record<string, RowReader>> = {
  '.csv': { what: 'CSV', read: (path, table) => readCsvRows(path, table, ',') },
  '.tsv': { what: 'TSV', read: (path, table) => readCsvRows(path, table, '\t') },
  '.parquet': {
    what: 'Parquet',
    read: (path, table) =>
      withParquetRecords(path, (records) => ofRecords(path, table, records, NO_TEXT)),
  },
  '.jsonl': { what: 'JSON lines', read: (path) => readJsonLines(path) },
  '.ndjson': { what: 'JSON lines', read: (path) => readJsonLines(path) },
  '.npy': { what: 'NPY', read: async (path, table) => ofArray(path, table, await readNpy(path)) },
  '.npz': { what: 'NPZ', read: readNpzRows },
};

/** `CSV, TSV, Parquet, JSON lines, NPY, NPZ` */
export const rowFiles = [...new Set(Object.values(readers).map(({ what }) => what))].join(', ');

/** @throws LanewiseError kind 'argument' for a file of another kind; kind 'data' for a damaged one. */
export async function readRows(path: string, table: TableFormat): Promise<GivenRows> {
  return readerOf(path, table).read(path, table);
}

/** @throws LanewiseError kind 'argument' for a file of no kind that holds rows. */
export function readerOf(path: string, { columns }: TableFormat): RowReader {
  const extension = extname(path).toLowerCase();
  if (Object.hasOwn(readers, extension)) return readers[extension]!;
  throw new LanewiseError(
    'argument',
    `'${path}' holds no rows, and the model takes rows of a table`,
    `expected a file of ${rowFiles} (${Object.keys(readers).join(' ')}) with the columns ${shorten(columns.map(({ name }) => name).join(', '))}`,
  );
}

interface Line {
  readonly line: number;
  readonly fields: readonly string[];
}

const NO_TEXT: ReadonlySet<string> = new Set(['']);
const MISSING_TEXTS: ReadonlySet<string> = new Set(MISSING);

const readCsvRows = (path: string, table: TableFormat, delimiter: string): Promise<GivenRows> =>
  ofRecords(path, table, csvRecords(sourceInPieces('CSV', path), path, delimiter), MISSING_TEXTS);

/**
 * Whether a file has no line of names, as that of training had none: all names are places, and they are not in the first
 * line.
 */
function lacksNames({ columns, targets = [] }: TableFormat, first: readonly string[]): boolean {
  const arePlaces = columns.every(({ name }) => /^\d+$/.test(name) && Number(name) <= first.length);
  const hasNames = columns.every(({ name }) => first.includes(name));
  const hasTarget = targets.some(({ name }) => !isNumber(name) && first.includes(name));
  return arePlaces && !(hasNames && (first.length > 2 || hasTarget));
}

/** Rows of texts. */
async function ofRecords(
  path: string,
  table: TableFormat,
  records: AsyncIterable<Line>,
  missing: ReadonlySet<string>,
): Promise<GivenRows> {
  let isNumbered = false;
  const numbers = new Set(
    table.columns.filter(({ type }) => type === 'number').map(({ name }) => name),
  );
  let names: readonly string[] | undefined;
  let lists: Cell[][] = [];
  const lines: number[] = [];
  for await (const { line, fields } of records) {
    const texts = fields.map((field) => field.trim());
    if (!names) {
      isNumbered = lacksNames(table, texts);
      names = isNumbered ? texts.map((_, i) => String(i)) : texts;
      lists = names.map(() => []);
      if (!isNumbered) continue;
    }
    if (texts.length !== names.length)
      throw new LanewiseError(
        'data',
        `'${path}' line ${line} has ${texts.length} fields, expected ${names.length} as in the first line`,
      );
    lines.push(line);
    texts.forEach((text, i) => {
      const isOfNumbers = numbers.has(names![i]!) && isNumber(text);
      lists[i]!.push(missing.has(text) ? null : isOfNumbers ? Number(text) : text);
    });
  }
  return ofColumns(path, names ?? [], lists, (row) => `line ${lines[row]}`);
}

function ofColumns(
  path: string,
  names: readonly string[],
  lists: readonly (readonly Cell[])[],
  place: GivenRows['place'],
): GivenRows {
  const count = lists[0]?.length ?? 0;
  if (count === 0) throw new LanewiseError('data', `'${path}' has no rows`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new LanewiseError('data', `'${path}' has two columns ${quote(twice)}`);
  const columns = new Map(names.map((name, i) => [name, lists[i]!]));
  return {
    count,
    names,
    part: (from, rows) =>
      Object.fromEntries([...columns].map(([name, list]) => [name, list.slice(from, from + rows)])),
    cell: (name, row) => columns.get(name)?.[row],
    place,
  };
}

/** An object or a list a line. */
async function readJsonLines(path: string): Promise<GivenRows> {
  const rows: (Readonly<Record<string, Cell>> | readonly Cell[])[] = [];
  const names = new Set<string>();
  const lines: number[] = [];
  let line = 0;
  for await (const text of linesOf(sourceInPieces('JSON lines', path), path)) {
    line++;
    if (text.trim() === '') continue;
    const row = parsed(path, line, text);
    if (isObject(row)) for (const name of Object.keys(row)) names.add(name);
    rows.push(row as readonly Cell[]);
    lines.push(line);
  }
  if (rows.length === 0) throw new LanewiseError('data', `'${path}' has no rows`);
  return {
    count: rows.length,
    names: [...names],
    place: (row) => `line ${lines[row]}`,
    part: (from, count) => rows.slice(from, from + count) as Rows,
    cell(name, row) {
      const one = rows[row];
      return isObject(one) && Object.hasOwn(one, name) ? one[name] : undefined;
    },
  };
}

function parsed(path: string, line: number, text: string): unknown {
  const found = valueOf(path, line, text);
  if (isObject(found) || Array.isArray(found)) return found;
  throw new LanewiseError(
    'data',
    `'${path}' line ${line} is ${quote(found)}, expected an object or a list`,
  );
}

async function readNpzRows(path: string, table: TableFormat): Promise<GivenRows> {
  const arrays = await readNpz(path);
  const name = ['x', 'x_test', ...arrays.keys()].find((one) => arrays.has(one))!;
  if (arrays.size > 1 && !arrays.has('x') && !arrays.has('x_test'))
    throw new LanewiseError(
      'data',
      `'${path}' has arrays ${[...arrays.keys()].join(', ')}, expected x or a single one`,
    );
  return ofArray(path, table, arrays.get(name)!);
}

/** The rows of an array, in the order of the model's columns. */
function ofArray(path: string, { columns }: TableFormat, { shape, values }: NpyArray): GivenRows {
  const names = columns.map(({ name }) => name);
  const width = shape[1] ?? (names.length === 1 ? 1 : NaN);
  if (shape.length > 2 || width !== names.length)
    throw new LanewiseError(
      'data',
      `'${path}' holds an array of ${showShape(shape)}, expected rows × ${names.length}: ${shorten(names.join(', '))}`,
    );
  return ofColumns(
    path,
    names,
    names.map((_, i) => Array.from({ length: shape[0]! }, (_, row) => values[row * width + i]!)),
    (row) => `row ${row + 1}`,
  );
}
