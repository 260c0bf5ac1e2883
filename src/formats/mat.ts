/**
 * The reader of MATLAB's files of version 5 (MAT-File Format, MathWorks, chapter 1), compressed or not: arrays of numbers
 * and their names. Lengths are checked before memory is taken. Files of version 7.3 are HDF5, and refused by name.
 */
import { LanewiseError } from '../base/errors.js';
import { piecesOf } from '../platform/pieces.js';
import type { NpyValues } from './npy.js';

/** An array of a file. */
export interface MatArray {
  /** Extents; there are two at least. */
  readonly shape: readonly number[];
  /** NumPy's name of the type: `f8`, `u1`, `b1` (logical) …. */
  readonly dtype: string;
  /** Values in MATLAB's order: the first extent is the innermost. */
  readonly values: NpyValues;
}

/** A variable that is no array of real numbers, in words: `a structure`. */
export interface MatOther {
  readonly is: string;
}

export interface MatOptions {
  /** Chooses the variables to read. */
  readonly wanted: (name: string) => boolean;
  /** Bound on the unpacked bytes of each. */
  readonly limitBytes: number;
}

/** Types of elements, by the number that the format gives them. */
const TYPES: Readonly<Record<number, readonly [dtype: string, bytes: number]>> = {
  1: ['i1', 1],
  2: ['u1', 1],
  3: ['i2', 2],
  4: ['u2', 2],
  5: ['i4', 4],
  6: ['u4', 4],
  7: ['f4', 4],
  9: ['f8', 8],
  12: ['i8', 8],
  13: ['u8', 8],
};
const [MATRIX, COMPRESSED] = [14, 15];
/** Classes of arrays of numbers. */
const CLASSES: Readonly<Record<number, string>> = {
  6: 'f8',
  7: 'f4',
  8: 'i1',
  9: 'u1',
  10: 'i2',
  11: 'u2',
  12: 'i4',
  13: 'u4',
  14: 'i8',
  15: 'u8',
};
const OTHERS: Readonly<Record<number, string>> = {
  1: 'a cell array',
  2: 'a structure',
  3: 'an object',
  4: 'text',
  5: 'a sparse matrix',
};
const HEADER = 128;
const MAX_RANK = 32;
const MAX_NAME = 1024;
const MAX_VARIABLES = 100_000;
/** Deflate makes data at most 1032 times smaller. */
const MAX_RATIO = 1032;
/** Bytes that are unpacked to see a variable's name. */
const GLANCE = 4096;

type Refuse = (message: string, hint?: string) => LanewiseError;

/** Bytes, how numbers lie in them, and how errors are made. */
interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly isLittle: boolean;
  readonly refuse: Refuse;
}

/** A part of the file: its type, and where its contents begin and end; `next` is where the next one begins. */
interface Element {
  readonly type: number;
  readonly from: number;
  readonly to: number;
  readonly next: number;
}

/**
 * The variables of a file by name; those that are not `wanted` are undefined. `name` is the file's, for messages.
 * @throws LanewiseError kind 'data' for a file of another version or kind, damaged, or that unpacks to more than the
 * bound.
 */
export async function decodeMat(
  bytes: Uint8Array,
  name: string,
  { wanted, limitBytes }: MatOptions,
): Promise<Map<string, MatArray | MatOther | undefined>> {
  const refuse: Refuse = (message, hint) =>
    new LanewiseError('data', `'${name}': ${message}`, hint);
  const source = sourceOf(bytes, isLittleEndian(bytes, refuse), refuse);
  const found = new Map<string, MatArray | MatOther | undefined>();
  for (let at = HEADER; at < bytes.length;) {
    const element = elementAt(source, at, bytes.length);
    // Compressed parts are not padded.
    at = element.type === COMPRESSED ? element.to : element.next;
    if (element.type !== COMPRESSED && element.type !== MATRIX) continue;
    const variable = await unpack(source, element, wanted, limitBytes);
    // A name of nothing is MATLAB's own.
    if (variable.name === '') continue;
    if (found.has(variable.name)) throw refuse(`variable '${variable.name}' is in it twice`);
    if (found.size === MAX_VARIABLES)
      throw refuse(`more than ${MAX_VARIABLES} variables are in it`);
    found.set(variable.name, variable.value);
  }
  return found;
}

function sourceOf(bytes: Uint8Array, isLittle: boolean, refuse: Refuse): Source {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { bytes, view, isLittle, refuse };
}

/** @throws LanewiseError for anything but version 5. */
function isLittleEndian(bytes: Uint8Array, refuse: Refuse): boolean {
  const text = String.fromCharCode(...bytes.subarray(0, 19));
  const isHdf = bytes[0] === 0x89 || text === 'MATLAB 7.3 MAT-file';
  if (isHdf)
    throw refuse(
      'a MATLAB file of version 7.3, which is HDF5 and not read',
      "in MATLAB: save(FILE, '-v7'); in Python: scipy.io.savemat(FILE, {k: v[()].T for k, v in h5py.File(OLD).items()})",
    );
  const order = String.fromCharCode(...bytes.subarray(126, 128));
  if (bytes.length < HEADER || (order !== 'IM' && order !== 'MI'))
    throw refuse(
      'not a MATLAB file of version 5, as MATLAB and scipy.io.savemat write them',
      'files of version 4 become such with scipy.io.savemat(FILE, scipy.io.loadmat(OLD))',
    );
  return order === 'IM';
}

/** The part at `at`; short ones have their contents within the 8 bytes of their tag. */
function elementAt({ view, isLittle, refuse }: Source, at: number, end: number): Element {
  if (at + 8 > end) throw refuse(`it is cut short: a part begins at byte ${at} of ${end}`);
  const first = view.getUint32(at, isLittle);
  const short = first >>> 16;
  if (short > 0) {
    if (short > 4) throw refuse(`a part of ${short} bytes at ${at}, expected at most 4`);
    return { type: first & 0xffff, from: at + 4, to: at + 4 + short, next: at + 8 };
  }
  const length = view.getUint32(at + 4, isLittle);
  const to = at + 8 + length;
  if (to > end)
    throw refuse(`it is cut short: a part of ${length} bytes begins at byte ${at} of ${end}`);
  return { type: first, from: at + 8, to, next: at + 8 + Math.ceil(length / 8) * 8 };
}

interface Variable {
  readonly name: string;
  readonly value: MatArray | MatOther | undefined;
}

async function unpack(
  source: Source,
  element: Element,
  wanted: MatOptions['wanted'],
  limitBytes: number,
): Promise<Variable> {
  if (element.type === MATRIX) return variableIn(source, element, wanted);
  const { bytes, isLittle, refuse } = source;
  const packed = bytes.subarray(element.from, element.to);
  // The beginning says whose it is, and how long.
  const start = await inflate(packed, GLANCE, refuse, false);
  if (start.length < 8) throw refuse('a compressed part has no contents');
  const { view } = sourceOf(start, isLittle, refuse);
  if (view.getUint32(0, isLittle) !== MATRIX) return { name: '', value: undefined };
  const length = 8 + view.getUint32(4, isLittle);
  const head = headOf(sourceOf(start, isLittle, refuse), 8, start.length);
  if (!wanted(head.name)) return { name: head.name, value: undefined };
  if (length > limitBytes || length > packed.length * MAX_RATIO + GLANCE)
    throw refuse(
      `variable '${head.name}' claims ${length} bytes, expected at most ${Math.min(limitBytes, packed.length * MAX_RATIO)}`,
    );
  const all = await inflate(packed, length, refuse, true);
  if (all.length < length)
    throw refuse(`variable '${head.name}' has ${all.length} bytes, its header says ${length}`);
  const inner = sourceOf(all, isLittle, refuse);
  return variableIn(inner, elementAt(inner, 0, all.length), wanted);
}

/** The first `length` unpacked bytes; or `isAll`, whose checksum is then verified. */
async function inflate(
  packed: Uint8Array,
  length: number,
  refuse: Refuse,
  isAll: boolean,
): Promise<Uint8Array> {
  const source = new Blob([packed as Uint8Array<ArrayBuffer>]).stream();
  const to = new Uint8Array(length);
  let end = 0;
  try {
    for await (const piece of piecesOf(source.pipeThrough(new DecompressionStream('deflate')))) {
      to.set(piece.subarray(0, length - end), end);
      end += piece.length;
      if (end > length || (end === length && !isAll)) break;
    }
  } catch (error) {
    throw refuse(`a compressed part is corrupt: ${(error as Error).message}`);
  }
  if (isAll && end > length) throw refuse(`a compressed part has more than ${length} bytes`);
  return to.subarray(0, end);
}

/** What a variable's first parts say. */
interface Head {
  readonly kind: number;
  readonly isComplex: boolean;
  readonly isLogical: boolean;
  readonly shape: readonly number[];
  readonly name: string;
  /** Where its values begin. */
  readonly next: number;
}

function headOf(source: Source, from: number, end: number): Head {
  const { view, bytes, isLittle, refuse } = source;
  const flags = elementAt(source, from, end);
  if (flags.to - flags.from !== 8) throw refuse('a variable without flags');
  const bits = view.getUint32(flags.from, isLittle);
  const extents = elementAt(source, flags.next, end);
  const rank = (extents.to - extents.from) / 4;
  if (!Number.isInteger(rank) || rank < 2 || rank > MAX_RANK)
    throw refuse(`a variable of ${rank} extents, expected 2–${MAX_RANK}`);
  const shape = Array.from({ length: rank }, (_, i) =>
    view.getUint32(extents.from + 4 * i, isLittle),
  );
  const title = elementAt(source, extents.next, end);
  if (title.to - title.from > MAX_NAME) throw refuse(`a name of ${title.to - title.from} bytes`);
  return {
    kind: bits & 0xff,
    isComplex: (bits & 0x800) !== 0,
    isLogical: (bits & 0x200) !== 0,
    shape,
    name: new TextDecoder().decode(bytes.subarray(title.from, title.to)),
    next: title.next,
  };
}

function variableIn(source: Source, element: Element, wanted: MatOptions['wanted']): Variable {
  const { kind, isComplex, isLogical, shape, name, next } = headOf(
    source,
    element.from,
    element.to,
  );
  if (!wanted(name)) return { name, value: undefined };
  const dtype = CLASSES[kind];
  if (dtype === undefined || isComplex)
    return { name, value: { is: isComplex ? 'complex' : (OTHERS[kind] ?? `of class ${kind}`) } };
  const { refuse } = source;
  const data = elementAt(source, next, element.to);
  const [stored, size] = TYPES[data.type] ?? [undefined, 1];
  if (stored === undefined) throw refuse(`variable '${name}' has values of type ${data.type}`);
  const count = shape.reduce((product, extent) => product * extent, 1);
  // Past 2⁵³ a product is not exact, but then it equals no file's length.
  if (count * size !== data.to - data.from)
    throw refuse(
      `variable '${name}' of ${shape.join('×')} would have ${count * size} bytes, ${data.to - data.from} follow`,
    );
  const type = isLogical ? 'b1' : dtype;
  return {
    name,
    value: { shape, dtype: type, values: valuesAt(source, data, stored, type, name) },
  };
}

/** The arrays in which values of a type are kept: 64-bit ones as int32, which must hold them. */
const ARRAYS = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  i8: Int32Array,
  u8: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

/** Values, which may be stored in a smaller type than theirs. */
function valuesAt(
  { bytes, view, isLittle, refuse }: Source,
  { from, to }: Element,
  stored: string,
  dtype: string,
  name: string,
): NpyValues {
  const isByte = stored === 'u1' && (dtype === 'u1' || dtype === 'b1');
  if (isByte) return bytes.slice(from, to);
  const size = Number(stored[1]);
  const values = new ARRAYS[dtype as keyof typeof ARRAYS]((to - from) / size);
  const read = READERS[stored]!;
  for (let i = 0; i < values.length; i++) {
    const value = read(view, from + i * size, isLittle);
    values[i] = value;
    if (values[i] !== value && dtype !== 'f4' && !Number.isNaN(value))
      throw refuse(`variable '${name}': ${value} at ${i} is no ${dtype} that is read`);
  }
  return values;
}

const READERS: Readonly<Record<string, (view: DataView, at: number, isLittle: boolean) => number>> =
  {
    i1: (view, at) => view.getInt8(at),
    u1: (view, at) => view.getUint8(at),
    i2: (view, at, isLittle) => view.getInt16(at, isLittle),
    u2: (view, at, isLittle) => view.getUint16(at, isLittle),
    i4: (view, at, isLittle) => view.getInt32(at, isLittle),
    u4: (view, at, isLittle) => view.getUint32(at, isLittle),
    f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
    f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
    i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)),
    u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
  };
