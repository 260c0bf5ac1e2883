/** Missing values of tables, replaced by what the training samples say of their columns. */
import { LanewiseError } from '../base/errors.js';
import type { AnyDataset, IndexedDataset } from './dataset.js';
import { dateOfTime } from './dates.js';
import { changed, samplesOf } from './forms.js';
import { originOf } from './origin.js';
import type { Samples } from './samples.js';
import type { ColumnFormat, TableFormat } from './table-format.js';
import { loadTools } from './load-tools.js';
import { withColumnsOf } from './table-tools.js';
import { widthOf, widthOfTable } from './write-cell.js';

/**
 * The parts of a table with `missing: 'keep'`, the training part first, without missing values. A number's place is taken
 * by the median of the training part, a date's likewise, and one more feature says that it was missing; of classes, missing
 * ones are a class of their own. A column without gaps in the training part has no such feature, and its most frequent
 * class stands for missing ones. The rules go with the data into the file of a model, which predicts by them.
 * @throws LanewiseError kind 'data' for a data set that is not made of a table.
 */
export function impute<D extends IndexedDataset>(train: D, ...others: readonly D[]): [D, ...D[]] {
  loadTools();
  const known = samplesOf(train);
  if (!known.table || known.source)
    throw new LanewiseError(
      'data',
      `impute: data set '${known.name}' is not made of a table`,
      "csvDataset(path, { target, missing: 'keep' }) makes one",
    );
  const parts = [known, ...others.map((one) => samplesOf(one as AnyDataset))];
  const gaps = parts.map(gapsIn);
  if (gaps.every((counts) => counts.size === 0)) return [train, ...others];
  const columns = known.table.columns.map((column, i) =>
    gaps.some((counts) => counts.has(i)) ? withRule(column, i, known, gaps[0]!.has(i)) : column,
  );
  const table = { ...known.table, columns };
  return [train, ...others].map((one) =>
    changed(one, (samples) => {
      // The samples are known again by what was read, not by what replaces the gaps.
      const origin = originOf(samples);
      return {
        ...withColumnsOf(samples, table, 'the training part'),
        ...(origin ? { origin } : {}),
      };
    }),
  ) as [D, ...D[]];
}

/** How many values are missing in each column that lacks any, by its place in the table. */
export function gapsIn({ table, inputs, count }: Samples): Map<number, number> {
  const { values } = Object.values(inputs)[0]!;
  const counts = new Map<number, number>();
  if (!table || !(values instanceof Float32Array)) return counts;
  const width = widthOfTable(table);
  let first = 0;
  table.columns.forEach((column, i) => {
    let found = 0;
    for (let row = 0; row < count; row++) if (Number.isNaN(values[row * width + first]!)) found++;
    if (found > 0) counts.set(i, found);
    first += widthOf(column);
  });
  return counts;
}

/** A column with the rule for its missing values; `isKnown` says that the training part lacks some itself. */
function withRule(
  column: ColumnFormat,
  place: number,
  train: Samples,
  isKnown: boolean,
): ColumnFormat {
  const table = train.table!;
  const { type, classes, parts } = column;
  if (type === 'class') {
    if (isKnown) return { ...column, classes: [...classes!, ''], missing: '' };
    const counts = classes!.map((_, c) =>
      featureOf(train, table, place, c).reduce((a, b) => a + b, 0),
    );
    return { ...column, missing: classes![counts.indexOf(Math.max(...counts))]! };
  }
  const flag = isKnown ? { flag: true } : {};
  const middle = median(featureOf(train, table, place, 0));
  if (type === 'number') return { ...column, missing: middle, ...flag };
  return { ...column, missing: parts![0] === 'time' ? dateOfTime(middle) : '12:00', ...flag };
}

/** One feature of a column for all samples without those where it is missing. */
function featureOf(
  { inputs, count }: Samples,
  table: TableFormat,
  place: number,
  feature: number,
): Float32Array {
  const { values } = Object.values(inputs)[0]!;
  const width = widthOfTable(table);
  const first = widthOfTable({ columns: table.columns.slice(0, place) }) + feature;
  return Float32Array.from({ length: count }, (_, row) => values[row * width + first]!).filter(
    (value) => !Number.isNaN(value),
  );
}

/** The middle value, or the mean of the two in the middle; 0 of none. */
function median(values: Float32Array): number {
  const sorted = values.toSorted();
  const half = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 ? sorted[half]! : Math.fround((sorted[half]! + sorted[half - 1]!) / 2);
}
