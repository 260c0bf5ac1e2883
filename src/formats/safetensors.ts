/**
 * The reader and writer of safetensors, the file format of model weights (github.com/huggingface/safetensors). A file
 * has a length, a JSON header that names each tensor with its type, shape and place, then the bytes of all tensors
 * without gaps. Files come from outside, so every rule of the format is checked before memory is allocated for it.
 */
import {
  fault,
  isUnicode,
  LENGTH_BYTES,
  MAX_HEADER_BYTES,
  METADATA,
  readHeader,
} from './safetensors-header.js';
import { floatValues, isWhole, wholeValues } from './tensor-values.js';

export interface StoredTensor {
  /** Extents, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** Values in row-major order, as many as the shape says. */
  readonly data: Float32Array;
}

/** A tensor to be written, of float32 or of whole numbers. */
export interface WrittenTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Int8Array | Uint8Array;
}

/** A tensor of whole numbers or booleans. */
export interface IntegerTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** The values as float32; undefined if float32 cannot hold all of them. */
  read(): Float32Array | undefined;
}

export interface Safetensors {
  /** Tensors in the order of their bytes in the file. */
  readonly tensors: Map<string, { shape: number[]; data: Float32Array }>;
  /** Names and types of tensors that do not hold weights, such as integers; they are left out. */
  readonly others: ReadonlyMap<string, string>;
  /** The integer tensors among them, read on demand. */
  readonly integers: ReadonlyMap<string, IntegerTensor>;
  /** The header's free-form `__metadata__`. */
  readonly metadata: Record<string, string>;
}

/** `I32` of an Int32Array. */
const dtypeOf = ({ data }: WrittenTensor): string =>
  data.constructor.name.replace(/^(.)\D+(\d+).*/, '$1$2');

/**
 * The bytes of a file: tensors by their types in the map's order, the header padded with spaces so that the data
 * starts at a multiple of 8. Equal arguments give equal bytes.
 * @throws LanewiseError kind 'file' if a tensor's shape and data disagree or a text cannot be stored.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, WrittenTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  return joinPieces(safetensorsPieces(tensors, metadata));
}

/** All pieces joined to one array. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The same bytes in pieces: the header, then each tensor's bytes without copying, as they may be large. */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, WrittenTensor>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  // The JSON is assembled here because objects list keys such as '10' out of order.
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) {
    const pairs = Object.entries(metadata).map(([key, value]) => `${quote(key)}:${quote(value)}`);
    entries.push(`${quote(METADATA)}:{${pairs.join()}}`);
  }
  let end = 0;
  for (const [name, tensor] of tensors) {
    const { shape, data } = tensor;
    const size = shape.reduce((product, extent) => product * extent, 1);
    if (name === METADATA || size !== data.length) {
      const why = name === METADATA ? 'its name is reserved' : `it holds ${data.length} values`;
      throw fault(`cannot store tensor '${name}' of shape [${shape.join(', ')}]: ${why}`);
    }
    const begin = end;
    end += data.byteLength;
    entries.push(
      `${quote(name)}:{"dtype":"${dtypeOf(tensor)}","shape":[${shape.join()}],"data_offsets":[${begin},${end}]}`,
    );
  }
  const header = new TextEncoder().encode(`{${entries.join()}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw fault(
      `cannot store a header of ${headerBytes} bytes, at most ${MAX_HEADER_BYTES} allowed`,
    );
  }

  const start = new Uint8Array(LENGTH_BYTES + headerBytes);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerBytes), true);
  start.fill(0x20, LENGTH_BYTES);
  start.set(header, LENGTH_BYTES);
  // Memory that runs WebAssembly is little-endian, like the format.
  const bytesOf = ({ data: { buffer, byteOffset, byteLength } }: WrittenTensor) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  return [start, ...[...tensors.values()].map(bytesOf)];
}

/** Options for reading a file. */
export interface DecodeOptions {
  /** Whether float32 arrays are views of the file's bytes where possible, so that a large file is not copied. */
  readonly views?: boolean;
}

/**
 * Reads a file's bytes; `name` is for messages. F16, BF16 and F64 become float32: the first two exactly,
 * F64 rounded to nearest. The arrays are copies unless views are asked for. Tensors of other types are only named.
 * @throws LanewiseError kind 'file' for any breach of the format.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  name: string,
  { views = false }: DecodeOptions = {},
): Safetensors {
  const { entries, metadata, dataStart } = readHeader(bytes, name);
  const tensors: Safetensors['tensors'] = new Map();
  const others = new Map<string, string>();
  const integers = new Map<string, IntegerTensor>();
  for (const { tensor, dtype, shape, begin, end } of entries) {
    const stored = bytes.subarray(dataStart + begin, dataStart + end);
    const data = floatValues(stored, dtype, views);
    if (data) tensors.set(tensor, { shape, data });
    else others.set(tensor, dtype);
    if (isWhole(dtype))
      integers.set(tensor, { dtype, shape, read: () => wholeValues(stored, dtype) });
  }
  return { tensors, others, integers, metadata };
}

/** A JSON string, without the lone surrogates that UTF-8 cannot hold. */
function quote(text: string): string {
  if (!isUnicode(text)) {
    throw fault(`cannot store the text ${JSON.stringify(text)}: it is not valid Unicode`);
  }
  return JSON.stringify(text);
}
