/** Files that appear whole or not at all (Node): temporary name, sync, rename. */
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LanewiseError } from '../errors.js';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOENT: 'the folder does not exist',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a file is in its place',
  EISDIR: 'it is a folder',
};

function explain(what: string, path: string, error: unknown): LanewiseError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new LanewiseError('file', `cannot ${what} '${path}': ${reasons[code] ?? message}`, undefined, {
    cause: error,
  });
}

/** Replaces `path` by a file of these bytes. @throws LanewiseError kind 'file' saying why not. */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw explain('write', path, error);
  }
  await syncFolder(dirname(path));
}

/** Makes the rename itself durable where the platform lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/**
 * Creates the folder if it is missing, and proves that a file can be written in it.
 * @throws LanewiseError kind 'file' saying why not.
 */
export async function ensureWritableFolder(path: string): Promise<void> {
  const probe = join(path, `.write-test-${process.pid}`);
  try {
    await mkdir(path, { recursive: true });
    await writeFile(probe, 'x');
    await rm(probe);
  } catch (error) {
    throw explain('write into folder', path, error);
  }
}
