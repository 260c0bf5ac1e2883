/** A confusion matrix as a table, and the mistakes worth looking at. */
import { mostConfused, type ConfusionMatrix } from '../training/confusion.js';
import { bold, dim } from './terminal.js';

/** Pairs listed below the table. */
const MISTAKES = 5;

/** Rows are the true classes, columns the predicted ones; below, the most frequent mistakes. */
export function renderConfusion(matrix: ConfusionMatrix): string {
  const { classes, counts } = matrix;
  const longest = Math.max(...counts.flat().map((count) => String(count).length));
  const width = Math.max(longest, ...classes.map((name) => name.length)) + 1;
  const cell = (count: number, t: number, p: number): string => {
    const text = (count || '·').toString().padStart(width);
    if (t === p) return bold(text);
    return count ? text : dim(text);
  };
  const mistakes = mostConfused(matrix, MISTAKES).map(
    ({ truth, predicted, count }) => `${truth} taken for ${predicted}: ${count}`,
  );
  return [
    `${'true'.padEnd(width + 4)}predicted`,
    `${' '.repeat(6)}${classes.map((name) => name.padStart(width)).join('')}`,
    ...counts.map(
      (row, t) => `${classes[t]!.padStart(5)} ${row.map((count, p) => cell(count, t, p)).join('')}`,
    ),
    ...(mistakes.length ? ['', `most confused: ${mistakes.join(', ')}`] : []),
  ].join('\n');
}
