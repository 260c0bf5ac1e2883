/** HDF5's objects: their headers' messages, and groups in their older and newer forms. */
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
  unsigned,
  unsupported,
  type Cursor,
  type Hdf5Bytes,
} from './hdf5-bytes.js';

/** A message of an object's header: its type and where its content stands. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly at: number;
  readonly length: number;
}

export const MESSAGES = {
  shape: 1,
  linkInfo: 2,
  type: 3,
  oldFill: 4,
  fill: 5,
  link: 6,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbols: 17,
  attributeInfo: 21,
} as const;

/** Parts of one header: more are a cycle. */
const MOST_PARTS = 1000;

/** The messages of the object at an address. */
export function messagesOf(file: Hdf5Bytes, address: number): Message[] {
  const c = cursorAt(file, "an object's header", address);
  const isNew = file.bytes[address] === 0x4f;
  const found: Message[] = [];
  const open: { at: number; length: number }[] = [];
  let ordered = false;
  if (isNew) {
    expectSignature(c, 'OHDR');
    if (u8(c) !== 2) damaged(file, `an object's header at byte ${address} has no version 2`);
    const flags = u8(c);
    if (flags & 0x20) skip(c, 16);
    if (flags & 0x10) skip(c, 4);
    ordered = (flags & 4) !== 0;
    const length = unsigned(c, 1 << (flags & 3));
    open.push({ at: c.at, length });
  } else {
    const version = u8(c);
    if (version !== 1)
      damaged(file, `an object's header at byte ${address} has version ${version}`);
    skip(c, 7);
    const length = u32(c);
    skip(c, 4);
    open.push({ at: c.at, length });
  }
  for (let parts = 0; open.length > 0; parts++) {
    if (parts > MOST_PARTS) damaged(file, `the object at byte ${address} has endless parts`);
    const { at, length } = open.shift()!;
    const part = cursorAt(file, "an object's header", at, length);
    for (const message of messagesIn(part, isNew, ordered)) {
      if (message.type !== MESSAGES.continuation) {
        found.push(message);
        continue;
      }
      const where = cursorAt(file, 'a continuation', message.at, message.length);
      const next = addressIn(where);
      const size = lengthIn(where);
      if (next === undefined) continue;
      if (!isNew) open.push({ at: next, length: size });
      else {
        expectSignature(cursorAt(file, "an object's header", next), 'OCHK');
        open.push({ at: next + 4, length: size - 8 });
      }
    }
  }
  return found;
}

function* messagesIn(c: Cursor, isNew: boolean, ordered: boolean): Generator<Message> {
  const head = isNew ? (ordered ? 6 : 4) : 8;
  while (c.at + head <= c.end) {
    const type = isNew ? u8(c) : u16(c);
    const length = u16(c);
    const flags = u8(c);
    skip(c, isNew ? (ordered ? 2 : 0) : 3);
    yield { type, flags, at: skip(c, length), length };
  }
}

/** A cursor on a message's content. @throws LanewiseError for content that stands elsewhere, as a type with a name does. */
export function contentOf(file: Hdf5Bytes, message: Message, what: string): Cursor {
  if (message.flags & 2) unsupported(file, `has ${what} that several objects share`);
  return cursorAt(file, what, message.at, message.length);
}

/** The objects of a group by name, as addresses; undefined for an object that is no group. */
export function linksOf(
  file: Hdf5Bytes,
  messages: readonly Message[],
): Map<string, number> | undefined {
  const links = new Map<string, number>();
  let isGroup = false;
  for (const message of messages) {
    if (message.type === MESSAGES.symbols) {
      isGroup = true;
      const c = contentOf(file, message, 'a table of symbols');
      const [tree, heap] = [addressIn(c), addressIn(c)];
      if (tree === undefined || heap === undefined) continue;
      readSymbols(file, tree, heapOf(file, heap), links);
    } else if (message.type === MESSAGES.link) {
      isGroup = true;
      readLink(contentOf(file, message, 'a link'), links);
    } else if (message.type === MESSAGES.linkInfo) {
      isGroup = true;
      const c = contentOf(file, message, 'the links of a group');
      skip(c, 1);
      if (u8(c) & 1) skip(c, 8);
      if (addressIn(c) !== undefined)
        unsupported(
          file,
          "has a group of more than 8 objects in the form of libver='latest' or track_order",
          'write it again without these: h5py.File(…, libver="earliest")',
        );
    }
  }
  return isGroup ? links : undefined;
}

/** A local heap's bytes. */
function heapOf(file: Hdf5Bytes, address: number): Uint8Array {
  const c = cursorAt(file, "a group's names", address);
  expectSignature(c, 'HEAP');
  skip(c, 4);
  const size = lengthIn(c);
  lengthIn(c);
  const at = addressIn(c) ?? damaged(file, "a group's names are nowhere");
  return bytesIn(cursorAt(file, "a group's names", at, size), size);
}

/** The most levels of a tree of a group or of chunks. */
export const MOST_LEVELS = 16;

function readSymbols(
  file: Hdf5Bytes,
  address: number,
  names: Uint8Array,
  links: Map<string, number>,
  above = MOST_LEVELS,
): void {
  const c = cursorAt(file, "a group's tree", address);
  expectSignature(c, 'TREE');
  if (u8(c) !== 0) damaged(file, `the tree at byte ${address} is not that of a group`);
  const level = u8(c);
  // Levels fall from node to node, so that no cycle is endless.
  if (level >= above)
    damaged(file, `the tree at byte ${address} has level ${level} below ${above}`);
  const count = u16(c);
  skip(c, 2 * file.offsetSize);
  for (let i = 0; i < count; i++) {
    skip(c, file.lengthSize);
    const child = addressIn(c) ?? damaged(file, `the tree at byte ${address} has no child ${i}`);
    if (level > 0) readSymbols(file, child, names, links, level);
    else readSymbolNode(file, child, names, links);
  }
}

function readSymbolNode(
  file: Hdf5Bytes,
  address: number,
  names: Uint8Array,
  links: Map<string, number>,
): void {
  const c = cursorAt(file, 'a table of symbols', address);
  expectSignature(c, 'SNOD');
  skip(c, 2);
  const count = u16(c);
  for (let i = 0; i < count; i++) {
    const name = unsigned(c, file.offsetSize);
    const object = addressIn(c);
    const cached = u32(c);
    skip(c, 20);
    // A kind of 2 is a link by name, which Keras does not write.
    if (object === undefined || cached === 2) continue;
    if (name >= names.length) damaged(file, `a name at ${name} of ${names.length} bytes`);
    addLink(file, links, textOf(names.subarray(name)), object);
  }
}

function readLink(c: Cursor, links: Map<string, number>): void {
  const version = u8(c);
  if (version !== 1) damaged(c.file, `a link has version ${version}`);
  const flags = u8(c);
  const kind = flags & 8 ? u8(c) : 0;
  if (flags & 4) skip(c, 8);
  if (flags & 16) skip(c, 1);
  const name = textOf(bytesIn(c, unsigned(c, 1 << (flags & 3))));
  if (kind !== 0) return;
  const object = addressIn(c);
  if (object !== undefined) addLink(c.file, links, name, object);
}

function addLink(file: Hdf5Bytes, links: Map<string, number>, name: string, at: number): void {
  if (links.has(name)) damaged(file, `a group has two objects named '${name}'`);
  links.set(name, at);
}
