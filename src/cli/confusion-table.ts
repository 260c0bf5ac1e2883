/** The table of a confusion matrix, and the list of the most frequent mistakes. */
import { mostConfused, perClassAccuracy, type ConfusionMatrix } from '../metrics/confusion.js';
import { formatPercent, styleFor, type Style } from './terminal.js';

export interface ConfusionOptions {
  /** Width to keep within; a wider table is printed without its accuracies, and if it is still too wide not at all. */
  readonly columns?: number;
  readonly style?: Style;
  /** How many mistakes to list. */
  readonly pairs?: number;
  /** Where to find the whole table if it is too large to be shown. */
  readonly elsewhere?: string;
}

/** A table of more classes is not readable on a terminal or in a log. */
const MOST_CLASSES = 20;

/** Both as text of several lines, without a line feed at the end. Defaults suit standard output. */
export function renderConfusion(
  matrix: ConfusionMatrix,
  {
    columns = process.stdout.columns || Infinity,
    style = styleFor(process.stdout),
    pairs = 5,
    elsewhere,
  }: ConfusionOptions = {},
): string {
  const { length } = matrix.classes;
  const where = elsewhere === undefined ? '' : `, and is in ${elsewhere}`;
  const shown =
    length > MOST_CLASSES
      ? [`the confusion matrix of ${length} classes is too large to be shown here${where}`]
      : table(matrix, columns, style);
  return [...shown, '', mistakes(matrix, pairs)].join('\n');
}

function table(matrix: ConfusionMatrix, columns: number, style: Style): string[] {
  const { classes, counts } = matrix;
  const texts = counts.map((row) => row.map((count) => (count === 0 ? '·' : String(count))));
  const widths = classes.map((name, p) =>
    Math.max(name.length, ...texts.map((row) => row[p]!.length)),
  );
  const nameWidth = Math.max(...classes.map((name) => name.length));
  const width = nameWidth + 2 + widths.reduce((sum, w) => sum + w + 1, 0);
  if (width > columns) {
    return [
      `the table of ${classes.length} classes needs ${width} columns, and there are ${columns}`,
    ];
  }

  const heading = 'accuracy';
  const withAccuracy = width + 2 + heading.length <= columns;
  const accuracies = perClassAccuracy(matrix);
  const last = (text: string) => (withAccuracy ? `  ${text.padStart(heading.length)}` : '');
  const names = classes.map((name, p) => ` ${name.padStart(widths[p]!)}`).join('');
  const rows = texts.map((row, t) => {
    const cells = row.map((text, p) => {
      // Padded first: escape sequences have no width.
      const cell = ` ${text.padStart(widths[p]!)}`;
      if (t === p) return style.bold(cell);
      return counts[t]![p] === 0 ? style.dim(cell) : cell;
    });
    const name = classes[t]!.padStart(nameWidth);
    return `${name}  ${cells.join('')}${last(formatPercent(accuracies[t]!))}`;
  });
  return [
    'confusion matrix: a row for each true class, columns as predicted',
    `${' '.repeat(nameWidth + 2)}${names}${last(heading)}`,
    ...rows,
  ];
}

/** One mistake a line, the first after the heading. */
function mistakes(matrix: ConfusionMatrix, pairs: number): string {
  const listed = mostConfused(matrix, pairs).map(
    ({ truth, predicted, count }) =>
      `${truth} taken for ${predicted}: ${count} ${count === 1 ? 'time' : 'times'}`,
  );
  if (listed.length === 0) return 'no mistakes';
  const heading = 'most confused: ';
  return heading + listed.join(`\n${' '.repeat(heading.length)}`);
}
