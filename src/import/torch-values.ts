/** The values of PyTorch's tensors, views of storages with any strides, as tensors of weights. */
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { IntegerTensor } from '../formats/safetensors.js';
import type { TensorFile } from '../formats/tensor-file.js';
import { floatValues, isWhole, wholeValues } from '../formats/tensor-values.js';
import { showShape } from '../graph/tensor.js';
import { TORCH_BYTES, type TorchTensor } from './torch-globals.js';

/** Gives the bytes of a storage, little-endian, from its beginning; at least `bytes` of them. */
export type StorageReader = (key: string, bytes: number) => Uint8Array;

/** Tensors may repeat what is stored, as views of one value do: they take at most so many bytes more than the file. */
const [MOST_TIMES, MOST_BYTES] = [8, 2 ** 26];

/** The number of elements; past 2⁵³ it is not exact, but then it is too many. */
const sizeOf = (shape: readonly number[]): number =>
  shape.includes(0) ? 0 : shape.reduce((a, b) => a * b, 1);

/** The elements that a view reaches into its storage: the last one's place, and 1. */
function reach({ offset, shape, stride }: TorchTensor): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((last, extent, axis) => last + (extent - 1) * stride[axis]!, offset) + 1;
}

/** Whether the elements stand one after another, in row-major order; strides of axes with one place do not count. */
function isContiguous({ shape, stride }: TorchTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (stride[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

type AnyElements = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** The elements of a view in row-major order, as bytes; `stored` begins with the storage. */
function gathered(stored: Uint8Array, view: TorchTensor, bytes: number): Uint8Array {
  const { shape, stride } = view;
  const count = sizeOf(shape);
  const first = (view.storage.start + view.offset) * bytes;
  if (count === 0 || isContiguous(view)) return stored.subarray(first, first + count * bytes);
  const Elements = ARRAYS[bytes as keyof typeof ARRAYS];
  // A copy, because a storage may start anywhere and arrays may not; the slice of Node's Buffer is a view.
  const copy = new Uint8Array(stored.subarray(first, first + (reach(view) - view.offset) * bytes));
  const from: AnyElements = new Elements(copy.buffer);
  const to: AnyElements = new Elements(count);
  const index = shape.map(() => 0);
  let at = 0;
  for (let i = 0; i < count; i++) {
    to[i] = from[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += stride[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= stride[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return new Uint8Array(to.buffer);
}

/** Elements in the other byte order. */
function turned(elements: Uint8Array, bytes: number): Uint8Array {
  const found = new Uint8Array(elements);
  for (let at = 0; at < found.length; at += bytes) found.subarray(at, at + bytes).reverse();
  return found;
}

/** The file that tensors are read from. */
export interface TorchSource {
  readonly name: string;
  /** Its length. */
  readonly bytes: number;
  readonly read: StorageReader;
  /** Whether its elements begin with their highest byte. */
  readonly bigEndian: boolean;
}

/**
 * Tensors by name as any file of weights has them: floats as float32, whole numbers on demand, other types named. Tied ones
 * share their values.
 * @throws LanewiseError kind 'file' for a tensor beyond its storage, and for more values than a file of its length can mean.
 */
export function torchTensors(
  named: ReadonlyMap<string, TorchTensor>,
  { name, bytes: fileBytes, read, bigEndian }: TorchSource,
): Omit<TensorFile, 'metadata' | 'notes'> {
  const tensors: TensorFile['tensors'] = new Map();
  const others = new Map<string, string>();
  const integers = new Map<string, IntegerTensor>();
  const known = new Map<string, Float32Array>();
  let left = fileBytes * MOST_TIMES + MOST_BYTES;
  for (const [key, tensor] of named) {
    const { storage, offset, stride, dtype } = tensor;
    const shape = [...tensor.shape];
    const refuse = (why: string) =>
      new LanewiseError('file', `'${name}': tensor ${quote(shorten(key))} ${why}`);
    const bytes = TORCH_BYTES[dtype]!;
    const length = storage.dtype ? storage.length : Math.floor(storage.length / bytes);
    const needed = reach(tensor);
    if (needed > length)
      throw refuse(
        `of shape ${showShape(shape)} reaches ${needed} elements into its storage, which has ${length}`,
      );
    const count = sizeOf(shape);
    const values = () => {
      const found = gathered(read(storage.key, (storage.start + needed) * bytes), tensor, bytes);
      return bigEndian ? turned(found, bytes) : found;
    };
    if (dtype.startsWith('F8') || dtype.startsWith('C')) {
      others.set(key, dtype);
      continue;
    }
    const place = `${storage.key} ${dtype} ${storage.start + offset} ${shape.join()} ${stride.join()}`;
    if (!known.has(place)) left -= count * Math.max(4, bytes);
    if (left < 0)
      throw refuse(
        `of shape ${showShape(shape)} repeats what is stored too often: a file of ${fileBytes} bytes cannot have so many values`,
      );
    if (isWhole(dtype)) {
      // Whether the storage is whole shows here, before a model asks for it.
      const found = values();
      others.set(key, dtype);
      integers.set(key, { dtype, shape, read: () => wholeValues(found, dtype) });
      continue;
    }
    const data = known.get(place) ?? floatValues(values(), dtype)!;
    known.set(place, data);
    tensors.set(key, { shape, data });
  }
  return { tensors, others, integers };
}
