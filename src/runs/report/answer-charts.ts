/** Pictures of a model's answers: predicted against true values, residuals, intervals, calibration. */
import type { Chart, Series } from './chart.js';
import type { Evaluation, ValuesSeen } from './evaluation.js';
import { showNumber, showPercent } from './figures.js';

const TRUTH = 1;
const IDEAL = 3;

/** The charts of an evaluation, those of each value side by side. */
export function answerCharts({ values = [], calibration }: Evaluation): Chart[] {
  return [
    ...values.flatMap((one, i) => [against(one, i), residuals(one, i), ...intervals(one, i)]),
    ...(calibration && calibration.bins.length > 1 ? [calibrated(calibration)] : []),
  ];
}

type Point = readonly [x: number, ...ys: number[]];

/** A chart of points that are in no order, each with a y for each series. */
function scatter(
  frame: Omit<Chart, 'x' | 'series'>,
  points: readonly Point[],
  series: readonly Omit<Series, 'values'>[],
): Chart {
  const sorted = points.toSorted(([a], [b]) => a - b);
  return {
    ...frame,
    x: sorted.map(([x]) => x),
    series: series.map((one, s) => ({ ...one, values: sorted.map((point) => point[s + 1]!) })),
  };
}

function against({ name, truths, values, r2, rmse }: ValuesSeen, i: number): Chart {
  return scatter(
    {
      id: `against-${i}`,
      title: `${name}: predicted against true`,
      caption: `R² ${showNumber(r2)}, RMSE ${showNumber(rmse)}. A point on the line is exact.`,
      xLabel: 'true',
      format: 'number',
    },
    truths.map((truth, at) => [truth, values[at]!, truth]),
    [
      { label: 'predicted', kind: 'dots', tone: 0 },
      { label: 'exact', kind: 'line', tone: IDEAL },
    ],
  );
}

function residuals({ name, truths, values, mae }: ValuesSeen, i: number): Chart {
  return scatter(
    {
      id: `residuals-${i}`,
      title: `${name}: residuals`,
      caption: `Predicted less true; their mean size is ${showNumber(mae)}. A pattern is something that the model has not learned.`,
      xLabel: 'predicted',
      format: 'number',
    },
    values.map((value, at) => [value, value - truths[at]!, 0]),
    [
      { label: 'predicted − true', kind: 'dots', tone: 0 },
      { label: 'none', kind: 'line', tone: IDEAL },
    ],
  );
}

function intervals({ name, truths, values, interval }: ValuesSeen, i: number): Chart[] {
  if (!interval) return [];
  const { level, covered, low, high } = interval;
  const order = Array.from(values.keys()).toSorted((a, b) => values[a]! - values[b]!);
  return [
    scatter(
      {
        id: `intervals-${i}`,
        title: `${name}: intervals`,
        caption: `Intervals that are meant to hold ${showPercent(level, 0)} of the true values hold ${showPercent(covered, 1)}.`,
        xLabel: 'samples by their prediction',
        format: 'number',
      },
      order.map((at, place) => [place, values[at]!, low[at]!, high[at]!, truths[at]!]),
      [
        { label: 'predicted', kind: 'line', tone: 0 },
        { label: 'low', kind: 'faint', tone: 0 },
        { label: 'high', kind: 'faint', tone: 0 },
        { label: 'true', kind: 'dots', tone: TRUTH },
      ],
    ),
  ];
}

function calibrated({ bins, error }: NonNullable<Evaluation['calibration']>): Chart {
  return scatter(
    {
      id: 'calibration',
      title: 'Calibration',
      caption: `How often the most likely class was right, against its probability; they are ${showPercent(error, 1)} apart on average. Above the line the model is too modest, below it too sure.`,
      xLabel: 'probability',
      format: 'percent',
    },
    bins.map(({ predicted, observed }) => [predicted, observed, predicted]),
    [
      { label: 'came true', kind: 'points', tone: 0 },
      { label: 'ideal', kind: 'line', tone: IDEAL },
    ],
  );
}
