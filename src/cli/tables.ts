/** Rows of tables on the command line: their options' words, and what is a class and what a quantity. */
import { shorten } from '../base/check.js';
import type { ColumnType, TableWords } from '../data/csv-builders.js';
import type { TableDataset } from '../data/csv-dataset.js';
import type { Dataset, LabelledDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import { pixelsOf } from '../data/samples.js';
import type { TableFormat } from '../data/table-format.js';
import { LanewiseError } from '../base/errors.js';
import { quoted } from './terminal.js';

export type Labels = Pick<Dataset, 'classes' | 'labels'>;

/** Advice in messages, in terms of the command line's options. */
export const optionWords: TableWords = {
  column: (name, type) =>
    type === 'ignore' ? `--ignore ${quoted(name)}` : `--columns ${quoted(`${name}=${type}`)}`,
  missing: (text) => `--missing ${quoted(text)}`,
  header: (is) => (is ? '--header' : '--no-header'),
  gap: '--missing drop leaves such rows out, --missing 0 replaces the gaps by 0',
};

/** The types of the columns, for `csvDataset`. */
export const columnsOf = ({ columns }: TableFormat): Record<string, ColumnType> =>
  Object.fromEntries(
    columns.map(({ name, type, classes }) => [name, classes?.filter((one) => one !== '') ?? type]),
  );

/** A row has one place and many channels, as each feature has a scale of its own; older models have many places. */
export const isRowShape = ([channels, height, width]: Dataset['shape']): boolean =>
  height === 1 && (width === 1 || channels === 1);

/** Whether samples are rows of numbers rather than images. */
export const areRows = (data: LabelledDataset): data is Dataset =>
  pixelsOf(samplesOf(data)) instanceof Float32Array && isRowShape(data.shape);

/** Whole numbers as classes, in ascending order, or in that of the names given.
 * @throws LanewiseError kind 'data' for numbers that are not whole, and for so many different ones that they are a quantity.
 */
export function numbersAsClasses(
  name: string,
  values: ArrayLike<number>,
  column: string,
  given?: readonly string[],
): Labels {
  const fractional = Array.prototype.findIndex.call(values, (value) => !Number.isInteger(value));
  if (fractional >= 0)
    throw new LanewiseError(
      'data',
      `'${name}': column '${column}' holds numbers such as ${shortest(values[fractional]!)}, expected whole numbers or names, as classes have`,
      CLASSIFIERS,
    );
  if (!given) checkNoQuantity(name, values, column);
  const sorted = ascending(values);
  const classes = given ?? sorted.map(String);
  const places = new Map(classes.map((text, place) => [Number(text), place]));
  const unknown = sorted.find((value) => !places.has(value));
  if (unknown !== undefined)
    throw new LanewiseError(
      'data',
      `'${name}': column '${column}' has class '${unknown}', and the model knows ${shorten(classes.join(', '))}`,
    );
  return { classes, labels: Int32Array.from(values, (value) => places.get(value)!) };
}

const CLASSIFIERS =
  "the command line predicts numbers of rows alone; --target names another column; a program predicts them of any data, with the loss 'meanSquaredError'";

/** A number that was rounded to float32, as it was written. */
const shortest = (value: number): number => Number(value.toPrecision(7));

/** @throws LanewiseError kind 'data' for a data set with nothing to tell apart. */
export function checkClasses(data: LabelledDataset): void {
  const { name, classes } = data;
  if (classes.length > 1) return;
  const where = data.table ? `column '${data.table.targets?.[0]?.name}' of ` : '';
  throw new LanewiseError(
    'data',
    `${where}data set '${name}' has one class, '${classes[0]}', and there is nothing to tell apart`,
    where ? '--target names another column' : 'samples of two classes or more are needed',
  );
}

/** @throws LanewiseError kind 'argument' for options that apply to images, if the data is rows of numbers. */
export function checkForRows({ augment }: { readonly augment?: string }): void {
  if (augment !== undefined)
    throw new LanewiseError(
      'argument',
      `--augment ${augment} transforms images, and the data holds rows of numbers`,
      'leave --augment out; --mixup blends rows',
    );
}

/** From this many rows on a column may be taken for their count. */
const FEWEST_COUNTED = 20;

/**
 * The columns that count the rows, as tables that were written with an index have them: whole numbers from the beginning
 * on, each above the one before, with few left out. Where rows are in order, such a column tells their targets, and of new
 * rows nothing.
 */
export function countingColumns({ features, inputs, table }: TableDataset): string[] {
  const { values } = inputs['input']!;
  const width = features.length;
  const rows = values.length / width;
  if (rows < FEWEST_COUNTED) return [];
  return table.columns
    .filter(({ name, type }) => {
      const place = features.indexOf(name);
      if (type !== 'number' || place < 0) return false;
      const at = (row: number) => values[row * width + place]!;
      const few = rows / 4;
      if (!(at(0) >= 0 && at(0) <= 1 + few && at(rows - 1) - at(0) < rows + few)) return false;
      for (let row = 0; row < rows; row++)
        if (!Number.isInteger(at(row)) || (row > 0 && at(row) <= at(row - 1))) return false;
      return true;
    })
    .map(({ name }) => name);
}

const ascending = (values: ArrayLike<number>): number[] =>
  [...new Set(Array.from(values))].toSorted((a, b) => a - b);

/** @throws LanewiseError kind 'data' for so many different whole numbers that they are not classes. */
export function checkNoQuantity(name: string, values: ArrayLike<number>, column: string): void {
  const sorted = ascending(values);
  if (!isQuantity(sorted, values.length)) return;
  throw new LanewiseError(
    'data',
    `'${name}': column '${column}' holds ${sorted.length} different whole numbers from ${sorted[0]} to ${sorted.at(-1)} in ${values.length} samples, a quantity rather than classes`,
    `${CLASSIFIERS}; ${optionWords.column(column, 'class')} makes each number a class`,
  );
}

/** Whether numbers are a quantity: fractions, or whole numbers that are not classes. */
export const areQuantities = (values: ArrayLike<number>): boolean =>
  Array.prototype.some.call(values, (value) => !Number.isInteger(value)) ||
  isQuantity(ascending(values), values.length);

/**
 * Up to 10 different numbers are always classes, up to 20 with 5 samples each, and more only without gaps and with 20
 * samples each.
 */
const SURELY_CLASSES = 10;
const FEW_CLASSES = 20;

/** Whether different numbers in order, of so many samples, are a quantity; NaN is of no number. */
export function isQuantity(sorted: readonly number[], samples: number): boolean {
  const count = sorted.length;
  if (sorted.some(Number.isNaN)) return false;
  if (count <= SURELY_CLASSES) return false;
  if (count <= FEW_CLASSES) return samples < 5 * count;
  const isCount = (sorted[0] === 0 || sorted[0] === 1) && sorted.at(-1)! - sorted[0] === count - 1;
  return !isCount || samples < 20 * count;
}
