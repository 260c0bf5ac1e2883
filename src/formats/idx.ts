/**
 * The reader of IDX, the format of the MNIST files (LeCun, Cortes & Burges). A file has two zero bytes, an element
 * type, a rank, the extents as big-endian 32-bit numbers, then the elements. Only bytes (type 0x08) occur in practice.
 */
import { LanewiseError } from '../base/errors.js';

export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const BYTE_TYPE = 0x08;
const typeNames: Readonly<Record<number, string>> = {
  0x09: 'int8',
  0x0b: 'int16',
  0x0c: 'int32',
  0x0d: 'float32',
  0x0e: 'float64',
};
const MAX_RANK = 4;

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/**
 * Reads an IDX file of unsigned bytes; `name` is for messages. The data shares memory with `bytes`.
 * @throws LanewiseError kind 'data' for a wrong magic number or element type, or a length that
 * disagrees with the extents.
 */
export function decodeIdx(bytes: Uint8Array, name: string): IdxArray {
  const refuse = (message: string) => new LanewiseError('data', `'${name}': ${message}`);
  if (bytes.length < 4) throw refuse(`${bytes.length} bytes are too short for an IDX header`);
  const [zero0, zero1, type, rank] = bytes as unknown as [number, number, number, number];
  if (zero0 !== 0 || zero1 !== 0 || rank < 1 || rank > MAX_RANK) {
    throw refuse(
      `not an IDX file: it starts with ${hex(bytes.subarray(0, 4))}, expected 00 00 08 and a rank of 1–${MAX_RANK}`,
    );
  }
  if (type !== BYTE_TYPE) {
    throw refuse(
      `elements of type ${typeNames[type] ?? `0x${type.toString(16)}`}, expected unsigned bytes (0x08)`,
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw refuse(
      `${bytes.length} bytes are too short for a header of rank ${rank} (${headerBytes} bytes)`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // A product of four 32-bit numbers is exact enough here: past 2⁵³ it equals no file's length.
  const expected = shape.reduce((size, extent) => size * extent, 1);
  const found = bytes.length - headerBytes;
  if (found !== expected) {
    throw refuse(`its header says ${shape.join('×')} = ${expected} bytes, ${found} follow`);
  }
  return { shape, data: bytes.subarray(headerBytes) };
}

const INT_TYPE = 0x0c;

/**
 * The first column of a table of int32, as QMNIST keeps labels, as bytes.
 * @throws LanewiseError kind 'data' for anything but such a table, or a number that is no byte.
 */
export function decodeIdxLabels(bytes: Uint8Array, name: string): IdxArray {
  const refuse = (message: string) => new LanewiseError('data', `'${name}': ${message}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0) !== INT_TYPE * 256 + 2)
    throw refuse(
      `not a table of int32: it starts with ${hex(bytes.subarray(0, 4))}, expected 00 00 0c 02`,
    );
  const [rows, columns] = [view.getUint32(4), view.getUint32(8)];
  const expected = rows * columns * 4;
  if (bytes.length - 12 !== expected || columns === 0)
    throw refuse(
      `its header says ${rows}×${columns} = ${expected} bytes, ${bytes.length - 12} follow`,
    );
  const data = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const value = view.getInt32(12 + 4 * row * columns);
    if (value < 0 || value > 255) throw refuse(`label ${row} is ${value}, expected 0–255`);
    data[row] = value;
  }
  return { shape: [rows], data };
}
