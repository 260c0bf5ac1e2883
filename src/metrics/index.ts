/** Metrics: functions of targets and predictions, and the ones that training evaluates by name. */
export {
  accuracyScore,
  classificationReport,
  f1Score,
  precisionScore,
  recallScore,
  topKAccuracyScore,
  type Averaging,
  type AveragingOptions,
  type ClassFigures,
  type ClassificationReport,
  type ReportRow,
} from './class-metrics.js';
export type { Metric, MetricName, Scored, Subject, Task } from './metric.js';
export { logLoss } from './log-loss.js';
export { averagePrecisionScore, rocAucOneVsRest, rocAucScore } from './roc.js';
export { regressionReport, type RegressionReport, type ValueFigures } from './regression-report.js';
export {
  intervalCoverage,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanIntervalWidth,
  meanPinballLoss,
  meanSquaredError,
  medianAbsoluteError,
  perplexity,
  r2Score,
  rootMeanSquaredError,
} from './value-metrics.js';
export {
  bootstrap,
  meanOver,
  shareInterval,
  type BootstrapOptions,
  type FigureAt,
  type Interval,
} from './bootstrap.js';
export {
  atTemperature,
  brierScore,
  calibrationCurve,
  expectedCalibrationError,
  temperatureOf,
  type CalibrationBin,
  type CalibrationOptions,
} from './calibration.js';
