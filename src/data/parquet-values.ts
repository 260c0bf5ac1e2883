/** Values of Parquet's columns as the texts of a table: numbers in digits, dates as ISO 8601, gaps as ''. */
import { convert } from 'hyparquet/src/convert.js';
import type { DecodedArray, ParquetParsers } from 'hyparquet';
import type { ParquetColumn } from '../formats/parquet-file.js';
import type { ParquetPage } from '../formats/parquet-pages.js';

const strict = new TextDecoder('utf-8', { fatal: true });

/** `2024-05-01`, or with a time other than midnight `2024-05-01T10:30:00`. */
function dateText(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  return text.replace(/(T00:00:00)?\.000Z$|Z$/, '');
}

function decodeText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (error) {
    throw new Error('a value is not UTF-8 text', { cause: error });
  }
}

/** Dates become texts: as Date objects they would lose what a calendar day is. */
const parsers = {
  timestampFromMilliseconds: (value: bigint) => dateText(Number(value)),
  timestampFromMicroseconds: (value: bigint) => dateText(Number(value / 1000n)),
  timestampFromNanoseconds: (value: bigint) => dateText(Number(value / 1_000_000n)),
  dateFromDays: (days: number) => dateText(days * 86_400_000),
  stringFromBytes: decodeText,
  jsonFromBytes: decodeText,
  geometryFromBytes: decodeText,
  geographyFromBytes: decodeText,
  uuidFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString('hex'),
} as unknown as ParquetParsers;

/** The texts of a page by row. @throws Error for values that are not what their column says. */
export function textsOf(column: ParquetColumn, page: ParquetPage): (row: number) => string {
  const values = richValues(column, page.values);
  const { places } = page;
  return (row) => {
    const place = places ? places[row]! : row;
    return place < 0 ? '' : textOf(values[place]);
  };
}

const known = new WeakMap<object, DecodedArray>();

/** Values by their logical type. Many pages share a dictionary, which is converted once. */
function richValues(column: ParquetColumn, values: DecodedArray): DecodedArray {
  const found = known.get(values);
  if (found) return found;
  const rich = convert(values, {
    pathInSchema: [],
    type: column.element.type!,
    element: column.element,
    schemaPath: [],
    codec: 'UNCOMPRESSED',
    parsers,
    utf8: true,
  });
  known.set(values, rich);
  return rich;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (value === undefined || value === null) return '';
  throw new Error('a value is bytes, which are not read as a number or a text');
}
