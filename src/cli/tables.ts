/** CSV files for the command line: rows of features with a class each, or images whose pixels are columns. */
import { csvDataset, readDataset, type FeatureDataset } from '../data/csv-dataset.js';
import type { TableWords } from '../data/csv-columns.js';
import type { Dataset } from '../data/dataset.js';
import { LanewiseError } from '../errors.js';
import type { DataRequest } from './data-sources.js';
import { note, quoted } from './terminal.js';

/** What a message advises, in the command line's options. */
const optionWords: TableWords = {
  column: (name, type) =>
    type === 'ignore' ? `--ignore ${quoted(name)}` : `--columns ${quoted(`${name}=${type}`)}`,
  missing: (text) => `--missing ${quoted(text)}`,
  header: (is) => (is ? '--header' : '--no-header'),
  gap: '--missing drop leaves such rows out, --missing 0 takes 0 for them',
};

/** @throws LanewiseError as `csvDataset` does, and kind 'data' for a target that is no class. */
export async function loadTable(path: string, request: DataRequest): Promise<Dataset> {
  const { shape, type = 'uint8', target = '-1', header, columns, missing } = request;
  const options = {
    target: /^-?\d+$/.test(target) ? Number(target) : target,
    ...(header === undefined ? {} : { header }),
    ...(columns ? { columns } : {}),
    ...(missing === undefined ? {} : { missing }),
    ...(/\.tsv$/i.test(path) ? { delimiter: '\t' } : {}),
  };
  const isRow = shape?.[0] === 1 && shape[1] === 1 && type === 'float32';
  if (shape && !isRow)
    return csvDataset(path, { ...options, shape, values: type === 'uint8' ? 'bytes' : 'floats' });
  const ignored = (column: string, { message, hint }: LanewiseError) =>
    note(
      `column '${column}' is left out: ${message.replace(/^.*?: /, '')}; ${hint?.replace(/^.*?, /, '')}`,
    );
  const rows = await readDataset(path, options, { ignored, words: optionWords });
  return asRows(rows as FeatureDataset);
}

/** Features as images of one row, which dense nets take. */
function asRows(data: FeatureDataset): Dataset {
  const { name, features, inputs } = data;
  const samples = inputs['input']!.values as Float32Array;
  return { name, shape: [1, 1, features.length], samples, ...classesOf(data) };
}

/** The target's classes; of numbers, each that occurs is one. */
function classesOf({
  name,
  classes,
  targets,
}: FeatureDataset): Pick<Dataset, 'classes' | 'labels'> {
  const { values } = targets['output']!;
  if (classes) return { classes, labels: values as Int32Array };
  return numbersAsClasses(name, values, 'the target');
}

/**
 * Whole numbers as classes, in their order.
 * @throws LanewiseError kind 'data' for other numbers, and for so many different ones that they are a quantity.
 */
export function numbersAsClasses(
  name: string,
  values: ArrayLike<number>,
  what: string,
): Pick<Dataset, 'classes' | 'labels'> {
  const hint =
    "the command line trains classifiers; --target names another column; csvDataset in a program predicts numbers, with the loss 'meanSquaredError'";
  const places = new Map<number, number>();
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isInteger(value))
      throw new LanewiseError(
        'data',
        `'${name}': label ${value} of sample ${i}, expected a whole number or the name of a class`,
        hint,
      );
    places.set(value, 0);
  }
  const sorted = [...places.keys()].toSorted((a, b) => a - b);
  if (isQuantity(sorted, values.length))
    throw new LanewiseError(
      'data',
      `'${name}': ${what} holds ${sorted.length} different whole numbers from ${sorted[0]} to ${sorted.at(-1)} in ${values.length} samples, a quantity rather than classes`,
      `${hint}; --columns <target>=class takes each number for a class`,
    );
  sorted.forEach((value, place) => places.set(value, place));
  return {
    classes: sorted.map(String),
    labels: Int32Array.from(values, (value) => places.get(value)!),
  };
}

/** So few numbers are classes, whatever they are; so many only where each has samples to learn it by, and none is left out. */
const SURELY_CLASSES = 10;
const FEW_CLASSES = 20;

function isQuantity(sorted: readonly number[], samples: number): boolean {
  const count = sorted.length;
  if (count <= SURELY_CLASSES) return false;
  if (count <= FEW_CLASSES) return samples < 5 * count;
  const isCount = (sorted[0] === 0 || sorted[0] === 1) && sorted.at(-1)! - sorted[0] === count - 1;
  return !isCount || samples < 20 * count;
}
