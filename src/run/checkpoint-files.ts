/**
 * Checkpoints in a run's folder (Node): the last one and the one before. A crash at any moment leaves one of them
 * whole: the new file is written and synced under another name, then the last becomes the previous, then the new
 * the last.
 */
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LanewiseError } from '../errors.js';
import { writeFileAtomic } from '../node/atomic.js';
import { readNamedFile } from '../node/files.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../training/checkpoint.js';

export const CHECKPOINT = 'checkpoint.safetensors';
export const PREVIOUS = 'checkpoint-previous.safetensors';

/**
 * Writes the folder's next checkpoint.
 * @throws LanewiseError kind 'file'; the last one is then still there, perhaps as the previous.
 */
export async function saveCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const [last, previous] = [join(folder, CHECKPOINT), join(folder, PREVIOUS)];
  await writeFileAtomic(last, await encodeCheckpoint(checkpoint), async () => {
    await rename(last, previous).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  });
}

export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly path: string;
  /** Why it is not the last one. */
  readonly warning?: string;
}

/**
 * The folder's last checkpoint, or the previous one if that is damaged or missing.
 * @throws LanewiseError kind 'file' if there is none that is whole.
 */
export async function readCheckpoint(folder: string): Promise<FoundCheckpoint> {
  const reasons: string[] = [];
  for (const name of [CHECKPOINT, PREVIOUS]) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    try {
      const checkpoint = await decodeCheckpoint(await readNamedFile('checkpoint', path), path);
      const [reason] = reasons;
      return { checkpoint, path, ...(reason === undefined ? {} : { warning: reason }) };
    } catch (error) {
      if (!(error instanceof LanewiseError)) throw error;
      reasons.push(error.message);
    }
  }
  throw new LanewiseError(
    'file',
    reasons.length > 0
      ? `no checkpoint in '${folder}' can be used: ${reasons.join('; ')}`
      : `there is no checkpoint in '${folder}'`,
    'start the run anew, without resuming',
  );
}

/** Whether the folder has a checkpoint, whole or not. */
export const hasCheckpoint = async (folder: string): Promise<boolean> =>
  (await exists(join(folder, CHECKPOINT))) || (await exists(join(folder, PREVIOUS)));

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
