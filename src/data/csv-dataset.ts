/** Data sets from CSV tables: features and a target, or images whose pixels are columns. */
import { oneOf, refuse } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import { sizeOf, showShape } from '../graph/tensor.js';
import type { TextSource } from '../formats/utf8.js';
import {
  checkCsvOptions,
  readTable,
  type CsvOptions,
  type Table,
  type TableRoles,
} from './csv-table.js';
import type { TableColumn } from './csv-columns.js';
import type { ColumnFormat, TableFormat } from './table-format.js';
import { widthOf } from './table-match.js';
import type { Dataset, TensorDataset } from './dataset.js';
import { checkDataset } from './forms.js';
import type { FileSource } from './file-source.js';

/** Options for turning a table into samples and targets. */
export interface CsvDatasetOptions extends CsvOptions {
  /** The column to predict, by name or place (0 the first, −1 the last). */
  readonly target: string | number;
}

/** Options for turning the rows of a table into images. */
export interface CsvImageOptions extends CsvDatasetOptions {
  /** Shape of one image, channels × height × width; the other columns are its values in this order. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** `bytes` 0–255 (default), or numbers of any size. */
  readonly values?: 'bytes' | 'floats';
}

/** Samples whose values have names. */
export interface FeatureDataset extends TensorDataset {
  /** The name of each value of a sample: a column, or `column=class`. */
  readonly features: readonly string[];
  readonly table: TableFormat;
  /** Names of the target's classes, unless the target is a number. */
  readonly classes?: readonly string[];
}

/** Largest number of values per sample. */
const MAX_FEATURES = 65_536;

/**
 * Rows as samples. Input `input` has shape [features]; a column of classes takes one feature, 0 or 1, per class. Target
 * `output` is a class index, or has shape [1] if the column holds numbers. With a `shape` the result is a data set of
 * images.
 * @throws LanewiseError as `readCsv` does; kind 'argument' for a target that is not a column; kind 'data' if columns do
 * not fit the shape.
 */
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvImageOptions,
): Promise<Dataset>;
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvDatasetOptions,
): Promise<FeatureDataset>;
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvDatasetOptions | CsvImageOptions,
): Promise<Dataset | FeatureDataset> {
  return readDataset(source, options, {});
}

const CHECKS = { target: true, shape: true, values: oneOf(['bytes', 'floats']) } as const;

/** `csvDataset`, with what the command line also needs of a table. */
export async function readDataset(
  source: FileSource | TextSource,
  options: CsvDatasetOptions | CsvImageOptions,
  roles: Pick<TableRoles, 'ignored' | 'words' | 'targetType' | 'unused'> & {
    readonly known?: TableFormat;
  },
): Promise<Dataset | FeatureDataset> {
  checkCsvOptions(options, 'csvDataset', CHECKS);
  if (options.target === undefined)
    refuse('csvDataset', 'target', undefined, 'the column to predict, by its name or place');
  const isImages = isOfImages(options);
  if (isImages) checkShape(options);
  const { known, ...others } = roles;
  const table = await readTable(source, options, {
    ...others,
    target: options.target,
    asFeatures: true,
    ...(known ? { type: 'ignore' } : {}),
    ...(isImages
      ? { targetType: 'class', type: options.values === 'floats' ? 'number' : 'byte' }
      : {}),
  });
  const target = table.columns.find((column) => column.name === table.target);
  if (!target) {
    throw new LanewiseError('argument', `column '${table.target}' is the target, and is ignored`);
  }
  const features = known
    ? known.columns.map(({ name }) => table.columns.find((column) => column.name === name)!)
    : table.columns.filter((column) => column !== target);
  if (features.length === 0) {
    throw new LanewiseError('data', `'${table.name}' has no column besides the target`);
  }
  const data = isImages
    ? images(table, features, target, options)
    : featureSet(table, features, target);
  return checkDataset(data);
}

const isOfImages = (options: CsvDatasetOptions | CsvImageOptions): options is CsvImageOptions =>
  'shape' in options && options.shape !== undefined;

function featureSet(
  { name, rows }: Table,
  columns: readonly TableColumn[],
  target: TableColumn,
): FeatureDataset {
  const features = columns.flatMap((column) =>
    column.type === 'number' ? [column.name] : column.classes.map((c) => `${column.name}=${c}`),
  );
  if (features.length > MAX_FEATURES) {
    const widest = columns.reduce((a, b) => (widthOf(a) >= widthOf(b) ? a : b));
    throw new LanewiseError(
      'data',
      `'${name}' has ${features.length} features, ${widthOf(widest)} of them the classes of column '${widest.name}', at most ${MAX_FEATURES} are taken`,
      `columns: { ${JSON.stringify(widest.name)}: 'ignore' } leaves it out`,
    );
  }
  const values = new Float32Array(rows * features.length);
  let first = 0;
  for (const column of columns) {
    for (let row = 0; row < rows; row++) {
      const value = column.values[row]!;
      const at = row * features.length + first;
      if (column.type === 'number') values[at] = value;
      else values[at + value] = 1;
    }
    first += widthOf(column);
  }
  const data = {
    name,
    features,
    table: formatOf(columns, target),
    inputs: { input: { shape: [features.length], values } },
  };
  return target.type === 'class'
    ? {
        ...data,
        classes: target.classes,
        targets: { output: { shape: [], values: target.values } },
      }
    : { ...data, targets: { output: { shape: [1], values: target.values } } };
}

/** The format of the columns, kept for other tables and for the model's file. */
const formatOf = (columns: readonly TableColumn[], target: TableColumn): TableFormat => ({
  columns: columns.map((column): ColumnFormat =>
    column.type === 'number'
      ? { name: column.name, type: 'number' }
      : { name: column.name, type: 'class', classes: column.classes },
  ),
  target: target.name,
});

function checkShape({ shape }: CsvImageOptions): void {
  const isShape =
    Array.isArray(shape) && shape.length === 3 && shape.every((e) => Number.isInteger(e) && e > 0);
  if (!isShape) {
    throw new LanewiseError(
      'argument',
      `shape is ${Array.isArray(shape) ? showShape(shape) : show(shape)}, expected channels × height × width of at least 1`,
    );
  }
}

function images(
  { name, rows }: Table,
  columns: readonly TableColumn[],
  target: TableColumn,
  { shape, values = 'bytes' }: CsvImageOptions,
): Dataset {
  const size = sizeOf(shape);
  if (columns.length !== size) {
    throw new LanewiseError(
      'data',
      `'${name}' has ${columns.length} columns besides the target, an image of ${showShape(shape)} takes ${size}`,
    );
  }
  if (target.type === 'number') {
    throw new LanewiseError(
      'argument',
      `column '${target.name}' is the target of images and holds numbers, expected 'class' or a list of classes`,
    );
  }
  const samples = values === 'bytes' ? new Uint8Array(rows * size) : new Float32Array(rows * size);
  columns.forEach((column, i) => {
    if (column.values.constructor !== samples.constructor) {
      throw new LanewiseError(
        'argument',
        `column '${column.name}' is a pixel, expected '${values === 'bytes' ? 'byte' : 'number'}' or 'ignore'`,
      );
    }
    for (let row = 0; row < rows; row++) samples[row * size + i] = column.values[row]!;
  });
  const table = formatOf(columns, target);
  return { name, shape, classes: target.classes, samples, labels: target.values, table };
}
