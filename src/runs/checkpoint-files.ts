/**
 * The checkpoints in a run's folder (Node): the last one and the one before. A crash at any moment leaves one of them
 * whole: the new file is written and synced under another name, then the last becomes the previous, then the new becomes
 * the last. A damaged last one never replaces the one before, and a new file that is whole but was not yet renamed counts
 * as the newest checkpoint.
 */
import { readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../base/errors.js';
import { isTemporaryOf, syncFolder, writeFileAtomic } from '../node/atomic.js';
import { readNamedFile } from '../node/files.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../train/checkpoint.js';

export const CHECKPOINT = 'checkpoint.safetensors';
export const PREVIOUS = 'checkpoint-previous.safetensors';

/**
 * Writes the folder's next checkpoint.
 * @param isLastWhole whether the last one becomes the previous; a damaged one is replaced.
 * @throws LanewiseError kind 'file'; the last one is then still there, perhaps as the previous.
 */
export async function saveCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  isLastWhole = true,
): Promise<void> {
  const bytes = await encodeCheckpoint(checkpoint);
  const before = isLastWhole ? () => makePrevious(folder) : undefined;
  await writeFileAtomic(join(folder, CHECKPOINT), bytes, before);
}

const makePrevious = (folder: string): Promise<void> =>
  rename(join(folder, CHECKPOINT), join(folder, PREVIOUS)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });

export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly path: string;
  /** Why it is not the last one. */
  readonly warning?: string;
  /** Whether the last one may become the previous. */
  readonly isLastWhole: boolean;
}

/**
 * The folder's newest whole checkpoint: the last, one written after it that was not yet renamed, or, if they are damaged
 * or missing, the previous one.
 * @throws LanewiseError kind 'file' if none is whole.
 */
export async function readCheckpoint(folder: string): Promise<FoundCheckpoint> {
  const reasons: string[] = [];
  const last = await readIfThere(join(folder, CHECKPOINT), reasons);
  const nameless = await readNameless(folder);
  const isNewer = nameless && !(last && last.state.step >= nameless.checkpoint.state.step);
  const name = isNewer ? nameless.name : last ? CHECKPOINT : PREVIOUS;
  const path = join(folder, name);
  const checkpoint = isNewer ? nameless.checkpoint : (last ?? (await readIfThere(path, reasons)));
  const [reason = name === PREVIOUS ? `there is no '${join(folder, CHECKPOINT)}'` : undefined] =
    reasons;
  if (checkpoint) {
    const why = reason === undefined ? {} : { warning: reason };
    return { checkpoint, path, isLastWhole: last !== undefined, ...why };
  }
  throw new LanewiseError(
    'file',
    reasons.length === 0
      ? `there is no checkpoint in '${folder}'`
      : `no checkpoint in '${folder}' can be used: ${reasons.join('; ')}`,
    'start the run over, without resuming',
  );
}

/** The folder's newest whole checkpoint of fewer than `step` steps; undefined if there is none. */
export async function readEarlier(folder: string, step: number): Promise<Checkpoint | undefined> {
  for (const name of [CHECKPOINT, PREVIOUS]) {
    const found = await readIfThere(join(folder, name), []);
    if (found && found.state.step < step) return found;
  }
  return undefined;
}

/** Undefined if there is no such file, or if it is damaged, which is added to the reasons. */
async function readIfThere(path: string, reasons: string[]): Promise<Checkpoint | undefined> {
  if (!(await exists(path))) return undefined;
  try {
    return await decodeCheckpoint(await readNamedFile('checkpoint', path), path);
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    reasons.push(error.message);
    return undefined;
  }
}

/** The newest whole checkpoint that was written by a run killed before it could rename the file. */
async function readNameless(
  folder: string,
): Promise<{ readonly name: string; readonly checkpoint: Checkpoint } | undefined> {
  let newest: { readonly name: string; readonly checkpoint: Checkpoint } | undefined;
  for (const name of await namesIn(folder)) {
    if (!isTemporaryOf(CHECKPOINT, name)) continue;
    const checkpoint = await readIfThere(join(folder, name), []);
    if (checkpoint && !(newest && newest.checkpoint.state.step >= checkpoint.state.step))
      newest = { name, checkpoint };
  }
  return newest;
}

/** Renames a checkpoint that was not yet renamed, for the holder of the folder's lock. Resolves to the file's path. */
export async function giveName(
  folder: string,
  { path, isLastWhole }: FoundCheckpoint,
): Promise<{ readonly path: string; readonly isLastWhole: boolean }> {
  const last = join(folder, CHECKPOINT);
  if (path === last || path === join(folder, PREVIOUS)) return { path, isLastWhole };
  if (isLastWhole) await makePrevious(folder);
  await rename(path, last);
  await syncFolder(folder);
  return { path: last, isLastWhole: true };
}

/** Whether the folder has a checkpoint, damaged or not, or a whole one that was not yet renamed. */
export const hasCheckpoint = async (folder: string): Promise<boolean> =>
  (await exists(join(folder, CHECKPOINT))) ||
  (await exists(join(folder, PREVIOUS))) ||
  (await readNameless(folder)) !== undefined;

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
