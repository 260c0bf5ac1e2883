/**
 * A reader of HDF5 files as h5py and Keras write them: superblocks 0 to 3, both forms of headers and groups, data in one
 * run, in headers and in chunks (gzip, shuffle), texts of fixed and of their own length. What it does not read it refuses by
 * name; it follows "HDF5 File Format Specification", versions 1.0 to 3.0.
 */
import { sizeOf, type Shape } from '../../graph/tensor.js';
import {
  addressIn,
  bytesIn,
  cursorAt,
  damaged,
  skip,
  u16,
  u8,
  unsupported,
  type Cursor,
  type Hdf5Bytes,
} from './hdf5-bytes.js';
import { dataOf } from './hdf5-data.js';
import { contentOf, linksOf, MESSAGES, messagesOf, type Message } from './hdf5-objects.js';
import { numbersOf, readShape, readType, textsOf, type Hdf5Type } from './hdf5-types.js';

/** An attribute: texts, or numbers. */
export type Hdf5Attribute = readonly string[] | Float32Array;

/** A group of objects by name. */
export interface Hdf5Group {
  readonly kind: 'group';
  readonly attributes: ReadonlyMap<string, Hdf5Attribute>;
  readonly members: ReadonlyMap<string, Hdf5Object>;
}

/** A data set of numbers. */
export interface Hdf5Dataset {
  readonly kind: 'dataset';
  readonly attributes: ReadonlyMap<string, Hdf5Attribute>;
  readonly shape: Shape;
  /** Whether its values are whole numbers. */
  readonly isInteger: boolean;
  values(): Float32Array;
}

/** A data set of something else, or one that is not read: it says so when it is asked. */
export interface Hdf5Other {
  readonly kind: 'other';
  readonly attributes: ReadonlyMap<string, Hdf5Attribute>;
}

export type Hdf5Object = Hdf5Group | Hdf5Dataset | Hdf5Other;

/** Places of the superblock: a program's own bytes may stand before it. */
const PLACES = [0, 512, 1024, 2048, 4096];
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes are an HDF5 file. */
export const isHdf5 = (bytes: Uint8Array): boolean =>
  PLACES.some((at) => SIGNATURE.every((byte, i) => bytes[at + i] === byte));

/** The most objects in one file, and the deepest nesting of its groups. */
const MOST_OBJECTS = 100_000;
const DEEPEST = 64;

/**
 * The root group of a file, with all that is in it; values are read when they are asked for.
 * @throws LanewiseError kind 'file' for damaged files, and for what is not read.
 */
export function openHdf5(bytes: Uint8Array, name: string): Hdf5Group {
  const { file, root } = openSuperblock(bytes, name);
  let count = 0;
  const ancestors = new Set<number>();
  const known = new Map<number, Hdf5Object>();
  const open = (address: number, depth: number): Hdf5Object => {
    const before = known.get(address);
    if (before) return before;
    if (depth > DEEPEST || ++count > MOST_OBJECTS || ancestors.has(address))
      damaged(file, `its groups are nested without end at byte ${address}`);
    const messages = messagesOf(file, address);
    const attributes = attributesOf(file, messages);
    const links = linksOf(file, messages);
    let found: Hdf5Object;
    if (!links) found = datasetOf(file, messages, attributes);
    else {
      ancestors.add(address);
      const members = new Map([...links].map(([key, at]) => [key, open(at, depth + 1)]));
      ancestors.delete(address);
      found = { kind: 'group', attributes, members };
    }
    known.set(address, found);
    return found;
  };
  const group = open(root, 0);
  return group.kind === 'group' ? group : damaged(file, 'its root is no group');
}

function openSuperblock(bytes: Uint8Array, name: string): { file: Hdf5Bytes; root: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = PLACES.find((at) => SIGNATURE.every((byte, i) => bytes[at + i] === byte));
  const plain = { name, bytes, view, offsetSize: 8, lengthSize: 8, base: 0 };
  if (start === undefined) damaged(plain, 'it has no signature');
  const c = cursorAt(plain, 'the superblock', start);
  skip(c, 8);
  const version = u8(c);
  if (version > 3) unsupported(plain, `has a superblock of version ${version}`);
  const isOld = version < 2;
  if (isOld) skip(c, 4);
  const [offsetSize, lengthSize] = [u8(c), u8(c)];
  for (const size of [offsetSize, lengthSize])
    if (![2, 4, 8].includes(size)) damaged(plain, `addresses and lengths have ${size} bytes`);
  const sized = { ...plain, offsetSize, lengthSize };
  const rest: Cursor = { ...c, file: sized };
  if (isOld) {
    skip(rest, 1 + 2 + 2 + 4);
    if (version === 1) skip(rest, 4);
  } else skip(rest, 1);
  // Addresses count from the base, which is where the superblock stands unless the file was moved.
  const base = addressIn(rest) ?? 0;
  const file = { ...sized, base };
  const tail: Cursor = { ...rest, file };
  // Free space and the driver, or the superblock's extension, and the end of the file.
  skip(tail, isOld ? 3 * offsetSize : 2 * offsetSize);
  if (isOld) skip(tail, offsetSize);
  return { file, root: addressIn(tail) ?? damaged(file, 'it has no root') };
}

/** The attributes of an object. */
function attributesOf(file: Hdf5Bytes, messages: readonly Message[]): Map<string, Hdf5Attribute> {
  const found = new Map<string, Hdf5Attribute>();
  for (const message of messages) {
    if (message.type === MESSAGES.attributeInfo) {
      const c = contentOf(file, message, "an object's attributes");
      skip(c, 1);
      if (u8(c) & 1) skip(c, 2);
      if (addressIn(c) !== undefined)
        unsupported(
          file,
          "has an object with more than 8 attributes, or long ones, in the form of libver='latest'",
          'write it again with h5py.File(…, libver="earliest")',
        );
    }
    if (message.type !== MESSAGES.attribute) continue;
    const [key, value] = readAttribute(contentOf(file, message, 'an attribute'));
    if (value) found.set(key, value);
  }
  return found;
}

function readAttribute(c: Cursor): [string, Hdf5Attribute | undefined] {
  const { file } = c;
  const version = u8(c);
  const flags = u8(c);
  if (version < 1 || version > 3) damaged(file, `an attribute has version ${version}`);
  if (version > 1 && flags & 3) unsupported(file, 'has an attribute whose type is shared');
  const [nameSize, typeSize, shapeSize] = [u16(c), u16(c), u16(c)];
  if (version === 3) skip(c, 1);
  const wide = (size: number) => (version === 1 ? Math.ceil(size / 8) * 8 : size);
  const part = (size: number): Cursor => {
    const at = skip(c, wide(size));
    return cursorAt(file, 'an attribute', at, size);
  };
  const nameAt = part(nameSize);
  const name = new TextDecoder().decode(bytesIn(nameAt, nameSize)).replace(/\0.*$/s, '');
  const [typeAt, shapeAt] = [part(typeSize), part(shapeSize)];
  const shape = readShape(shapeAt);
  const kind = file.bytes[typeAt.at]! & 15;
  // References and compound values are other programs' notes.
  if (![0, 1, 3, 8, 9].includes(kind)) return [name, undefined];
  const type = readType(typeAt);
  const bytes = bytesIn(c, sizeOf(shape) * type.size);
  return [
    name,
    type.kind === 'text' || type.kind === 'texts'
      ? textsOf(file, type, bytes)
      : numbersOf(file, type, bytes),
  ];
}

function datasetOf(
  file: Hdf5Bytes,
  messages: readonly Message[],
  attributes: ReadonlyMap<string, Hdf5Attribute>,
): Hdf5Dataset | Hdf5Other {
  const [typeMessage, shapeMessage] = [MESSAGES.type, MESSAGES.shape].map((type) =>
    messages.find((message) => message.type === type),
  );
  if (!typeMessage || !shapeMessage) return { kind: 'other', attributes };
  const typeAt = contentOf(file, typeMessage, 'a type');
  const kind = file.bytes[typeAt.at]! & 15;
  if (![0, 1, 5, 8].includes(kind)) return { kind: 'other', attributes };
  const type = asNumbers(readType(typeAt), attributes);
  if (!type) return { kind: 'other', attributes };
  const shape = readShape(contentOf(file, shapeMessage, 'a shape'));
  return {
    kind: 'dataset',
    attributes,
    shape,
    isInteger: type.kind === 'integer',
    values: () => numbersOf(file, type, dataOf(file, messages, { shape, size: type.size })),
  };
}

/** Keras keeps bfloat16 as opaque pairs of bytes, and says so in an attribute. */
function asNumbers(
  type: Hdf5Type,
  attributes: ReadonlyMap<string, Hdf5Attribute>,
): Hdf5Type | undefined {
  if (type.kind !== 'opaque') return type;
  const named = attributes.get('dtype')?.[0] === 'bfloat16';
  return named && type.size === 2 ? { ...type, kind: 'bfloat16' } : undefined;
}
