/** The scores of classifiers for `eval`, and their record in JSON. */
import type { LabelledDataset } from '../data/dataset.js';
import { confusionMatrix } from '../metrics/confusion.js';
import type { ClassificationSummary } from '../metrics/summary.js';
import { classificationReport, topKAccuracyScore } from '../metrics/index.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { renderReport } from './class-report.js';
import { scoreModels, type Scored } from './classifiers.js';
import { renderConfusion } from './confusion-table.js';
import type { EvalOptions } from './task-kinds.js';
import { formatPercent } from './terminal.js';

/** With at least this many classes, the top-5 accuracy is shown too. */
const TOP5_CLASSES = 11;

/** Scores classifiers, and prints figures, the confusion matrix and a report of classes. */
export async function evalClasses(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: EvalOptions,
): Promise<void> {
  const scored = await scoreModels(files, models, options);
  const { classifier, test, summary, views, words } = scored;
  const hashes: string[] = [];
  for (const model of classifier.models) hashes.push(await model.sha256());
  if (options.json) {
    const numerics = classifier.models.map((model) => model.numerics);
    const names =
      files.length === 1
        ? { model: files[0], sha256: hashes[0], numerics: numerics[0] }
        : { models: files, sha256: hashes, numerics };
    return console.log(JSON.stringify(evalRecord(names, scored)));
  }
  const figures = figuresOf(test, summary);

  const { loss, accuracy, error, predictions } = summary;
  const what = files.length === 1 ? files[0] : `ensemble of ${files.length} models`;
  const seen = views > 1 ? `, ${views} views of each` : '';
  const top5 = figures.top5 === undefined ? '' : `, top-5 ${formatPercent(figures.top5)}`;
  console.log(`${what} on ${test.name}, ${test.labels.length} samples${seen}`);
  if (words) console.log(words);
  console.log(
    `accuracy ${formatPercent(accuracy)}${top5}, error ${formatPercent(error)}, loss ${loss.toFixed(4)}`,
  );
  hashes.forEach((hash, i) => {
    const file = files.length === 1 ? '' : ` of ${files[i]}`;
    console.log(`weights sha256 ${hash}${file}, numerics ${classifier.models[i]!.numerics}`);
  });
  const matrix = confusionMatrix(test.labels, predictions, test.classes);
  console.log(`\n${renderConfusion(matrix, { elsewhere: 'what --json prints' })}`);
  console.log(`\n${renderReport(figures.report)}`);
}

function figuresOf({ labels, classes }: LabelledDataset, summary: ClassificationSummary) {
  const { scores, predictions } = summary;
  const outputs = scores.length / labels.length;
  // A model may know more classes than the data has.
  const names = Array.from(
    { length: Math.max(outputs, classes.length) },
    (_, c) => classes[c] ?? String(c),
  );
  const report = classificationReport(labels, predictions, names);
  return {
    report,
    ...(outputs >= TOP5_CLASSES ? { top5: topKAccuracyScore(labels, scores, 5) } : {}),
  };
}

/** The record of scored models that `--json` prints, here and at the end of `train`; `names` identifies the models. */
export function evalRecord(
  names: object,
  { test, summary, views, scored, trainedOn }: Omit<Scored, 'classifier' | 'words'>,
): object {
  const { loss, accuracy, error, predictions } = summary;
  const { report, top5 } = figuresOf(test, summary);
  const part = scored === 'validation' ? 'validation' : 'test';
  return {
    event: 'eval',
    ...names,
    data: test.name,
    loss,
    [`${part}Accuracy`]: accuracy,
    [`${part}Error`]: error,
    [`${part}Top5Accuracy`]: top5,
    samples: test.labels.length,
    scored,
    trainedOn,
    views,
    classes: report.classes,
    macro: report.macro,
    weighted: report.weighted,
    confusion: confusionMatrix(test.labels, predictions, test.classes).counts,
  };
}
