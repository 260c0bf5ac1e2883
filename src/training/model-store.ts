/** Model files on disk (Node). */
import { writeFileAtomic } from '../formats/atomic.js';
import { readNamedFile } from '../formats/read.js';
import { decodeModel, encodeModel } from './model-file.js';
import type { TrainedModel } from './trained-model.js';

/** Writes the model to `path`; whole or not at all. @throws LanewiseError kind 'file'. */
export const saveModel = (trained: TrainedModel, path: string): Promise<void> =>
  writeFileAtomic(path, encodeModel(trained));

/** Reads a model written by `saveModel`. @throws LanewiseError kind 'file'. */
export const loadModel = async (path: string): Promise<TrainedModel> =>
  decodeModel(await readNamedFile('model', path), path);
