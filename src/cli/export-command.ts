/**
 * The command `lanewise export`: writes a model's prediction for each test sample to a CSV file, or the model as a
 * program.
 */
import { Command } from 'commander';
import { relative } from 'node:path';
import { samplesOf } from '../data/forms.js';
import { createLineWriter } from '../node/atomic-lines.js';
import { csvLine } from '../formats/csv-line.js';
import { scoreFiles, scoringCommand, type Scored, type ScoringOptions } from './classifiers.js';
import { checkOutName } from './file-kind.js';
import { exportProgram } from './export-program.js';
import { wholeNumber } from './options.js';
import { figure, scoreName } from './prediction-output.js';
import { classNameOf } from './ranking.js';
import { formatCount, formatPercent } from './terminal.js';

interface Options extends ScoringOptions {
  readonly out: string;
  readonly scores?: boolean;
  readonly inference?: boolean;
  readonly batch?: number;
}

export const exportCommand = (): Command =>
  scoringCommand('export')
    .description(
      'write the predictions for all test samples to a CSV file; or the model for inference',
    )
    .requiredOption('-o, --out <file>', 'the CSV file, or the program file for lanewise/inference')
    .option('--scores', 'add a column of scores for each class')
    .option('--inference', 'the model alone, compiled for lanewise/inference; no data')
    .option('--batch <n>', 'samples that the program scores at once (16)', wholeNumber(1))
    .action((files: string[], options: Options) =>
      options.inference ? exportProgram(files, options) : runExport(files, options),
    );

/** Lines that are written together. */
const LINES = 1024;

async function runExport(files: readonly string[], options: Options): Promise<void> {
  checkOutName(
    options.out,
    'export writes predictions as a CSV file',
    'the model itself is the safetensors file; --inference writes it for lanewise/inference',
  );
  // Opened before the work, in case the file cannot be written.
  const writer = await createLineWriter(options.out);
  try {
    const scored = await scoreFiles(files, options);
    const { predictions, accuracy } = scored.summary;
    const { head, row } = tableOf(scored, options.scores ?? false);
    await writer.write([csvLine(head)]);
    for (let first = 0; first < predictions.length; first += LINES) {
      const count = Math.min(LINES, predictions.length - first);
      await writer.write(Array.from({ length: count }, (_, i) => csvLine(row(first + i))));
    }
    await writer.finish();
    console.log(
      `wrote ${formatCount(predictions.length)} predictions to ${options.out}, ${formatPercent(accuracy)} right`,
    );
    if (scored.words) console.log(scored.words);
  } finally {
    await writer.abandon();
  }
}

type Cells = readonly (string | number)[];

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
