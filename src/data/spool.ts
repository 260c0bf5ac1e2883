/** A temporary file of values one behind the other, which is there until the process ends. */
import { rmSync } from 'node:fs';
import { mkdtemp, open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileError } from '../node/atomic.js';
import type { ImageFile } from './image-reader.js';

export interface Spool {
  /** Appends a value; its place in the file. @throws LanewiseError kind 'file' if there is no room. */
  add(value: Uint8Array): Promise<number>;
  /** The file, if anything was added. */
  finish(): Promise<SpooledFile | undefined>;
  /** Closes the file after a failure. */
  close(): Promise<void>;
}

export interface SpooledFile {
  readonly file: ImageFile;
  read(): Promise<Uint8Array>;
}

/** Folders that go when the process does. */
const folders = new Set<string>();

function removeAtExit(folder: string): void {
  if (folders.size === 0)
    process.once('exit', () => {
      for (const one of folders) rmSync(one, { recursive: true, force: true });
    });
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
      await this.close();
      const { size, mtimeMs } = await stat(path);
      return { file: { path, bytes: size, changed: mtimeMs }, read: () => readFile(path) };
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}
