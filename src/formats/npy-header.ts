/** The parser of an NPY header, a Python dictionary of `descr`, `fortran_order` and `shape` only. */
import { LanewiseError } from '../base/errors.js';

export interface NpyHeader {
  /** Byte order and type: `<f4`. */
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Offset of the elements. */
  readonly dataStart: number;
}

const MAGIC = '\x93NUMPY';
/** NumPy's own `max_header_size`: a longer header is not that of an array of numbers. */
const MAX_HEADER_BYTES = 10_000;
const MAX_RANK = 32;

/** @throws LanewiseError kind 'data' for any header that NumPy would not write. */
export function readNpyHeader(bytes: Uint8Array, name: string): NpyHeader {
  const refuse = (message: string) => new LanewiseError('data', `'${name}': ${message}`);
  const start = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (start !== MAGIC) {
    throw refuse(
      `not an NPY file: it starts with ${JSON.stringify(start)}, expected ${JSON.stringify(MAGIC)}`,
    );
  }
  const [major, minor] = [bytes[6], bytes[7]];
  if (major === undefined || major < 1 || major > 3 || minor !== 0)
    throw refuse(`NPY version ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
  const textStart = major === 1 ? 10 : 12;
  if (bytes.length < textStart) throw refuse(`${bytes.length} bytes are too short for NPY`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, textStart);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataStart = textStart + length;
  if (length > MAX_HEADER_BYTES) {
    throw refuse(`its header would have ${length} bytes, at most ${MAX_HEADER_BYTES} are read`);
  }
  if (dataStart > bytes.length) {
    throw refuse(`it is cut short: its header has ${length} bytes, the file ${bytes.length}`);
  }
  // The parser refuses other characters than ASCII.
  const text = String.fromCharCode(...bytes.subarray(textStart, dataStart));
  return { ...parseDictionary(text, refuse), dataStart };
}

type Value = string | boolean | readonly number[];

/** Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, each key once, in any order. */
function parseDictionary(
  text: string,
  refuse: (message: string) => LanewiseError,
): Omit<NpyHeader, 'dataStart'> {
  const bad = (why: string) => refuse(`its header ${JSON.stringify(text.trimEnd())} ${why}`);
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) throw bad('is not a dictionary');
  const entries = new Map<string, Value>();
  const entry =
    /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(([\d\sL,]*)\))\s*(,|$)/y;
  while (entry.lastIndex < body.length && !/^\s*$/.test(body.slice(entry.lastIndex))) {
    const match = entry.exec(body);
    if (!match) {
      if (/'descr'\s*:\s*\[/.test(body))
        throw bad('describes records, expected elements of one type');
      throw bad('is not as NumPy writes it');
    }
    const [, key1, key2, text1, text2, truth, tuple] = match;
    const key = (key1 ?? key2)!;
    if (entries.has(key)) throw bad(`has '${key}' twice`);
    const value = text1 ?? text2 ?? (truth ? truth === 'True' : parseTuple(tuple!));
    if (value === undefined) throw bad(`has no tuple of whole numbers as '${key}'`);
    entries.set(key, value);
  }
  const [descr, isFortran, shape] = ['descr', 'fortran_order', 'shape'].map((k) => entries.get(k));
  if (
    entries.size !== 3 ||
    typeof descr !== 'string' ||
    typeof isFortran !== 'boolean' ||
    !Array.isArray(shape)
  )
    throw bad("lacks 'descr', 'fortran_order' or 'shape', or has more");
  return { descr, isFortran, shape };
}

/** The numbers in `2, 3` or `2,`, without brackets; Python 2 wrote `2L`. */
function parseTuple(text: string): number[] | undefined {
  if (/^\s*$/.test(text)) return [];
  if (!/^\s*\d+L?\s*(,\s*\d+L?\s*)*(,\s*)?$/.test(text)) return undefined;
  const numbers = text.match(/\d+/g)!.map(Number);
  // `(3)` is a number, not a tuple.
  const isTuple = numbers.length > 1 || text.includes(',');
  return isTuple && numbers.length <= MAX_RANK && numbers.every(Number.isSafeInteger)
    ? numbers
    : undefined;
}
