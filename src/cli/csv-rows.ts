/** The rows of an exported CSV file. */
import { csvLine } from '../formats/csv-line.js';
import type { LineWriter } from '../node/atomic-lines.js';

/** Lines that are written together. */
const LINES = 1024;

export type Cells = readonly (string | number)[];

/** Writes the head and `count` rows, and finishes the file. */
export async function writeCsvRows(
  writer: LineWriter,
  head: Cells,
  count: number,
  row: (i: number) => Cells,
): Promise<void> {
  await writer.write([csvLine(head)]);
  for (let first = 0; first < count; first += LINES) {
    const few = Math.min(LINES, count - first);
    await writer.write(Array.from({ length: few }, (_, i) => csvLine(row(first + i))));
  }
  await writer.finish();
}
