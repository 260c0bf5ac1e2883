/** The figures of predictions for rows, beside those of baselines, and the lines and records that show them. */
import { constant } from '../baselines/constant-prediction.js';
import { linear } from '../baselines/linear-model.js';
import type { Baseline } from '../baselines/index.js';
import { LanewiseError } from '../base/errors.js';
import { levelOf } from '../base/spread.js';
import {
  f1Score,
  intervalCoverage,
  meanAbsoluteError,
  meanIntervalWidth,
  regressionReport,
  rocAucScore,
  rootMeanSquaredError,
  type ValueFigures,
} from '../metrics/index.js';
import { meanOver, type FigureAt } from '../metrics/bootstrap.js';
import { predictedClasses } from '../inference/predicted-classes.js';
import {
  AS_PERCENT,
  judge,
  judgedWords,
  judgementRecord,
  verdictOf,
  type Judgement,
  type Question,
  type Shown,
} from './judgement.js';
import type { OutputScores } from './row-scores.js';
import type { TargetRows } from './row-outputs.js';
import { formatFigure, formatPercent } from './terminal.js';

/** A figure beside those of the baselines, with the name by which it is told from others: `R² of price`. */
interface Judged {
  readonly name: string;
  readonly target: string;
  readonly judgement: Judgement;
  readonly shown: Shown;
}

/** The figures of one output. */
export interface OutputFigures {
  /** Tables and sentences; `model` names the predictor. */
  lines(model: string): readonly string[];
  readonly judged: readonly Judged[];
  /** Its fields in the record of `--json`, for each target. */
  readonly record: readonly object[];
}

/** The figures of each output's predictions, beside the baselines of `train`, or of the scored rows' own mean without it. */
export const figuresOfAll = (
  scores: readonly OutputScores[],
  test: TargetRows,
  train: TargetRows | undefined,
): OutputFigures[] =>
  scores.map((one) => {
    const others = baselinesFor(one, train, test);
    const isOnly = scores.length + one.output.targets.length === 2;
    const { type } = one.output;
    if (type === 'number') return ofNumbers(one, others, isOnly);
    return type === 'class' ? ofClasses(one, others, isOnly) : ofLabels(one, others);
  });

/** What a baseline predicts for the test samples. */
interface Other {
  readonly name: string;
  readonly values: Float64Array;
}

function baselinesFor(
  { output }: OutputScores,
  train: TargetRows | undefined,
  test: TargetRows,
): Other[] {
  const options = { target: output.name, binary: output.type === 'labels' };
  const predicted = (baseline: Baseline): Other => ({
    name: baseline.task === 'sides' ? 'always the usual answers' : baseline.name,
    values: baseline.predict(test),
  });
  const simple = predicted(constant(train ?? test, options));
  if (!train) return [simple];
  try {
    return [simple, { ...predicted(linear(train, options)), name: 'a linear model' }];
  } catch (error) {
    // Such as more features than it takes.
    if (error instanceof LanewiseError) return [simple];
    throw error;
  }
}

const column = (values: ArrayLike<number>, width: number, c: number): Float64Array =>
  Float64Array.from({ length: values.length / width }, (_, i) => values[i * width + c]!);

/** R² to three digits, far below 0 as a power of ten. */
const r2Words = (value: number): string =>
  (Math.abs(value) < 1000 ? value.toFixed(3) : value.toExponential(1)).replaceAll('-', '−');

const AS_FIGURE: Shown = { value: r2Words, bare: r2Words, difference: r2Words };

/** An error in the unit of what is predicted. */
const AS_ERROR: Shown = { value: formatFigure, bare: formatFigure, difference: formatFigure };

/** A figure of the model's values and of the baselines', which is better when it is higher unless the question says not. */
const judgeAll = (
  question: Pick<Question, 'name' | 'samples' | 'isShare'> & Partial<Pick<Question, 'better'>>,
  values: ArrayLike<number>,
  others: readonly Other[],
  figure: (values: ArrayLike<number>) => FigureAt,
): Judgement =>
  judge({
    better: 'higher',
    ...question,
    figure: figure(values),
    rivals: others.map((other) => ({ name: other.name, figure: figure(other.values) })),
  });

function ofNumbers(
  { output, values, width, truth, interval, spread }: OutputScores,
  others: readonly Other[],
  isOnly: boolean,
): OutputFigures {
  const names = output.targets.map(({ name }) => name);
  const all = [values, ...others.map((other) => other.values)];
  const rows = truth.length / width;
  const reports = all.map((each) => valueFigures(truth, each, names));
  const judged = names.map((name, c): Judged => {
    const t = column(truth, width, c);
    // Of values that do not vary nothing can be explained.
    const [figure, shown] = t.some((value) => value !== t[0])
      ? (['R²', AS_FIGURE] as const)
      : (['MAE', AS_ERROR] as const);
    const errors = (y: Float64Array) => meanOver(t.map((value, i) => Math.abs(y[i]! - value)));
    return {
      name: isOnly ? figure : `${figure} of ${name}`,
      target: name,
      judgement:
        figure === 'R²'
          ? judgeAll({ name: 'r2', samples: rows }, values, others, (each) =>
              r2At(t, column(each, width, c)),
            )
          : judgeAll({ name: 'mae', samples: rows, better: 'lower' }, values, others, (each) =>
              errors(column(each, width, c)),
            ),
      shown,
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
  return {
    lines: (model) =>
      names.flatMap((name, c) => [
        ...(c > 0 ? [''] : []),
        ...tableOf(
          titleOf(output.targets[c]!),
          reports.map((report, i) => [i === 0 ? model : others[i - 1]!.name, report[c]!]),
        ),
        ...(intervals[c] ? [intervalLine(intervals[c], isOnly ? '' : `, ${name},`)] : []),
      ]),
    judged,
    record: names.map((name, c) => {
      const { name: _, support: __, ...figures } = reports[0]![c]!;
      return {
        target: name,
        type: 'number',
        ...figures,
        ...(intervals[c] ? { intervals: intervals[c] } : {}),
        judgement: judgementRecord(judged[c]!.judgement),
      };
    }),
  };
}

/** The figures of each target's values; R² is not a number where they do not vary, as in a single row. */
function valueFigures(
  truth: ArrayLike<number>,
  values: ArrayLike<number>,
  names: readonly string[],
): Pick<ValueFigures, 'name' | 'support' | 'mae' | 'rmse' | 'r2'>[] {
  const width = names.length;
  const rows = truth.length / width;
  const found = rows > 1 ? regressionReport(truth, values, names).columns : undefined;
  return names.map((name, c) => {
    const t = column(truth, width, c);
    if (found && t.some((value) => value !== t[0])) return found[c]!;
    const y = column(values, width, c);
    return {
      name,
      mae: meanAbsoluteError(t, y),
      rmse: rootMeanSquaredError(t, y),
      r2: NaN,
      support: rows,
    };
  });
}

const titleOf = ({ name, unit }: { readonly name: string; readonly unit?: string }): string =>
  unit === undefined || name.includes(unit) ? name : `${name} (${unit})`;

const intervalLine = (
  { level, coverage, width }: { level: number; coverage: number; width: number },
  of: string,
): string =>
  `intervals of ${formatPercent(level, 0)}${of} hold ${formatPercent(coverage, 1)}, mean width ${formatFigure(width)}`;

/** R² of the samples at some places; not a number where they do not vary. */
const r2At =
  (t: Float64Array, y: Float64Array): FigureAt =>
  (places) => {
    let mean = 0;
    for (const i of places) mean += t[i]!;
    mean /= places.length;
    let [error, all] = [0, 0];
    for (const i of places) {
      error += (y[i]! - t[i]!) ** 2;
      all += (t[i]! - mean) ** 2;
    }
    return all === 0 ? NaN : 1 - error / all;
  };

/** A line for each predictor. */
function tableOf(
  title: string,
  rows: readonly (readonly [string, Pick<ValueFigures, 'mae' | 'rmse' | 'r2'>])[],
): string[] {
  const cells = [
    [title, 'MAE', 'RMSE', 'R²'],
    ...rows.map(([name, { mae, rmse, r2 }]) => [
      name,
      formatFigure(mae),
      formatFigure(rmse),
      Number.isNaN(r2) ? '–' : AS_FIGURE.value(r2),
    ]),
  ];
  const widths = cells[0]!.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)));
  return cells.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]! + 2)))
      .join(''),
  );
}

function ofClasses(
  { output, values, width, truth }: OutputScores,
  others: readonly Other[],
  isOnly: boolean,
): OutputFigures {
  const hits = (scores: ArrayLike<number>): FigureAt =>
    meanOver(
      Array.from(predictedClasses(Float32Array.from(scores), width), (c, i) =>
        Number(c === truth[i]),
      ),
    );
  const { name } = output.targets[0]!;
  const question = { name: 'accuracy', samples: truth.length, isShare: true };
  const judgement = judgeAll(question, values, others, hits);
  return {
    lines: () => [],
    judged: [
      {
        name: isOnly ? 'accuracy' : `accuracy of ${name}`,
        target: name,
        judgement,
        shown: AS_PERCENT,
      },
    ],
    record: [
      {
        target: name,
        type: 'class',
        accuracy: judgement.value,
        judgement: judgementRecord(judgement),
      },
    ],
  };
}

function ofLabels(
  { output, values, width, truth }: OutputScores,
  others: readonly Other[],
): OutputFigures {
  const { name, classes } = output.targets[0]!;
  const yes = (scores: ArrayLike<number>) =>
    Uint8Array.from(scores, (score) => Number(score > 0.5));
  const [asked, predicted] = [yes(truth), yes(values)];
  const rows = truth.length / width;
  const judgement = judgeAll({ name: 'f1Micro', samples: rows }, values, others, (each) =>
    f1At(asked, yes(each), width),
  );
  const labels = classes!.map((label, c) => {
    const [t, p] = [column(asked, width, c), column(predicted, width, c)];
    const support = t.reduce((sum, one) => sum + one, 0);
    const auc = support > 0 && support < rows ? rocAucScore(t, column(values, width, c)) : null;
    return { name: label, support, f1: f1Score(t, p), auc };
  });
  const exact = Array.from({ length: rows }, (_, row) => row * width).filter((from) =>
    classes!.every((_, c) => asked[from + c] === predicted[from + c]),
  ).length;
  return {
    lines: () => [
      ...labelLines(labels),
      `all labels of a row right: ${formatPercent(exact / rows, 1)}`,
    ],
    judged: [{ name: 'F1 of all labels', target: name, judgement, shown: AS_PERCENT }],
    record: [
      {
        target: name,
        type: 'labels',
        f1Micro: judgement.value,
        exact: exact / rows,
        labels,
        judgement: judgementRecord(judgement),
      },
    ],
  };
}

interface LabelFigures {
  readonly name: string;
  readonly support: number;
  readonly f1: number;
  readonly auc: number | null;
}

function labelLines(labels: readonly LabelFigures[]): string[] {
  const longest = Math.max(5, ...labels.map(({ name }) => name.length));
  return [
    `${'label'.padEnd(longest)}  samples       F1    AUC`,
    ...labels.map(
      ({ name, support, f1, auc }) =>
        `${name.padEnd(longest)}  ${String(support).padStart(7)}  ${formatPercent(f1, 1).padStart(7)}  ${(auc === null ? '–' : auc.toFixed(3)).padStart(5)}`,
    ),
  ];
}

/** F1 of all labels' answers together, of the samples at some places; 0 where none is right. */
const f1At =
  (truth: Uint8Array, predicted: Uint8Array, width: number): FigureAt =>
  (places) => {
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

/** `test R² 0.478 (95 % interval 0.363–0.571), the mean −0.006, a linear model 0.482`, a line for each target. */
export const judgedLines = (figures: readonly OutputFigures[], before = ''): string[] =>
  figures
    .flatMap(({ judged }) => judged)
    .map(({ name, judgement, shown }) => `${before}${name} ${judgedWords(judgement, shown)}`);

/** The judgement of the first target as reports hold it, with those of the `others`. */
export function judgementOfAll(figures: readonly OutputFigures[]): object {
  const [first, ...others] = figures
    .flatMap(({ judged }) => judged)
    .map(({ target, judgement }) => ({ of: target, ...judgementRecord(judgement) }));
  if (others.length > 0) return { ...first!, others };
  const { of: _, ...only } = first!;
  return only;
}

/** The sentences on targets for which a baseline is not beaten, or whose lead may be chance. */
export function verdictsOf(figures: readonly OutputFigures[]): string | undefined {
  const all = figures.flatMap(({ judged }) => judged);
  const found = all.flatMap(({ name, judgement, shown }) => {
    const verdict = verdictOf(judgement, shown);
    return verdict === undefined ? [] : [all.length === 1 ? verdict : `${name}: ${verdict}`];
  });
  return found.length === 0 ? undefined : found.join('\n');
}
