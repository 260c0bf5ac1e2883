/** Calibration: the range of every tensor that a quantised model holds in bytes, from samples of its data. */
import type { AnyDataset } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { Calibration, RangeRule } from './calibrated.js';

/** Options of `calibrate`. */
export interface CalibrateOptions {
  /** Number of samples, from the front of the data; default 512. */
  readonly samples?: number;
  /** Default `error`. */
  readonly range?: RangeRule;
}

/** The ranges of all tensors that `quantize` would hold in bytes. */
export async function calibrate(
  _trained: TrainedModel,
  _data: AnyDataset,
  _options: CalibrateOptions = {},
): Promise<Calibration> {
  throw new LanewiseError('argument', 'calibrate: this build cannot quantise yet');
}
