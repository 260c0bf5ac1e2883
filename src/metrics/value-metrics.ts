/** Regression figures from equally many targets and outputs, and perplexity. Sums are double. */
import { checkLists, numberAbove } from '../base/check.js';
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
 * Median of |y − t|, which single large errors do not move; the mean of the two in the middle of an even number.
 * @throws LanewiseError kind 'argument' if the lists do not fit.
 */
export function medianAbsoluteError(targets: Values, outputs: Values): number {
  checkPair('median absolute error', targets, outputs);
  const errors = Float64Array.from(targets, (t, i) => Math.abs(outputs[i]! - t)).toSorted();
  const middle = errors.length >> 1;
  return errors.length % 2 ? errors[middle]! : (errors[middle - 1]! + errors[middle]!) / 2;
}

/**
 * Mean of |y − t|/|t|, a share: 0.1 is an error of 10 %. It makes sense for targets that are all above 0 and count from
 * there, such as prices.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or a target is 0.
 */
export function meanAbsolutePercentageError(targets: Values, outputs: Values): number {
  checkPair('mean absolute percentage error', targets, outputs);
  let sum = 0;
  for (let i = 0; i < targets.length; i++) {
    if (targets[i] === 0) {
      throw new LanewiseError(
        'argument',
        `mean absolute percentage error: target ${i} is 0, of which no error is a share`,
        'meanAbsoluteError is in the unit of the targets',
      );
    }
    sum += Math.abs((outputs[i]! - targets[i]!) / targets[i]!);
  }
  return sum / targets.length;
}

/**
 * Mean of max(τ·d, (τ − 1)·d), d = t − y: how far outputs are from the quantile τ of what they predict; of the median it
 * is half the mean absolute error.
 * @throws LanewiseError kind 'argument' if the lists do not fit, or τ is not between 0 and 1.
 */
export function meanPinballLoss(targets: Values, outputs: Values, quantile: number): number {
  isShare('pinball loss', 'quantile', quantile);
  return meanOf('pinball loss', targets, outputs, (d) =>
    Math.max(-quantile * d, (1 - quantile) * d),
  );
}

const isShare = /* @__PURE__ */ numberAbove(0, 1 - 2 ** -24);

/**
 * Share of the targets that lie from `low` to `high`, both included. An interval of 90 % should hold 0.9 of them.
 * @throws LanewiseError kind 'argument' if the lists do not fit.
 */
export function intervalCoverage(targets: Values, low: Values, high: Values): number {
  checkPair('interval coverage', targets, low);
  checkPair('interval coverage', targets, high);
  let held = 0;
  for (let i = 0; i < targets.length; i++)
    if (targets[i]! >= low[i]! && targets[i]! <= high[i]!) held++;
  return held / targets.length;
}

/** Mean of high − low. @throws LanewiseError kind 'argument' if the lists do not fit. */
export const meanIntervalWidth = (low: Values, high: Values): number =>
  meanOf('interval width', low, high, (d) => d);

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
