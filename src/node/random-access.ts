/** Files read at any place: a path, a file's bytes or a Blob. */
import { open } from 'node:fs/promises';
import { LanewiseError } from '../base/errors.js';
import { cannotRead } from './files.js';

/** A file that is read at any place. */
export interface RandomAccess {
  /** The path, or a name, in messages. */
  readonly name: string;
  /** Its size in bytes. */
  readonly bytes: number;
  /** Time of the last change in milliseconds since 1970, of a path. */
  readonly changed?: number;
  /**
   * `length` bytes from byte `at`, which the caller may keep but not change.
   * @throws LanewiseError kind 'data' beyond the end; kind 'file' if it cannot be read.
   */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Opens a file; `what` names its kind in messages. @throws LanewiseError kind 'file' if it cannot be read. */
export async function openFile(
  what: string,
  source: string | Uint8Array | Blob,
  name: string,
): Promise<RandomAccess> {
  if (typeof source === 'string') return openPath(what, source);
  const bytes = source instanceof Uint8Array ? source : new Uint8Array(await source.arrayBuffer());
  return {
    name,
    bytes: bytes.length,
    read: async (at, length) => {
      checkRange(name, bytes.length, at, length);
      return bytes.subarray(at, at + length);
    },
    close: async () => {},
  };
}

async function openPath(what: string, path: string): Promise<RandomAccess> {
  const failed = (error: unknown): never => {
    throw cannotRead(what, path, error);
  };
  const file = await open(path).catch(failed);
  const status = await file.stat();
  if (!status.isFile()) {
    await file.close();
    throw new LanewiseError('file', `cannot read ${what} '${path}': it is not a file`);
  }
  return {
    name: path,
    bytes: status.size,
    changed: status.mtimeMs,
    async read(at, length) {
      checkRange(path, status.size, at, length);
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await file.read(bytes, done, length - done, at + done).catch(failed);
        if (bytesRead === 0) checkRange(path, at + done, at, length);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}

function checkRange(name: string, size: number, at: number, length: number): void {
  if (at >= 0 && length >= 0 && at + length <= size) return;
  throw new LanewiseError(
    'data',
    `'${name}' ends at byte ${size}, expected ${length} bytes at ${at}: it is cut short or damaged`,
  );
}

/** The same file, read at most `most` bytes at a time: for readers of many small parts one behind the other. */
export function inPieces(file: RandomAccess, most = 1 << 18): RandomAccess {
  const pieceBytes = Math.min(most, 1 << 18);
  let start = 0;
  let piece: Uint8Array = new Uint8Array();
  return {
    ...file,
    async read(at, length) {
      if (at < start || at + length > start + piece.length) {
        if (length >= pieceBytes) return file.read(at, length);
        piece = await file.read(at, Math.max(length, Math.min(pieceBytes, file.bytes - at)));
        start = at;
      }
      return piece.subarray(at - start, at - start + length);
    },
  };
}
