/**
 * The type and extents of an image file, read before anything is decoded. The type follows from the first bytes, not
 * from the name; the extents let a small file that claims to be a huge image be refused unread.
 */
import { quote } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

export type ImageType = 'png' | 'jpeg' | 'webp';

export interface Extents {
  readonly width: number;
  readonly height: number;
}

/** Bound on the scans of a progressive JPEG: libjpeg's own script has 10, and each costs time for the whole image. */
const MAX_SCANS = 100;

const ascii = (bytes: Uint8Array, at: number, count: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + count));

/** @throws LanewiseError kind 'file' for a file that begins like none of the three. */
export function imageTypeOf(bytes: Uint8Array, name: string): ImageType {
  if (ascii(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(bytes, 0, 3) === '\xff\xd8\xff') return 'jpeg';
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return 'webp';
  const start = /^[\x20-\x7e]{8}/.test(ascii(bytes, 0, 8))
    ? [quote(ascii(bytes, 0, 40))]
    : Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'));
  throw new LanewiseError(
    'file',
    `'${name}' is no PNG, JPEG or WebP image: it ${start.length === 0 ? 'is empty' : `starts with ${start.join(' ')}`}`,
  );
}

export const damaged = (name: string, type: string, why: string, cause?: unknown): LanewiseError =>
  new LanewiseError('file', `'${name}' is a damaged ${type} image: ${why}`, undefined, { cause });

/**
 * Extents from a JPEG's frame header, after a walk over all markers (ITU T.81, B.2).
 * @throws LanewiseError kind 'file' if it is cut short, has neither 1, 3 nor 4 components, or
 * more scans than an encoder makes.
 */
export function jpegExtents(bytes: Uint8Array, name: string): Extents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let extents: Extents | undefined;
  let scans = 0;
  let at = 2;
  for (;;) {
    // A marker is FF and a byte other than 0 and FF; FF may repeat before it.
    while (at < bytes.length && bytes[at] !== 0xff) at++;
    while (at < bytes.length && bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined) throw damaged(name, 'JPEG', 'it is cut short, without an end marker');
    if (marker === 0xd9) break;
    // Stuffing, restarts and TEM have no length.
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const length = at + 2 <= bytes.length ? view.getUint16(at) : Infinity;
    if (length < 2 || at + length > bytes.length) {
      throw damaged(name, 'JPEG', `it is cut short in the segment that begins at byte ${at - 2}`);
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      if (extents) throw damaged(name, 'JPEG', 'it has two frames');
      if (marker > 0xc8)
        throw new LanewiseError(
          'file',
          `'${name}' is an arithmetic-coded JPEG image, which is not read`,
          'encode it again: jpegtran -optimize, or Pillow',
        );
      if (length < 8) throw damaged(name, 'JPEG', 'its frame header is too short');
      checkComponents(bytes[at + 7]!, name);
      extents = { height: view.getUint16(at + 3), width: view.getUint16(at + 5) };
    }
    if (marker === 0xda && ++scans > MAX_SCANS) {
      throw damaged(name, 'JPEG', `it has more than ${MAX_SCANS} scans`);
    }
    at += length;
  }
  if (!extents || scans === 0) throw damaged(name, 'JPEG', 'it has no image in it');
  return extents;
}

function checkComponents(components: number, name: string): void {
  if ([1, 3, 4].includes(components)) return;
  throw new LanewiseError(
    'file',
    `'${name}' is a JPEG image of ${components} colour components, expected 1 (grey), 3 or 4 (CMYK)`,
  );
}

/**
 * Extents from the first chunk of a WebP file (RFC 9649, 2.4–2.7).
 * @throws LanewiseError kind 'file' if it is cut short, animated, or does not begin with an image chunk.
 */
export function webpExtents(bytes: Uint8Array, name: string): Extents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 30) throw damaged(name, 'WebP', `it has ${bytes.length} bytes`);
  const size = view.getUint32(4, true) + 8;
  if (size > bytes.length) {
    throw damaged(name, 'WebP', `it is cut short: ${bytes.length} bytes of ${size}`);
  }
  const type = ascii(bytes, 12, 4);
  const whole24 = (at: number) => view.getUint16(at, true) + (bytes[at + 2]! << 16) + 1;
  if (type === 'VP8X') {
    if (bytes[20]! & 2) {
      throw new LanewiseError(
        'file',
        `'${name}' is an animated WebP, expected a still image`,
        'save one of its pictures alone: webpmux -get frame 1, or Pillow',
      );
    }
    return { width: whole24(24), height: whole24(27) };
  }
  if (type === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (type === 'VP8 ') {
    return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  throw damaged(name, 'WebP', `its first chunk is '${type}'`);
}

/** @throws LanewiseError kind 'file' for an image without pixels or with more than `maxPixels`. */
export function checkExtents({ width, height }: Extents, name: string, maxPixels: number): void {
  if (width >= 1 && height >= 1 && width * height <= maxPixels) return;
  throw new LanewiseError(
    'file',
    `'${name}' has ${width} × ${height} pixels, expected 1 to ${maxPixels}`,
  );
}
