/** The figures of two classes, of which the second is what is looked for: `yes` of `no` and `yes`. */
import type { LabelledDataset } from '../data/dataset.js';
import { rocAucScore } from '../metrics/roc.js';
import type { ClassificationSummary } from '../metrics/summary.js';
import { formatPercent } from './terminal.js';

export interface TwoClasses {
  /** The class that is looked for. */
  readonly positive: string;
  /** Area under the ROC curve; absent if the samples are all of one class. */
  readonly auc?: number;
  readonly precision: number;
  readonly recall: number;
}

/** Undefined unless the model and the data have the same two classes. */
export function twoClassesOf(
  { labels, classes }: LabelledDataset,
  { predictions, scores }: Pick<ClassificationSummary, 'predictions' | 'scores'>,
): TwoClasses | undefined {
  const known = Array.from(labels, (_, i) => i).filter((i) => labels[i]! >= 0);
  if (classes.length !== 2 || scores.length !== 2 * labels.length || known.length === 0)
    return undefined;
  const truth = known.map((i) => labels[i]!);
  const [right, found, present] = [
    known.filter((i) => labels[i] === 1 && predictions[i] === 1).length,
    known.filter((i) => predictions[i] === 1).length,
    truth.filter((label) => label === 1).length,
  ];
  const leads = known.map((i) => scores[2 * i + 1]! - scores[2 * i]!);
  const hasBoth = present > 0 && present < known.length;
  return {
    positive: classes[1]!,
    ...(hasBoth ? { auc: rocAucScore(truth, leads) } : {}),
    precision: found === 0 ? 0 : right / found,
    recall: present === 0 ? 0 : right / present,
  };
}

/** `AUC 0.995, of 'malignant' precision 97.22 %, recall 95.12 %`, for a line of figures. */
export function twoClassesWords(figures: TwoClasses | undefined): string[] {
  if (!figures) return [];
  const { positive, auc, precision, recall } = figures;
  return [
    ...(auc === undefined ? [] : [`AUC ${auc.toFixed(3)}`]),
    `of '${positive}' precision ${formatPercent(precision)}`,
    `recall ${formatPercent(recall)}`,
  ];
}
