/** A temporary file of values one behind the other, which is there until the process ends. */
import { rmSync } from 'node:fs';
import { mkdtemp, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileError } from '../node/atomic.js';
import type { ImageFile } from './image-reader.js';

export interface Spool {
  /** Appends a value; its place in the file. @throws LanewiseError kind 'file' if there is no room. */
  add(value: Uint8Array): Promise<number>;
  /** The file, if anything was added. */
  finish(): Promise<SpooledFile | undefined>;
  /** Removes the file, after a failure. */
  discard(): Promise<void>;
}

export interface SpooledFile {
  readonly file: ImageFile;
  /** All values; the file is gone afterwards. */
  take(): Promise<Uint8Array>;
}

/** Folders that go when the process does. */
const folders = new Set<string>();
let isWatching = false;

function removeAtExit(folder: string): void {
  if (!isWatching)
    process.once('exit', () => {
      for (const one of folders) rmSync(one, { recursive: true, force: true });
    });
  isWatching = true;
  folders.add(folder);
}

/** Bytes that are written at once. */
const BUFFER_BYTES = 2 ** 20;

export function createSpool(): Spool {
  let path = '';
  let handle: FileHandle | undefined;
  let end = 0;
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  const failed = (error: unknown): never => {
    throw fileError(`cannot write the temporary file '${path || tmpdir()}'`, error);
  };
  const start = async (): Promise<FileHandle> => {
    const folder = await mkdtemp(join(tmpdir(), 'lanewise-images-')).catch(failed);
    removeAtExit(folder);
    path = join(folder, 'images');
    return open(path, 'wx', 0o600).catch(failed);
  };
  const remove = async (): Promise<void> => {
    folders.delete(dirname(path));
    await rm(dirname(path), { recursive: true, force: true });
  };
  const flush = async (): Promise<void> => {
    handle ??= await start();
    await handle.appendFile(Buffer.concat(waiting)).catch(failed);
    [waiting, bytes] = [[], 0];
  };
  return {
    async add(value) {
      waiting.push(value);
      bytes += value.length;
      const at = end;
      end += value.length;
      if (bytes >= BUFFER_BYTES) await flush();
      return at;
    },
    async finish() {
      if (end === 0) return undefined;
      await flush();
      await handle!.close();
      const { size, mtimeMs } = await stat(path);
      const take = async (): Promise<Uint8Array> => {
        const values = await readFile(path);
        await remove();
        return values;
      };
      return { file: { path, bytes: size, changed: mtimeMs }, take };
    },
    async discard() {
      await handle?.close();
      if (handle) await remove();
    },
  };
}
