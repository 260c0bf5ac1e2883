/** `lanewise/lab`: the experiments of lectures, their pictures and their pages. It stands on Node, Deno and Bun. */
export { LanewiseError } from '../base/errors.js';
export {
  lab,
  wholeNumber,
  type DataCounts,
  type Evidence,
  type Figure,
  type FigureFormat,
  type Lab,
  type LabData,
  type LabFindings,
  type LabRun,
  type LabSettings,
  type Paper,
  type SettingAbout,
  type SettingValue,
} from './lab.js';
export { deadLeaves } from './dead-leaves.js';
export { denseForm, type DenseFormOptions } from './dense-form.js';
export { eigh, type Eigen } from './eigh.js';
export { drawImage } from './draw-image.js';
export { labPage } from './lab-page.js';
export { bars, heatmap, images, lines, points, table } from './picture-data.js';
export type {
  Axis,
  Bars,
  BarSeries,
  Box,
  Extent,
  Heatmap,
  ImageItem,
  Images,
  Lines,
  LineSeries,
  Numbers,
  Picture,
  Points,
  PointSeries,
  Table,
  Words,
} from './picture-data.js';
export { precisionRecall, psnr, type PrecisionRecall } from './measures.js';
export { lanczos, type LanczosOptions, type Spectrum, type SymmetricOperator } from './lanczos.js';
export { randomNumbers, type RandomNumbers } from './random-numbers.js';
export { operationsOf, type LayerOperations, type Operations } from '../look/operations-of.js';
export { recordRuns, type RecordedRuns, type SeedRun } from './record-runs.js';
export { singularValues } from './singular-values.js';
export { readImage } from './read-image.js';
export { runLab, type LabResult, type RunLabOptions } from './run-lab.js';
export { type Form } from './lab-settings.js';
