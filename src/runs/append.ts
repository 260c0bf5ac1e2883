/** Files that grow by whole pieces (Node), whatever the disk says. */
import { closeSync, fdatasyncSync, ftruncateSync, writeSync } from 'node:fs';
import type { LanewiseError } from '../base/errors.js';
import { fileError } from '../node/atomic.js';

export interface AppendOptions {
  /**
   * Told once, of the first piece that cannot be written: work then goes on without it, and with later ones
   * that can. Without this, the write throws.
   */
  readonly onError?: (error: LanewiseError) => void;
}

export interface Appender {
  /**
   * Adds a piece whole or not at all. It has left this process when the call returns.
   * @throws LanewiseError kind 'file' if the system refuses and there is no `onError`.
   */
  append(piece: Uint8Array): void;
  /** Hands what was added to the disk itself, so that it outlasts a power cut; a disk that refuses is passed over. */
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
        // Such as a pipe, which has no disk.
      }
    },
    get lost() {
      return lost;
    },
    close: () => closeSync(file),
  };
}

/** What was written of a piece before the disk was full. */
function takeBack(file: number, bytes: number): void {
  try {
    ftruncateSync(file, bytes);
  } catch {
    // Such as a device, which has no length.
  }
}
