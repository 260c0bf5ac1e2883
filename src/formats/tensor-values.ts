/** The values of stored tensors as float32, by their types, which have the names that safetensors gives them. */
import { bfloat16Values, halfValues } from './half.js';

/** Types of whole numbers, and the views that read them. */
const WHOLE = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  U16: Uint16Array,
  I16: Int16Array,
  U32: Uint32Array,
  I32: Int32Array,
  U64: BigUint64Array,
  I64: BigInt64Array,
} as const;

/** Whether a type is one of whole numbers or booleans. */
export const isWhole = (dtype: string): boolean => Object.hasOwn(WHOLE, dtype);

/** Whole numbers from little-endian bytes; undefined if float32 cannot hold all of them. */
export function wholeValues(bytes: Uint8Array, dtype: string): Float32Array | undefined {
  const values = new WHOLE[dtype as keyof typeof WHOLE](new Uint8Array(bytes).buffer);
  const found = Float32Array.from(values as Iterable<number>, Number);
  return values.every((value: number | bigint, i: number) => Number(value) === found[i])
    ? found
    : undefined;
}

/**
 * Floats from little-endian bytes: F16 and BF16 exactly, F64 rounded to nearest; undefined for types in which weights are
 * not stored. With `views`, float32 values are a view of the bytes where these are aligned, else always a copy.
 */
export function floatValues(
  bytes: Uint8Array,
  dtype: string,
  views = false,
): Float32Array | undefined {
  // A copy, because a tensor may start anywhere and arrays may not.
  const copy = () => new Uint8Array(bytes).buffer;
  switch (dtype) {
    case 'F32':
      return views && bytes.byteOffset % 4 === 0
        ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
        : new Float32Array(copy());
    case 'F64':
      return new Float32Array(new Float64Array(copy()));
    case 'F16':
      return halfValues(new Uint16Array(copy()));
    case 'BF16':
      return bfloat16Values(new Uint16Array(copy()));
    default:
      return undefined;
  }
}
