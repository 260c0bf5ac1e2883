/** Data sets from CSV tables: features and a target, or images whose pixels are columns. */
import { isObject, oneOf, quote, refuse } from '../base/check.js';
import { LanewiseError, nearest, show } from '../base/errors.js';
import { sizeOf, showShape } from '../graph/tensor.js';
import type { TextSource } from '../formats/utf8.js';
import {
  checkCsvOptions,
  checkMissing,
  readTable,
  type CsvOptions,
  type Table,
  type TableRoles,
  type TableSource,
} from './csv-table.js';
import type { TableColumn } from './csv-builders.js';
import { partsOf, writeDate } from './dates.js';
import { impute } from './impute.js';
import { unitIn, type ColumnFormat, type TableFormat, type TargetFormat } from './table-format.js';
import { loadTools } from './load-tools.js';
import { featureNames } from './table-match.js';
import { widthOf } from './write-cell.js';
import type { Dataset, Field, TensorDataset } from './dataset.js';
import { checkDataset } from './forms.js';
import type { FileSource } from './file-source.js';

/** Options for turning a table into samples and targets. */
export interface CsvDatasetOptions extends Omit<CsvOptions, 'missing'> {
  /** The column to predict, by name or place (0 the first, −1 the last); or a list of several. */
  readonly target: string | number | readonly (string | number)[];
  /**
   * Treatment of missing fields, as of `readCsv`: refused by default. Kept ones are NaN until `impute` replaces them; with
   * `impute` that is done by this table's own values.
   */
  readonly missing?: CsvOptions['missing'] | 'impute';
  /** Units by column, such as `{ price: '€' }`; by default those in brackets at the end of a name: `width (cm)`. */
  readonly units?: Readonly<Record<string, string>>;
}

/** Options for turning the rows of a table into images. */
export interface CsvImageOptions extends CsvDatasetOptions {
  readonly target: string | number;
  /** Shape of one image, channels × height × width; the other columns are its values in this order. */
  readonly shape: readonly [channels: number, height: number, width: number];
  /** `bytes` 0–255 (default), or numbers of any size. */
  readonly values?: 'bytes' | 'floats';
}

/** Samples whose values have names, with several targets by the names of their columns. */
export interface TableDataset extends TensorDataset {
  /** The name of each value of a sample: a column, `column=class`, or what a column of dates became. */
  readonly features: readonly string[];
  readonly table: TableFormat;
}

/** Samples whose values have names, with one target `output`. */
export interface FeatureDataset extends TableDataset {
  /** Names of the target's classes, unless the target is a number. */
  readonly classes?: readonly string[];
}

/** Largest number of values per sample. */
const MAX_FEATURES = 65_536;

/**
 * Rows as samples. Input `input` has shape [features]; a column of classes takes one feature, 0 or 1, per class, a column
 * of dates up to seven. Target `output` is a class index, or has shape [1] if the column holds numbers; several targets
 * have the names of their columns. With a `shape` the result is a data set of images.
 * @throws LanewiseError as `readCsv` does; kind 'argument' for a target that is not a column; kind 'data' if columns do
 * not fit the shape.
 */
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvImageOptions,
): Promise<Dataset>;
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvDatasetOptions & { readonly target: string | number },
): Promise<FeatureDataset>;
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvDatasetOptions,
): Promise<TableDataset>;
export async function csvDataset(
  source: FileSource | TextSource,
  options: CsvDatasetOptions | CsvImageOptions,
): Promise<Dataset | TableDataset> {
  return readDataset(source, options, {});
}

/** Checks of the options that all tables of samples have besides those of reading them. */
export const SAMPLE_CHECKS = {
  target: true,
  missing(owner: string, name: string, value: unknown) {
    if (value !== 'impute') checkMissing(owner, name, value);
  },
  units(owner: string, name: string, value: unknown) {
    if (!isObject(value) || !Object.values(value).every((one) => typeof one === 'string'))
      refuse(owner, name, value, "an object such as { width: 'cm' }");
  },
} as const;

const CHECKS = { ...SAMPLE_CHECKS, shape: true, values: oneOf(['bytes', 'floats']) } as const;

/** `csvDataset`, with what the command line also needs of a table. */
export async function readDataset(
  source: TableSource,
  options: CsvDatasetOptions | CsvImageOptions,
  roles: Pick<
    TableRoles,
    'ignored' | 'words' | 'targetType' | 'unused' | 'asDates' | 'untold' | 'key'
  > & {
    readonly known?: TableFormat;
  },
): Promise<Dataset | TableDataset> {
  loadTools();
  checkCsvOptions(options as CsvOptions, 'csvDataset', CHECKS);
  const { target, missing, units = {}, ...others } = options;
  const imputes = missing === 'impute';
  const csv: CsvOptions = { ...others, missing: imputes ? 'keep' : missing };
  if (target === undefined || (Array.isArray(target) && target.length === 0))
    refuse('csvDataset', 'target', target, 'the column to predict, by its name or place');
  const isImages = isOfImages(options);
  if (isImages) checkShape(options);
  const { known, ...rest } = roles;
  const table = await readTable(source, csv, {
    ...rest,
    targets: [target].flat(),
    asFeatures: true,
    ...(known ? { type: 'ignore' } : {}),
    ...(isImages
      ? { targetType: 'class', type: options.values === 'floats' ? 'number' : 'byte' }
      : {}),
  });
  const targets = table.targets.map((name) => {
    const found = table.columns.find((column) => column.name === name);
    if (found) return found;
    throw new LanewiseError('argument', `column '${name}' is the target, and is ignored`);
  });
  checkTargets(targets);
  for (const name of Object.keys(units))
    if (!table.columns.some((column) => column.name === name))
      throw new LanewiseError(
        'argument',
        `units: '${table.name}' has no column ${quote(name)} that is read`,
        nearest(
          name,
          table.columns.map((column) => column.name),
        ),
      );
  const features = known
    ? known.columns.map(({ name }) => table.columns.find((column) => column.name === name)!)
    : table.columns.filter((column) => !targets.includes(column));
  if (features.length === 0) {
    throw new LanewiseError(
      'data',
      `'${table.name}' has no column besides the target`,
      'textDataset learns from a column of texts',
    );
  }
  if (isImages) return checkDataset(images(table, features, targets[0]!, options));
  const described = {
    columns: features.map((column) => formatOf(column, units, csv.missing, known)),
    targets: targets.map((column) => targetFormat(column, units)),
  };
  const data = featureSet(table, features, targets, described, Array.isArray(target));
  return imputes ? impute(data)[0] : data;
}

/** @throws LanewiseError kind 'argument' for a target that is named twice, or holds dates. */
function checkTargets(targets: readonly TableColumn[]): void {
  targets.forEach((column, i) => {
    if (targets.indexOf(column) !== i)
      throw new LanewiseError('argument', `column '${column.name}' is a target twice`);
    if (column.type === 'date')
      throw new LanewiseError('argument', `column '${column.name}' is a target and holds dates`);
  });
}

const isOfImages = (options: CsvDatasetOptions | CsvImageOptions): options is CsvImageOptions =>
  'shape' in options && options.shape !== undefined;

function featureSet(
  { name, rows }: Table,
  columns: readonly TableColumn[],
  targets: readonly TableColumn[],
  table: TableFormat,
  byName: boolean,
): TableDataset {
  const features = featureNames(table);
  if (features.length > MAX_FEATURES) {
    const widest = table.columns.reduce((a, b) => (widthOf(a) >= widthOf(b) ? a : b));
    throw new LanewiseError(
      'data',
      `'${name}' has ${features.length} features, ${widthOf(widest)} of them the classes of column '${widest.name}', at most ${MAX_FEATURES} are taken`,
      `columns: { ${JSON.stringify(widest.name)}: 'ignore' } leaves it out`,
    );
  }
  const values = new Float32Array(rows * features.length);
  let first = 0;
  columns.forEach((column, i) => {
    const format = table.columns[i]!;
    for (let row = 0; row < rows; row++)
      writeFeatures(column, row, format, values, row * features.length + first);
    first += widthOf(format);
  });
  const classes = Object.fromEntries(
    targets.flatMap((one) => (one.type === 'class' ? [[one.name, one.classes]] : [])),
  );
  return checkDataset({
    name,
    features,
    table,
    inputs: { input: { shape: [features.length], values } },
    targets: Object.fromEntries(targets.map((one) => [byName ? one.name : 'output', fieldOf(one)])),
    ...(Object.keys(classes).length === 0
      ? {}
      : { classes: byName ? classes : classes[targets[0]!.name]! }),
  });
}

/** The features of a value; NaN if it is missing. */
function writeFeatures(
  { type, values }: TableColumn,
  row: number,
  format: ColumnFormat,
  to: Float32Array,
  at: number,
): void {
  const value = values[row]!;
  if (Number.isNaN(value) || (type === 'class' && value < 0))
    to.fill(NaN, at, at + widthOf(format));
  else if (type === 'class') to[at + value] = 1;
  else if (type === 'date') writeDate(value, format.parts!, to, at);
  else to[at] = value;
}

const fieldOf = (column: TableColumn): Field =>
  column.type === 'class'
    ? { shape: [], values: column.values }
    : { shape: [1], values: column.values as Float32Array };

/** The format of a column, kept for other tables and for the model's file. */
function formatOf(
  column: TableColumn,
  units: Readonly<Record<string, string>>,
  missing?: CsvOptions['missing'],
  known?: TableFormat,
): ColumnFormat {
  const { name, type, values } = column;
  const unit = unitOf(name, units);
  const rule = typeof missing === 'number' ? { missing } : {};
  if (type === 'number') return { name, type, ...unit, ...rule };
  if (type === 'class') return { name, type, classes: column.classes };
  const parts = known?.columns.find((one) => one.name === name)?.parts ?? partsOf(values);
  return { name, type, parts };
}

function targetFormat(column: TableColumn, units: Readonly<Record<string, string>>): TargetFormat {
  const { name } = column;
  return column.type === 'class'
    ? { name, type: 'class', classes: column.classes }
    : { name, type: 'number', ...unitOf(name, units) };
}

function unitOf(name: string, units: Readonly<Record<string, string>>): { unit?: string } {
  const unit = Object.hasOwn(units, name) ? units[name] : unitIn(name);
  return unit ? { unit } : {};
}

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
  if (target.type !== 'class') {
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
  const table = {
    columns: columns.map((column) => formatOf(column, {})),
    targets: [targetFormat(target, {})],
  };
  return { name, shape, classes: target.classes, samples, labels: target.values, table };
}
