/** Missing values of the tables that commands read: kept until it is known what is trained on, then replaced by its values. */
import type { IndexedDataset } from '../data/dataset.js';
import { changed, samplesOf } from '../data/forms.js';
import { gapsIn, impute } from '../data/impute.js';
import type { TableFormat } from '../data/table-format.js';
import { withColumnsOf } from '../data/table-tools.js';
import { shorten } from '../base/check.js';
import type { PartsOf } from './data-sources.js';
import { formatCount, note } from './terminal.js';

/** The parts without missing values, by those of the training part, with a note that says so. */
export function withoutGaps<D extends IndexedDataset, P extends PartsOf<D>>(parts: P): P {
  const { train, test, validation } = parts;
  const all = [...new Set([train, test, ...(validation ? [validation] : [])])];
  const counts = new Map<string, number>();
  for (const samples of all.map((part) => samplesOf(part)))
    for (const [place, count] of samples.source ? [] : gapsIn(samples)) {
      const { name } = samples.table!.columns[place]!;
      counts.set(name, (counts.get(name) ?? 0) + count);
    }
  if (counts.size === 0) return parts;
  note(gapNote(counts, samplesOf(train).table!));
  const filled = impute<D>(train, ...all.slice(1));
  const of = (part: D): D => filled[all.indexOf(part)]!;
  return {
    ...parts,
    train: of(train),
    test: of(test),
    ...(validation ? { validation: of(validation) } : {}),
  };
}

function gapNote(counts: ReadonlyMap<string, number>, { columns }: TableFormat): string {
  const listed = [...counts].map(([name, count]) => `${name} (${formatCount(count)})`).join(', ');
  const types = new Set(columns.filter(({ name }) => counts.has(name)).map(({ type }) => type));
  const ways = [
    ...(types.has('number') || types.has('date')
      ? ["the training part's median stands for them, and one more feature says where"]
      : []),
    ...(types.has('class') ? ['of classes they are one of their own'] : []),
  ];
  return `values are missing in ${shorten(listed)}: ${ways.join('; ')}; --missing drop leaves such rows out`;
}

/** Samples read for a model that knows the table, in its columns and by its rules for missing values. */
export const asKnown = <D extends IndexedDataset>(data: D, table: TableFormat | undefined): D =>
  table ? changed(data, (samples) => withColumnsOf(samples, table, 'the model')) : data;
