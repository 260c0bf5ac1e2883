/** Keras' files of whole models: `.keras`, and `.h5` files that describe one. */
import { basename } from 'node:path';
import { foreignKind } from '../formats/foreign.js';
import type { ForeignModel } from './model-source.js';

/** By the first bytes. The name of an attribute, as HDF5 keeps it, tells a model from weights alone. */
export function isKeras(bytes: Uint8Array): boolean {
  const kind = foreignKind(bytes)?.is ?? '';
  if (kind.startsWith('an HDF5 file'))
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('model_config');
  return kind.startsWith('a Keras file');
}

/** The model. @throws LanewiseError kind 'file' as `readKeras`. */
export const readKerasFile: ForeignModel['read'] = async (path, bytes, { inputs }) => {
  const { readKeras } = await import('../import/index.js');
  return readKeras(bytes, { name: basename(path), ...(inputs ? { inputs } : {}) });
};
