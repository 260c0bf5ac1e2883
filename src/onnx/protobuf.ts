/**
 * Protocol buffers (protobuf.dev/programming-guides/encoding): a message is a row of fields, each a number and a value of
 * one of four wire types. Nothing in a file is trusted: every length is checked against the bytes that are there, and
 * messages are nested at most `DEEPEST` times.
 */
import { LanewiseError } from '../base/errors.js';
import { FIELDS, fieldOf, type Fields, type Message } from './fields.js';

/** Wire types. */
const [VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES] = [0, 1, 2, 5];
const DEEPEST = 100;

interface Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly file: string;
  at: number;
}

const refusal = ({ file }: Reader, message: string): LanewiseError =>
  new LanewiseError(
    'file',
    `'${file}' is a damaged ONNX file: ${message}`,
    'fetch or export it again',
  );

/** The message in the bytes. @throws LanewiseError kind 'file' for damaged ones. */
export function decodeMessage<Name extends Message>(
  message: Name,
  bytes: Uint8Array,
  file: string,
): Fields<Name> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = { bytes, view, file, at: 0 };
  return readMessage(reader, message, bytes.length, 0) as Fields<Name>;
}

function readMessage(reader: Reader, message: Message, end: number, depth: number): object {
  if (depth > DEEPEST) throw refusal(reader, `it nests more than ${DEEPEST} messages`);
  const rows: Readonly<Record<number, string>> = FIELDS[message];
  const found: Record<string, unknown> = {};
  while (reader.at < end) {
    const key = varint(reader, end);
    const [number, wire] = [Math.floor(key / 8), key % 8];
    const row = Object.hasOwn(rows, number) ? fieldOf(rows[number]!) : undefined;
    const what = `field ${number} of ${message}`;
    if (!row) {
      skip(reader, wire, end, what);
      continue;
    }
    const { name, kind, isList } = row;
    if (isList && wire === BYTES && (kind === 'int' || kind === 'float' || kind === 'double')) {
      const list = (found[name] ??= []) as number[];
      const to = boundary(reader, end, what);
      while (reader.at < to) list.push(readValue(reader, kind, to, depth, what) as number);
      continue;
    }
    if (wire !== wireOf(kind))
      throw refusal(reader, `${what} at byte ${reader.at} has wire type ${wire}`);
    const value = readValue(reader, kind, end, depth, what);
    if (isList) ((found[name] ??= []) as unknown[]).push(value);
    else found[name] = value;
  }
  return found;
}

const wireOf = (kind: string): number =>
  kind === 'int' ? VARINT : kind === 'float' ? FOUR_BYTES : kind === 'double' ? EIGHT_BYTES : BYTES;

function readValue(reader: Reader, kind: string, end: number, depth: number, what: string) {
  if (kind === 'int') return varint(reader, end);
  if (kind === 'float') {
    const at = forward(reader, 4, end, what);
    return reader.view.getFloat32(at, true);
  }
  if (kind === 'double') {
    const at = forward(reader, 8, end, what);
    return reader.view.getFloat64(at, true);
  }
  const to = boundary(reader, end, what);
  if (kind !== 'text' && kind !== 'bytes')
    return readMessage(reader, kind as Message, to, depth + 1);
  const piece = reader.bytes.subarray(reader.at, to);
  reader.at = to;
  return kind === 'bytes' ? piece : new TextDecoder().decode(piece);
}

/** Where the value ends whose length comes next. */
function boundary(reader: Reader, end: number, what: string): number {
  const length = varint(reader, end);
  return forward(reader, length, end, what, false) + length;
}

/** The position, after moving it on by `length` (unless `moves` is false). */
function forward(reader: Reader, length: number, end: number, what: string, moves = true): number {
  const { at } = reader;
  if (length < 0 || length > end - at)
    throw refusal(reader, `${what} at byte ${at} has ${length} bytes, and ${end - at} are left`);
  if (moves) reader.at = at + length;
  return at;
}

function skip(reader: Reader, wire: number, end: number, what: string): void {
  if (wire === VARINT) varint(reader, end);
  else if (wire === EIGHT_BYTES) forward(reader, 8, end, what);
  else if (wire === FOUR_BYTES) forward(reader, 4, end, what);
  else if (wire === BYTES) reader.at = boundary(reader, end, what);
  else throw refusal(reader, `${what} at byte ${reader.at} has wire type ${wire}`);
}

/** A whole number of 64 bits in two's complement, seven bits a byte, the lowest first; exact up to 2^53. */
function varint(reader: Reader, end: number): number {
  let [low, high] = [0, 0];
  for (let i = 0; i < 10; i++) {
    if (reader.at >= end) throw refusal(reader, `a number at byte ${reader.at} is cut off`);
    const byte = reader.bytes[reader.at]!;
    reader.at += 1;
    const bits = byte & 0x7f;
    if (i < 4) low |= bits << (7 * i);
    else if (i === 4) [low, high] = [low | (bits << 28), bits >>> 4];
    else high |= bits << (7 * i - 32);
    if (byte < 0x80) return high * 2 ** 32 + (low >>> 0);
  }
  throw refusal(reader, `a number at byte ${reader.at} has more than 10 bytes`);
}
