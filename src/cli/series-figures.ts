/** The figures of forecasts for the command line: beside the baselines, with intervals, and step by step. */
import {
  forecastFigures,
  type ForecastComparison,
  type ForecastFigures,
} from '../baselines/index.js';
import type { SeriesDataset } from '../data/series-dataset.js';
import { judge, judgementRecord, verdictOf, type Judgement, type Shown } from './judgement.js';
import { formatFigure } from './terminal.js';

/** Figures with what they are worth. */
export interface SeriesFigures extends ForecastComparison {
  readonly judgement: Judgement;
  readonly windows: number;
}

/**
 * The figures of a model's scores. Windows that overlap are not independent, so that blocks of as many as a horizon are
 * drawn for the intervals (Künsch 1989).
 */
export function seriesFigures(data: SeriesDataset, scores: ArrayLike<number>): SeriesFigures {
  const found = forecastFigures(data, scores);
  const { horizon, stride, targets } = data.series;
  const count = data.windows.starts.length;
  const block = Math.ceil(horizon / stride) * data.windows.table.series.length;
  const blocks = Math.ceil(count / block);
  const figureOf = ({ windows }: ForecastFigures) => {
    const sums = new Float64Array(blocks);
    const counts = new Float64Array(blocks);
    windows.forEach((error, i) => {
      sums[Math.floor(i / block)]! += error;
      counts[Math.floor(i / block)]!++;
    });
    return (places: Uint32Array): number => {
      let [sum, all] = [0, 0];
      for (const place of places) {
        sum += sums[place]!;
        all += counts[place]!;
      }
      return sum / all;
    };
  };
  return {
    ...found,
    windows: count,
    judgement: judgeBlocks({
      name: targets.length === 1 ? 'MAE' : 'MASE',
      better: 'lower',
      samples: blocks,
      figure: figureOf(found.model),
      rivals: found.baselines.map((one) => ({ name: one.name, figure: figureOf(one) })),
    }),
  };
}

/** Fewer blocks than these show nothing of chance. */
const LEAST_BLOCKS = 8;

/** The judgement of blocks; of a few only the figures, without intervals. */
function judgeBlocks(question: Parameters<typeof judge>[0]): Judgement {
  const judgement = judge(question);
  if (question.samples >= LEAST_BLOCKS) return judgement;
  const unknown = { low: NaN, high: NaN, deviation: NaN };
  return {
    ...judgement,
    ...unknown,
    rivals: judgement.rivals.map((one) => ({
      ...one,
      ...unknown,
      lead: { ...one.lead, ...unknown },
    })),
  };
}

/** The sentence of a run's end: that a baseline is not beaten, or may not be. */
export function seriesVerdict({ judgement }: Pick<SeriesFigures, 'judgement'>): string | undefined {
  const { samples, value, rivals } = judgement;
  if (samples >= LEAST_BLOCKS) return verdictOf(judgement, AS_ERROR);
  const best = rivals.reduce((a, b) => (b.value < a.value ? b : a));
  if (best.value <= value)
    return `the baseline is not beaten: ${best.name} is ${best.value < value ? 'better' : 'as good'}, ${formatFigure(best.value)} against ${formatFigure(value)}`;
  return `better than ${best.name}, which may be chance: the test part has ${samples === 1 ? 'one horizon' : `${samples} horizons`} side by side, too few to tell`;
}

/** Errors in their own unit, of windows whose horizons do not overlap. */
export const AS_ERROR: Shown = {
  drawn: 'horizons side by side',
  value: formatFigure,
  bare: formatFigure,
  difference: formatFigure,
};

/** Most steps that are shown one by one. */
const STEPS = 6;

/**
 * A table of errors by step: the first, the last and some between; of several targets, which have units of their own,
 * those of MASE.
 */
export function stepLines({ model, baselines }: ForecastComparison): string[] {
  const { length } = model.steps;
  const unit = unitOf(model);
  if (length === 1) return [];
  const shown = Math.min(length, STEPS);
  const steps = Array.from({ length: shown }, (_, i) =>
    Math.round((i * (length - 1)) / (shown - 1)),
  );
  const rows = [
    [`${unit.toUpperCase()} at step`, ...steps.map((step) => String(step + 1))],
    ...[model, ...baselines].map(({ name, steps: errors }) => [
      name,
      ...steps.map((step) => formatFigure(errors[step]![unit])),
    ]),
  ];
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!)))
      .join('  '),
  );
}

/** The unit in which errors of all targets can be added. */
const unitOf = ({ targets, mase }: ForecastFigures): 'mae' | 'mase' =>
  targets.length > 1 && !Number.isNaN(mase) ? 'mase' : 'mae';

/** `RMSE 0.2, MASE 0.6`; of several targets `MAE 0.1 of a, 20 of b`. */
export const moreWords = ({ model }: ForecastComparison, names: readonly string[]): string =>
  names.length > 1
    ? `MAE ${model.targets.map(({ mae }, k) => `${formatFigure(mae)} of ${names[k]}`).join(', ')}`
    : [
        `RMSE ${formatFigure(model.rmse)}`,
        ...(Number.isNaN(model.mase) ? [] : [`MASE ${formatFigure(model.mase)}`]),
      ].join(', ');

/** The figures as `--json` prints them. */
export const seriesRecord = (
  names: object,
  data: SeriesDataset,
  { model, baselines, windows, judgement }: SeriesFigures,
  scored: string,
): object => ({
  ...names,
  event: 'eval',
  data: data.name,
  scored,
  windows,
  targets: data.series.targets,
  ...figuresRecord(model),
  baselines: baselines.map((one) => ({ name: one.name, ...figuresRecord(one) })),
  judgement: judgementRecord(judgement),
});

const figuresRecord = ({ mae, rmse, mase, steps, targets }: ForecastFigures) => ({
  mae,
  rmse,
  mase: Number.isNaN(mase) ? null : mase,
  maeBySteps: steps.map((one) => one.mae),
  maeByTargets: targets.map((one) => one.mae),
});
