/**
 * The reader of tar archives (POSIX.1-1988 ustar, with the long names of POSIX.1-2001 and GNU), with headers and files in
 * blocks of 512 bytes.
 */
import { LanewiseError } from '../base/errors.js';
import type { RandomAccess } from '../node/random-access.js';

const BLOCK = 512;

/** A regular file in an archive: its path there, its first byte in the archive, and its length. */
export interface TarEntry {
  readonly path: string;
  readonly at: number;
  readonly bytes: number;
}

/** What a block says: of a file, of the next file's name, or of something else. */
interface Header {
  readonly path: string;
  readonly bytes: number;
  readonly type: string;
}

/** Bound on the bytes of a header's additions, such as a long name. */
const MAX_ADDITION = 2 ** 20;

/**
 * The regular files of an archive by their paths in it, sharing memory with `bytes`; `name` is for messages.
 * @throws LanewiseError kind 'data' for a header whose checksum differs, or a file beyond the archive's end.
 */
export function readTar(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK <= bytes.length;) {
    const header = headerAt(bytes.subarray(at, at + BLOCK), at, bytes.length, name);
    if (!header) return files;
    const [from, to] = [at + BLOCK, at + BLOCK + header.bytes];
    if (header.type === '0') files.set(header.path, bytes.subarray(from, to));
    at = from + Math.ceil(header.bytes / BLOCK) * BLOCK;
  }
  throw endless(name);
}

/**
 * The regular files of an archive, in its order; their contents are not read.
 * @throws LanewiseError kind 'data' for a header whose checksum differs, or a file beyond the archive's end.
 */
export async function* tarEntries(archive: RandomAccess): AsyncGenerator<TarEntry> {
  const { name, bytes: size } = archive;
  let added: { path?: string; bytes?: number } = {};
  for (let at = 0; at + BLOCK <= size;) {
    const header = headerAt(await archive.read(at, BLOCK), at, size, name, added.bytes);
    if (!header) {
      // What is unpacked while it is read does not know its size.
      if (Number.isSafeInteger(size)) await checkEnd(archive, at);
      return;
    }
    const from = at + BLOCK;
    at = from + Math.ceil(header.bytes / BLOCK) * BLOCK;
    if (header.type === 'L' || header.type === 'x') {
      if (header.bytes > MAX_ADDITION)
        throw wrong(name, `a name of ${header.bytes} bytes, at most ${MAX_ADDITION} are read`);
      const bytes = await archive.read(from, header.bytes);
      added = { ...added, ...(header.type === 'L' ? { path: textOf(bytes) } : additions(bytes)) };
      continue;
    }
    if (header.type === '0')
      yield { path: added.path ?? header.path, at: from, bytes: header.bytes };
    added = {};
  }
  throw endless(name);
}

/**
 * What follows an archive's end is not read, as by tar.
 * @throws LanewiseError kind 'data' if it is another archive: files were joined, or some blocks are lost.
 */
async function checkEnd(archive: RandomAccess, end: number): Promise<void> {
  for (let at = end; at + BLOCK <= archive.bytes; at += BLOCK) {
    const block = await archive.read(at, BLOCK);
    if (block.every((byte) => byte === 0) || octal(block, 148, 8) !== sumOf(block)) continue;
    throw new LanewiseError(
      'data',
      `'${archive.name}': the tar archive ends at byte ${end}, and another begins at byte ${at}`,
      'tar joins archives to one (tar Af), cat does not',
    );
  }
}

/** The checksum of a header, with spaces in place of the checksum. */
const sumOf = (block: Uint8Array): number =>
  block.reduce((a, byte, i) => a + (i >= 148 && i < 156 ? 0x20 : byte), 0);

const wrong = (name: string, message: string): LanewiseError =>
  new LanewiseError('data', `'${name}': ${message}`);

const endless = (name: string): LanewiseError =>
  wrong(name, 'the tar archive is cut short: it has no end');

/** The header in a block, or undefined for the block of zeros that ends an archive. */
function headerAt(
  block: Uint8Array,
  at: number,
  end: number,
  name: string,
  actual?: number,
): Header | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (octal(block, 148, 8) !== sumOf(block))
    throw wrong(name, `not a tar archive, or damaged: the checksum of the header at ${at} differs`);
  const prefix = text(block, 257, 6).startsWith('ustar') ? text(block, 345, 155) : '';
  const own = text(block, 0, 100);
  // GNU's tar has other fields there.
  const path = prefix === '' || block[263] === 0x20 ? own : `${prefix}/${own}`;
  const bytes = actual ?? octal(block, 124, 12) ?? binary(block, 124, 12);
  if (bytes === undefined || at + BLOCK + bytes > end)
    throw wrong(name, `'${path}' in it is cut short: it should have ${bytes} bytes`);
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return { path, bytes, type };
}

/** What a header of POSIX.1-2001 adds: lines such as `18 path=long/name`, which begin with their own length. */
function additions(bytes: Uint8Array): { path?: string; bytes?: number } {
  const found: { path?: string; bytes?: number } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(textOf(bytes.subarray(at, Math.max(at, space))));
    if (!Number.isInteger(length) || length < 1) break;
    const line = textOf(bytes.subarray(space + 1, at + length)).replace(/\n$/, '');
    at += length;
    const [key, value] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)];
    if (key === 'path') found.path = value;
    const size = Number(value);
    if (key === 'size' && Number.isSafeInteger(size) && size >= 0) found.bytes = size;
  }
  return found;
}

const decoder = new TextDecoder();

/** A text that ends at a zero byte. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(bytes.subarray(0, end < 0 ? bytes.length : end));
}

const text = (header: Uint8Array, from: number, length: number): string =>
  textOf(header.subarray(from, from + length));

/** A number in octal digits, with spaces or zero bytes around them. */
function octal(header: Uint8Array, from: number, length: number): number | undefined {
  const digits = text(header, from, length).trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}

/** A number of GNU's for sizes of 8 GiB and more: the first bit set, the others binary. */
function binary(header: Uint8Array, from: number, length: number): number | undefined {
  if (header[from] !== 0x80) return undefined;
  const value = header.subarray(from + 1, from + length).reduce((sum, byte) => sum * 256 + byte, 0);
  return Number.isSafeInteger(value) ? value : undefined;
}
