/** Series from CSV files. */
import { LanewiseError } from '../base/errors.js';
import { csvRecords } from '../formats/csv.js';
import { MISSING } from './csv-table.js';
import { sourceInPieces, sourceName, type FileSource } from './file-source.js';
import type { TextSource } from '../formats/utf8.js';
import {
  checkSeriesOptions,
  datasetOfRows,
  rolesOf,
  type SeriesDataset,
  type SeriesOptions,
} from './series-dataset.js';
import {
  checkSeriesColumns,
  rowCollector,
  type GatheredRows,
  type SeriesRoles,
} from './series-rows.js';

/**
 * The windows of a CSV file (a path, bytes or a Blob) or of a stream of one, whose first line names the columns; see
 * `seriesDataset`.
 * @throws LanewiseError as `seriesDataset` does, with the lines of the file; kind 'file' if the file cannot be read.
 */
export async function csvSeries(
  source: FileSource | TextSource,
  options: SeriesOptions,
): Promise<SeriesDataset> {
  checkSeriesOptions('csvSeries', options);
  const { name = sourceName(source, 'csv'), delimiter } = options;
  return datasetOfRows(await gatherCsv(source, rolesOf(options), name, delimiter), options);
}

/**
 * The rows of a file whose first line names the columns; columns without a role are not read.
 * @throws LanewiseError kind 'data' naming line and column of what is no number, no time, or has more fields than the
 * first line.
 */
export async function gatherCsv(
  source: FileSource | TextSource,
  roles: SeriesRoles,
  name: string,
  delimiter = ',',
): Promise<GatheredRows> {
  const missing = new Set(MISSING);
  const isMissing = (value: unknown) => missing.has(value as string);
  const collector = rowCollector(name, 'line', roles, isMissing);
  let places: ReadonlyMap<string, number> | undefined;
  for await (const { line, fields } of csvRecords(sourceInPieces('CSV', source), name, delimiter)) {
    if (!places) {
      const names = fields.map((field) => field.trim());
      const other = [';', '\t', '|', ','].find(
        (one) => names.length === 1 && names[0]!.includes(one),
      );
      checkSeriesColumns(
        name,
        roles,
        names,
        other && `perhaps the delimiter is ${JSON.stringify(other)}`,
      );
      places = new Map(names.map((column, i) => [column, i]));
      if (places.size !== names.length)
        throw new LanewiseError('data', `'${name}' has two columns of one name`);
      continue;
    }
    if (fields.length !== places.size)
      throw new LanewiseError(
        'data',
        `'${name}' line ${line} has ${fields.length} fields, expected ${places.size} as in the first line`,
      );
    const all = places;
    collector.add((column) => fields[all.get(column)!]!.trim(), line);
  }
  return collector.all();
}
