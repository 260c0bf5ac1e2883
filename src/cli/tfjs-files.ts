/** tfjs layers models on disk: model.json, with the files of its weights beside it. */
import { basename, extname } from 'node:path';
import { isObject } from '../base/check.js';
import type { TensorFile } from '../formats/tensor-file.js';
import { filesBeside } from './files-beside.js';
import type { ForeignModel } from './model-source.js';

/** JSON with the model of tfjs, also one that has no weights. */
export const isTfjs = (bytes: Uint8Array, path: string): boolean =>
  extname(path).toLowerCase() === '.json' &&
  /"(?:modelTopology|weightsManifest)"\s*:/.test(new TextDecoder().decode(bytes));

/** The model. @throws LanewiseError kind 'file' as `readTfjs`, and for files of weights that are missing. */
export const readTfjsFiles: ForeignModel['read'] = async (path, bytes, { inputs }) => {
  const { readTfjs } = await import('../import/index.js');
  const files = await filesBeside(path, filesNamed(bytes));
  return readTfjs(bytes, files, { name: basename(path), ...(inputs ? { inputs } : {}) });
};

/** A manifest of weights alone, which is a list of groups. */
export const isTfjsManifest = (bytes: Uint8Array, path: string): boolean =>
  extname(path).toLowerCase() === '.json' &&
  /^\s*\[/.test(new TextDecoder().decode(bytes.subarray(0, 256)));

/** Its weights. @throws LanewiseError kind 'file' as `readTfjsWeights`, and for files of weights that are missing. */
export async function readTfjsManifest(path: string, bytes: Uint8Array): Promise<TensorFile> {
  const { readTfjsWeights } = await import('../import/index.js');
  const files = await filesBeside(path, filesNamed(bytes));
  return readTfjsWeights(bytes, files, { name: basename(path) });
}

/** The files that the manifest names; what is wrong with the JSON is said by its reader. */
function filesNamed(bytes: Uint8Array): string[] {
  try {
    const given: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const groups = isObject(given) ? given['weightsManifest'] : given;
    const paths = (group: unknown): unknown => (isObject(group) ? group['paths'] : undefined);
    return (Array.isArray(groups) ? groups : [])
      .flatMap(paths)
      .filter((name) => typeof name === 'string');
  } catch {
    return [];
  }
}
