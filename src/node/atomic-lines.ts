/** The atomic writer of text files, line by line, for text that does not fit into memory. */
import { open, rename, rm } from 'node:fs/promises';
import { ensureReplaceable, fileError } from './atomic.js';

export interface LineWriter {
  /** Adds lines; resolves when there is room for more. @throws LanewiseError kind 'file'. */
  write(lines: readonly string[]): Promise<void>;
  /** Moves the file into its place. @throws LanewiseError kind 'file'; the previous file is then unchanged. */
  finish(): Promise<void>;
  /** Removes the unfinished file; does nothing after `finish`. */
  abandon(): Promise<void>;
}

/**
 * Begins a file beside `path`, which takes its place when finished. The folder must exist.
 * @throws LanewiseError kind 'file' if it cannot be written there.
 */
export async function createLineWriter(path: string): Promise<LineWriter> {
  await ensureReplaceable(path);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw fileError(`cannot write '${path}'`, error);
    }
  };
  const file = await attempt(() => open(temporary, 'wx'));
  let isOpen = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  return {
    write: (lines) =>
      attempt(() => file.appendFile(lines.map((line) => `${line}\n`).join(''), 'utf8')),
    finish: () =>
      attempt(async () => {
        await file.sync();
        await close();
        await rename(temporary, path);
      }),
    async abandon() {
      await close();
      await rm(temporary, { force: true });
    },
  };
}
