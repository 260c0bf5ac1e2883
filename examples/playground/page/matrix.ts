/** The confusion matrix, a table whose cells are darker the larger their share of a row is. */
import type { Validation } from '../messages.js';
import { byId, make } from './dom.js';
import { count, percent } from './show.js';

/** [truth, answer, count] of all mistakes, the most frequent first. */
const mistakes = (counts: Validation['counts']): [t: number, p: number, n: number][] =>
  counts
    .flatMap((row, t) => row.map((n, p): [number, number, number] => [t, p, n]))
    .filter(([t, p, n]) => t !== p && n > 0)
    .toSorted(([, , a], [, , b]) => b - a);

export function createMatrix(): (validation: Validation) => void {
  const table = byId<HTMLTableElement>('matrix');
  let cells: HTMLTableCellElement[][] = [];
  let names = '';
  build([...'0123456789']);

  function build(classes: readonly string[]): void {
    names = classes.join('\n');
    const head = make('tr', {}, make('td', { className: 'corner' }));
    classes.forEach((name) => head.append(make('th', { scope: 'col' }, name)));
    cells = classes.map(() => classes.map(() => make('td', { className: 'none' }, '0')));
    const rows = cells.map((row, i) =>
      make('tr', {}, make('th', { scope: 'row' }, classes[i]!), ...row),
    );
    table.replaceChildren(
      make('caption', { className: 'sr' }, 'Rows: the digit; columns: the net’s answer'),
      make('thead', {}, head),
      make('tbody', {}, ...rows),
    );
  }

  return ({ classes, counts, samples, accuracy }) => {
    if (classes.join('\n') !== names) build(classes);
    counts.forEach((row, t) => {
      const total = row.reduce((sum, value) => sum + value, 0);
      row.forEach((value, p) => {
        const cell = cells[t]![p]!;
        const share = total === 0 ? 0 : value / total;
        // A mistake of 1 % has to be visible beside nearly 100 % right answers.
        const shade = t === p ? 0.9 * share : Math.min(0.9, 0.1 + 3 * share);
        cell.textContent = String(value);
        cell.className = `${t === p ? 'right' : 'wrong'}${value === 0 ? ' none' : ''}${shade > 0.6 ? ' strong' : ''}`;
        cell.style.setProperty('--share', shade.toFixed(2));
      });
    });
    const most = mistakes(counts).slice(0, 3);
    const often = most.map(([t, p, n]) => `${classes[t]} for ${classes[p]} (${count(n)})`);
    byId('matrix-note').textContent =
      `Rows are the digits, columns the net’s answers: ${percent(accuracy)} of ${count(samples)} unseen digits are right. ` +
      (often.length > 0 ? `Most often it takes ${often.join(', ')}.` : '');
  };
}
