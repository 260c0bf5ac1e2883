/**
 * The footer of a Parquet file: its columns, and where their parts are. hyparquet reads it, after its sizes were checked.
 * This file is loaded only when there is a Parquet file.
 */
import { parquetMetadata, parquetSchema } from 'hyparquet';
import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { RandomAccess } from '../node/random-access.js';
import { endOfStruct } from './thrift.js';

/** A column of single values; a field of a structure is one too, named `image.bytes`. */
export interface ParquetColumn {
  readonly name: string;
  /** The elements from the column inwards; the last is the value's. */
  readonly path: readonly SchemaElement[];
  readonly element: SchemaElement;
  /** The level of a value that is present. */
  readonly levels: number;
  /** Whether rows hold lists, which are not read; several such columns may have one name. */
  readonly isList: boolean;
}

/** A column's part in a group of rows. */
export interface ParquetChunk {
  readonly codec: string;
  readonly at: number;
  readonly length: number;
  readonly rows: number;
}

/** An open Parquet file. */
export interface ParquetFile {
  readonly file: RandomAccess;
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  /** By group of rows, the part of each column. */
  readonly groups: readonly (readonly ParquetChunk[])[];
  /** What the writer has noted, such as `huggingface`. */
  readonly notes: ReadonlyMap<string, string>;
}

/** Bound on the footer's bytes. */
const MAX_FOOTER = 2 ** 25;
/** Bound on a file's rows. */
const MAX_ROWS = 2 ** 27;
const MAX_COLUMNS = 100_000;
/** `PAR1` at a file's both ends, `PARE` where the footer is encrypted. */
const [MAGIC, ENCRYPTED] = ['PAR1', 'PARE'];

const refuse = (name: string, what: string, cause?: unknown): LanewiseError =>
  new LanewiseError('data', `'${name}': ${what}`, undefined, { cause });

/**
 * Reads the footer.
 * @throws LanewiseError kind 'data' for a file that is not Parquet, or whose footer is damaged.
 */
export async function readFooter(file: RandomAccess): Promise<ParquetFile> {
  const { name, bytes: size } = file;
  if (size < 12) throw refuse(name, `not a Parquet file: it has ${size} bytes`);
  const mark = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
  const end = await file.read(size - 8, 8);
  const last = mark(end.subarray(4));
  if (last === ENCRYPTED) throw refuse(name, 'its footer is encrypted, which is not read');
  if (last !== MAGIC || mark(await file.read(0, 4)) !== MAGIC)
    throw refuse(name, `not a Parquet file, or cut short: it does not begin and end with ${MAGIC}`);
  const length = new DataView(end.buffer, end.byteOffset).getUint32(0, true);
  if (length > Math.min(size - 12, MAX_FOOTER))
    throw refuse(name, `its footer claims ${length} bytes, the file has ${size}`);
  const footer = await file.read(size - 8 - length, length + 8);
  try {
    endOfStruct(footer.subarray(0, length), 0);
    const found = parquetMetadata(footer.slice(), { geoparquet: false });
    return { file, ...parts(found, file) };
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    throw refuse(name, `its footer is damaged: ${(error as Error).message}`, error);
  }
}

function parts(found: FileMetaData, { name, bytes }: RandomAccess): Omit<ParquetFile, 'file'> {
  const columns = leavesOf(parquetSchema(found));
  if (columns.length > MAX_COLUMNS)
    throw refuse(name, `it has ${columns.length} columns, at most ${MAX_COLUMNS} are read`);
  const seen = new Set<string>();
  for (const column of columns) {
    // The fields of a list have one name.
    if (seen.has(column.name) && !column.isList)
      throw refuse(name, `it has two columns of the name ${quote(column.name)}`);
    seen.add(column.name);
  }
  let rows = 0;
  const groups = found.row_groups.map((group, place) => {
    const count = Number(group.num_rows);
    rows += wholeUpTo(name, `rows of group ${place}`, count, MAX_ROWS);
    if (group.columns.length !== columns.length)
      throw refuse(
        name,
        `group ${place} has ${group.columns.length} columns, the file ${columns.length}`,
      );
    return group.columns.map(({ meta_data: data, file_path: other }, i): ParquetChunk => {
      const where = `column '${columns[i]!.name}' of group ${place}`;
      if (!data) throw refuse(name, `${where} is encrypted, which is not read`);
      if (other) throw refuse(name, `${where} is in another file, '${other}'`);
      const dictionary = Number(data.dictionary_page_offset ?? 0);
      const first = Number(data.data_page_offset);
      const at = dictionary > 0 ? Math.min(dictionary, first) : first;
      const length = Number(data.total_compressed_size);
      wholeUpTo(name, `${where}: its place`, at, bytes);
      wholeUpTo(name, `${where}: its length`, length, bytes - at);
      const values = Number(data.num_values);
      if (!columns[i]!.isList && values !== count)
        throw refuse(name, `${where} has ${values} values, expected ${count}`);
      return { codec: data.codec, at, length, rows: count };
    });
  });
  wholeUpTo(name, 'rows', rows, MAX_ROWS);
  if (rows !== Number(found.num_rows))
    throw refuse(name, `it has ${rows} rows in groups, expected ${found.num_rows}`);
  const notes = new Map(
    (found.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']),
  );
  return { rows, columns, groups, notes };
}

function wholeUpTo(name: string, what: string, value: number, most: number): number {
  if (Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
  throw refuse(name, `${what} is ${value}, expected a whole number of at most ${most}`);
}

/** All columns, those of structures by their fields. */
function leavesOf(root: SchemaTree): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  const visit = ({ element, children }: SchemaTree, above: readonly SchemaElement[]): void => {
    const path = [...above, element];
    if (children.length > 0) {
      for (const child of children) visit(child, path);
      return;
    }
    const isList = path.some((one) => one.repetition_type === 'REPEATED');
    columns.push({
      name: isList ? path[0]!.name : path.map((one) => one.name).join('.'),
      path,
      element,
      levels: path.filter((one) => one.repetition_type !== 'REQUIRED').length,
      isList,
    });
  };
  for (const child of root.children) visit(child, []);
  return columns;
}
