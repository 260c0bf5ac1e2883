/** The entry point `lanewise/inference`, which runs program files without the code for building or training models. */
export { LanewiseError, type ErrorKind } from '../base/errors.js';
export type { Numerics } from '../engine/features.js';
export type { ForecastRow } from '../data/series-ahead.js';
export type { SeriesRows } from '../data/series-rows.js';
export type { Samples } from './feed.js';
export { forecastOf } from './forecast-program.js';
export type { KernelSource } from './inference-build.js';
export {
  loadProgram,
  type InferenceProgram,
  type LoadProgramOptions,
  type ProgramPrediction,
} from './run-program.js';
export { loadQuantized, type LoadQuantizedOptions } from './run-quantized.js';
