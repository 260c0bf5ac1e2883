/** NumPy's archives of arrays (.npz, numpy.savez and savez_compressed) as files of tensors by name. */
import type { IntegerTensor } from '../formats/safetensors.js';
import { LanewiseError } from '../base/errors.js';
import { decodeNpy, type NpyArray } from '../formats/npy.js';
import type { TensorFile, TensorFormat } from '../formats/tensor-file.js';
import { isArchive, openArchive } from './archive.js';

/** Types of whole numbers in the names of safetensors; NumPy's of 64 bits are read as int32. */
const WHOLE: Readonly<Record<string, string>> = {
  b1: 'BOOL',
  u1: 'U8',
  i1: 'I8',
  u2: 'U16',
  i2: 'I16',
  u4: 'U32',
  i4: 'I32',
  u8: 'U64',
  i8: 'I64',
};

/** As float32; undefined if it cannot hold all of them. */
function exact({ values }: NpyArray): Float32Array | undefined {
  const found = Float32Array.from(values);
  return values.every((value, i) => value === found[i]) ? found : undefined;
}

/** @throws LanewiseError kind 'file' for a damaged archive, or one with other files than arrays. */
function readArrays(bytes: Uint8Array, name: string): TensorFile {
  const archive = openArchive(bytes, name);
  const tensors: TensorFile['tensors'] = new Map();
  const others = new Map<string, string>();
  const integers = new Map<string, IntegerTensor>();
  for (const path of archive.paths) {
    if (!path.endsWith('.npy'))
      throw new LanewiseError(
        'file',
        `'${name}' has '${path}' in it, which is not an array (.npy)`,
      );
    const key = path.slice(0, -'.npy'.length);
    const array = asFile(() => decodeNpy(archive.read(path), `${name}: ${path}`));
    const shape = [...array.shape];
    const dtype = WHOLE[array.dtype];
    if (dtype === undefined) tensors.set(key, { shape, data: Float32Array.from(array.values) });
    else {
      others.set(key, dtype);
      integers.set(key, { dtype, shape, read: () => exact(array) });
    }
  }
  return { tensors, others, integers, metadata: {} };
}

/** What `read` gives; an array that is refused as data is a file here. */
function asFile<V>(read: () => V): V {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    throw new LanewiseError('file', error.message, error.hint, { cause: error });
  }
}

/** The row of the table of tensor formats. */
export const NPZ: TensorFormat = {
  name: 'NumPy',
  ending: '.npz',
  begins: (bytes) =>
    isArchive(bytes) &&
    new TextDecoder('latin1').decode(bytes.subarray(30, 30 + bytes[26]!)).endsWith('.npy'),
  read: readArrays,
};
