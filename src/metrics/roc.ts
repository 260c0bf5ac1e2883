/** Rank figures of scores: the area under the receiver operating characteristic, and average precision. */
import { checkLists } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';

/**
 * The chance that a positive sample has a higher score than a negative one, equal scores counting half
 * (Mann and Whitney): (R − p(p + 1)/2)/(p·n) of p positive and n negative samples, R the sum of the positive
 * ones' ranks, where equal scores share their mean rank. `isPositive` holds 0 or 1 for each score. NaN if a
 * score is NaN.
 * @throws LanewiseError kind 'argument' if the lists differ in length, or all samples are on one side.
 */
export function rocAucScore(isPositive: ArrayLike<number>, scores: ArrayLike<number>): number {
  checkSides('ROC AUC', isPositive, scores);
  const count = scores.length;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  order.sort((a, b) => scores[a]! - scores[b]!);
  let positives = 0;
  let rankSum = 0;
  for (let first = 0; first < count;) {
    const value = scores[order[first]!]!;
    if (Number.isNaN(value)) return NaN;
    let end = first;
    let positivesHere = 0;
    for (; end < count && scores[order[end]!] === value; end++)
      if (isPositive[order[end]!] === 1) positivesHere++;
    // Ranks count from 1: equal scores have the mean of first + 1 to end.
    rankSum += (positivesHere * (first + 1 + end)) / 2;
    positives += positivesHere;
    first = end;
  }
  const negatives = count - positives;
  if (positives === 0 || negatives === 0) {
    throw new LanewiseError(
      'argument',
      `ROC AUC: ${positives} positive and ${negatives} negative samples, expected some of each`,
    );
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/**
 * Average precision, Σ (Rᵢ − Rᵢ₋₁)·Pᵢ over the thresholds from the highest score down, with precision P and recall R among
 * the scores at or above a threshold. Equal scores are one threshold. NaN if a score is NaN.
 * @throws LanewiseError kind 'argument' if the lists differ in length, or no sample is positive.
 */
export function averagePrecisionScore(
  isPositive: ArrayLike<number>,
  scores: ArrayLike<number>,
): number {
  checkSides('average precision', isPositive, scores);
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i);
  order.sort((a, b) => scores[b]! - scores[a]!);
  let [positives, sum] = [0, 0];
  for (let first = 0; first < order.length;) {
    const value = scores[order[first]!]!;
    if (Number.isNaN(value)) return NaN;
    const before = positives;
    let end = first;
    for (; end < order.length && scores[order[end]!] === value; end++)
      positives += isPositive[order[end]!]!;
    sum += ((positives - before) * positives) / end;
    first = end;
  }
  if (positives > 0) return sum / positives;
  throw new LanewiseError(
    'argument',
    `average precision: none of ${scores.length} samples is positive, expected some`,
  );
}

/** @throws LanewiseError kind 'argument' for lists of unequal lengths, and labels other than 0 and 1. */
function checkSides(
  figure: string,
  isPositive: ArrayLike<number>,
  scores: ArrayLike<number>,
): void {
  checkLists(figure, { isPositive, scores });
  if (isPositive.length !== scores.length) {
    throw new LanewiseError(
      'argument',
      `${figure}: ${isPositive.length} labels and ${scores.length} scores, expected equally many`,
    );
  }
  const wrong = Array.prototype.findIndex.call(isPositive, (side) => side !== 0 && side !== 1);
  if (wrong < 0) return;
  throw new LanewiseError(
    'argument',
    `${figure}: label ${wrong} is ${String(isPositive[wrong])}, expected 0 or 1`,
    'rocAucOneVsRest takes more than two classes',
  );
}

/**
 * The mean over classes of the area of each against all others. `scores` holds a row of `classes` scores for each label.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or a class has no samples: it has no area, and a mean
 * over the others is another figure.
 */
export function rocAucOneVsRest(
  labels: ArrayLike<number>,
  scores: Float32Array,
  classes: number,
): number {
  return oneVsRest('ROC AUC', labels, scores, classes, rocAucScore);
}

/** The mean of a figure over classes, each against all others. */
export function oneVsRest(
  figure: string,
  labels: ArrayLike<number>,
  scores: Float32Array,
  classes: number,
  score: (isClass: Uint8Array, scores: Float32Array) => number,
): number {
  checkLists(figure, { labels, scores });
  const rows = labels.length;
  if (scores.length !== rows * classes) {
    throw new LanewiseError(
      'argument',
      `${figure}: ${scores.length} scores for ${rows} labels, expected ${classes} for each`,
    );
  }
  const column = new Float32Array(rows);
  const isClass = new Uint8Array(rows);
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    for (let i = 0; i < rows; i++) {
      column[i] = scores[i * classes + c]!;
      isClass[i] = labels[i] === c ? 1 : 0;
    }
    if (!isClass.includes(1))
      throw new LanewiseError(
        'argument',
        `${figure}: no sample is of class ${c}, expected some of each`,
      );
    sum += score(isClass, column);
  }
  return sum / classes;
}
