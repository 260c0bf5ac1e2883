/** Regression figures from equally many targets and outputs, and perplexity. Sums are double. */
import { checkLists } from '../base/check.js';
import { exp } from '../base/arithmetic.js';
import { LanewiseError } from '../base/errors.js';

type Values = ArrayLike<number>;

function checkPair(figure: string, targets: Values, outputs: Values): void {
  checkLists(figure, { targets, outputs });
  if (targets.length === outputs.length && targets.length > 0) return;
  throw new LanewiseError(
    'argument',
    `${figure}: ${targets.length} targets and ${outputs.length} outputs, expected equally many, one at least`,
  );
}

function meanOf(
  figure: string,
  targets: Values,
  outputs: Values,
  error: (difference: number) => number,
): number {
  checkPair(figure, targets, outputs);
  let sum = 0;
  for (let i = 0; i < targets.length; i++) sum += error(outputs[i]! - targets[i]!);
  return sum / targets.length;
}

/** Mean of (y − t)². @throws LanewiseError kind 'argument' if the lists do not fit. */
export const meanSquaredError = (targets: Values, outputs: Values): number =>
  meanOf('mean squared error', targets, outputs, (d) => d * d);

/** Mean of |y − t|. @throws LanewiseError kind 'argument' if the lists do not fit. */
export const meanAbsoluteError = (targets: Values, outputs: Values): number =>
  meanOf('mean absolute error', targets, outputs, Math.abs);

/** √ of the mean of (y − t)², over all values together. @throws LanewiseError kind 'argument' if the lists do not fit. */
export const rootMeanSquaredError = (targets: Values, outputs: Values): number =>
  Math.sqrt(meanSquaredError(targets, outputs));

/**
 * The coefficient of determination, 1 − Σ(y − t)²/Σ(t − t̄)²: 1 is exact, 0 as good as always the mean t̄. With several
 * values a sample (`columns`) it is the mean over the columns. Where the targets do not vary, it is 1 if the outputs are
 * exact, else 0.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or there are fewer than two samples.
 */
export function r2Score(targets: Values, outputs: Values, columns = 1): number {
  checkPair('R2', targets, outputs);
  const rows = targets.length / columns;
  if (!Number.isInteger(rows) || rows < 2) {
    throw new LanewiseError(
      'argument',
      `R2: ${targets.length} targets in rows of ${columns}, expected two rows at least`,
    );
  }
  let sum = 0;
  for (let c = 0; c < columns; c++) {
    let mean = 0;
    for (let i = c; i < targets.length; i += columns) mean += targets[i]!;
    mean /= rows;
    let error = 0;
    let spread = 0;
    for (let i = c; i < targets.length; i += columns) {
      const [t, d] = [targets[i]!, outputs[i]! - targets[i]!];
      error += d * d;
      spread += (t - mean) * (t - mean);
    }
    sum += spread === 0 ? (error === 0 ? 1 : 0) : 1 - error / spread;
  }
  return sum / columns;
}

/** e to the mean of cross-entropies in nats. @throws LanewiseError kind 'argument' for an empty list. */
export function perplexity(losses: Values): number {
  checkLists('perplexity', { losses });
  if (losses.length === 0) throw new LanewiseError('argument', 'perplexity: there are no losses');
  let sum = 0;
  for (let i = 0; i < losses.length; i++) sum += losses[i]!;
  return exp(sum / losses.length);
}
