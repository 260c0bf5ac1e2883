/**
 * A check of Thrift's compact protocol, in which the headers of Parquet files are written: the sizes of lists and texts
 * are compared with the bytes that follow, before a parser takes memory for them.
 */

/** The bytes end before the structure does. */
export class Unfinished extends Error {}

const MAX_DEPTH = 32;
/** Bytes of the longest number. */
const MAX_DIGITS = 10;

interface Walk {
  readonly bytes: Uint8Array;
  at: number;
}

/**
 * The place behind the structure that begins at `at`.
 * @throws Unfinished if the bytes end before it; Error if it cannot be a structure.
 */
export function endOfStruct(bytes: Uint8Array, at: number): number {
  const walk = { bytes, at };
  skipStruct(walk, 0);
  return walk.at;
}

function byte(walk: Walk): number {
  if (walk.at >= walk.bytes.length) throw new Unfinished('a header has no end');
  return walk.bytes[walk.at++]!;
}

function varint(walk: Walk): number {
  let value = 0;
  for (let i = 0; i < MAX_DIGITS; i++) {
    const digit = byte(walk);
    value += (digit & 0x7f) * 2 ** (7 * i);
    if (digit < 0x80) return value;
  }
  throw new Error('a number in a header is too long');
}

function skip(walk: Walk, length: number): void {
  if (walk.at + length > walk.bytes.length)
    throw new Unfinished(`a text of ${length} bytes is longer than its header`);
  walk.at += length;
}

function skipStruct(walk: Walk, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error(`a header is nested more than ${MAX_DEPTH} deep`);
  for (;;) {
    const head = byte(walk);
    const type = head & 0x0f;
    if (type === 0) return;
    if (head >> 4 === 0) varint(walk);
    skipValue(walk, type, depth);
  }
}

/** Skips a value; `true` and `false` are types of their own. */
function skipValue(walk: Walk, type: number, depth: number): void {
  if (type <= 2) return;
  if (type === 3) skip(walk, 1);
  else if (type <= 6) varint(walk);
  else if (type === 7) skip(walk, 8);
  else if (type === 8) skip(walk, varint(walk));
  else if (type === 9) skipList(walk, depth + 1);
  else if (type === 12) skipStruct(walk, depth + 1);
  else throw new Error(`a header holds a value of type ${type}`);
}

function skipList(walk: Walk, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error(`a header is nested more than ${MAX_DEPTH} deep`);
  const head = byte(walk);
  const type = head & 0x0f;
  const size = head >> 4 === 15 ? varint(walk) : head >> 4;
  // Every element takes a byte at least.
  if (size > walk.bytes.length - walk.at)
    throw new Unfinished(`a list of ${size} is longer than its header`);
  for (let i = 0; i < size; i++) skipValue(walk, type <= 2 ? 3 : type, depth);
}
