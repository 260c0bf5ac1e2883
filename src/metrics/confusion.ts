/** The confusion matrix: counts of samples by true and predicted class. */
import { checkObject, isList, refuse, wholeFrom } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/** How often samples of each class were predicted as each class. */
export interface ConfusionMatrix {
  readonly classes: readonly string[];
  /** counts[truth][predicted], classes × classes. */
  readonly counts: readonly (readonly number[])[];
}

/** A class that was mistaken for another, and how often. */
export interface Confusion {
  readonly truth: string;
  readonly predicted: string;
  readonly count: number;
}

/**
 * Counts samples by `labels` and `predictions`, two equally long lists of indices; labels index `classes`. A model may know
 * more classes than the data has, whose predictions are shown by number.
 * @throws LanewiseError kind 'argument' if the lists differ in length or a label is not in `classes`.
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: readonly string[],
): ConfusionMatrix {
  for (const [name, list] of Object.entries({ labels, predictions, classes })) {
    if (!isList(list)) refuse('confusionMatrix', name, list, 'a list');
  }
  if (labels.length !== predictions.length) {
    throw new LanewiseError(
      'argument',
      `confusion matrix: ${labels.length} labels and ${predictions.length} predictions`,
    );
  }
  const most = Array.from(predictions).reduce((a, b) => Math.max(a, b), 0);
  const all = [...classes];
  while (all.length <= most) all.push(String(all.length));
  const counts = all.map(() => all.map(() => 0));
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isInteger(label) && label >= 0 && label < classes.length)) {
      throw new LanewiseError(
        'argument',
        `confusion matrix: label ${label} of sample ${i} is not one of the ${classes.length} classes`,
      );
    }
    const prediction = predictions[i]!;
    if (!(Number.isInteger(prediction) && prediction >= 0)) {
      throw new LanewiseError(
        'argument',
        `confusion matrix: prediction ${prediction} of sample ${i}, expected a class index`,
      );
    }
    counts[label]![prediction]!++;
  }
  return { classes: all, counts };
}

/** The `n` most frequent mistakes, most frequent first; ties are in the order of the classes. */
export function mostConfused(matrix: ConfusionMatrix, n: number): Confusion[] {
  checkObject('mostConfused', matrix, ['classes', 'counts']);
  const { classes, counts } = matrix;
  if (!isList(classes) || !isList(counts))
    refuse('mostConfused', 'matrix', matrix, 'one made by confusionMatrix');
  wholeFrom(0)('mostConfused', 'n', n);
  return counts
    .flatMap((row, t) =>
      row.map((count, p) => ({
        truth: classes[t]!,
        predicted: classes[p]!,
        count,
        wrong: t !== p,
      })),
    )
    .filter(({ count, wrong }) => wrong && count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, n)
    .map(({ truth, predicted, count }) => ({ truth, predicted, count }));
}

/** Share of each class's samples that were recognised; NaN for a class without samples. */
export const perClassAccuracy = ({ counts }: ConfusionMatrix): number[] =>
  counts.map((row, t) => row[t]! / row.reduce((sum, count) => sum + count, 0));
