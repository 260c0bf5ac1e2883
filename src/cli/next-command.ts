/** The commands to try next with a model of rows. */
import { extname } from 'node:path';
import type { RunPlaces } from './task-kinds.js';
import { quoted } from './terminal.js';

/** Files whose rows `predict` takes. */
const ROWS = ['.csv', '.tsv', '.jsonl', '.ndjson', '.parquet', '.npy', '.npz'];

/** How new rows are predicted, and how the test samples are exported with their answers. */
export function nextForRows(path: string, { data, dataWords }: RunPlaces): string {
  const file = quoted(path);
  const extension = extname(data).toLowerCase();
  return [
    'next: answers for new rows, and for the rows that the model was tested on:',
    `  npx lanewise predict ${file} new${ROWS.includes(extension) ? extension : '.csv'}`,
    `  npx lanewise export ${file} ${dataWords.map(quoted).join(' ')} --out predictions.csv`,
  ].join('\n');
}
