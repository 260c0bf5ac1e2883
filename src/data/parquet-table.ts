/** The rows of Parquet files as records of texts, which become a table as those of a CSV file do. */
import { LanewiseError } from '../base/errors.js';
import { shorten } from '../base/check.js';
import { inPieces } from '../node/random-access.js';
import type { ParquetColumn, ParquetFile } from '../formats/parquet-file.js';
import { pagesOf, type ParquetPage } from '../formats/parquet-pages.js';
import type { CsvOptions, RecordSource } from './csv-table.js';
import { textsOf } from './parquet-values.js';

/** Bound on rows × columns: a gigabyte as numbers. */
const MAX_VALUES = 2 ** 28;
/** Bytes that are held of all columns together, besides their pages. */
const PIECES = 2 ** 24;
/** The index that pandas writes. */
const INDEX = /^__index_level_\d+__$/;

/** A column that is read, and its place in the file. */
interface Read {
  readonly column: ParquetColumn;
  readonly place: number;
}

/**
 * The columns' names, then the rows, line 1 the first. Columns that the options ignore are not read, and have ''.
 * @throws LanewiseError kind 'data' for files of other columns, lists, and damaged pages.
 */
export async function* recordsOf(
  shards: readonly ParquetFile[],
  types: CsvOptions['columns'] = {},
): RecordSource['records'] {
  const [first] = shards;
  const names = namesIn(first!);
  const isRead = (name: string) => !(Object.hasOwn(types, name) && types[name] === 'ignore');
  yield { line: 0, fields: names };
  let line = 0;
  let values = 0;
  for (const shard of shards) {
    if (String(namesIn(shard)) !== String(names))
      throw new LanewiseError(
        'data',
        `'${shard.file.name}' has the columns ${shorten(namesIn(shard).join(', '))}, '${first!.file.name}' has ${shorten(names.join(', '))}`,
      );
    const columns = names.map((name): Read | undefined => {
      const place = shard.columns.findIndex((column) => column.name === name);
      return isRead(name) ? { column: shard.columns[place]!, place } : undefined;
    });
    for (const read of columns) checkRead(shard, read);
    values += shard.rows * columns.filter(Boolean).length;
    if (values > MAX_VALUES)
      throw new LanewiseError(
        'data',
        `'${shard.file.name}' has ${shard.rows} rows of ${columns.length} columns, at most ${MAX_VALUES} values are read`,
        "columns: { NAME: 'ignore' } leaves columns out",
      );
    for await (const fields of rowsOf(shard, columns)) yield { line: ++line, fields };
  }
}

/** The columns that hold dates, by their types. */
export const datesIn = ({ columns }: ParquetFile): NonNullable<CsvOptions['columns']> =>
  Object.fromEntries(
    columns
      .filter(({ element: { type, converted_type: kind = '', logical_type: logical } }) =>
        logical
          ? /DATE|TIMESTAMP/.test(logical.type)
          : /DATE|TIMESTAMP/.test(kind) || type === 'INT96',
      )
      .map(({ name }) => [name, 'date']),
  );

const namesIn = ({ columns }: ParquetFile): string[] =>
  [...new Set(columns.map(({ name }) => name))].filter((name) => !INDEX.test(name));

function checkRead({ file }: ParquetFile, read: Read | undefined): void {
  if (!read?.column.isList) return;
  throw new LanewiseError(
    'data',
    `'${file.name}', column '${read.column.name}' holds lists, expected a value a row`,
    `columns: { ${JSON.stringify(read.column.name)}: 'ignore' } leaves it out`,
  );
}

/** A column's page, and how many of its rows have been taken. */
interface Cursor {
  readonly pages: AsyncGenerator<ParquetPage>;
  readonly read: Read;
  text: (row: number) => string;
  at: number;
  count: number;
}

/** The rows of a file: of each column, a page is held. */
async function* rowsOf(
  shard: ParquetFile,
  columns: readonly (Read | undefined)[],
): AsyncGenerator<readonly string[]> {
  const piece = Math.ceil(PIECES / columns.length);
  const cursors = columns.map(
    (read): Cursor | undefined =>
      read && {
        pages: pagesOf({ ...shard, file: inPieces(shard.file, piece) }, read.column, read.place),
        read,
        text: () => '',
        at: 0,
        count: 0,
      },
  );
  for (let row = 0; row < shard.rows; row++) {
    const fields: string[] = Array.from(columns, () => '');
    for (let i = 0; i < cursors.length; i++) {
      const cursor = cursors[i];
      if (!cursor) continue;
      if (cursor.at === cursor.count) await turn(shard, cursor);
      fields[i] = valueOf(shard, cursor);
    }
    yield fields;
  }
}

function valueOf(shard: ParquetFile, cursor: Cursor): string {
  try {
    return cursor.text(cursor.at++);
  } catch (error) {
    throw failed(shard, cursor, error);
  }
}

/** Goes on to the column's next page. */
async function turn(shard: ParquetFile, cursor: Cursor): Promise<void> {
  const { value: page } = await cursor.pages.next();
  if (!page) throw failed(shard, cursor, new Error('it ends before the other columns do'));
  cursor.at = 0;
  cursor.count = (page as ParquetPage).count;
  try {
    cursor.text = textsOf(cursor.read.column, page as ParquetPage);
  } catch (error) {
    throw failed(shard, cursor, error);
  }
}

const failed = ({ file }: ParquetFile, { read }: Cursor, cause: unknown): LanewiseError =>
  new LanewiseError(
    'data',
    `'${file.name}', column '${read.column.name}': ${(cause as Error).message}`,
    undefined,
    { cause },
  );
