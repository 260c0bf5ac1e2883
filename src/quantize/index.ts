/** `lanewise/quantize`: trained models whose predictions are computed on integers (docs/quantization.md). */
export { LanewiseError } from '../base/errors.js';
export { calibrate, type CalibrateOptions } from './calibrate.js';
export {
  readCalibration,
  type Calibration,
  type CalibrationData,
  type RangeRule,
} from './calibrated.js';
export { quantize, type QuantizeOptions } from './quantize.js';
export { decodeQuantized, encodeQuantized } from './quantized-file.js';
export type { LayerReport, QuantizedModel } from './quantized-model.js';
