/** Figures of scores that describe distributions, such as those of the loss `quantile`. */
import { intervalReader, widthOfSpread, type Spread } from '../base/spread.js';
import { meanPinballLoss } from './value-metrics.js';

/** The scores of each value, which follow each other, and their meaning. */
interface Described {
  readonly spread: Spread;
  readonly scores: ArrayLike<number>;
}

/** What the scores of each value say: the expected value, and the bounds of its interval. */
export function intervalsOf({ spread, scores }: Described): {
  readonly values: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
} {
  const width = widthOfSpread(spread);
  const read = intervalReader(spread);
  const count = scores.length / width;
  const [values, low, high] = [0, 1, 2].map(() => new Float32Array(count)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < count; i++) {
    const found = read(scores, i * width);
    values[i] = found.value;
    low[i] = found.low;
    high[i] = found.high;
  }
  return { values, low, high };
}

/** The mean over all quantiles of their pinball losses. */
export function meanOfPinballs(targets: ArrayLike<number>, { spread, scores }: Described): number {
  const { quantiles } = spread as Extract<Spread, { quantiles: unknown }>;
  const width = quantiles.length;
  const losses = quantiles.map((share, q) =>
    meanPinballLoss(
      targets,
      Float32Array.from(targets, (_, i) => scores[i * width + q]!),
      share,
    ),
  );
  return losses.reduce((sum, loss) => sum + loss, 0) / width;
}
