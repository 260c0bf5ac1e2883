/** The task of forecasting: the next rows of a series, scored beside the last value and the value a season before. */
import { LanewiseError, lookUp } from '../base/errors.js';
import type { SeriesDataset } from '../data/series-dataset.js';
import { knownWidth, pastWidth } from '../data/series-format.js';
import { l1 } from '../losses/index.js';
import { allRecipes } from '../models/recipes.js';
import { SERIES_UPDATES, seriesRecipes, type SeriesRecipe } from '../models/series-recipes.js';
import type { TrainedModel } from '../trained/trained-model.js';
import type { DataSets } from './data-sources.js';
import { evalSeries, exportSeries } from './eval-series.js';
import { judgedWords, judgementRecord } from './judgement.js';
import {
  AS_ERROR,
  moreWords,
  seriesFigures,
  seriesRecord,
  seriesVerdict,
  stepLines,
} from './series-figures.js';
import { countOf } from './task.js';
import type { Scores, TaskKind } from './task-kinds.js';
import { formatCount, formatSeconds, quoted } from './terminal.js';

export const seriesKind: TaskKind = {
  usual: () => 'nlinear',
  check(_, { mixup, augment }) {
    const [flag, value] = mixup === undefined ? ['--augment', augment] : ['--mixup', mixup];
    if (value === undefined) return;
    throw new LanewiseError(
      'argument',
      `${flag} ${value} changes images or rows, and the data is a series`,
      `leave ${flag} out`,
    );
  },
  recipe(name, data) {
    const recipe = recipeOf(name);
    const { scale = [] } = seriesIn(data.train).series;
    const batch = Math.min(recipe.batch, countOf(data.train));
    const steps = Math.ceil(countOf(data.train) / batch);
    return {
      ...recipe,
      // Errors in units of a season's change; a series that repeats itself has none.
      loss: scale.every((one) => one > 0) && scale.length > 0 ? l1({ scale }) : l1(),
      epochs: Math.max(5, Math.ceil(SERIES_UPDATES / steps)),
    };
  },
  async build(name, _, data) {
    const train = seriesIn(data.train);
    const { series } = train;
    const model = recipeOf(name).ofSeries({
      window: series.window,
      horizon: series.horizon,
      targets: series.targets.length,
      columns: pastWidth(series),
      known: knownWidth(series),
      ...scalesOf(train),
    });
    return { model, notes: [notesOn(train)] };
  },
  score: async (model, data) => scoresOf(model, seriesIn(data.test)),
  eval: evalSeries,
  export: exportSeries,
};

/** @throws LanewiseError kind 'argument' for a model that does not take series. */
function recipeOf(name: string): SeriesRecipe {
  lookUp('model', allRecipes(), name);
  const recipe = seriesRecipes[name];
  if (recipe) return recipe;
  throw new LanewiseError(
    'argument',
    `${name} takes no series, and the data is one`,
    `${Object.keys(seriesRecipes).join(', ')} forecast it; without --time and --horizon the file is a table`,
  );
}

/** The data of this kind of task. */
const seriesIn = (data: DataSets['train']): SeriesDataset => data as SeriesDataset;

const notesOn = ({ series, windows }: SeriesDataset): string => {
  const { table } = windows;
  const many = table.series.length === 1 ? '' : `${formatCount(table.series.length)} series, `;
  return `${many}${formatCount(table.times.length)} rows, windows of ${series.window} rows and the ${series.horizon} that follow, season ${series.season}`;
};

/** Mean and deviation of each column over the windows of training. */
function scalesOf({ inputs }: SeriesDataset): { mean: number[]; deviation: number[] } {
  const { values, shape } = inputs['input']!;
  const columns = shape[1]!;
  const rows = values.length / columns;
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  values.forEach((value, i) => (mean[i % columns]! += value / rows));
  values.forEach((value, i) => {
    const difference = value - mean[i % columns]!;
    deviation[i % columns]! += (difference * difference) / rows;
  });
  return {
    mean: Array.from(mean),
    // What does not vary is not divided by a rounded deviation near 0.
    deviation: Array.from(deviation, (squares, c) => {
      const one = Math.sqrt(squares);
      return one > 1e-6 * Math.abs(mean[c]!) ? one : 1;
    }),
  };
}

/** Rows ahead with what is known of them are in no file that was trained on, unless it has rows without targets. */
function nextWords(file: string, data: string, { series, windows }: SeriesDataset): string {
  const { known, horizon } = series;
  const { table } = windows;
  const given = table.times.length - table.series.reduce((sum, { rows }) => sum + rows, 0);
  return known.length === 0 || given >= horizon * table.series.length
    ? `next: npx lanewise predict ${quoted(file)} ${quoted(data)}`
    : `next: npx lanewise predict ${quoted(file)} FILE, with ${horizon} more rows that have ${known.join(', ')} and no ${series.targets.join(', ')}`;
}

async function scoresOf(model: TrainedModel, test: SeriesDataset): Promise<Scores> {
  const { scores } = await model.predict(test.inputs);
  const figures = seriesFigures(test, scores);
  const { judgement } = figures;
  return {
    lines: (part, _, seconds) => [
      '',
      ...stepLines(figures),
      '',
      `${part} ${judgement.figure} ${judgedWords(judgement, AS_ERROR)}`,
      `${moreWords(figures, test.series.targets)}, ${formatCount(figures.windows)} windows, ${formatSeconds(seconds)}`,
    ],
    record: (names, part) => seriesRecord(names, test, figures, part),
    hint: (file, { data }) => nextWords(file, data, test),
    verdict: seriesVerdict(figures),
    judgement: judgementRecord(judgement),
  };
}
