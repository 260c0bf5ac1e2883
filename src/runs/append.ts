/** Append-only files that grow by whole pieces (Node), even when the disk fails. */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import type { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';

export interface AppendOptions {
  /**
   * Called once, with the first piece that cannot be written; work then goes on without it, and with later pieces that can
   * be written. Without this function, the write throws.
   */
  readonly onError?: (error: LanewiseError) => void;
}

export interface Appender {
  /**
   * Adds a piece whole or not at all. It has left this process when the call returns.
   * @throws LanewiseError kind 'file' if the system refuses and there is no `onError`.
   */
  append(piece: Uint8Array): void;
  /** Flushes what was added to the disk, so that it survives a power cut; a disk that refuses is ignored. */
  sync(): void;
  /** Pieces that the system refused. */
  readonly lost: number;
  close(): void;
}

/** Appends to an open file of `bytes` bytes; `path` is for messages. */
export function createAppender(
  file: number,
  bytes: number,
  path: string,
  { onError }: AppendOptions,
): Appender {
  let end = bytes;
  let lost = 0;
  return {
    append(piece) {
      try {
        for (let done = 0; done < piece.length;) done += writeSync(file, piece, done);
        end += piece.length;
      } catch (error) {
        takeBack(file, end);
        const named = fileError(`cannot write '${path}'`, error);
        if (!onError) throw named;
        if (lost++ === 0) onError(named);
      }
    },
    sync() {
      try {
        fdatasyncSync(file);
      } catch {
        // A pipe, for one, has no disk.
      }
    },
    get lost() {
      return lost;
    },
    close: () => closeSync(file),
  };
}

/** Removes the part of a piece that was written before the disk was full. */
function takeBack(file: number, bytes: number): void {
  try {
    ftruncateSync(file, bytes);
  } catch {
    // A device, for one, has no length.
  }
}

export const LINE_FEED = 10;

/**
 * Opens, or creates, a file of lines to append to; a torn last line is cut off. Returns the file and its bytes.
 * @throws LanewiseError kind 'file'.
 */
export function openWhole(path: string): { file: number; bytes: number } {
  let file: number | undefined;
  try {
    file = openSync(path, 'a+');
    const { size } = fstatSync(file);
    const bytes = endOfLastLine(file, size);
    if (bytes < size) ftruncateSync(file, bytes);
    return { file, bytes };
  } catch (error) {
    if (file !== undefined) closeSync(file);
    throw fileError(`cannot write '${path}'`, error);
  }
}

/** The number of bytes up to the last line feed, searched from the end. */
export function endOfLastLine(file: number, size: number): number {
  const chunk = Buffer.alloc(1 << 16);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const count = readSync(file, chunk, 0, end - start, start);
    const at = chunk.subarray(0, count).lastIndexOf(LINE_FEED);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}
