/**
 * What a worker has been given stays on its disk, by its SHA-256: columns of data are sent once, not for every run. A
 * file is written whole or not at all, and its hash is checked when it is read. The least recently used files make room.
 */
import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { sha256 } from '../base/sha256.js';
import { isTemporaryOf, makeFolder, writeFileAtomic } from '../node/atomic.js';
import { cacheFolder } from '../node/download.js';
import { readNamedFile } from '../node/files.js';

/** A folder of contents by their SHA-256. */
export interface BlobCache {
  readonly folder: string;
  /** Bytes that all files together may have. */
  readonly maxBytes: number;
}

/** Bytes of the default cache: those of a dozen data sets. */
const MOST_BYTES = 2 ** 33;

/** The cache beside that of downloads. */
export const defaultBlobCache = (): BlobCache => ({
  folder: join(cacheFolder(), 'cluster'),
  maxBytes: MOST_BYTES,
});

const NAME = /^[0-9a-f]{64}$/;
/** A temporary file that is this old was left behind by a process that died. */
const STALE_MS = 3_600_000;

/** The contents of `bytes` bytes with this hash, or undefined if they are not there; a damaged file is removed. */
export async function readBlob(
  { folder }: BlobCache,
  hash: string,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const path = join(folder, hash);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size === bytes) {
    const contents = await readNamedFile('cached data', path).catch(() => undefined);
    if (contents && (await sha256(contents)) === hash) {
      const now = new Date();
      // Its time is that of its last use.
      await utimes(path, now, now).catch(() => {});
      return contents as Uint8Array<ArrayBuffer>;
    }
  }
  await rm(path, { force: true }).catch(() => {});
  return undefined;
}

/**
 * Keeps contents under their hash, after those used least recently have made room; what is larger than the whole cache is
 * not kept.
 * @throws LanewiseError kind 'file' if the folder cannot be written.
 */
export async function keepBlob(
  { folder, maxBytes }: BlobCache,
  hash: string,
  contents: Uint8Array,
): Promise<void> {
  if (contents.length > maxBytes) return;
  await makeFolder(folder).catch((error: unknown) => {
    throw new LanewiseError(
      'file',
      `cannot make the cache '${folder}': ${(error as Error).message}`,
      undefined,
      { cause: error },
    );
  });
  await makeRoom(folder, maxBytes - contents.length);
  await writeFileAtomic(join(folder, hash), contents);
}

/** Removes files, the least recently used first, until all together have at most `most` bytes. */
async function makeRoom(folder: string, most: number): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      return { name, path, bytes: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
    }),
  );
  const isStale = ({ name, used }: { readonly name: string; readonly used: number }) =>
    isTemporaryOf(name.slice(0, 64), name) && used < Date.now() - STALE_MS;
  for (const file of files) if (isStale(file)) await rm(file.path, { force: true }).catch(() => {});
  const kept = files.filter(({ name }) => NAME.test(name)).toSorted((a, b) => a.used - b.used);
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes } of kept) {
    if (total <= most) return;
    await rm(path, { force: true }).catch(() => {});
    total -= bytes;
  }
}
