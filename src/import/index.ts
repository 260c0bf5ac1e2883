/** `lanewise/import`: reads the files of other programs, so that they can be trained. */
export { LanewiseError } from '../base/errors.js';
export type { ImportedModel } from './imported-model.js';
export { readTfjs, type ReadTfjsOptions } from './read-tfjs.js';
export type { WeightFiles } from './tfjs-weights.js';
