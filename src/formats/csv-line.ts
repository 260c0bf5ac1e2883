/** Writing CSV: RFC 4180, with line feeds as on Unix. */

/** One line, without its end. Text that has a comma, a quote or a line break in it stands in quotes, quotes doubled. */
export const csvLine = (cells: readonly (string | number)[]): string =>
  cells
    .map((cell) =>
      typeof cell === 'string' && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(',');
