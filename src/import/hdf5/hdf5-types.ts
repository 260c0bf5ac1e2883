/** HDF5's types of values and shapes, and the values themselves. */
import { halfValues, bfloat16Values } from '../../formats/half.js';
import { sizeOf } from '../../graph/tensor.js';
import {
  addressIn,
  bytesIn,
  cursorAt,
  damaged,
  expectSignature,
  lengthIn,
  skip,
  textOf,
  u16,
  u32,
  u8,
  unsupported,
  type Cursor,
  type Hdf5Bytes,
} from './hdf5-bytes.js';

/** A type of values. */
export interface Hdf5Type {
  readonly kind: 'integer' | 'float' | 'bfloat16' | 'text' | 'texts' | 'opaque';
  /** Bytes of one value; a text of its own length stands elsewhere, and 16 bytes say where. */
  readonly size: number;
  readonly isSigned: boolean;
  readonly isBigEndian: boolean;
}

/** The names of classes that are not read. */
const CLASSES = [
  'whole numbers',
  'floating-point numbers',
  'times',
  'texts',
  'bit fields',
  'opaque values',
  'compound values',
  'references',
  'enumerations',
  'lists of their own length',
  'arrays',
];

/** A datatype message. */
export function readType(c: Cursor): Hdf5Type {
  const head = u8(c);
  const bits = u8(c);
  skip(c, 2);
  const size = u32(c);
  const kind = head & 15;
  const plain = { size, isSigned: false, isBigEndian: (bits & 1) === 1 };
  if (size < 1) damaged(c.file, 'a type has values of 0 bytes');
  switch (kind) {
    case 0:
      if (![1, 2, 4, 8].includes(size)) unsupported(c.file, `has whole numbers of ${size} bytes`);
      return { ...plain, kind: 'integer', isSigned: (bits & 8) !== 0 };
    case 1:
      return floatType(c, plain, bits);
    case 3:
      return { ...plain, kind: 'text', isBigEndian: false };
    case 5:
      return { ...plain, kind: 'opaque', isBigEndian: false };
    case 8:
      // Its base type follows: h5py's booleans are one of bytes.
      return readType(c);
    case 9:
      if ((bits & 15) !== 1) unsupported(c.file, 'has lists of their own length');
      return { ...plain, kind: 'texts', isBigEndian: false };
    default:
      return unsupported(c.file, `has ${CLASSES[kind] ?? `values of class ${kind}`}`);
  }
}

function floatType(c: Cursor, plain: Omit<Hdf5Type, 'kind'>, bits: number): Hdf5Type {
  const [offset, precision] = [u16(c), u16(c)];
  skip(c, 1);
  const exponent = u8(c);
  const isWhole = offset === 0 && precision === plain.size * 8 && (bits & 0x40) === 0;
  const usual: Readonly<Record<number, number>> = { 2: 5, 4: 8, 8: 11 };
  if (isWhole && plain.size === 2 && exponent === 8) return { ...plain, kind: 'bfloat16' };
  if (!isWhole || usual[plain.size] !== exponent)
    unsupported(c.file, `has floating-point numbers of ${precision} bits`);
  return { ...plain, kind: 'float' };
}

/** The largest rank that HDF5 has. */
const MOST_AXES = 32;

/** A dataspace message: the extents, none for a single value, or [0] for none at all. */
export function readShape(c: Cursor): number[] {
  const version = u8(c);
  const rank = u8(c);
  skip(c, 1);
  const kind = u8(c);
  if (version === 1) skip(c, 4);
  else if (version !== 2) damaged(c.file, `a shape has version ${version}, expected 1 or 2`);
  if (rank > MOST_AXES) damaged(c.file, `a shape has ${rank} axes`);
  if (version === 2 && kind === 2) return [0];
  const shape = Array.from({ length: rank }, () => lengthIn(c));
  if (!(sizeOf(shape) <= Number.MAX_SAFE_INTEGER))
    damaged(c.file, `a shape has ${shape.join('×')} values`);
  return shape;
}

/** Numbers of a type as float32; whole numbers of 64 bits are exact to 2⁵³ before they are rounded. */
export function numbersOf(file: Hdf5Bytes, type: Hdf5Type, bytes: Uint8Array): Float32Array {
  const { size, kind, isSigned, isBigEndian } = type;
  const count = bytes.length / size;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = !isBigEndian;
  const read = (get: (at: number) => number): Float32Array => {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = get(i * size);
    return values;
  };
  const shorts = () => Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i, little));
  if (kind === 'bfloat16') return bfloat16Values(shorts());
  if (kind === 'float') {
    if (size === 2) return halfValues(shorts());
    return size === 4
      ? read((at) => view.getFloat32(at, little))
      : read((at) => view.getFloat64(at, little));
  }
  if (kind !== 'integer') return unsupported(file, `has ${kind} in place of numbers`);
  switch (size) {
    case 1:
      return read(isSigned ? (at) => view.getInt8(at) : (at) => view.getUint8(at));
    case 2:
      return read(
        isSigned ? (at) => view.getInt16(at, little) : (at) => view.getUint16(at, little),
      );
    case 4:
      return read(
        isSigned ? (at) => view.getInt32(at, little) : (at) => view.getUint32(at, little),
      );
    default:
      return read((at) =>
        Number(isSigned ? view.getBigInt64(at, little) : view.getBigUint64(at, little)),
      );
  }
}

/** Texts of a type. Those of their own length stand in heaps of the file. */
export function textsOf(file: Hdf5Bytes, { kind, size }: Hdf5Type, bytes: Uint8Array): string[] {
  const count = Math.floor(bytes.length / size);
  if (kind === 'text')
    return Array.from({ length: count }, (_, i) =>
      // Padding is of zeros or of spaces.
      textOf(bytes.subarray(i * size, (i + 1) * size)).replace(/ +$/, ''),
    );
  return Array.from({ length: count }, (_, i) => {
    const c = cursorAt(file, 'a text', bytes.byteOffset - file.bytes.byteOffset + i * size, size);
    const length = u32(c);
    const heap = addressIn(c);
    const index = u32(c);
    if (length === 0 || heap === undefined) return '';
    return textOf(heapObject(file, heap, index).subarray(0, length));
  });
}

/** An object of a global heap. */
function heapObject(file: Hdf5Bytes, address: number, wanted: number): Uint8Array {
  const head = cursorAt(file, 'a heap', address);
  expectSignature(head, 'GCOL');
  skip(head, 4);
  const size = lengthIn(head);
  const c = cursorAt(file, 'a heap', address, size);
  c.at = head.at;
  while (c.at + 8 + file.lengthSize <= c.end) {
    const index = u16(c);
    skip(c, 6);
    const length = lengthIn(c);
    if (index === 0) break;
    const bytes = bytesIn(c, length);
    if (index === wanted) return bytes;
    c.at = Math.min(c.end, c.at + ((8 - (length % 8)) % 8));
  }
  return damaged(file, `the heap at byte ${address} has no object ${wanted}`);
}
