/** Forecasts of models of series for `eval` and `export`: on the period that was held out, if the data is theirs. */
import { LanewiseError } from '../base/errors.js';
import { originOf } from '../data/origin.js';
import { samplesOf } from '../data/forms.js';
import type { SeriesDataset } from '../data/series-dataset.js';
import { subset } from '../data/subset.js';
import { timeWriter } from '../data/times.js';
import { csvLine } from '../formats/csv-line.js';
import { createLineWriter } from '../node/atomic-lines.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { seriesOf } from '../trained/next-rows.js';
import type { ExportOptions } from './export-command.js';
import { judgedWords } from './judgement.js';
import {
  AS_ERROR,
  moreWords,
  seriesFigures,
  seriesRecord,
  seriesVerdict,
  stepLines,
} from './series-figures.js';
import { figure } from './prediction-output.js';
import { partsOfSeries, seriesLike } from './series-source.js';
import type { EvalOptions } from './task-kinds.js';
import { formatCount } from './terminal.js';

/** Windows to score, and why these. */
interface Choice {
  readonly test: SeriesDataset;
  readonly scored: string;
  readonly words: string;
}

export async function evalSeries(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: EvalOptions,
): Promise<void> {
  const [file, model] = oneOf(files, models, options);
  const { test, scored, words } = await choose(model, options);
  const { scores } = await model.predict(test.inputs);
  const figures = seriesFigures(test, scores);
  const [sha256, { numerics }] = [await model.sha256(), model];
  if (options.json) {
    const names = { model: file, sha256, numerics };
    return console.log(JSON.stringify(seriesRecord(names, test, figures, scored)));
  }
  const { judgement } = figures;
  const verdict = seriesVerdict(figures);
  for (const line of [
    `${file} on ${options.data}`,
    words,
    '',
    ...stepLines(figures),
    '',
    `${judgement.figure} ${judgedWords(judgement, AS_ERROR)}`,
    `${moreWords(figures, test.series.targets)}, ${formatCount(figures.windows)} windows`,
    `weights sha256 ${sha256}, numerics ${numerics}`,
    ...(verdict === undefined ? [] : [verdict]),
  ])
    console.log(line);
}

/** @throws LanewiseError kind 'argument' for several models, and options of images. */
function oneOf(
  files: readonly string[],
  models: readonly TrainedModel[],
  { data, views, crop, decoders }: EvalOptions,
): [file: string, model: TrainedModel] {
  if (files.length > 1)
    throw new LanewiseError(
      'argument',
      `${files.length} models of series are given, expected one`,
      'eval and export take one of them at a time',
    );
  if (!/\.(csv|tsv)$/i.test(data))
    throw new LanewiseError(
      'argument',
      `'${data}' is no CSV file, and the model was trained on a series`,
      '--data takes the path of a CSV file with its columns',
    );
  const given = Object.entries({ views, crop, decoders }).find(([, value]) => value !== undefined);
  if (given)
    throw new LanewiseError(
      'argument',
      `--${given[0]} is for images, and the model was trained on a series`,
      `leave --${given[0]} out`,
    );
  return [files[0]!, models[0]!];
}

async function choose(model: TrainedModel, { data, all, holdout }: EvalOptions): Promise<Choice> {
  const found = await seriesLike(data, seriesOf(model));
  // The unit of MASE is that of training.
  const whole: SeriesDataset = { ...found, series: seriesOf(model) };
  const count = formatCount(whole.windows.starts.length);
  const own = originOf(samplesOf(found))!;
  const { origin } = model;
  const isOwn = origin?.samples === own.samples && origin.fingerprint === own.fingerprint;
  if (all)
    return {
      test: whole,
      scored: 'asked',
      words: `all ${count} windows, by --all${isOwn ? '; most of them are of the training part' : ''}`,
    };
  if (holdout !== undefined) {
    const { test } = partsOfSeries(data, whole, holdout);
    const words = `the last ${formatCount(test.windows.starts.length)} of ${count} windows, by --holdout ${holdout}`;
    return { test: { ...test, series: seriesOf(model) }, scored: 'asked', words };
  }
  const periods = origin?.selections.find((one) => one.by === 'periods')?.periods;
  const [from, to] = periods?.at(-1) ?? [0, 0];
  if (isOwn && to > from) {
    const test = subset(
      whole,
      Array.from({ length: to - from }, (_, i) => from + i),
    );
    return {
      test: { ...test, name: `${data} test` },
      scored: 'heldOut',
      words: `the last ${formatCount(to - from)} of ${count} windows, which were held out at training`,
    };
  }
  return {
    test: whole,
    scored: origin ? 'other' : 'unknown',
    words: `all ${count} windows: ${origin ? 'the model was trained on another series, or on fewer rows of this one' : 'the file does not say what the model was trained on'}`,
  };
}

/** A float32 as a file had it: in the fewest digits that give it again. */
const shortest = (value: number): number =>
  [6, 7, 8]
    .map((digits) => Number(value.toPrecision(digits)))
    .find((one) => Math.fround(one) === value) ?? figure(value);

/** Writes the forecasts of each window beside the truth: the last time of the window, the time, the step, the values. */
export async function exportSeries(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: ExportOptions,
): Promise<void> {
  const [, model] = oneOf(files, models, options);
  const writer = await createLineWriter(options.out);
  try {
    const { test, words } = await choose(model, options);
    const { scores } = await model.predict(test.inputs);
    const { series, windows } = test;
    const { table, starts } = windows;
    const { horizon, targets, window, layout } = series;
    const write = layout ? timeWriter(layout) : String;
    const keyOf = new Map(table.series.map(({ first, key }) => [first, key]));
    const firsts = [...keyOf.keys()];
    await writer.write([
      csvLine([
        ...(series.series === undefined ? [] : [series.series]),
        'after',
        series.time ?? 'row',
        'step',
        ...targets.flatMap((name) => [`${name}`, `${name} forecast`]),
      ]),
    ]);
    for (const [i, start] of starts.entries()) {
      const key = keyOf.get(firsts.findLast((first) => first <= start)!)!;
      await writer.write(
        Array.from({ length: horizon }, (_, h) => {
          const row = start + window + h;
          return csvLine([
            ...(series.series === undefined ? [] : [key]),
            write(table.times[start + window - 1]!),
            write(table.times[row]!),
            h + 1,
            ...targets.flatMap((_, k) => [
              shortest(table.values[row * table.width + k]!),
              figure(scores[(i * horizon + h) * targets.length + k]!),
            ]),
          ]);
        }),
      );
    }
    await writer.finish();
    console.log(`wrote the forecasts of ${formatCount(starts.length)} windows to ${options.out}`);
    console.log(words);
  } finally {
    await writer.abandon();
  }
}
