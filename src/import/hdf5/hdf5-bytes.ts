/** The bytes of an HDF5 file, read at places that the file itself names: each is checked before it is read. */
import { LanewiseError } from '../../base/errors.js';

/** A file's bytes and the widths of its addresses and lengths. */
export interface Hdf5Bytes {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Bytes of an address and of a length. */
  readonly offsetSize: number;
  readonly lengthSize: number;
  /** What addresses are counted from. */
  readonly base: number;
}

/** @throws LanewiseError kind 'file' naming the file. */
export function damaged(file: Pick<Hdf5Bytes, 'name'>, what: string): never {
  throw new LanewiseError('file', `'${file.name}' is not a whole HDF5 file: ${what}`);
}

/** @throws LanewiseError kind 'file' for what HDF5 has and this reader has not. */
export function unsupported(file: Pick<Hdf5Bytes, 'name'>, what: string, hint?: string): never {
  throw new LanewiseError('file', `'${file.name}' ${what}, which is not read`, hint);
}

/** A place in the file from which values are read one after another, up to an end. */
export interface Cursor {
  readonly file: Hdf5Bytes;
  readonly what: string;
  at: number;
  readonly end: number;
}

/** `length` bytes at an absolute place, or all up to the file's end. @throws LanewiseError unless they are in the file. */
export function cursorAt(file: Hdf5Bytes, what: string, at: number, length?: number): Cursor {
  const end = length === undefined ? file.bytes.length : at + length;
  if (!(at >= 0 && end >= at && end <= file.bytes.length))
    damaged(
      file,
      `${what} at byte ${at} would end at ${end}, and the file has ${file.bytes.length}`,
    );
  return { file, what, at, end };
}

/** Passes over `count` bytes, which must be there, and returns where they begin. */
export function skip(c: Cursor, count: number): number {
  const from = c.at;
  if (!(count >= 0 && from + count <= c.end))
    damaged(c.file, `${c.what} ends at byte ${c.end}, and ${count} bytes at ${from} were expected`);
  c.at += count;
  return from;
}

export const u8 = (c: Cursor): number => c.file.view.getUint8(skip(c, 1));
export const u16 = (c: Cursor): number => c.file.view.getUint16(skip(c, 2), true);
export const u32 = (c: Cursor): number => c.file.view.getUint32(skip(c, 4), true);

/** A whole number of up to 8 bytes; beyond 2⁵³ it is too large for any file. */
export function unsigned(c: Cursor, size: number): number {
  const from = skip(c, size);
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + c.file.bytes[from + i]!;
  return value;
}

export const lengthIn = (c: Cursor): number => unsigned(c, c.file.lengthSize);

/** An address, counted from the file's begin; undefined where the file says that there is none. */
export function addressIn(c: Cursor): number | undefined {
  const from = skip(c, c.file.offsetSize);
  const bytes = c.file.bytes.subarray(from, c.at);
  if (bytes.every((byte) => byte === 0xff)) return undefined;
  c.at = from;
  return unsigned(c, c.file.offsetSize) + c.file.base;
}

/** The bytes of the next `count`. */
export const bytesIn = (c: Cursor, count: number): Uint8Array => {
  const from = skip(c, count);
  return c.file.bytes.subarray(from, from + count);
};

/** Text up to a zero byte or the end. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** @throws LanewiseError unless the next four bytes are the signature. */
export function expectSignature(c: Cursor, signature: string): void {
  const found = new TextDecoder('latin1').decode(bytesIn(c, 4));
  if (found !== signature)
    damaged(c.file, `${c.what} at byte ${c.at - 4} does not begin with ${signature}`);
}
