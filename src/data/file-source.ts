/** The sources from which files are read: a path, bytes, a Blob or a stream. */
import { readNamedFile, readNamedFileInPieces } from '#platform/files';
import type { TextSource } from '../formats/utf8.js';
import { LanewiseError, show } from '../base/errors.js';
import { piecesOf } from '../platform/pieces.js';

/** A path (in a browser a URL, relative to the page), a file's bytes, or a `Blob`, such as a `File` dropped on a page. */
export type FileSource = string | Uint8Array | Blob;

/** The path, or a `File`'s name; else `otherwise`. */
export function sourceName(source: FileSource | TextSource, otherwise: string): string {
  if (typeof source === 'string') return source;
  if (typeof source !== 'object' || source === null) throw refusal(otherwise, source);
  return 'name' in source && typeof source.name === 'string' ? source.name : otherwise;
}

/**
 * All bytes; `what` names their kind in messages.
 * @throws LanewiseError kind 'file' if they cannot be read; kind 'argument' for a value that is not a source.
 */
export async function readSource(what: string, source: FileSource): Promise<Uint8Array> {
  if (typeof source === 'string') return readNamedFile(what, source);
  // A copy rather than a Buffer, whose slices share memory.
  if (source instanceof Uint8Array)
    return new Uint8Array(source.buffer, source.byteOffset, source.length);
  if (!(source instanceof Blob)) throw refusal(what, source);
  return new Uint8Array(await source.arrayBuffer().catch((error) => fail(what, source, error)));
}

/** The bytes or text of a source, a piece at a time. @throws as `readSource`. */
export function sourceInPieces(what: string, source: FileSource | TextSource): TextSource {
  if (typeof source === 'string') return readNamedFileInPieces(what, source);
  if (source instanceof Uint8Array) return onePiece(source);
  if (source instanceof Blob) return blobPieces(what, source);
  if (source instanceof ReadableStream) return piecesOf(source);
  if (typeof source?.[Symbol.asyncIterator] === 'function') return source;
  throw refusal(what, source);
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* blobPieces(what: string, blob: Blob): AsyncGenerator<Uint8Array> {
  try {
    yield* piecesOf(blob.stream());
  } catch (error) {
    fail(what, blob, error);
  }
}

const refusal = (what: string, source: unknown): LanewiseError =>
  new LanewiseError(
    'argument',
    `${what} file is ${show(source)}, expected a path, a Uint8Array or a Blob`,
  );

/** The error for a `File` that cannot be read: it may have changed or vanished since it was dropped. */
function fail(what: string, blob: Blob, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new LanewiseError(
    'file',
    `cannot read ${what} '${sourceName(blob, 'Blob')}': ${reason}`,
    undefined,
    { cause },
  );
}
