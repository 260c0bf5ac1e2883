/**
 * `lanewise/import`: the files of other programs. Once it is loaded, every function that takes a file of tensors reads
 * theirs too, known by their first bytes.
 */
import { addTensorFormat } from '../formats/tensor-file.js';
import { NPZ } from './read-npz.js';
import { PYTORCH } from './read-pytorch.js';

export { LanewiseError } from '../base/errors.js';
export type { ImportedModel } from './imported-model.js';
export { readKeras, type ReadKerasOptions } from './read-keras.js';
export { readTfjs, type ReadTfjsOptions } from './read-tfjs.js';
export type { WeightFiles } from './tfjs-weights.js';
export { readPyTorch, type ReadPyTorchOptions } from './read-pytorch.js';

addTensorFormat(PYTORCH);
addTensorFormat(NPZ);
