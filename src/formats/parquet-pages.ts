/**
 * The pages of a Parquet column, one at a time: sizes are checked against the file before memory is taken, and no more
 * than a page and the dictionary are held. Headers and values are hyparquet's work, decompression hyparquet-compressors'.
 */
import { parquetHeader } from 'hyparquet/src/column.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js';
import { readPlain } from 'hyparquet/src/plain.js';
import type { DataReader, DecodedArray, PageHeader } from 'hyparquet';
import { LanewiseError } from '../base/errors.js';
import type { RandomAccess } from '../node/random-access.js';
import { inflate } from './parquet-codecs.js';
import type { ParquetChunk, ParquetColumn, ParquetFile } from './parquet-file.js';
import { decodeRuns } from './rle.js';
import { endOfStruct, Unfinished } from './thrift.js';

/** Rows of a column that lie in one page. */
export interface ParquetPage {
  readonly count: number;
  /** By row, the place of its value; −1 where it is missing. Absent if every row has the value of its own place. */
  readonly places?: Int32Array;
  /** The page's values, or those of the dictionary that places lead to. */
  readonly values: DecodedArray;
  /**
   * Where in the file the memory of byte values begins, if they lie there uncompressed: a value's first byte is at
   * `at + value.byteOffset`.
   */
  readonly at?: number;
}

/** Bound on a page's bytes, as written and unpacked: writers aim at a megabyte, and take more where values are large. */
const MAX_PAGE = 2 ** 30;
/** Bytes read for a page's header at first, and at most. */
const [HEADER, MAX_HEADER] = [1 << 12, 1 << 24];

/** Reads pages of one column; its messages name file and column. */
interface ColumnReader {
  readonly file: RandomAccess;
  readonly column: ParquetColumn;
  readonly chunk: ParquetChunk;
  readonly refuse: (what: string, cause?: unknown) => LanewiseError;
}

/**
 * The pages of a column, group by group.
 * @throws LanewiseError kind 'data' naming file and column where it is damaged, or holds what is not read.
 */
export async function* pagesOf(
  { file, groups }: ParquetFile,
  column: ParquetColumn,
  place: number,
): AsyncGenerator<ParquetPage> {
  const refuse = (what: string, cause?: unknown) =>
    new LanewiseError('data', `'${file.name}', column '${column.name}': ${what}`, undefined, {
      cause,
    });
  for (const chunks of groups) {
    const chunk = chunks[place]!;
    try {
      yield* pagesOfChunk({ file, column, chunk, refuse });
    } catch (error) {
      if (error instanceof LanewiseError) throw error;
      throw refuse((error as Error).message, error);
    }
  }
}

async function* pagesOfChunk(reader: ColumnReader): AsyncGenerator<ParquetPage> {
  const { chunk, refuse } = reader;
  const end = chunk.at + chunk.length;
  let dictionary: ParquetPage | undefined;
  let left = chunk.rows;
  for (let at = chunk.at; left > 0;) {
    const { header, start } = await headerAt(reader, at, end);
    const stored = size(header.compressed_page_size, end - start, 'a page', refuse);
    at = start + stored;
    if (header.type === 'DICTIONARY_PAGE') dictionary = await dictionaryAt(reader, header, start);
    if (header.type !== 'DATA_PAGE' && header.type !== 'DATA_PAGE_V2') continue;
    const page = await pageAt(reader, header, start, dictionary, left);
    left -= page.count;
    if (page.count > 0) yield page;
  }
}

/** A whole number of at most `most`. */
function size(
  value: number | undefined,
  most: number,
  what: string,
  refuse: ColumnReader['refuse'],
): number {
  if (Number.isSafeInteger(value) && value! >= 0 && value! <= most) return value!;
  throw refuse(`${what} claims ${value} bytes or values, at most ${most} are there`);
}

/** The header at byte `at`, and the place behind it. Most are short, but some hold a column's least and largest value. */
async function headerAt(
  { file, refuse }: ColumnReader,
  at: number,
  end: number,
): Promise<{ header: PageHeader; start: number }> {
  if (at >= end) throw refuse('it ends before its rows do');
  for (let length = HEADER; ; length *= 16) {
    const bytes = await file.read(at, Math.min(length, end - at));
    try {
      const after = endOfStruct(bytes, 0);
      const view = new DataView(bytes.buffer, bytes.byteOffset, after);
      return { header: parquetHeader({ view, offset: 0 }), start: at + after };
    } catch (error) {
      if (!(error instanceof Unfinished) || bytes.length < length || length >= MAX_HEADER)
        throw refuse(`the header at byte ${at} is damaged: ${(error as Error).message}`, error);
    }
  }
}

/** The unpacked bytes of a page; `at` is their place in the file if they lie there as they are. */
async function bytesOf(
  { file, chunk, refuse }: ColumnReader,
  stored: readonly [at: number, length: number],
  unpacked: number,
  isPacked = true,
): Promise<{ bytes: Uint8Array; at?: number }> {
  const [at, length] = stored;
  size(unpacked, MAX_PAGE, 'a page', refuse);
  size(length, MAX_PAGE, 'a page', refuse);
  const bytes = await file.read(at, length);
  if (isPacked && chunk.codec !== 'UNCOMPRESSED')
    return { bytes: await inflate(chunk.codec, bytes, unpacked) };
  if (length !== unpacked) throw refuse(`a page has ${length} bytes, its header says ${unpacked}`);
  return { bytes, at: at - bytes.byteOffset };
}

const readerOf = (bytes: Uint8Array): DataReader => ({
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  offset: 0,
});

async function dictionaryAt(
  reader: ColumnReader,
  header: PageHeader,
  start: number,
): Promise<ParquetPage> {
  const { bytes, at } = await bytesOf(
    reader,
    [start, header.compressed_page_size],
    header.uncompressed_page_size,
  );
  const count = header.dictionary_page_header?.num_values ?? -1;
  const values = plain(reader, bytes, count);
  return { count, values, ...(at === undefined ? {} : { at }) };
}

/** Least bytes of a value that stands for itself. */
const WIDTHS: Readonly<Record<string, number>> = {
  BOOLEAN: 1 / 8,
  INT32: 4,
  FLOAT: 4,
  INT64: 8,
  DOUBLE: 8,
  INT96: 12,
  BYTE_ARRAY: 4,
};

function plain({ column, refuse }: ColumnReader, bytes: Uint8Array, count: number): DecodedArray {
  const { type, type_length: length } = column.element;
  const width = WIDTHS[type!] ?? length ?? 0;
  if (width <= 0) throw refuse(`values of type ${type} with ${length} bytes`);
  size(count, Math.floor(bytes.length / width), 'a page', refuse);
  return readPlain(readerOf(bytes), type!, count, length);
}

interface Layout {
  readonly count: number;
  readonly encoding: string | undefined;
  /** Packed levels, and the bytes of the values behind them. */
  readonly levels: Uint8Array;
  readonly values: Uint8Array;
  readonly at?: number;
}

async function pageAt(
  reader: ColumnReader,
  header: PageHeader,
  start: number,
  dictionary: ParquetPage | undefined,
  left: number,
): Promise<ParquetPage> {
  const { column, refuse } = reader;
  const { count, encoding, levels, values, at } =
    header.type === 'DATA_PAGE'
      ? await layoutOf(reader, header, start, left)
      : await layoutOfSecond(reader, header, start, left);
  const present = column.levels > 0 ? presentIn(levels, column.levels, count) : undefined;
  const some = present ? present.reduce((sum, is) => sum + is, 0) : count;
  if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    const codes =
      some > 0 ? decodeRuns(values.subarray(1), values[0] ?? 0, some) : new Int32Array();
    if (!dictionary) {
      if (some > 0) throw refuse('a page refers to a dictionary, and there is none');
      return { count, values: [], places: new Int32Array(count).fill(-1) };
    }
    const wrong = codes.find((code) => code >= dictionary.count);
    if (wrong !== undefined) throw refuse(`value ${wrong} of a dictionary of ${dictionary.count}`);
    return { ...dictionary, count, places: present ? spread(present, codes) : codes };
  }
  const decoded = decode(reader, encoding, values, some);
  if (decoded.length !== some)
    throw refuse(`a page has ${decoded.length} values, expected ${some}`);
  return {
    count,
    values: decoded,
    ...(present && some < count ? { places: spread(present) } : {}),
    ...(at === undefined ? {} : { at }),
  };
}

/** A page of the first kind, in which levels and values are packed together. */
async function layoutOf(
  reader: ColumnReader,
  header: PageHeader,
  start: number,
  left: number,
): Promise<Layout> {
  const { column, refuse } = reader;
  const {
    num_values: count,
    encoding,
    definition_level_encoding: way,
  } = header.data_page_header ?? {};
  size(count, left, 'a page', refuse);
  const { bytes, at } = await bytesOf(
    reader,
    [start, header.compressed_page_size],
    header.uncompressed_page_size,
  );
  const place = at === undefined ? {} : { at };
  if (column.levels === 0)
    return { count: count!, encoding, levels: bytes.subarray(0, 0), values: bytes, ...place };
  if (way !== 'RLE') throw refuse(`levels are ${way}, expected RLE`);
  if (bytes.length < 4) throw refuse(`a page of ${bytes.length} bytes has no levels`);
  const length = readerOf(bytes).view.getUint32(0, true);
  size(length, bytes.length - 4, 'the levels of a page', refuse);
  const [levels, values] = [bytes.subarray(4, 4 + length), bytes.subarray(4 + length)];
  return { count: count!, encoding, levels, values, ...place };
}

/** A page of the second kind, whose levels are not packed. */
async function layoutOfSecond(
  reader: ColumnReader,
  header: PageHeader,
  start: number,
  left: number,
): Promise<Layout> {
  const { refuse } = reader;
  const second = header.data_page_header_v2;
  const count = size(second?.num_values, left, 'a page', refuse);
  const stored = header.compressed_page_size;
  const repeats = size(second!.repetition_levels_byte_length, stored, 'the levels', refuse);
  const length = size(
    second!.definition_levels_byte_length,
    stored - repeats,
    'the levels',
    refuse,
  );
  const behind = repeats + length;
  const levels = await reader.file.read(start + repeats, length);
  const unpacked = header.uncompressed_page_size - behind;
  const isEmpty = stored === behind;
  const { bytes, at } = isEmpty
    ? { bytes: new Uint8Array() }
    : await bytesOf(
        reader,
        [start + behind, stored - behind],
        unpacked,
        second!.is_compressed !== false,
      );
  return {
    count,
    encoding: second!.encoding,
    levels,
    values: bytes,
    ...(at === undefined ? {} : { at }),
  };
}

/** By row, 1 if its value is present and 0 if not. */
function presentIn(levels: Uint8Array, most: number, count: number): Uint8Array {
  const width = 32 - Math.clz32(most);
  return Uint8Array.from(decodeRuns(levels, width, count), (level) => (level === most ? 1 : 0));
}

/** By row, the place of its value, or −1: the next of `codes`, or the next place. */
function spread(present: Uint8Array, codes?: Int32Array): Int32Array {
  const places = new Int32Array(present.length);
  let next = 0;
  for (let i = 0; i < present.length; i++) {
    if (present[i] === 0) places[i] = -1;
    else {
      places[i] = codes ? codes[next]! : next;
      next++;
    }
  }
  return places;
}

function decode(
  reader: ColumnReader,
  encoding: string | undefined,
  bytes: Uint8Array,
  count: number,
): DecodedArray {
  const { column, refuse } = reader;
  const { type, type_length: length } = column.element;
  if (count === 0) return [];
  switch (encoding) {
    case 'PLAIN':
      return plain(reader, bytes, count);
    case 'RLE': {
      if (type !== 'BOOLEAN' || bytes.length < 4) break;
      return Array.from(decodeRuns(bytes.subarray(4), 1, count), (value) => value !== 0);
    }
    case 'BYTE_STREAM_SPLIT': {
      const width = WIDTHS[type!] ?? length ?? 0;
      if (width < 1) throw refuse(`values of type ${type} with ${length} bytes`);
      size(count * width, bytes.length, 'a page', refuse);
      return byteStreamSplit(readerOf(bytes), count, type!, length);
    }
    case 'DELTA_BINARY_PACKED':
      if (type !== 'INT32' && type !== 'INT64') break;
      return differences(
        readerOf(bytes),
        type === 'INT32' ? new Int32Array(count) : new BigInt64Array(count),
      );
    case 'DELTA_LENGTH_BYTE_ARRAY':
    case 'DELTA_BYTE_ARRAY':
      if (type !== 'BYTE_ARRAY') break;
      return encoding === 'DELTA_BYTE_ARRAY' ? fronts(bytes, count) : lengths(bytes, count);
  }
  throw refuse(`values of type ${type} in the encoding ${encoding}, which is not read`);
}

/** Fills an array with values of which differences are stored. */
function differences<A extends Int32Array | BigInt64Array>(reader: DataReader, to: A): A {
  const { view, offset } = reader;
  // hyparquet goes by the two counts at the beginning.
  const [block, after] = varintAt(view, offset);
  const [parts] = varintAt(view, after);
  if (block < 1 || block > 1 << 20 || parts < 1 || block % parts !== 0 || (block / parts) % 8 !== 0)
    throw new Error(`blocks of ${block} values in ${parts} parts`);
  deltaBinaryUnpack(reader, to.length, to);
  return to;
}

function varintAt(view: DataView, offset: number): readonly [value: number, after: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const digit = view.getUint8(offset + i);
    value += (digit & 0x7f) * 2 ** (7 * i);
    if (digit < 0x80) return [value, offset + i + 1];
  }
  throw new Error('a count is too long');
}

/** Texts behind the list of their lengths. */
function lengths(bytes: Uint8Array, count: number): Uint8Array[] {
  const reader = readerOf(bytes);
  const all = differences(reader, new Int32Array(count));
  return Array.from(all, (length) => take(bytes, reader, length));
}

function take(bytes: Uint8Array, reader: DataReader, length: number): Uint8Array {
  if (length < 0 || reader.offset + length > bytes.length)
    throw new Error(`a text of ${length} bytes is longer than its page`);
  reader.offset += length;
  return bytes.subarray(reader.offset - length, reader.offset);
}

/** Texts that begin as the ones before them. */
function fronts(bytes: Uint8Array, count: number): Uint8Array[] {
  const reader = readerOf(bytes);
  const shared = differences(reader, new Int32Array(count));
  const rest = differences(reader, new Int32Array(count));
  let last: Uint8Array = new Uint8Array();
  let total = 0;
  return Array.from(rest, (length, i) => {
    const end = take(bytes, reader, length);
    const common = shared[i]!;
    if (common < 0 || common > last.length)
      throw new Error(`a text shares ${common} bytes with one of ${last.length}`);
    total += common + length;
    if (total > MAX_PAGE) throw new Error(`the texts of a page have more than ${MAX_PAGE} bytes`);
    const text = new Uint8Array(common + length);
    text.set(last.subarray(0, common));
    text.set(end, common);
    last = text;
    return text;
  });
}
