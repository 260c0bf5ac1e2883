/** The table of several runs of the same training: each figure, its mean and its deviation, beside the baselines'. */
import { meanAndDeviation } from '../base/mean-and-deviation.js';
import { AS_PERCENT } from './judgement.js';
import { formatFigure } from './terminal.js';

/** A run's figure, as its judgement.json has it. */
export interface RepeatResult {
  readonly name: string;
  readonly seed: number;
  /** From 1. */
  readonly fold?: number;
  readonly figure: string;
  readonly better: 'higher' | 'lower';
  readonly value: number;
  readonly samples: number;
  readonly baselines: readonly { readonly name: string; readonly value: number }[];
}

/** A figure's name for people. */
const nameOf = (figure: string): string => (figure === 'r2' ? 'R²' : figure);
const isShare = (figure: string): boolean => /accuracy|f1/i.test(figure);
const show = (figure: string, value: number): string =>
  isShare(figure) ? AS_PERCENT.value(value) : formatFigure(value).replace('-', '−');
const plain = (figure: string, value: number): string =>
  isShare(figure) ? AS_PERCENT.bare(value) : formatFigure(value);

/** A baseline in all runs: its name, or what its names have in common. */
interface Rival {
  readonly name: string;
  readonly values: readonly number[];
}

function rivalsOf(results: readonly RepeatResult[]): Rival[] {
  const count = Math.min(...results.map(({ baselines }) => baselines.length));
  return Array.from({ length: count }, (_, b) => {
    const names = new Set(results.map(({ baselines }) => baselines[b]!.name));
    const [first] = names;
    const common = first!.startsWith('always') ? 'always the most frequent' : 'a linear model';
    return {
      name: names.size === 1 ? first! : common,
      values: results.map(({ baselines }) => baselines[b]!.value),
    };
  });
}

/** How many runs are better than a baseline, of those that are not equal. */
const winsOver = (results: readonly RepeatResult[], { values }: Rival): number =>
  results.filter(({ better, value }, i) =>
    better === 'higher' ? value > values[i]! : value < values[i]!,
  ).length;

export function repeatsRecord(results: readonly RepeatResult[]): object {
  const [{ figure, better }] = results as [RepeatResult];
  return {
    figure,
    better,
    ...meanAndDeviation(results.map(({ value }) => value)),
    baselines: rivalsOf(results).map((rival) => ({
      name: rival.name,
      ...meanAndDeviation(rival.values),
      beatenIn: winsOver(results, rival),
    })),
    runs: results,
  };
}

function tableOf(results: readonly RepeatResult[]): string {
  const [{ figure }] = results as [RepeatResult];
  const rivals = rivalsOf(results);
  const columns = [results.map(({ value }) => value), ...rivals.map(({ values }) => values)];
  const rows = [
    ['run', 'samples', nameOf(figure), ...rivals.map(({ name }) => name)],
    ...results.map(({ name, samples }, i) => [
      name,
      String(samples),
      ...columns.map((values) => show(figure, values[i]!)),
    ]),
    ['mean', '', ...columns.map((values) => show(figure, meanAndDeviation(values).mean))],
    [
      'deviation',
      '',
      ...columns.map((values) => plain(figure, meanAndDeviation(values).deviation)),
    ],
  ];
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((cells) => cells[c]!.length)));
  return rows
    .map((cells) =>
      cells
        .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
        .join('  '),
    )
    .join('\n');
}

/** Whether the runs beat the best of the baselines. */
function verdictOfAll(results: readonly RepeatResult[]): string[] {
  const [{ figure, better }] = results as [RepeatResult];
  const sign = better === 'higher' ? 1 : -1;
  const own = meanAndDeviation(results.map(({ value }) => value)).mean;
  const [best] = rivalsOf(results).toSorted(
    (a, b) => sign * (meanAndDeviation(b.values).mean - meanAndDeviation(a.values).mean),
  );
  if (!best) return [];
  const mean = meanAndDeviation(best.values).mean;
  const wins = `in ${winsOver(results, best)} of ${results.length} runs`;
  const against = `${show(figure, own)} against ${show(figure, mean)}`;
  return sign * (own - mean) > 0
    ? [`better than ${best.name} on average, ${against}, and ${wins}`]
    : [
        `the baseline is not beaten: ${best.name} is as good or better on average; ${against}, and the model is better ${wins}`,
      ];
}

/** The lines for people, of one run and of all. */
export const repeatLines = {
  one: ({ figure, value, baselines }: RepeatResult): string =>
    [
      `${nameOf(figure)} ${show(figure, value)}`,
      ...baselines.map((one) => `${one.name} ${show(figure, one.value)}`),
    ].join(', '),
  all(results: readonly RepeatResult[], folder: string): string[] {
    const [{ figure }] = results as [RepeatResult];
    const { mean, deviation } = meanAndDeviation(results.map(({ value }) => value));
    return [
      `\n${tableOf(results)}\n`,
      `test ${nameOf(figure)} ${show(figure, mean)} ± ${plain(figure, deviation)} (mean and deviation of ${results.length} runs)`,
      `runs and their models: ${folder}`,
      ...verdictOfAll(results).map((line) => `\n${line}`),
    ];
  },
};
