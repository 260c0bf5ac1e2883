/** A report's view of forecasts: the end of each series with what was forecast, and errors step by step. */
import { double, fields, listed, orNull, string } from '../../base/check-json.js';
import { flag } from '../../base/check.js';
import { forecastFigures } from '../../baselines/forecast-figures.js';
import { datasetOf } from '../../data/forms.js';
import type { Samples } from '../../data/samples.js';
import type { IndexedDataset } from '../../data/dataset.js';
import type { SeriesWindows } from '../../data/series-windows.js';

/** The errors of one way to forecast, for each step of the horizon; of several targets in units of MASE. */
export interface StepErrors {
  readonly name: string;
  readonly mae: readonly number[];
}

/** A target of a series over the end of the scored part. */
export interface ForecastView {
  readonly name: string;
  /** Seconds since 1970, or numbers. */
  readonly x: readonly number[];
  readonly truth: readonly number[];
  /** The forecasts of windows side by side, each for the whole horizon; null where there is none. */
  readonly forecast: readonly (number | null)[];
}

/** Forecasts as a report shows them. */
export interface SeriesView {
  readonly horizon: number;
  /** Whether x is a time. */
  readonly isTime: boolean;
  /** What x is called: the column of times, or `row`. */
  readonly xLabel: string;
  /** The columns that are forecast; files of one target may leave it out. */
  readonly targets?: readonly string[];
  /** The model first, then the baselines. */
  readonly steps: readonly StepErrors[];
  readonly views: readonly ForecastView[];
  /** True values and forecasts of some windows, for the first target. */
  readonly pairs: { readonly truth: readonly number[]; readonly forecast: readonly number[] };
}

/** How a file's view is read. */
export const SERIES_VIEW = fields({
  horizon: double,
  isTime: flag,
  xLabel: string,
  'targets?': listed(string),
  steps: listed(fields({ name: string, mae: listed(double) })),
  views: listed(
    fields({
      name: string,
      x: listed(double),
      truth: listed(double),
      forecast: listed(orNull(double, null)),
    }),
  ),
  pairs: fields({ truth: listed(double), forecast: listed(double) }),
});

/** Most rows and charts, and most points of true values against forecasts. */
const MAX_ROWS = 240;
const MAX_VIEWS = 6;
const MAX_PAIRS = 1500;

/** The view of the scores of windows, [windows, horizon, targets]; undefined for other samples. */
export function seriesViewOf(samples: Samples, scores: ArrayLike<number>): SeriesView | undefined {
  const { series, windows } = samples;
  if (!series || !windows || windows.starts.length === 0) return undefined;
  const { horizon, targets, time, layout } = series;
  const { model, baselines } = forecastFigures(datasetOf(samples) as IndexedDataset, scores);
  const isTime = layout !== undefined && layout !== 'number';
  const unit = targets.length > 1 && !Number.isNaN(model.mase) ? 'mase' : 'mae';
  const views = windows.table.series.flatMap(({ key, first }, s) =>
    targets.map((target, k): ForecastView | undefined => {
      const next = windows.table.series[s + 1]?.first ?? Infinity;
      const own = [...windows.starts.keys()].filter((i) => {
        const start = windows.starts[i]!;
        return start >= first && start < next;
      });
      const name = key === '' ? target : `${key}: ${target}`;
      return viewOf(name, windows, scores, own, { ...series, k, isTime });
    }),
  );
  return {
    horizon,
    isTime,
    xLabel: time ?? 'row',
    targets,
    steps: [model, ...baselines].map(({ name, steps }) => ({
      name,
      mae: steps.map((one) => one[unit]),
    })),
    views: views.filter((view) => view !== undefined).slice(0, MAX_VIEWS),
    pairs: pairsOf(windows, scores, series),
  };
}

interface Place {
  readonly window: number;
  readonly horizon: number;
  readonly targets: readonly string[];
  readonly k: number;
  readonly isTime: boolean;
}

/** The last rows of one series, with the forecasts of windows that follow each other without an overlap. */
function viewOf(
  name: string,
  { table, starts }: SeriesWindows,
  scores: ArrayLike<number>,
  own: readonly number[],
  { window, horizon, targets, k, isTime }: Place,
): ForecastView | undefined {
  const last = own.at(-1);
  if (last === undefined) return undefined;
  const end = starts[last]! + window + horizon;
  const begin = Math.max(starts[own[0]!]! + window, end - Math.max(MAX_ROWS, horizon));
  const lead = Math.min(horizon, begin - starts[own[0]!]!);
  const rows = Array.from({ length: end - begin + lead }, (_, i) => begin - lead + i);
  const forecast = new Map<number, number>();
  // From the last window back, so that the newest rows have a forecast.
  let until = end;
  for (const i of own.toReversed()) {
    const from = starts[i]! + window;
    if (from + horizon > until || from < begin) continue;
    for (let h = 0; h < horizon; h++)
      forecast.set(from + h, scores[(i * horizon + h) * targets.length + k]!);
    until = from;
  }
  return {
    name,
    x: rows.map((row) => (isTime ? table.times[row]! / 1000 : table.times[row]!)),
    truth: rows.map((row) => table.values[row * table.width + k]!),
    forecast: rows.map((row) => forecast.get(row) ?? null),
  };
}

function pairsOf(
  { table, starts }: SeriesWindows,
  scores: ArrayLike<number>,
  { window, horizon, targets }: Pick<Place, 'window' | 'horizon' | 'targets'>,
): SeriesView['pairs'] {
  const count = starts.length * horizon;
  const every = Math.max(1, Math.ceil(count / MAX_PAIRS));
  const places = Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
  return {
    truth: places.map((place) => {
      const row = starts[Math.floor(place / horizon)]! + window + (place % horizon);
      return table.values[row * table.width]!;
    }),
    forecast: places.map((place) => scores[place * targets.length]!),
  };
}
