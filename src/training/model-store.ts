/** Model files on disk (Node). */
import { readFile } from 'node:fs/promises';
import { LanewiseError } from '../errors.js';
import { writeFileAtomic } from '../formats/atomic.js';
import { decodeModel, encodeModel } from './model-file.js';
import type { TrainedModel } from './trained-model.js';

/** Writes the model to `path`; whole or not at all. @throws LanewiseError kind 'file'. */
export const saveModel = (trained: TrainedModel, path: string): Promise<void> =>
  writeFileAtomic(path, encodeModel(trained));

/** Reads a model written by `saveModel`. @throws LanewiseError kind 'file'. */
export async function loadModel(path: string): Promise<TrainedModel> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new LanewiseError('file', `cannot read model '${path}': ${reason}`, undefined, {
      cause: error,
    });
  }
  return decodeModel(bytes, path);
}
