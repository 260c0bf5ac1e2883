/** The scores of models of rows for `eval`, and their predictions as a CSV file for `export`. */
import { createLineWriter } from '../node/atomic-lines.js';
import { writeCsvRows } from './csv-rows.js';
import { predictedClasses } from '../inference/predicted-classes.js';
import type { IndexedDataset } from '../data/dataset.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { choiceOf, knownData, type ScoringOptions } from './classifiers.js';
import type { ExportOptions } from './export-command.js';
import type { Choice } from './held-out.js';
import { asKnown } from './gaps.js';
import { figure } from './prediction-output.js';
import { figuresOfAll, judgedLines, verdictsOf, type OutputFigures } from './row-figures.js';
import { targetRows, type TargetRows } from './row-outputs.js';
import { scoreRows, type OutputScores } from './row-scores.js';
import { countOf } from './task.js';
import type { EvalOptions } from './task-kinds.js';
import { formatCount } from './terminal.js';

interface ScoredRows extends Omit<Choice, 'test' | 'train'> {
  readonly test: TargetRows;
  readonly train: TargetRows | undefined;
  readonly scores: readonly OutputScores[];
}

async function scored(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: ScoringOptions,
): Promise<ScoredRows> {
  const choice = choiceOf(
    await knownData(models, options),
    models.map(({ origin }, i) => ({ file: files[i]!, origin })),
    options,
  );
  const rows = (part: IndexedDataset) => targetRows(asKnown(part, models[0]!.table));
  const test = rows(choice.test);
  const train = choice.train && rows(choice.train);
  return { ...choice, train, test, scores: await scoreRows(models, test) };
}

/** Scores models, and prints their figures. */
export async function evalRows(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: EvalOptions,
): Promise<void> {
  const { train, test, scores, words, ...choice } = await scored(files, models, options);
  const figures = figuresOfAll(scores, test, train);
  const hashes: string[] = [];
  for (const model of models) hashes.push(await model.sha256());
  if (options.json) {
    const numerics = models.map((model) => model.numerics);
    const names =
      files.length === 1
        ? { model: files[0], sha256: hashes[0], numerics: numerics[0] }
        : { models: files, sha256: hashes, numerics };
    return console.log(JSON.stringify(recordOf(names, test, figures, choice)));
  }
  const what = files.length === 1 ? files[0] : `mean of ${files.length} models`;
  console.log(`${what} on ${test.name}, ${formatCount(countOf(test))} rows`);
  if (words) console.log(words);
  hashes.forEach((hash, i) => {
    const file = files.length === 1 ? '' : ` of ${files[i]}`;
    console.log(`weights sha256 ${hash}${file}, numerics ${models[i]!.numerics}`);
  });
  console.log('');
  const verdict = verdictsOf(figures);
  const lines = [
    ...figures.flatMap((one) => one.lines('model')),
    '',
    ...judgedLines(figures),
    ...(verdict === undefined ? [] : [verdict]),
  ];
  for (const line of lines) console.log(line);
}

/** The record of scored rows that `--json` prints, here and at the end of `train`; `names` identifies the models. */
export const recordOf = (
  names: object,
  test: TargetRows,
  figures: readonly OutputFigures[],
  { scored: kind, trainedOn }: { readonly scored: string; readonly trainedOn?: number },
): object => ({
  event: 'eval',
  ...names,
  data: test.name,
  samples: countOf(test),
  scored: kind,
  trainedOn,
  targets: figures.flatMap(({ record }) => record),
});

/** Writes the predictions of models for the test samples. */
export async function exportRows(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: ExportOptions,
): Promise<void> {
  // Opened before the work, in case the file cannot be written.
  const writer = await createLineWriter(options.out);
  try {
    const { train, test, scores, words } = await scored(files, models, options);
    const columns = scores.flatMap((one) => columnsOf(one, options.scores ?? false));
    const count = countOf(test);
    const head = ['sample', ...columns.map((column) => column.head)];
    await writeCsvRows(writer, head, count, (i) => [i, ...columns.map(({ cell }) => cell(i))]);
    const [first] = judgedLines(figuresOfAll(scores, test, train));
    console.log(`wrote ${formatCount(count)} predictions to ${options.out}, ${first}`);
    if (words) console.log(words);
  } finally {
    await writer.abandon();
  }
}

interface Column {
  readonly head: string;
  cell(row: number): string | number;
}

/** The columns of an output: truth and prediction of each target, with its interval, or scores of classes and labels. */
function columnsOf(scores: OutputScores, withScores: boolean): Column[] {
  const { output, values, width, truth, interval } = scores;
  const [{ name, classes = [] }] = output.targets as [(typeof output.targets)[number]];
  const at = (list: ArrayLike<number>, c: number) => (row: number) =>
    figure(list[row * width + c]!);
  const all = classes.map((one, c) => ({ head: `score of ${one}`, cell: at(values, c) }));
  if (output.type === 'number')
    return output.targets.flatMap((target, c) => [
      { head: target.name, cell: at(truth, c) },
      { head: `${target.name} predicted`, cell: at(values, c) },
      ...(interval
        ? [
            { head: `${target.name} low`, cell: at(interval.low, c) },
            { head: `${target.name} high`, cell: at(interval.high, c) },
          ]
        : []),
    ]);
  const labelsOf = (is: (c: number) => boolean) => classes.filter((_, c) => is(c)).join('|');
  const predicted = output.type === 'class' ? predictedClasses(values, width) : undefined;
  return [
    {
      head: name,
      cell: (row) =>
        predicted ? classes[truth[row]!]! : labelsOf((c) => truth[row * width + c] === 1),
    },
    {
      head: `${name} predicted`,
      cell: (row) =>
        predicted
          ? (classes[predicted[row]!] ?? String(predicted[row]))
          : labelsOf((c) => values[row * width + c]! > 0.5),
    },
    ...(withScores ? all : []),
  ];
}
