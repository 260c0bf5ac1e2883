/** The reader of tar archives (POSIX.1-1988 ustar), with headers and files in blocks of 512 bytes. */
import { LanewiseError } from '../base/errors.js';

const BLOCK = 512;

/**
 * The regular files of an archive by their paths in it, sharing memory with `bytes`; `name` is for messages.
 * @throws LanewiseError kind 'data' for a header whose checksum differs, or a file beyond the archive's end.
 */
export function readTar(bytes: Uint8Array, name: string): Map<string, Uint8Array> {
  const refuse = (message: string) => new LanewiseError('data', `'${name}': ${message}`);
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (; at + BLOCK <= bytes.length; at += BLOCK) {
    const header = bytes.subarray(at, at + BLOCK);
    // Blocks of zeros end the archive.
    if (header.every((byte) => byte === 0)) return files;
    // The checksum is that of the header with spaces in place of the checksum.
    const sum = header.reduce((a, byte, i) => a + (i >= 148 && i < 156 ? 0x20 : byte), 0);
    if (octal(header, 148, 8) !== sum)
      throw refuse(`not a tar archive, or damaged: the checksum of the header at ${at} differs`);
    const path = text(header, 0, 100);
    const size = octal(header, 124, 12);
    if (size === undefined || at + BLOCK + size > bytes.length)
      throw refuse(`'${path}' in it is cut short: it should have ${size} bytes`);
    const type = header[156]!;
    if (type === 0 || type === 0x30) files.set(path, bytes.subarray(at + BLOCK, at + BLOCK + size));
    at += Math.ceil(size / BLOCK) * BLOCK;
  }
  throw refuse('the tar archive is cut short: it has no end');
}

function text(header: Uint8Array, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return String.fromCharCode(...field.subarray(0, end < 0 ? length : end));
}

/** A number in octal digits, with spaces or zero bytes around them. */
function octal(header: Uint8Array, from: number, length: number): number | undefined {
  const digits = text(header, from, length).trim();
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : undefined;
}
