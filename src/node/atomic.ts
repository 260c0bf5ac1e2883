/**
 * Atomic file writes (Node): files are written under a temporary name, synced, then renamed. A crash or a full disk at
 * any moment leaves the old file, or none, never half of the new one.
 */
import { mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LanewiseError } from '../base/errors.js';

/**
 * Replaces the file at `path` by `bytes`, or by a sequence of pieces. The folder must exist.
 * @param before called when the new file is safe and the old one still in its place
 * @throws LanewiseError kind 'file'; the file at `path` is then unchanged.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | readonly Uint8Array[],
  before?: () => Promise<void>,
): Promise<void> {
  // In the same folder, because a rename is atomic only within a file system.
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await writeSynced(temporary, bytes instanceof Uint8Array ? [bytes] : bytes);
    await before?.();
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(`cannot write '${path}'`, error);
  }
}

const TEMPORARY = /\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;

/** Whether a file was to become `name` when its process was killed. */
export const isTemporaryOf = (name: string, file: string): boolean =>
  TEMPORARY.test(file) && file.replace(TEMPORARY, '') === name;

/**
 * Makes the folder at `path`, and those above it, and checks with a file that it is writable, so that hours of training
 * do not end in an error.
 */
export async function ensureWritableFolder(path: string): Promise<void> {
  const probe = join(path, `.${crypto.randomUUID()}.tmp`);
  let made: string | undefined;
  try {
    made = await makeFolder(path);
    await writeSynced(probe, [Uint8Array.of(0)]);
  } catch (error) {
    await rm(probe, { force: true }).catch(() => {});
    // A refused run must not leave an empty folder behind.
    const least = made === undefined ? Infinity : resolve(made).length;
    for (let at = resolve(path); at.length >= least; at = dirname(at))
      await rmdir(at).catch(() => {});
    throw fileError(`cannot write to folder '${path}'`, error);
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
}

/**
 * Makes the folder at `path`, and those above it; resolves to the first one made, or to undefined if all were there. It
 * goes step by step, as Node's own `recursive` never ends where the system denies that a parent exists, such as in /proc.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const folder = resolve(path);
  const parent = dirname(folder);
  const make = () => mkdir(folder).catch((error: NodeJS.ErrnoException) => error);
  const refused = await make();
  if (!refused) return folder;
  if (await isFolder(folder)) return undefined;
  if (refused.code !== 'ENOENT' || parent === folder) throw refused;
  const first = await makeFolder(parent);
  const again = await make();
  if (!again) return first ?? folder;
  // Another process may have made it at the same time.
  if (await isFolder(folder)) return first;
  if (again.code !== 'ENOENT') throw again;
  throw new LanewiseError(
    'file',
    `the system makes no folders in '${parent}'`,
    'give a folder on another file system',
  );
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The system's error in words: `what`, a colon, and the reason. */
export function fileError(what: string, error: unknown): LanewiseError {
  const { code: own = '', errno, message } = error as NodeJS.ErrnoException;
  // libuv has no name for some of Linux's codes.
  const code = errno === -116 ? 'ESTALE' : own;
  const reason = error instanceof LanewiseError ? error.message : (reasons[code] ?? message);
  const way = error instanceof LanewiseError ? error.hint : ways[code];
  return new LanewiseError('file', `${what}: ${reason}`, way, { cause: error });
}

const [FREE, WRITABLE, DEVICE] = [
  'free space',
  'make it writable',
  'check the disk, or the connection to it',
];

/** The remedy, by the cause. */
const ways: Readonly<Record<string, string>> = {
  EACCES: WRITABLE,
  EPERM: WRITABLE,
  EROFS: 'give a folder that can be written',
  ENOSPC: FREE,
  EDQUOT: FREE,
  EFBIG: 'raise the limit of file sizes (ulimit -f), or give a folder on another file system',
  EIO: DEVICE,
  ESTALE: DEVICE,
  ETIMEDOUT: DEVICE,
  ENODEV: DEVICE,
  ENXIO: DEVICE,
  ENOENT: 'make it, or check whether it has been removed or renamed',
  EINVAL: 'give a folder on another file system',
};

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the system does not permit it',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'part of the path is a file, not a folder',
  EEXIST: 'a file of that name is in the way',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EROFS: 'the file system is read-only',
  EIO: 'the disk failed (input/output error)',
  ESTALE: 'the network file system no longer knows it (stale file handle)',
  ENODEV: 'the device is gone',
  ENXIO: 'the device is gone',
  ETIMEDOUT: 'the file system does not answer',
  EMFILE: 'this process has too many files open',
  EINVAL: 'the file system does not support what was asked of it',
  ENAMETOOLONG: 'the name is too long',
};

async function writeSynced(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    // In sequence: each continues where the previous one ended.
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Syncs a folder, as a rename survives a power cut only then. Not every system can do that, and the file is in place
 * already, so a failure is ignored.
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    // Syncing is best effort.
  }
}

/** Refuses a path that a file cannot take, before the work whose result it is for. */
export async function ensureReplaceable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && !found.isFile()) {
    throw new LanewiseError(
      'file',
      `cannot write '${path}': something other than a file is in its place`,
    );
  }
}
