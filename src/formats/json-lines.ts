/** Reads JSON lines: an object a line, whose first one names the columns. */
import { isObject, quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { decodeUtf8, type TextSource } from './utf8.js';

/** A line's cells as text, as those of a CSV file are. */
export interface JsonRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Longest line in characters, and most names. */
const MOST_CHARACTERS = 2 ** 24;
const MOST_NAMES = 100_000;

/**
 * The names of the first object's fields, then a record an object: texts as they are, numbers and true and false as they
 * are written, and nothing for null and fields that are missing.
 * @throws LanewiseError kind 'data' naming the line that is not an object of texts and numbers, or has another field.
 */
export async function* jsonRecords(source: TextSource, name: string): AsyncGenerator<JsonRecord> {
  let names: readonly string[] | undefined;
  let line = 0;
  for await (const text of linesOf(source, name)) {
    line++;
    if (text.trim() === '') continue;
    const row = parsed(name, line, text);
    if (!names) {
      names = Object.keys(row);
      if (names.length === 0 || names.length > MOST_NAMES)
        throw new LanewiseError(
          'data',
          `'${name}' line ${line} has ${names.length} fields, expected 1 to ${MOST_NAMES}`,
        );
      yield { line, fields: names };
    }
    const known = names;
    const more = Object.keys(row).find((key) => !known.includes(key));
    if (more !== undefined)
      throw new LanewiseError(
        'data',
        `'${name}' line ${line} has a field ${quote(more)}, which the first line lacks; it has ${shorten(known.join(', '))}`,
        'give the first line all fields, null where there is nothing',
      );
    yield {
      line,
      fields: known.map((key) => cell(name, line, key, Object.hasOwn(row, key) ? row[key] : null)),
    };
  }
}

/** The lines of a text. @throws LanewiseError kind 'data' for one that is too long to be a record. */
export async function* linesOf(source: TextSource, name: string): AsyncGenerator<string> {
  let rest = '';
  for await (const text of decodeUtf8(source, name)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    if (rest.length > MOST_CHARACTERS)
      throw new LanewiseError(
        'data',
        `'${name}' has a line of more than ${MOST_CHARACTERS} characters`,
      );
    yield* lines;
  }
  yield rest;
}

/** The value of a line. @throws LanewiseError kind 'data' naming a line that is not JSON. */
export function valueOf(name: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LanewiseError(
      'data',
      `'${name}' line ${line} is not JSON: ${shorten((error as Error).message)}`,
      undefined,
      { cause: error },
    );
  }
}

function parsed(name: string, line: number, text: string): Readonly<Record<string, unknown>> {
  const found = valueOf(name, line, text);
  if (isObject(found)) return found;
  throw new LanewiseError(
    'data',
    `'${name}' line ${line} is ${quote(found)}, expected an object`,
    'a file of one list is no JSON lines: jq -c ".[]" list.json > lines.jsonl',
  );
}

function cell(name: string, line: number, key: string, value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new LanewiseError(
    'data',
    `'${name}' line ${line}: field ${quote(key)} is ${quote(value)}, expected a text or a number`,
  );
}
