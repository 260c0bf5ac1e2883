/** The table of results: a row a workload, from waiting to measured, beside another file's if there is one. */
import type { ComparedRow } from '../../src/benchmark/compare.js';
import { rowName, type Row } from '../../src/benchmark/results.js';
import { byId, make } from './dom.js';

/** A requested workload and its state. */
export interface Line {
  readonly name: string;
  readonly state: 'waiting' | 'begun' | 'left out' | Row;
}

const digitsOf = (value: number): number => (value >= 1000 ? 0 : value >= 10 ? 1 : 2);

export const figure = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: digitsOf(value) });

const range = ([low, high]: Row['spread'], write: (value: number) => string): string =>
  `${write(low)} – ${write(high)}`;

const cell = (className: string, ...children: (Node | string)[]): HTMLTableCellElement =>
  make('td', { className }, ...children);

/** A figure with a small note below it. */
const withRange = (className: string, main: string, small: string): HTMLTableCellElement =>
  cell(className, main, make('small', {}, small));

function cellsOf(row: Row): HTMLTableCellElement[] {
  const bound = row.ofCeiling === null ? '' : `${(row.ofCeiling * 100).toFixed(0)} %`;
  return [
    withRange('figure', `${figure(row.value)} ${row.unit}`, range(row.spread, figure)),
    cell('figure bound', bound),
  ];
}

function besides(row: Row | undefined, compared: ComparedRow | undefined): HTMLTableCellElement[] {
  if (!row) return [cell('figure beside', '–'), cell('figure beside', '–')];
  const there = withRange(
    'figure beside',
    `${figure(row.value)} ${row.unit}`,
    range(row.spread, figure),
  );
  if (!compared) return [there, cell('figure beside', '–')];
  const { ratio, spread, verdict } = compared;
  const factor = `${ratio.toFixed(2)}×`;
  const small = `${verdict}, ${range(spread, (each) => each.toFixed(2))}`;
  return [there, withRange(`figure beside ${verdict.replace(' ', '-')}`, factor, small)];
}

/**
 * Fills the table. `there` are the other file's rows, `compared` those that both have; rows in the file alone
 * come last.
 */
export function fillTable(
  lines: readonly Line[],
  there?: readonly Row[],
  compared: readonly ComparedRow[] = [],
): void {
  const found = new Map(there?.map((row) => [rowName(row), row]));
  const ratios = new Map(compared.map((row) => [rowName(row), row]));
  const made = lines.map(({ name, state }) => {
    const row = typeof state === 'object' ? state : undefined;
    const key = row && rowName(row);
    const cells = row
      ? cellsOf(row)
      : [cell('figure soft', state === 'begun' ? 'measuring …' : (state as string)), cell('bound')];
    const beside = there ? besides(key ? found.get(key) : undefined, ratios.get(key ?? '')) : [];
    if (key) found.delete(key);
    return rowOf(key ?? name, [...cells, ...beside]);
  });
  const others = [...found].map(([key, row]) =>
    rowOf(key, [cell('figure', '–'), cell('bound'), ...besides(row, undefined)]),
  );
  byId('rows').replaceChildren(...made, ...others);
  for (const head of document.querySelectorAll<HTMLElement>('th.beside')) head.hidden = !there;
}

/** `lenet5-b64, 2 threads` as a heading of its row; the threads small, below. */
function rowOf(key: string, cells: readonly HTMLTableCellElement[]): HTMLTableRowElement {
  const [name, threads = ''] = key.split(', ');
  const head = make('th', { scope: 'row' }, name!, make('small', {}, threads));
  return make('tr', {}, head, ...cells);
}
