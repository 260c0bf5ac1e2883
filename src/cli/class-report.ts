/** The table of the classes' precision, recall and F1. */
import type { ClassFigures, ClassificationReport } from '../metrics/index.js';
import { formatCount, formatPercent } from './terminal.js';

/** More classes than this would fill the screen: only those with the lowest F1 are shown. */
const MOST = 20;

/** Text of several lines, without a line feed at the end. */
export function renderReport({ classes, macro, weighted }: ClassificationReport): string {
  const worst = classes.toSorted((a, b) => a.f1 - b.f1).slice(0, MOST);
  const shown = classes.length > MOST ? worst : classes;
  const rows = shown.map((row) => [row.name, ...figuresOf(row)]);
  const means = [
    ['mean', ...figuresOf(macro)],
    ['by samples', ...figuresOf(weighted)],
  ];
  const table = [['class', 'precision', 'recall', 'F1', 'samples'], ...rows, ...means];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((cells) => cells[i]!.length)));
  const lines = table.map((cells) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[i]!)))
      .join('  '),
  );
  const what =
    classes.length > MOST ? [`the ${MOST} of ${classes.length} classes with the lowest F1`] : [];
  return [...what, ...lines].join('\n');
}

const figuresOf = ({ precision, recall, f1, support }: ClassFigures): string[] => [
  formatPercent(precision),
  formatPercent(recall),
  formatPercent(f1),
  formatCount(support),
];
