/**
 * The parser of a safetensors file's header, with all checks. The format's rules are those of its reference
 * implementation (github.com/huggingface/safetensors); errors that JSON.parse accepts are checked here too.
 */
import { isObject, quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

export const METADATA = '__metadata__';
/** The format's bound on the header, in bytes. */
const FORMAT_HEADER_BYTES = 100_000_000;
/** Our own bound: the header of 100,000 tensors. Reading a forged one of 100 MB takes 20 seconds. */
export const MAX_HEADER_BYTES = 2 ** 24;
/** Bound on nested brackets: the format has three levels. */
const MAX_DEPTH = 10_000;
export const LENGTH_BYTES = 8;

/** Every element type of the format and its size in bits. */
const BITS: Readonly<Record<string, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** One tensor as described in the header, checked. */
export interface TensorEntry {
  readonly tensor: string;
  readonly dtype: string;
  readonly shape: number[];
  /** Bytes [begin, end) of the data. */
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  /** Entries in the order of their bytes. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Record<string, string>;
  /** Offset of the data in the file. */
  readonly dataStart: number;
}

/**
 * Reads the header of a whole file's `bytes`; `name` is for messages.
 * @throws LanewiseError kind 'file' for any breach of the format.
 */
export function readHeader(bytes: Uint8Array, name: string): Header {
  const dataStart = LENGTH_BYTES + readHeaderLength(bytes, name);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), name);
  const metadata = readMetadata(header.get(METADATA), name);
  header.delete(METADATA);
  const entries = [...header].map(([tensor, info]) => readEntry(tensor, info, name));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCover(entries, bytes.length - dataStart, name);
  return { entries, metadata, dataStart };
}

function readHeaderLength(bytes: Uint8Array, name: string): number {
  if (bytes.length < LENGTH_BYTES) {
    throw fault(
      `'${name}' is not a safetensors file: it has ${bytes.length} bytes, at least 8 needed`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(FORMAT_HEADER_BYTES)) {
    throw fault(
      `'${name}' is not a safetensors file: its header would have ${length} bytes, at most ${FORMAT_HEADER_BYTES} allowed; it begins with ${quote(new TextDecoder('latin1').decode(bytes.subarray(0, 24)))}`,
    );
  }
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw fault(
      `'${name}' has a header of ${length} bytes, at most ${MAX_HEADER_BYTES} are read, which is that of 100,000 tensors`,
    );
  }
  if (BigInt(LENGTH_BYTES) + length > BigInt(bytes.length)) {
    throw fault(
      `'${name}' is cut short: its header has ${length} bytes, the file ${bytes.length - LENGTH_BYTES} after the length`,
    );
  }
  return Number(length);
}

/** The header's entries, with values not yet checked. */
function parseHeader(bytes: Uint8Array, name: string): Map<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw fault(`'${name}': its header is not valid UTF-8`, error);
  }
  if (!text.startsWith('{')) {
    throw fault(`'${name}': its header starts with ${JSON.stringify(text.slice(0, 1))}, not '{'`);
  }
  let end = text.length;
  while (text[end - 1] === ' ') end--;
  checkDepth(text, name);
  let header: object;
  try {
    header = JSON.parse(text) as object;
  } catch (error) {
    throw fault(`'${name}': its header is not JSON: ${(error as Error).message}`, error);
  }
  if (text[end - 1] !== '}') {
    throw fault(`'${name}': its header is padded with other characters than spaces`);
  }
  checkSpelling(text, name);
  return new Map(Object.entries(header));
}

/** Checks nesting before JSON.parse, which is slow on deep brackets. */
function checkDepth(text: string, name: string): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      for (i++; i < text.length && text.charCodeAt(i) !== 0x22;)
        i += text.charCodeAt(i) === 0x5c ? 2 : 1;
    } else if (c === 0x5b || c === 0x7b) depth++;
    else if (c === 0x5d || c === 0x7d) depth--;
    if (depth > MAX_DEPTH)
      throw fault(
        `'${name}': its header nests brackets ${depth} deep, expected ${MAX_DEPTH} at most`,
      );
  }
}

/**
 * Refuses header text that JSON.parse accepts and the format does not: an object with the same key twice, and numbers
 * not written in plain digits. `text` is known to be JSON, so a walk over its characters suffices.
 */
function checkSpelling(text: string, name: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '{') open.push(new Set());
    else if (c === '[') open.push(undefined);
    else if (c === '}' || c === ']') open.pop();
    else if (c === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
      let next = i + 1;
      while (' \t\n\r'.includes(text[next]!)) next++;
      if (text[next] !== ':') continue;
      const key = JSON.parse(text.slice(start, i + 1)) as string;
      const keys = open.at(-1)!;
      if (!isUnicode(key)) throw fault(`'${name}': its header has a key that is not valid Unicode`);
      if (keys.has(key)) throw fault(`'${name}': its header has the key ${quote(key)} twice`);
      keys.add(key);
    } else if (c === '-' || (c >= '0' && c <= '9')) {
      const start = i;
      while (/[-+.eE0-9]/.test(text[i + 1]!)) i++;
      const number = text.slice(start, i + 1);
      if (/\D/.test(number)) {
        throw fault(
          `'${name}': its header has the number ${shorten(number)}, expected digits only`,
        );
      }
    }
  }
}

function readMetadata(value: unknown, name: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw fault(`'${name}': its ${METADATA} is not an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw fault(`'${name}': its ${METADATA} has ${shown(text)} for ${quote(key)}, not a text`);
    }
    if (!isUnicode(text)) {
      throw fault(
        `'${name}': its ${METADATA} has a text for ${quote(key)} that is not valid Unicode`,
      );
    }
  }
  return value as Record<string, string>;
}

function readEntry(tensor: string, info: unknown, name: string): TensorEntry {
  const refuse = (why: string) => fault(`'${name}': tensor ${quote(tensor)} ${why}`);
  if (!isObject(info)) throw refuse('is described by something else than an object');
  const { dtype, shape, data_offsets: offsets } = info;
  if (typeof dtype !== 'string' || !Object.hasOwn(BITS, dtype)) {
    throw refuse(`has the unknown dtype ${shown(dtype)}`);
  }
  if (!isIntegers(shape)) {
    throw refuse(`has the shape ${shown(shape)}, expected whole numbers`);
  }
  if (!isIntegers(offsets) || offsets.length !== 2) {
    throw refuse(`has the data_offsets ${shown(offsets)}, expected [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw refuse(`ends at byte ${end}, before its begin ${begin}`);
  let bits = BITS[dtype]!;
  for (const extent of shape) {
    bits *= extent;
    if (!Number.isSafeInteger(bits)) {
      throw refuse(`of shape [${shorten(shape.join(', '))}] has more elements than can be counted`);
    }
  }
  if (bits !== (end - begin) * 8) {
    throw refuse(
      `of ${dtype} and shape [${shorten(shape.join(', '))}] needs ${bits / 8} bytes, its data_offsets [${begin}, ${end}] give it ${end - begin}`,
    );
  }
  return { tensor, dtype, shape, begin, end };
}

/** Checks that the entries, sorted by place, cover the data without gap, overlap or remainder. */
function checkCover(entries: readonly TensorEntry[], dataBytes: number, name: string): void {
  let covered = 0;
  for (const { tensor, begin, end } of entries) {
    if (begin !== covered) {
      const what = begin > covered ? 'leaves a hole' : 'overlaps another tensor';
      throw fault(
        `'${name}': tensor ${quote(tensor)} ${what}: it begins at byte ${begin} of the data, expected ${covered}`,
      );
    }
    if (end > dataBytes) {
      throw fault(
        `'${name}' is cut short: tensor ${quote(tensor)} ends at byte ${end} of the data, the file has ${dataBytes}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw fault(`'${name}' has ${dataBytes} bytes of data, its tensors cover ${covered}`);
  }
}

/** JSON of a value from the file. */
const shown = (value: unknown): string => shorten(JSON.stringify(value) ?? 'none');

const isIntegers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);

/** False for text with half of a surrogate pair, which UTF-8 cannot hold. */
export const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text);

export const fault = (message: string, cause?: unknown): LanewiseError =>
  new LanewiseError('file', message, undefined, { cause });
