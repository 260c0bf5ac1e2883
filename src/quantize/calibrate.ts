/** Calibration: the range of every tensor that a quantised model holds in bytes, from samples of its data. */
import type { AnyDataset } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import type { TrainedModel } from '../trained/trained-model.js';

/** How a range follows from the values seen: all of them, all but 1 in 10,000, or that with the least squared error. */
export type RangeRule = 'minmax' | 'percentile' | 'error';

/** Options of `calibrate`. */
export interface CalibrateOptions {
  /** Number of samples, from the front of the data; default 512. */
  readonly samples?: number;
  /** Default `error`. */
  readonly range?: RangeRule;
}

/** The ranges of a model's tensors, by the names of their places. */
export interface Calibration {
  readonly samples: number;
  readonly range: RangeRule;
  readonly ranges: ReadonlyMap<string, { readonly low: number; readonly high: number }>;
}

/** The ranges of all tensors that `quantize` would hold in bytes. */
export async function calibrate(
  _trained: TrainedModel,
  _data: AnyDataset,
  _options: CalibrateOptions = {},
): Promise<Calibration> {
  throw new LanewiseError('argument', 'calibrate: this build cannot quantise yet');
}
