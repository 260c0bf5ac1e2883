/** The cross-entropy of given probabilities, as scikit-learn's log_loss. */
import { checkLists } from '../base/check.js';
import { log } from '../base/arithmetic.js';
import { LanewiseError } from '../base/errors.js';

/**
 * Mean of −log p of the right class. `probabilities` holds a row of one per class for each label or, for two classes, those
 * of class 1 alone. None counts as less than the rounding of its numbers: 2⁻²³ in a Float32Array, else 2⁻⁵².
 * @throws LanewiseError kind 'argument' if the lists do not fit, a value is not a probability or a row does not sum to 1.
 */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const refuse = (why: string) => new LanewiseError('argument', `log loss: ${why}`);
  checkLists('log loss', { labels, probabilities });
  const classes = probabilities.length / labels.length;
  if (!Number.isInteger(classes) || classes < 1)
    throw refuse(
      `${probabilities.length} probabilities for ${labels.length} labels, expected as many for each`,
    );
  const wrong = Array.prototype.findIndex.call(probabilities, (p) => !(p >= 0 && p <= 1));
  if (wrong >= 0)
    throw refuse(`probability ${wrong} is ${String(probabilities[wrong])}, expected 0 to 1`);
  const least = probabilities instanceof Float32Array ? 2 ** -23 : 2 ** -52;
  const most = Math.max(2, classes);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= most)
      throw refuse(`label ${i} is ${label}, expected a class below ${most}`);
    let p = probabilities[i * classes + (classes > 1 ? label : 0)]!;
    if (classes === 1 && label === 0) p = 1 - p;
    if (classes > 1) {
      let total = 0;
      for (let c = 0; c < classes; c++) total += probabilities[i * classes + c]!;
      if (Math.abs(total - 1) > 1e-3)
        throw refuse(`the probabilities of row ${i} sum to ${total}, expected 1`);
    }
    sum -= log(Math.min(Math.max(p, least), 1 - least));
  }
  return sum / labels.length;
}
