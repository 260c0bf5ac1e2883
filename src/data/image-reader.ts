/** The reader of a folder's images as samples, which runs in decoder threads (Node). See image-folder.ts. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';
import { decodeImage } from '../formats/image-codecs.js';
import { toShape, type Fit, type ImageShape } from '../formats/resize.js';
import type { SampleReader } from './dataset.js';

/** A file as the scan of the folder found it. */
export interface ImageFile {
  /** Path below the root, with slashes. */
  readonly path: string;
  readonly bytes: number;
  /** Time of the last change, in milliseconds since 1970. */
  readonly changed: number;
}

/** Images that lie within files: the place of each, and its name in messages. */
export interface ImageParts {
  /** The index of each image's file. */
  readonly files: Int32Array;
  /** Each image's first byte in its file, and its length. */
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
  /** Each image's name behind that of its file; absent if it is `row 12` of the file's first row on. */
  readonly names?: readonly string[];
  /** The names of files instead of their paths, and the index of the first image of each. */
  readonly groups: readonly { readonly name: string; readonly first: number }[];
}

/** All settings that a thread needs to read the same samples. */
export interface ImageReaderSettings {
  readonly root: string;
  /** The files; without `parts`, an image each. */
  readonly files: readonly ImageFile[];
  readonly parts?: ImageParts;
  readonly shape: ImageShape;
  readonly fit: Fit;
  readonly maxPixels: number;
}

/** Flags that follow no link and wait for no pipe. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Bound on a file's bytes per pixel, plus a megabyte: a larger file is not read. */
const MOST_BYTES_PER_PIXEL = 16;

/**
 * @throws LanewiseError kind 'file' from `read`, naming the file: if it has vanished or changed since the scan, is
 * damaged, or has too many pixels.
 */
export function createReader(settings: ImageReaderSettings): SampleReader {
  const { root, files, parts, shape, fit, maxPixels } = settings;
  const nameOf = (index: number): string =>
    parts ? nameOfPart(parts, index) : join(root, files[index]!.path);
  return {
    type: 'uint8',
    async read(index, to) {
      const file = files[parts ? parts.files[index]! : index]!;
      const start = parts ? parts.starts[index]! : 0;
      const length = parts ? parts.lengths[index]! : file.bytes;
      const name = nameOf(index);
      checkLength(name, length, maxPixels);
      const bytes = readUnchanged(join(root, file.path), file, start, length);
      toShape(await decodeImage(bytes, name, maxPixels), shape, fit, to as Uint8Array);
    },
    describe: (index) => `'${nameOf(index)}'`,
  };
}

/** @throws LanewiseError kind 'file' for more bytes than an image of so many pixels has. */
export function checkLength(name: string, length: number, maxPixels: number): void {
  const most = maxPixels * MOST_BYTES_PER_PIXEL + 2 ** 20;
  if (length <= most) return;
  throw new LanewiseError(
    'file',
    `'${name}' has ${length} bytes, expected at most ${most} for ${maxPixels} pixels`,
  );
}

/** `train.tar: 0012.jpg`, `train.parquet: row 12`. */
export function nameOfPart({ groups, names }: Omit<ImageParts, 'files'>, index: number): string {
  const { name, first } = groups.findLast((group) => group.first <= index)!;
  return `${name}: ${names ? names[index]! : `row ${index - first + 1}`}`;
}

/**
 * Bytes of a file that is unchanged since the scan; a link in its place is not followed. Reading is synchronous:
 * Node's thread pool would take longer than reading a small file, and this thread has nothing else to do.
 */
function readUnchanged(path: string, file: ImageFile, start: number, length: number): Uint8Array {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, FLAGS);
    const bytes = new Uint8Array(length);
    let at = 0;
    while (at < bytes.length) {
      const count = readSync(descriptor, bytes, at, bytes.length - at, start + at);
      if (count === 0) break;
      at += count;
    }
    // The check comes afterwards, so that it also sees writes before the last byte was read.
    checkUnchanged(descriptor, path, file);
    return bytes.subarray(0, at);
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw changed(path, 'it is gone', error);
    }
    throw fileError(`cannot read '${path}'`, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function checkUnchanged(descriptor: number, path: string, file: ImageFile): void {
  const { size, mtimeMs } = fstatSync(descriptor);
  if (size !== file.bytes) throw changed(path, `it has ${size} bytes, had ${file.bytes}`);
  if (mtimeMs !== file.changed) {
    throw changed(
      path,
      `it was written at ${new Date(mtimeMs).toISOString()}, before at ${new Date(file.changed).toISOString()}`,
    );
  }
}

const changed = (path: string, how: string, cause?: unknown): LanewiseError =>
  new LanewiseError(
    'file',
    `'${path}' has changed since it was scanned: ${how}`,
    'leave the images alone while they are trained on, or start again',
    { cause },
  );
