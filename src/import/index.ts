/**
 * `lanewise/import`: the files of other programs. Once it is loaded, every function that takes a file of tensors reads
 * theirs too, known by their first bytes.
 */
import { addTensorFormat } from '../formats/tensor-file.js';
import { HDF5, KERAS } from './keras-formats.js';
import { NPZ } from './read-npz.js';
import { PYTORCH } from './read-pytorch.js';

export { LanewiseError } from '../base/errors.js';
export type { ImportedModel } from './imported-model.js';
export { readKeras, type ReadKerasOptions } from './read-keras.js';
export { readTfjs, readTfjsWeights, type ReadTfjsOptions } from './read-tfjs.js';
export type { WeightFiles } from './tfjs-weights.js';
export { readPyTorch, type ReadPyTorchOptions } from './read-pytorch.js';

for (const format of [PYTORCH, NPZ, KERAS, HDF5]) addTensorFormat(format);
