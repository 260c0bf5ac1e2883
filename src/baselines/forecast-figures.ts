/**
 * Forecasts of series beside the two that need no training: the last value, and the value a season before. A model that is
 * not better than both has learned nothing of use.
 */
import { checkLists, refuse } from '../base/check.js';
import { LanewiseError } from '../base/errors.js';
import type { IndexedDataset } from '../data/dataset.js';
import { samplesOf } from '../data/forms.js';
import type { SeriesFormat } from '../data/series-format.js';
import { firstRowOf } from '../data/series-parts.js';
import type { SeriesWindows } from '../data/series-windows.js';
import { seasonInWords } from '../data/spacing.js';

/** Errors of a forecast. */
export interface ForecastErrors {
  /** Mean |y − t| in the target's unit. */
  readonly mae: number;
  /** √ mean (y − t)². */
  readonly rmse: number;
  /**
   * The mean error in units of the change from one season to the next in the training data (Hyndman & Koehler 2006,
   * "Another look at measures of forecast accuracy"); NaN where that is 0 or unknown.
   */
  readonly mase: number;
}

/** The errors of one way to forecast. */
export interface ForecastFigures extends ForecastErrors {
  /** `the model`, `the last value`, `the value a day before` */
  readonly name: string;
  /** For each step of the horizon, over all targets. */
  readonly steps: readonly ForecastErrors[];
  /** For each target, over all steps. */
  readonly targets: readonly ForecastErrors[];
  /** Of each window: the mean error over its steps, in the unit of a single target; of several targets in units of MASE. */
  readonly windows: Float64Array;
}

/** A model's forecasts compared. */
export interface ForecastComparison {
  readonly model: ForecastFigures;
  readonly baselines: readonly ForecastFigures[];
}

/** The value of the target `k` at a row of the table. */
type ForecastOf = (window: number, step: number, target: number) => number;

/**
 * The errors of a model's scores, [windows, horizon, targets], and those of the last value and, if there is a season, of
 * the value a season before, on the same windows. Of a window whose past does not reach back a season, the first value
 * that there is takes its place.
 * @throws LanewiseError kind 'data' for samples that are no windows of a series; kind 'argument' for a number of scores that
 * is not theirs.
 */
export function forecastFigures(
  data: IndexedDataset,
  scores: ArrayLike<number>,
): ForecastComparison {
  checkLists('forecastFigures', { scores });
  const { series, windows, name } = samplesOf(data);
  if (!series || !windows)
    throw new LanewiseError(
      'data',
      `forecastFigures: '${name}' has no windows of a series, expected those of seriesDataset`,
    );
  const { horizon, targets, season, window } = series;
  const count = windows.starts.length * horizon * targets.length;
  if (scores.length !== count)
    refuse('forecastFigures', 'scores', scores, `${count} numbers, those of all windows`);
  const { values, width } = windows.table;
  const at = (row: number, k: number) => values[row * width + k]!;
  const seasonBefore: ForecastOf = (i, h, k) => {
    const next = windows.starts[i]! + window;
    const row = next + (h % season) - season;
    return at(Math.max(row, firstRowOf(windows.table, next - 1)), k);
  };
  return {
    model: figuresOf(
      'the model',
      series,
      windows,
      (i, h, k) => scores[(i * horizon + h) * targets.length + k]!,
    ),
    baselines: [
      figuresOf('the last value', series, windows, (i, _, k) =>
        at(windows.starts[i]! + window - 1, k),
      ),
      ...(season > 1
        ? [
            figuresOf(
              `the value ${seasonInWords(season, series.spacing)}`,
              series,
              windows,
              seasonBefore,
            ),
          ]
        : []),
    ],
  };
}

/** Sums of errors. */
interface Sums {
  count: number;
  absolute: number;
  squared: number;
  scaled: number;
}

const noSums = (): Sums => ({ count: 0, absolute: 0, squared: 0, scaled: 0 });

function figuresOf(
  name: string,
  { horizon, targets, window, scale }: SeriesFormat,
  { table, starts }: SeriesWindows,
  forecast: ForecastOf,
): ForecastFigures {
  const all = noSums();
  const bySteps = Array.from({ length: horizon }, noSums);
  const byTargets = targets.map(noSums);
  const ofWindows = new Float64Array(starts.length);
  for (let i = 0; i < starts.length; i++)
    for (let h = 0; h < horizon; h++)
      for (let k = 0; k < targets.length; k++) {
        const truth = table.values[(starts[i]! + window + h) * table.width + k]!;
        const error = Math.abs(forecast(i, h, k) - truth);
        const scaled = error / (scale?.[k] || NaN);
        for (const sums of [all, bySteps[h]!, byTargets[k]!]) {
          sums.count++;
          sums.absolute += error;
          sums.squared += error * error;
          sums.scaled += scaled;
        }
        ofWindows[i]! += (targets.length === 1 ? error : scaled) / (horizon * targets.length);
      }
  return {
    name,
    ...errorsOf(all),
    steps: bySteps.map(errorsOf),
    targets: byTargets.map(errorsOf),
    windows: ofWindows,
  };
}

const errorsOf = ({ count, absolute, squared, scaled }: Sums): ForecastErrors => ({
  mae: absolute / count,
  rmse: Math.sqrt(squared / count),
  mase: scaled / count,
});
