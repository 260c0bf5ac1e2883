/** Forecasts of the rows that follow those of CSV files, for `predict`. */
import { LanewiseError } from '../base/errors.js';
import { gatherCsv } from '../data/series-csv.js';
import type { ForecastRow } from '../data/series-ahead.js';
import { csvLine } from '../formats/csv-line.js';
import { createLineWriter } from '../node/atomic-lines.js';
import { forecastGathered, seriesOf } from '../trained/next-rows.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { delimiterOf } from './series-source.js';
import { figure } from './prediction-output.js';

/** Where forecasts go: to a CSV file, as JSON, or as CSV to the terminal. */
export interface ForecastOutput {
  readonly csv?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * The next rows of each file as CSV, with times in the file's own form: printed, or written to a file.
 * @throws LanewiseError kind 'argument' for a path that is no CSV file; and as `forecast` does.
 */
export async function predictSeries(
  model: TrainedModel,
  paths: readonly string[],
  { csv, json = false }: ForecastOutput,
): Promise<void> {
  const format = seriesOf(model);
  const other = paths.find((path) => !/\.(csv|tsv)$/i.test(path));
  if (other !== undefined)
    throw new LanewiseError(
      'argument',
      `'${other}' is no CSV file, and the model forecasts the rows of a series`,
      'expected a .csv or .tsv file with its columns',
    );
  const writer = csv === undefined ? undefined : await createLineWriter(csv);
  const print = async (line: string) => (writer ? writer.write([line]) : console.log(line));
  try {
    for (const [i, path] of paths.entries()) {
      const rows = await forecastGathered(
        model,
        await gatherCsv(path, format, path, delimiterOf(path)),
      );
      const named = (row: ForecastRow) => (paths.length > 1 ? { file: path, ...row } : row);
      if (json) for (const row of rows) await print(JSON.stringify(named(row)));
      else {
        if (i === 0) await print(csvLine(Object.keys(named(rows[0]!))));
        for (const row of rows)
          await print(
            csvLine(
              Object.entries(named(row)).map(([name, cell]) =>
                format.targets.includes(name) ? figure(cell as number) : cell,
              ),
            ),
          );
      }
    }
    await writer?.finish();
  } finally {
    await writer?.abandon();
  }
}
