/** The writer of CSV lines: RFC 4180, with line feeds as on Unix. */

/** One line, without its end. Text with a comma, a quote or a line break is quoted, and its quotes are doubled. */
export const csvLine = (cells: readonly (string | number)[]): string =>
  cells
    .map((cell) =>
      typeof cell === 'string' && /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
    )
    .join(',');
