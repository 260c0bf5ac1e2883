/** The charts of forecasts: series with what was forecast, errors by step, and forecasts against true values. */
import { chartOf, type Chart } from './chart.js';
import { showNumber } from './figures.js';
import { present } from './run-charts.js';
import type { SeriesView } from './series-view.js';

export function seriesCharts({
  horizon,
  isTime,
  xLabel,
  steps,
  views,
  pairs,
  targets = [],
}: SeriesView): Chart[] {
  const isSeveral = targets.length > 1;
  const [model, ...others] = steps;
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  return present([
    ...views.map(({ name, x, truth, forecast }, i) =>
      chartOf(
        {
          id: `forecast-${i}`,
          title: name,
          caption: `The end of the scored part: each forecast is of ${horizon} ${horizon === 1 ? 'row' : 'rows'}, from the rows before it.`,
          xLabel,
          format: 'number',
          ...(isTime ? { isTime } : {}),
        },
        [
          { label: 'true', kind: 'line', tone: 0, points: x.map((at, j) => [at, truth[j]!]) },
          {
            label: 'forecast',
            kind: horizon === 1 ? 'points' : 'line',
            tone: 1,
            points: x.map((at, j) => [at, forecast[j] ?? null]),
          },
        ],
      ),
    ),
    horizon === 1
      ? undefined
      : chartOf(
          {
            id: 'forecast-steps',
            title: 'Error by step',
            caption: `Mean absolute error of each step ahead${isSeveral ? ', in units of each target’s change from a season before (MASE)' : ''}: ${steps.map(({ name, mae }) => `${name} ${showNumber(mean(mae))}`).join(', ')}.`,
            xLabel: 'step ahead',
            format: 'number',
            isFromZero: true,
          },
          [model!, ...others].map(({ name, mae }, i) => ({
            label: name,
            kind: i === 0 ? ('points' as const) : ('line' as const),
            tone: i === 0 ? 1 : i + 1,
            points: mae.map((error, step) => [step + 1, error] as const),
          })),
        ),
    chartOf(
      {
        id: 'forecast-pairs',
        title: isSeveral
          ? `${targets[0]}: forecast against true value`
          : 'Forecast against true value',
        caption: 'On the line a forecast is right; above it is too high.',
        xLabel: 'true value',
        format: 'number',
      },
      [
        {
          label: 'right',
          kind: 'line',
          tone: 0,
          points: pairs.truth.map((value) => [value, value] as const),
        },
        {
          label: 'forecast',
          kind: 'dots',
          tone: 1,
          points: pairs.truth.map((value, i) => [value, pairs.forecast[i]!] as const),
        },
      ],
    ),
  ]);
}
