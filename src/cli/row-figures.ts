/** The figures of predictions for rows, beside those of baselines, and the lines and records that show them. */
import * as baselines from '../baselines/index.js';
import type { Baseline } from '../baselines/index.js';
import { LanewiseError } from '../base/errors.js';
import { levelOf } from '../base/spread.js';
import {
  bootstrap,
  f1Score,
  intervalCoverage,
  meanIntervalWidth,
  regressionReport,
  rocAucScore,
  type ValueFigures,
} from '../metrics/index.js';
import { predictedClasses } from '../inference/predicted-classes.js';
import type { OutputScores } from './row-scores.js';
import type { TargetRows } from './row-outputs.js';
import { formatFigure, formatPercent } from './terminal.js';

/** A figure by which the model and baselines are compared; higher is better. */
interface Compared {
  /** `R²`, `accuracy`, `F1`. */
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly others: readonly { readonly name: string; readonly value: number }[];
  readonly format: (value: number) => string;
}

/** The figures of one output. */
export interface OutputFigures {
  /** Tables and sentences, before the line that compares. */
  readonly lines: readonly string[];
  readonly compared: readonly Compared[];
  /** Its fields in the record of `--json`. */
  readonly record: readonly object[];
}

/** The figures of each output's predictions, and of baselines if there is a training part. */
export const figuresOfAll = (
  scores: readonly OutputScores[],
  test: TargetRows,
  train: TargetRows | undefined,
  model: string,
): OutputFigures[] =>
  scores.map((one) => {
    const others = train ? baselinesFor(one, train, test) : [];
    const targets = scores.length + one.output.targets.length - 1;
    return figuresOf(one, others, model, targets === 1);
  });

function figuresOf(
  scores: OutputScores,
  others: readonly Other[],
  model: string,
  isOnly: boolean,
): OutputFigures {
  const { type } = scores.output;
  if (type === 'number') return ofNumbers(scores, others, model, isOnly);
  return type === 'class' ? ofClasses(scores, others) : ofLabels(scores, others);
}

/** What a baseline predicts for the test samples. */
interface Other {
  readonly name: string;
  readonly values: Float64Array;
}

function baselinesFor({ output }: OutputScores, train: TargetRows, test: TargetRows): Other[] {
  const options = { target: output.name, binary: output.type === 'labels' };
  const found = (make: () => Baseline): Other[] => {
    try {
      const baseline = make();
      const values = baseline.predict(test);
      // No share of yes is above a half where most answers are no.
      const name =
        output.type === 'labels' && baseline.name === 'the shares of yes'
          ? 'always the most frequent'
          : baseline.name;
      return [{ name, values }];
    } catch (error) {
      // Such as more features than it takes.
      if (error instanceof LanewiseError) return [];
      throw error;
    }
  };
  return [
    ...found(() => baselines.constant(train, options)),
    ...found(() => baselines.linear(train, options)),
  ];
}

const column = (values: ArrayLike<number>, width: number, c: number): Float64Array =>
  Float64Array.from({ length: values.length / width }, (_, i) => values[i * width + c]!);

/** More samples than this are drawn again fewer times. */
const MANY = 20_000;
const resamplesFor = (count: number) => (count > MANY ? 200 : 1000);

function ofNumbers(
  { output, values, width, truth, interval, spread }: OutputScores,
  others: readonly Other[],
  model: string,
  isOnly: boolean,
): OutputFigures {
  const names = output.targets.map(({ name }) => name);
  const [own, ...theirs] = [values, ...others.map((other) => other.values)].map(
    (each) => regressionReport(truth, each, names).columns,
  );
  const rows = truth.length / width;
  const compared = names.map((name, c): Compared => {
    const [t, y] = [column(truth, width, c), column(values, width, c)];
    const { value, low, high } = bootstrap(
      rows,
      { r2: (places: Uint32Array) => r2At(places, t, y) },
      { resamples: resamplesFor(rows) },
    ).r2;
    return {
      name: isOnly ? 'R²' : `R² of ${name}`,
      value,
      low,
      high,
      others: others.map((other, i) => ({ name: other.name, value: theirs[i]![c]!.r2 })),
      format: (figure) => figure.toFixed(3),
    };
  });
  const intervals = names.map((_, c) => {
    if (!interval || !spread || levelOf(spread) === 0) return undefined;
    const [low, high] = [column(interval.low, width, c), column(interval.high, width, c)];
    return {
      level: Number(levelOf(spread).toPrecision(12)),
      coverage: intervalCoverage(column(truth, width, c), low, high),
      width: meanIntervalWidth(low, high),
    };
  });
  const lines = names.flatMap((name, c) => [
    ...(c > 0 ? [''] : []),
    ...tableOf(titleOf(output.targets[c]!), [
      [model, own![c]!],
      ...others.map((other, i) => [other.name, theirs[i]![c]!] as const),
    ]),
    ...(intervals[c] ? [intervalLine(intervals[c], isOnly ? '' : `, ${name},`)] : []),
  ]);
  return {
    lines,
    compared,
    record: names.map((name, c) => {
      const { name: _, support: __, ...figures } = own![c]!;
      const { low, high } = compared[c]!;
      return {
        target: name,
        type: 'number',
        ...figures,
        r2Interval: [low, high],
        ...(intervals[c] ? { intervals: intervals[c] } : {}),
        baselines: others.map((other, i) => {
          const { mae, rmse, r2 } = theirs[i]![c]!;
          return { name: other.name, mae, rmse, r2 };
        }),
      };
    }),
  };
}

const titleOf = ({ name, unit }: { readonly name: string; readonly unit?: string }): string =>
  unit === undefined || name.includes(unit) ? name : `${name} (${unit})`;

const intervalLine = (
  { level, coverage, width }: { level: number; coverage: number; width: number },
  of: string,
): string =>
  `intervals of ${formatPercent(level, 0)}${of} hold ${formatPercent(coverage, 1)}, mean width ${formatFigure(width)}`;

/** R² of the samples at some places; not a number where they do not vary. */
function r2At(places: Uint32Array, t: Float64Array, y: Float64Array): number {
  let mean = 0;
  for (const i of places) mean += t[i]!;
  mean /= places.length;
  let [error, all] = [0, 0];
  for (const i of places) {
    error += (y[i]! - t[i]!) ** 2;
    all += (t[i]! - mean) ** 2;
  }
  return all === 0 ? NaN : 1 - error / all;
}

/** A line for each predictor. */
function tableOf(title: string, rows: readonly (readonly [string, ValueFigures])[]): string[] {
  const cells = [
    [title, 'MAE', 'RMSE', 'R²'],
    ...rows.map(([name, { mae, rmse, r2 }]) => [
      name,
      formatFigure(mae),
      formatFigure(rmse),
      r2.toFixed(3),
    ]),
  ];
  const widths = cells[0]!.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)));
  return cells.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]! + 2)))
      .join(''),
  );
}

const percent = (value: number): string => formatPercent(value);

function ofClasses(
  { output, values, width, truth }: OutputScores,
  others: readonly Other[],
): OutputFigures {
  const hitsOf = (scores: ArrayLike<number>) =>
    Array.from(predictedClasses(Float32Array.from(scores), width), (c, i) =>
      Number(c === truth[i]),
    );
  const share = (hits: readonly number[]) => hits.reduce((a, b) => a + b, 0) / hits.length;
  const hits = hitsOf(values);
  const { value, low, high } = bootstrap(
    hits.length,
    {
      accuracy: (places: Uint32Array) =>
        places.reduce((sum, i) => sum + hits[i]!, 0) / places.length,
    },
    { resamples: resamplesFor(hits.length) },
  ).accuracy;
  const known = others.map((other) => ({ name: other.name, value: share(hitsOf(other.values)) }));
  const { name } = output.targets[0]!;
  return {
    lines: [],
    compared: [{ name: `accuracy of ${name}`, value, low, high, others: known, format: percent }],
    record: [
      {
        target: name,
        type: 'class',
        accuracy: value,
        accuracyInterval: [low, high],
        baselines: known.map((one) => ({ name: one.name, accuracy: one.value })),
      },
    ],
  };
}

function ofLabels(
  { output, values, width, truth }: OutputScores,
  others: readonly Other[],
): OutputFigures {
  const labels = output.targets[0]!.classes!;
  const yes = (scores: ArrayLike<number>) => Array.from(scores, (score) => Number(score > 0.5));
  const rows = truth.length / width;
  const predicted = yes(values);
  const asked = Array.from(truth);
  const f1 = f1At(asked, predicted, width);
  const { value, low, high } = bootstrap(rows, { f1 }, { resamples: resamplesFor(rows) }).f1;
  const all = Uint32Array.from({ length: rows }, (_, i) => i);
  const known = others.map((other) => ({
    name: other.name,
    value: f1At(asked, yes(other.values), width)(all),
  }));
  const figures = labels.map((name, c) => {
    const [t, p] = [column(truth, width, c), column(predicted, width, c)];
    const positive = t.reduce((sum, one) => sum + one, 0);
    const auc =
      positive > 0 && positive < rows ? rocAucScore(Array.from(t), column(values, width, c)) : null;
    return { name, support: positive, f1: f1Score(Array.from(t), Array.from(p)), auc };
  });
  const exact =
    all.filter((i) => labels.every((_, c) => asked[i * width + c] === predicted[i * width + c]))
      .length / rows;
  const longest = Math.max(5, ...labels.map((name) => name.length));
  return {
    lines: [
      `${'label'.padEnd(longest)}  samples       F1    AUC`,
      ...figures.map(
        ({ name, support, f1: own, auc }) =>
          `${name.padEnd(longest)}  ${String(support).padStart(7)}  ${formatPercent(own, 1).padStart(7)}  ${(auc === null ? '–' : auc.toFixed(3)).padStart(5)}`,
      ),
      `all labels of a row right: ${formatPercent(exact, 1)}`,
    ],
    compared: [{ name: 'F1 of all labels', value, low, high, others: known, format: percent }],
    record: [
      {
        target: output.targets[0]!.name,
        type: 'labels',
        f1Micro: value,
        f1MicroInterval: [low, high],
        exact,
        labels: figures,
        baselines: known.map((one) => ({ name: one.name, f1Micro: one.value })),
      },
    ],
  };
}

/** F1 of all labels' answers together, of the samples at some places; 0 where none is right. */
const f1At =
  (truth: readonly number[], predicted: readonly number[], width: number) =>
  (places: Uint32Array): number => {
    let [right, found, present] = [0, 0, 0];
    for (const row of places) {
      for (let i = row * width; i < (row + 1) * width; i++) {
        right += truth[i]! & predicted[i]!;
        found += predicted[i]!;
        present += truth[i]!;
      }
    }
    return found + present === 0 ? 0 : (2 * right) / (found + present);
  };

/**
 * `test R² 0.478 (95 % interval 0.36–0.57), the mean -0.006, a linear model 0.482`, and whether one of those is better.
 * `end` is added to the last figure.
 */
export function closingLines(figures: readonly OutputFigures[], before = '', end = ''): string[] {
  const all = figures.flatMap(({ compared }) => compared);
  const better = all.flatMap(({ name, value, others, format }) => {
    const best = others.toSorted((a, b) => b.value - a.value)[0];
    return best && best.value > value
      ? [`${best.name} is better: ${name} ${format(best.value)} against ${format(value)}`]
      : [];
  });
  return [
    ...all.map(({ name, value, low, high, others, format }, i) => {
      const interval = Number.isFinite(low)
        ? ` (95 % interval ${format(low)}–${format(high)})`
        : '';
      const known = others.map((other) => `, ${other.name} ${format(other.value)}`).join('');
      return `${before}${name} ${format(value)}${interval}${known}${i === all.length - 1 ? end : ''}`;
    }),
    ...better,
  ];
}
