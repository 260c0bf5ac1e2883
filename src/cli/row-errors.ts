/** How good the predictions for rows are whose targets are known, beside what always answers the same. */
import type { Answer } from '../data/answers.js';
import type { TargetFormat } from '../data/table-format.js';
import { labelOf } from './row-predictions.js';
import { formatCount, formatFigure, formatPercent } from './terminal.js';

export interface RowScore {
  readonly line: string;
  readonly record: object;
}

/** The score of the answers for one target; undefined if no row has its value. */
export function meanError(
  target: TargetFormat,
  answers: readonly Answer[],
  valueOf: (row: number) => unknown,
): RowScore | undefined {
  return target.type === 'number'
    ? ofNumbers(target, answers, valueOf)
    : ofClasses(target, answers, valueOf);
}

const rowsWith = (count: number, { name }: TargetFormat): string =>
  `on ${formatCount(count)} ${count === 1 ? 'row' : 'rows'} with ${name}, trained on or not`;

function ofNumbers(
  target: TargetFormat,
  answers: readonly Answer[],
  valueOf: (row: number) => unknown,
): RowScore | undefined {
  const pairs = answers.flatMap((answer, row) => {
    const cell = valueOf(row);
    const isGiven = typeof cell === 'number' || (typeof cell === 'string' && cell.trim() !== '');
    const value = isGiven ? Number(cell) : NaN;
    return Number.isFinite(value) ? [[value, answer[target.name] as number] as const] : [];
  });
  if (pairs.length === 0) return undefined;
  const meanOf = (of: (pair: readonly [number, number]) => number): number =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const center = meanOf(([value]) => value);
  const rmse = Math.sqrt(meanOf(([value, found]) => (value - found) ** 2));
  const mae = meanOf(([value, found]) => Math.abs(value - found));
  const mean = Math.sqrt(meanOf(([value]) => (value - center) ** 2));
  const unit = target.unit === undefined ? '' : ` ${target.unit}`;
  return {
    line: `RMSE ${formatFigure(rmse)}${unit}, MAE ${formatFigure(mae)}${unit} ${rowsWith(pairs.length, target)}; always their mean: RMSE ${formatFigure(mean)}${unit}`,
    record: { target: labelOf(target), rows: pairs.length, rmse, mae, rmseOfMean: mean },
  };
}

function ofClasses(
  target: TargetFormat,
  answers: readonly Answer[],
  valueOf: (row: number) => unknown,
): RowScore | undefined {
  let right = 0;
  const times = new Map<string, number>();
  answers.forEach((answer, row) => {
    const cell = valueOf(row);
    if (cell === undefined || cell === null || cell === '') return;
    const truth = nameOf(target, cell);
    times.set(truth, (times.get(truth) ?? 0) + 1);
    if ([answer[target.name] as string | readonly string[]].flat().join('|') === truth) right++;
  });
  const rows = [...times.values()].reduce((a, b) => a + b, 0);
  if (rows === 0) return undefined;
  const [most, count] = [...times].reduce((a, b) => (b[1] > a[1] ? b : a));
  return {
    line: `accuracy ${formatPercent(right / rows)} ${rowsWith(rows, target)}; always '${most}': ${formatPercent(count / rows)}`,
    record: { target: target.name, rows, accuracy: right / rows, accuracyOfMajority: count / rows },
  };
}

/** A class as the model names it: numbers by their value, labels in the model's order. */
function nameOf({ type, classes = [] }: TargetFormat, cell: unknown): string {
  const text = String(cell).trim();
  if (type === 'labels') {
    const labels = text.split('|').map((label) => label.trim());
    return classes.filter((label) => labels.includes(label)).join('|');
  }
  return (
    classes.find((name) => name === text || (text !== '' && Number(name) === Number(text))) ?? text
  );
}
