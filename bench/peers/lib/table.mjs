// The table of medians and ratios, as text.

/** Three digits that count. */
export function format(value) {
  if (value === undefined) return '';
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

const HEADER = ['workload', 'peer', 'peer’s', 'Lanewise', 'ratio', 'strict', 'ratio', 'unit', ''];
/** Columns of figures, to the right. */
const isFigure = (column) => column >= 2 && column <= 6;

const cellsOf = (row) => [
  row.workload,
  row.peer,
  row.theirs === undefined ? '–' : format(row.theirs),
  row.ours === undefined ? '–' : format(row.ours),
  row.ratio === undefined ? '' : row.ratio.toFixed(2),
  format(row.strict),
  row.strictRatio === undefined ? '' : row.strictRatio.toFixed(2),
  row.unit ?? '',
  [
    row.theirsUnavailable && `${row.peer} cannot: ${row.theirsUnavailable}`,
    row.oursUnavailable && `Lanewise cannot: ${row.oursUnavailable}`,
    row.settings.join(' / '),
  ]
    .filter(Boolean)
    .join('; '),
];

/** Rows of one number of threads, as `summarize` makes them, in Markdown that reads well as text. */
export function table(rows) {
  const lines = [HEADER, ...rows.map(cellsOf)];
  // The last column holds sentences: it is as wide as each of them.
  const widths = HEADER.map((_, column) =>
    column === HEADER.length - 1 ? 0 : Math.max(...lines.map((cells) => cells[column].length)),
  );
  const pad = (cell, column) =>
    isFigure(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  const [head, ...body] = lines.map((cells) => `| ${cells.map(pad).join(' | ')} |`);
  const rule = widths.map((width, column) =>
    isFigure(column) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(Math.max(width, 3)),
  );
  return [head, `| ${rule.join(' | ')} |`, ...body].join('\n');
}
