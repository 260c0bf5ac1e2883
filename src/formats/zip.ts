/**
 * The reader of ZIP archives (yauzl), which reads only the wanted files. The output is bounded and checksums are
 * verified; nothing is written to disk. This file is loaded only when there is an archive: yauzl takes 10 ms.
 */
import { open as openFile } from 'node:fs/promises';
import type { Entry, ZipFile } from 'yauzl';
import { LanewiseError } from '../base/errors.js';
import { crc32 } from './crc32.js';
import { foreignKind } from './foreign.js';
import { cannotRead } from '../node/files.js';

export interface ZipOptions {
  /** Chooses the files to read, by their paths in the archive. */
  readonly wanted: (path: string) => boolean;
  /** Bound on the bytes of all wanted files. */
  readonly limitBytes: number;
}

/** Deflate makes a file at most 1032 times smaller (zlib, "Maximum Compression Factor"). */
const MAX_RATIO = 1032;
const MAX_FILES = 10_000;

/** Methods of compression. */
const [STORED, DEFLATED] = [0, 8];

/**
 * The wanted files of an archive, which is a path or bytes, by their paths in it; `name` is for messages.
 * @throws LanewiseError kind 'data' for an incomplete ZIP archive, a repeated file, files that are encrypted or differ
 * from their checksum, or more bytes than the bound; kind 'file' if it cannot be read.
 */
export async function readZip(
  source: string | Uint8Array,
  name: string,
  { wanted, limitBytes }: ZipOptions,
): Promise<Map<string, Uint8Array>> {
  const refuse = (message: string, cause?: unknown) =>
    new LanewiseError('data', `'${name}': ${message}`, undefined, { cause });
  const zip = await open(source, name);
  try {
    const files = new Map<string, Uint8Array>();
    let total = 0;
    let stored = 0;
    let entries = 0;
    for await (const entry of entriesOf(zip)) {
      if (++entries > MAX_FILES) throw refuse(`more than ${MAX_FILES} files are in it`);
      const { fileName, uncompressedSize } = entry;
      if (fileName.endsWith('/') || !wanted(fileName)) continue;
      if (files.has(fileName)) throw refuse(`'${fileName}' is in it twice`);
      if (entry.isEncrypted()) throw refuse(`'${fileName}' in it is encrypted`);
      total += uncompressedSize;
      const possible = Math.max(entry.compressedSize, 1) * MAX_RATIO;
      if (total > limitBytes || uncompressedSize > possible) {
        throw refuse(
          `'${fileName}' in it claims ${uncompressedSize} bytes, expected at most ${Math.min(possible, limitBytes)}`,
        );
      }
      // Overlapping files are made to keep readers busy for minutes.
      stored += entry.compressedSize;
      if (stored > zip.fileSize) {
        throw refuse(
          `its files would take ${stored} bytes, the archive has ${zip.fileSize}: they overlap`,
        );
      }
      files.set(fileName, await readEntry(zip, entry));
      if (crc32(files.get(fileName)!) !== entry.crc32)
        throw refuse(`'${fileName}' in it is corrupt: its checksum differs`);
    }
    return files;
  } catch (error) {
    if (error instanceof LanewiseError) throw error;
    throw refuse(`not a whole ZIP archive: ${(error as Error).message}`, error);
  } finally {
    zip.close();
  }
}

/** Opens an archive. yauzl's errors of the system have codes, those of the archive do not. */
async function open(source: string | Uint8Array, name: string): Promise<ZipFile> {
  const yauzl = await import('yauzl');
  const options = { lazyEntries: true, autoClose: false };
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, zip: ZipFile) => {
      if (!error) return resolve(zip);
      if ('code' in error) return reject(cannotRead('ZIP archive', name, error));
      void beginningOf(source)
        .catch(() => new Uint8Array())
        .then((bytes) => {
          const kind = foreignKind(bytes);
          const why = kind && !kind.is.includes('archive') ? `it is ${kind.is}` : error.message;
          const message = `'${name}': not a whole ZIP archive: ${why}`;
          // Advice on conversion to safetensors does not apply.
          const hint = kind?.reader || kind?.way.startsWith('in Python') ? undefined : kind?.way;
          reject(new LanewiseError('data', message, hint, { cause: error }));
        });
    };
    if (typeof source === 'string') yauzl.open(source, options, done);
    else
      yauzl.fromBuffer(Buffer.from(source.buffer, source.byteOffset, source.length), options, done);
  });
}

async function beginningOf(source: string | Uint8Array): Promise<Uint8Array> {
  if (typeof source !== 'string') return source.subarray(0, 256);
  const bytes = new Uint8Array(256);
  const file = await openFile(source, 'r');
  try {
    return bytes.subarray(0, (await file.read(bytes, 0, bytes.length, 0)).bytesRead);
  } finally {
    await file.close();
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  for (;;) {
    const entry = await new Promise<Entry | undefined>((resolve, reject) => {
      zip.removeAllListeners();
      zip.on('entry', resolve);
      zip.on('end', () => resolve(undefined));
      zip.on('error', reject);
      zip.readEntry();
    });
    if (!entry) return;
    yield entry;
  }
}

/**
 * The entry inflated at once: when a stream of Deno's reports damage, the error comes again after the reader has left,
 * and ends the process.
 */
async function readEntry(zip: ZipFile, entry: Entry): Promise<Uint8Array> {
  const { compressionMethod, uncompressedSize } = entry;
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED)
    throw new Error(`unsupported compression method: ${compressionMethod}`);
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, { decodeFileData: false }, (error, opened) =>
      error ? reject(error) : resolve(opened),
    );
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of stream as AsyncIterable<Uint8Array>) pieces.push(piece);
  const stored = Buffer.concat(pieces);
  const bytes = compressionMethod === STORED ? stored : await inflate(stored, uncompressedSize);
  if (bytes.length < uncompressedSize)
    throw new Error(`not enough bytes: ${bytes.length} of the ${uncompressedSize} it claims`);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Inflates to at most `claimed` bytes. zlib takes time to load, and is loaded only when needed. */
async function inflate(stored: Uint8Array, claimed: number): Promise<Uint8Array> {
  const { inflateRawSync } = await import('node:zlib');
  try {
    return inflateRawSync(stored, { maxOutputLength: Math.max(claimed, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw new Error(`too many bytes: more than the ${claimed} it claims`, { cause: error });
  }
}
