/** The public names that every runtime has. */
export type * from './types.js';
export { LanewiseError, type ErrorKind } from './base/errors.js';
export type {
  AnyDataset,
  Dataset,
  Field,
  IndexedDataset,
  SampleReader,
  SampleStream,
  StreamedDataset,
  StreamSample,
  TensorDataset,
} from './data/dataset.js';
export { checkDataset, isStreamed, streamOf } from './data/forms.js';
export { digits, type DigitsOptions } from './data/digits/index.js';
export {
  decodeText,
  encodeText,
  textWindows,
  vocabularyOf,
  type TextWindowsOptions,
  type Vocabulary,
} from './data/text.js';
export { textFile, type TextDataset } from './data/text-file.js';
export { textDataset, type LabelledTexts, type TextDatasetOptions } from './data/text-dataset.js';
export type { TextUnit } from './data/text-bags.js';
export { seriesDataset, type SeriesDataset, type SeriesOptions } from './data/series-dataset.js';
export { splitSeries, type SeriesParts, type SeriesSplitOptions } from './data/series-parts.js';
export { arrays, type ArraysOptions } from './data/arrays.js';
/** Predictions so simple that a model has to be better (docs/honest-numbers.md). */
export * as baselines from './baselines/index.js';
export type {
  Baseline,
  BaselineOptions,
  BaselineTask,
  ConstantOptions,
  ForecastComparison,
  ForecastErrors,
  ForecastFigures,
  LinearOptions,
  NaiveOptions,
  SeasonalOptions,
} from './baselines/index.js';
export {
  fromPixels,
  type Pixels,
  type PixelOptions,
  type PixelSamples,
  type PixelSource,
} from './data/from-pixels.js';
export { impute } from './data/impute.js';
export { quantileEdges, type QuantileEdgesOptions } from './data/quantile-edges.js';
export { standardize, type Standardizer } from './data/standardize.js';
export { type FileSource } from './data/file-source.js';
export { npyDataset, readNpy, type NpyDatasetOptions } from './data/npy-set.js';
export { type NpyArray } from './formats/npy.js';
export { matDataset, readMat, type MatDatasetOptions, type MatOptions } from './data/mat-set.js';
export { idxDataset, type IdxOptions } from './data/idx-set.js';
export * from './data/published.js';
export type { MnistOptions, TrainAndTest } from './data/mnist.js';
export { firstSamples, subset } from './data/subset.js';
export { kFold } from './data/folds.js';
export {
  split,
  splitParts,
  type FoldOptions,
  type PartsOptions,
  type SplitOptions,
} from './data/split-samples.js';
export type { SampleKeys } from './data/deal-groups.js';
export { withClasses } from './data/class-names.js';
export { classCounts, classWeights, withClassWeights } from './data/class-labels.js';
export * as samplers from './data/samplers.js';
export { type Sampler } from './data/samplers.js';
export * as transforms from './data/transforms/index.js';
export { transformed } from './data/transforms/transformed.js';
export type { Transform } from './data/transforms/index.js';
export { defaultNumerics, relaxedMaddIsFused, type Numerics } from './engine/features.js';
export * from './layers/index.js';
export * from './losses/index.js';
export * from './models/index.js';
/** The parts that layers are made of, for layers of one's own (docs/wiring.md). */
export * as ops from './public-ops.js';
export * from './optimizers/rules.js';
export {
  ema,
  schedule,
  swa,
  type Average,
  type AverageCounts,
  type Optimizer,
  type ParameterGroup,
  type Schedule,
  type ScheduleName,
} from './optimizers/index.js';
export { loadIntoMemory, type LoadOptions } from './crew/load.js';
export { type Weights } from './crew/session.js';
export {
  transformSamples,
  type TransformedSamples,
  type TransformSamplesOptions,
} from './feed/transform-samples.js';
export {
  encode,
  withTeacher,
  type EncodeOptions,
  type TeacherOptions,
} from './trained/feature-extraction.js';
export {
  featuresOf,
  replaceHead,
  replaceLayer,
  type HeadOptions,
  type Pretrained,
} from './trained/fine-tuning.js';
export type {
  Callbacks,
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  EventName,
  EventOf,
  LoggedEvent,
  ProbeEvent,
  ProgressEvent,
  RecoveryEvent,
  RunEvent,
  StartEvent,
  StepEvent,
  TrainedEvent,
  ValidationEvent,
  WarningEvent,
} from './train/events.js';
export { confusionMatrix, mostConfused } from './metrics/confusion.js';
export { ensemble, type Ensemble } from './trained/ensemble.js';
export { forecast } from './trained/next-rows.js';
export { generate, type GenerateOptions } from './trained/generate.js';
export { gradientsOf, type GradientOptions, type Gradients } from './look/gradients-of.js';
export { jacobianOf, type Jacobian, type JacobianOptions } from './look/jacobian-of.js';
export {
  hessianOf,
  hessianVectorProduct,
  type HessianVectorProduct,
} from './look/hessian-vector-product.js';
export { lsuv, type LsuvOptions } from './look/lsuv.js';
/** Metrics of labels and predictions, and those that training evaluates by name (docs/metrics.md). */
export * as metrics from './metrics/index.js';
export type {
  BootstrapOptions,
  CalibrationBin,
  CalibrationOptions,
  FigureAt,
  Interval,
  Metric,
  MetricName,
  Scored,
} from './metrics/index.js';
export { initialWeights, type InitialOptions } from './trained/initial-weights.js';
export { decodeModel, encodeModel } from './trained/model-file.js';
export { encodeProgram, type EncodeProgramOptions } from './trained/program-file.js';
export {
  loadModel,
  loadPartialWeights,
  loadWeights,
  removeModel,
  saveModel,
  storedModels,
} from './trained/model-store.js';
export { type TrainSettings } from './train/settings.js';
export {
  createStepper,
  type StepGradients,
  type StepLoss,
  type StepOptions,
  type Stepper,
  type StepResult,
} from './train/stepper.js';
export { type StepperSettings } from './train/stepper-settings.js';
export { type Batch, type SampleValues, type StepData } from './train/minibatch.js';
export type { EpochRecord } from './train/history.js';
export type { TrainResult } from './train/result.js';
export { train, trainEvents, type TrainOptions } from './train/train.js';
export {
  type Classifier,
  type EvaluateOptions,
  type Prediction,
  type TrainedModel,
} from './trained/trained-model.js';
export { type NameMap } from './trained/name-map.js';
export {
  findLearningRate,
  type RangeOptions,
  type RangeSettings,
  type RatePoint,
  type RateRange,
} from './train/learning-rate-range.js';
export { verify, type Verification, type VerifyOptions } from './train/verify.js';
export {
  decodePartialWeights,
  decodeWeights,
  type LoadedModel,
  type LoadWeightsOptions,
  type PartialWeights,
} from './trained/weights-file.js';
export { calibrateIntervals } from './trained/calibrate-intervals.js';
export { withWeights, type WithWeightsOptions } from './trained/with-weights.js';
export type { Divergence } from './look/divergence.js';
export type { Histogram, Probe, ProbeRecord } from './look/probe.js';
export { createProbe, explainDivergence } from './look/looking.js';
export { init, type InitOptions, type Runtime } from './engine/init.js';
export type { ThreadMode } from './platform/threads.js';
