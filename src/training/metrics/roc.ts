/** The area under the receiver operating characteristic, by ranks. */
import { LanewiseError } from '../../errors.js';

/**
 * The chance that a positive sample has a higher score than a negative one, equal scores counting half
 * (Mann and Whitney): (R − p(p + 1)/2)/(p·n) of p positive and n negative samples, R the sum of the positive
 * ones' ranks, where equal scores share their mean rank. `isPositive` holds 0 or 1 for each score. NaN if a
 * score is NaN.
 * @throws LanewiseError kind 'argument' if the lists differ in length, or all samples are on one side.
 */
export function rocAucScore(isPositive: ArrayLike<number>, scores: ArrayLike<number>): number {
  const count = scores.length;
  if (isPositive.length !== count) {
    throw new LanewiseError(
      'argument',
      `ROC AUC: ${isPositive.length} labels and ${count} scores, expected equally many`,
    );
  }
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
    // Ranks count from 1: those from first + 1 to end, on average.
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
 * The mean over classes of each one's area against all others. `scores` holds a row of `classes` scores for
 * each label. Classes that no sample or every sample is of have no area and do not count.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or all samples are of one class.
 */
export function rocAucOneVsRest(
  labels: ArrayLike<number>,
  scores: Float32Array,
  classes: number,
): number {
  const rows = labels.length;
  if (scores.length !== rows * classes) {
    throw new LanewiseError(
      'argument',
      `ROC AUC: ${scores.length} scores for ${rows} labels, expected ${classes} for each`,
    );
  }
  const column = new Float32Array(rows);
  const isClass = new Uint8Array(rows);
  let sum = 0;
  let counted = 0;
  for (let c = 0; c < classes; c++) {
    let positives = 0;
    for (let i = 0; i < rows; i++) {
      column[i] = scores[i * classes + c]!;
      isClass[i] = labels[i] === c ? 1 : 0;
      positives += isClass[i]!;
    }
    if (positives === 0 || positives === rows) continue;
    sum += rocAucScore(isClass, column);
    counted++;
  }
  if (counted > 0) return sum / counted;
  throw new LanewiseError('argument', 'ROC AUC: all samples are of one class, expected several');
}
