/** Baselines: predictions so simple that a model which is not better has learned nothing (docs/honest-numbers.md). */
export type { Baseline, BaselineOptions, BaselineTask } from './baseline.js';
export { constant, type ConstantOptions } from './constant-prediction.js';
export { lastValue, seasonal, type NaiveOptions, type SeasonalOptions } from './forecast.js';
export {
  forecastFigures,
  type ForecastComparison,
  type ForecastErrors,
  type ForecastFigures,
} from './forecast-figures.js';
export { linear, type LinearOptions } from './linear-model.js';
