/** The public names in Node, Deno and Bun; browser.ts has those of the web. */
import { knowAllTransforms } from './data/transforms/all.js';

export * from './core.js';
export { imageFolder, type ImageFolder, type ImageFolderOptions } from './data/image-folder.js';
export type { ImageOptions } from './data/image-settings.js';
// `export { type … }` would load the module, and the codecs with it.
export type { ImageFile } from './data/image-reader.js';
export { readCsv, type CsvOptions, type Table } from './data/csv-table.js';
export {
  csvDataset,
  type CsvDatasetOptions,
  type CsvImageOptions,
  type FeatureDataset,
  type TableDataset,
} from './data/csv-dataset.js';
export { csvSeries } from './data/series-csv.js';
export { type ColumnType, type TableColumn } from './data/csv-builders.js';
export * from './data/published-archives.js';
export type { EmnistSplit } from './data/emnist.js';
export {
  auditRun,
  firstDifference,
  inspectRun,
  openReceipt,
  readMetrics,
  saveEvaluation,
  settleDifference,
  stateAfter,
  sweep,
  watchRun,
  writeComparison,
  writeReport,
} from './runs/public.js';
export type { Comparison, Difference, DifferingPart } from './runs/first-difference.js';
export type { Receipt, ReceiptParty } from './runs/receipt-file.js';
export type { ReceiptEntry, ReceiptHeader } from './runs/receipt-format.js';
export type { KeptState, StateAfterOptions } from './runs/replay.js';
export type { Dispute, Verdict } from './runs/settle.js';
export type { Audit, AuditOptions, OtherValues } from './runs/audit.js';
export type { WrongPart } from './cluster/replay-parts.js';
export type { Halving } from './runs/sweep/halving.js';
export type {
  SearchSpace,
  TriedRange,
  TriedValue,
  TriedValues,
} from './runs/sweep/search-space.js';
export type { SweepResult } from './runs/sweep/sweep.js';
export type { SweepRow } from './runs/sweep/sweep-file.js';
export type { SweepOptions } from './runs/sweep/sweep-plan.js';
export type { SweepRun } from './runs/sweep/sweep-setting.js';
export type { Watch, WatchOptions } from './runs/watch.js';
export {
  parquetDataset,
  type ParquetImageOptions,
  type ParquetSource,
  type ParquetTableOptions,
} from './data/parquet-dataset.js';
export type { PackedDataset } from './data/packed-images.js';
export { webDataset, type WebDatasetOptions } from './data/web-dataset.js';
export { npzDataset, readNpz, type NpzOptions } from './data/npz.js';
export type { Evaluation } from './runs/report/evaluation.js';

// Size does not matter here, so transforms that come as data, such as from a file, need no call of their constructor.
knowAllTransforms();
