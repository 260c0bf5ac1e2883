/** The quantisation of a trained model. */
import type { AnyDataset } from '../data/dataset.js';
import { LanewiseError } from '../base/errors.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { CalibrateOptions } from './calibrate.js';
import type { QuantizedModel } from './quantized-model.js';

/** Options of `quantize`. */
export interface QuantizeOptions extends CalibrateOptions {
  /** Names of layers that stay float. */
  readonly float?: readonly string[];
  /** Samples scored at once, if there are as many; default 16. More take more memory; no score depends on it. */
  readonly batch?: number;
}

/** A model that predicts on integers, calibrated with the first samples of `data`. */
export async function quantize(
  _trained: TrainedModel,
  _data: AnyDataset,
  _options: QuantizeOptions = {},
): Promise<QuantizedModel> {
  throw new LanewiseError('argument', 'quantize: this build cannot quantise yet');
}
