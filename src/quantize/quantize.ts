/** The quantisation of a trained model (Jacob et al. 2018), after its training. */
import {
  checkOptions,
  isObject,
  listOf,
  oneOf,
  refuse,
  text,
  wholeFrom,
  type Checks,
} from '../base/check.js';
import type { AnyDataset } from '../data/dataset.js';
import { encodeSafetensors } from '../formats/safetensors.js';
import { checkTrained } from '../trained/check-weights.js';
import { modelMetadata } from '../trained/model-file.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { calibrateLeaves, leavesToSee, type CalibrateOptions } from './calibrate.js';
import type { Calibration } from './calibrated.js';
import { QUANTIZED_FORMAT, quantizedFrom } from './quantized-file.js';
import type { QuantizedModel } from './quantized-model.js';
import { compileQuantized } from './quantized-program.js';
import { reportOf } from './report.js';

/** Options of `quantize`. */
export interface QuantizeOptions extends CalibrateOptions {
  /** Samples scored at once, if there are as many; default 16. More take more memory; no score depends on it. */
  readonly batch?: number;
  /** Ranges, and layers that stay float, as a model was trained with them; default those of `data`. */
  readonly calibration?: Calibration;
}

const MOST_SAMPLES = 4096;

const OPTIONS: Checks<QuantizeOptions> = {
  samples: wholeFrom(1),
  range: oneOf(['minmax', 'percentile', 'error']),
  float: listOf(text),
  batch: wholeFrom(1, MOST_SAMPLES),
  calibration: (owner, name, value) => {
    if (!isObject(value) || typeof value['checkModel'] !== 'function')
      refuse(owner, name, value, 'one that calibrate or readCalibration gives');
  },
};

/**
 * A model that predicts on integers: weights of 8 bits with a scale for each output channel, values between layers of 7 bits
 * with a scale for each tensor, from the first `samples` of `data`. Layers without an integer form stay float; the report
 * says which, and why.
 * @throws LanewiseError kind 'argument' for a model that is not trained, unknown layers, or a custom layer that calls kernels
 * which inference does not have; kind 'data' for data that does not fit the model.
 */
export async function quantize(
  trained: TrainedModel,
  data: AnyDataset,
  options: QuantizeOptions = {},
): Promise<QuantizedModel> {
  checkTrained('quantize', trained);
  const {
    samples = 512,
    range = 'error',
    float = [],
    batch = 16,
    calibration: given,
  } = checkOptions('quantize', options, OPTIONS);
  given?.checkModel('quantize', trained.model);
  const leaves = await leavesToSee(trained, data, samples);
  const calibration = await calibrateLeaves(trained, leaves, {
    range: given?.range ?? range,
    float: given?.float ?? float,
    ...(given ? { ranges: given.ranges } : {}),
  });
  const program = await compileQuantized(trained, calibration, {
    batch,
    float: calibration.float,
  });
  // Its tensors are laid out as nobody else's.
  const {
    architecture: _,
    format: __,
    ...metadata
  } = modelMetadata({
    ...trained,
    terms: trained.terms.filter(({ output }) => program.outputs.includes(output)),
    numerics: 'strict',
  });
  const bytes = encodeSafetensors(program.tensors, {
    ...metadata,
    lanewise: QUANTIZED_FORMAT,
    program: JSON.stringify(program.stored),
  });
  return quantizedFrom(
    bytes,
    'the quantised model',
    await reportOf(trained, program, calibration, leaves),
  );
}
