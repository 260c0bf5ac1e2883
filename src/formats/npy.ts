/**
 * The reader of NPY, NumPy's format of one array (numpy.lib.format, versions 1.0 to 3.0). A file has a magic text, a
 * version, the length of a header, the header as a Python dictionary, then the elements. Lengths are checked before
 * anything is allocated.
 */
import { LanewiseError } from '../base/errors.js';
import { halfValues } from './half.js';
import { readNpyHeader } from './npy-header.js';

/** A NumPy array. */
export interface NpyArray {
  /** Extents, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** NumPy's name without the byte order: `b1` (bool), `u1`, `f4` …. */
  readonly dtype: string;
  /** Values in row-major order: bool as 0 and 1; f2 as float32; i8 and u8 as int32, which must hold them. */
  readonly values: NpyValues;
}

export type NpyValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const elementBytes: Readonly<Record<string, number>> = {
  b1: 1,
  u1: 1,
  i1: 1,
  u2: 2,
  i2: 2,
  f2: 2,
  u4: 4,
  i4: 4,
  f4: 4,
  u8: 8,
  i8: 8,
  f8: 8,
};

/**
 * Reads a file's bytes; `name` is for messages. The array is a copy.
 * @throws LanewiseError kind 'data' for an invalid header, elements of other types than bool, whole numbers and floats
 * of up to 64 bits, a length that disagrees with the shape, or whole numbers that int32 cannot hold.
 */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const refuse = (message: string) => new LanewiseError('data', `'${name}': ${message}`);
  const { descr, isFortran, shape, dataStart } = readNpyHeader(bytes, name);
  const order = descr[0]!;
  const dtype = descr.slice(1);
  const size = Object.hasOwn(elementBytes, dtype) ? elementBytes[dtype]! : 0;
  if (size === 0 || !'<>|='.includes(order) || (order === '|' && size > 1)) {
    throw refuse(
      `elements of type '${descr}', expected bool, or whole numbers or floats of up to 64 bits`,
    );
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  const found = bytes.length - dataStart;
  // Past 2⁵³ a product is not exact, but then it equals no file's length.
  if (count * size !== found) {
    throw refuse(
      `its header says (${shape.join(', ')}) of '${descr}' = ${count * size} bytes, ${found} follow`,
    );
  }
  // A copy, because elements may start anywhere and arrays may not.
  const data = Uint8Array.from(bytes.subarray(dataStart));
  if (order === '>') swap(data, size);
  const values = valuesOf(data, dtype, refuse);
  return { shape, dtype, values: isFortran ? toRowMajor(values, shape) : values };
}

/** Converts big-endian to little-endian, the byte order of memory that runs WebAssembly. */
function swap(data: Uint8Array, size: number): void {
  for (let first = 0; first < data.length; first += size) {
    for (let low = first, high = first + size - 1; low < high; low++, high--) {
      const byte = data[low]!;
      data[low] = data[high]!;
      data[high] = byte;
    }
  }
}

function valuesOf(
  { buffer }: Uint8Array,
  dtype: string,
  refuse: (message: string) => LanewiseError,
): NpyValues {
  switch (dtype) {
    case 'b1':
      return new Uint8Array(buffer).map((value) => (value ? 1 : 0));
    case 'u1':
      return new Uint8Array(buffer);
    case 'i1':
      return new Int8Array(buffer);
    case 'u2':
      return new Uint16Array(buffer);
    case 'i2':
      return new Int16Array(buffer);
    case 'u4':
      return new Uint32Array(buffer);
    case 'i4':
      return new Int32Array(buffer);
    case 'f2':
      return halfValues(new Uint16Array(buffer));
    case 'f4':
      return new Float32Array(buffer);
    case 'f8':
      return new Float64Array(buffer);
    default:
      return narrow(new Int32Array(buffer), dtype, refuse);
  }
}

/** Whole numbers of 64 bits, given as pairs of halves, the lower first. */
function narrow(
  halves: Int32Array,
  dtype: string,
  refuse: (message: string) => LanewiseError,
): Int32Array {
  const values = new Int32Array(halves.length / 2);
  for (let i = 0; i < values.length; i++) {
    const low = halves[2 * i]!;
    const high = halves[2 * i + 1]!;
    const fits = dtype === 'i8' ? high === low >> 31 : high === 0 && low >= 0;
    if (!fits) {
      const bits = (BigInt(high) << 32n) | BigInt(low >>> 0);
      const value = dtype === 'i8' ? bits : BigInt.asUintN(64, bits);
      throw refuse(`element ${i} is ${value}, expected what int32 can hold`);
    }
    values[i] = low;
  }
  return values;
}

/** Converts from column-major order: element (i, j, …) of extents (m, n, …) is at i + m·(j + n·…). */
export function toRowMajor<A extends NpyValues>(values: A, shape: readonly number[]): A {
  const result = values.slice() as A;
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((a, b) => a * b, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = values[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
