/**
 * The reader of ZIP archives in memory (PKWARE, "APPNOTE.TXT", 6.3), in pages as well as in Node: files as they stand or
 * deflated, also with sizes of 64 bits. Nothing is inflated before it is asked for, and every length is checked first.
 */
import { inflateSync } from 'fflate';
import { quote, shorten } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import { crc32 } from '../formats/crc32.js';

/** The files of an archive. */
export interface Archive {
  /** Their paths in the order of the directory, without folders. */
  readonly paths: readonly string[];
  has(path: string): boolean;
  /**
   * The bytes of a file, a view of the archive's if it is stored as it is.
   * @throws LanewiseError kind 'file' for a file that is not there or damaged.
   */
  read(path: string): Uint8Array;
}

interface Entry {
  readonly method: number;
  readonly checksum: number;
  readonly stored: number;
  readonly size: number;
  readonly offset: number;
  readonly encrypted: boolean;
}

const [LOCAL, CENTRAL, END, END_64, LOCATOR_64] = [
  0x04034b50, 0x02014b50, 0x06054b50, 0x06064b50, 0x07064b50,
];
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** Longest comment behind the end of the directory. */
const COMMENT = 0xffff;
const MOST_FILES = 100_000;
/** Deflate makes a file at most 1032 times smaller (zlib, "Maximum Compression Factor"). */
const MAX_RATIO = 1032;
/** Bound on what is inflated of one archive, in bytes. */
const MOST_INFLATED = 2 ** 31;
const [STORED, DEFLATED] = [0, 8];
const WIDE = 0xffffffff;

/** Whether bytes begin as an archive does. */
export const isArchive = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;

/**
 * Opens an archive; `name` is for messages.
 * @throws LanewiseError kind 'file' for what is no whole archive, files that overlap, and a file that is there twice.
 */
export function openArchive(bytes: Uint8Array, name: string): Archive {
  const refuse = (why: string) => new LanewiseError('file', `'${name}': ${why}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = readDirectory(view, refuse);
  let left = MOST_INFLATED;
  return {
    paths: [...entries.keys()],
    has: (path) => entries.has(path),
    read(path) {
      const entry = entries.get(path);
      if (!entry) throw refuse(`it has no ${quote(path)}`);
      const stored = storedBytes(bytes, view, path, entry, refuse);
      const { method, size, checksum } = entry;
      if (method === STORED && size !== stored.length)
        throw refuse(`${quote(path)} in it has ${stored.length} bytes and claims ${size}`);
      if (method === DEFLATED && size > Math.min(left, stored.length * MAX_RATIO))
        throw refuse(`${quote(path)} in it claims ${size} bytes, which is more than is read`);
      if (method === DEFLATED) left -= size;
      const found = method === DEFLATED ? inflated(stored, size) : stored;
      if (!found || crc32(found) !== checksum)
        throw refuse(`${quote(path)} in it is damaged: its checksum differs`);
      return found;
    },
  };
}

type Refuse = (why: string) => LanewiseError;

/** Inflated bytes; undefined if they are damaged or not of that size. */
function inflated(stored: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const bytes = inflateSync(stored, { out: new Uint8Array(size) });
    return bytes.length === size ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of a file as they are in the archive, after its own header. */
function storedBytes(
  bytes: Uint8Array,
  view: DataView,
  path: string,
  { method, stored, offset, encrypted }: Entry,
  refuse: Refuse,
): Uint8Array {
  if (encrypted) throw refuse(`${quote(path)} in it is encrypted`);
  if (method !== STORED && method !== DEFLATED)
    throw refuse(`${quote(path)} in it is compressed by method ${method}, expected 0 or 8`);
  if (offset + LOCAL_BYTES > bytes.length || view.getUint32(offset, true) !== LOCAL)
    throw refuse(`${quote(path)} in it does not begin at byte ${offset}, as its directory says`);
  const begin =
    offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (begin + stored > bytes.length)
    throw refuse(`${quote(path)} in it ends at byte ${begin + stored}, of ${bytes.length}`);
  return bytes.subarray(begin, begin + stored);
}

/** Where the directory is, and how many files it has. */
function findDirectory(view: DataView, refuse: Refuse): { at: number; end: number; files: number } {
  const last = view.byteLength - END_BYTES;
  let end = last;
  while (end >= 0 && end >= last - COMMENT && view.getUint32(end, true) !== END) end--;
  if (end < 0 || end < last - COMMENT)
    throw refuse('it is no whole ZIP archive: its end is missing, as if it were cut short');
  const locator = end - LOCATOR_BYTES;
  if (locator < 0 || view.getUint32(locator, true) !== LOCATOR_64)
    return { files: view.getUint16(end + 10, true), at: view.getUint32(end + 16, true), end };
  const wide = whole(view, locator + 8);
  if (wide + 56 > locator || view.getUint32(wide, true) !== END_64)
    throw refuse('the end of its directory is not where it says');
  return { files: whole(view, wide + 32), at: whole(view, wide + 48), end: wide };
}

/** A whole number of 64 bits; what is past 2⁵³ is rounded, and past the end of every file. */
const whole = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

function readDirectory(view: DataView, refuse: Refuse): Map<string, Entry> {
  const { at: first, end, files } = findDirectory(view, refuse);
  if (files > MOST_FILES) throw refuse(`it claims ${files} files, expected ${MOST_FILES} at most`);
  const entries = new Map<string, Entry>();
  let at = first;
  let total = 0;
  for (let i = 0; i < files; i++) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL)
      throw refuse(`its directory is damaged at file ${i} of ${files}`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((place) =>
      view.getUint16(at + place, true),
    ) as [number, number, number];
    const next = at + CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
    if (next > end) throw refuse(`its directory is cut short at file ${i} of ${files}`);
    const start = view.byteOffset + at + CENTRAL_BYTES;
    const path = new TextDecoder().decode(new Uint8Array(view.buffer, start, nameBytes));
    const extra = at + CENTRAL_BYTES + nameBytes;
    const entry = readEntry(view, at, extra, extra + extraBytes);
    total += entry.stored;
    if (total > view.byteLength)
      throw refuse(`its files would take ${total} bytes, it has ${view.byteLength}: they overlap`);
    if (entries.has(path)) throw refuse(`${quote(shorten(path))} is in it twice`);
    if (!path.endsWith('/')) entries.set(path, entry);
    at = next;
  }
  return entries;
}

/** An entry of the directory; sizes that do not fit into 32 bits are in its extra fields. */
function readEntry(view: DataView, at: number, extra: number, end: number): Entry {
  const wide: number[] = [];
  for (let field = extra; field + 4 <= end;) {
    const size = view.getUint16(field + 2, true);
    if (view.getUint16(field, true) === 1)
      for (let i = field + 4; i + 8 <= Math.min(field + 4 + size, end); i += 8)
        wide.push(whole(view, i));
    field += 4 + size;
  }
  const number = (place: number): number => {
    const narrow = view.getUint32(at + place, true);
    return narrow === WIDE ? (wide.shift() ?? narrow) : narrow;
  };
  // In the order of the extra fields.
  const size = number(24);
  const stored = number(20);
  const offset = number(42);
  return {
    size,
    stored,
    offset,
    method: view.getUint16(at + 10, true),
    checksum: view.getUint32(at + 16, true),
    encrypted: (view.getUint16(at + 8, true) & 1) === 1,
  };
}
