/** The window at the end of a series' rows, and the rows that a model's numbers make of what follows. */
import type { Field } from './dataset.js';
import { framesOf } from './series-frames.js';
import type { SeriesFormat } from './series-format.js';
import type { GatheredRows } from './series-rows.js';
import { lastWindows, tableOf, windowFields } from './series-windows.js';
import { timeWriter } from './times.js';

/**
 * A row of the future: its time under the name of its column (without one, its place after the last row from 1, as
 * `step`), its series, and the targets.
 */
export type ForecastRow = Readonly<Record<string, string | number>>;

/** What a model takes to forecast, and its answer as rows. */
export interface WindowsAhead {
  readonly inputs: Readonly<Record<string, Field>>;
  /** The rows of the model's scores, [series, horizon, targets]. */
  rowsOf(scores: ArrayLike<number>): ForecastRow[];
}

/**
 * The last window of each series in the rows. Rows behind the last one with targets hold what is known in advance.
 * @throws LanewiseError kind 'data' for rows that are too few, and as `seriesDataset` does.
 */
export function windowsAhead(rows: GatheredRows, format: SeriesFormat): WindowsAhead {
  const { time, series, targets, known, layout, spacing, missing, window, horizon } = format;
  const { frames } = framesOf(rows, format, {
    ...(layout ? { layout } : {}),
    spacing,
    missing,
    advice: 'fill it in: the model was trained on a series without gaps',
    ahead: known.length > 0 ? 0 : horizon,
  });
  const table = tableOf(frames, format);
  const windows = lastWindows(rows.name, table, format);
  const write = layout && spacing.unit !== 'rows' ? timeWriter(layout) : undefined;
  return {
    inputs: windowFields(rows.name, windows, format, false).inputs,
    rowsOf: (scores) =>
      [...windows.starts].flatMap((start, s) =>
        Array.from({ length: horizon }, (_, h): ForecastRow => {
          const at = (s * horizon + h) * targets.length;
          return {
            ...(series === undefined ? {} : { [series]: table.series[s]!.key }),
            ...(write ? { [time!]: write(table.times[start + window + h]!) } : { step: h + 1 }),
            ...Object.fromEntries(targets.map((name, k) => [name, scores[at + k]!])),
          };
        }),
      ),
  };
}
