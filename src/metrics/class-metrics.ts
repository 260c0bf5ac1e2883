/**
 * Classification figures from the true and the predicted class of each sample, as scikit-learn defines them. A figure
 * that would divide by zero is 0: the precision of a class that is never predicted, the recall of one without samples,
 * the F1 of both.
 */
import { checkLists, checkOptions, oneOf } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/** Figures of one class. */
export interface ClassFigures {
  /** Share of the samples predicted as the class that belong to it. */
  readonly precision: number;
  /** Share of the class's samples that are predicted as it. */
  readonly recall: number;
  /** 2·precision·recall/(precision + recall). */
  readonly f1: number;
  /** Samples of the class. */
  readonly support: number;
}

/**
 * How the classes' figures become one. `macro` is their mean over the classes that occur among labels or predictions;
 * `weighted` is that mean weighted by support; `micro` uses the counts of all classes together (for one class a sample,
 * the accuracy); `binary` is the figure of class 1.
 */
export type Averaging = 'macro' | 'weighted' | 'micro' | 'binary';

/** Options of a score over classes. */
export interface AveragingOptions {
  /** Default `binary`, as in scikit-learn; choose another for more than two classes. */
  readonly average?: Averaging;
}

/** For each class, the samples recognised, those predicted as it, and those that belong to it. */
export interface ClassCounts {
  readonly right: readonly number[];
  readonly predicted: readonly number[];
  readonly support: readonly number[];
}

type Classes = ArrayLike<number>;

/** @throws LanewiseError kind 'argument' unless both hold equally many classes, at least one. */
function checkPair(figure: string, labels: Classes, predictions: Classes): void {
  checkLists(figure, { labels, predictions });
  if (labels.length !== predictions.length || labels.length === 0) {
    throw new LanewiseError(
      'argument',
      `${figure}: ${labels.length} labels and ${predictions.length} predictions, expected equally many, one at least`,
    );
  }
  for (const [what, list] of [
    ['label', labels],
    ['prediction', predictions],
  ] as const) {
    const wrong = Array.prototype.findIndex.call(list, (c) => !Number.isInteger(c) || c < 0);
    if (wrong >= 0) {
      throw new LanewiseError(
        'argument',
        `${figure}: ${what} ${wrong} is ${String(list[wrong])}, expected a class, a whole number of at least 0`,
      );
    }
  }
}

/** Share of right predictions. @throws LanewiseError kind 'argument' if the lists do not fit. */
export function accuracyScore(labels: Classes, predictions: Classes): number {
  checkPair('accuracy', labels, predictions);
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i] === predictions[i]) right++;
  return right / labels.length;
}

/** @throws LanewiseError kind 'argument' if the lists do not fit. */
export function countClasses(figure: string, labels: Classes, predictions: Classes): ClassCounts {
  checkPair(figure, labels, predictions);
  let most = 0;
  for (let i = 0; i < labels.length; i++) most = Math.max(most, labels[i]!, predictions[i]!);
  const zeros = (): number[] => Array.from({ length: most + 1 }, () => 0);
  const counts = { right: zeros(), predicted: zeros(), support: zeros() };
  for (let i = 0; i < labels.length; i++) {
    const [label, prediction] = [labels[i]!, predictions[i]!];
    counts.support[label]!++;
    counts.predicted[prediction]!++;
    if (label === prediction) counts.right[label]!++;
  }
  return counts;
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** F1 is 2·right/(predicted + support), the harmonic mean of precision and recall. */
const figuresOf = (right: number, predicted: number, support: number): ClassFigures => ({
  precision: share(right, predicted),
  recall: share(right, support),
  f1: share(2 * right, predicted + support),
  support,
});

/** Figures of each class. */
export const classFigures = ({ right, predicted, support }: ClassCounts): ClassFigures[] =>
  support.map((count, c) => figuresOf(right[c]!, predicted[c]!, count));

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The classes' figures as one. */
export function averageFigures(counts: ClassCounts, average: Averaging): ClassFigures {
  const { right, predicted, support } = counts;
  const total = sum(support);
  if (average === 'micro') return figuresOf(sum(right), sum(predicted), total);
  if (average === 'binary') {
    if (support.length > 2) {
      throw new LanewiseError(
        'argument',
        `average 'binary' takes classes 0 and 1, found class ${support.length - 1}`,
        "{ average: 'macro' } is the mean over the classes, 'weighted' weighs them by their samples",
      );
    }
    return figuresOf(right[1] ?? 0, predicted[1] ?? 0, support[1] ?? 0);
  }
  oneOf(['macro', 'weighted', 'micro', 'binary'])('metrics', 'average', average);
  const figures = classFigures(counts);
  const weights = support.map((count, c) =>
    average === 'weighted' ? count : count + predicted[c]! > 0 ? 1 : 0,
  );
  const mean = (key: 'precision' | 'recall' | 'f1') =>
    share(sum(figures.map((figure, c) => weights[c]! * figure[key])), sum(weights));
  return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1'), support: total };
}

/* @__NO_SIDE_EFFECTS__ */
const score =
  (key: 'precision' | 'recall' | 'f1') =>
  (labels: Classes, predictions: Classes, options: AveragingOptions = {}): number => {
    const { average = 'binary' } = checkOptions(`${key}Score`, options, { average: true });
    return averageFigures(countClasses(key, labels, predictions), average)[key];
  };

/** Share of right ones among those predicted as a class. @throws LanewiseError kind 'argument' if the lists do not fit. */
export const precisionScore = score('precision');
/** Share of recognised ones among those of a class. @throws LanewiseError kind 'argument' if the lists do not fit. */
export const recallScore = score('recall');
/** The harmonic mean of precision and recall. @throws LanewiseError kind 'argument' if the lists do not fit. */
export const f1Score = score('f1');

/**
 * Share of rows whose label is among the `k` highest scores; of equal scores the higher class comes first, as in
 * scikit-learn. `scores` holds a row for each label, with one score per class.
 * @throws LanewiseError kind 'argument' if they do not fit, or k is not a number of classes.
 */
export function topKAccuracyScore(labels: Classes, scores: Float32Array, k: number): number {
  checkLists('top k', { labels, scores });
  const classes = scores.length / labels.length;
  if (!Number.isInteger(classes) || classes < 1) {
    throw new LanewiseError(
      'argument',
      `top k: ${scores.length} scores for ${labels.length} labels, expected as many for each`,
    );
  }
  if (!Number.isInteger(k) || k < 1 || k > classes) {
    throw new LanewiseError('argument', `top k: k is ${k}, expected 1 to the ${classes} classes`);
  }
  let right = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    const own = scores[i * classes + label];
    if (own === undefined || label >= classes) {
      throw new LanewiseError(
        'argument',
        `top k: label ${label} of row ${i} is not below the ${classes} classes`,
      );
    }
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const other = scores[i * classes + c]!;
      if (other > own || (other === own && c > label)) before++;
    }
    if (before < k && !Number.isNaN(own)) right++;
  }
  return right / labels.length;
}

/** One class's row. */
export interface ReportRow extends ClassFigures {
  readonly name: string;
}

/** Precision, recall and F1 of every class, and their means. */
export interface ClassificationReport {
  readonly classes: readonly ReportRow[];
  readonly accuracy: number;
  readonly macro: ClassFigures;
  readonly weighted: ClassFigures;
}

/**
 * Precision, recall and F1 of every class, and their means.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or a label or prediction is not below the
 * number of `classes`.
 */
export function classificationReport(
  labels: Classes,
  predictions: Classes,
  classes: readonly string[],
): ClassificationReport {
  checkLists('classification report', { labels, predictions, classes });
  const counts = countClasses('classification report', labels, predictions);
  const found = counts.support.length;
  if (found > classes.length) {
    throw new LanewiseError(
      'argument',
      `classification report: there is a class ${found - 1}, expected classes below the ${classes.length} names`,
    );
  }
  const figures = classFigures(counts);
  return {
    classes: classes.map((name, c) => ({ name, ...(figures[c] ?? figuresOf(0, 0, 0)) })),
    accuracy: sum(counts.right) / labels.length,
    macro: averageFigures(counts, 'macro'),
    weighted: averageFigures(counts, 'weighted'),
  };
}
