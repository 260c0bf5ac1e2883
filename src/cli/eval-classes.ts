/** The scores of classifiers for `eval`, and their record in JSON. */
import type { LabelledDataset } from '../data/dataset.js';
import { confusionMatrix } from '../metrics/confusion.js';
import type { ClassificationSummary } from '../metrics/summary.js';
import { classificationReport, topKAccuracyScore } from '../metrics/index.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { renderReport } from './class-report.js';
import { calibrationOf, judgeClasses, type Calibration } from './class-baselines.js';
import { scoreModels, type Scored } from './classifiers.js';
import { renderConfusion } from './confusion-table.js';
import {
  AS_PERCENT,
  judgedWords,
  judgementRecord,
  verdictOf,
  type Judgement,
} from './judgement.js';
import type { EvalOptions } from './task-kinds.js';
import { formatPercent } from './terminal.js';
import { twoClassesOf, twoClassesWords } from './two-classes.js';

/** With at least this many classes, the top-5 accuracy is shown too. */
const TOP5_CLASSES = 11;

/** What a classifier's accuracy is worth. */
export interface Honest {
  readonly judgement: Judgement;
  /** Absent where scores are not probabilities. */
  readonly calibration: Calibration | undefined;
}

export const calibrationWords = ({ calibration }: Honest): string[] =>
  calibration ? [`calibration error ${formatPercent(calibration.error)}`] : [];

/** What a run's folder keeps of it. */
export const honestRecord = ({ judgement, calibration }: Honest): object => ({
  ...judgementRecord(judgement),
  ...(calibration ? { calibration } : {}),
});

/** Scores classifiers, and prints figures, the confusion matrix and a report of classes. */
export async function evalClasses(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: EvalOptions,
): Promise<void> {
  const scored = await scoreModels(files, models, options);
  const { classifier, train, test, summary, views, words } = scored;
  const honest: Honest = {
    judgement: judgeClasses(train, test, summary),
    calibration: classifier.givesProbabilities ? calibrationOf(test, summary) : undefined,
  };
  const hashes: string[] = [];
  for (const model of classifier.models) hashes.push(await model.sha256());
  if (options.json) {
    const numerics = classifier.models.map((model) => model.numerics);
    const names =
      files.length === 1
        ? { model: files[0], sha256: hashes[0], numerics: numerics[0] }
        : { models: files, sha256: hashes, numerics };
    return console.log(JSON.stringify(evalRecord(names, scored, honest)));
  }
  const figures = figuresOf(test, summary);

  const { loss, error, predictions } = summary;
  const what = files.length === 1 ? files[0] : `ensemble of ${files.length} models`;
  const seen = views > 1 ? `, ${views} views of each` : '';
  const top5 = figures.top5 === undefined ? '' : `, top-5 ${formatPercent(figures.top5)}`;
  console.log(`${what} on ${test.name}, ${test.labels.length} samples${seen}`);
  if (words) console.log(words);
  console.log(
    `accuracy ${judgedWords(honest.judgement, AS_PERCENT)}
${[`error ${formatPercent(error)}${top5}`, `loss ${loss.toFixed(4)}`, ...twoClassesWords(twoClassesOf(test, summary)), ...calibrationWords(honest)].join(', ')}`,
  );
  hashes.forEach((hash, i) => {
    const file = files.length === 1 ? '' : ` of ${files[i]}`;
    console.log(`weights sha256 ${hash}${file}, numerics ${classifier.models[i]!.numerics}`);
  });
  const matrix = confusionMatrix(test.labels, predictions, test.classes);
  console.log(`\n${renderConfusion(matrix, { elsewhere: 'what --json prints' })}`);
  console.log(`\n${renderReport(figures.report)}`);
  const verdict = verdictOf(honest.judgement, AS_PERCENT);
  if (verdict !== undefined) console.log(`\n${verdict}`);
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
  { test, summary, views, scored, trainedOn }: Omit<Scored, 'classifier' | 'words' | 'train'>,
  { judgement, calibration }: Honest,
): object {
  const { low, high, rivals } = judgement;
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
    interval: { low, high, confidence: 0.95 },
    baselines: rivals.map(({ name, value, lead }) => ({
      name,
      accuracy: value,
      lead: lead.value,
      leadLow: lead.low,
      leadHigh: lead.high,
    })),
    calibration,
    twoClasses: twoClassesOf(test, summary),
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
