/**
 * The rows of a CSV file for `predict`: it takes the columns that the model was trained on, by name, and needs no
 * target.
 */
import { extname } from 'node:path';
import { readTable } from '../data/csv-table.js';
import type { TableFormat } from '../data/table-format.js';
import { widthOf } from '../data/write-cell.js';
import { LanewiseError } from '../base/errors.js';
import type { Classifier, TrainedModel } from '../trained/trained-model.js';
import type { PredictionOutput } from './prediction-output.js';
import { columnsOf, optionWords } from './tables.js';
import { note } from './terminal.js';

const TABLES = ['.csv', '.tsv'];

/** Whether a model takes rows of a table, which `predict` reads from CSV files. */
export const takesRows = ({ table, samples }: TrainedModel): TrainedModel['table'] | undefined =>
  samples?.type === 'float32' ? table : undefined;

/** Scores all rows of the files. @throws LanewiseError for other files, and as `readCsv` does with the model's columns. */
export async function predictRows(
  classifier: Pick<Classifier, 'predict'>,
  table: TableFormat,
  paths: readonly string[],
  output: PredictionOutput,
): Promise<void> {
  const other = paths.find((path) => !TABLES.includes(extname(path).toLowerCase()));
  if (other !== undefined)
    throw new LanewiseError(
      'argument',
      `'${other}' is not a CSV file, and the model takes rows of a table`,
      `expected a .csv or .tsv file with the columns ${table.columns.map(({ name }) => name).join(', ')}`,
    );
  for (const path of paths) {
    const { rows, width, values } = await readRows(path, table);
    const { scores } = await classifier.predict(values, [width, 1, 1]);
    const outputs = scores.length / rows;
    const names = Array.from({ length: rows }, (_, row) => `${path} row ${row + 1}`);
    await output.add(
      names,
      names.map((_, row) => scores.subarray(row * outputs, (row + 1) * outputs)),
    );
  }
}

async function readRows(path: string, format: TableFormat) {
  const found = await readTable(
    path,
    {
      columns: columnsOf(format),
      ...(extname(path).toLowerCase() === '.tsv' ? { delimiter: '\t' } : {}),
    },
    {
      type: 'ignore',
      words: {
        ...optionWords,
        missing: (text) => `put a value in the place of ${JSON.stringify(text)}`,
        gap: 'put a value there, or take the row out',
      },
      unused(names) {
        const more = names.filter((name) => !format.targets?.some((one) => one.name === name));
        if (more.length > 0)
          note(`not used, as the model was not trained on it: ${more.join(', ')}`);
      },
    },
  );
  const width = format.columns.reduce((sum, column) => sum + widthOf(column), 0);
  const values = new Float32Array(found.rows * width);
  let first = 0;
  for (const { name } of format.columns) {
    const column = found.columns.find((one) => one.name === name)!;
    for (let row = 0; row < found.rows; row++) {
      const value = column.values[row]!;
      const at = row * width + first;
      if (column.type === 'number') values[at] = value;
      else values[at + value] = 1;
    }
    first += widthOf(column);
  }
  return { rows: found.rows, width, values };
}
