/** Forecasts: the rows that follow those of a series. */
import { LanewiseError } from '../base/errors.js';
import { windowsAhead, type ForecastRow } from '../data/series-ahead.js';
import { gatherRows, type GatheredRows, type SeriesRows } from '../data/series-rows.js';
import type { SeriesFormat } from '../data/series-format.js';
import { checkTrained } from './check-weights.js';
import type { TrainedModel } from './trained-model.js';

/**
 * The next rows of a series, as many as the model's horizon, from its last ones, at least a window of them; of several
 * series one after another. Rows are objects, or columns by name, in the units of training. For a model with columns
 * that are known in advance, rows with their values and without targets follow.
 * @throws LanewiseError kind 'argument' for a model that was not trained on windows of `seriesDataset`; kind 'data' as
 * `seriesDataset` does, for fewer rows than a window, and for rows at other distances than those of training.
 */
export async function forecast(trained: TrainedModel, rows: SeriesRows): Promise<ForecastRow[]> {
  checkTrained('forecast', trained);
  return forecastGathered(trained, gatherRows(rows, seriesOf(trained)));
}

/** The description of the series. @throws LanewiseError kind 'argument' if the model has none. */
export function seriesOf({ series }: Pick<TrainedModel, 'series'>): SeriesFormat {
  if (series) return series;
  throw new LanewiseError(
    'argument',
    'forecast: the model was not trained on a series, or its file does not say so',
    'seriesDataset and csvSeries make windows that the model remembers; predict takes other samples',
  );
}

/** As `forecast`, of rows from anywhere. */
export async function forecastGathered(
  trained: TrainedModel,
  rows: GatheredRows,
): Promise<ForecastRow[]> {
  const { inputs, rowsOf } = windowsAhead(rows, seriesOf(trained));
  const { scores } = await trained.predict(inputs);
  return rowsOf(scores);
}
