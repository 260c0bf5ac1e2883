/**
 * The decoder of PNG images, to pixels or to grey values for classification. It uses pngjs (Node); the extents and the
 * length of the data, which it trusts, are checked first.
 */
import { inflateSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { LanewiseError } from '../base/errors.js';
import { crc32 } from './crc32.js';
import type { GreyImage } from './image.js';
import { toGrey, type RgbaImage } from './pixels.js';

/** 16 megapixels: more than a sample needs, little enough to decode in a second. */
const MAX_PIXELS = 1 << 24;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Beginnings of other files that are mistaken for PNG. */
const otherTypes: readonly (readonly [start: string, type: string])[] = [
  ['ff d8 ff', 'a JPEG'],
  ['47 49 46 38', 'a GIF'],
  ['42 4d', 'a BMP'],
  ['52 49 46 46', 'a WebP'],
  ['49 49 2a 00', 'a TIFF'],
  ['4d 4d 00 2a', 'a TIFF'],
  ['25 50 44 46', 'a PDF'],
  ['3c 3f 78 6d', 'an SVG'],
  ['3c 73 76 67', 'an SVG'],
  ['00 00 00', 'a HEIC or AVIF'],
  ['1f 8b', 'gzip'],
];

/**
 * Decodes a PNG of any colour type; `name` is for messages. Transparent parts show white paper; colour
 * becomes grey by the luma of Rec. 601, as in Pillow.
 * @throws LanewiseError kind 'file' if it is not a PNG, is too large, or its data is cut short or corrupt.
 */
export function decodePng(bytes: Uint8Array, name: string): GreyImage {
  checkSignature(bytes, name);
  const { width, height, rgba } = decodePngPixels(bytes, name, MAX_PIXELS);
  return { width, height, grey: toGrey(rgba, width * height) };
}

/**
 * The pixels of a file with a PNG's signature, 16-bit values rounded to 8. Bytes after the image or its data are
 * skipped, as by libpng.
 */
export function decodePngPixels(bytes: Uint8Array, name: string, maxPixels: number): RgbaImage {
  const extents = readExtents(bytes, name, maxPixels);
  const whole = checkData(bytes, extents, name);
  const { width, height } = extents;
  try {
    const { data } = PNG.sync.read(whole);
    return { width, height, rgba: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (error) {
    throw damaged(name, (error as Error).message, error);
  }
}

function checkSignature(bytes: Uint8Array, name: string): void {
  if (SIGNATURE.every((byte, i) => bytes[i] === byte)) return;
  if (bytes.length === 0)
    throw new LanewiseError('file', `'${name}' is not a PNG image: it is empty`);
  const hex = (count: number) =>
    Array.from(bytes.subarray(0, count), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const other = otherTypes.find(([start]) => hex(4).startsWith(start));
  const found = other ? `${other[0]}: ${other[1]}` : hex(4);
  throw new LanewiseError(
    'file',
    `'${name}' is not a PNG image (it starts with ${found})`,
    'save the image as PNG',
  );
}

interface Extents {
  readonly width: number;
  readonly height: number;
  /** Size of the inflated data. */
  readonly dataBytes: number;
}

/** Channels by colour type: grey, RGB, palette, grey and alpha, RGB and alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Start and step of Adam7's interlaced passes: x, y, by columns, by rows. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Reads the first chunk, IHDR, which the format puts at a fixed place. */
function readExtents(bytes: Uint8Array, name: string, maxPixels: number): Extents {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || chunkType(bytes, 8) !== 'IHDR' || view.getUint32(8) !== 13) {
    throw damaged(name, 'it does not begin with a whole IHDR chunk');
  }
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  if (width < 1 || height < 1 || width * height > maxPixels) {
    throw new LanewiseError(
      'file',
      `'${name}' has ${width} × ${height} pixels, expected 1 to ${maxPixels}`,
    );
  }
  const [depth, colourType] = [bytes[24]!, bytes[25]!];
  const bits = depth * (CHANNELS[colourType] ?? 0);
  if (bits === 0) {
    throw damaged(name, `it has the unknown bit depth ${depth} or colour type ${colourType}`);
  }
  const passes = bytes[28] === 1 ? ADAM7 : [[0, 0, 1, 1] as const];
  let dataBytes = 0;
  for (const [left, top, across, down] of passes) {
    const columns = Math.ceil((width - left) / across);
    const rows = Math.ceil((height - top) / down);
    // Each row has one byte more, which names its filter.
    if (columns > 0 && rows > 0) dataBytes += rows * (1 + Math.ceil((columns * bits) / 8));
  }
  return { width, height, dataBytes };
}

/**
 * Walks the chunks and inflates their data once, within the bound from the extents: pngjs has no bound for interlaced
 * images, where a few kilobytes can hold gigabytes of zeros, and renders missing data black. Returns the image without
 * the bytes after its end and after the end of its data, which pngjs refuses.
 */
function checkData(bytes: Uint8Array, { dataBytes }: Extents, name: string): Buffer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  const [before, after]: Uint8Array[][] = [[bytes.subarray(0, 8)], []];
  let end = 8;
  for (let at = 8, type = ''; type !== 'IEND';) {
    end = at + 12 <= bytes.length ? at + 12 + view.getUint32(at) : Infinity;
    if (end > bytes.length) {
      throw damaged(name, `it is cut short in the chunk that begins at byte ${at}`);
    }
    type = chunkType(bytes, at);
    if (type === 'IDAT') data.push(bytes.subarray(at + 8, end - 4));
    else (data.length === 0 ? before : after)!.push(bytes.subarray(at, end));
    at = end;
  }
  const stored = Buffer.concat(data);
  let inflated: number;
  let used: number;
  try {
    const { buffer, engine } = inflateSync(stored, {
      maxOutputLength: dataBytes,
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    [inflated, used] = [buffer.length, engine.bytesWritten];
  } catch (error) {
    const tooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const why = tooLong
      ? `inflates to more than the ${dataBytes} bytes of its extents`
      : `does not inflate: ${(error as Error).message}`;
    throw damaged(name, `its data ${why}`, error);
  }
  if (inflated !== dataBytes) {
    throw damaged(name, `its data inflates to ${inflated} bytes, expected ${dataBytes}`);
  }
  if (used < stored.length)
    return Buffer.concat([...before!, idat(stored.subarray(0, used)), ...after!]);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end);
}

/** A chunk of image data: its length, type, bytes and checksum. */
function idat(data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(data.length + 12);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write('IDAT', 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), data.length + 8);
  return chunk;
}

/** The four letters after the length of the chunk at `at`. */
const chunkType = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(...bytes.subarray(at + 4, at + 8));

const damaged = (name: string, why: string, cause?: unknown): LanewiseError =>
  new LanewiseError('file', `'${name}' is a damaged PNG image: ${why}`, undefined, { cause });
