/** The predictions of classifiers as a CSV file, for `export`. */
import { relative } from 'node:path';
import { samplesOf } from '../data/forms.js';
import { createLineWriter } from '../node/atomic-lines.js';
import type { TrainedModel } from '../trained/trained-model.js';
import { scoreModels, type Scored } from './classifiers.js';
import type { ExportOptions } from './export-command.js';
import { writeCsvRows, type Cells } from './csv-rows.js';
import { figure, scoreName } from './prediction-output.js';
import { classNameOf } from './ranking.js';
import { formatCount, formatPercent } from './terminal.js';

/** Writes the predictions of classifiers for the test samples. */
export async function exportClasses(
  files: readonly string[],
  models: readonly TrainedModel[],
  options: ExportOptions,
): Promise<void> {
  // Opened before the work, in case the file cannot be written.
  const writer = await createLineWriter(options.out);
  try {
    const scored = await scoreModels(files, models, options);
    const { predictions, accuracy } = scored.summary;
    const { head, row } = tableOf(scored, options.scores ?? false);
    await writeCsvRows(writer, head, predictions.length, row);
    console.log(
      `wrote ${formatCount(predictions.length)} predictions to ${options.out}, ${formatPercent(accuracy)} right`,
    );
    if (scored.words) console.log(scored.words);
  } finally {
    await writer.abandon();
  }
}

/** Sample (its file, if it has one), true and predicted class, the latter's score; and all scores, if wanted. */
function tableOf(
  { classifier, test, summary }: Scored,
  withScores: boolean,
): { readonly head: Cells; row(i: number): Cells } {
  const { predictions, scores } = summary;
  const outputs = scores.length / predictions.length;
  const classes = classifier.classes ?? test.classes;
  const names = Array.from({ length: outputs }, (_, c) => classNameOf({ classes }, c));
  const describe = samplesOf(test).source?.reader?.describe;
  return {
    head: [
      describe ? 'file' : 'sample',
      'true',
      'predicted',
      scoreName(classifier),
      ...(withScores ? names : []),
    ],
    row(i) {
      const [label, predicted] = [test.labels[i]!, predictions[i]!];
      return [
        describe ? fileOf(describe(i)) : i,
        test.classes[label]!,
        names[predicted]!,
        figure(scores[i * outputs + predicted]!),
        ...(withScores ? Array.from(scores.subarray(i * outputs, (i + 1) * outputs), figure) : []),
      ];
    },
  };
}

/** The path from the current folder; a reader describes a sample as `'/absolute/path'`. */
const fileOf = (description: string): string =>
  relative(process.cwd(), description.replace(/^'|'$/g, ''));
