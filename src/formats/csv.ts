/**
 * The reader of CSV (RFC 4180) as it occurs: quoted fields, any system's line ends, a byte order mark. It reads pieces
 * with csv-parse, which takes 20 ms to load and so is loaded only when there is a file to read.
 */
import { LanewiseError } from '../base/errors.js';
import { decodeUtf8, type TextSource } from './utf8.js';

export interface CsvRecord {
  /** The line on which it begins in the file, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Bound on one record: a quote that is never closed must not collect the rest of the file. */
const MAX_RECORD_BYTES = 2 ** 24;

/**
 * The records of a file in order, without empty lines. `name` is for messages.
 * @throws LanewiseError kind 'data' with the line for misplaced quotes, text that is not UTF-8, or a record of more
 * than 16 MiB.
 */
export async function* csvRecords(
  source: TextSource,
  name: string,
  delimiter: string,
): AsyncGenerator<CsvRecord> {
  const { Readable } = await import('node:stream');
  const { parse } = await import('csv-parse');
  // The parser counts a line end of two characters within quotes twice.
  let countedTwice = 0;
  /** The line of the next record, unless empty lines come first. */
  let next = 1;
  // Records are numbered when found, not when taken: an error discards those that wait.
  const onRecord = (fields: readonly string[], { lines }: { lines: number }): CsvRecord => {
    let lineEnds = 0;
    for (const field of fields) {
      if (!field.includes('\n') && !field.includes('\r')) continue;
      lineEnds += field.match(/\r\n|\n|\r/g)!.length;
      countedTwice += field.match(/\r\n/g)?.length ?? 0;
    }
    const last = lines - countedTwice;
    next = last + 1;
    return { line: last - lineEnds, fields };
  };
  const parser = parse({
    delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: MAX_RECORD_BYTES,
    // Its type allows only lists of fields.
    on_record: onRecord as never,
  });
  const text = Readable.from(decodeUtf8(source, name));
  text.on('error', (error) => parser.destroy(error));
  text.pipe(parser);
  try {
    yield* parser as AsyncIterable<CsvRecord>;
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    const { code, lines } = error as { code?: string; lines?: number };
    if (code === undefined || lines === undefined) throw error;
    throw new LanewiseError(
      'data',
      `'${name}' line ${endless.has(code) ? next : lines - countedTwice}: ${reasons[code] ?? (error as Error).message}`,
      undefined,
      { cause: error },
    );
  } finally {
    text.destroy();
    parser.destroy();
  }
}

const reasons: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  INVALID_OPENING_QUOTE: 'a quote stands inside a field that does not begin with one',
  CSV_INVALID_CLOSING_QUOTE: 'a closing quote is followed by more than a delimiter or a line end',
  CSV_MAX_RECORD_SIZE: `a record of more than ${MAX_RECORD_BYTES} bytes`,
};

/** Errors for which the parser has gone past the faulty line. */
const endless = new Set(['CSV_QUOTE_NOT_CLOSED', 'CSV_MAX_RECORD_SIZE']);
