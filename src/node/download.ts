/** Downloads into a cache, resumed after interruptions, checked by SHA-256, and renamed only when complete. */
import { open, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import type { DownloadProgress, PublishedFiles, RemoteFile } from '../platform/download.js';
import { makeFolder } from './atomic.js';
import { readNamedFileInPieces } from './files.js';

export interface Download {
  readonly file: RemoteFile;
  /** Mirrors, tried in order. */
  readonly urls: readonly string[];
  /** Path of the complete file; `<path>.part` holds it until then. */
  readonly path: string;
  /** Advice for a person when no mirror answers. */
  readonly advice: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Stops the download with the signal's reason; the received part is kept for the next attempt. */
  readonly signal?: AbortSignal;
}

/** `$XDG_CACHE_HOME/lanewise`, `%LOCALAPPDATA%\lanewise`, or `~/.cache/lanewise`. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  return join(XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache'), 'lanewise');
}

/** Fetches missing files to a folder of the cache; resolves to the folder. @throws as `fetchVerified`. */
export async function fetchToCache(
  { name, files, mirrors, alternative = ' as directory' }: PublishedFiles,
  onProgress?: Download['onProgress'],
): Promise<string> {
  const folder = join(cacheFolder(), name);
  for (const file of files) {
    await fetchVerified({
      file,
      urls: mirrors.map((mirror) => mirror + file.name),
      path: join(folder, file.name),
      advice: `without a network: put ${files.map((one) => one.name).join(', ')} into a folder and name it${alternative}`,
      ...(onProgress ? { onProgress } : {}),
    });
  }
  return folder;
}

/**
 * Fetches the file unless it is there already.
 * @throws LanewiseError kind 'network' if no mirror delivers it, with each one's reason; kind 'file' if
 * the folder cannot be made or written; the signal's reason if it is aborted.
 */
export async function fetchVerified({
  file,
  urls,
  path,
  advice,
  onProgress,
  signal,
}: Download): Promise<void> {
  if ((await sizeOf(path)) === file.bytes && (await hashOf(path)) === file.sha256) return;
  await toDisk(dirname(path), () => makeFolder(dirname(path)));
  const reasons: string[] = [];
  for (const url of urls) {
    try {
      await fetchFrom(url, file, `${path}.part`, onProgress, signal);
      await toDisk(path, () => rename(`${path}.part`, path));
      return;
    } catch (error) {
      signal?.throwIfAborted();
      // Another mirror does not help a full disk.
      if (error instanceof LanewiseError) throw error;
      reasons.push(`${new URL(url).host}: ${reasonOf(error)}`);
    }
  }
  throw new LanewiseError('network', `cannot download ${file.name}: ${reasons.join('; ')}`, advice);
}

/** Appends the missing part of the file to `part`, and checks the whole. */
async function fetchFrom(
  url: string,
  { name, bytes, sha256 }: RemoteFile,
  part: string,
  onProgress: Download['onProgress'],
  signal: AbortSignal | undefined,
): Promise<void> {
  let have = (await sizeOf(part)) ?? 0;
  if (have > bytes) {
    await rm(part);
    have = 0;
  }
  if (have < bytes) {
    const ask = (from: number) =>
      fetch(url, {
        ...(from ? { headers: { range: `bytes=${from}-` } } : {}),
        ...(signal ? { signal } : {}),
      });
    let response = await ask(have);
    // 416: the server's file ends before the local part, which therefore belongs to another file.
    if (response.status === 416 && have) {
      have = 0;
      response = await ask(0);
    }
    if (!response.ok || !response.body) throw new Error(`answered ${response.status}`);
    // A server without support for ranges sends everything, with 200.
    if (response.status !== 206) have = 0;
    const handle = await toDisk(part, () => open(part, have ? 'a' : 'w'));
    try {
      for await (const chunk of response.body) {
        have += chunk.length;
        if (have > bytes) throw new Error(`sent more than the ${bytes} bytes expected`);
        await toDisk(part, () => handle.appendFile(chunk));
        onProgress?.({ name, done: have, total: bytes });
      }
      await toDisk(part, () => handle.sync());
    } finally {
      await handle.close();
      if (have > bytes) await rm(part);
    }
    if (have < bytes) throw new Error(`broke off after ${have} of ${bytes} bytes`);
  }
  const found = await hashOf(part);
  if (found !== sha256) {
    await rm(part);
    throw new Error(`sent a file with SHA-256 ${found}, expected ${sha256}`);
  }
}

/** Runs a file operation, whose failure is the disk's, not the mirror's. */
async function toDisk<T>(path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new LanewiseError(
      'file',
      `cannot write '${path}': ${(error as Error).message}`,
      'XDG_CACHE_HOME moves the cache folder',
      { cause: error },
    );
  }
}

/** The SHA-256 of a file; node:crypto takes 10 ms to load, so it is loaded only here. */
async function hashOf(path: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for await (const piece of readNamedFileInPieces('download', path)) hash.update(piece);
  return hash.digest('hex');
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

/** The reason of an error: `fetch failed` says nothing, but its cause does. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const inner = cause instanceof Error ? cause : undefined;
  return (inner?.message || (inner as NodeJS.ErrnoException | undefined)?.code) ?? message;
}
