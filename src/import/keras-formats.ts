/** Files of Keras as files of weights, for models that are built here. */
import type { TensorFile, TensorFormat } from '../formats/tensor-file.js';
import { isArchive } from './archive.js';
import { isHdf5, openHdf5 } from './hdf5/hdf5.js';
import type { ImportedModel } from './imported-model.js';
import { textOfAttribute } from './keras/keras-stores.js';
import { tensorsInHdf5 } from './keras/keras-tensors.js';
import { importedH5, readKeras } from './read-keras.js';

/** Whether an archive is a `.keras` file, by its first file. */
function isKerasArchive(bytes: Uint8Array): boolean {
  if (!isArchive(bytes)) return false;
  const first = new TextDecoder('latin1').decode(bytes.subarray(30, 30 + bytes[26]!));
  return /^(metadata|config)\.json$|weights\.h5$/.test(first);
}

/** The weights of a whole model under the names that they have in it. */
function tensorsOfModel({ model, weights, warnings }: ImportedModel): TensorFile {
  const tensors = new Map(
    model.parameters.map(({ name, shape }) => [
      name,
      { shape: [...shape], data: weights.get(name)! },
    ]),
  );
  return { tensors, others: new Map(), integers: new Map(), metadata: {}, notes: warnings };
}

export const KERAS: TensorFormat = {
  name: 'Keras',
  ending: '.keras',
  begins: isKerasArchive,
  read: (bytes, name) => tensorsOfModel(readKeras(bytes, { name })),
};

export const HDF5: TensorFormat = {
  name: 'HDF5',
  ending: '.h5',
  begins: isHdf5,
  read(bytes, name) {
    const root = openHdf5(bytes, name);
    if (textOfAttribute(root, 'model_config') !== undefined)
      return tensorsOfModel(importedH5(root, name));
    const none = { others: new Map<string, string>(), integers: new Map(), metadata: {} };
    return { ...none, ...tensorsInHdf5(root) };
  },
};
