/** Metrics by name: the figures that training evaluates besides the loss. */
import { quote } from '../base/check.js';
import { LanewiseError, show } from '../base/errors.js';
import type { AnyDataset } from '../data/dataset.js';
import type { LossTerm } from '../losses/terms.js';
import { suggest } from '../base/suggest.js';
import {
  averageFigures,
  classFigures,
  countClasses,
  topKAccuracyScore,
  type Averaging,
  type ClassFigures,
} from './class-metrics.js';
import { logLoss } from './log-loss.js';
import type { Spread } from '../base/spread.js';
import { intervalsOf, meanOfPinballs } from './intervals.js';
import { averagePrecisionScore, oneVsRest, rocAucScore } from './roc.js';
import * as values from './value-metrics.js';

/**
 * The task of the first output: to find one of several classes; yes or no, for each of its values (the losses named
 * binary…); or values.
 */
export type Task = 'classes' | 'sides' | 'values';

/**
 * A scored data set. A row is a sample, or one of its positions where each has an answer of its own, such as a word of a
 * text or a pixel of an image.
 */
export interface Scored {
  readonly task: Task;
  /** Rows of `outputs` scores of the model's first output; of a loss of distributions, the values that it expects. */
  readonly scores: Float32Array;
  /** Scores of a row; of a loss of distributions, values of a row. */
  readonly outputs: number;
  /** The true class of each row; for sides, 0 or 1 for each score; empty for values. */
  readonly labels: ArrayLike<number>;
  /** Predictions in the same form: the class with the highest score; 1 where a score is on the positive side. */
  readonly predictions: ArrayLike<number>;
  /** For values, the target of each score; otherwise empty. */
  readonly targets: Float32Array;
  /** For losses of distributions, such as `quantile`, the scores of each value, which follow each other. */
  readonly described?: { readonly spread: Spread; readonly scores: Float32Array };
  /** Whether each value of the rows counts, if some rows count in part. */
  readonly counting?: Uint8Array;
  /** Loss of each sample that weighs more than 0, over all outputs. */
  readonly losses: Float32Array;
  readonly data: AnyDataset;
}

/** What a metric can know before training. */
export interface Subject extends Pick<
  Scored,
  'task' | 'outputs' | 'labels' | 'targets' | 'counting' | 'data'
> {
  readonly terms: readonly LossTerm[];
  /** The kind of the first output's loss. */
  readonly loss: string;
  /** The meaning of its scores, if it is a loss of distributions. */
  readonly spread?: Spread;
}

/** A metric of one's own, for `metrics` in the settings. */
export interface Metric {
  /** Its name in reports and logs. */
  readonly name: string;
  readonly better: 'higher' | 'lower';
  /** Its value. Samples that weigh 0 are left out of `scored`; all others weigh the same. */
  of(scored: Scored): number;
  /** Tasks that it suits; default all. */
  readonly tasks?: readonly Task[];
  /** Whether it uses `counting`; otherwise it is refused where rows count in part. */
  readonly countsParts?: boolean;
  /** The reason why it cannot be computed, known before training; undefined if it can. */
  check?(subject: Subject): string | undefined;
}

const topK = (name: string, k: number): Metric => ({
  name,
  better: 'higher',
  tasks: ['classes'],
  of: ({ labels, scores }) => topKAccuracyScore(labels, scores, k),
  check: ({ outputs }) =>
    k < outputs ? undefined : `with ${outputs} classes the right one is always in the top ${k}`,
});

/** Each side of a sample is a class of its own, which samples belong to or not. */
function sideFigures(
  { labels, predictions, outputs, counting }: Scored,
  average: Averaging,
): ClassFigures {
  const count = (test: (label: number, prediction: number) => boolean): number[] =>
    Array.from({ length: outputs }, (_, column) => {
      let total = 0;
      for (let i = column; i < labels.length; i += outputs)
        if (counting?.[i] !== 0 && test(labels[i]!, predictions[i]!)) total++;
      return total;
    });
  const counts = {
    right: count((label, prediction) => label === 1 && prediction === 1),
    predicted: count((_, prediction) => prediction === 1),
    support: count((label) => label === 1),
  };
  return outputs === 1 ? classFigures(counts)[0]! : averageFigures(counts, average);
}

const figure = (name: string, key: 'precision' | 'recall' | 'f1', average: Averaging): Metric => ({
  name,
  better: 'higher',
  tasks: ['classes', 'sides'],
  countsParts: true,
  of: (scored) =>
    scored.task === 'sides'
      ? sideFigures(scored, average)[key]
      : averageFigures(countClasses(name, scored.labels, scored.predictions), average)[key],
});

/** The values of one column that count. */
const columnOf = (
  all: ArrayLike<number>,
  column: number,
  { outputs, counting }: Pick<Scored, 'outputs' | 'counting'>,
): Float32Array =>
  Float32Array.from({ length: all.length / outputs }, (_, i) => all[i * outputs + column]!).filter(
    (_, i) => counting?.[i * outputs + column] !== 0,
  );

/** The mean over columns of a figure. */
function meanOfColumns(
  scored: Scored,
  truth: ArrayLike<number>,
  of: (truth: Float32Array, scores: Float32Array) => number,
): number {
  const { scores, outputs } = scored;
  let sum = 0;
  for (let c = 0; c < outputs; c++)
    sum += of(columnOf(truth, c, scored), columnOf(scores, c, scored));
  return sum / outputs;
}

/** The mean of a figure over classes, each against the rest, or over sides. */
const ofEach = (
  name: string,
  figure: string,
  of: (isPositive: ArrayLike<number>, scores: ArrayLike<number>) => number,
): Metric => ({
  name,
  better: 'higher',
  tasks: ['classes', 'sides'],
  countsParts: true,
  of(scored) {
    const { task, labels, scores, outputs } = scored;
    return task === 'classes'
      ? oneVsRest(figure, labels, scores, outputs, of)
      : meanOfColumns(scored, labels, of);
  },
  check: (subject) =>
    subject.task === 'classes'
      ? absentClass(subject.labels, subject.outputs, subject.data)
      : oneSided(subject),
});

/** scikit-learn refuses both as well: a mean over the classes present is not the same figure in two data sets. */
function absentClass(
  labels: ArrayLike<number>,
  outputs: number,
  data: AnyDataset,
): string | undefined {
  const found = new Set(Array.from(labels));
  const absent = Array.from({ length: outputs }, (_, c) => c).find((c) => !found.has(c));
  if (absent === undefined) return undefined;
  const names = 'classes' in data && Array.isArray(data.classes) ? data.classes : [];
  const name = absent in names ? ` (${quote(names[absent])})` : '';
  return `no sample is of class ${absent}${name}, expected some of each of the ${outputs} classes`;
}

function oneSided(subject: Subject): string | undefined {
  for (let c = 0; c < subject.outputs; c++) {
    const [first, ...others] = columnOf(subject.labels, c, subject);
    if (others.every((label) => label === first))
      return `value ${c} of the output is ${first === 1 ? 'yes' : 'no'} in every sample, expected some of each`;
  }
  return undefined;
}

/** For losses whose scores are probabilities. */
const logLossMetric: Metric = {
  name: 'logLoss',
  better: 'lower',
  tasks: ['classes', 'sides'],
  countsParts: true,
  of: (scored) =>
    scored.task === 'classes'
      ? logLoss(scored.labels, scored.scores)
      : meanOfColumns(scored, scored.labels, logLoss),
  check: ({ loss, task }) =>
    (task === 'sides' ? /^binaryCrossEntropy/ : /^(crossEntropy|klDivergence)$/).test(loss)
      ? undefined
      : `scores are not probabilities with the loss ${loss}`,
};

const ofValues = (
  name: string,
  better: Metric['better'],
  of: (targets: Float32Array, outputs: Float32Array) => number,
): Metric => ({
  name,
  better,
  tasks: ['values'],
  countsParts: true,
  of({ targets, scores, counting }) {
    if (!counting) return of(targets, scores);
    const counts = (_: number, i: number) => counting[i] === 1;
    return of(targets.filter(counts), scores.filter(counts));
  },
});

const r2: Metric = {
  name: 'r2',
  better: 'higher',
  tasks: ['values'],
  countsParts: true,
  of: (scored) => meanOfColumns(scored, scored.targets, values.r2Score),
  check(subject) {
    for (let c = 0; c < subject.outputs; c++)
      if (columnOf(subject.targets, c, subject).length < 2)
        return `it needs two samples at least${subject.counting ? ` that count, of value ${c} too` : ''}`;
    return undefined;
  },
};

/** A figure of the interval that a loss of distributions gives for each value. */
const ofIntervals = (
  name: string,
  better: Metric['better'],
  of: (targets: Float32Array, scored: Scored) => number,
): Metric => ({
  name,
  better,
  tasks: ['values'],
  of: (scored) => of(scored.targets, scored),
  check: ({ spread, loss }) =>
    spread
      ? 'quantiles' in spread && spread.quantiles.length === 1
        ? 'a single quantile has no interval'
        : undefined
      : `the loss ${loss} gives a value and no interval, expected quantile or gaussian`,
});

const pinball: Metric = {
  name: 'pinball',
  better: 'lower',
  tasks: ['values'],
  of: ({ targets, described }) => meanOfPinballs(targets, described!),
  check: ({ spread, loss }) =>
    spread && 'quantiles' in spread
      ? undefined
      : `the loss ${loss} gives no quantiles, expected the loss quantile`,
};

const mape: Metric = {
  ...ofValues('mape', 'lower', values.meanAbsolutePercentageError),
  check: ({ targets, counting }) =>
    targets.some((t, i) => t === 0 && counting?.[i] !== 0)
      ? 'a target is 0, of which no error is a share'
      : undefined,
};

/** Refused unless the losses are the cross-entropies that it is made of. */
const perplexity: Metric = {
  name: 'perplexity',
  better: 'lower',
  tasks: ['classes'],
  of: ({ losses }) => values.perplexity(losses),
  check({ terms }) {
    const [term] = terms;
    const { labelSmoothing, classWeights } = term!.loss.settings;
    const isPlain =
      terms.length === 1 &&
      term!.weight === 1 &&
      term!.loss.kind === 'crossEntropy' &&
      !labelSmoothing &&
      classWeights === undefined;
    return isPlain
      ? undefined
      : 'the loss is not crossEntropy alone, without labelSmoothing and classWeights';
  },
};

const averagings = { '': 'macro', Weighted: 'weighted', Micro: 'micro' } as const;

const byName: Readonly<Record<string, Metric>> = Object.fromEntries(
  [
    ...(['precision', 'recall', 'f1'] as const).flatMap((key) =>
      Object.entries(averagings).map(([suffix, average]) => figure(key + suffix, key, average)),
    ),
    ofEach('auc', 'ROC AUC', rocAucScore),
    ofEach('averagePrecision', 'average precision', averagePrecisionScore),
    logLossMetric,
    ofValues('mse', 'lower', values.meanSquaredError),
    ofValues('mae', 'lower', values.meanAbsoluteError),
    ofValues('rmse', 'lower', values.rootMeanSquaredError),
    r2,
    ofValues('medianAe', 'lower', values.medianAbsoluteError),
    mape,
    pinball,
    ofIntervals('coverage', 'higher', (targets, { described }) => {
      const { low, high } = intervalsOf(described!);
      return values.intervalCoverage(targets, low, high);
    }),
    ofIntervals('intervalWidth', 'lower', (_, { described }) => {
      const { low, high } = intervalsOf(described!);
      return values.meanIntervalWidth(low, high);
    }),
    perplexity,
  ].map((metric) => [metric.name, metric]),
);

/** The metrics that training knows by name (docs/metrics.md). */
export type MetricName =
  | `top${number}`
  | `${'precision' | 'recall' | 'f1'}${keyof typeof averagings}`
  | 'auc'
  | 'averagePrecision'
  | 'logLoss'
  | 'mse'
  | 'mae'
  | 'rmse'
  | 'r2'
  | 'medianAe'
  | 'mape'
  | 'pinball'
  | 'coverage'
  | 'intervalWidth'
  | 'perplexity';

/** Names that `metricFor` takes, for messages and help. */
export const metricNames: readonly string[] = [...Object.keys(byName), 'top5 (any number)'];

/**
 * The metric that a setting refers to.
 * @throws LanewiseError kind 'argument' for an unknown name, or anything that is not a metric.
 */
export function metricFor(metric: MetricName | Metric): Metric {
  if (typeof metric !== 'string') {
    const isMetric = typeof metric?.of === 'function' && typeof metric.name === 'string';
    if (isMetric && (metric.better === 'higher' || metric.better === 'lower')) return metric;
    throw new LanewiseError(
      'argument',
      `metric is ${show(metric)}, expected a name or an object with name, better ('higher' or 'lower') and of`,
    );
  }
  if (Object.hasOwn(byName, metric)) return byName[metric]!;
  const top = /^top([1-9]\d{0,5})$/.exec(metric);
  if (top) return topK(metric, Number(top[1]));
  throw new LanewiseError(
    'argument',
    `unknown metric '${String(metric)}', expected one of ${metricNames.join(', ')}`,
    metric.startsWith('acc')
      ? 'on validation data it is valAccuracy, without being asked for'
      : suggest(metric, Object.keys(byName)),
  );
}
