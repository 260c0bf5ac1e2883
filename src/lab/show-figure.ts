/** A lab's figures in words. */
import type { Figure, FigureFormat } from './lab.js';
import { brief } from './axis-scale.js';

/** `2.10 %`, `61,706`, `4.2 s`, `0.0133`. */
export function showFigure(value: number, format: FigureFormat = 'number'): string {
  if (!Number.isFinite(value)) return brief(value);
  if (value < 0) return `−${showFigure(-value, format)}`;
  if (format === 'percent') return `${(value * 100).toFixed(2)} %`;
  if (format === 'count') return brief(Math.round(value), 12);
  if (format === 'seconds') return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  return brief(value);
}

/** Whether a figure lies where it is expected; undefined if nothing is expected of it. */
export const isExpected = ({ value, expected, format }: Figure): boolean | undefined =>
  expected === undefined || format === 'seconds'
    ? undefined
    : value >= expected[0]! && value <= expected[1]!;

/** `0 to 0.05`, `at least 0.9` */
export function showExpected({ expected, format }: Figure): string {
  if (!expected) return '';
  const [low, high] = expected as [number, number];
  if (high === Infinity) return `at least ${showFigure(low, format)}`;
  if (low === -Infinity) return `at most ${showFigure(high, format)}`;
  const [from, to] = [showFigure(low, format), showFigure(high, format)];
  return from === to ? from : `${from} to ${to}`;
}

/** A lab's conclusion, behind a word of caution where figures are not as expected. */
export function showConclusion(figures: readonly Figure[], conclusion: string): string {
  const wrong = figures.filter((one) => isExpected(one) === false).length;
  if (wrong === 0) return conclusion;
  const are = wrong === 1 ? 'A figure is' : `${wrong} figures are`;
  return `${are} not as expected, so it is not certain that this holds here: ${conclusion}`;
}
