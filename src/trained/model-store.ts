/** Reads and writes model files: on disk or in a page's IndexedDB, and, for reading only, at a URL or in memory. */
import { refuse } from '../base/check.js';
import { removeStored, storedNames, writeFile } from '#platform/files';
import { readSource, sourceName, type FileSource } from '../data/file-source.js';
import type { Model } from '../layers/index.js';
import { checkTrained } from './check-weights.js';
import { decodeModel, modelBytes } from './model-file.js';
import { initialWeights } from './initial-weights.js';
import type { TrainedModel } from './trained-model.js';
import { withWeights } from './with-weights.js';
import {
  decodePartialWeights,
  decodeWeights,
  type LoadedModel,
  type LoadWeightsOptions,
  type PartialWeights,
} from './weights-file.js';

/**
 * Writes the model to `path`, whole or not at all; in a page, whose only place for it is IndexedDB, the path is
 * `indexeddb://NAME`. An untrained model is saved with its initial weights for seed 1.
 * @throws LanewiseError kind 'file'.
 */
export async function saveModel(trained: TrainedModel | Model, path: string): Promise<void> {
  if (typeof path !== 'string' || path === '') refuse('saveModel', 'path', path, 'a text');
  const given = isModel(trained) ? await begun(trained) : trained;
  await writeFile(path, modelBytes(checkTrained('encodeModel', given), path));
}

/**
 * The addresses of the models in the page's IndexedDB, such as `indexeddb://digits`.
 * @throws LanewiseError kind 'platform' in Node, Deno and Bun, where a model is a file.
 */
export const storedModels = (): Promise<string[]> => storedNames();

/**
 * Removes a model from the page's IndexedDB, if it is there.
 * @throws LanewiseError kind 'argument' for any other address than `indexeddb://NAME`; kind 'platform' as `storedModels`.
 */
export async function removeModel(address: string): Promise<void> {
  if (typeof address !== 'string' || !/^indexeddb:\/\/./.test(address))
    refuse('removeModel', 'address', address, 'indexeddb:// and the name of a model');
  await removeStored(address);
}

const isModel = (given: TrainedModel | Model): given is Model =>
  typeof (given as Model | null)?.graph === 'function';

const begun = async (model: Model): Promise<TrainedModel> =>
  withWeights(model, await initialWeights(model));

/** Reads a model written by `saveModel`. @throws LanewiseError kind 'file'. */
export const loadModel = async (source: FileSource): Promise<TrainedModel> =>
  decodeModel(await readSource('model', source), sourceName(source, 'model'));

/**
 * `model` with the weights of a safetensors file from any program, such as PyTorch; see weights-file.ts.
 * @throws LanewiseError kind 'file' unless the file has the model's parameters, by name and shape.
 */
export const loadWeights = async (
  model: Model,
  source: FileSource,
  options: LoadWeightsOptions = {},
): Promise<LoadedModel> =>
  decodeWeights(model, await readSource('weights', source), sourceName(source, 'weights'), options);

/**
 * The weights of `model` that a safetensors file has, with the names that it lacks or has besides; see weights-file.ts.
 * @throws LanewiseError kind 'file' if a tensor does not fit the parameter of its name.
 */
export const loadPartialWeights = async (
  model: Model,
  source: FileSource,
  options: Pick<LoadWeightsOptions, 'names'> = {},
): Promise<PartialWeights> =>
  decodePartialWeights(
    model,
    await readSource('weights', source),
    sourceName(source, 'weights'),
    options,
  );
