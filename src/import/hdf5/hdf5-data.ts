/** The values of HDF5's data sets: in one run of bytes, in the header, or in chunks, which may be compressed. */
import { unzlibSync } from 'fflate';
import { sizeOf, type Shape } from '../../graph/tensor.js';
import {
  addressIn,
  bytesIn,
  cursorAt,
  damaged,
  expectSignature,
  lengthIn,
  skip,
  u16,
  u32,
  u8,
  unsigned,
  unsupported,
  type Cursor,
  type Hdf5Bytes,
} from './hdf5-bytes.js';
import { contentOf, MESSAGES, MOST_LEVELS, type Message } from './hdf5-objects.js';

/** A filter of chunks, and its numbers. */
interface Filter {
  readonly id: number;
  readonly values: readonly number[];
}

const FILTERS: Readonly<Record<number, string>> = {
  4: 'szip',
  5: 'n-bit',
  6: 'scale-offset',
  32000: 'lzf',
  32001: 'blosc',
  32004: 'lz4',
  32015: 'zstd',
};

/** What a data set's values are read from. */
export interface Stored {
  readonly shape: Shape;
  /** Bytes of a value. */
  readonly size: number;
}

/** A part of the values: where it begins along each axis, and its bytes in the file. */
interface Chunk {
  readonly at: readonly number[];
  readonly address: number;
  readonly length: number;
  /** A bit for each filter that was left out. */
  readonly mask: number;
}

/** Deflate makes a file at most 1032 times smaller. */
const MAX_RATIO = 1032;

/** The bytes of all values, in order. Parts that were never written have the fill value. */
export function dataOf(file: Hdf5Bytes, messages: readonly Message[], stored: Stored): Uint8Array {
  const total = sizeOf(stored.shape) * stored.size;
  if (total > file.bytes.length * MAX_RATIO)
    damaged(file, `a data set of ${stored.shape.join('×')} would have ${total} bytes`);
  const layout = messages.find(({ type }) => type === MESSAGES.layout);
  if (!layout) damaged(file, 'a data set has no layout');
  const c = contentOf(file, layout, 'a layout');
  const version = u8(c);
  if (version === 1 || version === 2) return oldLayout(c, messages, stored, total);
  if (version !== 3 && version !== 4) unsupported(file, `has a layout of version ${version}`);
  const kind = u8(c);
  if (kind === 0) return exactly(file, bytesIn(c, u16(c)), total);
  if (kind === 1) {
    const address = addressIn(c);
    const length = lengthIn(c);
    if (address === undefined) return filled(file, messages, stored, total);
    return exactly(file, bytesIn(cursorAt(file, 'a data set', address, length), length), total);
  }
  if (kind !== 2) unsupported(file, 'has a data set that is made of others');
  return version === 3
    ? chunkedByTree(c, messages, stored, total)
    : newChunks(c, messages, stored, total);
}

function exactly(file: Hdf5Bytes, bytes: Uint8Array, total: number): Uint8Array {
  if (bytes.length < total)
    damaged(file, `a data set has ${bytes.length} bytes, expected ${total}`);
  return bytes.subarray(0, total);
}

function oldLayout(
  c: Cursor,
  messages: readonly Message[],
  stored: Stored,
  total: number,
): Uint8Array {
  const { file } = c;
  const axes = u8(c);
  const kind = u8(c);
  skip(c, 5);
  const address = kind === 0 ? undefined : addressIn(c);
  const extents = Array.from({ length: axes }, () => u32(c));
  if (kind === 0) return exactly(file, bytesIn(c, u32(c)), total);
  if (address === undefined) return filled(file, messages, stored, total);
  if (kind === 1)
    return exactly(file, bytesIn(cursorAt(file, 'a data set', address, total), total), total);
  // The last extent is the size of a value.
  return joinChunks(file, messages, stored, total, extents.slice(0, -1), () =>
    chunksInTree(file, address, stored.shape.length),
  );
}

function chunkedByTree(
  c: Cursor,
  messages: readonly Message[],
  stored: Stored,
  total: number,
): Uint8Array {
  const { file } = c;
  const axes = u8(c);
  const address = addressIn(c);
  const extents = Array.from({ length: axes }, () => u32(c)).slice(0, -1);
  if (address === undefined) return filled(file, messages, stored, total);
  return joinChunks(file, messages, stored, total, extents, () =>
    chunksInTree(file, address, stored.shape.length),
  );
}

/** The fill value, repeated; zeros if there is none. */
function filled(
  file: Hdf5Bytes,
  messages: readonly Message[],
  { size }: Stored,
  total: number,
): Uint8Array {
  const bytes = new Uint8Array(total);
  const value = fillOf(file, messages);
  if (!value || value.every((byte) => byte === 0)) return bytes;
  if (value.length !== size)
    damaged(file, `a fill value has ${value.length} bytes, expected ${size}`);
  for (let at = 0; at < total; at += size) bytes.set(value, at);
  return bytes;
}

function fillOf(file: Hdf5Bytes, messages: readonly Message[]): Uint8Array | undefined {
  const message = messages.find(({ type }) => type === MESSAGES.fill);
  if (!message) {
    const old = messages.find(({ type }) => type === MESSAGES.oldFill);
    if (!old) return undefined;
    const c = contentOf(file, old, 'a fill value');
    const size = u32(c);
    return size === 0 ? undefined : bytesIn(c, size);
  }
  const c = contentOf(file, message, 'a fill value');
  const version = u8(c);
  if (version === 3) {
    if ((u8(c) & 0x20) === 0) return undefined;
  } else {
    skip(c, 2);
    if (u8(c) === 0 && version === 2) return undefined;
  }
  const size = u32(c);
  return size === 0 || size > 2 ** 31 ? undefined : bytesIn(c, size);
}

/** The filters of chunks, in the order in which they were applied. */
function filtersOf(file: Hdf5Bytes, messages: readonly Message[]): Filter[] {
  const message = messages.find(({ type }) => type === MESSAGES.filters);
  if (!message) return [];
  const c = contentOf(file, message, 'the filters of a data set');
  const version = u8(c);
  const count = u8(c);
  if (version === 1) skip(c, 6);
  return Array.from({ length: count }, () => {
    const id = u16(c);
    const nameLength = version === 1 || id >= 256 ? u16(c) : 0;
    skip(c, 2);
    const values = u16(c);
    skip(c, version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    const found = Array.from({ length: values }, () => u32(c));
    if (version === 1 && values % 2 === 1) skip(c, 4);
    if (id < 1 || id > 3)
      unsupported(
        file,
        `has chunks that are compressed by ${FILTERS[id] ?? `filter ${id}`}`,
        'write it again with compression="gzip", or none',
      );
    return { id, values: found };
  });
}

/** A chunk's bytes, with the filters undone. */
function unfiltered(
  file: Hdf5Bytes,
  { address, length, mask }: Chunk,
  filters: readonly Filter[],
  expected: number,
  size: number,
): Uint8Array {
  let bytes = bytesIn(cursorAt(file, 'a chunk', address, length), length);
  for (const [i, { id, values }] of [...filters.entries()].toReversed()) {
    if (mask & (1 << i)) continue;
    if (id === 1) bytes = inflated(file, bytes, expected + 4 * filters.length);
    else if (id === 2) bytes = unshuffled(bytes, values[0] ?? size);
    // A checksum (Fletcher's) stands at the end.
    else bytes = bytes.subarray(0, Math.max(0, bytes.length - 4));
  }
  if (bytes.length !== expected)
    damaged(file, `a chunk has ${bytes.length} bytes, expected ${expected}`);
  return bytes;
}

/** Inflates into a buffer of the size that a chunk can have at most: more is refused, and nothing is allocated for it. */
function inflated(file: Hdf5Bytes, bytes: Uint8Array, most: number): Uint8Array {
  try {
    return unzlibSync(bytes, { out: new Uint8Array(most) });
  } catch (error) {
    return damaged(file, `a chunk cannot be inflated: ${(error as Error).message}`);
  }
}

/** Bytes that stood apart by their place in a value, side by side again. */
function unshuffled(bytes: Uint8Array, size: number): Uint8Array {
  const count = size > 0 ? Math.floor(bytes.length / size) : 0;
  if (size < 2 || count < 2) return bytes;
  const result = Uint8Array.from(bytes);
  for (let byte = 0; byte < size; byte++)
    for (let i = 0; i < count; i++) result[i * size + byte] = bytes[byte * count + i]!;
  return result;
}

/** All values, from the chunks that there are. */
function joinChunks(
  file: Hdf5Bytes,
  messages: readonly Message[],
  stored: Stored,
  total: number,
  extents: readonly number[],
  chunks: (chunkBytes: number, filters: readonly Filter[]) => Iterable<Chunk>,
): Uint8Array {
  const { shape, size } = stored;
  const chunkBytes = sizeOf(extents) * size;
  if (extents.length !== shape.length || extents.some((one) => one < 1))
    damaged(file, `chunks of ${extents.join('×')} in a data set of ${shape.join('×')}`);
  if (chunkBytes > file.bytes.length * MAX_RATIO)
    damaged(file, `chunks of ${extents.join('×')} would have ${chunkBytes} bytes`);
  const filters = filtersOf(file, messages);
  const all = filled(file, messages, stored, total);
  const most = sizeOf(shape.map((extent, axis) => Math.ceil(extent / extents[axis]!)));
  let count = 0;
  for (const chunk of chunks(chunkBytes, filters)) {
    if (++count > most) damaged(file, `a data set has more than ${most} chunks`);
    if (chunk.at.some((at, axis) => at >= shape[axis]! || at % extents[axis]! !== 0)) continue;
    place(all, unfiltered(file, chunk, filters, chunkBytes, size), chunk.at, stored, extents);
  }
  return all;
}

/** Copies a chunk's values, row by row, as far as they are within the data set. */
function place(
  all: Uint8Array,
  bytes: Uint8Array,
  at: readonly number[],
  { shape, size }: Stored,
  extents: readonly number[],
): void {
  const last = shape.length - 1;
  if (last < 0) return all.set(bytes.subarray(0, size));
  const kept = shape.map((extent, axis) => Math.min(extents[axis]!, extent - at[axis]!));
  const row = kept[last]! * size;
  const index = kept.map(() => 0);
  const rows = sizeOf(kept.slice(0, -1));
  for (let r = 0; r < rows; r++) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis <= last; axis++) {
      from = from * extents[axis]! + index[axis]!;
      to = to * shape[axis]! + at[axis]! + index[axis]!;
    }
    all.set(bytes.subarray(from * size, from * size + row), to * size);
    for (let axis = last - 1; axis >= 0; axis--) {
      if (++index[axis]! < kept[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** The chunks that a tree (version 1) lists. */
function* chunksInTree(
  file: Hdf5Bytes,
  address: number,
  rank: number,
  above = MOST_LEVELS,
): Generator<Chunk> {
  const c = cursorAt(file, 'a tree of chunks', address);
  expectSignature(c, 'TREE');
  if (u8(c) !== 1) damaged(file, `the tree at byte ${address} is not one of chunks`);
  const level = u8(c);
  if (level >= above)
    damaged(file, `the tree at byte ${address} has level ${level} below ${above}`);
  const count = u16(c);
  skip(c, 2 * file.offsetSize);
  for (let i = 0; i < count; i++) {
    const length = u32(c);
    const mask = u32(c);
    const at = Array.from({ length: rank + 1 }, () => unsigned(c, 8)).slice(0, -1);
    const child = addressIn(c) ?? damaged(file, `the tree at byte ${address} has no child ${i}`);
    if (level > 0) yield* chunksInTree(file, child, rank, level);
    else yield { at, address: child, length, mask };
  }
}

/** Chunks as libver='latest' lists them: a single one, all in a row, or in a fixed array. */
function newChunks(
  c: Cursor,
  messages: readonly Message[],
  stored: Stored,
  total: number,
): Uint8Array {
  const { file } = c;
  const flags = u8(c);
  const axes = u8(c);
  const width = u8(c);
  const extents = Array.from({ length: axes }, () => unsigned(c, width)).slice(0, -1);
  const kind = u8(c);
  const isFiltered = (flags & 2) !== 0;
  const single =
    kind === 1 && isFiltered
      ? { length: lengthIn(c), mask: u32(c) }
      : { length: undefined, mask: 0 };
  if (kind === 3) skip(c, 1);
  if (kind > 3)
    unsupported(
      file,
      `has chunks in ${kind === 4 ? 'an extensible array' : kind === 5 ? 'a tree of version 2' : `an index of kind ${kind}`}, as libver='latest' writes data sets that can grow`,
      'write it again without maxshape, or with libver="earliest"',
    );
  const address = addressIn(c);
  if (address === undefined) return filled(file, messages, stored, total);
  const counts = stored.shape.map((extent, axis) =>
    Math.ceil(extent / Math.max(1, extents[axis] ?? 1)),
  );
  const at = (i: number): number[] => {
    let rest = i;
    return counts
      .toReversed()
      .map((count, k) => {
        const index = rest % count;
        rest = Math.floor(rest / count);
        return index * extents[counts.length - 1 - k]!;
      })
      .toReversed();
  };
  return joinChunks(file, messages, stored, total, extents, (chunkBytes, filters) => {
    if (kind === 1)
      return [{ at: at(0), address, length: single.length ?? chunkBytes, mask: single.mask }];
    if (kind === 2)
      return Array.from({ length: sizeOf(counts) }, (_, i) => ({
        at: at(i),
        address: address + i * chunkBytes,
        length: chunkBytes,
        mask: 0,
      }));
    return fixedArray(file, address, chunkBytes, filters.length > 0, at);
  });
}

/** The chunks of a fixed array that is not cut into pages. */
function* fixedArray(
  file: Hdf5Bytes,
  address: number,
  chunkBytes: number,
  isFiltered: boolean,
  at: (i: number) => number[],
): Generator<Chunk> {
  const head = cursorAt(file, 'an array of chunks', address);
  expectSignature(head, 'FAHD');
  skip(head, 2);
  const entry = u8(head);
  const pageBits = u8(head);
  const count = lengthIn(head);
  const block = addressIn(head);
  if (block === undefined) return;
  if (pageBits > 30 || count > 2 ** pageBits)
    unsupported(
      file,
      `has ${count} chunks in an array of pages`,
      'write it again with libver="earliest"',
    );
  const c = cursorAt(file, 'an array of chunks', block);
  expectSignature(c, 'FADB');
  skip(c, 2 + file.offsetSize);
  const sizeWidth = entry - file.offsetSize - 4;
  if (isFiltered && (sizeWidth < 1 || sizeWidth > 8))
    damaged(file, `an array of chunks has entries of ${entry} bytes`);
  for (let i = 0; i < count; i++) {
    const where = addressIn(c);
    const length = isFiltered ? unsigned(c, sizeWidth) : chunkBytes;
    const mask = isFiltered ? u32(c) : 0;
    if (where !== undefined) yield { at: at(i), address: where, length, mask };
  }
}
